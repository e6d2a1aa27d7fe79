"""From when on changes are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_connectors.github.cursor import SETTLED, Cursor, point_after_load, resume_point, stamp
from vindaris_sync.sdk.mapping import instant

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ETAGS = st.from_regex(r'\A(W/)?"[!#-~]*"\Z')
SPANS = st.integers(-4000, 4000).map(lambda seconds: timedelta(seconds=seconds))


@given(SPANS)
def test_the_newest_second_is_read_again_until_it_has_settled(age: timedelta) -> None:
    """What may still turn up in the newest second is read; nothing lies after the server's own time."""
    newest, since = NOON - age, instant(resume_point(stamp(NOON - age), NOON))
    assert since <= NOON
    assert since <= newest + timedelta(seconds=1)
    assert (since > newest) == (age > SETTLED)


@given(SPANS)
def test_a_load_ends_where_it_began(age: timedelta) -> None:
    """After a load, changes are read from before its beginning, and from before the newest that it saw."""
    newest = NOON - age
    since = instant(point_after_load(stamp(newest), stamp(NOON)))
    assert since < NOON
    assert since <= newest + timedelta(seconds=1)


def test_an_empty_load() -> None:
    """An empty repository is read from a little before the load."""
    assert point_after_load("", stamp(NOON)) == stamp(NOON - SETTLED)


@given(st.builds(Cursor, st.integers(1), st.just("2026-03-01T12:00:00Z"), st.text(), ETAGS, st.integers(0)))
def test_text_and_back(cursor: Cursor) -> None:
    """A cursor comes back from the store as it went in."""
    assert Cursor.parse(cursor.text()) == cursor


@pytest.mark.parametrize("etag", [" ", ' "x"', '"x" ', '"x"\r\nX-Evil: 1', '"\t"', '"é"', '"\ud800"', "\0"])
def test_an_etag_that_no_header_holds_is_left_out(etag: str) -> None:
    """What was damaged in the database costs one answer in full, and not every request from then on."""
    cursor = Cursor(7, "2026-03-01T12:00:00Z", watch="/x", etag=etag)
    assert Cursor.parse(cursor.text()) == Cursor(7, "2026-03-01T12:00:00Z", watch="/x")
