"""The way from a tracker to a goal and back, on each kind of tracker: asserted is what people see afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import VARIANTS, Setup, Site, ok
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.models import Presence

REVIEW, EXEMPT = "goal-review", "no-goal"


def has_field(one: Site) -> bool:
    """Whether the site's tracker shows goals in a field beside the label."""
    return "jira" in one.setup.names or one.setup.github_field


def test_a_label_becomes_a_link_and_is_shown_in_the_field(one: Site, desk: Desk) -> None:
    """A goal set as a label, in any spelling, is adopted; the field agrees with it afterwards."""
    key = desk.create("Checkout in one step", "goal:grow-1", "frontend")
    ok(one.turn())
    assert one.serves(key) == "linked GROW-1"
    assert desk.labels(key) == {"goal:grow-1", "frontend"}
    assert desk.field(key) == ("GROW-1" if has_field(one) else None)
    one.sound()


@pytest.mark.parametrize("one", [setup for name, setup in VARIANTS.items() if name != "github"], indirect=True)
def test_the_field_becomes_a_link_and_is_shown_as_a_label(one: Site, desk: Desk) -> None:
    """A goal chosen in the field is adopted; the label agrees with it afterwards."""
    key = desk.create("Checkout in one step")
    desk.set_field(key, "GROW-1")
    ok(one.turn())
    assert (one.serves(key), desk.labels(key)) == ("linked GROW-1", {"goal:GROW-1"})
    desk.set_field(key, "COST-1")
    ok(one.turn())
    assert (one.serves(key), desk.labels(key)) == ("linked COST-1", {"goal:COST-1"})
    desk.set_field(key, None)
    ok(one.turn(minutes=16, rounds=2))
    assert (one.serves(key), desk.labels(key)) == ("unlinked", {REVIEW})


def test_a_link_that_we_were_told_is_shown_everywhere(one: Site, desk: Desk) -> None:
    """What somebody chose on the command line stands in field and label, and a second choice replaces it."""
    key = desk.create("Cheaper images")
    ok(one.turn())
    for goal in ("COST-1", "SAFE-1"):
        one.link(key, goal)
        ok(one.turn())
        assert desk.labels(key) == {f"goal:{goal}"}
        assert desk.field(key) == (goal if has_field(one) else None)
        assert one.serves(key) == f"linked {goal}"
    one.sound()


def test_a_label_that_is_taken_off_takes_the_link_with_it(one: Site, desk: Desk) -> None:
    """A person's removal is adopted: the field is emptied, and the issue is asked about at once."""
    key = desk.create("Checkout in one step", "goal:GROW-1")
    ok(one.turn())
    one.clock.pass_(minutes=10)
    desk.remove_label(key, "goal:GROW-1")
    ok(one.turn(rounds=2))
    assert (one.serves(key), one.asks(key)) == ("unlinked", ["unlinked"])
    assert desk.field(key) is None
    assert "goal:GROW-1" not in desk.labels(key)


def test_an_issue_that_stays_unlinked_is_asked_about_after_its_grace(one: Site, desk: Desk) -> None:
    """Nothing before a quarter of an hour; then the review label and one message, edited when a second joins."""
    first = desk.create("What is this for?")
    ok(one.turn())
    assert (desk.labels(first), one.told()) == (set(), [])
    ok(one.turn(minutes=16))
    assert desk.labels(first) == {REVIEW}
    assert one.told() == ["1 issue serves no goal"]
    second = desk.create("And this?")
    ok(one.turn(minutes=16))
    ok(one.turn(minutes=16))
    assert desk.labels(second) == {REVIEW}
    assert one.told() == ["2 issues serve no goal"]
    desk.add_label(first, "goal:COST-1")
    desk.add_label(second, EXEMPT)
    ok(one.turn(rounds=2))
    assert desk.labels(first) == {"goal:COST-1"}
    assert desk.labels(second) == {EXEMPT}
    assert one.told() == ["✓ Every new issue serves a goal"]
    one.sound()


def test_the_exempt_label_says_that_it_is_no_goal_work(one: Site, desk: Desk) -> None:
    """It takes the goal away, holds for ninety days, and then asks again."""
    key = desk.create("Rename the office printer", "goal:COST-1")
    ok(one.turn())
    desk.add_label(key, EXEMPT)
    ok(one.turn())
    assert one.exempt(key)
    assert (desk.labels(key), desk.field(key)) == ({EXEMPT}, None)
    ok(one.turn(minutes=60 * 24 * 90 + 1))
    assert (one.serves(key), desk.labels(key)) == ("unlinked", {REVIEW})
    one.sound()


