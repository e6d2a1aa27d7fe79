"""The memory tracker's wire: what one exchange can ask of it. Every call can fail, be raced and be counted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from vindaris_connectors.memory.tracker import MemoryTracker, Place, Record, position
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, Moved, Present, Seen
from vindaris_sync.sdk.errors import IssueRejected

OURS = "bot"
"""Who creates what we create."""

Position = tuple[datetime, str]
"""Where a list stands: the last issue's stamp and id."""


class WriteRefused(Exception):
    """The tracker does not take a write; ``place_wide`` when it takes none of the kind in this place."""

    def __init__(self, reason: str, advice: str, *, place_wide: bool) -> None:
        super().__init__(reason)
        self.advice = advice
        self.place_wide = place_wide


class MemoryClient:
    """Speaks to one ``MemoryTracker``, seeing what our account may see."""

    def __init__(self, tracker: MemoryTracker) -> None:
        self._tracker = tracker

    def changed(self, place: str, since: datetime | None, after: Position | None, limit: int) -> list[Issue]:
        """Return up to ``limit`` issues of ``place``, oldest change first, from ``since`` (inclusive), past ``after``.

        Reads the index, which lags by ``index_lag``.
        """
        with self._tracker.faults.call("list", place):
            there = self._tracker.places.get(place)
            if there is None:
                return []
            if self._tracker.index_lag:
                return self._lagging(there, since, after, limit)
            records, start = there.in_order(), 0
            if since is not None:
                start = bisect_left(records, (since, ""), key=position)
            if after is not None:
                start = max(start, bisect_right(records, after, key=position))
            return list(islice((one.issue for one in islice(records, start, None) if not one.hidden), limit))

    def ids(self, place: str, after: str, limit: int) -> list[Address]:
        """Return up to ``limit`` issues of ``place`` that are no pull requests, by birth, past the id ``after``."""
        with self._tracker.faults.call("ids", place):
            seen = [record.issue for record in self._records(place) if not record.hidden]
            issues = sorted((i for i in seen if not i.pull_request), key=lambda i: _birth(i.ref.id))
            beyond = (Address(i.ref.tracker, i.ref.id, i.key) for i in issues if _birth(i.ref.id) > _birth(after))
            return list(islice(beyond, limit))

    def chosen(self, label: str, types: Sequence[str], places: Sequence[str]) -> list[Issue]:
        """Return the issues of ``places`` (none: everywhere) with ``label`` or of one of ``types``, oldest first."""
        with self._tracker.faults.call("list", label or ", ".join(types)):
            wanted = {name.casefold() for name in types}
            seen = [
                record.issue
                for record in self._tracker.records()
                if not record.hidden and (not places or record.issue.place in places)
            ]
            found = (i for i in seen if i.type.casefold() in wanted or label.casefold() in map(str.casefold, i.labels))
            return sorted(found, key=lambda issue: _birth(issue.ref.id))

    def read(self, addresses: Sequence[Address]) -> list[Seen]:
        """Return one answer per address, in order, read directly."""
        with self._tracker.faults.call("read", f"{len(addresses)} issues"):
            return [self._see(address) for address in addresses]

    def options(self, place: str, values: Sequence[str]) -> frozenset[str]:
        """Return those of ``values`` that the managed field takes in ``place``."""
        with self._tracker.faults.call("describe", place):
            there, options = self._tracker.places.get(place), self._tracker.field_options
            if there is None or not there.has_field or not self._tracker.field_exists:
                return frozenset()
            return frozenset(values if options is None else options.intersection(values))

    def label_definitions(self, prefix: str, values: Sequence[str]) -> frozenset[str]:
        """Return those of ``values`` whose label, with ``prefix``, has a definition."""
        with self._tracker.faults.call("describe", "labels"):
            lost = self._tracker.lost_labels
            return frozenset(value for value in values if (prefix + value).casefold() not in lost)

    def add_label(self, id_: str, label: str) -> None:
        """Put one label on; ``WriteRefused`` beyond the tracker's limits."""
        with self._tracker.faults.call("add_label", id_):
            record = self._writable(id_)
            if len(label) > self._tracker.label_length:
                advice = f"a label has at most {self._tracker.label_length} characters: shorten the goal's key"
                raise WriteRefused(f"the label is too long: {label}", advice, place_wide=False)
            if len(record.issue.labels) >= self._tracker.label_limit:
                raise WriteRefused("the issue carries too many labels", "take labels off it", place_wide=False)
            self._tracker.add_label(id_, label)

    def remove_label(self, id_: str, label: str) -> None:
        """Take one label off; one that is not on changes nothing."""
        with self._tracker.faults.call("remove_label", id_):
            self._writable(id_)
            self._tracker.remove_label(id_, label)

    def set_field(self, id_: str, value: str | None) -> None:
        """Set or empty the managed field; ``WriteRefused`` for an unknown option or where the field does not work."""
        with self._tracker.faults.call("set_field", id_):
            record = self._writable(id_)
            if f"field:{self._tracker.field_id}" not in record.issue.fields:
                advice = f"put the field {self._tracker.field_name} on the edit screen of {record.issue.place}"
                raise WriteRefused("the field does not work here", advice, place_wide=True)
            options = self._tracker.field_options
            if value is not None and options is not None and value not in options:
                advice = f"add the option {value} to the field {self._tracker.field_name}"
                raise WriteRefused(f"the field has no option {value}", advice, place_wide=False)
            self._tracker.set_field(id_, value)

    def create(self, draft: Draft) -> Issue:
        """Create the drafted issue, whatever was made before; it carries the draft's mark."""
        with self._tracker.faults.call("create", draft.id):
            place = self._tracker.places.get(draft.place)
            if place is None:
                raise IssueRejected(f"there is no place {draft.place}", advice="correct the place")
            if place.refusal:
                advice = f"give our account write access to {draft.place}"
                raise IssueRejected(f"nothing can be created in {draft.place}: {place.refusal}", advice=advice)
            if place.types and draft.type and draft.type not in place.types:
                known = ", ".join(sorted(place.types))
                raise IssueRejected(f"{draft.place} has no type {draft.type!r}", advice=f"there are {known}")
            above = self._tracker.locate(draft.parent) if draft.parent else None
            id_ = self._tracker.create(
                draft.place, draft.title, type=draft.type or "Task", labels=draft.labels, author=OURS,
                parent=above.issue.ref.id if above else "", assignee=draft.assignee,
            )  # fmt: skip
            record = self._tracker.record(id_)
            record.mark, record.body = draft.id, draft.body
            for value in draft.fields.values():
                if f"field:{self._tracker.field_id}" in record.issue.fields:
                    self._tracker.set_field(id_, value)
            return self._tracker.issue(id_)

    def marked(self, place: str) -> dict[str, str]:
        """Return the ids of our own issues in ``place`` by the mark they carry, as the list shows them: late."""
        with self._tracker.faults.call("list", place):
            horizon = self._tracker.now() - self._tracker.index_lag
            ours = (each for each in self._records(place) if each.mark and each.issue.author == OURS)
            return {each.mark: each.issue.ref.id for each in ours if each.issue.created <= horizon}

    def _records(self, place: str) -> list[Record]:
        there = self._tracker.places.get(place)
        return list(there.records.values()) if there else []

    def _lagging(self, place: Place, since: datetime | None, after: Position | None, limit: int) -> list[Issue]:
        """Return a page of the list as it was ``index_lag`` ago."""
        horizon = self._tracker.now() - self._tracker.index_lag
        shown: list[Issue] = []
        for record in place.records.values():
            version = next((one for one in reversed(record.versions) if one.updated <= horizon), None)
            if version is not None and not record.hidden and (since is None or version.updated >= since):
                shown.append(version)
        rows = sorted((issue.updated, issue.ref.id, issue) for issue in shown)
        return [issue for stamp, id_, issue in rows if after is None or (stamp, id_) > after][:limit]

    def _see(self, address: Address) -> Seen:
        record = self._tracker.locate(address)
        if record is None:
            known = self._tracker.was_deleted(address)
            return Gone(address, "deleted") if known else Hidden(address, "not found or not visible")
        issue = record.issue
        if record.hidden:
            return Hidden(address, "our account may not see it")
        same = address.id in ("", issue.ref.id) and address.key in ("", issue.key)
        return Present(address, issue) if same else Moved(address, issue)

    def _writable(self, id_: str) -> Record:
        record = self._tracker.locate(Address(self._tracker.name, id_))
        if record is None or record.hidden:
            raise WriteRefused("the issue cannot be seen", "", place_wide=False)
        refusal = self._tracker.places[record.issue.place].refusal
        if refusal:
            raise WriteRefused(refusal, f"give our account write access to {record.issue.place}", place_wide=True)
        return record


def _birth(id_: str) -> tuple[int, str]:
    """Return what sorts ids by birth: they count up."""
    return len(id_), id_
