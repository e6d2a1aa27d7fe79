"""Direct reads: moved, gone, hidden and present are never confused, and batches stay batches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.connectors.github.sandboxed import (
    API,
    BOT,
    FIELD,
    PERSON,
    TOKEN,
    WEB,
    Place,
    census,
    issue_at,
    pulled,
    served,
)
from vindaris_sync.domain.models import Address, Gone, Hidden, Moved, Present
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.github import Account
from vindaris_sync.sdk.errors import TrackerUnusable, Transient

GRAPHQL = "^/graphql$"


@pytest.fixture
def place() -> Iterator[Place]:
    """Serve the usual GitHub."""
    with served() as place:
        yield place


def ids(place: Place, repo: str, numbers: list[int]) -> list[Address]:
    """Return addresses with id and key."""
    return [Address("acme-github", place.world.issue(repo, n).node_id, f"{repo}#{n}") for n in numbers]


def test_one_request_for_a_hundred(place: Place) -> None:
    """100 ids cost one request, 100 keys one, and a repetition nothing."""
    addresses = ids(place, WEB, place.create(WEB, 100))
    connector = place.connect(write_back={})
    assert [type(seen) for seen in connector.fetch([*addresses[:50], *addresses[:50]])] == [Present] * 100
    assert list(connector.fetch(addresses))
    assert list(connector.fetch([Address("acme-github", key=one.key) for one in addresses]))
    assert place.spent() == [("POST", "/graphql")] * 3


def test_renamed_repository(place: Place) -> None:
    """After a rename the issue is moved: same id, new key; by the old key as well."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    place.world.rename_repository(WEB, "site", actor=PERSON)
    connector = place.connect()
    for asked in (address, Address("acme-github", key=address.key)):
        (seen,) = connector.fetch([asked])
        assert isinstance(seen, Moved)
        assert (seen.issue.ref.id, seen.issue.key) == (address.id, "acme/site#1")


def test_number_used_again_is_another_issue(place: Place) -> None:
    """Where the number under the old key belongs to another issue now, ours is hidden, not that one."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    place.world.rename_repository(WEB, "site", actor=PERSON)
    place.world.create_repository(WEB)
    place.create(WEB, 1)
    place.world.delete_issue("acme/site", 1, actor=PERSON)
    (seen,) = place.connect().fetch([address])
    assert isinstance(seen, Hidden)
    assert "another issue" in seen.reason


def test_a_renamed_repositorys_redirect_is_no_transfer(place: Place) -> None:
    """Made anew and then renamed, the old name redirects to the same number: of another issue, so ours is hidden."""
    addresses = ids(place, WEB, place.create(WEB, 3))
    place.world.delete_repository(WEB, actor=PERSON)
    place.world.create_repository(WEB)
    place.create(WEB, 3)
    place.world.rename_repository(WEB, "shop", actor=PERSON)
    connector = place.connect(repositories=[WEB])
    place.spent()
    seen = list(connector.fetch(addresses))
    assert [type(one) for one in seen] == [Hidden] * 3
    assert [path for _, path in place.spent()].count(f"/repos/{WEB}") == 1
    by_key = Address("acme-github", key=addresses[0].key)
    assert [type(one) for one in connector.fetch([by_key])] == [Moved]


def test_transfer_from_a_renamed_repository_is_followed(place: Place) -> None:
    """Two redirects, a rename's and a transfer's: the issue has moved; so it has where it came back as another."""
    there, back = ids(place, WEB, place.create(WEB, 2))
    place.world.rename_repository(WEB, "shop", actor=PERSON)
    connector = place.connect(repositories=[WEB])
    pulled(connector, {})
    away = place.world.transfer("acme/shop", 1, API, actor=PERSON)
    again = place.world.transfer(
        API, place.world.transfer("acme/shop", 2, API, actor=PERSON), "acme/shop", actor=PERSON
    )
    seen = [one for one in connector.fetch([there, back]) if isinstance(one, Moved)]
    assert [one.issue.key for one in seen] == [f"{API}#{away}", f"acme/shop#{again}"]


def test_transfer_from_a_name_taken_over_is_no_trace_of_ours(place: Place) -> None:
    """The issue that was transferred is another repository's, which has the name by now: ours is hidden."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    connector = place.connect(repositories=[WEB])
    pulled(connector, {})
    place.world.rename_repository(WEB, "site", actor=PERSON)
    place.world.delete_issue("acme/site", 1, actor=PERSON)
    place.world.create_repository(WEB)
    place.create(WEB, 1)
    place.world.transfer(WEB, 1, API, actor=PERSON)
    (seen,) = connector.fetch([address])
    assert isinstance(seen, Hidden)


