"""GitHub's issues, as real ones and as two APIs print them."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.unit.connectors.github.sandboxed import API, FIELD, PERSON, WEB, census, issue_at, keys, pulled, served
from vindaris_connectors.github.mapping import ManagedField, Mapper, identify, key_of, place_of
from vindaris_connectors.github.queries import by_keys, split_key
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.mapping import map_items

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data")
SMALL = DATA / "github" / "rust-lang__rust-small-300.jsonl.gz"

ITEM: dict[str, Any] = {
    "node_id": "I_1",
    "number": 7,
    "title": "A\u0000title",
    "html_url": "https://github.com/acme/web/issues/7",
    "repository_url": "https://api.github.com/repos/acme/web",
    "state": "open",
    "user": {"login": "ada"},
    "labels": [{"name": "b"}, {"name": "A"}],
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:06Z",
}


@pytest.fixture
def real() -> Iterator[list[dict[str, Any]]]:
    """Return 300 real issues and pull requests of rust-lang/rust."""
    if not SMALL.exists():
        pytest.skip(f"no real data at {SMALL}; set VINDARIS_REAL_DATA")
    with gzip.open(SMALL) as lines:
        yield [orjson.loads(line) for line in lines]


def test_real_issues_all_map(real: list[dict[str, Any]]) -> None:
    """Of 300 real items 211 are issues and 89 pull requests; none is set aside, and what they say is kept."""
    mapped = map_items(real, Mapper("rust", pull_requests=False).from_rest, identify)
    assert (len(mapped.issues), mapped.skipped, mapped.rejected) == (211, 89, ())
    by_key = {issue.key: issue for issue in mapped.issues}
    for item in real:
        issue = by_key.get(f"rust-lang/rust#{item['number']}")
        if issue is None:
            continue
        assert issue.ref.id == item["node_id"]
        assert issue.closed == (item["state"] == "closed")
        assert set(issue.labels) == {label["name"] for label in item["labels"]}
        assert issue.updated.isoformat() == item["updated_at"].replace("Z", "+00:00")
        assert issue.author == (item["user"] or {"login": "ghost"})["login"]


def test_real_pull_requests_are_marked(real: list[dict[str, Any]]) -> None:
    """Asked for, pull requests come along, marked as what they are."""
    mapped = map_items(real, Mapper("rust").from_rest, identify)
    assert len(mapped.issues) == 300
    assert sum(issue.pull_request for issue in mapped.issues) == 89


def test_real_issues_survive_the_sandbox(real: list[dict[str, Any]]) -> None:
    """What was loaded is pulled, and what is pulled equals what is fetched."""
    with served() as place:
        place.world.load(WEB, [orjson.dumps(item) for item in real])
        connector = place.connect(repositories=[WEB], pull_requests=True)
        known = {issue.ref.id: issue for page in pulled(connector, {}) for issue in page.issues}
        addresses = [Address(connector.name, id_) for id_ in known]
        fetched = {seen.address.id: getattr(seen, "issue", None) for seen in connector.fetch(addresses)}
        assert len(known) == 300
        assert fetched == known


def test_absent_keys_are_nothing() -> None:
    """Absent type, parent, assignees, fields and author are nothing, not errors; NUL is replaced, labels are sorted."""
    issue = Mapper("t").from_rest({**ITEM, "user": None})
    assert issue is not None
    assert (issue.type, issue.parent, issue.assignee, issue.fields) == ("", None, "", {})
    assert (issue.author, issue.title, issue.labels) == ("ghost", "A\ufffdtitle", ("A", "b"))


def test_parent_is_known_by_its_key() -> None:
    """The parent's URL becomes its key, in whichever repository it is."""
    parent = "https://ghe.example/api/v3/repos/acme/api/issues/12"
    issue = Mapper("t").from_rest({**ITEM, "parent_issue_url": parent})
    assert issue is not None
    assert issue.parent == Address("t", key="acme/api#12")


def test_status_says_why() -> None:
    """A closed issue's status carries its reason."""
    issue = Mapper("t").from_rest({**ITEM, "state": "closed", "state_reason": "not_planned"})
    assert issue is not None
    assert (issue.status, issue.closed) == ("closed (not_planned)", True)


