"""Two texts side by side, word by word."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.wording import Kind, Piece, changed_whole, compare, plain, shortened

words = st.sampled_from(["grow", "fast", "the", "a", "42", "%", ".", ",", "東京", "naïve", "e\u0301", "-", "{+", "-]"])
texts = st.lists(words, max_size=30).map(" ".join) | st.text(max_size=60)


def bare(text: str) -> str:
    """Return a text without white space."""
    return re.sub(r"\s", "", text)


def without(pieces: tuple[Piece, ...], kind: Kind) -> str:
    """Return the text that the pieces are without those of a kind."""
    return bare("".join(piece.text for piece in pieces if piece.kind is not kind))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Grow fast", "Grow faster in Q2", "Grow [-fast-] {+faster in Q2+}"),
        ("from 22 to 40 %", "from 22 to 45 %", "from 22 to [-40-] {+45+} %"),
        ("One two three. Four five.", "One 2 three. Four five. Six.", "One [-two-] {+2+} three. Four five. {+Six.+}"),
        ("a big house", "a house", "a [-big-] house"),
        ("same", "same", "same"),
        ("same  text\n", "same text", "same text"),
        ("foo, bar", "foo ,bar", "[-foo, bar-] {+foo ,bar+}"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("売上を増やす", "売上を守る", "売上を[-増やす-]{+守る+}"),
    ],
)
def test_only_what_differs_is_marked(before: str, after: str, shown: str) -> None:
    """Words that stayed stand around words that went and words that came."""
    assert plain(compare(before, after)) == shown


@given(texts, texts)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    """Nothing is lost and nothing made up, white space aside."""
    pieces = compare(before, after)
    assert without(pieces, Kind.OLD) == bare(after)
    assert without(pieces, Kind.NEW) == bare(before)
    assert all(piece.text.strip() for piece in pieces if piece.kind is not Kind.SAME)


@given(texts, texts)
def test_something_is_marked_iff_the_texts_differ(before: str, after: str) -> None:
    """A reader who sees no mark may rely on it."""
    marked = any(piece.kind is not Kind.SAME for piece in compare(before, after))
    assert marked == (before.split() != after.split())


def hostile() -> list[tuple[str, str]]:
    """Return pairs of texts on which naive matching takes minutes: 200,000 characters each."""
    size = 200_000
    return [
        ("a " * (size // 2), "b " * (size // 2)),
        ("a b " * (size // 4), "b a a " * (size // 6)),
        ("x" * size, "y" * size),
        (". " * (size // 2), "! " * (size // 2)),
        (" ".join(map(str, range(30_000)))[:size], " ".join(map(str, range(30_000, 0, -1)))[:size]),
        ("".join(f"w{n % 7}. " for n in range(40_000))[:size], "".join(f"w{n % 5}. " for n in range(40_000))[:size]),
        ("東" * size, "京東" * (size // 2)),
        ("(" * size, "([" * (size // 2)),
    ]


@pytest.mark.parametrize("number", range(8))
def test_hostile_texts_of_200_000_characters_take_no_time(number: int) -> None:
    """Time is bounded by the length and by matching a few hundred words."""
    before, after = hostile()[number]
    started = time.process_time()
    pieces = compare(before, after)
    assert time.process_time() - started < 3
    assert sum(len(piece.text) for piece in shortened(pieces)) < 1000


def test_a_small_edit_of_a_long_text_is_found() -> None:
    """Sentences are matched before words."""
    sentences = [f"Sentence {number} says something else than the others do." for number in range(300)]
    edited = [*sentences]
    edited[20] = edited[20].replace("something", "nothing")
    edited[280] = edited[280].replace("others", "rest")
    pieces = compare(" ".join(sentences), " ".join(edited))
    marked = [piece for piece in pieces if piece.kind is not Kind.SAME]
    assert [piece.text for piece in marked] == ["something", "nothing", "others", "rest"]
    assert len(plain(shortened(pieces))) < 300


def test_what_stayed_is_cut_between_words_and_what_changed_is_shown() -> None:
    """A few words on either side tell where it stands."""
    long = "word " * 100
    shown = plain(shortened(compare(f"{long}old {long}", f"{long}new {long}"), around=12))
    assert shown == "… word word [-old-] {+new+} word word …"


def test_a_long_change_is_cut_and_says_so() -> None:
    """Neither what went nor what came crowds the other out."""
    shown = shortened(compare("x " * 5000, "y " * 5000), longest=100)
    assert [(piece.kind, len(piece.text) <= 52, piece.text.endswith("…")) for piece in shown if piece.text.strip()] == [
        (Kind.OLD, True, True),
        (Kind.NEW, True, True),
    ]


def test_a_value_is_shown_whole() -> None:
    """A number, a period and a key are no running text."""
    assert plain(changed_whole("2026-H1", "2026-H2")) == "[-2026-H1-] {+2026-H2+}"
    assert plain(changed_whole("", "P1")) == "{+P1+}"
