"""Which team is asked about which place, and in which channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo

from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.quiet import WEEKDAYS, Hours
from vindaris_sync.domain.rules import Rule
from vindaris_sync.domain.ruling import Scope

_REST = "*"


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
    """All teams, by name and by place: one that names the place, else the one with ``tracker:*``.

    A tracker that no team has as a whole is its first team's, as far as no other team names a place: what is asked in
    a place that is not recognised is asked of somebody (L8).
    """

    teams: Mapping[str, Team]
    by_scope: Mapping[Scope, str]
    """The teams' names by tracker and place, casefolded; every tracker with a team has a place ``*``."""
    called: Mapping[Scope, str] = field(default_factory=dict)
    """What the configuration calls the places that were seen, as their trackers spell them."""

    @classmethod
    def of(cls, teams: Sequence[Team]) -> Teams:
        """Index ``teams``."""
        stated = [(tracker, place.casefold(), team) for team in teams for tracker, place in _scopes(team)]
        by_scope = {(tracker, place): team.name for tracker, place, team in stated}
        for tracker, _, team in stated:
            by_scope.setdefault((tracker, _REST), team.name)
        return cls({team.name: team for team in teams}, by_scope)

    def among(self, called: Mapping[Scope, str]) -> Teams:
        """Return the teams, which know these places (tracker, place) by what the configuration calls them."""
        return replace(self, called=called)

    def of_place(self, tracker: str, place: str) -> Team | None:
        """Return the team of ``place``; None where no team has any of the tracker, which the configuration refuses."""
        name = self._naming(tracker, place) or self.by_scope.get((tracker, _REST))
        return self.teams[name] if name else None

    def _naming(self, tracker: str, place: str) -> str | None:
        called = self.called.get((tracker, place), place)
        return self.by_scope.get((tracker, called.casefold()))

    def of_tracker(self, tracker: str) -> tuple[Team, ...]:
        """Return all teams with a scope in ``tracker``."""
        return tuple(team for team in self.teams.values() if any(each == tracker for each, _ in _scopes(team)))

    def places(self, name: str) -> tuple[Scope, ...]:
        """Return the (tracker, place) pairs of the team ``name``; a place ``*`` is all that no team names.

        Places that were seen are spelled as their trackers spell them.
        """
        return tuple(scope for scope, team in self._owned().items() if team == name)

    @property
    def named(self) -> frozenset[Scope]:
        """The places that teams name: what a place ``*`` leaves out."""
        return frozenset(self._owned())

    def _owned(self) -> dict[Scope, str]:
        stated = (scope for team in self.teams.values() for scope in _scopes(team))
        rest = (scope for scope in self.by_scope if scope[1] == _REST)
        return {scope: name for scope in (*stated, *self.called, *rest) if (name := self._naming(*scope))}

    def told_of(self, rule: Rule, places: Iterable[Scope]) -> Mapping[str, Scope]:
        """Return the teams that are asked about ``rule``, each with one of ``places`` whose issues may fulfil it."""
        told: dict[str, Scope] = {}
        for tracker, place in places:
            called = self.called.get((tracker, place), "")
            team = self.of_place(tracker, place) if rule.covers(tracker, place, called) else None
            if team is not None:
                told.setdefault(team.name, (tracker, place))
        return told


def _scopes(team: Team) -> Iterator[Scope]:
    for scope in team.scopes:
        tracker, _, place = scope.partition(":")
        yield tracker, place
