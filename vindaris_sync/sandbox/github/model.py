"""What exists on the sandbox's GitHub: plain records, no behaviour beyond looking at themselves.

An issue's truth is its JSON document, kept as bytes with placeholders where URLs begin, so that 20,000 loaded
issues print back as they were loaded; beside it stand the few attributes that lists are filtered and sorted by.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import orjson

Document = dict[str, Any]
Key = tuple[str, int]
"""An issue's place in an order: its stamp there, and its number."""
REMEMBERED = 5_000
"""Changes that a lagging index can look back on, in each repository."""


def stamp(instant: datetime) -> str:
    """Return ``instant`` as GitHub prints it: UTC, to the second. Such stamps sort as text."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class User:
    """A person, a bot or an organisation."""

    id: int
    login: str
    type: Literal["User", "Bot", "Organization"] = "User"


@dataclass(slots=True)
class Label:
    """A repository's label; its name is unique without regard to case."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False
    created: str = "2008-01-01T00:00:00Z"


class Option(NamedTuple):
    """What a select offers."""

    id: int
    name: str
    color: str
    description: str | None = None


@dataclass(slots=True)
class Field:
    """An organisation's issue field; ``options`` are those of a select."""

    id: int
    name: str
    data_type: str
    created: str
    description: str | None = None
    options: list[Option] = field(default_factory=list)

    def option(self, name: str) -> Option | None:
        """Return the option of that name."""
        return next((option for option in self.options if option.name == name), None)


@dataclass(slots=True)
class Milestone:
    """A repository's milestone; ``due_on`` is an instant, as GitHub prints the chosen day."""

    id: int
    node_id: str
    number: int
    title: str
    creator: str
    created: str
    updated: str
    description: str | None = None
    due_on: str | None = None
    state: str = "open"
    closed_at: str | None = None

    @classmethod
    def of(cls, printed: Mapping[str, Any]) -> Milestone:
        """Return the record of a milestone as an issue prints it."""
        return cls(
            id=printed["id"],
            node_id=printed["node_id"],
            number=printed["number"],
            title=printed["title"],
            creator=(printed.get("creator") or {}).get("login") or "ghost",
            created=printed["created_at"],
            updated=printed["updated_at"],
            description=printed.get("description"),
            due_on=printed.get("due_on"),
            state=printed.get("state") or "open",
            closed_at=printed.get("closed_at"),
        )


@dataclass(slots=True)
class Event:
    """One line of an issue's timeline; ``extra`` holds what its kind adds (``label``, ``rename`` …)."""

    id: int
    number: int
    kind: str
    actor: str
    created: str
    extra: Document = field(default_factory=dict)


MOST_SENT = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt to deliver an event: what went out, and the receiver's status (0: nobody answered)."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    at: str
    seconds: float
    status: int
    again: bool


@dataclass(slots=True)
class Hook:
    """A repository's webhook; ``sent`` are its newest attempts, oldest first."""

    id: int
    url: str
    secret: str | None
    events: tuple[str, ...]
    created: str
    updated: str = ""
    active: bool = True
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=MOST_SENT))


@dataclass(slots=True)
class Issue:
    """An issue or pull request. ``labels`` are casefolded; ``parent`` and ``children`` are issue ids.

    ``milestone`` is its number.
    """

    repository: int
    number: int
    id: int
    node_id: str
    created: str
    updated: str
    state: str
    pull: bool
    labels: frozenset[str]
    comments: int
    doc: bytes
    milestone: int | None = None
    parent: int | None = None
    children: tuple[int, ...] = ()

    @classmethod
    def of(cls, repository: int, document: Document) -> Issue:
        """Return the record of a document as GitHub prints it."""
        return cls(
            repository=repository,
            number=document["number"],
            id=document["id"],
            node_id=document["node_id"],
            created=document["created_at"],
            updated=document["updated_at"],
            state=document["state"],
            pull="pull_request" in document,
            labels=frozenset(label["name"].casefold() for label in document["labels"]),
            comments=document["comments"],
            doc=orjson.dumps(document),
            milestone=(document.get("milestone") or {}).get("number"),
        )

    def document(self) -> Document:
        """Return a copy of the document, with placeholders in its URLs."""
        document: Document = orjson.loads(self.doc)
        return document


