"""Lists, pages, cursors and conditional requests of the sandbox's GitHub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import WEB
from vindaris_sync.sandbox.faults import Fault

if TYPE_CHECKING:
    from tests.sandbox.github_site import Site


def followed(github: Site, path: str) -> list[int]:
    """Return the numbers on every page, by following Link."""
    seen: list[int] = []
    url: str | None = path
    while url:
        answer = github.ask("GET", url)
        assert answer.status_code == 200, answer.text
        seen += [each["number"] for each in answer.json()]
        url = answer.links.get("next", {}).get("url")
    return seen


def test_filters_and_order(github: Site) -> None:
    """Open by default, newest first; state, labels, order and direction as GitHub has them."""
    github.world.close("acme/web", 2, actor="mia")
    github.world.add_label("acme/web", 1, "Bug", "goal:G1", actor="mia")
    assert github.numbers() == [3, 1]
    assert github.numbers("state=all") == [3, 2, 1]
    assert github.numbers("state=closed") == [2]
    assert github.numbers("labels=bug,GOAL:g1") == [1]
    assert github.numbers("state=all&sort=updated&direction=asc") == [3, 1, 2]
    github.world.comment("acme/web", 3, "hello", actor="mia")
    assert github.numbers("sort=comments&direction=desc")[0] == 3


def test_since_is_inclusive_and_the_epoch_finds_nothing(github: Site) -> None:
    """The issue updated at that very second is in; since=1970-01-01 returns an empty list, as GitHub's does."""
    at = github.get(f"{WEB}/issues/2")["updated_at"]
    assert github.numbers(f"state=all&sort=updated&direction=asc&since={at}") == [2, 3]
    assert github.numbers("since=1970-01-01T00:00:00Z") == []
    assert github.ask("GET", f"{WEB}/issues?since=yesterday").status_code == 422


def test_pages_are_linked_by_repository_id(github: Site) -> None:
    """Every neighbour is named with the request's own parameters; the last page has no next."""
    answer = github.ask("GET", f"{WEB}/issues?state=all&per_page=1&page=2")
    root = f"{github.url}/repositories/{github.world.repository('acme/web').id}/issues?state=all&per_page=1"
    pages = (("prev", 1), ("next", 3), ("last", 3), ("first", 1))
    assert answer.headers["Link"] == ", ".join(f'<{root}&page={page}>; rel="{rel}"' for rel, page in pages)
    assert followed(github, f"{WEB}/issues?state=all&per_page=1&direction=asc") == [1, 2, 3]
    assert "Link" not in github.ask("GET", f"{WEB}/issues?state=all").headers


def test_per_page_is_at_most_100(github: Site) -> None:
    """A larger page is cut to 100, and nonsense is 30."""
    for number in range(120):
        github.world.create_issue("acme/web", f"More {number}", actor="mia")
    assert len(github.numbers("per_page=5000")) == 100
    assert len(github.numbers("per_page=²")) == 30


def test_an_issue_updated_while_its_list_is_paged_shifts_the_pages(github: Site) -> None:
    """As on GitHub: oldest first, the changed one moves to the end and the next page skips one."""
    query = f"{WEB}/issues?state=all&sort=updated&direction=asc&per_page=1"
    assert github.get(query)[0]["number"] == 1
    github.world.add_label("acme/web", 1, "x", actor="mia")
    assert [each["number"] for each in github.get(f"{query}&page=2")] == [3]


def test_a_large_data_set_refuses_deep_pages_and_is_read_by_its_links(github: Site) -> None:
    """page= beyond the limit is 422; Link leads on with a cursor, without a last page, to every issue."""
    github.world.repository("acme/web").max_page = 1
    deep = github.ask("GET", f"{WEB}/issues?state=all&per_page=1&page=2")
    assert deep.status_code == 422
    assert "cursor based pagination" in deep.json()["message"]
    first = github.ask("GET", f"{WEB}/issues?state=all&per_page=1")
    assert set(first.links) == {"next"}
    for order in ("sort=updated&direction=asc", "sort=created&direction=desc"):
        assert sorted(followed(github, f"{WEB}/issues?state=all&per_page=1&{order}")) == [1, 2, 3]


def test_an_unchanged_list_is_304_and_free(github: Site) -> None:
    """The tag of a 200 is honoured; that of a 304 is strong, and sending it back gets the whole list again."""
    query = f"{WEB}/issues?state=all"
    fresh = github.ask("GET", query)
    again = github.ask("GET", query, headers={"If-None-Match": fresh.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Used"] == fresh.headers["X-RateLimit-Used"]
    assert re.fullmatch('"[0-9a-f]{64}"', again.headers["ETag"])
    trapped = github.ask("GET", query, headers={"If-None-Match": again.headers["ETag"]})
    assert trapped.status_code == 200
    github.world.add_label("acme/web", 1, "x", actor="mia")
    assert github.ask("GET", query, headers={"If-None-Match": fresh.headers["ETag"]}).status_code == 200


def test_one_issue_is_conditional_by_date_too(github: Site) -> None:
    """Last-Modified is the issue's update."""
    fresh = github.ask("GET", f"{WEB}/issues/1")
    assert fresh.headers["Last-Modified"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    since = {"If-Modified-Since": fresh.headers["Last-Modified"]}
    assert github.ask("GET", f"{WEB}/issues/1", headers=since).status_code == 304


def test_a_lagging_index_shows_lists_as_they_were(github: Site) -> None:
    """New, changed and deleted issues reach the list when the lag has passed; one issue is read as it is."""
    github.time.pass_(hours=1)
    github.server.faults.add(Fault("index_lag", service="github", seconds=600))
    github.world.create_issue("acme/web", "Four", actor="mia")
    github.world.edit("acme/web", 1, actor="mia", title="Changed")
    github.world.delete_issue("acme/web", 2, actor="mia")
    listed = {each["number"]: each["title"] for each in github.get(f"{WEB}/issues?state=all")}
    assert listed == {1: "One", 2: "Two", 3: "Three"}
    assert github.get(f"{WEB}/issues/1")["title"] == "Changed"
    github.time.pass_(minutes=11)
    listed = {each["number"]: each["title"] for each in github.get(f"{WEB}/issues?state=all")}
    assert listed == {1: "Changed", 3: "Three", 4: "Four"}


@pytest.mark.parametrize("order", ["created", "updated"])
def test_equal_stamps_across_a_page_edge_lose_nothing(github: Site, order: str) -> None:
    """Issues of the same second are told apart by their number."""
    for number in range(7):
        github.world.create_issue("acme/web", f"Same second {number}", actor="mia")
    assert sorted(followed(github, f"{WEB}/issues?per_page=3&sort={order}&direction=asc")) == list(range(1, 11))
