"""Edits of goals that are too small to ask anybody about, and what a review shows of those that are not."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation


def edited(shop: Installation, before: str, after: str, *, now: bool = True) -> None:
    """Edit the goals file; ``now``: the edit counts at once."""
    stated = shop.goals.read_text("utf-8")
    assert before in stated
    shop.goals.write_text(stated.replace(before, after), "utf-8")
    shop.call("goal", "apply", *(["--now"] if now else []))


@pytest.fixture
def linked(running: Installation) -> str:
    """Return the id of an issue that serves CHECKOUT."""
    issue = running.tracker.create("APP", "Pay by card", labels=("goal:CHECKOUT",))
    running.call("run", "--once")
    return issue


def test_a_revision_called_minor_withdraws_what_it_asked(running: Installation, linked: str) -> None:
    """The label goes, and the history says who called it minor, and why."""
    edited(running, "Faster checkout", "Fastr checkout")
    running.call("run", "--once")
    assert "goal-review" in running.labels(linked)
    words = ("goal", "edit", "CHECKOUT", "--minor", "--why", "a typo", "--as", "ana")
    assert "revision 2 is minor: title [-Faster-] {+Fastr+} checkout" in running.said(*words)
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)
    assert running.told("review", "list")["total"] == 0
    assert [(each["revision"], each["minor"]) for each in running.told("goal", "show", "CHECKOUT")["revisions"]] == [
        (1, False),
        (2, True),
    ]
    told = next(each for each in running.told("trace", "CHECKOUT")["history"] if each["event"] == "goal_minor")
    assert (told["who"], told["how"], told["why"], told["revision"]) == ("ana", "command line", "a typo", 2)
    assert running.told("goal", "edit", "CHECKOUT", "--minor")["changed"] is False


def test_it_asks_again_once_it_is_called_minor_no_more(running: Installation, linked: str) -> None:
    """Nothing is forgotten of what was edited."""
    edited(running, "Faster checkout", "Slower checkout")
    running.call("goal", "edit", "CHECKOUT", "--minor")
    running.call("run", "--once")
    assert running.told("review", "list")["total"] == 0
    running.call("goal", "edit", "CHECKOUT", "--not-minor", "--why", "it says the opposite")
    running.call("run", "--once")
    assert running.told("review", "list")["total"] == 1
    assert "goal-review" in running.labels(linked)


def test_an_edit_that_waits_is_minor_until_somebody_edits_on(running: Installation, linked: str) -> None:
    """What a person called minor is what that person saw."""
    edited(running, "Faster checkout", "Fast checkout", now=False)
    assert running.told("goal", "edit", "CHECKOUT", "--minor")["waits"] is True
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    assert running.told("review", "list")["total"] == 0
    edited(running, "Fast checkout", "Quick checkout", now=False)
    running.call("goal", "edit", "CHECKOUT", "--minor")
    edited(running, "Quick checkout", "No checkout")
    running.call("run", "--once")
    assert "goal-review" in running.labels(linked)


def test_the_goals_file_may_say_it_by_number(running: Installation, linked: str) -> None:
    """Before the edit and after it; later revisions ask as ever, though the number stays in the file."""
    edited(running, 'title = "Faster checkout"', 'title = "Fast checkout"\nminor_revision = 2')
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)
    refused = running.call("goal", "edit", "CHECKOUT", "--not-minor", "--revision", "2", code=2)
    assert "minor_revision = 2" in refused.stderr
    edited(running, "Fast checkout", "No checkout")
    running.call("run", "--once")
    assert "goal-review" in running.labels(linked)
    edited(running, "minor_revision = 2", "minor_revision = 3")
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)


@pytest.mark.parametrize("revision", ["1", "7"])
def test_what_is_no_edit_cannot_be_minor(running: Installation, linked: str, revision: str) -> None:
    """The refusal says which revisions there are, or how to see them."""
    assert running.labels(linked)
    error = running.call("goal", "edit", "CHECKOUT", "--minor", "--revision", revision, code=2).stderr
    assert ("stated first" if revision == "1" else "goal show CHECKOUT") in error


def test_back_and_forth_within_the_rest_is_no_change(running: Installation, linked: str) -> None:
    """Edits that piled up count as one, and none where the last is the first again (R11)."""
    edited(running, "Faster checkout", "Slower checkout", now=False)
    edited(running, "Slower checkout", "Faster checkout", now=False)
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)
    assert running.told("goal", "show", "CHECKOUT")["revision"] == 1


def test_the_nearest_says_which_fields_count(running: Installation, linked: str) -> None:
    """A goal goes before its source and that before all; what counts today decides over what was edited long ago."""
    edited(running, 'title = "Faster checkout"', 'title = "Other checkout"\nmaterial = ["priority"]')
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)
    edited(running, 'material = ["priority"]\n', "")
    running.call("run", "--once")
    assert "goal-review" in running.labels(linked)
    edited(running, 'title = "Other checkout"', 'title = "Other checkout"\nmaterial = ["outcomes"]')
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)


def test_the_configuration_says_it_for_a_source(running: Installation, linked: str) -> None:
    """Changing it is no edit of a goal, and counts from the next look at the goals on."""
    edited(running, "Faster checkout", "Other checkout")
    running.call("run", "--once")
    assert "goal-review" in running.labels(linked)
    source = f'[goals]\nmaterial = ["title"]\n[goal_sources.all]\nkind = "file"\npath = "{running.goals}"\n'
    stated = running.config.read_text("utf-8")
    running.config.write_text(stated + source + 'material = ["priority", "period"]\n', "utf-8")
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)
    running.config.write_text(stated + source, "utf-8")
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    assert "goal-review" in running.labels(linked)


def test_a_review_shows_what_changed_since_the_link_was_confirmed(running: Installation, linked: str) -> None:
    """Not since the last revision: between what was confirmed and what stands now, and whose it is."""
    key = running.tracker.issue(linked).key
    edited(running, "Faster checkout", "Faster and safer checkout")
    edited(running, "Faster and safer checkout", "Safer checkout")
    edited(running, 'priority = "P1"', 'priority = "P2"')
    running.call("run", "--once")
    said = running.said("review", "show", key)
    assert "goal_changed: CHECKOUT changed since revision 1" in said
    assert "title [-Faster-] {+Safer+} checkout" in said
    assert "priority of GROW, its parent [-P1-] {+P2+}" in said
    cause = running.told("review", "show", key)["reviews"][0]["causes"][0]
    assert (cause["since"], [change["name"] for change in cause["changes"]]) == (
        1,
        ["title", "priority of GROW, its parent"],
    )
    assert cause["changes"][0]["pieces"][0] == {"kind": "old", "text": "Faster"}
    listed = running.told("review", "list")["reviews"][0]["causes"][0]
    assert listed["change"] == "title [-Faster-] {+Safer+} checkout; priority of GROW, its parent [-P1-] {+P2+}"
    assert "[-Faster-] {+Safer+}" in running.said("review", "list")


def test_what_a_child_does_not_take_over_asks_nobody_below(running: Installation, linked: str) -> None:
    """A parent's title and outcomes are its own (R11)."""
    edited(running, "Grow the business", "Shrink the business")
    edited(running, "target = 3", "target = 4")
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)
    edited(running, 'parent = "GROW"', 'parent = "GROW"\npriority = "P1"')
    edited(running, 'title = "Shrink the business"\npriority = "P1"', 'title = "Shrink the business"\npriority = "P9"')
    running.call("run", "--once")
    assert "goal-review" not in running.labels(linked)


def test_titles_cannot_steer_a_terminal(running: Installation, linked: str) -> None:
    """Neither old nor new words are markup or escape sequences."""
    key = running.tracker.issue(linked).key
    edited(running, "Faster checkout", "[red]\\u001b[31mFaster[/red] checkout\\u202e")
    running.call("run", "--once")
    said = running.said("review", "show", key)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "red" in said
