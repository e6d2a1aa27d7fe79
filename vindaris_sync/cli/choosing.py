"""Which open reviews are meant: by goal, team and reason, and by what their issues look like."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from vindaris_sync.app import teams_of
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.records import Cause, Reason, Record
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.engine.teams import Teams
from vindaris_sync.store.store import Store

_BATCH = 1000

_LOOKS: Mapping[str, Callable[[Record], Collection[str]]] = {
    "tracker": lambda record: (record.ref.tracker,),
    "place": lambda record: (record.place,),
    "type": lambda record: (record.type,),
    "label": lambda record: record.traits.labels,
    "component": lambda record: record.traits.components,
    "milestone": lambda record: (record.traits.milestone,),
    "author": lambda record: (record.author,),
    "issue": lambda record: (record.key, str(record.ref)),
}
_ELSEWHERE = ("assignee", "team", "reason")
NAMES = (*_LOOKS, *_ELSEWHERE)
"""What a condition may be about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviews are asked for; None, and no condition: any. ``where`` are texts like ``place=APP label!=x``."""

    reason: str | None = None
    team: str | None = None
    goal: str | None = None
    backlog: bool = False
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """``name`` must be, or must not be, one of ``values``; folded, and ``*`` stands for anything."""

    name: str
    values: tuple[str, ...]
    holds: bool = True

    def fits(self, shown: Collection[str]) -> bool:
        """Return whether an issue that shows this fulfils the condition."""
        found = any(fnmatchcase(fold(each), value) for each in shown for value in self.values)
        return found is self.holds


def conditions(texts: Collection[str]) -> tuple[Condition, ...]:
    """Return the conditions that ``texts`` state; refuse what is none, with what can be written."""
    return tuple(_condition(word) for text in texts for word in _words(text))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise Refusal(f"--where {text!r}: a quotation mark is not closed") from None


def _condition(word: str) -> Condition:
    name, equals, value = word.partition("=")
    name, holds = (name[:-1], False) if name.endswith("!") else (name, True)
    values = tuple(fold(each) for each in value.split(",") if each.strip())
    if not equals or not values:
        raise Refusal(f"--where {word!r} is no condition", advice=_HOW)
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        raise Refusal(f"--where knows no {name!r}", advice=f"did you mean {near[0]}?" if near else _HOW)
    if name == "reason":
        values = tuple(str(_reason(each)) for each in values)
    return Condition(name, values, holds)


_HOW = f"write NAME=VALUE or NAME!=VALUE, several values with commas; NAME is one of {', '.join(NAMES)}"


def many(refs: Collection[str] | None, goal: str | None, where: Collection[str] | None) -> bool:
    """Return whether many are chosen, and not named; refuse both, and neither."""
    chosen = bool(goal or where)
    if chosen and refs:
        raise Refusal("give either issues, or --goal and --where")
    if not chosen and not refs:
        raise Refusal("which issues?", advice="name them, or choose open reviews by --goal and --where")
    return chosen


class Choice:
    """What ``Wanted`` means in this installation: it tells which causes of which issues are wanted."""

    def __init__(self, config: Config, store: Store, wanted: Wanted) -> None:
        book = store.goal_book()
        self.teams: Teams = teams_of(config).among(store.called())
        self.goal = the_goal(book, wanted.goal) if wanted.goal else None
        self.team = _team(self.teams, wanted.team)
        self._reason = _reason(wanted.reason) if wanted.reason else None
        self._where = conditions(wanted.where)
        self._store = store

    @property
    def about_issues(self) -> bool:
        """Whether it looks at issues, so that no link rule can be meant."""
        return any(each.name not in ("reason", "team") for each in self._where)

    def records(self) -> Iterator[tuple[Record, list[Cause]]]:
        """Yield the issues that are wanted, each with the causes that are wanted of it, the oldest first."""
        after = 0
        while ids := self._store.open_reviews(_BATCH, after):
            records = self._store.view_records(ids)
            assignees = self._store.assignees(ids) if any(each.name == "assignee" for each in self._where) else {}
            for record in records.values():
                causes = self._causes(record)
                if causes and self._fits(record, assignees.get(record.id, "")):
                    yield record, causes
            after = ids[-1]

    def asked(self, reason: Reason) -> bool:
        """Return whether reviews for this reason are wanted."""
        wanted = [each for each in self._where if each.name == "reason"]
        return self._reason in (None, reason) and all(each.fits((reason,)) for each in wanted)

    def told(self, team: str) -> bool:
        """Return whether a team's reviews are wanted; an empty name: nobody's."""
        wanted = [each for each in self._where if each.name == "team"]
        return self.team in (None, team) and all(each.fits((team,)) for each in wanted)

    def _causes(self, record: Record) -> list[Cause]:
        found = [cause for cause in record.causes if cause.open and self.asked(cause.key.reason)]
        if self.goal is not None and self.goal not in record.goals:
            found = [cause for cause in found if cause.key.subject == str(self.goal)]
        return sorted(found, key=lambda cause: cause.opened)

    def _fits(self, record: Record, assignee: str) -> bool:
        team = self.teams.of_place(record.ref.tracker, record.place)
        if not self.told(team.name if team else ""):
            return False
        shown = [each for each in self._where if each.name not in ("reason", "team")]
        return all(each.fits((assignee,) if each.name == "assignee" else _LOOKS[each.name](record)) for each in shown)


def _reason(name: str) -> Reason:
    try:
        return Reason(name.replace("-", "_"))
    except ValueError:
        raise Refusal(f"there is no reason {name!r}", advice=f"write one of {', '.join(Reason)}") from None


def _team(teams: Teams, name: str | None) -> str | None:
    if name is None:
        return None
    found = next((each for each in teams.teams if each.casefold() == name.casefold()), None)
    if found is None:
        raise Refusal(f"there is no team {name!r}; there are {', '.join(teams.teams) or 'none'}")
    return found
