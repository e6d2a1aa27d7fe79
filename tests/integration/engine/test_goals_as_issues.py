"""Jira's epics as goals: each carries its goal to what hangs below, and nobody tags anything (R6, R8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.integration.engine.world import Setup, Site, ok
from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_sync.domain import decisions
from vindaris_sync.domain.decisions import By
from vindaris_sync.engine.goal_sources import JoinedGoals
from vindaris_sync.engine.tracing_past import past_of
from vindaris_sync.engine.tracker_goals import TrackerGoals
from vindaris_sync.store.tracing import TracedIssue

REVIEW = "goal-review"
LATER = timedelta(minutes=15)


def state_epics(site: Site, **settings: object) -> None:
    """Let Jira's epics be goals beside those of the list."""
    block = JiraGoalSettings.model_validate({"tracker": "jira", "types": ["Epic"], **settings})
    tracker, lock = site.context.trackers["jira"], site.context.lock("jira")
    epics = TrackerGoals("epics", block, tracker, site.store, lock=lock, now=site.clock)
    site.context = replace(site.context, source=JoinedGoals({"file": site.goals, "epics": epics}, site.store))


def edited(site: Site) -> None:
    """Let time go on until an edit was pulled, read as a goal's, has rested, and is asked about."""
    site.turn()
    site.turn(6)
    site.turn(11)


def confirm(site: Site, key: str) -> None:
    """Let Kim say on the command line that what hangs below is still right."""
    with site.store.transaction():
        book, record = site.context.book(), site.record(key)
        seen = {goal.id: goal.revision for goal in book.goals.values()}
        by = By("kim", "cli", "read it", site.clock())
        site.store.apply(decisions.confirm(record, (), book, seen, by), "", site.clock())
        site.store.mark_due([record.id])


@pytest.mark.parametrize("site", [Setup(), Setup(cloud=False)], ids=["cloud", "data center"], indirect=True)
def test_work_below_an_epic_serves_it_without_a_label(site: Site) -> None:
    """The epic is asked nothing and shows nothing; what hangs below inherits, what hangs nowhere is asked."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    ok(site.turn())
    task, loose = site.jira.create("Ask the bank", parent=epic), site.jira.create("Tidy up")
    ok(site.turn(20))
    assert site.serves(task) == f"inherited {epic}"
    assert site.record(task).carrier == site.record(epic).id
    assert not site.record(epic).tracked
    assert (site.asks(epic), site.asks(task), site.asks(loose)) == ([], [], ["unlinked"])
    assert (site.jira.labels(epic), site.jira.labels(task), site.jira.labels(loose)) == (set(), set(), {REVIEW})
    assert site.round().planned == []
    site.sound()


def test_a_round_without_edits_costs_no_more_than_without_the_source(site: Site) -> None:
    """Pulls show what there is of the epics: nobody asks for them."""
    site.jira.epic("Pay by card")
    site.turn()
    site.clock.pass_(minutes=6)
    with site.requests() as without:
        site.round("jira")
    state_epics(site)
    site.turn(rounds=2)
    site.clock.pass_(minutes=6)
    with site.requests() as with_it:
        site.round("jira")
    assert with_it.by_service == without.by_service
    assert with_it.by_service["jira"] == 1


def test_an_edited_epic_asks_once_at_the_epic_and_taking_the_label_off_confirms(site: Site) -> None:
    """One question for all that hangs below, where everybody sees it; the answer is kept, nothing else is written."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    tasks = [site.jira.create(f"Bank {number}", parent=epic) for number in range(3)]
    site.turn()
    site.jira.alice.edit(epic, description="From now on in euros only")
    edited(site)
    assert site.asks(epic) == ["goal_changed"]
    assert site.jira.labels(epic) == {REVIEW}
    assert [site.asks(task) for task in tasks] == [[], [], []]
    assert all(site.record(task).suspect for task in tasks)
    assert site.round().planned == []
    site.jira.remove_label(epic, REVIEW)
    ok(site.turn())
    assert site.asks(epic) == []
    assert not any(site.record(task).suspect for task in tasks)
    assert [site.jira.labels(key) for key in (epic, *tasks)] == [set(), set(), set(), set()]
    assert site.round().planned == []
    told = site.store.history(issue=site.record(epic).id)
    assert [each.goal_revision for each in told if each.event == "below_confirmed"] == [2]
    site.sound()


def test_a_confirmation_by_command_counts_alike(site: Site) -> None:
    """And the label goes."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    task = site.jira.create("Ask the bank", parent=epic)
    site.turn()
    site.jira.retitle(epic, "Pay by card or cash")
    edited(site)
    assert site.asks(epic) == ["goal_changed"]
    confirm(site, epic)
    ok(site.turn())
    assert (site.asks(epic), site.jira.labels(epic), site.record(task).suspect) == ([], set(), False)


def test_a_closed_epic_asks_what_is_open_below(site: Site) -> None:
    """It cannot be asked itself any more: its goal is achieved, and open work hangs on it (R8)."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    task, done = site.jira.create("Ask the bank", parent=epic), site.jira.create("Call the bank", parent=epic)
    site.jira.close(done)
    site.turn()
    site.jira.close(epic)
    site.turn()
    site.turn(6)
    assert site.context.book().goals[site.goal(epic)].status == "achieved"
    assert (site.asks(epic), site.asks(task), site.asks(done)) == ([], ["goal_closed"], [])
    assert site.jira.labels(task) == {REVIEW}


