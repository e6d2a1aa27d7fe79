"""Two texts side by side, word by word: what stayed, what went, what came. Pure, and bounded for texts of any length.

Sentences are matched first and words within those that differ, so that a long text costs what was changed in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from vindaris_sync.domain.text import one_line

_MOST = 400
"""Sentences, or words, that are matched with each other; of more than that all went and all came."""
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # written without spaces: each is a word
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+|[^\w\s]")
_END = frozenset(".!?;:\u3002\uff01\uff1f")
_CUT = "…"
_VISIBLE = 2000


class Kind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that stayed, went (``OLD``) or came (``NEW``), with the spaces around those that stayed."""

    kind: Kind
    text: str


_MARKS = {Kind.SAME: "{}", Kind.OLD: "[-{}-]", Kind.NEW: "{{+{}+}}"}


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    spaced: bool
    """Whether white space stands before it, or nothing."""


def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Return the pieces of both texts in order: without ``OLD`` they are ``after``, without ``NEW`` ``before``.

    White space does not count, except that texts which differ in nothing else differ as a whole. The time taken is
    bounded by the texts' length and by matching 400 words with 400.
    """
    old, new = _words(before), _words(after)
    pieces = tuple(_joined(_matched(_sentences(old), _sentences(new))))
    if all(piece.kind is Kind.SAME for piece in pieces) and before.split() != after.split():
        return changed_whole(" ".join(before.split()), " ".join(after.split()))
    return pieces


def changed_whole(before: str, after: str) -> tuple[Piece, ...]:
    """Return both values as they are, for what is no running text: a number, a period, a key."""
    gone, came = Piece(Kind.OLD, before), Piece(Kind.NEW, after)
    return (gone, Piece(Kind.SAME, " "), came) if before and after else (gone,) if before else (came,)


def plain(pieces: Iterable[Piece]) -> str:
    """Return the pieces as one line without colours, the way ``wdiff`` writes: ``from [-22-] {+25+} %``."""
    return "".join(_MARKS[piece.kind].format(piece.text) for piece in pieces)


def visible(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the pieces without control characters and other steering that cannot be seen; spaces at ends stay."""
    found = []
    for piece in pieces:
        text = one_line(piece.text, _VISIBLE)
        before = " " if piece.text[:1].isspace() else ""
        after = " " if text and piece.text[-1:].isspace() else ""
        found.append(Piece(piece.kind, f"{before}{text}{after}"))
    return tuple(found)


def shortened(pieces: Sequence[Piece], longest: int = 400, around: int = 40) -> tuple[Piece, ...]:
    """Return the pieces cut to about ``longest`` characters: what changed, and ``around`` characters beside it."""
    found: list[Piece] = []
    left = longest
    for index, piece in enumerate(pieces):
        if piece.kind is Kind.SAME:
            text = _beside(piece.text, around, first=index == 0, last=index == len(pieces) - 1)
        else:
            text = piece.text if len(piece.text) <= longest // 2 else piece.text[: longest // 2].rstrip() + _CUT
        found.append(Piece(piece.kind, text))
        left -= len(text)
        if left <= 0 and index < len(pieces) - 1:
            return (*found, Piece(Kind.SAME, f" {_CUT}"))
    return tuple(found)


def _beside(text: str, around: int, *, first: bool, last: bool) -> str:
    """Return the parts of a text that stayed which stand beside what did not, cut between words where it can be."""
    if len(text) <= 2 * around:
        return text
    head = "" if first else f"{text[: around + 1].rpartition(' ')[0] or text[:around]} "
    tail = "" if last else f" {text[-around - 1 :].partition(' ')[2] or text[-around:]}"
    return f"{head}{_CUT}{tail}"


def _words(text: str) -> list[_Word]:
    found: list[_Word] = []
    end = 0
    for match in _WORD.finditer(text):
        found.append(_Word(match[0], spaced=match.start() > end or not found))
        end = match.end()
    return found


def _sentences(words: Sequence[_Word]) -> list[tuple[_Word, ...]]:
    found: list[tuple[_Word, ...]] = []
    start = 0
    for index, word in enumerate(words, 1):
        if word.text in _END:
            found.append(tuple(words[start:index]))
            start = index
    return [*found, tuple(words[start:])] if start < len(words) else found


_Run = tuple[Kind, Sequence[_Word]]


def _matched(old: Sequence[tuple[_Word, ...]], new: Sequence[tuple[_Word, ...]]) -> Iterator[_Run]:
    for kind, left, right in _opcodes([_texts(each) for each in old], [_texts(each) for each in new]):
        gone = [word for sentence in old[left] for word in sentence]
        come = [word for sentence in new[right] for word in sentence]
        if kind == "equal":
            yield Kind.SAME, come
            continue
        for what, a, b in _opcodes([word.text for word in gone], [word.text for word in come]):
            if what == "equal":
                yield Kind.SAME, come[b]
            else:
                yield Kind.OLD, gone[a]
                yield Kind.NEW, come[b]


def _texts(sentence: Sequence[_Word]) -> tuple[str, ...]:
    return tuple(word.text for word in sentence)


def _opcodes(old: Sequence[object], new: Sequence[object]) -> Iterator[tuple[str, slice, slice]]:
    """Yield what stayed and what did not: the ends that are the same, and between them what difflib matches."""
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    left, right = slice(head, len(old) - tail), slice(head, len(new) - tail)
    yield "equal", slice(0, head), slice(0, head)
    if max(left.stop, right.stop) - head > _MOST:
        yield "replace", left, right
    else:
        for what, a, b, c, d in SequenceMatcher(None, old[left], new[right]).get_opcodes():
            yield what, slice(head + a, head + b), slice(head + c, head + d)
    yield "equal", slice(left.stop, None), slice(right.stop, None)


def _alike(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many items at the beginning are the same."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _joined(runs: Iterable[_Run]) -> Iterator[Piece]:
    """Yield pieces of text; a space before what went or came stands outside of it."""
    same, first = "", True
    for kind, words in runs:
        run = "".join(f" {word.text}" if word.spaced else word.text for word in words)
        if kind is Kind.SAME or not run:
            same += run
            continue
        if run.startswith(" ") and not same.endswith(" "):
            same += " "
        if same := same.lstrip() if first else same:
            yield Piece(Kind.SAME, same)
        yield Piece(kind, run.strip())
        same, first = "", False
    if same := same.lstrip() if first else same:
        yield Piece(Kind.SAME, same)
