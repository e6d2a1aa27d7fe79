"""What GitHub states as goals, part by part, as a connector reads it from the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.connectors.github.sandboxed import API, PERSON, WEB, Place, served
from vindaris_connectors.github.goal_settings import GithubGoalSettings
from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.domain.serving import Serving
from vindaris_sync.sandbox.github import Account
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.goals import GoalsRefused, Statement, Unfit


@pytest.fixture
def place() -> Iterator[Place]:
    """Serve a GitHub."""
    with served() as made:
        yield made


def stated(place: Place, last: Statement | None = None, **settings: Any) -> Statement:
    """Return what a connector states."""
    wanted = GithubGoalSettings.model_validate({"tracker": "acme-github", **settings})
    return place.connect().goals(wanted, last, None)


def only(statement: Statement) -> Goal:
    """Return the one goal."""
    assert statement.unfit == ()
    (each,) = statement.goals
    return each.goal


def goal(place: Place, title: str = "Grow", repo: str = WEB, **values: Any) -> int:
    """Open an issue that is a goal."""
    return place.world.create_issue(repo, title, actor=PERSON, labels=["goal", *values.pop("labels", ())], **values)


def test_an_issue_comes_with_all_its_parts(place: Place) -> None:
    """Priority from a label, period from the milestone, outcomes from a table, and the rest of the body."""
    body = "Why.\r\n\r\n| Metric | Target |\r\n|---|---|\r\n| NRR | 110 % |\r\n"
    number = goal(place, labels=["P-high", "p-low"], body=body)
    place.world.edit(WEB, number, actor=PERSON, milestone="2026-Q3")
    found = only(stated(place, labels="goal", priority="label:p-", period="milestone", visibility="public"))
    assert (found.key, found.title, found.description) == (f"{WEB}#{number}", "Grow", "Why.")
    assert (found.priority, found.period, found.status) == ("high", "2026-Q3", Status.ACTIVE)
    assert found.outcomes == (Outcome("NRR", "%", None, 110.0, None),)
    assert (found.visibility, found.serving) == ("public", None)


@pytest.mark.parametrize(
    ("reason", "chosen", "meant"),
    [
        ("completed", {}, Status.ACHIEVED),
        ("not_planned", {}, Status.ABANDONED),
        ("duplicate", {}, Status.ABANDONED),
        ("not_planned", {"Not_Planned": "achieved"}, Status.ACHIEVED),
        ("", {}, Status.ACTIVE),
        ("", {"open": "proposed"}, Status.PROPOSED),
    ],
)
def test_the_reason_of_closing_is_the_status(place: Place, reason: str, chosen: dict[str, str], meant: Status) -> None:
    """Unless the configuration says otherwise."""
    number = goal(place)
    if reason:
        place.world.close(WEB, number, actor=PERSON, reason=reason)
    assert only(stated(place, labels="goal", status=chosen)).status is meant


def test_an_issue_field_holds_a_part(place: Place) -> None:
    """The organisation's field, by its name in any case."""
    number = goal(place)
    place.world.set_field(WEB, number, "Goal", "G-2", actor=PERSON)
    assert only(stated(place, labels="goal", priority="field:goal")).priority == "G-2"


def test_issues_are_goals_by_type(place: Place) -> None:
    """One type of several."""
    for kind in ("Goal", "Bet", "Bug"):
        place.world.create_issue(WEB, kind, actor=PERSON, kind=kind)
    assert {each.goal.title for each in stated(place, types=["Goal", "Bet"]).goals} == {"Goal", "Bet"}


def test_what_is_listed_serves_and_what_is_a_goal_hangs_below(place: Place) -> None:
    """A goal in another's list is below it, if GitHub has nothing above it; lists that lead in a circle count once."""
    work = place.world.create_issue(API, "work", actor=PERSON)
    first = goal(place, "first", body=f"- [ ] Acme/API#{work}\n- #2\n- #3\n- #1")
    second = goal(place, "second", body=f"- #{first}")
    third = goal(place, "third", parent=(WEB, second))
    found = {each.goal.title: each for each in stated(place, labels="goal", lists=True).goals}
    assert found["first"].goal.serving == Serving(
        "acme-github", (API, WEB), issues=(f"{API}#{work}", f"{WEB}#{second}", f"{WEB}#{third}")
    )
    assert (found["first"].parent, found["second"].parent) == ("", f"{WEB}#{first}")
    assert found["third"].parent == found["second"].id
    assert stated(place, Statement(tuple(found.values())), labels="goal", lists=True).goals == tuple(found.values())


