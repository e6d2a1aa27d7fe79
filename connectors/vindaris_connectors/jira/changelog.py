"""What our write replaced, read from the changelog afterwards: a person's edit that came between is found (R5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira.client import Client, as_object
from vindaris_connectors.jira.search import MAX_PAGES
from vindaris_connectors.jira.surfaces import Field, Shape
from vindaris_sync.domain.models import Change, Raw, Surface, SurfaceKind, observe
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.mapping import instant
from vindaris_sync.sdk.writing import Ready, same_values

MOST = 1000
"""Issues of one request."""
_PAGE = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNAVAILABLE = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an issue's history: who changed which field when, as Jira prints it."""

    author: str
    at: datetime
    field: str
    before: str
    after: str


def read_entries(client: Client, ids: Sequence[str], fields: Sequence[str]) -> dict[str, list[Entry]] | None:
    """Return the histories of at most ``MOST`` issues, limited to ``fields`` (at most ten), oldest first, by issue id.

    None: the site forbids or lacks the request.
    """
    entries: dict[str, list[Entry]] = {}
    body: dict[str, Any] = {"issueIdsOrKeys": list(ids), "fieldIds": list(fields), "maxResults": _PAGE}
    for _ in range(MAX_PAGES):
        answer = client.ask("/rest/api/3/changelog/bulkfetch", body)
        if answer.status in _UNAVAILABLE:
            return None
        if answer.status != HTTPStatus.OK:
            raise Transient(f"{answer.url} answered {answer.status}")
        document = as_object(answer)
        try:
            for log in document.get("issueChangeLogs") or ():
                entries.setdefault(str(log["issueId"]), []).extend(entries_of(log.get("changeHistories") or ()))
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Transient(f"{answer.url} answered with a changelog that cannot be read") from None
        token = document.get("nextPageToken")
        if not token or token == body.get("nextPageToken"):
            break
        body["nextPageToken"] = token
    return entries


def entries_of(histories: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    """Yield the lines of histories in their order; raises what reading a wrong shape raises."""
    for history in histories:
        author = str((history.get("author") or {}).get("accountId") or "")
        at = _instant(history.get("created"))
        for item in history.get("items") or ():
            field = str(item.get("fieldId") or item.get("field") or "")
            yield Entry(author, at, field, str(item.get("fromString") or ""), str(item.get("toString") or ""))


def _instant(stamp: object) -> datetime:
    """Read epoch milliseconds, which Jira prints here, or an ISO instant, which its schema promises."""
    if isinstance(stamp, int):
        return _EPOCH + timedelta(milliseconds=stamp)
    return instant(str(stamp))


def put_back(one: Ready, entries: Sequence[Entry], me: str, fields: Mapping[str, Field]) -> tuple[Change, ...]:
    """Return the changes that restore what a person had set between our read and our write; none: nobody came between.

    ``entries`` are the issue's, oldest first; ``me`` is our account id. A step counts as ours by its value: somebody
    may be at work by hand with our account.
    """
    restored = (_restored(one, change, entries, me, fields) for change in one.write.changes)
    return tuple(change for change in restored if change is not None)


def _restored(
    one: Ready, change: Change, entries: Sequence[Entry], me: str, fields: Mapping[str, Field]
) -> Change | None:
    surface, expected = change.surface, one.write.expected.get(change.surface.key, ())
    steps = _steps(one, surface, entries, fields)
    place = next((i for i in reversed(range(len(steps))) if steps[i][0] == me and _wanted(change, steps[i][2])), None)
    if place is None:
        return None
    after = steps[place][2]
    halfway = tuple(dict.fromkeys((*expected, *change.add)))  # what a bulk edit leaves between adding and removing
    replaced = steps[place][1]
    if place and steps[place - 1][0] == me and same_values(replaced, halfway) and not same_values(replaced, expected):
        replaced = steps[place - 1][1]
    if same_values(replaced, expected):
        return None
    add = tuple(value for value in replaced if value not in after)
    return Change(surface, add, tuple(value for value in after if value not in replaced))


def _steps(
    one: Ready, surface: Surface, entries: Sequence[Entry], fields: Mapping[str, Field]
) -> list[tuple[str, Raw, Raw]]:
    """Return (author, before, after) of each change of the surface since the issue was read."""
    id_ = surface.id if surface.kind is SurfaceKind.FIELD else "labels"
    found = []
    for entry in entries:
        if entry.field == id_ and entry.at >= one.issue.updated:
            before, after = (_shown(one, surface, text, fields) for text in (entry.before, entry.after))
            if before != after:
                found.append((entry.author, before, after))
    return found


def _shown(one: Ready, surface: Surface, text: str, fields: Mapping[str, Field]) -> Raw:
    """Return what the surface shows where the changelog prints ``text``."""
    if surface.kind is not SurfaceKind.FIELD:
        return observe(replace(one.issue, labels=tuple(text.split())), (surface,))[surface.key]
    return values_in(fields[surface.id].shape, text)


def values_in(shape: Shape, text: str) -> Raw:
    """Return the values that a history prints as ``text`` for a field of that shape."""
    match shape:
        case Shape.OPTIONS:
            return tuple(sorted(part.strip() for part in text.split(",") if part.strip()))
        case Shape.LABELS:
            return tuple(sorted(text.split()))
        case _:
            return (text.strip(),) if text.strip() else ()


def _wanted(change: Change, shown: Raw) -> bool:
    return set(change.add) <= set(shown) and not set(change.remove) & (set(shown) - set(change.add))
