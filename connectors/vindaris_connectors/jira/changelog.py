"""What became of our write, read from the changelog afterwards: a person's edit that came between is found (R5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

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


@dataclass(frozen=True, slots=True)
class Told:
    """What an issue's history tells of a write of ours."""

    back: tuple[Change, ...]
    """The changes that restore what a person had set between our read and our write; none: nobody came between."""
    taken: Mapping[str, datetime]
    """When each surface was written, by its key, as far as the history shows it."""


class _Step(NamedTuple):
    """A change of one surface."""

    author: str
    at: datetime
    before: Raw
    after: Raw


def tell(one: Ready, entries: Sequence[Entry], me: str, fields: Mapping[str, Field]) -> Told:
    """Return what ``entries``, the issue's, oldest first, tell of a write; ``me`` is our account id.

    A step counts as ours by its value: somebody may be at work by hand with our account.
    """
    steps = [(change, _steps(one, change, entries, me, fields)) for change in one.write.changes]
    back = (_restored(one, change, until, me) for change, until in steps if until)
    taken = {change.surface.key: until[-1].at for change, until in steps if until}
    return Told(tuple(change for change in back if change is not None), taken)


def _restored(one: Ready, change: Change, steps: Sequence[_Step], me: str) -> Change | None:
    """Return what undoes the last of ``steps``, which is ours, where it has replaced what we had not read."""
    expected, (*earlier, ours) = one.write.expected.get(change.surface.key, ()), steps
    halfway = tuple(dict.fromkeys((*expected, *change.add)))  # what a bulk edit leaves between adding and removing
    replaced = ours.before
    if earlier and earlier[-1].author == me and same_values(replaced, halfway) and not same_values(replaced, expected):
        replaced = earlier[-1].before
    if same_values(replaced, expected):
        return None
    add = tuple(value for value in replaced if value not in ours.after)
    return Change(change.surface, add, tuple(value for value in ours.after if value not in replaced))


def _steps(
    one: Ready, change: Change, entries: Sequence[Entry], me: str, fields: Mapping[str, Field]
) -> Sequence[_Step]:
    """Return the steps of the surface since the issue was read, up to the one that made our change; none without it."""
    surface = change.surface
    id_ = surface.id if surface.kind is SurfaceKind.FIELD else "labels"
    found = []
    for entry in entries:
        if entry.field == id_ and entry.at >= one.issue.updated:
            before, after = (_shown(one, surface, text, fields) for text in (entry.before, entry.after))
            if before != after:
                found.append(_Step(entry.author, entry.at, before, after))
    while found and not (found[-1].author == me and _wanted(change, found[-1].after)):
        found.pop()
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
