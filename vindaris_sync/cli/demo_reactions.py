"""A pass of the daemon in plain words: one line for each thing that people can see, and none for bookkeeping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vindaris_sync.cli.demo_pass import why
from vindaris_sync.domain.actions import Action, CloseCause, OpenCause, SetConflict, SetExplicit, SetState, WriteBack
from vindaris_sync.domain.models import LinkState, SurfaceKind
from vindaris_sync.domain.records import GoalBook, Reason
from vindaris_sync.engine.passes import PassReport
from vindaris_sync.store.store import Store

_MOST = 3


def reactions(report: PassReport, store: Store, goals: GoalBook) -> Iterator[str]:
    """Yield what ``report``'s pass did, in order; what it decided for other trackers is theirs to tell."""
    if report.outcome != "ok":
        yield f"{report.tracker}: {report.error}"
    ids = {issue for action in report.planned if (issue := getattr(action, "issue", 0))}
    keys = {issue: address.key for issue, address in store.addresses(ids).items()}
    own = {issue for issue, tracker in store.trackers_of(ids).items() if tracker == report.tracker}
    told: set[int] = set()
    closed: set[tuple[int, Reason]] = set()
    for action in report.actions:
        line = _told(action, keys, closed)
        if line:
            told.add(getattr(action, "issue", 0))
            yield line
    yield from _states(report.actions, told, keys, goals)
    yield from (_written(write, keys) for write in report.writes if write.issue in own)


def _told(action: Action, keys: Mapping[int, str], closed: set[tuple[int, Reason]]) -> str:
    match action:
        case SetExplicit():
            return _link(action, keys[action.issue])
        case SetConflict(conflict=None):
            return f"{keys[action.issue]}: the conflict is settled"
        case OpenCause():
            return f"{keys[action.issue]}: review opened, {why(action.cause)}"
        case CloseCause() if (action.issue, action.key.reason) not in closed:
            closed.add((action.issue, action.key.reason))  # an answer may be followed by its cause going
            return f"{keys[action.issue]}: review closed ({action.key.reason.replace('_', ' ')}: {action.answer})"
        case _:
            return ""


def _link(action: SetExplicit, key: str) -> str:
    after, before = ", ".join(action.after), ", ".join(action.before)
    if action.event == "confirmed":
        return f"{key}: confirmed, it serves {after} as that is now"
    if action.event == "exempted":
        return f"{key}: adopted, it is no goal work"
    if after:
        return f"{key}: adopted, it serves {after}" + (f" and no longer {before}" if before and before != after else "")
    return f"{key}: adopted, it no longer serves {before}" if action.how == "tracker" else f"{key}: {before} has ended"


def _states(actions: list[Action], told: set[int], keys: Mapping[int, str], goals: GoalBook) -> Iterator[str]:
    """Yield what changed for issues about which nothing else is said: those that others carry."""
    states = [each for each in actions if isinstance(each, SetState) and each.tracked and each.issue not in told]
    suspects = [each for each in states if each.suspect]
    carried = [each for each in states if not each.suspect and each.state is LinkState.INHERITED]
    if suspects:
        yield f"{len(suspects)} more are suspect through the issue that carries them"
    for each in carried[:_MOST]:
        yield f"{keys[each.issue]}: inherits {', '.join(goals.goals[goal].key for goal in each.goals)}"
    if len(carried) > _MOST:
        yield f"and {len(carried) - _MOST} more inherit"


def _written(write: WriteBack, keys: Mapping[int, str]) -> str:
    key = keys[write.issue]
    if write.surface.kind is SurfaceKind.REVIEW:
        return f"{key}: {write.surface.id} {'put on' if write.add else 'taken off'}"
    name = "label" if write.surface.kind is SurfaceKind.LABEL else "field" if write.surface.shows_goals else "label"
    values = ", ".join(write.add or write.remove)
    return f"{key}: {name} {values} {'written' if write.add else 'taken off'}"
