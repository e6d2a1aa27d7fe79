"""Which team is asked about which place, and in which channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.quiet import WEEKDAYS, Hours
from vindaris_sync.domain.rules import Rule
from vindaris_sync.domain.ruling import Scope


@dataclass(frozen=True, slots=True)
class Team:
    """A team: its scopes (``tracker:place`` or ``tracker:*``), its channel's name, its time zone."""

    name: str
    scopes: tuple[str, ...]
    channel: str
    zone: tzinfo = UTC
    public: bool = False
    """Whether strangers read its channel: titles of private goals are kept out of it then (L9)."""
    exempt_share: float | None = None
    """The share of its open work that may be exempt; None: nothing was agreed."""
    hours: Hours | None = None
    """When what notifies may be sent; None: at any time, and lists that go on start anew on weekdays only."""
    urgent: frozenset[Kind] = frozenset((Kind.TRACKER, Kind.GOALS, Kind.BACKUP))
    """Kinds that are sent at any time."""
    escalate_after: timedelta | None = None
    """How long a question about a goal may wait before the goal's owner hears of it; None: for ever."""

    digest_above: int | None = None
    """So many new lists within ``digest_within`` are told singly, more in one digest; None: always singly."""
    digest_within: timedelta = timedelta(hours=1)

    @property
    def working(self) -> Hours:
        """When the team is at work: as stated, else on weekdays at all hours."""
        return self.hours or Hours(self.zone, days=WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who owns goals: the channel where they are told (None: the team's), and their id in that chat."""

    name: str
    channel: str | None = None
    mention: str = ""
    public: bool = False
    """Whether strangers read that channel (L9)."""


@dataclass(frozen=True, slots=True)
class Teams:
    """All teams, by name and by place; an exact scope goes before ``tracker:*``."""

    teams: Mapping[str, Team]
    by_scope: Mapping[str, str]

    @classmethod
    def of(cls, teams: Sequence[Team]) -> Teams:
        """Index ``teams``."""
        return cls({team.name: team for team in teams}, {scope: team.name for team in teams for scope in team.scopes})

    def of_place(self, tracker: str, place: str) -> Team | None:
        """Return the team of ``place``; None where nobody is named, which the configuration check refuses."""
        name = self.by_scope.get(f"{tracker}:{place}") or self.by_scope.get(f"{tracker}:*")
        return self.teams[name] if name else None

    def of_tracker(self, tracker: str) -> tuple[Team, ...]:
        """Return all teams with a scope in ``tracker``."""
        return tuple(team for team in self.teams.values() if any(s.split(":", 1)[0] == tracker for s in team.scopes))

    def places(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the (tracker, place) pairs of the team ``name``; a place ``*`` is all that no other team names."""
        return tuple((scope.split(":", 1)[0], scope.split(":", 1)[1]) for scope in self.teams[name].scopes)

    def told_of(self, rule: Rule, places: Iterable[Scope]) -> Mapping[str, Scope]:
        """Return the teams that are asked about ``rule``, each with one of ``places`` whose issues may fulfil it."""
        told: dict[str, Scope] = {}
        for tracker, place in places:
            team = self.of_place(tracker, place) if rule.covers(tracker, place) else None
            if team is not None:
                told.setdefault(team.name, (tracker, place))
        return told
