"""People's decisions in a sentence, for the message and the thread in which everybody sees who decided what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vindaris_sync.domain.text import counted, one_line

NO_GOAL = "no-goal"
_WHO, _KEY, _WHY = 60, 80, 160


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided on ``count`` issues at once, the first of which is named; goals are keys.

    ``batch`` is the number under which it is taken back; ``id`` is the issue's ``tracker:id``.
    """

    batch: int
    count: int
    issue: int
    id: str
    key: str
    title: str
    url: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    who: str
    why: str
    at: datetime
    undone_at: datetime | None = None
    undone_by: str = ""


def deed(decision: Decision) -> str:
    """Return what was done, without saying on what: ``linked to GROW-1 by Ann (Slack)``."""
    return f"{_deed(decision)} by {one_line(decision.who, _WHO)}"


def sentence(decision: Decision) -> str:
    """Return who did what, and why: ``Ann (Slack): APP-7 linked to GROW-1. "it is the checkout"``."""
    why = one_line(decision.why, _WHY)
    return f"{one_line(decision.who, _WHO)}: {on(decision)} {_deed(decision)}." + (f' "{why}"' if why else "")


def taken_back(decision: Decision) -> str:
    """Return who took it back."""
    return f"{one_line(decision.undone_by, _WHO)}: {on(decision)} not {_deed(decision)} after all: taken back."


def on(decision: Decision) -> str:
    """Return on what it was decided: ``APP-7``, or ``APP-7 and 11 more``."""
    more = f" and {decision.count - 1:,} more" if decision.count > 1 else ""
    return f"{one_line(decision.key, _KEY)}{more}"


def many(count: int) -> str:
    """Return what stands for decisions that are too many to be told one by one."""
    return f"{counted(count, 'more decision')}, which the history holds."


def _deed(decision: Decision) -> str:
    if decision.after == (NO_GOAL,):
        return "exempt: not goal work"
    goals = ", ".join(one_line(goal, _KEY) for goal in decision.after)
    if decision.before == decision.after:
        return f"confirmed on {goals}" if goals else "confirmed"
    return f"linked to {goals}" if goals else "unlinked"
