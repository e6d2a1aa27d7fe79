"""Required work and ``kill -9``: the daemon dies between the request that creates an issue and its answer."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.integration.daemon.company import Company
from tests.integration.daemon.test_processes import eventually
from vindaris_sync.sandbox.faults import Fault

TITLE = "Made once"
PLACES = {"jira": ("APP", r"/issue$"), "github": ("acme/web", r"/issues$")}


def _require(company: Company, tracker: str) -> None:
    item = f'[[goal.requires]]\nid = "api"\ntracker = "{tracker}"\nplace = "{PLACES[tracker][0]}"\ntitle = "{TITLE}"\n'
    goals = company.folder / "goals.toml"
    head, mark, rest = goals.read_text().partition('\n[[goal]]\nkey = "GROW-2"')
    goals.write_text(f"{head}\n{item}{mark}{rest}")


def _made(company: Company, tracker: str) -> Callable[[], int]:
    def count() -> int:
        if tracker == "jira":
            issues = list(company.jira.world.issues.values())
            return sum(issue.state.values["summary"] == TITLE for issue in issues)
        repository = company.github.world.repository("acme/web")
        return sum(issue.document()["title"] == TITLE for issue in list(repository.issues.values()))

    return count


def _phase(company: Company) -> str:
    """Return how far the one item is, as another process sees it."""
    with closing(sqlite3.connect(company.database)) as sql:
        return str(sql.execute("SELECT phase FROM work").fetchone()[0])


@pytest.mark.long
@pytest.mark.parametrize("tracker", list(PLACES))
def test_a_daemon_killed_before_the_answer_made_one_issue(company: Company, tracker: str) -> None:
    """The next one finds it by its mark, and links it; nobody sees two."""
    made = _made(company, tracker)
    _require(company, tracker)
    unanswered = Fault("timeout", tracker, method="POST", path=PLACES[tracker][1], applied=True, seconds=30, times=1)
    company.server.faults.add(unanswered)
    with company.daemon() as daemon:
        eventually(lambda: made() == 1, "the issue is created")
        daemon.send_signal(signal.SIGKILL)
        company.said(daemon)
    assert _phase(company) == "begun"
    with company.daemon() as daemon:
        eventually(lambda: _phase(company) == "made", "the issue is found")
        daemon.send_signal(signal.SIGTERM)
        said = company.said(daemon)
    assert daemon.returncode == 0, said
    assert made() == 1
    with closing(sqlite3.connect(company.database)) as sql:
        text = "SELECT i.key, l.provenance, g.key FROM work w JOIN issue i ON i.id = w.issue_id "
        text += "JOIN link l ON l.issue_id = i.id JOIN goal g ON g.id = l.goal_id"
        ((key, provenance, goal),) = sql.execute(text).fetchall()
    assert (provenance, goal) == ("born", "GROW-1")
    desk = company.jira if tracker == "jira" else company.github
    assert "goal:GROW-1" in desk.labels(key)