def test_a_changed_goal_is_confirmed_by_taking_the_review_label_off(one: Site, desk: Desk) -> None:
    """Label and one living message; the message is edited as issues join, and resolved by the last confirmation."""
    first, second = desk.create("Checkout in one step", "goal:GROW-1"), desk.create("Pay by phone")
    ok(one.turn())
    one.change_goal("GROW-1", title="Checkout in a second")
    ok(one.turn())
    assert desk.labels(first) == {"goal:GROW-1", REVIEW}
    assert one.told() == ["GROW-1 Checkout in a second has changed: 1 issue to confirm"]
    desk.remove_label(first, REVIEW)
    ok(one.turn(rounds=2))
    assert (one.asks(first), desk.labels(first)) == ([], {"goal:GROW-1"})
    assert one.told() == ["✓ GROW-1 Checkout in a second: all work has been confirmed since it changed"]
    assert len(one.messages()) == 1
    assert one.serves(second) == "unlinked"
    one.sound()


def test_two_issues_on_a_changed_goal_share_one_message(one: Site, desk: Desk) -> None:
    """One message for the goal; each confirmation edits it in place, the last one resolves it."""
    keys = [desk.create(title, "goal:GROW-1") for title in ("Checkout in one step", "Pay by phone")]
    ok(one.turn())
    one.change_goal("GROW-1", title="Checkout in a second")
    ok(one.turn())
    told = [one.told()]
    for key in keys:
        desk.remove_label(key, REVIEW)
        ok(one.turn(rounds=2))
        told.append(one.told())
    assert told == [
        ["GROW-1 Checkout in a second has changed: 2 issues to confirm"],
        ["GROW-1 Checkout in a second has changed: 1 issue to confirm"],
        ["✓ GROW-1 Checkout in a second: all work has been confirmed since it changed"],
    ]


def test_a_goal_that_changes_back_asks_nobody_any_more(one: Site, desk: Desk) -> None:
    """A revert to what was confirmed takes label and message back by itself (R11)."""
    key = desk.create("Checkout in one step", "goal:GROW-1")
    ok(one.turn())
    one.change_goal("GROW-1", title="Checkout in a second")
    ok(one.turn())
    one.change_goal("GROW-1", title="Faster checkout")
    ok(one.turn())
    assert (one.asks(key), desk.labels(key)) == ([], {"goal:GROW-1"})
    assert one.told() == ["✓ GROW-1 Faster checkout: all work has been confirmed since it changed"]


def test_a_label_taken_off_while_the_goal_changes_again_confirms_what_it_stood_for(one: Site, desk: Desk) -> None:
    """The older revision is confirmed, the newer one is asked about (fault 62)."""
    key = desk.create("Checkout in one step", "goal:GROW-1")
    ok(one.turn())
    one.change_goal("GROW-1", title="Checkout in a second")
    ok(one.turn())
    desk.remove_label(key, REVIEW)
    one.change_goal("GROW-1", title="Checkout in no time")
    ok(one.turn(rounds=2))
    assert (one.asks(key), desk.labels(key)) == (["goal_changed"], {"goal:GROW-1", REVIEW})
    (link,) = one.record(key).links
    assert link.revision == 2


def test_a_label_that_was_put_on_before_a_revision_came_confirms_the_older_one(one: Site, desk: Desk) -> None:
    """A person asked for a review, and its goal changed before we saw that: nobody meant the newer revision (R10)."""
    key = desk.create("Checkout in one step", "goal:GROW-1")
    ok(one.turn())
    desk.add_label(key, REVIEW)
    one.clock.pass_(minutes=2)
    one.change_goal("GROW-1", title="Checkout in no time")
    ok(one.turn())
    assert one.asks(key) == ["goal_changed", "requested"]
    desk.remove_label(key, REVIEW)
    ok(one.turn(rounds=2))
    assert (one.asks(key), desk.labels(key)) == (["goal_changed"], {"goal:GROW-1", REVIEW})
    (link,) = one.record(key).links
    assert link.revision == 1
    desk.remove_label(key, REVIEW)
    ok(one.turn(rounds=2))
    assert (one.asks(key), one.record(key).links[0].revision) == ([], 2)


