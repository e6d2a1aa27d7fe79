"""What teams hear: one message where many things happened, each team its own, and nothing that is not so."""

from __future__ import annotations

from tests.integration.engine.world import Site, ok
from vindaris_sync.domain import decisions
from vindaris_sync.sandbox.faults import Fault


def test_a_chat_that_is_down_for_a_day_shows_one_message_afterwards(site: Site) -> None:
    """Nothing is lost and nothing comes in a burst: the message tells what holds now (fault 50)."""
    site.server.faults.add(Fault("status", "slack", status=503))
    keys = []
    for number in range(12):
        keys.append(site.jira.create(f"Work {number}"))
        ok(site.turn(minutes=120))
    for key in keys[:9]:
        site.jira.add_label(key, "goal:GROW-1")
    ok(site.turn())
    assert site.messages() == []
    site.server.faults.clear()
    ok(site.turn(minutes=40, rounds=2))
    assert site.told() == ["3 issues serve no goal"]
    assert site.messages()[0].edits == []


def test_a_message_that_somebody_deleted_is_posted_anew(site: Site) -> None:
    """While something is open people see it, once."""
    site.jira.create("What is this for?")
    ok(site.turn(minutes=16))
    ok(site.turn())
    (message,) = site.messages()
    site.slack.delete("growth", message.ts)
    site.jira.create("And this?")
    ok(site.turn(minutes=16))
    ok(site.turn(rounds=3))
    assert site.told() == ["2 issues serve no goal"]


def test_each_team_hears_of_its_own_issues(site: Site) -> None:
    """An exact scope goes before a wildcard; a team's channel shows its places only."""
    site.jira.create("For Growth")
    site.jira.create("For Platform", place="OPS")
    site.github.create("For Growth, too")
    ok(site.turn(minutes=16))
    ok(site.turn())
    assert site.told("growth") == ["2 issues serve no goal"]
    assert site.told("platform") == ["1 issue serves no goal"]


def test_an_issue_that_moves_is_told_to_its_new_team_and_no_more_to_its_former_one(site: Site) -> None:
    """A question goes along with the issue, under the same id or a new one, from one team's list to the other's."""
    moving = site.jira.create("For Growth")
    transferred = site.github.create("For Growth, too")
    ok(site.turn(minutes=16))
    ok(site.turn())
    assert site.told("growth") == ["2 issues serve no goal"]
    site.jira.move(moving, "OPS")
    ok(site.turn(rounds=2))
    assert site.told("growth") == ["1 issue serves no goal"]
    assert site.told("platform") == ["1 issue serves no goal"]
    site.github.move(transferred, "acme/api")
    ok(site.turn(minutes=61))
    site.night()
    ok(site.turn())
    assert site.told("growth") == ["✓ Every new issue serves a goal"]
    assert site.told("platform") == ["2 issues serve no goal"]


def test_a_confirmation_on_the_command_line_takes_the_issue_off_the_list(site: Site) -> None:
    """However a question is answered, the team's message follows."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn())
    site.change_goal("GROW-1", title="Fastest checkout")
    ok(site.turn())
    assert site.told() == ["GROW-1 Fastest checkout has changed: 1 issue to confirm"]
    seen = {goal.id: goal.revision for goal in site.context.book().goals.values()}
    site.decide(key, lambda record, book, by: decisions.confirm(record, [], book, seen, by))
    ok(site.turn())
    assert site.told() == ["✓ GROW-1 Fastest checkout: all work has been confirmed since it changed"]


def test_refused_goals_leave_the_last_good_ones_in_force(site: Site) -> None:
    """Said once to every team, resolved when they can be read again; links are not touched (fault 55)."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn())
    site.goals.problems = ("goals.toml:3: [[goal]] GROW-1 parent: GROW is its own ancestor",)
    ok(site.turn(rounds=3))
    assert site.told("growth") == site.told("platform") == ["The goals cannot be used"]
    assert site.serves(key) == "linked GROW-1"
    site.goals.problems = ()
    ok(site.turn())
    assert site.told() == ["✓ The goals can be used again"]
