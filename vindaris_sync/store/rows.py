"""An observed issue as the columns it becomes, and what the store knew of it before."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import orjson

from vindaris_sync.domain.models import Address, Issue, Presence, Raw, Surface, observe
from vindaris_sync.domain.rules import traits_of
from vindaris_sync.sdk.clock import APART
from vindaris_sync.sdk.protocol import LATEST, OVERLAP
from vindaris_sync.store.codec import dump, dump_traits, span_micros, to_micros

_LISTS = span_micros(LATEST)
_ANSWERS = 2 * span_micros(OVERLAP)  # Data Center's come from its index where many are asked for
_APART = span_micros(APART)
_REMEMBERED = 8192  # distinct sets of labels, fields and traits whose observation is kept as text


class StatedParent(NamedTuple):
    """A parent as an issue states it: in which tracker, and its id, its key or both there; all empty without one."""

    tracker: str = ""
    ext_id: str = ""
    key: str = ""

    def told(self, tracker: str) -> list[str]:
        """Return what the history of an issue of ``tracker`` keeps of it; a foreign one's names say whose they are."""
        names = [name for name in (self.ext_id, self.key) if name]
        return names if self.tracker == tracker else [f"{self.tracker}:{name}" for name in names]


def stated_parent(parent: Address | None) -> StatedParent:
    """Return the parent that an issue names."""
    return StatedParent(parent.tracker, parent.id, parent.key) if parent else StatedParent()


class Payload(NamedTuple):
    """What a tracker says, as columns in the order they are written."""

    key: str
    place: str
    type: str
    title: str
    url: str
    status: str
    closed: bool
    declined: bool
    created: int
    updated: int
    author: str
    assignee: str
    parent_tracker: str
    parent_ext: str
    parent_key: str
    observed: str
    traits: str
    estimate: float | None
    digest: int

    @property
    def parent(self) -> StatedParent:
        """The parent as stated."""
        return StatedParent(self.parent_tracker, self.parent_ext, self.parent_key)


class Known(NamedTuple):
    """What the store holds of an issue that a new observation is compared with."""

    ext_id: str
    id: int
    key: str
    place: str
    type: str
    closed: bool
    updated: int
    parent_tracker: str
    parent_ext: str
    parent_key: str
    observed: str
    traits: str
    digest: int
    verified_at: int | None
    parent_id: int | None
    presence: str

    @property
    def parent(self) -> StatedParent:
        """The parent as stated before."""
        return StatedParent(self.parent_tracker, self.parent_ext, self.parent_key)


KNOWN = (
    "ext_id, id, key, place, type, closed, updated, parent_tracker, parent_ext, parent_key, observed, traits, digest, "
    "verified_at, parent_id, presence"
)
"""The columns of ``Known`` in its order."""


class Observer:
    """Turns issues into payloads under fixed surfaces; equal labels and fields are looked at once."""

    def __init__(self, surfaces: tuple[Surface, ...]) -> None:
        self.surfaces = surfaces
        self._texts: dict[tuple[Raw, tuple[tuple[str, Raw], ...], Raw, tuple[str, str]], tuple[str, str]] = {}

    def payload(self, issue: Issue) -> Payload:
        """Return the issue's columns; equal digests mean that nothing we keep differs."""
        parent = issue.parent
        told = (
            issue.key,
            issue.place,
            issue.type,
            issue.title,
            issue.url,
            issue.status,
            issue.closed,
            issue.declined,
            to_micros(issue.created),
            to_micros(issue.updated),
            issue.author,
            issue.assignee,
            *stated_parent(parent),
            *self._shown(issue),
            issue.estimate,
        )
        digest = blake2b(orjson.dumps(told), digest_size=8).digest()
        return Payload(*told, int.from_bytes(digest, "big", signed=True))

    def _shown(self, issue: Issue) -> tuple[str, str]:
        """Return what its surfaces show, and what rules look at."""
        milestone = (issue.milestone, issue.milestone_id)
        shown = (issue.labels, tuple(issue.fields.items()), issue.components, milestone)
        texts = self._texts.get(shown)
        if texts is None:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            seen = dump(observe(issue, self.surfaces))
            texts = self._texts[shown] = (seen, dump_traits(traits_of(issue, self.surfaces)))
        return texts


@dataclass(frozen=True, slots=True)
class Reading:
    """How issues were read: when, directly or from a list, and what an issue is that was not known, or not there."""

    now: int
    ahead: int = 0
    """By how much ``now`` is ahead of the tracker's clock, which made the stamps."""
    direct: bool = False
    new: Presence = Presence.PRESENT
    in_scope: bool = False
    """Whether being read proves that the issue is in scope, as being on a page does."""
    watched: int | None = None
    """Since when all of the scope is known; what is created later in a place never seen before is no backlog."""
    ours: frozenset[int] = frozenset()
    """The rows of issues on which nothing but what we wrote has changed: no reason to decide these anew."""

    @property
    def sight(self) -> int:
        """When a place that was never seen before counts as first seen (R9)."""
        return self.now if self.watched is None else self.watched

    def is_late(self, known: Known, payload: Payload) -> bool:
        """Return whether ``payload`` tells of what was before ``known``: it is older, and a delay may be the reason.

        An index, or an answer on its way, can miss only what is new. A stamp held for longer, or one from the future,
        tells that the tracker's clock, or the tracker itself, was set back: then what is read now is what is.
        """
        if payload.updated >= known.updated:
            return False
        now = self.now - self.ahead
        return now - (_ANSWERS if self.direct else _LISTS) < known.updated <= now + _APART

    def presence(self, known: Known, payload: Payload) -> str:
        """Return what the issue's presence is after the observation ``payload``."""
        if known.presence in (Presence.GONE, Presence.MOVED):
            risen = self.direct or payload.updated > known.updated  # a lagging index still lists what is gone
            return self.new if risen else known.presence
        if known.presence == Presence.HIDDEN:
            return self.new
        return Presence.PRESENT if self.in_scope else known.presence
