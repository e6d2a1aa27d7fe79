"""Mapping Jira's issues: every shape the trackers print, and real issues of real trackers."""

from __future__ import annotations

import copy
import gzip
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vindaris_connectors.jira.mapping import BASE_FIELDS, Mapper, shown_values
from vindaris_sync.domain.models import Address, Issue, IssueRef
from vindaris_sync.sdk.references import References
from vindaris_sync.sdk.settings import ParentReference

DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or Path(__file__).parents[5] / "shared" / "data") / "jira"
MAPPER = Mapper("jira", "https://acme.example", {"customfield_1": "field:customfield_1"}, "customfield_9")

RAW: dict[str, Any] = {
    "id": "10001",
    "key": "OPS_2-7",
    "fields": {
        "summary": "Ship it",
        "status": {"name": "Done", "statusCategory": {"key": "done"}},
        "issuetype": {"name": "Story"},
        "created": "2026-03-01T13:00:00.250+0100",
        "updated": "2026-03-01T12:00:01.000+0000",
        "labels": ["goal:G-1", "Bug", "bug", "a@b,[c]"],
        "components": [{"id": "3", "name": "Checkout"}, {"id": "1", "name": "Cart"}],
        "creator": {"displayName": "Alice", "accountId": "1"},
        "assignee": None,
        "customfield_1": {"value": "G-1", "id": "7"},
    },
}


def raw(**fields: object) -> dict[str, Any]:
    """Return the issue with some fields replaced; ``...`` leaves one out."""
    made = copy.deepcopy(RAW)
    made["fields"] = {k: v for k, v in {**made["fields"], **fields}.items() if v is not ...}
    return made


def mapped(**fields: object) -> Issue:
    """Return the issue mapped."""
    page = MAPPER.page([raw(**fields)])
    assert page.rejected == ()
    return page.issues[0]


def test_an_issue() -> None:
    """Every attribute comes from where Jira prints it; instants are in UTC."""
    assert mapped() == Issue(
        ref=IssueRef("jira", "10001"),
        key="OPS_2-7",
        place="OPS_2",
        type="Story",
        title="Ship it",
        url="https://acme.example/browse/OPS_2-7",
        status="Done",
        closed=True,
        created=datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC),
        updated=datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC),
        labels=("goal:G-1", "Bug", "bug", "a@b,[c]"),
        fields={"field:customfield_1": ("G-1",)},
        author="Alice",
        components=("Checkout", "Cart"),
    )


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({}, None),
        ({"parent": {"id": "5", "key": "OPS_2-1"}}, Address("jira", "5", "OPS_2-1")),
        ({"customfield_9": "EPIC-3"}, Address("jira", "", "EPIC-3")),
        ({"customfield_9": None, "parent": None}, None),
        ({"parent": {"id": 5}, "customfield_9": "EPIC-3"}, Address("jira", "5")),
    ],
)
def test_parents(fields: dict[str, object], parent: Address | None) -> None:
    """Cloud's parent and Data Center's sub-task parent win over the Epic Link, of which only the key is known."""
    assert mapped(**fields).parent == parent


def _document(*lines: str) -> dict[str, Any]:
    """Return a description as Cloud prints it."""
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines],
    }


@pytest.mark.parametrize(
    ("description", "key"),
    [
        ("Why: it is slow.\r\n\r\nParent: acme/web#4", "acme/web#4"),
        ("*Parent:* [acme/web#4|https://hub.example/4]", "acme/web#4"),
        (_document("Why: it is slow.", "Parent: acme/web#4"), "acme/web#4"),
        ({"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Parent: "}, {
            "type": "text", "text": "acme/web#4", "marks": [{"type": "link"}]}]}]}, "acme/web#4"),
        (None, None),
        ("", None),
        (_document(), None),
        (7, None),
        ({"type": "doc", "content": 7}, None),
        ({"type": "doc", "content": [[["x"]]]}, None),
        ("*" * 100_000, None),
    ],
    ids=lambda each: str(each)[:40],
)  # fmt: skip
def test_a_description_names_a_parent_where_that_is_configured(description: object, key: str | None) -> None:
    """As text, as wiki markup, as a document; one that is no text names none, and the issue is kept all the same."""
    refers = References(ParentReference(tracker="hub", places=("acme/web",)))
    mapper = replace(MAPPER, references=refers)
    assert "description" in mapper.fields
    assert "description" not in MAPPER.fields
    page = mapper.page([raw(description=description)])
    assert page.rejected == ()
    assert page.issues[0].parent == (Address("hub", key=key) if key else None)
    own = mapper.page([raw(description=description, parent={"id": "9", "key": "OPS_2-1"})])
    assert own.issues[0].parent == Address("jira", "9", "OPS_2-1")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ()),
        ("", ()),
        ("  ", ()),
        (" G-1\n", ("G-1",)),
        ({"value": "G-1", "child": {"value": "x"}}, ("G-1",)),
        ({"name": "v1"}, ("v1",)),
        ([], ()),
        ([{"value": "G-2"}, {"value": "G-1"}, {"value": "G-2"}], ("G-1", "G-2")),
        (["b", "a", ""], ("a", "b")),
        ("false", ("false",)),
        ({"type": "doc", "version": 1}, None),
        ([1], None),
        (9223372036854775807, None),
    ],
)
def test_shown_values(value: object, shown: tuple[str, ...] | None) -> None:
    """Options, lists, labels and text show their values sorted; what cannot hold keys is not shown at all."""
    assert shown_values(value) == shown
    fields = {} if shown is None else {"field:customfield_1": shown}
    assert mapped(customfield_1=value).fields == fields


