"""What all connectors' mappings share: JSON, text and instants of any tracker into values that every store takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from vindaris_sync.domain.models import Issue, Rejected
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.secret import holds_secret, redact
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

JsonObject = Mapping[str, Any]
YEARS = range(1000, 9000)
"""In which issues may have been made and changed."""
_EXCERPT = 400
_DIGITS = 400  # of a number; no float has more before its point, and Python refuses to read more than 4,300


class TooDeep(ValueError):
    """A JSON document is nested deeper than any tracker's answer has reason to be."""


def decode(body: bytes) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
    r"""Return the JSON document ``body`` with all its strings ``clean``; raises ``ValueError``, ``TooDeep`` for a bomb.

    orjson refuses a whole document for one lone surrogate, one wrong UTF-8 byte or one ``NaN``. Those are read with
    ``json``, so that they cost the value that they stand in and no other: what is no number is null.
    """
    try:
        return _decode(body)
    except RecursionError:
        raise TooDeep("the JSON document is nested too deeply") from None


def _decode(body: bytes) -> Any:  # noqa: ANN401 - as above
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):
            raise RecursionError from None
        return cleaned(json.loads(body.decode("utf-8", "replace"), parse_constant=_nothing, parse_int=_integer))
    return cleaned(document) if b"\\u0000" in body else document


def _nothing(_: str) -> None:
    """Read ``NaN`` and ``Infinity``, which are no JSON, as null."""


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None


def cleaned(node: Any) -> Any:  # noqa: ANN401 - as above
    """Return a document with all its strings ``clean``."""
    if isinstance(node, str):
        return clean(node)
    if isinstance(node, list):
        return [cleaned(item) for item in node]
    if isinstance(node, dict):
        return {clean(key): cleaned(value) for key, value in node.items()}
    return node


def instant(text: str) -> datetime:
    """Return the instant that GitHub (``2011-01-27T00:48:47Z``) or Jira (``…05.000+0000``) wrote, in UTC.

    Raises ``ValueError`` for text without an offset and for anything else.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        message = f"an instant without an offset: {text!r}"
        raise ValueError(message)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        message = f"an instant outside of all calendars: {text!r}"
        raise ValueError(message) from None


def dated(text: str) -> datetime:
    """Return the ``instant`` at which an issue was made or changed; raises ``ValueError`` for one that cannot be.

    Years outside ``YEARS`` come from imports gone wrong; a span added to them would leave the calendar.
    """
    moment = instant(text)
    if moment.year not in YEARS:
        message = f"an instant in the year {moment.year}"
        raise ValueError(message)
    return moment


@dataclass(frozen=True, slots=True)
class Mapped:
    """The items of one page, each accounted for: mapped, left out on purpose, or set aside."""

    issues: tuple[Issue, ...]
    rejected: tuple[Rejected, ...]
    skipped: int


def map_items(
    items: Iterable[object],
    to_issue: Callable[[JsonObject], Issue | None],
    identify: Callable[[JsonObject], tuple[str, str]],
) -> Mapped:
    """Map each of ``items``; ``None`` counts as skipped, an item of unexpected shape is ``rejected``, the rest stays.

    ``identify`` returns an item's id and key and may fail as well.
    """
    issues: list[Issue] = []
    aside: list[Rejected] = []
    skipped = 0
    for item in items:
        try:
            issue = to_issue(_object(item))
        except SHAPE_ERRORS as error:
            aside.append(rejected(item, error, identify))
            continue
        if issue is None:
            skipped += 1
        else:
            issues.append(masked(issue))
    return Mapped(tuple(issues), tuple(aside), skipped)


def masked(issue: Issue) -> Issue:
    """Return ``issue`` as it is; where somebody wrote one of our secrets into it, with the secret masked (L9)."""
    if not holds_secret("\n".join(_texts(issue))):
        return issue
    shown = {each.name: getattr(issue, each.name) for each in fields(issue)}
    plain: dict[str, Any] = {name: redact(text) for name, text in shown.items() if isinstance(text, str)}
    plain |= {name: tuple(map(redact, texts)) for name, texts in shown.items() if isinstance(texts, tuple)}
    plain["fields"] = {key: tuple(map(redact, values)) for key, values in issue.fields.items()}
    return replace(issue, **plain)


def _texts(issue: Issue) -> Iterator[str]:
    yield from (issue.title, issue.key, issue.type, issue.status, issue.url, issue.author, issue.assignee)
    yield from (*issue.labels, *issue.components, issue.milestone)
    for values in issue.fields.values():
        yield from values


def rejected(item: object, error: Exception, identify: Callable[[JsonObject], tuple[str, str]]) -> Rejected:
    """Return ``item`` as set aside because of ``error``; an item that cannot be identified goes by its hash."""
    text = _text(item)
    try:
        id_, key = identify(_object(item))
    except SHAPE_ERRORS:
        id_, key = "", ""
    id_ = id_ or "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Rejected(id_, key, redact(f"{type(error).__name__}: {error}")[:_EXCERPT], redact(clean(text))[:_EXCERPT])


def _text(item: object) -> str:
    try:
        return json.dumps(item, ensure_ascii=False, sort_keys=True, default=repr)
    except RecursionError:
        return "nested too deeply"


def _object(item: object) -> JsonObject:
    if not isinstance(item, dict):
        message = f"an object was expected, not {type(item).__name__}"
        raise TypeError(message)
    return item