def test_a_body_that_cannot_be_read_leaves_out_one_goal(place: Place) -> None:
    """It says where and what to do; the others count."""
    goal(place, "good")
    number = goal(place, "bad", body="| Metric | Target |\n|---|---|\n| NRR | soon |")
    statement = stated(place, labels="goal")
    assert [each.goal.title for each in statement.goals] == ["good"]
    (wrong,) = statement.unfit
    assert isinstance(wrong, Unfit)
    assert (wrong.key, wrong.reason[:59]) == (
        f"{WEB}#{number}", "description, table of outcomes, row 1: Target 'soon' is no "
    )  # fmt: skip


def test_milestones_come_with_date_state_and_what_is_in_them(place: Place) -> None:
    """Open and closed, of every repository."""
    world = place.world
    world.create_milestone(WEB, "v1", actor=PERSON, due_on="2026-06-30T07:00:00Z", description="All of it.")
    world.create_milestone(API, "v1", actor=PERSON)
    world.edit_milestone(API, 1, actor=PERSON, state="closed")
    web, api = (each.goal for each in stated(place, milestones=True).goals)
    assert (web.key, web.title, web.description) == (f"{WEB}#M1", "v1", "All of it.")
    assert (web.period, web.status, web.issue) == ("2026-06-30", Status.ACTIVE, None)
    assert (api.key, api.period, api.status) == (f"{API}#M1", None, Status.ACHIEVED)
    milestone = world.repository(WEB).milestones[1].node_id
    assert web.serving == Serving("acme-github", (WEB,), milestone=milestone)


def test_a_deleted_milestone_is_stated_no_more(place: Place) -> None:
    """The list of a repository that can be read is all there is."""
    for title in ("v1", "v2"):
        place.world.create_milestone(WEB, title, actor=PERSON)
    first = stated(place, milestones=True)
    place.world.delete_milestone(WEB, 1, actor=PERSON)
    assert [each.goal.title for each in stated(place, first, milestones=True).goals] == ["v2"]


def test_long_lists_are_read_to_their_end(place: Place) -> None:
    """Of issues, of milestones and of items."""
    board = place.world.create_board("acme", "Goals")
    for number in range(130):
        goal(place, f"goal {number}")
        place.world.create_milestone(WEB, f"v{number}", actor=PERSON)
        place.world.draft_on_board(board, f"draft {number}", actor=PERSON)
    for source in ({"labels": "goal"}, {"milestones": True}, {"project": board}):
        assert len(stated(place, **source).goals) == 130


def test_a_repository_out_of_reach_says_nothing_about_goals(place: Place) -> None:
    """An error, and no shorter list."""
    goal(place)
    place.world.hide("ghp_contract0123456789", API)
    for source in ({"labels": "goal"}, {"milestones": True}):
        with pytest.raises(TrackerUnusable, match=API):
            stated(place, **source)


# --- boards ---------------------------------------------------------------------------------------------------------


def test_an_item_shows_the_boards_fields(place: Place) -> None:
    """Number, date and text; pull requests and what is archived."""
    world = place.world
    board = world.create_board("acme", "Goals")
    world.add_board_field(board, "Priority", "NUMBER")
    world.add_board_field(board, "Ends", "DATE")
    number = goal(place)
    world.put_on_board(board, WEB, number, Priority=2, Ends="2026-12-31", Status="Todo")
    gone = world.draft_on_board(board, "given up", actor=PERSON)
    world.archive_item(board, gone)
    found = {each.goal.title: each.goal for each in stated(place, project=board, period="field:Ends").goals}
    assert (found["Grow"].priority, found["Grow"].period) == ("2", "2026-12-31")
    assert (found["Grow"].status, found["given up"].status) == (Status.ACTIVE, Status.ABANDONED)
    assert found["given up"].issue is None


