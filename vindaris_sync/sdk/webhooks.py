"""Webhooks: what a connector makes of a request that comes in, and of what it registered itself.

An event is never believed: it names what to look at again, which is then fetched like anything else. So a forged, lost,
repeated or late one costs a look at most.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol, runtime_checkable

from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.mapping import JsonObject, decode
from vindaris_sync.sdk.secret import Secret

ADDRESS_KEY = "key"
"""The parameter of our address that carries ``address_key``, for trackers that sign nothing."""
MOST_NAMED = 100
"""Issues that one delivery may name; one that names more is a look at the place."""
LONGEST_NAME = 200
"""Characters of an id or a key that a delivery names, and of its own id; there are none as long."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it came: header names in lower case (a repeated one's values joined by a comma), exact bytes."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]

    def id_in(self, header: str) -> str:
        """Return the id that the sender gave the delivery, else one made of its bytes; at most 200 characters."""
        given = self.headers.get(header, "").strip()[:LONGEST_NAME]
        return given or blake2b(self.body, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a delivery that is the tracker's own says: which issues to look at again, or the whole place, or nothing.

    ``delivery`` is the same whenever it is sent again. ``why`` says in a few words what it was.
    """

    delivery: str
    why: str
    issues: tuple[Address, ...] = ()
    whole: bool = False


class Flaw(StrEnum):
    """Why a delivery is not listened to."""

    FORGED = "forged"
    """Nothing shows that the tracker sent it."""
    MALFORMED = "malformed"
    """The tracker sent it, and it cannot be read."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """A delivery that nobody listens to. ``why`` is for our log; it quotes nothing of a forged one."""

    flaw: Flaw
    why: str


class Standing(StrEnum):
    """How a place's webhook is, or what became of it."""

    RIGHT = "right"
    ABSENT = "absent"
    WRONG = "wrong"
    """It is there, and not as it should be."""
    FAILING = "failing"
    """It is as it should be, and its deliveries do not reach us."""
    UNKNOWN = "unknown"
    """We may not look, or may not change it."""


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhook of one place that leads to our address: how it stands, in words, and the way out where it is bad."""

    place: str
    standing: Standing
    what: str = ""
    advice: str = ""
    id: str = ""


@runtime_checkable
class Hears(Protocol):
    """A connector with ``Capability.WEBHOOKS``."""

    def hear(self, delivery: Delivery) -> Heard | Unheard:
        """Return what a delivery says. Asks nobody and waits for nothing; any thread may call it at any time.

        Never raises, whatever comes in. What is not shown to be the tracker's own is not even parsed.
        """
        ...

    def manual(self, address: str) -> tuple[str, ...]:
        """Return, line by line, how a person registers the webhook there; empty where ``RegistersHooks`` does it."""
        ...


@runtime_checkable
class RegistersHooks(Hears, Protocol):
    """A connector that registers its webhooks by itself. Raises, and is called, as ``Connector`` is."""

    def hooks(self, address: str) -> Iterator[Hook]:
        """Yield for each place how the webhook that leads to ``address`` stands; others' webhooks are not looked at."""
        ...

    def register(self, hook: Hook, address: str) -> Hook:
        """Make ``hook`` right, its secret and events included, whatever it is now; return how it stands then."""
        ...

    def unregister(self, hook: Hook) -> Hook:
        """Delete ``hook``, one of those that ``hooks`` yields; return how it stands then."""
        ...


def matches(given: str, wanted: str) -> bool:
    """Return whether two texts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def signature(secret: Secret, body: bytes) -> str:
    """Return how ``body`` is signed, as GitHub's and Jira's headers spell it: ``sha256=`` and lower-case hex."""
    return f"sha256={hmac.new(secret.reveal().encode(), body, 'sha256').hexdigest()}"


def signed(delivery: Delivery, header: str, secret: Secret) -> bool:
    """Return whether ``header`` holds the signature of the body; an empty secret signs nothing."""
    return bool(secret.reveal()) and matches(delivery.headers.get(header, ""), signature(secret, delivery.body))


def address_key(secret: Secret, tracker: str) -> str:
    """Return what our address for ``tracker`` carries where nothing is signed; it does not give the secret away."""
    purpose = f"vindaris-sync webhook address {tracker}".encode()
    return hmac.new(secret.reveal().encode(), purpose, "sha256").hexdigest()[:40]


def keyed(delivery: Delivery, secret: Secret, tracker: str) -> bool:
    """Return whether the delivery came to the address that only we and the tracker know."""
    return bool(secret.reveal()) and matches(delivery.query.get(ADDRESS_KEY, ""), address_key(secret, tracker))


def parsed(body: bytes) -> JsonObject:
    """Return the JSON object that ``body`` is; raises ``ValueError`` for anything else, however deep or large."""
    document = decode(body)
    if not isinstance(document, dict):
        message = f"a JSON {type(document).__name__}, not an object"
        raise ValueError(message)  # noqa: TRY004 - one error for all that cannot be read
    return document
