"""Muting: what a person does not want to be told of for a time. It stays counted, and ends by itself."""

from __future__ import annotations

from datetime import datetime

from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.muting import LONGEST, Mute, Muted
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.store.store import Store


class Unmutable(Refusal):
    """What was to be muted cannot be, and why."""


def mute(store: Store, about: Muted, until: datetime, by: By) -> Mute:
    """Let nothing notify about a team, a goal or an issue until then; return what holds now.

    A running mute about the same ends with it.

    Raises:
        Unmutable: ``until`` is over or more than a year away, or no reason is given.

    """
    if not by.at < until <= by.at + LONGEST:
        raise Unmutable("a mute ends in the future", advice=f"within {LONGEST.days} days; renew it then")
    if not by.why.strip():
        raise Unmutable("a mute needs a reason", advice="say why: it is shown to whoever wonders why nobody was told")
    asked = Mute(0, about, by.at, until, by.who, by.how, by.why)
    number = store.mute(asked)
    return next(each for each in store.mutes(by.at) if each.id == number)


def unmute(store: Store, about: Muted, by: By) -> bool:
    """End the mute about a team, a goal or an issue; False where there is none. What was held back is told now."""
    running = [each for each in store.mutes(by.at) if each.about == about]
    for each in running:
        store.unmute(each.id, by.who, by.at)
    return bool(running)