def test_transfer_out_of_sight_is_hidden(place: Place) -> None:
    """An issue transferred to where we may not look is hidden, not gone."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    place.world.transfer(WEB, 1, API, actor=PERSON)
    place.world.hide(TOKEN, API)
    (seen,) = place.connect(repositories=[WEB]).fetch([address])
    assert isinstance(seen, Hidden)


def test_kinds_of_absence(place: Place) -> None:
    """Deleted is gone; a lost repository, an unknown id and a key that is none are hidden; neighbours are present."""
    here, deleted = ids(place, WEB, place.create(WEB, 2))
    (lost,) = ids(place, API, place.create(API, 1))
    place.world.delete_issue(WEB, 2, actor=PERSON)
    place.world.hide(TOKEN, API)
    unknown, nonsense = Address("acme-github", "I_none"), Address("acme-github", key="nonsense")
    seen = list(place.connect(repositories=[WEB]).fetch([deleted, lost, here, unknown, nonsense]))
    assert [type(one) for one in seen] == [Gone, Hidden, Present, Hidden, Hidden]


def test_rest_where_there_is_no_graphql(place: Place) -> None:
    """A server without GraphQL is read by REST, issue by issue."""
    addresses = ids(place, WEB, place.create(WEB, 3))
    place.server.faults.add(Fault("status", status=404, body={"message": "Not Found"}, path=GRAPHQL))
    assert [type(one) for one in place.connect(write_back={}).fetch(addresses)] == [Present] * 3


def test_partial_answer_is_not_believed(place: Place) -> None:
    """Where GraphQL could not tell a part of an issue (its parent), the issue is asked again by REST."""
    (parent,) = place.create(API, 1)
    (number,) = place.create(WEB, 1, parent=(API, parent))
    (address,) = ids(place, WEB, [number])
    connector = place.connect(write_back={})
    whole = issue_at(connector, address.key)
    node = {
        "__typename": "Issue", "id": address.id, "number": number, "title": "issue 0", "url": whole.url,
        "createdAt": "2026-03-02T09:00:00Z", "updatedAt": "2026-03-02T09:00:00Z", "state": "OPEN",
        "repository": {"databaseId": 1, "nameWithOwner": WEB}, "author": {"__typename": "User", "login": PERSON},
        "assignees": {"nodes": []}, "labels": {"nodes": []}, "parent": None,
    }  # fmt: skip
    error = {"type": "FORBIDDEN", "path": ["nodes", 0, "parent"], "message": "Resource not accessible"}
    body = {"data": {"nodes": [node]}, "errors": [error]}
    place.server.faults.add(Fault("status", status=200, body=body, path=GRAPHQL, times=1))
    (seen,) = connector.fetch([address])
    assert isinstance(seen, Present)
    assert seen.issue == whole
    assert seen.issue.parent is not None


def test_older_server_is_asked_for_less(place: Place) -> None:
    """Fields that an Enterprise Server does not know are left out of the query, once and for all."""
    addresses = ids(place, WEB, place.create(WEB, 2))
    error = {
        "path": ["fragment IssueParts", "issueType"],
        "extensions": {"code": "undefinedField", "typeName": "Issue", "fieldName": "issueType"},
        "message": "Field 'issueType' doesn't exist on type 'Issue'",
    }
    place.server.faults.add(Fault("status", status=200, body={"errors": [error]}, path=GRAPHQL, times=1))
    connector = place.connect(write_back={})
    assert [type(one) for one in connector.fetch(addresses)] == [Present] * 2
    assert len(place.spent()) == 2
    assert [type(one) for one in connector.fetch(addresses)] == [Present] * 2
    assert len(place.spent()) == 1


def test_query_that_is_refused_stops_the_tracker(place: Place) -> None:
    """A query that the server refuses altogether is no reason to take anything for gone."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    error = {"type": "INSUFFICIENT_SCOPES", "message": "Your token has not been granted the required scopes"}
    place.server.faults.add(Fault("status", status=200, body={"errors": [error]}, path=GRAPHQL))
    with pytest.raises(TrackerUnusable, match="scopes"):
        list(place.connect(write_back={}).fetch([address]))


