"""Milestones and boards of the sandbox's GitHub, as people use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vindaris_sync.sandbox.github import World
from vindaris_sync.sandbox.github.access import Refused

WEB, API, MIA = "acme/web", "acme/api", "mia"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """An instant that a test moves."""

    now = NOON

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """Return two repositories."""
    made = World(clock)
    for name in (WEB, API):
        made.create_repository(name)
    return made


def test_a_milestones_edit_shows_on_its_issues_and_touches_none(world: World, clock: Clock) -> None:
    """Neither a new title nor its deletion lets ``updated_at`` grow."""
    number = world.create_issue(WEB, "work", actor=MIA)
    world.edit(WEB, number, actor=MIA, milestone="v1")
    before = world.issue(WEB, number).updated
    clock.now += timedelta(hours=1)
    world.edit_milestone(WEB, 1, actor=MIA, title="v2")
    issue = world.issue(WEB, number)
    assert (issue.document()["milestone"]["title"], issue.updated) == ("v2", before)
    world.delete_milestone(WEB, 1, actor=MIA)
    assert (issue.document()["milestone"], issue.milestone, issue.updated) == (None, None, before)
    assert world.create_milestone(WEB, "v2", actor=MIA).number == 2


def test_a_transferred_issue_keeps_a_milestone_of_the_same_title(world: World) -> None:
    """Where the other repository has one; else it is lost."""
    kept, lost = (world.create_issue(WEB, "work", actor=MIA) for _ in range(2))
    world.edit(WEB, kept, actor=MIA, milestone="v1")
    world.edit(WEB, lost, actor=MIA, milestone="v2")
    own = world.create_milestone(API, "v1", actor=MIA)
    numbers = [world.transfer(WEB, each, API, actor=MIA) for each in (kept, lost)]
    shown = [world.issue(API, each).document()["milestone"] for each in numbers]
    assert (shown[0]["node_id"], shown[1]) == (own.node_id, None)


def test_a_draft_that_becomes_an_issue_stays_the_same_item(world: World) -> None:
    """With its fields; a draft can be written anew, and an issue on a board cannot."""
    board = world.create_board("acme", "Goals")
    item = world.draft_on_board(board, "idea", actor=MIA, Status="Todo")
    world.edit_draft(board, item, title="Better idea", body="Why.")
    number = world.convert_draft(board, item, WEB, actor=MIA)
    found = world.item(world.board(board), item)
    assert (found.issue, found.values) == (world.issue(WEB, number).node_id, {"Status": "Todo"})
    assert world.issue(WEB, number).document()["body"] == "Why."
    for act in (
        lambda: world.edit_draft(board, item, title="x"),
        lambda: world.convert_draft(board, item, WEB, actor=MIA),
    ):
        with pytest.raises(Refused):
            act()


def test_a_field_takes_its_own_options(world: World) -> None:
    """Another value, and a field that is not there, are refused; nothing clears it."""
    board = world.create_board("acme", "Goals")
    item = world.draft_on_board(board, "idea", actor=MIA)
    world.edit_item(board, item, Status="Done")
    with pytest.raises(Refused):
        world.edit_item(board, item, Status="Finished")
    with pytest.raises(Refused):
        world.edit_item(board, item, Size="L")
    world.edit_item(board, item, Status=None)
    assert world.item(world.board(board), item).values == {}
    assert world.create_board("acme", "More") == "acme/2"
    with pytest.raises(Refused):
        world.board("acme/3")
    with pytest.raises(Refused):
        world.item(world.board(board), "elsewhere")
