"""What we wrote is recognised by its value: our account's name on an edit proves nothing, people may use it by hand."""

from __future__ import annotations

import pytest

from tests.integration.engine.desks import JIRA_TOKEN, Desk
from tests.integration.engine.world import Site, ok
from vindaris_sync.sandbox import jira

REVIEW = "goal-review"
OURS = "vindaris-bot"


class ByHand:
    """Somebody who edits with our own account."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.jira = jira.Person(site.jira.world, site.jira.world.accounts[JIRA_TOKEN].user)

    def relabel(self, key: str, off: str, on: str = "") -> None:
        """Take a label off and put another on."""
        if "#" in key:
            place, number = key.rsplit("#", 1)
            self.site.github.world.remove_label(place, int(number), off, actor=OURS)
            if on:
                self.site.github.world.add_label(place, int(number), on, actor=OURS)
            return
        self.jira.remove_label(key, off)
        if on:
            self.jira.add_label(key, on)


def _linked(site: Site, desk: Desk) -> str:
    """Return an issue on which the label is our own writing."""
    key = desk.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    assert "goal:GROW-1" in desk.labels(key)
    return key


def test_an_edit_by_hand_with_our_account_is_a_persons(one: Site, desk: Desk) -> None:
    """Another goal set under our name is adopted, and nothing is written over it."""
    key = _linked(one, desk)
    ByHand(one).relabel(key, "goal:GROW-1", "goal:GROW-2")
    ok(one.turn(rounds=2))
    assert one.serves(key) == "linked GROW-2"
    assert {label for label in desk.labels(key) if label.startswith("goal:")} == {"goal:GROW-2"}


def test_a_link_taken_off_by_hand_with_our_account_is_taken_off(one: Site, desk: Desk) -> None:
    """The label's removal counts as any other, and the review opens."""
    key = _linked(one, desk)
    ByHand(one).relabel(key, "goal:GROW-1")
    ok(one.turn(rounds=2))
    assert (one.serves(key), one.asks(key)) == ("unlinked", ["unlinked"])


def test_a_review_answered_by_hand_with_our_account_is_answered(one: Site, desk: Desk) -> None:
    """Who takes the review label off under our name has confirmed what the issue shows."""
    key = _linked(one, desk)
    one.change_goal("GROW-1", title="Faster checkout, everywhere")
    ok(one.turn(rounds=2))
    assert REVIEW in desk.labels(key)
    ByHand(one).relabel(key, REVIEW)
    ok(one.turn(rounds=2))
    assert one.asks(key) == []
    assert REVIEW not in desk.labels(key)


def test_our_own_echo_is_nobodys_edit(one: Site, desk: Desk) -> None:
    """What we wrote comes back with the next pull: nothing is adopted, nothing is written, nobody is asked."""
    key = _linked(one, desk)
    with one.requests() as counted:
        ok(one.turn(rounds=3))
    assert counted.writes == 0
    assert (one.serves(key), one.asks(key)) == ("linked GROW-1", [])


@pytest.mark.parametrize("other", ["goal:GROW-1", "bug"])
def test_the_same_value_set_by_somebody_else_is_no_news(one: Site, desk: Desk, other: str) -> None:
    """Taken off and put on again between two pulls, by whomever, the label is as it was."""
    key = _linked(one, desk)
    desk.add_label(key, "bug")
    ok(one.turn())
    desk.remove_label(key, other)
    ByHand(one).relabel(key, "goal:GROW-1" if other == "bug" else "bug", "goal:GROW-1" if other == "bug" else "bug")
    desk.add_label(key, other)
    with one.requests() as counted:
        ok(one.turn(rounds=2))
    assert counted.writes == 0
    assert one.serves(key) == "linked GROW-1"
