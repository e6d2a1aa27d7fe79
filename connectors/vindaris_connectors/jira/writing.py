"""Putting links onto issues: one bulk edit for equal changes, a PUT for the rest, and a look at what was replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira import changelog
from vindaris_connectors.jira.bulk import MOST, Bulk
from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.edits import Edit, bulk_inputs, edit_of, put_body, unfit_label
from vindaris_connectors.jira.fetching import Fetching
from vindaris_connectors.jira.pulling import parts
from vindaris_connectors.jira.screens import Alike, Screens, Verdict, first_surface
from vindaris_connectors.jira.surfaces import Field
from vindaris_sync.domain.models import (
    Change,
    Done,
    Failed,
    Gone,
    Hidden,
    Overridden,
    Refused,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sdk.errors import Unknown
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.parallel import ordered
from vindaris_sync.sdk.writing import Ready, Taken, Unanswered, guarded

FEW = 2
"""Up to so many equal edits a PUT each is no more requests than a bulk edit and its poll."""

Planned = tuple[Ready, Edit]
Inputs = Mapping[str, Any]
Reach = tuple[str, str, Edit | tuple[str, ...]]
Options = frozenset[tuple[tuple[str, str], int]]


@dataclass(slots=True)
class Writing:
    """Writes for one site. ``me`` returns our account id; ``bulk`` is ``None`` on Data Center."""

    client: Client
    fetching: Fetching
    screens: Screens
    fields: Mapping[str, Field]
    bulk: Bulk | None
    me: Callable[[], str]
    quiet: bool = True
    """Whether edits are asked to send no mail; a site that refuses that is asked once."""

    def outcomes(self, writes: Sequence[Write], surfaces: tuple[Surface, ...]) -> Iterator[Written]:
        """Yield one outcome per write. Writes of the same change are brought together, at most ``MOST`` a batch."""
        for batch in batches(writes):
            for outcome in guarded(batch, surfaces, self.fetching.seen, self._send, batch=len(batch)):
                if isinstance(outcome, Done):
                    self.fetching.recent.note([outcome.issue])
                yield outcome

    def _send(self, ready: Sequence[Ready]) -> Iterator[Written | Unanswered | Taken]:
        """Send goal surfaces, then the review label; yield what is known before the reading back."""
        sending = _Sending(self, {id(one.write): one for one in ready})
        self.fetching.recent.expect(one.issue for one in ready)
        for stage in (_goal, _review):
            sending.stage(stage)
        yield from sending.settled.values()
        yield from sending.unanswered()
        if self.fetching.reader.cloud:
            yield from self._look_back(sending.touched())

    def _look_back(self, sent: Sequence[Ready]) -> Iterator[Written | Taken]:
        """Put back what somebody had set between our read and our write, and say so; tell which others were made."""
        back: list[Planned] = []
        for part in parts(sent, changelog.MOST):
            touched = {_field_of(change.surface) for one in part for change in one.write.changes}
            ids = [one.issue.ref.id for one in part]
            entries = changelog.read_entries(self.client, ids, sorted(touched)) or {}  # then nothing is known of others
            for one in part:
                told = changelog.tell(one, entries.get(one.issue.ref.id, ()), self.me(), self.fields)
                if told.back:
                    shown = replace(one.issue, labels=_labels_after(one))
                    back.append((one, edit_of(told.back, shown, self.fields)))
                elif told.taken:
                    yield Taken(one.write, told.taken)
        if back:
            yield from self._restore(back)

    def _restore(self, back: Sequence[Planned]) -> Iterator[Written]:
        for (one, _), answer in self.puts(back):
            if isinstance(answer, Unknown):
                yield Failed(one.write, f"somebody's edit came between and may not be back: {answer}")
        seen = self.fetching.seen([one.write.address for one, _ in back])
        for (one, _), found in zip(back, seen, strict=True):
            if not isinstance(found, (Gone, Hidden)):
                yield Overridden(one.write, found.issue)
            else:
                yield Failed(one.write, found.reason)

    def puts(self, planned: Iterable[Planned]) -> Iterator[tuple[Planned, Answer | Unknown]]:
        """Send one PUT each, a few at once; an outcome that is not known is returned, not raised."""
        tasks = (partial(self._put, each) for each in planned)
        return ordered(tasks, self.fetching.in_flight)

    def _put(self, planned: Planned) -> tuple[Planned, Answer | Unknown]:
        one, edit = planned
        path = f"{self.fetching.reader.api}/issue/{one.issue.ref.id}"
        quiet = self.quiet
        try:
            answer = self.client.write("PUT", path, put_body(edit), **({"notifyUsers": "false"} if quiet else {}))
            if quiet and answer.status == HTTPStatus.FORBIDDEN:
                answer = self.client.write("PUT", path, put_body(edit))
                self.quiet = self.quiet and not _applied(answer)
        except Unknown as error:
            return planned, error
        return planned, answer


class _Sending:
    """One batch on its way: what is settled, and what was refused for a whole place and is not tried again."""

    def __init__(self, writing: Writing, ready: dict[int, Ready]) -> None:
        self._writing = writing
        self._ready = ready
        self._refused: dict[Reach, Refused] = {}
        self._sent: set[int] = set()
        self._doubtful: set[int] = set()
        self.settled: dict[int, Written] = {}

    def touched(self) -> list[Ready]:
        """Return the writes of which something was sent, answered or not, and nothing went wrong."""
        sent = self._sent | self._doubtful
        return [one for key, one in self._ready.items() if key in sent and key not in self.settled]

    def unanswered(self) -> list[Unanswered]:
        """Return the writes of which nobody knows what was done."""
        return [Unanswered(self._ready[key].write) for key in self._doubtful if key not in self.settled]

    def _open(self, key: int) -> bool:
        """Return whether more may be sent. What an unanswered request did only the reading back tells."""
        return key not in self.settled and key not in self._doubtful

    def stage(self, chosen: Callable[[Change], bool]) -> None:
        """Send the part of every unsettled write that ``chosen`` selects."""
        planned = []
        for key, one in self._ready.items():
            if self._open(key):
                edit = edit_of(filter(chosen, one.write.changes), one.issue, self._writing.fields)
                if label := unfit_label(edit.add):
                    self._settle(_unfit(one, label))
                elif edit:
                    planned.append((one, edit))
        self._singly(self._in_bulk(planned))

    def _in_bulk(self, planned: Sequence[Planned]) -> list[Planned]:
        """Send what is worth a bulk edit; return what is left to be sent singly."""
        alike: dict[Edit, list[Planned]] = {}
        for each in planned:
            alike.setdefault(each[1], []).append(each)
        bulk, left = self._writing.bulk, []
        for edit, members in alike.items():
            if bulk is None or len(members) <= self._few(bulk) or not bulk.allowed:
                left += members
            else:
                left += self._in_contexts(bulk, edit, members)
        return left

    def _in_contexts(self, bulk: Bulk, edit: Edit, members: Sequence[Planned]) -> list[Planned]:
        """Send equal edits together as far as their options are the same: other contexts have others."""
        left: list[Planned] = []
        by_options: dict[Options, list[Planned]] = {}
        for each in members:
            options = self._writing.screens.option_ids(edit, each[0].issue)
            if options is None:
                left.append(each)
            else:
                by_options.setdefault(frozenset(options.items()), []).append(each)
        for ids, alike in by_options.items():
            inputs = bulk_inputs(edit, dict(ids))
            for part in parts(alike, MOST):
                left += self._bulk_edit(bulk, inputs, part)
        return left

    def _few(self, bulk: Bulk) -> int:
        return 0 if bulk.known and not self._writing.quiet else FEW

    def _bulk_edit(self, bulk: Bulk, inputs: Sequence[Inputs], members: Sequence[Planned]) -> list[Planned]:
        """Carry out one edit on all of ``members``; return those it failed for."""
        by_id = {each[0].issue.ref.id: each for each in members}
        again: list[Planned] = []
        for one_of in inputs:
            if not by_id:
                break
            outcome = bulk.edit(list(by_id), one_of)
            self._doubtful.update(id(by_id.pop(id_)[0].write) for id_ in outcome.doubt)
            again += [by_id.pop(id_) for id_ in outcome.failed]
        self._sent.update(id(one.write) for one, _ in by_id.values())
        return again

    def _singly(self, planned: Sequence[Planned], *, last: bool = False) -> None:
        again = []
        for (one, edit), answer in self._writing.puts(self._untold(planned)):
            if isinstance(answer, Unknown):
                self._doubtful.add(id(one.write))
            elif _applied(answer):
                self._sent.add(id(one.write))
            elif answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.CONFLICT}:
                self._settle(Failed(one.write, f"Jira answered {answer.status}; the issue is read again"))
            elif (verdict := self._writing.screens.remedy(one, edit, answer)) is not None:
                self._refuse(one, edit, verdict)
            elif last:
                self._settle(Failed(one.write, f"Jira answered {answer.status}"))
            else:
                again.append((one, edit))
        if again:
            self._singly(again, last=True)

    def _untold(self, planned: Iterable[Planned]) -> Iterator[Planned]:
        """Leave out what would be refused as others of its place were; drawn from while answers come in."""
        for one, edit in planned:
            place, kind = one.issue.place, one.issue.type
            known = self._refused.get((place, kind, edit)) or self._refused.get((place, kind, tuple(edit.touched)))
            if known is None:
                yield one, edit
            else:
                self._settle(replace(known, write=one.write, issue=None))

    def _refuse(self, one: Ready, edit: Edit, verdict: Verdict) -> None:
        place, kind = one.issue.place, one.issue.type
        if verdict.alike is Alike.EDIT:
            self._refused[place, kind, edit] = verdict.refused
        elif verdict.alike is Alike.PLACE:
            self._refused[place, kind, tuple(edit.touched)] = verdict.refused
        self._settle(verdict.refused)

    def _settle(self, outcome: Written) -> None:
        self.settled[id(outcome.write)] = outcome


def batches(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Yield the writes in batches of at most ``MOST``, equal changes together and split only where they are more."""
    alike: dict[tuple[Change, ...], list[Write]] = {}
    for write in writes:
        alike.setdefault(write.changes, []).append(write)
    batch: list[Write] = []
    for group in alike.values():
        for part in parts(group, MOST):
            if len(batch) + len(part) > MOST:
                yield batch
                batch = []
            batch += part
    if batch:
        yield batch


def _goal(change: Change) -> bool:
    return change.surface.kind is not SurfaceKind.REVIEW


def _review(change: Change) -> bool:
    return change.surface.kind is SurfaceKind.REVIEW


def _field_of(surface: Surface) -> str:
    return surface.id if surface.kind is SurfaceKind.FIELD else "labels"


def _labels_after(one: Ready) -> tuple[str, ...]:
    """Return the labels that the issue may have after our write, in our spelling: those to take off are among them."""
    added = (c.surface.id + v if c.surface.kind is SurfaceKind.LABEL else v for c in one.write.changes for v in c.add)
    return (*one.issue.labels, *added)


def _unfit(one: Ready, label: str) -> Refused:
    reason = f"{label!r} can be no Jira label: no spaces, at most 255 characters"
    surface = first_surface(one.write, label=True)
    return Refused(one.write, surface, reason, "give the goal a key without spaces", place_wide=False)


def _applied(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
