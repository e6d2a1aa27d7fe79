"""Where to resume reading one repository, as an opaque text for the store."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta

from vindaris_connectors.github.mapping import is_stamp
from vindaris_sync.sdk.mapping import instant
from vindaris_sync.sdk.protocol import OVERLAP
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

SETTLED = OVERLAP
"""When no list lags any more: after it, nothing can turn up with the stamp that was the newest then."""
_SENDABLE = re.compile(r"([!-~]([ -~]*[!-~])?)?")
"""What may stand in a request's header; an answer's ``ETag`` that is more than that only costs the next answer."""
_LOAD_MARGIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A full load under way (``load`` or ``link``), or a point in time after it (``since``); empty: nothing was read.

    Storing it loses nothing: everything that was updated before ``since``, or that stood on the pages before ``load``
    or ``link``, has been handed on.
    """

    repository: int = 0
    """The repository's number, by which it is reached under any name."""
    since: str = ""
    """GitHub's stamp from which on changes are read, inclusive."""
    watch: str = ""
    """The address whose answer tells that nothing changed; empty: the first page from ``since`` on."""
    etag: str = ""
    """Of the last committed answer from there, never of a 304."""
    load: int = 0
    """The page of the full load that was recorded last."""
    link: str = ""
    """The same where pages are not counted but linked: the last recorded page's address."""
    start: str = ""
    """When the full load began, by the server's ``Date``."""
    newest: str = ""
    """The newest ``updated_at`` that the full load has seen, or that stands in the list that is watched."""

    @property
    def loading(self) -> bool:
        """Whether the full load has not ended."""
        return not self.since

    def text(self) -> str:
        """Return the cursor for the store."""
        return json.dumps({key: value for key, value in asdict(self).items() if value}, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str | None) -> Cursor:
        """Return the cursor that ``text`` holds; what cannot be read starts anew, which loses nothing."""
        try:
            document = json.loads(text or "{}")
            known = {field.name: type(field.default) for field in fields(cls)}
            if all(type(value) is known.get(key) for key, value in document.items()):
                cursor = cls(**document)
                for at in filter(None, (cursor.since, cursor.start, cursor.newest)):
                    instant(at)
                if not _SENDABLE.fullmatch(cursor.etag):
                    cursor = replace(cursor, etag="")
                if cursor.repository > 0:
                    return cursor if not cursor.since or is_stamp(cursor.since) else cls(cursor.repository)
        except SHAPE_ERRORS:
            pass
        return cls()


def stamp(moment: datetime) -> str:
    """Return ``moment`` (UTC) as GitHub prints it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def resume_point(newest: str, date: datetime) -> str:
    """Return from when on changes are to be read after everything up to ``newest`` was, at the server's ``date``.

    The second of ``newest`` is read again while something may still turn up in it; nothing lies after ``date``.
    Counting from what was seen, not from the clock, keeps a list that lags from losing anything.
    """
    seen = min(instant(newest), date)
    return stamp(seen + timedelta(seconds=1) if date - seen > SETTLED else seen)


def point_after_load(newest: str, start: str) -> str:
    """Return from when on changes are to be read after a full load that began at ``start`` (both stamps)."""
    began = instant(start)
    if not newest:
        return stamp(began - SETTLED)
    return min(resume_point(newest, began), stamp(began - _LOAD_MARGIN))