def test_absent_field_is_no_empty_field() -> None:
    """Where the field does not exist nothing is observed on it; where it is empty, emptiness is."""
    assert mapped(customfield_1=...).fields == {}
    assert mapped(customfield_1=None).fields == {"field:customfield_1": ()}


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ({"summary": ...}, "title", ""),
        ({"summary": None}, "title", ""),
        ({"summary": "two\nlines"}, "title", "two\nlines"),
        ({"labels": None}, "labels", ()),
        ({"labels": ...}, "labels", ()),
        ({"creator": None, "reporter": {"name": "bob"}}, "author", "bob"),
        ({"creator": ...}, "author", ""),
        ({"assignee": {"displayName": None, "accountId": "557058"}}, "assignee", "557058"),
        ({"status": {"name": "Odd"}}, "closed", False),
        ({"status": {"name": "Odd", "statusCategory": None}}, "closed", False),
    ],
)
def test_what_real_trackers_leave_out(fields: dict[str, object], attribute: str, value: object) -> None:
    """Absent and null fields are no failure."""
    assert getattr(mapped(**fields), attribute) == value


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        {},
        {"id": "1", "key": "APP-1"},
        {**RAW, "id": None},
        {**RAW, "id": "x"},
        {**RAW, "key": "APP"},
        raw(status=...),
        raw(status="Done"),
        raw(issuetype=None),
        raw(created=None),
        raw(updated="yesterday"),
        raw(updated="2026-03-01T12:00:01"),
        raw(summary={"type": "doc"}),
        raw(labels=[1]),
        raw(parent=[1]),
    ],
    ids=repr,
)
def test_malformed_items_are_set_aside(broken: object) -> None:
    """A malformed item is rejected with a reason and an id, and its neighbours are kept."""
    page = MAPPER.page([raw(), broken, raw()])
    assert len(page.issues) == 2
    (rejected,) = page.rejected
    assert rejected.id
    assert rejected.reason


def test_exactly_the_needed_fields_are_asked_for() -> None:
    """Base fields, managed fields, and the Epic Link where there is one."""
    assert MAPPER.fields == [*BASE_FIELDS, "customfield_1", "customfield_9"]
    assert Mapper("jira", "").fields == list(BASE_FIELDS)


def real(name: str) -> list[dict[str, Any]]:
    """Return a file's raw issues; skips, saying why, where it is absent."""
    path = DATA / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no real data at {path}; set VINDARIS_REAL_DATA")
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("name", "count"),
    [("tidev-small-300", 300), ("apache-KAFKA", 200), ("apache-CASSANDRA", 150), ("tidev-dev-ALOY-MOD-DAEMON", 2158)],
)
def test_every_real_issue_is_mapped(name: str, count: int) -> None:
    """Nothing that real trackers print is set aside, and nothing is invented."""
    raws = real(name)
    page = MAPPER.page(raws)
    assert (len(page.issues), page.rejected) == (count, ())
    for issue, source in zip(page.issues, raws, strict=True):
        _assert_same(issue, source)


def _assert_same(issue: Issue, source: dict[str, Any]) -> None:
    fields = source["fields"]
    said: dict[str, Callable[[], object]] = {
        "key": lambda: source["key"],
        "place": lambda: fields["project"]["key"],
        "title": lambda: fields.get("summary") or "",
        "labels": lambda: tuple(fields.get("labels") or ()),
        "closed": lambda: fields["status"]["statusCategory"]["key"] == "done",
        "updated": lambda: datetime.fromisoformat(fields["updated"]),
    }
    assert {name: getattr(issue, name) for name in said} == {name: tell() for name, tell in said.items()}
    assert (issue.parent.key if issue.parent else None) == (fields.get("parent") or {}).get("key")
