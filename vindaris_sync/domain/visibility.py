"""What strangers may read: where they do, a private goal is its key and nothing else (L9)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

from vindaris_sync.domain.goals import Goal

_SHORTEST = 3  # a title shorter than this tells nothing, and would be found everywhere
_WORD = re.compile(r"\w+")


def as_told(text: str) -> str:
    """Return ``text`` as it is: where only the organisation reads."""
    return text


def for_strangers(goals: Iterable[Goal]) -> Callable[[str], str]:
    """Return what puts the key in place of every private goal's title that stands in a text, in any case and spacing.

    It is the last line, for texts that quote other texts (an issue named after its goal, a refusal that repeats what
    was sent); what we word ourselves leaves private titles out to begin with. A text costs what it has words, not what
    there are goals.
    """
    keys = {" ".join(goal.title.split()): goal.key for goal in goals if goal.private}
    words_of = {title: set(_words(title)) for title in keys if len(title) >= _SHORTEST}
    common = Counter(word for words in words_of.values() for word in words)
    by_word: dict[str, list[str]] = defaultdict(list)
    for title, words in words_of.items():
        by_word[min(words, key=lambda word: (common[word], word), default="")].append(title)

    def told(text: str) -> str:
        words = {*_words(text), ""} & by_word.keys()
        for title in sorted((title for word in words for title in by_word[word]), key=len, reverse=True):
            text = _pattern(title).sub(lambda _, key=keys[title]: key, text)  # type: ignore[misc] # bound at once
        return text

    return told if by_word else as_told


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=4096)
def _pattern(title: str) -> re.Pattern[str]:
    spaced = r"\s+".join(map(re.escape, title.split()))
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)
