"""Questions that must be answered whole: older servers, refusals, pages that repeat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.connectors.github.sandboxed import PERSON, WEB, Place, served
from vindaris_connectors.github.goal_settings import GithubGoalSettings
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.goals import Statement


@pytest.fixture
def place() -> Iterator[Place]:
    """Serve a GitHub with one goal."""
    with served() as made:
        made.world.create_issue(WEB, "Grow", actor=PERSON, labels=["goal"])
        yield made


def stated(place: Place, **settings: Any) -> Statement:
    """Return what a connector states."""
    wanted = GithubGoalSettings.model_validate({"tracker": "acme-github", **(settings or {"labels": "goal"})})
    return place.connect().goals(wanted, None, None)


def answers(place: Place, *documents: object, skip: int = 0) -> None:
    """Let GraphQL answer with these instead, one after another."""
    for document in documents:
        place.server.faults.add(Fault("status", status=200, body=document, path="graphql", times=1, skip=skip))


def undefined(name: str) -> dict[str, Any]:
    """Return the error of a server that does not know a field."""
    message = f"Field '{name}' doesn't exist on type 'Issue'"
    return {"errors": [{"message": message, "extensions": {"code": "undefinedField", "fieldName": name}}]}


def listing(more: dict[str, Any]) -> dict[str, Any]:
    """Return an answer to a question for one list."""
    page = {"pageInfo": more, "nodes": []}
    names = {"id": "R_1", "nameWithOwner": WEB, "list": page}
    return {"data": {"l0": names, "l1": names}}


def test_what_an_older_server_does_not_know_is_asked_for_no_more(place: Place) -> None:
    """The goal comes without it."""
    connector = place.connect()
    wanted = GithubGoalSettings.model_validate({"tracker": "acme-github", "labels": "goal"})
    first = connector.goals(wanted, None, None)
    place.clock.advance(timedelta(minutes=1))
    place.world.edit(WEB, 1, actor=PERSON, body="edited")
    answers(place, undefined("issueFieldValues"), skip=1)
    place.spent()
    (found,) = connector.goals(wanted, first, None).goals
    assert found.goal.description == "edited"
    assert len(place.spent()) == 3


def test_a_server_that_knows_nothing_of_ours_is_too_old(place: Place) -> None:
    """It says so and is not asked for ever."""
    answers(place, undefined("labels"))
    with pytest.raises(TrackerUnusable, match="doesn't exist on type"):
        stated(place)


def test_a_server_without_graphql_states_no_goals(place: Place) -> None:
    """And says what to do instead."""
    place.server.faults.add(Fault("status", status=404, body={"message": "Not Found"}, path="graphql"))
    with pytest.raises(TrackerUnusable, match="no GraphQL") as refused:
        stated(place)
    assert "file" in refused.value.advice


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"type": "FORBIDDEN", "message": "Resource not accessible"}, "permission"),
        ({"type": "NOT_FOUND", "message": "Could not resolve"}, "missing"),
        ({"type": "SOMETHING", "message": "odd"}, "protocol"),
    ],
)
def test_an_error_beside_data_is_an_error(place: Place, error: dict[str, str], reason: str) -> None:
    """Sorted by what a person can do."""
    answers(place, {"data": {"l0": None, "l1": None}, "errors": [error]})
    with pytest.raises(TrackerUnusable) as refused:
        stated(place)
    assert refused.value.reason == reason


@pytest.mark.parametrize("cursor", [None, ""])
def test_pages_that_repeat_are_no_list(place: Place, cursor: str | None) -> None:
    """Nobody reads for ever."""
    answers(place, listing({"hasNextPage": True, "endCursor": cursor}))
    with pytest.raises(TrackerUnusable, match="never ends"):
        stated(place)


def test_a_board_that_changed_while_it_was_read_is_read_again_later(place: Place) -> None:
    """Fewer items came than it says it has."""
    page = {"totalCount": 2, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    board = {"id": "PVT_1", "title": "Goals", "fields": {"nodes": []}, "items": page}
    answers(place, {"data": {"repositoryOwner": {"projectV2": board}}})
    with pytest.raises(Transient, match="changed while it was read"):
        stated(place, project="acme/1")


def test_there_may_be_no_such_owner(place: Place) -> None:
    """Null without an error is no board."""
    answers(place, {"data": {"repositoryOwner": None}})
    with pytest.raises(TrackerUnusable, match="there is no board acme/1"):
        stated(place, project="acme/1")