def test_managed_field() -> None:
    """A managed field shows its option, nothing where it is empty, and is absent in another organisation."""
    goal = ManagedField(5, "IF_5", "Goal", "acme", "single_select")
    mapper = Mapper("t", (goal,))
    value = {"issue_field_id": 5, "value": "x", "single_select_option": {"id": 1, "name": "G-1", "color": "gray"}}
    other = {"issue_field_id": 6, "value": 3}
    filled = mapper.from_rest({**ITEM, "issue_field_values": [other, value]})
    empty = mapper.from_rest({**ITEM, "issue_field_values": [other]})
    foreign = mapper.from_rest({**ITEM, "repository_url": "https://api.github.com/repos/else/web"})
    assert filled is not None
    assert empty is not None
    assert foreign is not None
    assert (filled.fields, empty.fields, foreign.fields) == ({"field:5": ("G-1",)}, {"field:5": ()}, {})


@pytest.mark.parametrize(
    "broken",
    [
        {"node_id": ""},
        {"node_id": None},
        {"number": "7"},
        {"number": True},
        {"title": None},
        {"repository_url": "https://example.org"},
        {"created_at": "2026-01-02"},
        {"updated_at": None},
        {"labels": None},
        {"state": 3},
        {"parent_issue_url": "https://example.org/1"},
        {"user": "ada"},
        {"milestone": "v2"},
    ],
)
def test_items_of_another_shape_are_set_aside(broken: dict[str, Any]) -> None:
    """An item of unexpected shape is rejected with a reason; it raises nothing and takes nobody along."""
    mapped = map_items([{**ITEM, **broken}, ITEM, "text"], Mapper("t").from_rest, identify)
    assert len(mapped.issues) == 1
    assert len(mapped.rejected) == 2
    assert all(one.id and one.reason for one in mapped.rejected)


def test_everything_is_pulled_as_fetched() -> None:
    """Type, parent, labels, field, milestone, state, author and assignee come out equal from REST and GraphQL."""
    with served() as place:
        world = place.world
        (parent,) = place.create(API, 1, kind="Epic")
        (child,) = place.create(WEB, 1, kind="Task", labels=["z", "goal:G-1", "Ä"], parent=(API, parent))
        (bots,) = [world.create_issue(WEB, "by a bot", actor="renovate[bot]")]
        world.set_field(WEB, child, FIELD, "G-2", actor=PERSON)
        world.edit(WEB, child, milestone="v2", actor=PERSON)
        world.close(WEB, child, actor=PERSON, reason="not_planned")
        world.close(WEB, bots, actor=PERSON, reason="duplicate")
        world.reopen(WEB, bots, actor=PERSON)
        connector = place.connect()
        known = {issue.key: issue for page in pulled(connector, {}) for issue in page.issues}
        assert set(known) == {f"{API}#{parent}", f"{WEB}#{child}", f"{WEB}#{bots}"}
        assert {key: issue_at(connector, key) for key in known} == known
        assert known[f"{WEB}#{child}"].parent == Address(connector.name, key=f"{API}#{parent}")
        assert list(known[f"{WEB}#{child}"].fields.values()) == [("G-2",)]
        assert (known[f"{WEB}#{child}"].type, known[f"{WEB}#{bots}"].author) == ("Task", "renovate[bot]")
        assert (known[f"{WEB}#{child}"].milestone, known[f"{WEB}#{bots}"].milestone) == ("v2", "")


def test_pull_requests_are_pulled_on_request(real: list[dict[str, Any]]) -> None:
    """By default they are skipped and counted, and a census names issues alone."""
    with served() as place:
        place.world.load(WEB, [orjson.dumps(item) for item in real])
        connector = place.connect(repositories=[WEB])
        pages = pulled(connector, {})
        assert (len(keys(pages)), sum(page.skipped for page in pages)) == (211, 89)
        assert len(census(connector)) == 211


@pytest.mark.parametrize("url", ["", "https://api.github.com/repos/acme", "https://x/repos/a/b/c", "repos/a/b"])
def test_addresses_that_are_none(url: str) -> None:
    """What is no repository's or issue's address is refused."""
    with pytest.raises(ValueError, match="is no"):
        place_of(url)
    with pytest.raises(ValueError, match="is no"):
        key_of(f"{url}/issues/1")


@pytest.mark.parametrize("key", ["", "acme/web", "acme/web#", "acme/web#1x", 'a/b"){x}#1#1', "acme#1"])
def test_keys_that_are_none(key: str) -> None:
    """A key that is none never becomes part of a query."""
    with pytest.raises(ValueError, match="is no issue"):
        split_key(key)


def test_names_are_variables() -> None:
    """Nothing of a key but its number is written into a query."""
    query, variables = by_keys(['acme/we"b#12'], ())
    assert 'we"b' not in query
    assert variables == {"o0": "acme", "n0": 'we"b'}
