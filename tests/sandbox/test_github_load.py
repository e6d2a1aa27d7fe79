"""Real issues, loaded as GitHub printed them, are printed back the same, and the sandbox survives any request."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vindaris_sync.sandbox.core import Request
from vindaris_sync.sandbox.github import Account, GitHub, World

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data") / "github"
SMALL = DATA / "rust-lang__rust-small-300.jsonl.gz"
LARGE = DATA / "rust-lang__rust-dev-00001-15000.jsonl.gz"
needs_data = pytest.mark.skipif(not LARGE.exists(), reason=f"no real issues in {DATA}; set VINDARIS_REAL_DATA")


def lines(path: Path) -> list[bytes]:
    """Return the raw lines of a file."""
    with gzip.open(path) as file:
        return file.read().splitlines()


def listed(github: GitHub, repo: str) -> dict[int, Any]:
    """Return every issue that the API lists, by number."""
    found: dict[int, Any] = {}
    page = 1
    while True:
        url = f"/repos/{repo}/issues?state=all&per_page=100&page={page}"
        documents = json.loads(github.answer(Request.to("GET", url, headers={"Authorization": "token t"})).body)
        if not documents:
            return found
        found |= {document["number"]: document for document in documents}
        page += 1


@needs_data
def test_loaded_issues_are_printed_back_as_they_were() -> None:
    """Served from where they came from, nothing differs but the dump's own remark."""
    world = World()
    assert world.load("rust-lang/rust", SMALL) == 300
    world.grant("t", Account("vera"))
    shown = listed(GitHub(world), "rust-lang/rust")
    for line in lines(SMALL):
        document = json.loads(line)
        del document["_meta"]
        assert shown[document["number"]] == document


@needs_data
def test_loaded_issues_live_under_another_name_and_address() -> None:
    """Their URLs lead to the sandbox; their texts and avatars are untouched."""
    world = World()
    world.load("acme/compiler", SMALL)
    world.grant("t", Account("vera"))
    github = GitHub(world)
    github.base_url = "http://127.0.0.1:9/github"
    shown = listed(github, "acme/compiler")
    for line in lines(SMALL):
        raw = json.loads(line)
        document = shown[raw["number"]]
        assert document["url"] == f"http://127.0.0.1:9/github/repos/acme/compiler/issues/{raw['number']}"
        assert document["user"]["url"] == raw["user"]["url"].replace(
            "https://api.github.com", "http://127.0.0.1:9/github"
        )
        assert document["user"]["avatar_url"] == raw["user"]["avatar_url"]
        assert (document["body"], document["title"]) == (raw["body"], raw["title"])


@needs_data
def test_a_large_repository_loads_quickly_and_completely() -> None:
    """14,999 issues in well under 30 s, none lost: two that share their number with another follow at the end."""
    world = World()
    begun = time.process_time()
    assert world.load("acme/rust", LARGE) == 14_999
    assert time.process_time() - begun < 20
    repository = world.repository("acme/rust")
    assert len(repository.issues) == 14_999
    assert sorted(repository.issues)[-2:] == [15_001, 15_002]
    assert sum(issue.pull for issue in repository.issues.values()) == 6_644


@needs_data
def test_the_same_file_twice_gives_two_repositories_with_their_own_ids() -> None:
    """Global ids stay unique, so a node id leads to one issue."""
    world = World()
    world.load("acme/one", SMALL)
    world.load("acme/two", SMALL)
    ids = [issue.id for repository in world.repositories.values() for issue in repository.issues.values()]
    assert len(ids) == len(set(ids)) == 600


def test_a_line_that_is_no_issue_is_named() -> None:
    """The number of the line is in the error."""
    good = json.dumps({"id": 1, "node_id": "I", "number": 1, "state": "open", "labels": [], "comments": 0,
                       "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"})  # fmt: skip
    for bad in (b"{", b"[]", b'{"id": 2}'):
        with pytest.raises(ValueError, match="line 2"):
            World().load("acme/web", [good.encode(), bad])


PATHS = st.builds(
    lambda root, rest: root + rest,
    st.sampled_from(["/repos/acme/web", "/api/v3/repos/acme/web", "/repositories/800000000", "/repos/acme/none"]),
    st.sampled_from([
        "", "/issues", "/issues/1", "/issues/1/labels", "/issues/1/labels/bug", "/issues/1/labels/%00%F0%9F",
        "/issues/99999999999999999999", "/labels", "/labels/bug", "/issues/1/timeline", "/issues/events",
        "/issues/1/sub_issues", "/issues/1/sub_issue", "/issues/1/parent", "/issues/1/issue-field-values",
        "/issues/1/issue-field-values/7", "/issues/1/comments", "/issues/1/lock", "/hooks",
    ]),
) | st.sampled_from([
    "/", "/user", "/rate_limit", "/meta", "/graphql", "/api/graphql", "/orgs/acme/issue-fields",
    "/orgs/acme/issue-types", "/app", "/app/installations/1/access_tokens", "/installation/repositories", "/nowhere",
])  # fmt: skip
KEYS = st.sampled_from([
    "title", "body", "labels", "name", "state", "state_reason", "query", "variables", "ids", "issue_field_values",
    "field_id", "value", "sub_issue_id", "config", "url", "events", "options", "data_type", "new_name", "color", "type",
    "archived", "description", "lock_reason", "replace_parent", "permissions",
])  # fmt: skip
PLAIN = st.sampled_from(["open", "closed", "bug", "single_select", "{nodes(ids:[1]){id}}", "{viewer{login}}", "ededed"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60) | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=5).map(json.dumps) | VALUES.map(json.dumps)
QUERIES = st.dictionaries(
    st.sampled_from(["page", "per_page", "since", "sort", "direction", "after", "labels", "state"]),
    st.text(max_size=8) | st.sampled_from(["updated", "asc", "all", "2026-01-01T00:00:00Z", "9" * 30]),
)


@settings(max_examples=600, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]),
    path=PATHS,
    query=QUERIES,
    body=BODIES.map(str.encode) | st.binary(max_size=40),
    deep=st.booleans(),
)
def test_no_request_makes_the_service_fail(
    method: str, path: str, query: dict[str, str], body: bytes, *, deep: bool
) -> None:
    """Whatever is sent, an answer comes back; a server's error never does."""
    world = World()
    world.create_repository("acme/web").max_page = 1 if deep else None
    for title in ("One", "Two"):
        world.create_issue("acme/web", title, actor="mia", labels=["bug"])
    world.create_field("acme", "Goal", options=["G1"])
    world.grant("t", Account("vera"))
    github = GitHub(world)
    request = Request(method, path, query, {"authorization": "Bearer t"}, body)
    assert github.answer(request).status < 500
    everything = Request("GET", "/repos/acme/web/issues", {"state": "all"}, {"authorization": "Bearer t"})
    assert github.answer(everything).status in {200, 301}
