"""The truth behind the memory connector: a tracker in dicts, and what people do in it.

Everything is deterministic: ids count up, and time is an injected clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vindaris_connectors.memory.faults import Faults
from vindaris_sync.domain.menus import Choice
from vindaris_sync.domain.models import Address, Issue, IssueRef, Raw
from vindaris_sync.domain.text import clean

_REMEMBERED = timedelta(hours=1)  # how far back a lagging index can look
_START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Let ``span`` pass."""
        self._now += span

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass: what a connector under test sleeps with."""
        self.advance(timedelta(seconds=seconds))


@dataclass(slots=True)
class Record:
    """One issue: what it shows now, what it showed before, and whether it can be seen."""

    issue: Issue
    versions: list[Issue] = field(default_factory=list)
    hidden: bool = False
    keys: list[str] = field(default_factory=list)
    """All keys it was ever reached under."""
    mark: str = ""
    """The draft that it was created from; people do not see it."""
    body: str = ""


def position(record: Record) -> tuple[datetime, str]:
    """Return where an issue stands in a list by change: its stamp, then its id."""
    return record.issue.updated, record.issue.ref.id


@dataclass(slots=True)
class Place:
    """A project or repository: its issues by id, and what may be done there."""

    name: str
    records: dict[str, Record] = field(default_factory=dict)
    number: int = 0
    types: frozenset[str] = frozenset()
    """The types that new issues may have; none: any."""
    refusal: str = ""
    """Why every write is refused here; empty: writes are taken."""
    has_field: bool = True
    """Whether the managed field works on this place's issues."""
    ordered: list[Record] | None = None
    """The records by (updated, id), until the next change."""

    def in_order(self) -> list[Record]:
        """Return the records in the order of their last change; do not change the list."""
        if self.ordered is None:
            self.ordered = sorted(self.records.values(), key=position)
        return self.ordered


