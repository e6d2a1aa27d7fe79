"""Link rules: which goal work serves where nobody has said so, by what its tracker says of it (the end of R6).

A rule is part of the configuration. It is never written onto issues; whatever is explicit on an issue or above it goes
before every rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Issue, Link, Surface, SurfaceKind, Traits

if TYPE_CHECKING:
    from vindaris_sync.domain.records import Cause, Record


class Condition(StrEnum):
    """What a rule can ask of an issue."""

    TRACKER = "tracker"
    PLACE = "place"
    TYPE = "type"
    COMPONENT = "component"
    LABEL = "label"
    MILESTONE = "milestone"
    ISSUE = "issue"
    """By id or key; only sources of goals state such rules."""


CONFIGURABLE = tuple(name for name in Condition if name is not Condition.ISSUE)

_folded = lru_cache(4096)(fold)  # the same few labels stand on most issues


def traits_of(issue: Issue, surfaces: Iterable[Surface]) -> Traits:
    """Return what rules look at; labels that are surfaces say what was decided already, and are left out."""
    managed = {_folded(each.id) for each in surfaces if each.kind in (SurfaceKind.EXEMPT, SurfaceKind.REVIEW)}
    prefixes = tuple(_folded(each.id) for each in surfaces if each.kind is SurfaceKind.LABEL)
    labels = {_folded(label) for label in issue.labels} - managed
    return Traits(
        frozenset(label for label in labels if not label.startswith(prefixes)),
        frozenset(map(_folded, issue.components)),
        _folded(issue.milestone),
        _folded(issue.milestone_id),
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """A rule as it is configured, or follows from what a source of goals states (``serving``).

    Every condition must hold, and for each one of its values will do.
    """

    goal: str
    """The goal's key as written; no goal may have it."""
    conditions: Mapping[Condition, tuple[str, ...]]
    same: str = ""
    """``SOURCE KEY`` of a source's rule: what makes it the same whatever becomes of its conditions."""

    @property
    def source(self) -> str:
        """The name of the source of goals that states it; empty: the configuration does."""
        return self.same.partition(" ")[0]

    @property
    def name(self) -> str:
        """The conditions for people: ``component = Checkout, type = Bug or Story``, or who states it."""
        if self.same:
            return f"{'listed' if Condition.ISSUE in self.conditions else 'in the milestone'}, says {self.source}"
        return ", ".join(f"{name} = {' or '.join(values)}" for name, values in self._sorted(self.conditions))

    @property
    def identity(self) -> str:
        """A text that two rules share iff the same issues fulfil their conditions by what they say."""
        if self.same:
            return self.same
        folded = {name: sorted(set(map(fold, values))) for name, values in self.conditions.items()}
        return json.dumps(self._sorted(folded), ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def _sorted(conditions: Mapping[Condition, Iterable[str]]) -> list[tuple[str, Iterable[str]]]:
        return [(str(name), conditions[name]) for name in Condition if name in conditions]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is held: under a number that stays, with the goal's revision it was last confirmed against."""

    id: int
    stated: Stated
    link: Link | None
    """What it gives to the issues that fulfil it; None while no goal has its key: it rests."""
    active: bool = True
    """False for one that is configured no more."""
    causes: tuple[Cause, ...] = ()
    """Open and confirmed causes of its review (R8)."""
    suspect: bool = False
    _wanted: Mapping[Condition, frozenset[str]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        wanted = {name: frozenset(map(fold, values)) for name, values in self.stated.conditions.items()}
        object.__setattr__(self, "_wanted", wanted)

    @property
    def name(self) -> str:
        """What people call it and the command line takes: ``rule:3``."""
        return f"{PREFIX}{self.id}"

    @property
    def in_force(self) -> bool:
        """Whether it is configured and its goal is known."""
        return self.active and self.link is not None

    def covers(self, tracker: str, place: str, called: str = "") -> bool:
        """Return whether issues of ``place`` may fulfil it; ``called`` is another name of the place."""
        here = {Condition.TRACKER: {fold(tracker)}, Condition.PLACE: _names(place, called)}
        return all(name not in here or values & here[name] for name, values in self._wanted.items())

    @property
    def named(self) -> frozenset[str]:
        """The folded ids and keys of the issues that it names."""
        return self._wanted.get(Condition.ISSUE, frozenset())

    def matches(  # noqa: PLR0913, PLR0917 - what is known of an issue
        self,
        tracker: str,
        place: str,
        type_: str,
        traits: Traits,
        names: frozenset[str] = frozenset(),
        called: str = "",
    ) -> bool:
        """Return whether an issue that is there, of that type, with these traits and names fulfils every condition.

        ``called`` is another name of the place: the configuration's, where it was renamed since.
        """
        shown = {
            Condition.TRACKER: {fold(tracker)},
            Condition.PLACE: _names(place, called),
            Condition.TYPE: {fold(type_)},
            Condition.COMPONENT: traits.components,
            Condition.LABEL: traits.labels,
            Condition.MILESTONE: {traits.milestone, traits.milestone_id} - {""},
            Condition.ISSUE: names,
        }
        return all(values & shown[name] for name, values in self._wanted.items())


def _names(place: str, called: str) -> set[str]:
    return {fold(place), fold(called or place)}


PREFIX = "rule:"
"""What a rule's name begins with on the command line; no issue and no tracker is called so."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules in the order in which they are tried."""

    rules: tuple[Rule, ...] = ()
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """What the configuration calls places (tracker, place) that have another name by now."""
    _tried: tuple[Rule, ...] = field(init=False, compare=False, repr=False)
    _named: frozenset[str] = field(init=False, compare=False, repr=False)
    _found: dict[tuple[str, str, str, Traits, frozenset[str]], Rule | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """What was asked before; many issues look alike to rules."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tried", tuple(rule for rule in self.rules if rule.in_force))
        object.__setattr__(self, "_named", frozenset().union(*(rule.named for rule in self._tried)))

    def __bool__(self) -> bool:
        return bool(self._tried)

    def of(self, record: Record) -> Rule | None:
        """Return the first rule in force that ``record`` itself fulfils."""
        names = self._named & {fold(record.ref.id), fold(record.key)} if self._named else self._named
        shown = (record.ref.tracker, record.place, record.type, record.traits, names)
        if shown not in self._found:
            called = self.renamed.get((record.ref.tracker, record.place), "")
            self._found[shown] = next((rule for rule in self._tried if rule.matches(*shown, called)), None)
        return self._found[shown]


NO_RULES = RuleBook()
