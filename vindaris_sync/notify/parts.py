"""What every kind of chat shows of a content, before its own markup: headline, rest, link, and what fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from vindaris_sync.domain.messages import Content, State
from vindaris_sync.domain.text import one_line

HEADLINE = 150
"""Characters of a headline; every chat that has headings takes that many."""
REPEATED = "This may repeat the message before it: sending was interrupted."
SEE_ALL = "See everything"
_SIGNS = {State.OPEN: "", State.RESOLVED: "✓ ", State.CONTINUED: "↓ "}
_URL = 2000

_Made = TypeVar("_Made")


def headline(content: Content) -> str:
    """Return the headline with the sign of its state."""
    return one_line(_SIGNS[content.state] + content.headline, HEADLINE)


def rest(content: Content) -> str:
    """Return how many are not listed, in words; empty where nothing is listed, or everything."""
    return f"and {content.more:,} more" if content.more > 0 and content.lines else ""


def small(content: Content, *, repeated: bool) -> list[str]:
    """Return what is said below the list: what the reader can do, and that it may be a repetition."""
    return [note for note in (content.footer, REPEATED if repeated else "") if note]


def web_link(url: str) -> str:
    """Return ``url`` where a click on it leads to a web page, else an empty text."""
    return url if url.startswith(("https://", "http://")) and len(url) <= _URL and url.isprintable() else ""


def fitting(content: Content, make: Callable[[Content], _Made], fits: Callable[[_Made], bool]) -> _Made:
    """Return what ``make`` makes of ``content`` with as many of its lines, then changes and facts, as fit.

    Lines that are left out count among those that are not listed. The headline alone always fits.
    """
    while not fits(made := make(content)):
        if content.lines:
            content = replace(content, lines=content.lines[:-1], more=content.more + 1)
        elif content.changes or content.facts:
            content = replace(content, changes=content.changes[:-1], facts=content.facts if content.changes else ())
        elif content.link or content.footer:
            content = replace(content, link="", footer="")
        else:
            return made
    return made