class MemoryTracker:
    """The truth: several places with issues, one single-valued field, label definitions, and people's acts on them.

    Every act stamps its issues with the clock's instant, rounded down to ``precision``. ``clock`` is anything that
    returns aware UTC; ``advance`` needs a ``Clock``.
    """

    def __init__(
        self,
        name: str = "memory",
        *,
        places: Iterable[str] = ("APP", "OPS"),
        clock: Callable[[], datetime] | None = None,
        precision: timedelta = timedelta(seconds=1),
        field_name: str = "Goal",
    ) -> None:
        self.name = name
        self.clock = clock or Clock()
        self.precision = precision
        self.places = {place: Place(place) for place in places}
        self.faults = Faults()
        self.label_limit = 100
        """Labels an issue can carry."""
        self.label_length = 50
        """Characters a label can have."""
        self.field_options: frozenset[str] | None = None
        """The values the field takes; ``None``: any."""
        self.index_lag = timedelta()
        """Lists show the tracker as it was that long ago (at most an hour); reads of one issue are direct."""
        self.field_name = field_name
        self.field_id = "field-1"
        self.field_exists = bool(field_name)
        self.lost_labels: set[str] = set()
        """Casefolded names of labels whose definition was deleted and not made again."""
        self.bodies: dict[str, str] = {}
        """What issues say, by id."""
        self.menu: list[Choice] = []
        """What the managed field offers people to pick, in order; it may take other values, too."""
        self.menu_refusal = ""
        """Why nobody may change the menu; empty: changes are taken."""
        self.public = False
        """Whether strangers can read everything."""
        self._places_of: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._successors: dict[str, str] = {}
        self._last_id = 1000

    # --- looking ------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the tracker's present instant, to the microsecond."""
        return self.clock()

    def stamp(self) -> datetime:
        """Return the present instant as the tracker prints it."""
        now = self.clock()
        if not self.precision:
            return now
        return now - (now - datetime.min.replace(tzinfo=UTC)) % self.precision

    def issue(self, id: str) -> Issue:  # noqa: A002 - the domain's word
        """Return what the issue shows now, hidden or not; ``KeyError`` where there is none."""
        return self.record(id).issue

    def record(self, id: str) -> Record:  # noqa: A002
        """Return the record of the issue with ``id``; ``KeyError`` where there is none."""
        return self.places[self._places_of[id]].records[id]

    def records(self) -> Iterator[Record]:
        """Yield all records, place by place, oldest first."""
        for place in self.places.values():
            yield from place.records.values()

    def locate(self, address: Address) -> Record | None:
        """Return the record that ``address`` leads to, across moves and transfers; the id decides before the key."""
        id_ = address.id or self._ids.get(address.key, "")
        while id_ in self._successors:
            id_ = self._successors[id_]
        return self.record(id_) if id_ in self._places_of else None

    def was_deleted(self, address: Address) -> bool:
        """Return whether ``address`` led to an issue once."""
        return (address.id.isdigit() and int(address.id) <= self._last_id) or address.key in self._ids

    # --- people's acts on issues ----------------------------------------------------------------------------------

    def create(  # noqa: PLR0913 - what a person can fill in when creating
        self,
        place: str,
        title: str,
        *,
        type: str = "Task",  # noqa: A002 - the domain's word
        labels: Iterable[str] = (),
        parent: str = "",
        pull_request: bool = False,
        author: str = "pat",
        assignee: str = "",
    ) -> str:
        """Create an issue and return its immutable id; ``parent`` is an id."""
        self._last_id += 1
        id_, stamp = str(self._last_id), self.stamp()
        key = self._next_key(place, id_)
        issue = Issue(
            ref=IssueRef(self.name, id_),
            key=key,
            place=place,
            type=type,
            title=clean(title),
            url=f"memory://{self.name}/{key}",
            status="Open",
            closed=False,
            created=stamp,
            updated=stamp,
            parent=self._address(parent),
            labels=self._defined(labels),
            fields=self._empty_fields(place),
            author=author,
            assignee=assignee,
            pull_request=pull_request,
        )
        self.places[place].records[id_] = Record(issue, [issue], keys=[key])
        self.places[place].ordered = None
        self._places_of[id_] = place
        return id_

    def edit_title(self, id: str, title: str) -> None:  # noqa: A002
        """Change the title."""
        self._change(id, title=clean(title))

    def add_label(self, id: str, label: str) -> None:  # noqa: A002
        """Put a label on; one that is on already, in any case, changes nothing."""
        present = self.issue(id).labels
        if label.casefold() not in {name.casefold() for name in present}:
            self._change(id, labels=(*present, *self._defined([label])))

    def remove_label(self, id: str, label: str) -> None:  # noqa: A002
        """Take a label off, in any case; one that is not on changes nothing."""
        present, name = self.issue(id).labels, label.casefold()
        rest = tuple(one for one in present if one.casefold() != name)
        if rest != present:
            self._change(id, labels=rest)

    def set_field(self, id: str, value: str | None) -> None:  # noqa: A002
        """Set the managed field, or empty it; ``LookupError`` where it does not work on this issue."""
        issue = self.issue(id)
        key = f"field:{self.field_id}"
        if key not in issue.fields:
            message = f"{issue.key} has no field {self.field_name}"
            raise LookupError(message)
        wanted: Raw = () if value is None else (value,)
        if issue.fields[key] != wanted:
            self._change(id, fields={**issue.fields, key: wanted})

    def set_components(self, id: str, *names: str) -> None:  # noqa: A002
        """Say which parts of the product the issue is about; none: of no part."""
        self._change(id, components=tuple(map(clean, names)))

    def set_milestone(self, id: str, title: str) -> None:  # noqa: A002
        """Put the issue into a milestone; an empty title takes it out."""
        self._change(id, milestone=clean(title))

    def set_parent(self, id: str, parent: str | None) -> None:  # noqa: A002
        """Hang the issue under another one (an id), or under none."""
        self._change(id, parent=self._address(parent or ""))

    def set_type(self, id: str, type: str) -> None:  # noqa: A002
        """Change the type."""
        self._change(id, type=type)

    def estimate(self, id: str, amount: float | None) -> None:  # noqa: A002
        """Say how much work it is."""
        self._change(id, estimate=amount)

    def close(self, id: str, *, declined: bool = False) -> None:  # noqa: A002
        """Close the issue: it is done, or it is ``declined`` and will not be."""
        self._change(id, closed=True, declined=declined, status="Declined" if declined else "Done")

    def reopen(self, id: str) -> None:  # noqa: A002
        """Open the issue again."""
        self._change(id, closed=False, declined=False, status="Open")

    def move(self, id: str, place: str) -> None:  # noqa: A002
        """Move the issue: same id, new key; the old key leads to it for ever (Jira)."""
        record = self.record(id)
        self._remove(id)
        key = self._next_key(place, id)
        record.keys.append(key)
        self.places[place].records[id] = record
        self._places_of[id] = place
        self._change(id, place=place, key=key, url=f"memory://{self.name}/{key}", fields=self._carried(record, place))

    def transfer(self, id: str, place: str, *, keep_labels: bool = True) -> str:  # noqa: A002
        """Transfer the issue: a new id and key, the old ones lead to it (GitHub); return the new id."""
        old = self.issue(id)
        labels = old.labels if keep_labels else ()
        new = self.create(place, old.title, type=old.type, labels=labels, author=old.author)
        self._change(new, created=old.created, parent=old.parent, closed=old.closed, status=old.status)
        self._remove(id)
        self._successors[id] = new
        return new

    def delete(self, id: str) -> None:  # noqa: A002
        """Delete the issue for ever."""
        self._remove(id)

    def hide(self, id: str) -> None:  # noqa: A002
        """Hide the issue from our account; nothing about it changes."""
        self.record(id).hidden = True

    def show(self, id: str) -> None:  # noqa: A002
        """Show the issue to our account again."""
        self.record(id).hidden = False

    # --- acts on the whole ----------------------------------------------------------------------------------------

    def advance(self, span: timedelta) -> None:
        """Let ``span`` pass on the tracker's own clock."""
        if not isinstance(self.clock, Clock):
            message = "the clock of this tracker was injected: advance it there"
            raise TypeError(message)
        self.clock.advance(span)

    def relabel(self, old: str, new: str) -> None:
        """Rename a label on every issue that carries it, at one instant."""
        for record in list(self.records()):
            if old.casefold() in {name.casefold() for name in record.issue.labels}:
                renamed = tuple(new if name.casefold() == old.casefold() else name for name in record.issue.labels)
                self._change(record.issue.ref.id, labels=self._defined(dict.fromkeys(renamed)))

    def delete_label(self, label: str) -> None:
        """Delete a label's definition: every issue loses it, and making it again restores nothing (GitHub)."""
        for record in list(self.records()):
            self.remove_label(record.issue.ref.id, label)
        self.lost_labels.add(label.casefold())

    def remove_field(self) -> None:
        """Delete the managed field and all its values."""
        self.field_exists = False
        self._refit()

    def add_field(self) -> None:
        """Make a field of the same name again: it has a new id and no values."""
        self.field_id = f"field-{int(self.field_id.rpartition('-')[2]) + 1}"
        self.field_exists = True
        self._refit()

    def take_field_off(self, place: str) -> None:
        """Take the field off the screens of ``place``: it neither shows nor takes values there."""
        self.places[place].has_field = False
        self._refit()

    def put_field_on(self, place: str) -> None:
        """Put the field back on the screens of ``place``, without its former values."""
        self.places[place].has_field = True
        self._refit()

    def add_choice(self, choice: Choice) -> str:
        """Offer one more value and return its new id; one that is there already is refused with ``ValueError``."""
        if choice.value in {each.value for each in self.menu}:
            raise ValueError(choice.value)
        self._last_id += 1
        self.menu.append(replace(choice, id=f"choice-{self._last_id}"))
        if self.field_options is not None:
            self.field_options |= {choice.value}
        return self.menu[-1].id

    def change_choice(self, choice: Choice) -> None:
        """Let the choice with that id look so from now on."""
        self.menu = [choice if each.id == choice.id else each for each in self.menu]

    def refuse_writes(self, place: str, reason: str = "the repository is archived") -> None:
        """Refuse every write in ``place`` from now on; reads go on."""
        self.places[place].refusal = reason

    def accept_writes(self, place: str) -> None:
        """Take writes in ``place`` again."""
        self.places[place].refusal = ""

    # --- inside ---------------------------------------------------------------------------------------------------

    def _change(self, id_: str, **changes: Any) -> None:  # noqa: ANN401 - an issue's attributes
        place, stamp = self.places[self._places_of[id_]], self.stamp()
        record, place.ordered = place.records[id_], None
        record.issue = replace(record.issue, updated=max(stamp, record.issue.updated), **changes)
        oldest = stamp - _REMEMBERED
        while len(record.versions) > 1 and record.versions[1].updated < oldest:
            del record.versions[0]
        record.versions.append(record.issue)

    def _remove(self, id_: str) -> None:
        place = self.places[self._places_of.pop(id_)]
        place.ordered = None
        del place.records[id_]

    def _next_key(self, place: str, id_: str) -> str:
        self.places[place].number += 1
        key = f"{place}-{self.places[place].number}"
        self._ids[key] = id_
        return key

    def _address(self, id_: str) -> Address | None:
        return Address(self.name, id_, self.issue(id_).key) if id_ else None

    def _defined(self, labels: Iterable[str]) -> Raw:
        names = tuple(map(clean, labels))
        self.lost_labels.difference_update(name.casefold() for name in names)
        return names

    def _empty_fields(self, place: str) -> dict[str, Raw]:
        works = self.field_exists and self.places[place].has_field
        return {f"field:{self.field_id}": ()} if works else {}

    def _carried(self, record: Record, place: str) -> dict[str, Raw]:
        return {key: record.issue.fields.get(key, ()) for key in self._empty_fields(place)}

    def _refit(self) -> None:
        """Give every issue exactly the fields that work where it is; stamps stay, as with a change of screens."""
        for record in self.records():
            record.issue = replace(record.issue, fields=self._carried(record, record.issue.place))
            record.versions = [record.issue]


trackers: dict[str, MemoryTracker] = {}
"""Where connectors that are built from a configuration find their tracker, by name."""
