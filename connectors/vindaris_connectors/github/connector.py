"""The GitHub connector: joins client, mapping, reading and writing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, cast

from vindaris_connectors.github.census import Census
from vindaris_connectors.github.checking import Preflight
from vindaris_connectors.github.client import GithubClient
from vindaris_connectors.github.creating import Creator, form
from vindaris_connectors.github.cursor import Cursor
from vindaris_connectors.github.fetching import Reader
from vindaris_connectors.github.fields import Broken, resolve
from vindaris_connectors.github.goal_mapping import GoalMapper
from vindaris_connectors.github.goal_queries import OPTIONAL
from vindaris_connectors.github.goal_settings import GithubGoalSettings
from vindaris_connectors.github.goals import GoalReading
from vindaris_connectors.github.graph import Graph
from vindaris_connectors.github.hearing import Hearing
from vindaris_connectors.github.homes import Homes
from vindaris_connectors.github.labels import label_name, made
from vindaris_connectors.github.mapping import ManagedField, Mapper
from vindaris_connectors.github.publishing import Publishing
from vindaris_connectors.github.pulling import Pull
from vindaris_connectors.github.registering import Registering
from vindaris_connectors.github.repositories import Repository, Unreachable, find
from vindaris_connectors.github.settings import GithubSettings
from vindaris_connectors.github.writing import BATCH, Writer
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.homes import Attached, Rewrite, Rewritten
from vindaris_sync.domain.menus import Fate, Menu, MenuChange, Offered
from vindaris_sync.domain.models import (
    Address,
    CensusPage,
    Finding,
    Gone,
    Hidden,
    Issue,
    Layout,
    Level,
    Page,
    Seen,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.goals import Statement, TrackerGoalSettings
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.protocol import Capability, Loss, Missing, Surroundings
from vindaris_sync.sdk.references import References
from vindaris_sync.sdk.shapes import sent, understood
from vindaris_sync.sdk.webhooks import Delivery, Heard, Hook, Unheard
from vindaris_sync.sdk.writing import each, guarded


class GithubConnector:
    """A ``Connector`` on GitHub.com or an Enterprise Server; scopes are the configured repositories."""

    settings_type = GithubSettings
    goal_settings: ClassVar[Mapping[str, type[TrackerGoalSettings]]] = {"github": GithubGoalSettings}

    def __init__(self, name: str, settings: GithubSettings, surroundings: Surroundings) -> None:
        self.name = name
        self.capabilities = (
            Capability.INCREMENTAL
            | Capability.CENSUS
            | Capability.LABELS
            | Capability.CREATE
            | Capability.WEBHOOKS
            | Capability.HIERARCHY
            | Capability.GOALS
            | Capability.PUBLISH
            | Capability.HOME
        )
        if settings.field_names:
            self.capabilities |= Capability.CUSTOM_FIELD
        self._settings = settings
        self._around = surroundings
        self._client = GithubClient(settings, surroundings)
        self._references = References(settings.parent_reference)
        self._fields: tuple[tuple[ManagedField, ...], tuple[Broken, ...]] | None = None
        self._numbers: dict[str, int] = {}
        self._meant: dict[str, int] = {}
        self._graph = Graph(self._client, OPTIONAL)
        self._reader = Reader(self._client, self._mapper, surroundings.in_flight, self._number)
        self._writer = Writer(self._client)
        self._creator = Creator(self._client, self._mapper)
        self._hearing = Hearing(name, settings, lambda: tuple(self._numbers.values()))

    def scopes(self) -> Sequence[str]:
        """Return the configured repositories."""
        return self._settings.repositories

    @understood
    def layout(self) -> Layout:
        """Return the surfaces; fields are found by name once, one per organisation. Raises as the client."""
        fields, broken = self._resolved()
        unusable = {one.surface.key for one in broken}
        several = self._settings.write_back.several_goals
        return Layout(tuple(self._surfaces(fields, broken)), frozenset(unusable), several, steady=True)

    @understood
    def check(self) -> list[Finding]:
        """Look at credentials, clock, limits, repositories, permissions and fields; fields are found anew."""
        preflight = Preflight(self._client, self._settings, self._around, self._numbers)
        try:
            self._fields = None
            with self._around.conduct.urgent(Urgency.PERSON):
                return list(preflight.findings(*self._resolved()))
        except TrackerUnusable as error:
            return [Finding(Level.ERROR, error.reason, str(error), error.advice)]
        finally:
            self._meant |= preflight.meant

    @understood
    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Yield created and changed issues of every repository; one that is out of reach is told at the end."""
        known = {scope: self._resumed(scope, cursors.get(scope)) for scope in self.scopes()}
        self._numbers |= {scope: cursor.repository for scope, cursor in known.items() if cursor.repository}
        mapper = self._mapper(pull_requests=self._settings.pull_requests)
        for page in Pull(self._client, mapper, self._around.in_flight, self._around.now).pages(known):
            self._numbers[page.scope] = Cursor.parse(page.cursor).repository
            yield page

    def recall(self, cursors: Mapping[str, str]) -> Mapping[str, str]:
        """Take up the repositories' numbers, by which they are known under any name, and return those alone."""
        known = {scope: Cursor.parse(text).repository for scope, text in cursors.items()}
        self._numbers |= {scope: number for scope, number in known.items() if number and scope in self.scopes()}
        return {scope: Cursor(number).text() for scope, number in known.items() if number}

    @understood
    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Yield one answer per address, in order, read directly."""
        return self._reader.fetch(addresses)

    @understood
    def defined(self, place: str, surface: Surface, values: Sequence[str]) -> Mapping[str, datetime | None]:
        """Return the values whose label is defined in ``place`` and since when, or that the field has as options."""
        if surface.kind is not SurfaceKind.FIELD:
            labels = made(self._client, place)
            names = {value: label_name(surface, value).casefold() for value in values}
            return {value: labels[name] for value, name in names.items() if name in labels}
        fields, _ = resolve(self._client, [place.partition("/")[0]], self._settings.field_names)
        field = next((one for one in fields if str(one.id) == surface.id), None)
        if field is None:
            return {}
        options = {option.casefold() for option in field.options}
        return {value: None for value in values if field.data_type == "text" or value.casefold() in options}

    def losses(self, missing: Sequence[Missing]) -> Mapping[Missing, Loss]:
        """Return nothing: histories cost a request for each issue, and labels tell when they were made."""
        del missing
        return {}

    @understood
    def census(self, scope: str, position: str = "") -> Iterator[CensusPage]:
        """Yield the addresses of a repository; raises ``TrackerUnusable`` where it is out of reach."""
        kinds = ("issues", "pullRequests") if self._settings.pull_requests else ("issues",)
        yield from Census(self._client, self.name, scope, self._reached(scope)).pages(kinds, position)

    @understood
    def in_scope(self, issues: Sequence[Issue]) -> frozenset[str]:
        """Return the issues in our repositories, whatever those are called now."""
        names = {self._reached(scope).full_name.casefold() for scope in self.scopes()} if issues else set()
        return frozenset(issue.ref.id for issue in issues if issue.place.casefold() in names)

    @sent
    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Yield one outcome per write, guarded; writes go one after another, a second apart."""
        if writes:
            surfaces = self.layout().surfaces
            self._writer.forget_refusals()
            yield from guarded(writes, surfaces, self.fetch, each(self._writer.send), batch=BATCH)

    @sent
    def create(self, draft: Draft) -> Issue:
        """Create the drafted issue once."""
        return self._creator.create(draft)

    def hear(self, delivery: Delivery) -> Heard | Unheard:
        """Return what a webhook says."""
        return self._hearing.hear(delivery)

    def manual(self, address: str) -> tuple[str, ...]:  # noqa: ARG002 - we do it ourselves
        """Return nothing: ``register`` does it."""
        return ()

    @understood
    def hooks(self, address: str) -> Iterator[Hook]:
        """Yield for each repository how the webhook that leads to ``address`` stands."""
        return Registering(self._client, self._settings).hooks(address)

    @sent
    def register(self, hook: Hook, address: str) -> Hook:
        """Make a webhook right."""
        return Registering(self._client, self._settings).register(hook, address)

    @sent
    def unregister(self, hook: Hook) -> Hook:
        """Delete a webhook."""
        return Registering(self._client, self._settings).unregister(hook)

    @understood
    def public(self, place: str) -> bool:
        """Return whether strangers read the repository; one that cannot be looked at is taken for public."""
        found = find(self._client, place, self._numbers.get(place, 0))
        return isinstance(found, Unreachable) or not found.private

    @understood
    def drafted(self, place: str, ids: Collection[str], since: datetime | None = None) -> frozenset[str]:
        """Return those of the drafts whose marker an issue of ours carries."""
        return self._creator.drafted(place, since).intersection(ids)

    @understood
    def form(self, draft: Draft, template: str = "") -> str:
        """Return the address of the form for a new issue; ``template`` is the file name of one of the repository's."""
        return form(self._settings.url, self._reached(draft.place), draft, template)

    @understood
    def menus(self) -> Iterator[Menu]:
        """Yield the goal labels of each repository and the fields' options."""
        return Publishing(self._client, self._settings, self._goal_fields()).menus()

    @sent
    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Yield one outcome per change."""
        return Publishing(self._client, self._settings, self._goal_fields()).offer(menu, changes)

    @understood
    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Return the issues, milestones or items that are goals; one request where nothing was edited, or none."""
        settings = cast("GithubGoalSettings", wanted)
        names = {name.casefold(): name for name in self._settings.repositories}
        reading = GoalReading(self._graph, GoalMapper(self.name, settings, names), self.scopes(), self._reader.fetch)
        return reading.statement(last, listed, self._around.now)

    @sent
    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Bring a goal's issue to what is wanted."""
        return Homes(self._client).rewrite(wanted)

    @sent
    def attach(self, child: Address, parent: Address) -> Attached:
        """Make ``child`` a sub-issue of ``parent``."""
        return self._shown(child, Homes(self._client).attach(child, parent))

    @sent
    def detach(self, child: Address, parent: Address) -> Attached:
        """Make ``child`` a sub-issue of ``parent`` no more."""
        return self._shown(child, Homes(self._client).detach(child, parent))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __repr__(self) -> str:
        return f"GithubConnector({self.name!r})"

    def _shown(self, address: Address, outcome: Attached) -> Attached:
        """Return the outcome with the issue as it is now, where something was done."""
        seen = next(iter(self.fetch([address]))) if outcome.fate is Fate.DONE else None
        return replace(outcome, issue=None if seen is None or isinstance(seen, (Gone, Hidden)) else seen.issue)

    def _reached(self, scope: str) -> Repository:
        found = find(self._client, scope, self._numbers.get(scope, 0))
        if isinstance(found, Unreachable):
            raise TrackerUnusable(
                f"{scope}: {found.reason}", reason="missing", advice="give our credential access to it"
            )
        return found

    def _number(self, name: str) -> int:
        """Return the number of the repository that is read under ``name``, 0 where none was."""
        return next((self._numbers[scope] for scope in self._numbers if scope.casefold() == name.casefold()), 0)

    def _resumed(self, scope: str, text: str | None) -> Cursor:
        """Return where the pull of ``scope`` goes on: in the repository that it was, or that it is meant to be now."""
        cursor = Cursor.parse(text)
        if cursor.repository == self._meant.get(scope):
            del self._meant[scope]
        number = self._meant.get(scope) or cursor.repository or self._numbers.get(scope, 0)
        return cursor if cursor.repository == number else Cursor(number)

    def _resolved(self) -> tuple[tuple[ManagedField, ...], tuple[Broken, ...]]:
        if self._fields is None:
            self._fields = resolve(self._client, self._settings.owners, self._settings.field_names)
        return self._fields

    def _goal_fields(self) -> tuple[ManagedField, ...]:
        names = {name.casefold() for name in self._settings.goal_fields}
        return tuple(field for field in self._resolved()[0] if field.name.casefold() in names)

    def _mapper(self, *, pull_requests: bool = True) -> Mapper:
        called = {number: scope for scope, number in self._numbers.items()}
        return Mapper(self.name, self._resolved()[0], pull_requests, self._references, called)

    def _surfaces(self, fields: Sequence[ManagedField], broken: Sequence[Broken]) -> Iterator[Surface]:
        back = self._settings.write_back
        for name in back.surfaces:
            if name == "label":
                yield Surface(SurfaceKind.LABEL, back.label_prefix)
                continue
            wanted = name.removeprefix("field:").strip().casefold()
            for field in fields:
                if field.name.casefold() == wanted:
                    yield Surface(SurfaceKind.FIELD, str(field.id), single=True)
            yield from (one.surface for one in broken if one.name.casefold() == wanted)
        for mirrors, (shape, name) in back.mirrors.items():
            if shape == "label":
                yield Surface(SurfaceKind.LABEL, name, mirrors=mirrors)
                continue
            for field in fields:
                if field.name.casefold() == name.casefold():
                    yield Surface(SurfaceKind.FIELD, str(field.id), single=True, mirrors=mirrors)
            lost = (one.surface for one in broken if one.name.casefold() == name.casefold())
            yield from (replace(one, mirrors=mirrors) for one in lost)
        yield Surface(SurfaceKind.EXEMPT, back.exempt_label)
        yield Surface(SurfaceKind.REVIEW, back.review_label)
