from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.sdk.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 604_800), ("1h30m", 5400), ("0s", 0)]
)
def test_spans_are_read(text: str, seconds: int) -> None:
    """Numbers with units add up."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "10", "m", "10 m", "-5m", "1.5h", "5w", 10, None, True])
def test_other_values_are_refused(value: object) -> None:
    """Anything else is refused with an example of what to write."""
    with pytest.raises(ValueError, match=r"write a time span like 30s"):
        parse_duration(value)


@given(st.integers(0, 10**9))
def test_spans_survive_writing_and_reading(seconds: int) -> None:
    """A span that was written is read as the same span."""
    span = timedelta(seconds=seconds)
    assert parse_duration(format_duration(span)) == span
    assert parse_duration(span) == span
