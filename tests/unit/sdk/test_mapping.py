from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.models import Issue, IssueRef
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.mapping import TooDeep, dated, decode, instant, map_items

_ANY_TEXT = st.text(st.characters(exclude_categories=[]))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_ANY_TEXT)
def test_clean_text_is_storable(text: str) -> None:
    """Clean text encodes, holds no NUL, is as long as before less joined pairs, and cleaning again changes nothing."""
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned


def test_clean_keeps_what_is_sound() -> None:
    """Emoji, bidi marks and combining characters stay; only NUL and lone surrogates are replaced."""
    assert clean("🚀\u202ex\u0301") == "🚀\u202ex\u0301"
    assert clean("a\0b\ud800c") == "a\ufffdb\ufffdc"


@given(_JSON)
def test_decode_agrees_with_json(document: object) -> None:
    """Decoding equals the standard library's, but for cleaned strings, whichever decoder read it."""

    def cleaned(node: Any) -> Any:
        if isinstance(node, str):
            return clean(node)
        if isinstance(node, list):
            return [cleaned(item) for item in node]
        return {clean(key): cleaned(item) for key, item in node.items()} if isinstance(node, dict) else node

    assert decode(json.dumps(document).encode()) == cleaned(json.loads(json.dumps(document)))


def test_decode_reads_wrong_utf8() -> None:
    """A wrong byte costs that character, not the page."""
    assert decode(b'["ok", "b\xffd"]') == ["ok", "b\ufffdd"]


@pytest.mark.parametrize("body", [b"", b"[1,", b"nan", b"[Infinite]", b"<html>", b'{"a":1}{"b":2}'])
def test_broken_json_is_a_value_error(body: bytes) -> None:
    """What is no JSON raises ValueError."""
    with pytest.raises(ValueError, match=r"JSON|delimiter|Expecting|Extra data"):
        decode(body)


@pytest.mark.parametrize("token", [b"NaN", b"Infinity", b"-Infinity", b"1" * 5000, b"-" + b"9" * 5000])
def test_what_is_no_number_costs_itself_only(token: bytes) -> None:
    """A value that JSON does not know, or that no program would compute with, is null; its neighbours are read."""
    assert decode(b'[{"a":' + token + b'},{"b":1}]') == [{"a": None}, {"b": 1}]


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b'["\\ud800",' + b"[" * 100_000, b"[" * 900 + b'"\\u0000"' + b"]" * 900],
    ids=["lists", "objects", "slow decoder", "cleaning"],
)
def test_bomb_is_refused(body: bytes) -> None:
    """Deep nesting is refused by whichever decoder meets it, or read; it never exhausts the stack."""
    try:
        document = decode(body)
    except TooDeep:
        return
    for _ in range(900):
        (document,) = document
    assert document == "\ufffd"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2011-01-27T00:48:47Z", datetime(2011, 1, 27, 0, 48, 47, tzinfo=UTC)),
        ("2012-07-19T11:52:05.000+0000", datetime(2012, 7, 19, 11, 52, 5, tzinfo=UTC)),
        ("2012-07-19T11:52:05.123-0700", datetime(2012, 7, 19, 18, 52, 5, 123000, tzinfo=UTC)),
    ],
)
def test_instants(text: str, moment: datetime) -> None:
    """Both trackers' stamps are read, into UTC itself."""
    assert instant(text) == moment
    assert instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2011-01-27T00:48:47", "yesterday", "", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_instants_that_are_none(text: str) -> None:
    """Text without an offset, or without an instant, raises ValueError."""
    with pytest.raises(ValueError, match=r"offset|Invalid isoformat|calendars"):
        instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.000+0000",
        "9000-01-01T01:00:00+01:00",
        "0001-01-01T00:00:00Z",
        "0999-12-31T23:59:59.000+0000",
    ],
)
def test_an_issue_is_not_from_the_end_of_time(text: str) -> None:
    """Sums with such an instant would overflow, wherever they are made."""
    with pytest.raises(ValueError, match=r"in the year|calendars"):
        dated(text)


def test_an_issue_may_be_old_or_young() -> None:
    """Any year that an importer may mean is read."""
    assert [dated(f"{year}-06-01T00:00:00Z").year for year in (1000, 1900, 2026, 8999)] == [1000, 1900, 2026, 8999]


_NOW = datetime(2026, 1, 5, tzinfo=UTC)


def _issue(item: Mapping[str, Any]) -> Issue | None:
    if item.get("skip"):
        return None
    title = item["fields"]["title"].strip()
    return Issue(IssueRef("t", item["id"]), "K-1", "K", "Task", title, "", "Open", False, _NOW, _NOW)  # noqa: FBT003


def _identity(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["id"], item.get("key", "")


@pytest.mark.parametrize(
    ("bad", "id_"),
    [
        ({"id": "2", "fields": {}}, "2"),
        ({"id": "2", "fields": None}, "2"),
        ({"id": "2", "fields": {"title": 7}}, "2"),
        ({"fields": {}}, "sha256:"),
        (None, "sha256:"),
        ("text", "sha256:"),
        ([1], "sha256:"),
    ],
)
def test_one_bad_item_costs_only_itself(bad: object, id_: str) -> None:
    """An item of any shape is set aside with a reason and an excerpt; its neighbours are mapped (L11)."""
    good = {"id": "1", "fields": {"title": "a"}}
    mapped = map_items([good, bad, {"skip": True}], _issue, _identity)
    assert [issue.ref.id for issue in mapped.issues] == ["1"]
    assert mapped.skipped == 1
    (aside,) = mapped.rejected
    assert aside.id.startswith(id_)
    assert aside.reason
    assert json.loads(aside.excerpt) == bad


def test_deep_item_is_set_aside() -> None:
    """An item too deep to be printed is set aside like any other."""
    deep: object = "x"
    for _ in range(5000):
        deep = [deep]
    (aside,) = map_items([{"id": "2", "fields": deep}], _issue, _identity).rejected
    assert (aside.id, aside.excerpt) == ("2", "nested too deeply")