def test_what_people_set_on_an_epic_is_what_it_serves_beside_and_nothing_below_follows(site: Site) -> None:
    """The hierarchy of goals is not made of links: the epic's work serves the epic."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    task = site.jira.create("Ask the bank", parent=epic)
    site.jira.add_label(epic, "goal:COST-1")
    ok(site.turn(rounds=2))
    assert site.serves(epic) == f"linked {epic} COST-1"
    assert site.serves(task) == f"inherited {epic}"
    assert site.jira.field(epic) is None  # the other surface is not brought to agree: nothing is written onto a goal
    site.change_goal("COST-1", title="Quarter the hosting bill")
    site.turn()
    assert site.asks(epic) == ["goal_changed"]
    site.jira.remove_label(epic, REVIEW)
    ok(site.turn())
    assert site.asks(epic) == []
    assert [link.revision for link in site.record(epic).links] == [2]


def test_an_explicit_link_below_an_epic_wins(site: Site) -> None:
    """The nearest decides."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    task = site.jira.create("Halve the fees", "goal:COST-1", parent=epic)
    ok(site.turn(rounds=2))
    assert site.serves(task) == "linked COST-1"


def test_an_epic_that_is_none_any_more_is_asked_like_any_issue(site: Site) -> None:
    """Its goal is missing and stays in force for what people linked to it; what hung below is asked, too."""
    epic, other = site.jira.epic("Pay by card", "okr"), site.jira.epic("Pay by phone", "okr")
    state_epics(site, types=[], jql="labels = okr")
    site.turn()
    task = site.jira.create("Ask the bank", parent=epic)
    linked = site.jira.create("Ask the shop", f"goal:{epic}")
    ok(site.turn(20))
    site.jira.remove_label(epic, "okr")
    ok(site.turn(20, rounds=2))
    goal = site.context.book().goals[site.goal(epic)]
    assert goal.missing
    assert site.serves(linked) == f"linked {epic}"
    assert site.serves(epic) == "unlinked"
    assert site.serves(task) == "unlinked"
    assert (site.asks(epic), site.asks(task)) == (["unlinked"], ["unlinked"])
    assert site.jira.labels(epic) == {REVIEW}
    assert site.asks(other) == []
    site.jira.add_label(epic, "okr")
    ok(site.turn(6, rounds=2))
    assert site.serves(task) == f"inherited {epic}"
    assert (site.asks(epic), site.asks(task), site.jira.labels(epic)) == ([], [], {"okr"})
    site.sound()


def test_ignored_types_do_not_hide_goals(site: Site) -> None:
    """Epics that nobody wants to track are goals all the same."""
    site.reconnect("jira", ignore_types=("Epic",))
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    task = site.jira.create("Ask the bank", parent=epic)
    ok(site.turn())
    assert site.serves(task) == f"inherited {epic}"
    site.jira.retitle(epic, "Pay by card or cash")
    edited(site)
    assert (site.asks(epic), site.asks(task)) == (["goal_changed"], [])


def test_a_moved_epic_stays_the_same_goal(site: Site) -> None:
    """What was linked under its former key shows the present one; nothing is asked."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    task, linked = site.jira.create("Ask the bank", parent=epic), site.jira.create("Ask the shop", f"goal:{epic}")
    site.turn(rounds=2)
    moved = site.jira.move(epic, site.jira.other)
    site.turn()
    ok(site.turn(6, rounds=2))
    assert site.goal(epic) == site.goal(moved)
    assert site.serves(task) == f"inherited {moved}"
    assert site.jira.labels(linked) == {f"goal:{moved}"}
    assert (site.asks(moved), site.asks(task), site.asks(linked)) == ([], [], [])


def test_the_past_knows_what_was_a_goal(site: Site) -> None:
    """What an issue served then is told from the history, whatever has become of the epic since."""
    epic = site.jira.epic("Pay by card", "okr")
    site.jira.epic("Pay by phone", "okr")
    before = site.clock()
    site.clock.pass_(minutes=1)
    state_epics(site, types=[], jql="labels = okr")
    site.turn()
    task = site.jira.create("Ask the bank", parent=epic)
    site.turn()
    then = site.clock()
    site.jira.remove_label(epic, "okr")
    site.turn(20, rounds=2)

    def served(at: datetime) -> list[str]:
        return list(past_of(site.store, site.context.book(), site.record(task), at)["links"])

    assert site.serves(task) == "unlinked"
    assert (served(before), served(then), served(site.clock())) == ([], [epic], [])
    assert {site.store.view_records([each.id])[each.id].key for each in _on(site, epic, then)} >= {task}
    assert _on(site, epic, site.clock()) == ()


def _on(site: Site, key: str, at: datetime) -> tuple[TracedIssue, ...]:
    return site.store.serving_then([site.goal(key)], site.context.book().by_key, at)


def test_chat_and_review_tell_what_changed_since_it_was_confirmed(site: Site) -> None:
    """Of an issue that is a goal as of any link."""
    epic = site.jira.epic("Pay by card")
    state_epics(site)
    site.turn()
    site.jira.create("Ask the bank", parent=epic)
    site.turn()
    site.jira.retitle(epic, "Pay by card or cash")
    edited(site)
    [asked] = site.store.confirmed(site.goal(epic))
    assert (asked.revision, asked.tracker, asked.place, asked.count) == (1, "jira", "APP", 1)
