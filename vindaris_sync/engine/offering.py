"""What a message offers to do about its list, and what it shows of decisions that were made there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.messages import Item, Kind, Line
from vindaris_sync.domain.ranking import Candidate
from vindaris_sync.domain.text import one_line
from vindaris_sync.engine import buttons
from vindaris_sync.engine.answering import UNDO_WITHIN
from vindaris_sync.engine.context import Context
from vindaris_sync.notify.protocol import Ability, Channel
from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.lists import AskedList
from vindaris_sync.store.told import About

SHOWN = 3
"""Decisions that a message shows; its thread holds all."""
_SHOWN_FOR = timedelta(days=1)
_NOTE = 160

Told = Callable[[str], str]
"""Says what a message's readers may see of a text (L9)."""


def without_answered(context: Context, listing: AskedList) -> AskedList:
    """Return the list less what a person has decided and no pass has looked at since: it is no question any more."""
    numbers = context.store.numbers((item.tracker, item.id) for item in listing.items)
    done = context.store.answered_meanwhile(numbers.values())
    names = {f"{tracker}:{ext}" for (tracker, ext), number in numbers.items() if number in done}
    items = tuple(item for item in listing.items if f"{item.tracker}:{item.id}" not in names)
    return replace(listing, items=items, members=listing.members - names)


def with_buttons(context: Context, channel: Channel, kind: Kind, items: Sequence[Item], told: Told) -> list[Item]:
    """Return the items with what can be done about each; as they are where the channel has no buttons."""
    if Ability.BUTTONS not in channel.abilities or kind not in buttons.CLICKABLE:
        return list(items)
    named = {item.id: (item.id.partition(":")[0], item.id.partition(":")[2]) for item in items}
    numbers = context.store.numbers(named.values())
    records, book = context.store.view_records(numbers.values()), context.book()
    found = context.candidates.of(list(records), buttons.MOST) if kind in buttons.CHOSEN else {}
    by_id = {name: records.get(numbers.get(ref, 0)) for name, ref in named.items()}
    shown = []
    for item in items:
        if (record := by_id[item.id]) is None:
            shown.append(item)
            continue
        candidates = found.get(record.id, ())
        note = " · ".join(filter(None, (item.note, *(why(each, told) for each in candidates[:1]))))
        shown.append(replace(item, note=note, buttons=buttons.offered(kind, record, book, candidates, told)))
    return shown


def why(candidate: Candidate, told: Told) -> str:
    """Return the strongest evidence for a candidate."""
    evidence = "; ".join(map(str, candidate.evidence[:1]))
    return one_line(told(f"{candidate.key}? {evidence}"), _NOTE) if evidence else ""


def decided(context: Context, about: About, told: Told, now: datetime) -> tuple[Line, ...]:
    """Return what people decided on the list's issues within a day, the last first; what was taken back is left out."""
    found = context.store.decisions(about, to_micros(now - _SHOWN_FOR))
    stand = [each for each in found if each.undone_at is None]
    return tuple(buttons.decided(each, told, now) for each in stand[: -SHOWN - 1 : -1])


def undo_ends(
    context: Context, about: About, now: datetime, announce: Callable[[datetime], Announce]
) -> Iterator[Announce]:
    """Yield when the message of ``now`` will change by itself: what was decided can be taken back no more."""
    found = context.store.decisions(about, to_micros(now - UNDO_WITHIN))
    yield from (announce(each.at + UNDO_WITHIN) for each in found[-SHOWN:] if each.undone_at is None)
