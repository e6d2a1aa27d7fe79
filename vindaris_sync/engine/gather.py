"""Gathering: what a tracker says is recorded before anything is decided; the cursor moves with its page (L7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.decide import missing_values, must_read, removed
from vindaris_sync.domain.limits import removals_allowed
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.models import Address, Base, Gone, Hidden, Issue, Moved, Page, Presence, Present, Surface
from vindaris_sync.domain.records import Record, Situation
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.sdk.protocol import Connector, Loss, Missing

_BATCH = 500
_MOST_ABOVE = 20  # generations of parents out of scope that one pass follows upwards


def pull(context: Context, tracker: Tracker, counts: Counter[str]) -> None:
    """Pull what was created or changed, page by page; when all of it was read once, the tracker counts as loaded."""
    surfaces = tracker.connector.layout().surfaces
    watched, began = watched_since(context, tracker.name), context.now()
    as_before = context.store.note(_reads(tracker)) == _read_how(tracker)
    cursors: Mapping[str, str] = context.store.cursors(tracker.name)
    if not as_before:
        cursors = tracker.connector.recall(cursors)  # what was read would be another issue now
    with closing(pages_of(tracker, cursors)) as pages:
        for page in pages:
            context.beat(tracker.name)
            since = watched.get(page.scope)
            context.store.put_remarks(tracker.name, page.remarks, context.now())
            result = context.store.record_page(
                tracker.name, page, surfaces, context.now(), watched=since, ahead=tracker.ahead
            )
            counts.update(
                pulled=len(page.issues),
                new=result.new,
                changed=result.changed,
                quarantined=len(page.rejected),
                skipped=page.skipped,
            )
    context.store.mark_loaded(tracker.name, context.now())
    if not as_before:
        context.store.put_note(_reads(tracker), _read_how(tracker))
    _note_watched(context, tracker, watched, began)


def watched_since(context: Context, tracker: str) -> dict[str, datetime]:
    """Return since when each scope of ``tracker`` is known whole: the start of its first full pull (R9)."""
    noted = context.store.note(_watched(tracker)) or {}
    return {scope: datetime.fromisoformat(at) for scope, at in noted.items()}


def _note_watched(context: Context, tracker: Tracker, watched: Mapping[str, datetime], began: datetime) -> None:
    scopes = {scope: watched.get(scope, began) for scope in tracker.connector.scopes()}
    if scopes != watched:
        context.store.put_note(_watched(tracker.name), {scope: at.isoformat() for scope, at in scopes.items()})


def _reads(tracker: Tracker) -> str:
    return f"reads {tracker.name}"


def _read_how(tracker: Tracker) -> dict[str, object] | None:
    """Return what decides, beside the tracker's own answers, what its issues are read as: where texts name parents."""
    reference = tracker.settings.parent_reference
    return reference.model_dump(mode="json") if reference else None


def _watched(tracker: str) -> str:
    return f"watched {tracker}"


def pages_of(tracker: Tracker, cursors: Mapping[str, str]) -> Generator[Page, None, None]:
    """Yield the pages of a pull from ``cursors``; closing it stops the requests."""
    yield from tracker.connector.pull(cursors)


def read_parents(context: Context, tracker: Tracker, counts: Counter[str]) -> None:
    """Read the parents in ``tracker`` that issues name and the store does not know, upwards; each is asked once (R6).

    Issues of other trackers may name them, too; then that is done at the tracker's next pass, or when it is settled.
    """
    surfaces = tracker.connector.layout().surfaces
    for _ in range(_MOST_ABOVE):
        wanted = context.store.unread_parents(tracker.name)
        if not wanted:
            return
        for batch in _batches(wanted):
            seen = list(tracker.connector.fetch(batch))
            there = [each for each in seen if isinstance(each, Present | Moved)]
            found = [each.issue for each in there]
            named = {
                each.address.key: each.issue.ref.id for each in there if each.address.key not in ("", each.issue.key)
            }
            now, ahead = context.now(), tracker.ahead
            context.store.record_context(tracker.name, found, surfaces, now, named=named, ahead=ahead)
            unread = {each.address: each.reason for each in seen if isinstance(each, Gone | Hidden)}
            still = set(context.store.unread_parents(tracker.name)).intersection(batch)  # nothing is asked for twice
            unread = dict.fromkeys(still, "it is another issue now") | unread
            context.store.put_unread(tracker.name, unread, context.now())
            counts.update(context=len(found), unread=len(unread))


