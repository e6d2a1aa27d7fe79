"""Words of texts that strangers wrote, in any language, as they are compared: no list of a language's words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST_TEXT = 2000
"""Characters of a text that are looked at: what it is about stands at its beginning; logs and stacks follow."""

_LONGEST = 40  # characters of a word; what is longer is a hash, a token or a blob
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z0-9]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOISE = re.compile(r"https?://\S+|<[^<>]{1,200}>|\{[a-zA-Z:#=|.0-9]{1,60}\}")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def terms(text: str) -> Iterator[str]:
    """Yield the words of the beginning of ``text``, casefolded, in order, each as often as it stands there.

    ``createTableView`` and ``src/cache_policy.py`` are yielded whole, as far as they are one word, and in their parts;
    scripts that set no spaces in pairs of characters. Addresses and tags are left out, and single letters are, too.
    """
    plain = _NOISE.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST_TEXT]))
    for found in _WORD.findall(plain):
        if len(found) <= _LONGEST:
            yield from _parts(found)


@lru_cache(maxsize=16_384)  # most words stand in many titles
def _parts(word: str) -> tuple[str, ...]:
    """Return what a word counts as: itself and what it is put together of."""
    if _UNSPACED.search(word):
        return tuple(_pairs(word))
    parts = [part for hump in _HUMP.split(word) for part in _PART.findall(hump)]
    whole = [word] if len(parts) > 1 else []
    return tuple(part.casefold() for part in (*parts, *whole) if len(part) > 1)


def _pairs(word: str) -> Iterator[str]:
    for run in _UNSPACED.findall(word):
        yield from (run[at : at + 2] for at in range(max(len(run) - 1, 1)))
    yield from (rest.casefold() for rest in _UNSPACED.sub(" ", word).split() if len(rest) > 1)
