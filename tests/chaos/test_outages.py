"""Others fail: trackers and chat are down, refuse us, are cut off in the middle of a write, or tell a wrong time."""

from __future__ import annotations

import pytest

from tests.chaos.lives import Life, eventually
from tests.chaos.people import Work
from tests.chaos.trial import Trial
from tests.integration.engine.desks import GITHUB_TOKEN, JIRA_TOKEN
from tests.integration.engine.world import SLACK_TOKEN
from vindaris_sync.sandbox.faults import Fault

SOON = {"Retry-After": "1"}


@pytest.mark.long
def test_a_day_without_chat_and_trackers_loses_nothing(trial: Trial) -> None:
    """All answer 503 for as long as anybody asks; the same life goes on afterwards by itself (17, 50)."""
    trial.settle_in()
    life, server = trial.start(), trial.company.server
    for service in ("slack", "jira", "github"):
        server.requests.clear()
        server.faults.add(Fault("status", service, status=503, headers=SOON))
        if service == "slack":
            trial.people.create("", "github")  # not before: what was told already is told no more
        eventually(lambda service=service: trial.asked(service), f"{service} is asked", told=life.said)  # type: ignore[misc]
    trial.act(4)
    server.faults.clear()
    verdict = trial.rest(life)
    assert verdict, verdict


@pytest.mark.parametrize("applied", [True, pytest.param(False, marks=pytest.mark.long)], ids=["applied", "not applied"])
def test_a_partition_in_the_middle_of_a_write_is_read_back_and_never_repeated(trial: Trial, *, applied: bool) -> None:
    """The connection dies after the request: whether it was applied is read, and nothing is there twice (41)."""
    trial.settle_in()
    for method, service in (("PUT", "jira"), ("POST", "github"), ("DELETE", "github")):
        trial.company.server.faults.add(Fault("timeout", service, method=method, seconds=0.1, times=2, applied=applied))
    trial.company.server.faults.add(
        Fault("timeout", "jira", method="POST", path="/bulk/", seconds=0.1, times=2, applied=applied)
    )
    trial.act(8)
    verdict = trial.rest()
    struck = sum(fault["struck"] for fault in trial.company.server.faults.view())
    assert struck > 1, "nothing was written while the partition lasted"
    assert verdict, verdict


@pytest.mark.long
def test_a_trackers_clock_that_is_set_forward_and_back_hides_no_change(trial: Trial) -> None:
    """An hour ahead of us, then set back by that hour: every edit is found at once (14)."""
    trial.settle_in()
    life = trial.start()
    work = trial.people.create("GROW-1", "jira")
    eventually(lambda: trial.people.settled(work), "it is known", told=life.said)
    trial.company.server.faults.add(Fault("clock_skew", "jira", seconds=3600))
    _relink(trial, work, life, "its clock is an hour ahead")
    trial.company.server.faults.clear()
    _relink(trial, work, life, "its clock was set back")
    verdict = trial.rest(life)
    assert verdict, verdict


def _relink(trial: Trial, work: Work, life: Life, when: str) -> None:
    """Let people change their mind on an issue of Jira, and wait until that is so everywhere."""
    people = trial.people
    work.goal, work.by = "COST-1" if work.goal != "COST-1" else "SAFE-1", "field"
    people.desk(work).set_field(work.key, work.goal)
    eventually(lambda: people.settled(work), when, patience=20, told=life.said)


@pytest.mark.long
def test_credentials_that_are_revoked_and_renewed_are_taken_up_without_a_restart(trial: Trial) -> None:
    """Jira stops until a new token lies in its file; GitHub's and the chat's are changed in passing (27)."""
    trial.settle_in()
    company, life = trial.company, trial.start()
    with company.jira.world.lock:
        account = company.jira.world.accounts.pop(JIRA_TOKEN)
    with company.github.world.lock:
        company.github.world.tokens["renewed-github-token"] = company.github.world.tokens.pop(GITHUB_TOKEN)
    company.slack.tokens["renewed-slack-token"] = company.slack.tokens.pop(SLACK_TOKEN)
    for name in ("github", "slack"):
        (company.folder / f"{name}.token").write_text(f"renewed-{name}-token\n")
    trial.act(4)
    eventually(lambda: stopped(life, "jira"), "it stops", told=life.said)
    company.jira.world.accounts["renewed-jira-token"] = account
    (company.folder / "jira.token").write_text("renewed-jira-token\n")
    verdict = trial.rest(life)
    assert verdict, verdict
    assert not stopped(life, "github")
    assert "renewed-" not in life.said()


def stopped(life: Life, tracker: str) -> bool:
    """Whether a pass of the tracker ended since a person must act."""
    return any(each["tracker"] == tracker and each["outcome"] == "stopped" for each in life.events("pass"))