def test_an_achieved_goal_asks_about_its_open_work(one: Site, desk: Desk) -> None:
    """Work on a goal that is closed is shown to its team until it is moved or closed itself."""
    key, done = desk.create("Pay by phone", "goal:GROW-1"), desk.create("One step", "goal:GROW-1")
    desk.close(done)
    ok(one.turn())
    one.change_goal("GROW-1", status=Status.ACHIEVED)
    ok(one.turn())
    assert (desk.labels(key), desk.labels(done)) == ({"goal:GROW-1", REVIEW}, {"goal:GROW-1"})
    assert one.told() == ["GROW-1 Faster checkout is closed: 1 open issue is on it"]
    desk.close(key)
    ok(one.turn())
    assert desk.labels(key) == {"goal:GROW-1"}
    assert one.told() == ["✓ GROW-1 Faster checkout: no open issue is on it any more"]


def test_a_goal_that_nobody_knows_is_said_and_left_in_place(one: Site, desk: Desk) -> None:
    """The label stays, the team is told; once the goal exists the issue is linked by itself (R3)."""
    key = desk.create("To the moon", "goal:MOON-1")
    ok(one.turn(minutes=16))
    assert one.serves(key) == "unlinked"
    assert one.asks(key) == ["unknown_goal", "unlinked"]
    assert "1 issue names a goal that does not exist" in one.told()
    assert desk.labels(key) == {"goal:MOON-1", REVIEW}
    one.goals.goals = (*one.goals.goals, replace(one.goals.goals[0], key="MOON-1", title="Land on the moon"))
    ok(one.turn(rounds=2))
    assert (one.serves(key), one.asks(key)) == ("linked MOON-1", [])
    assert desk.labels(key) == {"goal:MOON-1"}
    told = {line for line in one.told() if "set right" not in line}  # where the field lacks an option for the new goal
    assert told == {"✓ Every goal named in an issue exists", "✓ Every new issue serves a goal"}


def test_children_inherit_and_are_asked_when_their_own_parent_changes(one: Site, desk: Desk) -> None:
    """A child shows nothing of its own; under another parent with another goal its review opens (R7)."""
    above = desk.epic("Checkout", "goal:GROW-1")
    below = desk.epic("Hosting", "goal:COST-1")
    child = desk.create("One step", parent=above)
    ok(one.turn(rounds=2))
    assert one.serves(child) == "inherited GROW-1"
    assert (desk.labels(child), desk.field(child)) == (set(), None)
    one.clock.pass_(minutes=10)
    desk.set_parent(child, below)
    ok(one.turn(rounds=2))
    assert (one.serves(child), one.asks(child)) == ("inherited COST-1", ["parent_changed"])
    assert desk.labels(child) == {REVIEW}
    assert one.told() == ["1 issue serves another goal since its parent changed"]
    desk.remove_label(child, REVIEW)
    ok(one.turn(rounds=2))
    assert (one.asks(child), one.told()) == ([], ["✓ All changes of parents have been looked at"])


def test_a_relinked_parent_carries_its_children_without_a_question(one: Site, desk: Desk) -> None:
    """Relinking a carrier opens nothing below it (R7)."""
    above = desk.epic("Checkout", "goal:GROW-1")
    child = desk.create("One step", parent=above)
    ok(one.turn(rounds=2))
    one.link(above, "SAFE-1")
    ok(one.turn(rounds=2))
    assert (one.serves(child), one.asks(child), one.told()) == ("inherited SAFE-1", [], [])


def test_two_different_answers_wait_for_a_person(one: Site, desk: Desk) -> None:
    """Store and tracker changed to different goals: nothing is overwritten; the next change of a person wins (R4)."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(one.turn())
    one.link(key, "COST-1")
    desk.add_label(key, "goal:SAFE-1")
    desk.remove_label(key, "goal:GROW-1")
    ok(one.turn(rounds=2))
    assert one.asks(key) == ["conflict"]
    assert desk.labels(key) == {"goal:SAFE-1", REVIEW}
    assert one.told() == ["1 issue has two different answers"]
    one.clock.pass_(minutes=10)
    desk.add_label(key, "goal:GROW-2")
    desk.remove_label(key, "goal:SAFE-1")
    ok(one.turn(rounds=2))
    assert (one.serves(key), desk.labels(key)) == ("linked GROW-2", {"goal:GROW-2"})
    assert desk.field(key) == ("GROW-2" if has_field(one) else None)
    assert one.told() == ["✓ No issue has two different answers"]
    one.sound()


def test_a_conflict_is_settled_for_the_tracker_by_taking_the_review_label_off(one: Site, desk: Desk) -> None:
    """Its removal says that what the issue shows is right, and that is adopted (R10)."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(one.turn())
    one.link(key, "COST-1")
    desk.add_label(key, "goal:SAFE-1")
    desk.remove_label(key, "goal:GROW-1")
    ok(one.turn(rounds=2))
    one.clock.pass_(minutes=10)
    desk.remove_label(key, REVIEW)
    ok(one.turn(rounds=2))
    assert (one.serves(key), one.asks(key), desk.labels(key)) == ("linked SAFE-1", [], {"goal:SAFE-1"})