@pytest.mark.parametrize(
    ("option", "chosen", "meant"),
    [
        ("Done", {}, Status.ACHIEVED),
        ("Backlog", {}, Status.PROPOSED),
        ("Cancelled", {}, Status.ABANDONED),
        ("In Review", {}, Status.ACTIVE),
        ("In Review", {"in review": "proposed"}, Status.PROPOSED),
    ],
)
def test_an_option_means_what_it_usually_does(place: Place, option: str, chosen: dict[str, str], meant: Status) -> None:
    """Or what the configuration says."""
    board = place.world.create_board("acme", "Goals")
    place.world.add_board_field(board, "Stage", "SINGLE_SELECT", (option,))
    place.world.draft_on_board(board, "draft", actor=PERSON, Stage=option)
    assert only(stated(place, project=board, status_field="Stage", status=chosen)).status is meant


def test_items_hang_as_their_issues_do(place: Place) -> None:
    """A sub-issue on the board is below its parent's item."""
    board = place.world.create_board("acme", "Goals")
    above = goal(place, "above")
    below = goal(place, "below", parent=(WEB, above))
    ids = [place.world.put_on_board(board, WEB, number) for number in (above, below)]
    found = {each.goal.title: each for each in stated(place, project=board).goals}
    assert (found["above"].parent, found["below"].parent) == ("", ids[0])


def test_an_item_that_is_hidden_stays_as_it_was(place: Place) -> None:
    """Its repository cannot be seen: it was not given up. One that was never seen is nothing."""
    board = place.world.create_board("acme", "Goals")
    place.world.put_on_board(board, API, goal(place, repo=API))
    first = stated(place, project=board)
    place.world.hide("ghp_contract0123456789", API)
    assert stated(place, first, project=board).goals == first.goals
    assert stated(place, project=board).goals == ()


def test_a_field_that_the_board_has_not_is_a_refusal(place: Place) -> None:
    """It names those that there are; fields that are only usual may be absent."""
    board = place.world.create_board("acme", "Goals")
    assert stated(place, project=board).goals == ()
    with pytest.raises(GoalsRefused, match="period: the board has no field 'Quarter'; it has Status"):
        stated(place, project=board, period="field:Quarter")


def test_a_board_needs_a_permission(place: Place) -> None:
    """The refusal names it, with a fine-grained token and with a classic one."""
    board = place.world.create_board("acme", "Goals")
    with pytest.raises(TrackerUnusable, match="Could not resolve to a ProjectV2 with the number 9"):
        stated(place, project="acme/9")
    place.world.grant("ghp_contract0123456789", Account("vindaris-bot", "classic", scopes=("repo",)))
    with pytest.raises(TrackerUnusable, match="read:project") as refused:
        stated(place, project=board)
    assert refused.value.reason == "permission"


def test_an_item_that_was_taken_off_is_no_goal(place: Place) -> None:
    """And the others stay."""
    board = place.world.create_board("acme", "Goals")
    items = [place.world.draft_on_board(board, title, actor=PERSON) for title in ("stays", "goes")]
    first = stated(place, project=board)
    place.world.take_off_board(board, items[1])
    place.clock.advance(timedelta(minutes=1))
    assert [each.id for each in stated(place, first, project=board).goals] == items[:1]


# --- what pulls have shown ------------------------------------------------------------------------------------------


def test_what_pulls_have_shown_needs_no_question(place: Place) -> None:
    """Goals by type: nothing edited costs nothing, and what was edited is read in one request."""
    wanted = GithubGoalSettings.model_validate({"tracker": "acme-github", "types": "Goal"})
    numbers = [place.world.create_issue(WEB, f"goal {n}", actor=PERSON, kind="Goal") for n in range(3)]
    connector = place.connect()
    first = connector.goals(wanted, None, None)
    place.clock.advance(timedelta(minutes=1))
    place.world.edit(WEB, numbers[1], actor=PERSON, title="edited")
    listed = {issue.ref.id: issue.updated for page in connector.pull({}) for issue in page.issues}
    place.spent()
    second = connector.goals(wanted, first, listed)
    assert [each.goal.title for each in second.goals] == ["goal 0", "edited", "goal 2"]
    assert len(place.spent()) == 1
    assert connector.goals(wanted, second, listed) is second
    assert place.spent() == []
