"""Parents that people name in an issue's text, mostly in another tracker: read in one fixed way, by no pattern.

A title that begins with the key (``APP-12: Faster cart``, ``[APP-12] Faster cart``), or a line of the body that says
``Parent: APP-12``. Only keys of the places that are configured count, so that ``UTF-8: …`` is nobody's child.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.settings import ParentReference

LONGEST_BODY = 1 << 16
"""Characters of a body that are looked at; what stands behind them names no parent."""

_LONGEST_LINE = 400
_KEY = re.compile(r"(?P<place>[\w./-]{1,150})(?P<mark>[#-])(?P<number>[0-9]{1,12})(?!\w|[.-][0-9])", re.ASCII)
_WORD = "parent"
_AROUND = " \t>*_-+`"
_CLOSING = "[]()<>{}.,;:!*_`\"'"


class References:
    """Finds the parent that a text names, among the issues of one tracker's ``places``; without settings, none."""

    def __init__(self, settings: ParentReference | None = None) -> None:
        self._tracker = settings.tracker if settings else ""
        self._places = {fold(place): place for place in settings.places} if settings else {}
        where = settings.where if settings else ()
        self.reads_body = "body" in where
        """Whether bodies are looked at, and have to be asked for."""
        self._reads_title = "title" in where

    def __bool__(self) -> bool:
        return bool(self._places)

    def parent(self, own: Address, title: str, body: str | None = "") -> Address | None:
        """Return the parent that title or body name; an issue (``own``) that names itself has none.

        The title goes first, then the first line of the body that names one. Takes time in proportion to the texts.
        """
        found = self._in_title(title) if self._reads_title else None
        if found is None and self.reads_body and body:
            found = self._in_body(body[:LONGEST_BODY])
        if found is None or (found.tracker, fold(found.key)) == (own.tracker, fold(own.key)):
            return None
        return found

    def _in_title(self, title: str) -> Address | None:
        return self._address(_KEY.match(title[:_LONGEST_LINE].lstrip(" \t[(")))

    def _in_body(self, body: str) -> Address | None:
        for line in _without_comments(body).splitlines():
            name, colon, rest = line[:_LONGEST_LINE].partition(":")
            if colon and fold(name.strip(_AROUND)) == _WORD and (found := self._named(rest)) is not None:
                return found
        return None

    def _named(self, text: str) -> Address | None:
        """Return what the first word names: a key, a link in Markdown, or an address that ends with the key."""
        words = text.strip(_AROUND).split(maxsplit=1)
        if not words:
            return None
        word = words[0].partition("](")[0].strip(_CLOSING)
        return self._address(_KEY.fullmatch(word.rpartition("/")[2] if "://" in word else word))

    def _address(self, found: re.Match[str] | None) -> Address | None:
        """Return the address of a key in a known place: ``KEY-1``, or ``owner/name#1`` where its name has a slash."""
        place = self._places.get(fold(found["place"])) if found else None
        if found is None or place is None or found["mark"] != ("#" if "/" in place else "-"):
            return None
        return Address(self._tracker, key=f"{place}{found['mark']}{int(found['number'])}")


NO_REFERENCES = References()


def completed(settings: ParentReference, named_places: Collection[str] | None) -> ParentReference:
    """Return ``settings`` with the places that count: those it names, else those that the other tracker's block names.

    ``named_places`` None: only that tracker knows its places.
    """
    return settings if settings.places else settings.model_copy(update={"places": tuple(named_places or ())})


def _without_comments(text: str) -> str:
    """Return a body without HTML comments: issue templates show in them how a line is written."""
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join(kept) + text[at:]