def test_a_move_keeps_the_link(one: Site, desk: Desk) -> None:
    """A Jira move and a GitHub transfer give a new key; the link goes on, and the old key finds it."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(one.turn())
    one.clock.pass_(minutes=10)
    new = desk.move(key, desk.other)
    ok(one.turn(rounds=2))
    one.night()
    assert one.serves(new) == "linked GROW-1"
    assert one.record(key).key == new or one.record(key).presence is Presence.MOVED
    assert desk.labels(new) == {"goal:GROW-1"}
    assert (one.asks(new), one.told()) == ([], [])
    one.sound()


def test_a_closed_issue_is_read_and_left_alone(one: Site, desk: Desk) -> None:
    """It is merged but not written, except to take the review label off; reopened it is decided anew."""
    key = desk.create("What is this for?")
    ok(one.turn(minutes=16))
    assert desk.labels(key) == {REVIEW}
    desk.close(key)
    ok(one.turn(rounds=2))
    assert (desk.labels(key), one.told()) == (set(), ["✓ Every new issue serves a goal"])
    one.link(key, "COST-1")
    ok(one.turn())
    assert desk.labels(key) == set()
    desk.reopen(key)
    ok(one.turn(rounds=2))
    assert desk.labels(key) == {"goal:COST-1"}
    one.sound()


def test_a_deleted_definition_is_no_edit(one: Site, desk: Desk) -> None:
    """A label deleted in the repository, an option deleted in Jira: nobody has unlinked anything (fault 61)."""
    keys = [desk.create(f"Step {number}", "goal:GROW-1") for number in range(3)]
    ok(one.turn(rounds=2))
    one.clock.pass_(minutes=10)
    desk.drop_definition("GROW-1")
    for key in keys:
        desk.add_label(key, "touched")
    ok(one.turn(rounds=2))
    assert [one.serves(key) for key in keys] == ["linked GROW-1"] * 3
    assert [one.asks(key) for key in keys] == [[]] * 3
    one.sound()


def test_hidden_is_not_gone(one: Site, desk: Desk) -> None:
    """A project that we may see no more freezes its links and comes back; a deleted issue is gone for good (L6)."""
    kept, deleted = desk.create("Pay by phone", "goal:GROW-1"), desk.create("One step", "goal:GROW-1")
    ok(one.turn())
    one.clock.pass_(minutes=10)
    desk.delete(deleted)
    one.night()
    assert one.record(deleted).presence in (Presence.GONE, Presence.HIDDEN)  # Jira does not tell them apart
    desk.hide()
    one.turn()
    assert one.record(kept).presence is Presence.PRESENT
    desk.hide(hidden=False)
    ok(one.turn(minutes=60, rounds=2))
    assert (one.serves(kept), one.asks(kept)) == ("linked GROW-1", [])
    assert one.told()[1:] == []
    one.sound()


@pytest.mark.parametrize("site", [Setup(names=("github",))], indirect=True)
def test_a_renamed_repository_goes_on_under_its_number(site: Site) -> None:
    """Issues keep their links and are seen under the new name; what is written arrives there (fault 31)."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn())
    site.clock.pass_(minutes=10)
    site.github.world.rename_repository("acme/web", "shop", actor="mia")
    other = site.github.create("One step", place="acme/shop")
    ok(site.turn(minutes=16))
    number = key.partition("#")[2]
    assert site.serves(key) == "linked GROW-1"
    assert site.github.labels(other) == {REVIEW}
    site.link(f"acme/shop#{number}" if site.store.find(f"acme/shop#{number}") else key, "COST-1")
    ok(site.turn(rounds=2))
    assert site.github.labels(f"acme/shop#{number}") == {"goal:COST-1"}


def test_the_first_issue_of_an_empty_place_is_new(tmp_path: Path) -> None:
    """A place that was watched while it was empty has no backlog: its first issue is asked about like any other."""
    site = Site(tmp_path, Setup(names=("jira",)), settled=False)
    try:
        ok(site.turn())
        key = site.jira.create("What is this for?")
        ok(site.turn(minutes=16))
        assert (site.record(key).backlog, site.jira.labels(key)) == (False, {REVIEW})
    finally:
        site.close()
