"""A plan in words: each action as one line that names the issue, and what is shown of many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from vindaris_sync.cli.output import encoded, moment, say
from vindaris_sync.domain.actions import (
    Action,
    Announce,
    AnswerGoal,
    AnswerRule,
    AskGoal,
    AskRule,
    CloseCause,
    ConfirmGoal,
    ConfirmRule,
    CreateWork,
    NeedsRead,
    OpenCause,
    SetBases,
    SetConflict,
    SetExplicit,
    SetState,
    Silence,
    Skip,
    StandFor,
    Wake,
    WriteBack,
)
from vindaris_sync.domain.homes import KeepHome
from vindaris_sync.domain.menus import Publish
from vindaris_sync.domain.menus import describe as describe_change
from vindaris_sync.domain.models import Address
from vindaris_sync.domain.records import GoalBook
from vindaris_sync.domain.rules import PREFIX
from vindaris_sync.domain.text import one_line
from vindaris_sync.domain.work import GOAL_PREFIX
from vindaris_sync.domain.work_items import LinkItem
from vindaris_sync.store.store import Store

SHOWN = 50
"""Lines of one kind that are shown unless all are asked for."""

_HEADINGS: Mapping[str, str] = {
    "create_work": "Create work",
    "write_back": "Write to trackers",
    "publish": "Publish goals where they are picked",
    "keep_home": "Keep goals' issues",
    "link_item": "Link work where goals are kept",
    "set_explicit": "Change links",
    "set_conflict": "Note conflicts",
    "open_cause": "Open reviews",
    "close_cause": "Close reviews",
    "ask_rule": "Ask about link rules",
    "answer_rule": "Close questions about link rules",
    "confirm_rule": "Confirm link rules",
    "confirm_goal": "Confirm what hangs below goals",
    "ask_goal": "Ask about goals",
    "answer_goal": "Close questions about goals",
    "silence": "Leave review labels out, being too many",
    "announce": "Tell in chat",
    "set_state": "Record link states",
    "set_bases": "Record agreements",
    "stand_for": "Record what review labels stand for",
    "wake": "Look again later",
}
_INNER = ("set_state", "set_bases", "stand_for", "wake", "announce")
"""What nobody sees in a tracker: counted, and listed only where all is asked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One action: its kind, whom it is about, what it does, and the action itself."""

    action: str
    issue: str
    key: str
    text: str
    details: Action

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        details = encoded(self.details)
        details.pop("issue", None)
        return {"action": self.action, "issue": self.issue, "key": self.key, "text": self.text, "details": details}


def lines(actions: Iterable[Action], store: Store, goals: GoalBook) -> list[Line]:
    """Return one line per action, in order."""
    actions = list(actions)
    addresses = store.addresses({_issue(action) for action in actions} - {0})
    return [_line(action, addresses, goals) for action in actions]


def _line(action: Action, addresses: Mapping[int, Address], goals: GoalBook) -> Line:
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(action).__name__).lower()
    where = addresses.get(_issue(action))
    issue = f"{where.tracker}:{where.id}" if where else ""
    return Line(kind, issue, where.key if where else _subject(action, goals), describe(action, goals), action)


def _issue(action: Action) -> int:
    kept = KeepHome | LinkItem | Publish | CreateWork
    elsewhere = kept | Announce | AskRule | AnswerRule | ConfirmRule | AskGoal | AnswerGoal
    return 0 if isinstance(action, elsewhere) else action.issue


def _subject(action: Action, goals: GoalBook) -> str:
    if isinstance(action, Publish):
        return action.tracker
    if isinstance(action, KeepHome | LinkItem):
        return action.key
    if isinstance(action, AskRule | AnswerRule | ConfirmRule):
        return f"{PREFIX}{action.rule}"
    if isinstance(action, AskGoal | AnswerGoal):
        return f"{GOAL_PREFIX}{goals.goals[action.goal].key}"
    if isinstance(action, CreateWork):
        return f"{action.tracker}:{action.place}"
    return action.place or action.tracker if isinstance(action, Announce) else ""


def describe(action: Action, goals: GoalBook) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each kind of action
    """Return what ``action`` does, in a few words."""
    match action:
        case WriteBack():
            return _write(action)
        case Publish():
            return f"{action.name}: {describe_change(action.change)}"
        case KeepHome():
            return f"{action.errand}: {action.text}"
        case LinkItem():
            return f"{'link to' if action.linked else 'unlink from'} {goals.goals[action.goal].key} in {action.source}"
        case SetExplicit():
            return f"{_names(action.before)} → {_names(action.after)} ({action.event} by {action.who or action.how})"
        case SetConflict():
            return (
                "both sides were changed: nothing is written until a person decides" if action.conflict else "settled"
            )
        case AskRule() | AskGoal():
            return f"{action.cause.key.reason}: {action.cause.detail}"
        case CreateWork():
            return _creation(action, goals)
        case ConfirmGoal():
            return f"what hangs below {goals.goals[action.goal].key} at revision {action.revision} by {action.who}"
        case ConfirmRule():
            return f"{goals.goals[action.link.goal].key} at revision {action.link.revision} by {action.who}"
        case OpenCause():
            backlog = " (backlog: counted, not labelled)" if action.cause.surface_at is None else ""
            return f"{action.cause.key.reason}: {action.cause.detail}{backlog}"
        case CloseCause() | AnswerRule() | AnswerGoal():
            return f"{action.key.reason}: {action.answer}"
        case Silence():
            return f"{action.key.reason}"
        case SetState():
            named = ", ".join(goals.goals[goal].key for goal in action.goals)
            return f"{action.state} {named}".strip() if action.tracked else "not tracked"
        case SetBases():
            return "agreed on " + ", ".join(f"{name} = {_names(base.value)}" for name, base in action.bases.items())
        case StandFor():
            return f"a person's review label stands for {_names([str(key.reason) for key in action.stood.causes])}"
        case Wake():
            return f"at {moment(action.at)}" if action.at else "when something changes"
        case Announce():
            about = f" of {goals.goals[int(action.goal)].key}" if action.goal else ""
            return f"{action.kind}{about}"
        case NeedsRead():
            return "read it directly first"
        case Skip():
            return action.reason
        case _:
            assert_never(action)


def _creation(action: CreateWork, goals: GoalBook) -> str:
    below = f", below {action.parent}" if action.parent else ""
    kind = f"{action.type} " if action.type else ""
    return f"{kind}{one_line(action.title)!r} for {goals.goals[action.goal].key} ({action.item}){below}"


def _write(action: WriteBack) -> str:
    parts = [f"add {_names(action.add)}"] if action.add else []
    parts += [f"take off {_names(action.remove)}"] if action.remove else []
    why = ", ".join(sorted({str(key.reason) for key in action.causes}))
    return f"{action.surface.key}: {', '.join(parts)}" + (f" (because {why})" if why else "")


def _names(values: Sequence[str]) -> str:
    return ", ".join(values) or "nothing"


def show(found: Sequence[Line], *, everything: bool) -> None:
    """Print the lines under a heading for each kind; the daemon's own bookkeeping is counted alone."""
    counts = Counter(line.action for line in found)
    for kind, heading in _HEADINGS.items():
        if not counts[kind] or (kind in _INNER and not everything):
            continue
        say(f"{heading}: {counts[kind]:,}", style="bold")
        chosen = [line for line in found if line.action == kind]
        for line in chosen if everything else chosen[:SHOWN]:
            say(f"  {line.key:<14} {line.text}")
        if not everything and len(chosen) > SHOWN:
            say(f"  … and {len(chosen) - SHOWN:,} more; --all shows every one")
    inner = [f"{_HEADINGS[kind].lower()}: {counts[kind]:,}" for kind in _INNER if counts[kind]]
    if inner and not everything:
        say(f"Besides, {'; '.join(inner)} (--all shows them)", style="dim")
