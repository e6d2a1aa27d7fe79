from datetime import timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.text import age, counted, is_high, one_line, percent, points, priority_rank, signed


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_any_text_becomes_one_bounded_line(text: str, longest: int) -> None:
    """Whatever a stranger wrote is one line within its bound."""
    line = one_line(text, longest)
    assert len(line) <= longest
    assert line.splitlines() in ([], [line])


def test_steering_is_taken_out_and_words_stay() -> None:
    """Overrides, zero-width spaces, NUL and lone surrogates go; letters, emoji families and Persian stay."""
    assert one_line("a\u202egnp.exe\u200b\x00\ud800 b\n\tc") == "agnp.exe b c"
    assert one_line("👩‍👩‍👧 می‌خواهم") == "👩‍👩‍👧 می‌خواهم"


def test_a_long_line_says_that_it_was_cut() -> None:
    """The last character of a cut line is an ellipsis."""
    assert one_line("word " * 100, 12) == "word word w…"
    assert one_line("x" * 200_000, 5) == "xxxx…"


def test_priorities_in_every_usual_spelling_are_sorted_by_urgency() -> None:
    """Numbers and words mix; unknown words come after them, and nothing comes last."""
    mixed = ["", "low", "P10", "P2", "someday", "High", "P0", "trivial", "Priority 3", None, "critical"]
    assert sorted(mixed, key=priority_rank) == [
        *("critical", "P0", "High", "P2", "low", "Priority 3", "trivial", "P10", "someday", "", None)
    ]


def test_a_hostile_priority_takes_no_time() -> None:
    """A goal's priority is whatever its source states."""
    begun = perf_counter()
    assert priority_rank(" " * 30_000 + "x") == priority_rank("x")
    assert perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("priority", "high"), [("P0", True), ("p1", True), ("High", True), ("P2", False), ("", False), (None, False)]
)
def test_high_priority_is_p1_and_above(priority: str | None, high: bool) -> None:  # noqa: FBT001 - a table's column
    """P0, P1 and words that mean the same are high."""
    assert is_high(priority) is high


def test_shares_are_never_rounded_into_a_lie() -> None:
    """Nearly nothing is not 0 %, and nearly all is not 100 %."""
    assert [percent(each) for each in (None, 0, 0.001, 0.62, 0.999, 1, 1.2)] == [
        *("–", "0 %", "<1 %", "62 %", ">99 %", "100 %", "120 %")  # noqa: RUF001 - typographic dash
    ]


def test_differences_carry_their_sign() -> None:
    """Changes are told with plus and minus, and none without a word."""
    assert [signed(each) for each in (3, -1200, 0)] == ["+3", "−1,200", "±0"]  # noqa: RUF001 - typographic minus
    assert [points(each) for each in (0.021, -0.5, 0.0001, None)] == [
        *("+2.1 points", "−50 points", "", "")  # noqa: RUF001 - typographic minus
    ]


def test_waiting_is_told_in_whole_days() -> None:
    """Hours do not matter, and a clock that went backwards does not either."""
    assert [age(timedelta(hours=hours)) for hours in (-50, 23, 24, 80)] == ["today", "today", "1 day", "3 days"]


def test_counts_agree_with_their_word() -> None:
    """One issue, two issues, several analyses."""
    assert [counted(1, "issue"), counted(1200, "issue"), counted(2, "analysis", "analyses")] == [
        *("1 issue", "1,200 issues", "2 analyses")
    ]
