"""What connectors share that state goals as issues: what is read again, and what becomes of those listed no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Address, Hidden, Moved, Present, Seen
from vindaris_sync.sdk.goals import StatedGoal, Statement, Unfit

LAG = timedelta(minutes=10)
"""A search may miss for minutes what has just changed: an issue that did is not taken for one that has left."""


def edited(last: Statement | None, stamps: Mapping[str, str]) -> list[str]:
    """Return the ids whose stamp is not what it was when they were read last, in the order of ``stamps``."""
    known = _known(last)
    return [id_ for id_, stamp in stamps.items() if not stamp or id_ not in known or known[id_].stamp != stamp]


@dataclass(frozen=True, slots=True)
class Left:
    """What became of the goals that are listed no more."""

    kept: frozenset[str] = frozenset()
    """Ids of those that stay as they were."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Ids under which others are listed now, each with the former one: a transfer makes a new id (GitHub)."""


def lingering(
    last: Statement | None,
    listed: Iterable[str],
    fetch: Callable[[Sequence[Address]], Iterable[Seen]],
    tracker: str,
    now: datetime,
) -> Left:
    """Return what became of those that ``last`` has and that are listed no more (L6).

    ``fetch`` reads issues directly. What is hidden stays until it is seen again; what has just changed may be listed
    late. What is gone, or is there and was not chosen, is no goal any more.
    """
    there = frozenset(listed)
    gone = [Address(tracker, id_, _key(each)) for id_, each in _known(last).items() if id_ not in there]
    kept: set[str] = set()
    moved: dict[str, str] = {}
    for seen in fetch(gone) if gone else ():
        if isinstance(seen, Moved) and seen.issue.ref.id in there:
            moved[seen.issue.ref.id] = seen.address.id
        elif isinstance(seen, Hidden) or (isinstance(seen, Present | Moved) and seen.issue.updated > now - LAG):
            kept.add(seen.address.id)
    return Left(frozenset(kept), moved)


def merged(last: Statement | None, order: Iterable[str], fresh: Iterable[StatedGoal | Unfit], left: Left) -> Statement:
    """Return the statement of what is listed, in ``order``, then what is kept: fresh, else as ``last`` has it."""
    known = _known(last)
    for each in fresh:
        was = left.moved.get(each.id)
        known[each.id] = replace(each, was=was) if was is not None and isinstance(each, StatedGoal) else each
    stated = [known[id_] for id_ in dict.fromkeys([*order, *sorted(left.kept)]) if id_ in known]
    return Statement(
        tuple(each for each in stated if isinstance(each, StatedGoal)),
        tuple(each for each in stated if isinstance(each, Unfit)),
    )


def _known(last: Statement | None) -> dict[str, StatedGoal | Unfit]:
    return {} if last is None else last.by_id


def _key(each: StatedGoal | Unfit) -> str:
    return each.goal.key if isinstance(each, StatedGoal) else each.key
