"""What an audit lays side by side: the rows since the last one, and the acts that they may tell of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.simulation.audit_edits import sent_the_same
from tests.simulation.audit_people import Window
from tests.simulation.clock import MONDAY
from tests.simulation.journal import Act
from tests.simulation.site import Sent
from tests.simulation.truth import Ref, Shown

ISSUE: Ref = ("jira", "10009")
BEFORE, SINCE = (Act(datetime(2026, 3, day, tzinfo=UTC), "alice", "set_goal", *ISSUE) for day in (2, 3))


def shown(*, home: str = "APP", visible: bool = True) -> Shown:
    """Return the issue as it was at the last audit."""
    return Shown(ISSUE, "APP-3", "APP", home, "Task", "Pay", False, "", (), (), (), visible)  # noqa: FBT003 - a row


def test_what_was_said_before_the_last_audit_is_told_by_then() -> None:
    """L10: an issue in scope was read when the last audit looked: later rows tell of later acts only."""
    window = Window([SINCE], [], {ISSUE: shown()})
    assert window.told_of(ISSUE, [BEFORE, SINCE]) == [SINCE]


@pytest.mark.parametrize("then", [shown(home=""), shown(visible=False)], ids=["out of scope", "hidden"])
def test_what_was_said_where_nobody_could_look_is_told_later(then: Shown) -> None:
    """R6: out of scope or hidden it is not read; what people did is told once it is context, back, or shown again."""
    window = Window([SINCE], [], {ISSUE: then})
    assert window.told_of(ISSUE, [BEFORE, SINCE]) == [BEFORE, SINCE]


def test_what_an_exemption_stood_against_is_told_when_it_ends() -> None:
    """R3: its end is a change by machine, which yields to what people said before."""
    window = Window([SINCE], [], {ISSUE: shown()})
    assert window.told_of(ISSUE, [BEFORE, SINCE], late=True) == [BEFORE, SINCE]


@pytest.mark.parametrize(
    ("seconds", "issue", "goal", "same"),
    [(1, "10009", "GROW-1", True), (9, "10009", "GROW-1", False), (1, "1000", "GROW-1", False)]
    + [(1, "10009", goal, False) for goal in ("GROW", "GROW-2")],
    ids=["the same", "later", "elsewhere", "a part of it", "another"],
)
def test_what_we_send_as_somebody_says_it_cannot_be_told_apart(
    seconds: int, issue: str, goal: str, *, same: bool
) -> None:
    """L5: of two who put the same label on at once, the second changes nothing, and no history tells of it."""
    body = b'{"update":{"labels":[{"add":"goal:GROW-1"}]}}'
    sent = Sent(float(seconds), "jira", "PUT", f"/rest/api/2/issue/{issue}?notifyUsers=false", body, 204)
    act = Act(MONDAY, "alice", "set_goal", *ISSUE, {"surface": "label", "value": goal})
    assert sent_the_same([sent], shown(), act) == same