class Orders:
    """The numbers of a repository's issues by creation and by update, oldest first."""

    def __init__(self) -> None:
        self._keys: dict[str, list[Key]] = {"created": [], "updated": []}

    def add(self, issue: Issue) -> None:
        """Sort one issue in."""
        insort(self._keys["created"], (issue.created, issue.number))
        insort(self._keys["updated"], (issue.updated, issue.number))

    def remove(self, issue: Issue) -> None:
        """Take out an issue whose stamps are those it was added with."""
        for order, at in (("created", issue.created), ("updated", issue.updated)):
            keys = self._keys[order]
            place = bisect_left(keys, (at, issue.number))
            if keys[place : place + 1] == [(at, issue.number)]:
                del keys[place]

    def extend(self, issues: list[Issue]) -> None:
        """Sort many issues in at once."""
        self._keys["created"] = sorted(self._keys["created"] + [(issue.created, issue.number) for issue in issues])
        self._keys["updated"] = sorted(self._keys["updated"] + [(issue.updated, issue.number) for issue in issues])

    def since(self, order: str, at: str) -> list[Key]:
        """Return the (stamp, number) of the issues at or after ``at``, oldest first; equal stamps by number."""
        keys = self._keys[order]
        return keys[bisect_left(keys, (at, 0)) :]


class Past(NamedTuple):
    """What an issue was until ``until``; ``None``: it was not there."""

    until: str
    number: int
    issue: Issue | None


@dataclass(slots=True)
class Repository:
    """A repository and its issues. ``moved`` leads from a number to where that issue was transferred.

    ``max_page``: beyond it, ``page=`` is refused and only ``Link`` leads on, as for large data sets.
    """

    id: int
    owner: str
    name: str
    created: str
    private: bool = False
    archived: bool = False
    description: str | None = None
    max_page: int | None = None
    updated: str = ""
    issues: dict[int, Issue] = field(default_factory=dict)
    orders: Orders = field(default_factory=Orders)
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    last_milestone: int = 0
    events: list[Event] = field(default_factory=list)
    comments: dict[int, list[Document]] = field(default_factory=dict)
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    past: deque[Past] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    hooks: list[Hook] = field(default_factory=list)
    last_number: int = 0

    @property
    def full_name(self) -> str:
        """``owner/name`` as it is now."""
        return f"{self.owner}/{self.name}"

    def as_of(self, at: str) -> dict[int, Issue | None]:
        """Return what the issues that changed after ``at`` were then, by number."""
        then: dict[int, Issue | None] = {}
        for past in self.past:
            if past.until > at:
                then.setdefault(past.number, past.issue)
        return then


@dataclass(slots=True)
class BoardField:
    """A board's own field: TEXT, NUMBER, DATE, SINGLE_SELECT (``options``) or ITERATION (``options`` are titles)."""

    id: str
    name: str
    data_type: str
    options: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A draft issue: on a board, and in no repository."""

    id: str
    title: str
    body: str
    creator: str


@dataclass(slots=True)
class BoardItem:
    """Something on a board: an issue, by its node id, or a draft. ``values`` are by the field's name."""

    id: str
    number: int
    issue: str = ""
    draft: Draft | None = None
    values: dict[str, str | float] = field(default_factory=dict)
    archived: bool = False


@dataclass(slots=True)
class Board:
    """A project of version 2."""

    id: str
    owner: str
    number: int
    title: str
    updated: str
    fields: list[BoardField] = field(default_factory=list)
    items: list[BoardItem] = field(default_factory=list)


@dataclass(slots=True)
class Organisation:
    """An organisation's own settings."""

    login: str
    fields: list[Field] = field(default_factory=list)
    types: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class App:
    """A GitHub App and its single installation; ``repositories`` ``None``: all of the account's."""

    id: int
    slug: str
    installation: int
    account: str
    permissions: dict[str, str]
    repositories: set[int] | None = None
    issued: int = 0
