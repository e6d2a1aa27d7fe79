"""Which goal an issue serves in effect, through whom, and who is asked about it (R6, R8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vindaris_sync.domain.merge import primary_of
from vindaris_sync.domain.models import Exemption, Explicit, IssueRef, Link, LinkState, Presence
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.rules import NO_RULES, Rule, RuleBook

_CARRIES_NOT = frozenset({Presence.GONE, Presence.MOVED})


@dataclass(frozen=True, slots=True)
class Effective:
    """What the nearest explicit link or exemption up the chain decides, else the first rule on the same walk."""

    state: LinkState
    carrier: Record | None
    links: tuple[Link, ...] = ()
    parent_unknown: bool = False
    """Undecided, and the chain could not be read to its end."""
    rule: Rule | None = None
    """The rule that gives the link; then nobody carries it."""
    ruled: Record | None = None
    """The issue on the chain that fulfils the rule."""
    itself: bool = False
    """Undecided, and its type must carry a link itself: what stands above it was not looked at."""

    goals: tuple[int, ...] = field(init=False)
    """The effective goals' ids, the primary first."""

    def __post_init__(self) -> None:
        goals = tuple([link.goal for link in self.links])
        if len(goals) > 1:
            first = primary_of(self.links)
            goals = tuple(sorted(goals, key=lambda goal: (goal != first, goal)))
        object.__setattr__(self, "goals", goals)


NOTHING: Mapping[IssueRef, Link] = {}
"""No issue is a goal itself."""

UNDECIDED = Effective(LinkState.UNLINKED, None)
"""What nothing explicit and no rule decides."""


def effective(  # noqa: PLR0913 - an issue, what stands above it, and what else decides
    record: Record,
    explicit: Explicit,
    chain: Sequence[Record],
    rules: RuleBook = NO_RULES,
    *,
    itself: bool = False,
    carried: Mapping[IssueRef, Link] = NOTHING,
) -> Effective:
    """Return what ``record`` with S = ``explicit`` and its ancestors ``chain`` (nearest first) come to.

    Rules wait until the chain is known to its end: something explicit may stand where it was not read yet. ``itself``:
    its type must carry a link itself, so that nothing above it counts, and a rule only where it fulfils that itself.
    ``carried``: issues that are goals themselves. Such a one carries that goal to what hangs below it, whatever people
    set on it; they say by that what it serves itself beside.
    """
    if carried and record.ref in carried:
        return _goal_itself(record, explicit, carried[record.ref])
    if explicit:
        return _through(record, explicit, own=True)
    if itself:
        ruled = _ruled(record, (), rules)
        return ruled if ruled.rule is not None else Effective(LinkState.UNLINKED, None, itself=True)
    if (inherited := _inherited(chain, carried)) is not None:
        return inherited
    last = chain[-1] if chain else record
    if last.parent_stated:  # never read, or a circle
        return Effective(LinkState.UNLINKED, None, (), parent_unknown=True)
    return _ruled(record, chain, rules) if rules else UNDECIDED


def _inherited(chain: Sequence[Record], carried: Mapping[IssueRef, Link]) -> Effective | None:
    for ancestor in chain:
        if ancestor.presence in _CARRIES_NOT:
            return Effective(LinkState.UNLINKED, None, (), parent_unknown=True)
        if ancestor.ref in carried:
            return Effective(LinkState.INHERITED, ancestor, (carried[ancestor.ref],))
        if ancestor.explicit:
            return _through(ancestor, ancestor.explicit, own=False)
    return None


def _ruled(record: Record, chain: Sequence[Record], rules: RuleBook) -> Effective:
    for each in (record, *chain):
        rule = rules.of(each)
        if rule is not None and rule.link is not None:
            return Effective(LinkState.LINKED, None, (rule.link,), rule=rule, ruled=each)
    return UNDECIDED


def _goal_itself(record: Record, explicit: Explicit, own: Link) -> Effective:
    served = () if isinstance(explicit, Exemption) else explicit
    return Effective(LinkState.LINKED, record, (own, *(link for link in served if link.goal != own.goal)))


def _through(carrier: Record, explicit: Explicit, *, own: bool) -> Effective:
    if isinstance(explicit, Exemption):
        return Effective(LinkState.EXEMPT, carrier)
    return Effective(LinkState.LINKED if own else LinkState.INHERITED, carrier, explicit)


def holds(record: Record, carrier: Record | None, chain: Sequence[Record], passed: Callable[[Record], bool]) -> bool:
    """Return whether questions about ``carrier``'s links are asked at ``record`` (R8).

    They are asked at the carrier where it is open, else at the topmost open tracked issue of each chain below it.
    ``passed`` tells which issues on the way have no part in that: their type is not tracked, or inherits nothing.
    """
    if carrier is None:
        return False
    if record.id == carrier.id:
        return True
    for ancestor in chain:
        if _can_be_asked(ancestor) and not passed(ancestor):
            return False
        if ancestor.id == carrier.id:
            return True
    return True


def ends_at(
    record: Record,
    carrier: Record | None,
    chain: Sequence[Record],
    passed: Callable[[Record], bool],
    carried: Mapping[IssueRef, Link],
) -> bool:
    """Return whether the end of the goal that ``carrier`` is itself is asked about at ``record`` (R8).

    What may still be worked on is the work below, so it is asked there, as below an issue that is closed.
    """
    if not carried or record.ref in carried:
        return False
    return holds(record, carrier, chain, lambda ancestor: ancestor.ref in carried or passed(ancestor))


def _can_be_asked(record: Record) -> bool:
    """Return whether a review can be open at ``record``; a hidden issue keeps its question frozen."""
    return not record.closed and record.presence in (Presence.PRESENT, Presence.HIDDEN)


def suspect(links: Sequence[Link], goals: GoalBook) -> bool:
    """Return whether any of ``links`` was confirmed against other contents than its goal's present ones (L2)."""
    return any(goals.suspect(link) for link in links)
