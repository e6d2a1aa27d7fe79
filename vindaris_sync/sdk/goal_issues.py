"""What connectors share that state goals as issues: what is read again, and what becomes of those listed no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Address, Hidden, Moved, Present, Seen
from vindaris_sync.sdk.goals import StatedGoal, Statement, Unfit

LAG = timedelta(minutes=10)
"""A search may miss for minutes what has just changed: an issue that did is not taken for one that has left."""


def edited(last: Statement | None, stamps: Mapping[str, str]) -> list[str]:
    """Return the ids whose stamp is not what it was when they were read last, in the order of ``stamps``."""
    known = _known(last)
    return [id_ for id_, stamp in stamps.items() if not stamp or id_ not in known or known[id_].stamp != stamp]


def lingering(
    last: Statement | None,
    listed: Iterable[str],
    fetch: Callable[[Sequence[Address]], Iterable[Seen]],
    tracker: str,
    now: datetime,
) -> frozenset[str]:
    """Return the ids that ``last`` has, that are listed no more, and that stay as they were (L6).

    ``fetch`` reads issues directly. What is hidden stays until it is seen again; what has just changed may be listed
    late. What is gone, or is there and was not chosen, is no goal any more.
    """
    there = frozenset(listed)
    gone = [Address(tracker, id_, _key(each)) for id_, each in _known(last).items() if id_ not in there]
    if not gone:
        return frozenset()
    return frozenset(
        seen.address.id
        for seen in fetch(gone)
        if isinstance(seen, Hidden) or (isinstance(seen, Present | Moved) and seen.issue.updated > now - LAG)
    )


def merged(
    last: Statement | None, order: Iterable[str], fresh: Iterable[StatedGoal | Unfit], kept: Iterable[str]
) -> Statement:
    """Return the statement of what is listed, in ``order``, then what is ``kept``: fresh, else as ``last`` has it."""
    known = _known(last) | {each.id: each for each in fresh}
    stated = [known[id_] for id_ in dict.fromkeys([*order, *sorted(kept)]) if id_ in known]
    return Statement(
        tuple(each for each in stated if isinstance(each, StatedGoal)),
        tuple(each for each in stated if isinstance(each, Unfit)),
    )


def _known(last: Statement | None) -> dict[str, StatedGoal | Unfit]:
    return {} if last is None else last.by_id


def _key(each: StatedGoal | Unfit) -> str:
    return each.goal.key if isinstance(each, StatedGoal) else each.key