def verify(context: Context, tracker: Tracker, counts: Counter[str]) -> None:
    """Read directly what an edit must be seen on, tell deleted definitions from edits, and hold too many removals.

    What could not be written last time is read, too: it may have moved away, be hidden or be gone (L6). So is what hung
    below an issue that is gone: where it hangs now no pull need show (R6).
    """
    candidates, unwritten = context.store.due_with_bases(tracker.name), context.store.unwritten(tracker.name)
    held, left = context.store.held([tracker.name]), context.store.left_behind([tracker.name])
    if not (candidates or unwritten or left or held or context.store.released(tracker.name)):
        return
    surfaces, situation = tracker.connector.layout().surfaces, context.situation([tracker.name])
    edited = [address(record) for record in candidates if must_read(record, situation)]
    orphans = [where for issue, where in left.items() if issue not in held]
    for batch in _batches(list(dict.fromkeys([*edited, *unwritten, *orphans]))):
        seen = list(tracker.connector.fetch(batch))
        context.store.record_seen(tracker.name, seen, surfaces, context.now(), ahead=tracker.ahead)
        let_leave(context, tracker, [each.issue for each in seen if isinstance(each, Moved)])
        counts["fetched"] += len(batch)
    again = context.store.due_with_bases(tracker.name)  # what was not written may turn out to have changed
    _find_undefined(context, tracker, [one for one in again if one.id not in held], situation)
    _hold(context, tracker, context.store.due_with_bases(tracker.name), situation)


def let_leave(context: Context, tracker: Tracker, moved: Sequence[Issue]) -> None:
    """Let issues go that were found in another place which is not tracked: nothing is written to them there (R6)."""
    if not moved:
        return
    inside = tracker.connector.in_scope(moved)
    left = {issue.ref.id: f"{issue.key} is outside of what is tracked" for issue in moved if issue.ref.id not in inside}
    numbers = context.store.by_id(tracker.name, list(left))
    reasons = {number: left[ext] for ext, number in numbers.items()}
    context.store.record_absent(reasons, Presence.OUT_OF_SCOPE, context.now())


def _find_undefined(context: Context, tracker: Tracker, records: Sequence[Record], situation: Situation) -> None:
    """Ask, once per place and surface, how it went and whether it can still be shown there (R2)."""
    vanished: dict[tuple[str, Surface], list[tuple[Record, str]]] = defaultdict(list)
    for record in records:
        for surface, raw in missing_values(record, situation):
            vanished[record.place, surface].append((record, raw))
    moved: dict[int, set[str]] = defaultdict(set)
    undefined: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for (place, surface), gone in vanished.items():
        for record, raw, loss in _losses(tracker.connector, place, surface, gone):
            if loss is Loss.MOVED:
                moved[record.id].add(surface.key)
            elif loss is Loss.UNDEFINED:
                undefined[record.id].add((surface.key, raw.casefold()))
    if moved:
        context.store.agree_elsewhere(moved)
    if undefined:
        context.store.set_undefined({issue: frozenset(values) for issue, values in undefined.items()})
        context.store.announce(Announce(tracker.name, "", Kind.ATTENTION, "", context.now()), now=context.now())


def _losses(
    connector: Connector, place: str, surface: Surface, gone: Sequence[tuple[Record, str]]
) -> Iterator[tuple[Record, str, Loss]]:
    """Yield the values, and how each went: by the issues' histories, else by what became of their definitions."""
    missing = [_missing(record, surface, raw) for record, raw in gone]
    told = connector.losses([one for one in missing if one is not None])
    untold = [raw for (_, raw), one in zip(gone, missing, strict=True) if one is None or one not in told]
    answer = connector.defined(place, surface, tuple(dict.fromkeys(untold))) if untold else {}
    defined = {value.casefold(): since for value, since in answer.items()}
    for (record, raw), one in zip(gone, missing, strict=True):
        if one is not None and one in told:
            yield record, raw, told[one]
        else:
            base = record.bases.get(surface.key)
            lost = raw.casefold() not in defined or _younger(defined[raw.casefold()], raw, base)
            yield record, raw, Loss.UNDEFINED if lost else Loss.TAKEN_OFF


def _missing(record: Record, surface: Surface, raw: str) -> Missing | None:
    """Return what has gone since something was agreed on; None where nothing ever was."""
    base = record.bases.get(surface.key)
    return Missing(address(record), surface, raw, base.updated) if base is not None else None


def _younger(made: datetime | None, raw: str, agreed: Base | None) -> bool:
    """Return whether a definition was made after ``raw`` was agreed on: the one that stood there was deleted."""
    return agreed is not None and raw in agreed.value and made is not None and made > agreed.updated


def _hold(context: Context, tracker: Tracker, records: Sequence[Record], situation: Situation) -> None:
    """Hold edits by absence where they are too many at once, until a person confirms them (R2).

    What a person has released counts, and is forgotten once it is decided.
    """
    gone = [record.id for record in records if removed(record, situation)]
    if released := context.store.released(tracker.name):
        context.store.keep_released(tracker.name, released.intersection(gone))
        gone = [issue for issue in gone if issue not in released]
    allowed = removals_allowed(context.store.links_of(tracker.name)) if gone else 0
    context.store.hold(tracker.name, gone if len(gone) > allowed else [], allowed, context.now())


def address(record: Record) -> Address:
    """Return where to look for a record's issue."""
    return Address(record.ref.tracker, record.ref.id, record.key)


def _batches(values: Sequence[Address]) -> Iterator[Sequence[Address]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
