"""The memory connector: joins client and mapping; the example to read before writing a connector."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, cast
from urllib.parse import urlencode

from vindaris_connectors.memory import hearing, homes, publishing
from vindaris_connectors.memory.client import MemoryClient, Position, WriteRefused
from vindaris_connectors.memory.goals import MemoryGoalSettings, goals_of
from vindaris_connectors.memory.mapping import named, seen_as, surfaces_of
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker, trackers
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.homes import Attached, Rewrite, Rewritten
from vindaris_sync.domain.menus import Fate, Menu, MenuChange, Offered
from vindaris_sync.domain.models import (
    Address,
    CensusPage,
    Change,
    Finding,
    Gone,
    Hidden,
    Issue,
    Layout,
    Level,
    Moved,
    Page,
    Present,
    Refused,
    Seen,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sdk.creating import Made
from vindaris_sync.sdk.errors import ConfigError, Unknown
from vindaris_sync.sdk.goal_issues import edited
from vindaris_sync.sdk.goals import Statement, TrackerGoalSettings
from vindaris_sync.sdk.mapping import instant
from vindaris_sync.sdk.protocol import OVERLAP, Capability, Loss, Missing, Surroundings
from vindaris_sync.sdk.references import References
from vindaris_sync.sdk.webhooks import Delivery, Heard, Unheard
from vindaris_sync.sdk.writing import Ready, each, guarded

_READ = 100  # addresses an exchange
_SKEW = timedelta(minutes=10)


class MemoryConnector:
    """A ``Connector`` on a ``MemoryTracker``, given or found by name in ``tracker.trackers``."""

    settings_type = MemorySettings
    goal_settings: ClassVar[Mapping[str, type[TrackerGoalSettings]]] = {"memory": MemoryGoalSettings}
    capabilities = (
        Capability.INCREMENTAL
        | Capability.CENSUS
        | Capability.CUSTOM_FIELD
        | Capability.LABELS
        | Capability.CREATE
        | Capability.HIERARCHY
        | Capability.GOALS
        | Capability.PUBLISH
        | Capability.HOME
        | Capability.WEBHOOKS
    )

    def __init__(
        self, name: str, settings: MemorySettings, surroundings: Surroundings, *, tracker: MemoryTracker | None = None
    ) -> None:
        found = tracker or trackers.get(settings.tracker or name)
        if found is None:
            raise ConfigError(f"[trackers.{name}] tracker: there is no memory tracker {settings.tracker or name!r}")
        self.name = name
        self._settings = settings
        self._around = surroundings
        self._tracker = found
        self._client = MemoryClient(found)
        self._made = Made()
        self._references = References(settings.parent_reference)

    @classmethod
    def on(
        cls,
        tracker: MemoryTracker,
        name: str | None = None,
        settings: MemorySettings | None = None,
        surroundings: Surroundings | None = None,
    ) -> MemoryConnector:
        """Return a connector on ``tracker``, living on its clock unless ``surroundings`` say otherwise."""
        around = surroundings or Surroundings(now=tracker.now, in_flight=1)
        return cls(name or tracker.name, settings or MemorySettings(), around, tracker=tracker)

    def scopes(self) -> Sequence[str]:
        """Return the places in scope."""
        return self._settings.places or tuple(self._tracker.places)

    def layout(self) -> Layout:
        """Return the surfaces as they are now; a deleted field is marked broken."""
        surfaces = self._surfaces()
        lost = () if self._tracker.field_exists else (one.key for one in surfaces if one.kind is SurfaceKind.FIELD)
        return Layout(surfaces, frozenset(lost), self._settings.write_back.several_goals)

    def check(self) -> list[Finding]:
        """Look at the field, the write permission of each place, and the clock."""
        with self._tracker.faults.call("describe", "settings"):
            findings = [self._check_place(place) for place in self.scopes()]
            broken = sorted(self.layout().broken)
            findings += [Finding(Level.ERROR, key, "it was deleted in the tracker", "make it again") for key in broken]
            skew = abs(self._around.now() - self._tracker.now())
            level = Level.WARNING if skew > _SKEW else Level.OK
            findings.append(Finding(level, "clock", f"differs by {skew}", "set this machine's clock" if skew else ""))
            return findings

    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Yield changed issues place by place, oldest first, from five minutes before each cursor."""
        for place in self.scopes():
            yield from self._pull_place(place, cursors.get(place))

    def recall(self, cursors: Mapping[str, str]) -> Mapping[str, str]:
        """Return nothing: a place is its name."""
        del cursors
        return {}

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Yield one answer per address, in order."""
        for start in range(0, len(addresses), _READ):
            for seen in self._client.read(addresses[start : start + _READ]):
                yield seen_as(seen, self.name, self._references)

    def defined(self, place: str, surface: Surface, values: Sequence[str]) -> Mapping[str, datetime | None]:
        """Return the values whose label, or option of the field in ``place``, was not deleted."""
        if surface.kind is SurfaceKind.FIELD:
            return dict.fromkeys(self._client.options(place, values))
        prefix = surface.id if surface.kind is SurfaceKind.LABEL else ""
        return dict.fromkeys(self._client.label_definitions(prefix, values))

    def losses(self, missing: Sequence[Missing]) -> Mapping[Missing, Loss]:
        """Return nothing: issues here have no history."""
        del missing
        return {}

    def census(self, scope: str, position: str = "") -> Iterator[CensusPage]:
        """Yield the addresses of a place, oldest birth first."""
        position = position if position.isdigit() else ""
        while True:
            found = self._client.ids(scope, position, self._settings.page_size + 1)
            page, more = found[: self._settings.page_size], found[self._settings.page_size :]
            position = page[-1].id if more else ""
            yield CensusPage(scope, tuple(Address(self.name, one.id, one.key) for one in page), position)
            if not position:
                return

    def in_scope(self, issues: Sequence[Issue]) -> frozenset[str]:
        """Return the issues in our places."""
        scopes = set(self.scopes())
        return frozenset(issue.ref.id for issue in issues if issue.place in scopes)

    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Yield one outcome per write, guarded; each label and the field go singly."""
        yield from guarded(writes, self._surfaces(), self.fetch, each(self._send), batch=_READ)

    def create(self, draft: Draft) -> Issue:
        """Create the drafted issue once: what an earlier process made is found by its mark."""
        id_ = self._made.once(
            draft, lambda: self._client.marked(draft.place), lambda: self._client.create(draft).ref.id
        )
        (seen,) = self.fetch([Address(self.name, id_)])
        if not isinstance(seen, Present | Moved):
            raise Unknown(f"the issue made for draft {draft.id} is not to be seen")
        return seen.issue

    def drafted(
        self,
        place: str,
        ids: Collection[str],
        since: datetime | None = None,  # noqa: ARG002 - the list is short
    ) -> frozenset[str]:
        """Return those of the drafts whose mark an issue of ours carries."""
        return self._made.note(self._client.marked(place)).intersection(ids)

    def form(self, draft: Draft, template: str = "") -> str:
        """Return an address that says what the new issue shows."""
        given = {"title": draft.title, "labels": ",".join(draft.labels), "body": draft.body, "template": template}
        told = {name: value for name, value in {**given, **draft.fields}.items() if value}
        return f"memory://{self._tracker.name}/{draft.place}/new?{urlencode(told)}"

    def hear(self, delivery: Delivery) -> Heard | Unheard:
        """Return what an event of the tracker's says."""
        return hearing.hear(delivery, self.name, self._settings)

    def manual(self, address: str) -> tuple[str, ...]:
        """Return how a program lets the tracker tell of changes."""
        return (f"post what memory.hearing.event returns to {address}",)

    def public(self, place: str) -> bool:  # noqa: ARG002 - one for all places
        """Return whether strangers read everything."""
        return self._tracker.public

    def menus(self) -> Iterator[Menu]:
        """Yield the menu of the field, where it is a surface."""
        ours = {one.id for one in self._surfaces()}
        return (menu for menu in publishing.menus(self._tracker) if menu.surface.id in ours)

    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:  # noqa: ARG002 - there is one
        """Yield one outcome per change."""
        return publishing.offer(self._tracker, changes)

    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Return the issues that are goals; nothing is asked where ``listed`` shows what ``last`` has."""
        if listed is not None and last is not None:
            stamps = {id_: stamp.isoformat() for id_, stamp in listed.items()}
            if stamps.keys() == last.by_id.keys() and not edited(last, stamps):
                return last
        settings, now = cast("MemoryGoalSettings", wanted), self._tracker.now()
        return goals_of(
            self._client, settings, last, places=self.scopes(), tracker=self.name, fetch=self.fetch, now=now
        )

    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Bring a goal's issue to what is wanted."""
        return homes.rewrite(self._tracker, wanted)

    def attach(self, child: Address, parent: Address) -> Attached:
        """Hang ``child`` below ``parent``."""
        return self._shown(child, homes.attach(self._tracker, child, parent))

    def detach(self, child: Address, parent: Address) -> Attached:
        """Take ``child`` from below ``parent``."""
        return self._shown(child, homes.detach(self._tracker, child, parent))

    def _shown(self, address: Address, outcome: Attached) -> Attached:
        seen = next(iter(self.fetch([address]))) if outcome.fate is Fate.DONE else None
        return replace(outcome, issue=None if seen is None or isinstance(seen, (Gone, Hidden)) else seen.issue)

    def close(self) -> None:
        """Release nothing: there are no sessions."""

    def __repr__(self) -> str:
        return f"MemoryConnector({self.name!r})"

    def _surfaces(self) -> tuple[Surface, ...]:
        return surfaces_of(self._settings.write_back, self._tracker.field_name, self._tracker.field_id)

    def _check_place(self, place: str) -> Finding:
        there = self._tracker.places.get(place)
        if there is None:
            return Finding(Level.ERROR, place, "there is no such place", "correct `places`")
        if there.refusal:
            return Finding(Level.WARNING, place, there.refusal, "give our account write access")
        return Finding(Level.OK, place, f"{len(there.records)} issues")

    def _pull_place(self, place: str, cursor: str | None) -> Iterator[Page]:
        """Read ``place`` in the order of change; once all is read, the cursor is the instant when reading began."""
        started, after, size = self._tracker.stamp(), None, self._settings.page_size
        reached = instant(cursor) if cursor else None
        since = reached and reached - OVERLAP
        while True:
            issues = self._client.changed(place, since, after, size)
            if not issues and (cursor or after):
                return
            complete = len(issues) < size
            after = _last(issues) if issues else after
            seen_until = started if complete or after is None else min(after[0], started)
            reached = max(reached, seen_until) if reached else seen_until
            yield self._page(place, issues, reached.isoformat(), complete=complete)
            if complete:
                return

    def _page(self, place: str, issues: list[Issue], cursor: str, *, complete: bool) -> Page:
        kept = issues
        if not self._settings.track_pull_requests:
            kept = [issue for issue in issues if not issue.pull_request]
        mine = tuple(named(issue, self.name, self._references) for issue in kept)
        return Page(place, mine, cursor, skipped=len(issues) - len(kept), complete=complete)

    def _send(self, ready: Ready) -> Written | None:
        for change in ready.write.changes:
            try:
                self._apply(ready.issue.ref.id, change)
            except WriteRefused as error:
                key = change.surface.key
                return Refused(ready.write, key, str(error), error.advice, error.place_wide)
        return None

    def _apply(self, id_: str, change: Change) -> None:
        if change.surface.kind is SurfaceKind.FIELD:
            self._client.set_field(id_, change.add[0] if change.add else None)
            return
        prefix = change.surface.id if change.surface.kind is SurfaceKind.LABEL else ""
        for value in change.add:
            self._client.add_label(id_, prefix + value)
        for value in change.remove:
            self._client.remove_label(id_, prefix + value)


def _last(issues: list[Issue]) -> Position:
    return issues[-1].updated, issues[-1].ref.id
