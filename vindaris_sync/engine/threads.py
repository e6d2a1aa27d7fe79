"""The thread of a message holds who decided what: one line for each decision, bounded, told once (L8).

What was told is remembered by instants: the number of a decision is one, and so is when it was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from vindaris_sync.domain import retelling
from vindaris_sync.domain.living import Living
from vindaris_sync.engine.context import Context
from vindaris_sync.notify.protocol import Ability, Channel, ChannelUnusable, MessageGone
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.told import About

MOST = 10
"""Lines that are told one by one when several wait; the others are counted in one."""


def tell_thread(context: Context, channel: Channel, subject: str, about: About, told: Callable[[str], str]) -> None:
    """Add to the thread of a subject's message what was decided since; raises the channel's errors.

    ``told`` says what the channel's readers may see. A line is stored as begun before it is sent: after a crash the
    channel looks for it, and where it cannot, the line is left out rather than told twice.
    """
    living = context.store.living(subject, channel.name)
    if living is None or not living.thread or Ability.THREADS not in channel.abilities:
        return
    for mark, text in _lines(context, about, living.told):
        key = sha256(f"{subject}\n{mark}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
        living = _tell(context, channel, subject, living, (mark, told(text), key))
        if not living.thread:
            return


def _tell(context: Context, channel: Channel, subject: str, living: Living, line: tuple[int, str, str]) -> Living:
    """Tell one line; return what is remembered then."""
    mark, text, key = line

    def keep(after: Living) -> Living:
        context.store.put_living(subject, channel.name, after)
        return after

    repeated = living.telling == mark
    if not repeated:
        living = keep(replace(living, telling=mark))
    try:
        channel.reply(living.thread, text, key, repeated=repeated)
    except MessageGone:
        return keep(replace(living, thread="", telling=0))
    except (Transient, ChannelUnusable) as error:
        if not repeated and not isinstance(error, Unknown):
            keep(replace(living, telling=0))
        raise
    return keep(replace(living, told=mark, telling=0))


def _lines(context: Context, about: About, after: int) -> Iterator[tuple[int, str]]:
    """Yield what is to be told, in order, each with its instant."""
    found: list[tuple[int, str]] = []
    for each in context.store.decisions(about, after):
        if each.batch > after:
            found.append((each.batch, retelling.sentence(each)))
        if each.undone_at is not None and (mark := to_micros(each.undone_at)) > after:
            found.append((mark, retelling.taken_back(each)))
    found.sort()
    yield from found[:MOST]
    if rest := found[MOST:]:
        yield rest[-1][0], retelling.many(len(rest))
