"""What an event of the tracker in memory says, and how one is made: the smallest webhook that keeps the contract."""

from __future__ import annotations

import json
from collections.abc import Collection
from uuid import uuid4

from vindaris_connectors.memory.settings import MemorySettings
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import SHAPE_ERRORS
from vindaris_sync.sdk.webhooks import (
    LONGEST_NAME,
    MOST_NAMED,
    Delivery,
    Flaw,
    Heard,
    Unheard,
    parsed,
    signature,
    signed,
)

SIGNATURE = "x-memory-signature"
DELIVERY = "x-memory-delivery"


def delivery(secret: Secret, body: bytes) -> Delivery:
    """Return ``body`` as the tracker sends it, signed."""
    return Delivery({SIGNATURE: signature(secret, body), DELIVERY: uuid4().hex}, body, {})


def event(secret: Secret, issues: Collection[str] = (), *, whole: bool = False) -> Delivery:
    """Return an event about issues, by their ids, or about everything."""
    return delivery(secret, json.dumps({"issues": sorted(issues), "whole": whole}).encode())


def hear(given: Delivery, tracker: str, settings: MemorySettings) -> Heard | Unheard:
    """Return what a delivery says."""
    if settings.webhook is None or not signed(given, SIGNATURE, settings.webhook.secret):
        return Unheard(Flaw.FORGED, SIGNATURE)
    try:
        document = parsed(given.body)
        ids = [_id(each) for each in document["issues"][:MOST_NAMED]]
        whole = document["whole"] is True or len(document["issues"]) > MOST_NAMED
    except SHAPE_ERRORS as error:
        return Unheard(Flaw.MALFORMED, type(error).__name__)
    return Heard(given.id_in(DELIVERY), "changed", tuple(Address(tracker, id_) for id_ in ids), whole)


def _id(given: object) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_NAME:
        message = "no id"
        raise ValueError(message)
    return given
