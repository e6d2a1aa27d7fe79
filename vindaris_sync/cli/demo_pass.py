"""What one pass came to, in people's terms: the rows of the merge table, and the reviews it opened and closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vindaris_sync.cli.demo_story import Shown
from vindaris_sync.domain.actions import Action, CloseCause, OpenCause, SetBases, SetConflict, SetExplicit, WriteBack
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.merge import Result
from vindaris_sync.domain.models import SurfaceKind
from vindaris_sync.domain.records import Cause, Reason, Record
from vindaris_sync.store.store import Store

WHY: Mapping[str, str] = {
    Reason.GOAL_CHANGED: "its goal changed",
    Reason.GOAL_CLOSED: "its goal is closed",
    Reason.PARENT_CHANGED: "another parent, another goal",
    Reason.UNKNOWN_GOAL: "names a goal that does not exist",
    Reason.CONFLICT: "two different answers",
    Reason.REQUESTED: "a person asked for it",
}
"""Why a review is open; an unlinked issue says it itself (``it serves no goal``)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what happened, to how many issues, and in which words to the first of them."""

    name: str
    count: int
    examples: tuple[tuple[str, str], ...] = ()
    """(key, what happened to it) each."""


@dataclass(frozen=True, slots=True)
class PassSeen:
    """The pass as people see it."""

    merged: tuple[Row, ...]
    opened: tuple[Row, ...]
    closed: Mapping[str, int]


def seen(shown: Shown, store: Store) -> PassSeen:
    """Return what the shown pass came to."""
    actions = [action for report in shown.round.reports for action in report.planned]
    after = store.view_records({action.issue for action in _of(actions, SetExplicit, WriteBack, OpenCause, SetBases)})
    waiting = sum(report.counts[f"skip {Result.IN_SYNC}"] for report in shown.round.reports)
    return PassSeen(
        (Row(Result.IN_SYNC, waiting), *_merged(actions, shown.before, after)),
        tuple(_opened(actions, after)),
        _closed(actions),
    )


def why(cause: Cause) -> str:
    """Return why a cause asks, in a few words."""
    return WHY.get(cause.key.reason, cause.detail)


def _of(actions: Iterable[Action], *kinds: type) -> list:  # type: ignore[type-arg] # narrowed by the caller's kinds
    return [action for action in actions if isinstance(action, kinds)]


def _merged(actions: list[Action], before: Mapping[int, Record], after: Mapping[int, Record]) -> Iterator[Row]:
    adopted = {each.issue: each for each in _of(actions, SetExplicit) if each.how == "tracker"}
    conflicts = {each.issue for each in _of(actions, SetConflict) if each.conflict is not None}
    writes = [each for each in _of(actions, WriteBack) if each.surface.kind is not SurfaceKind.REVIEW]
    written = {each.issue: _written(each) for each in reversed(writes) if each.issue not in adopted}
    agreed = {
        each.issue: ", ".join(_chosen(each))
        for each in _of(actions, SetBases)
        if each.issue not in (*adopted, *conflicts) and _agreed(each, before.get(each.issue))
    }
    for issue in agreed:
        written.pop(issue, None)
    found = {issue: _set(each) for issue, each in adopted.items()}
    yield _row(Result.WRITE_BACK, written, after)
    yield _row(Result.ADOPT, found, after)
    yield _row(Result.AGREE, {issue: f"{goal} on both sides" for issue, goal in agreed.items()}, after)
    yield _row(Result.CONFLICT, dict.fromkeys(conflicts, "nothing is written until a person decides"), after)


def _row(name: str, found: Mapping[int, str], after: Mapping[int, Record]) -> Row:
    return Row(name, len(found), tuple((after[issue].key, text) for issue, text in sorted(found.items())))


def _written(write: WriteBack) -> str:
    return f"← {', '.join(write.add)}" if write.add else f"{', '.join(write.remove)} taken off"


def _set(action: SetExplicit) -> str:
    return f"→ {', '.join(action.after)}" if action.after else f"{', '.join(action.before)} taken off"


def _agreed(action: SetBases, before: Record | None) -> bool:
    """Return whether a surface newly shows a goal that the store held already."""
    return (
        before is not None
        and bool(before.explicit)
        and any(
            base.value and _folded(base.value) != _folded(before.bases[key].value if key in before.bases else ())
            for key, base in action.bases.items()
        )
    )


def _chosen(action: SetBases) -> Collection[str]:
    return sorted({value for base in action.bases.values() for value in base.value})


def _folded(values: Iterable[str]) -> set[str]:
    return {fold(value) for value in values}


def _opened(actions: list[Action], after: Mapping[int, Record]) -> Iterator[Row]:
    """Yield the reviews that were opened and are asked about, by why; those that were closed at once are none."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for action in _of(actions, OpenCause):
        if action.cause.surface_at is not None:
            record = after[action.issue]
            groups.setdefault(why(action.cause), []).append((record.key, record.title))
    for name, found in groups.items():
        yield Row(name, len(found), tuple(found))


def _closed(actions: list[Action]) -> Mapping[str, int]:
    """Count closed causes by answer, each once: as a person or the first decision answered it."""
    first = {(each.issue, each.key): each.answer for each in reversed(_of(actions, CloseCause))}
    return Counter(str(answer) for answer in first.values())