def test_limit_with_status_200_is_a_limit(place: Place) -> None:
    """GraphQL's rate limit, which comes as 200 with errors, is waited for and not taken for absence."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    place.world.grant(TOKEN, Account(BOT, "fine-grained", limit=0))
    with pytest.raises(Transient) as raised:
        list(place.connect(write_back={}).fetch([address]))
    assert raised.value.retry_after is not None


def test_failure_with_status_200_is_tried_again(place: Place) -> None:
    """GraphQL's "something went wrong", which comes as 200, is repeated like a 502."""
    (address,) = ids(place, WEB, place.create(WEB, 1))
    body = {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}
    place.server.faults.add(Fault("status", status=200, body=body, path=GRAPHQL, times=2))
    (seen,) = place.connect(write_back={}).fetch([address])
    assert isinstance(seen, Present)


def test_census_that_is_not_whole_says_so(place: Place) -> None:
    """A census without one of the repositories raises: what it lacks is not gone."""
    place.create(WEB, 1)
    place.world.hide(TOKEN, API)
    with pytest.raises(TrackerUnusable, match=API):
        census(place.connect())


@pytest.mark.parametrize("cursor", ["Y3Vyc29yMQ", None])
def test_census_whose_pages_repeat_ends(place: Place, cursor: str | None) -> None:
    """A list that says again and again that more follows at the same place is given up: it is not whole (fault 33)."""
    place.create(WEB, 1)
    connector = place.connect()
    info = {"hasNextPage": True, "endCursor": cursor}
    endless = {"data": {"node": {"nameWithOwner": WEB, "issues": {"pageInfo": info, "nodes": []}}}}
    place.server.faults.add(Fault("status", status=200, body=endless, path=GRAPHQL))
    with pytest.raises(TrackerUnusable, match="never ends"):
        list(connector.census(WEB))
    assert len(place.server.requests.entries()) < 10


def test_census_goes_on_although_its_place_is_lost(place: Place) -> None:
    """GitHub refuses a cursor that it does not know any more: the list is read from its beginning."""
    place.create(WEB, 3)
    refused = {"data": {"node": None}, "errors": [{"message": "`old` does not appear to be a valid cursor."}]}
    connector = place.connect()
    connector.layout()
    place.server.faults.add(Fault("status", status=200, body=refused, path=GRAPHQL, times=1))
    pages = list(connector.census(WEB, "issues old"))
    assert sum(len(page.addresses) for page in pages) == 3


def test_layout_resolves_fields_by_name(place: Place) -> None:
    """A field surface carries the field's immutable id; an unknown field is broken and named."""
    layout = place.connect(write_back={"surfaces": ("field:goal", "field:Nope", "label")}).layout()
    field = place.world.organisations["acme"].fields[0]
    assert [surface.key for surface in layout.surfaces] == [
        f"field:{field.id}", "field:acme/Nope", "label:goal:", "exempt:no-goal", "review:goal-review",
    ]  # fmt: skip
    assert layout.broken == {"field:acme/Nope"}
    assert field.name == FIELD
