"""Text for people, from values that strangers wrote: one line, no invisible steering, a known order of priorities."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

_JOINERS = "\u200c\u200d"  # without them emoji families and Persian words fall apart
_NUMBERED = re.compile(r"\s*+(?:p|prio|priority)?[\s:_-]*+(\d{1,3})\b", re.IGNORECASE)
_NAMED = (
    ("blocker", "critical", "highest", "urgent", "must", "must have"),
    ("high", "major", "important", "should", "should have"),
    ("medium", "normal", "moderate", "could", "could have"),
    ("low", "minor"),
    ("lowest", "trivial", "wont", "won't", "won't have"),
)
_RANKS = {name: rank for rank, names in enumerate(_NAMED) for name in names}
UNRANKED = 1000
"""From this rank on the words of priorities stand for themselves."""

_NONE = 1001
_HIGH = 1


def clean(text: str) -> str:
    """Return ``text`` with every NUL and lone surrogate replaced by U+FFFD: SQLite and PostgreSQL refuse them."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: str, longest: int = 200) -> str:
    """Return ``text`` as one visible line of at most ``longest`` characters, the last one ``…`` where it was cut.

    White space is collapsed; control characters, lone surrogates, bidirectional overrides and other invisible
    steering are taken out. What it says stays; no markup of any chat is escaped here.
    """
    kept = "".join(
        char
        for char in " ".join(text[: longest * 8].split())
        if char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    ).strip()
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 issue``, ``2 issues``, ``12,345 issues``; ``many`` where an ``s`` does not do."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def age(span: timedelta) -> str:
    """Return a time span in whole days, the way people speak of waiting: ``today``, ``1 day``, ``12 days``."""
    days = max(span.days, 0)
    return counted(days, "day") if days else "today"


def percent(share: float | None) -> str:
    """Return a share as whole per cent, ``62 %``; a dash where there is none, and never 0 or 100 where it is not."""
    if share is None:
        return "–"  # noqa: RUF001 - a typographic dash
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "<1 %"
    return ">99 %" if share < 1 <= whole / 100 else f"{whole} %"


def signed(number: int) -> str:
    """Return a difference with its sign, plus or minus, and ``±0`` for none."""
    return f"+{number:,}" if number > 0 else f"−{-number:,}" if number else "±0"  # noqa: RUF001 - a typographic minus


def points(change: float | None) -> str:
    """Return the change of a share in percentage points, ``+2.1 points``; empty where it is unknown or nothing."""
    tenths = round((change or 0.0) * 1000)
    if not tenths:
        return ""
    return f"{'+' if tenths > 0 else '−'}{abs(tenths) / 10:g} points"  # noqa: RUF001 - a typographic minus


def priority_rank(priority: str | None) -> tuple[int, str]:
    """Return a sort key, the most urgent first: P0, P1 …, beside the usual words; then other words, then none.

    Words rank as numbers do: ``critical`` 0, ``high`` 1, ``medium`` 2, ``low`` 3, ``lowest`` 4.
    """
    word = " ".join((priority or "").casefold().split())
    if not word:
        return _NONE, ""
    if numbered := _NUMBERED.match(word):
        return int(numbered[1]), word
    return _RANKS.get(word, UNRANKED), word


def is_high(priority: str | None) -> bool:
    """Return whether a priority is ``high`` (P1) or above."""
    return priority_rank(priority)[0] <= _HIGH
