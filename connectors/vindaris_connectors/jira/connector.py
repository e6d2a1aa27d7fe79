"""The Jira connector: joins what the other modules know. One tracker is one scope, one account, one site."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar, TypeVar, cast

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.atlassian_goals import AtlassianGoals, AtlassianGoalSettings
from vindaris_connectors.jira.bulk import Bulk
from vindaris_connectors.jira.checking import Checking, sample
from vindaris_connectors.jira.client import Client, as_object
from vindaris_connectors.jira.creating import Creating
from vindaris_connectors.jira.cursor import Cursor, scope_of
from vindaris_connectors.jira.fetching import Fetching
from vindaris_connectors.jira.forms import form
from vindaris_connectors.jira.goal_mapping import GoalMapper
from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_connectors.jira.goals import GoalReading, clause_of, resolved
from vindaris_connectors.jira.hearing import Hearing, instructions
from vindaris_connectors.jira.histories import Histories
from vindaris_connectors.jira.homes import Homes
from vindaris_connectors.jira.permissions import BROWSE, granted
from vindaris_connectors.jira.publishing import Publishing
from vindaris_connectors.jira.pulling import Pulling
from vindaris_connectors.jira.recent import Recent
from vindaris_connectors.jira.screens import Screens, first_surface
from vindaris_connectors.jira.search import SearchRefused
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_connectors.jira.site import Site, discover
from vindaris_connectors.jira.writing import Writing
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.homes import Attached, Rewrite, Rewritten
from vindaris_sync.domain.menus import Fate, Menu, MenuChange, Offered
from vindaris_sync.domain.models import (
    Address,
    CensusPage,
    Finding,
    Issue,
    Layout,
    Level,
    Page,
    Refused,
    Seen,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sdk.creating import Made
from vindaris_sync.sdk.errors import TrackerUnusable, Transient, VindarisError
from vindaris_sync.sdk.goals import Statement, TrackerGoalSettings
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.protocol import Capability, Loss, Missing, Surroundings
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.sdk.shapes import sent, understood
from vindaris_sync.sdk.webhooks import Delivery, Heard, Unheard

T = TypeVar("T")

_ALWAYS = (
    Capability.INCREMENTAL
    | Capability.CENSUS
    | Capability.CUSTOM_FIELD
    | Capability.LABELS
    | Capability.CREATE
    | Capability.HIERARCHY
    | Capability.GOALS
    | Capability.PUBLISH
    | Capability.HOME
    | Capability.WORK_ITEMS
    | Capability.WEBHOOKS
)


class JiraConnector:
    """One Jira site, Cloud or Data Center; which of them is found out at the first use, not before."""

    settings_type: type[TrackerSettings] = JiraSettings
    goal_settings: ClassVar[Mapping[str, type[TrackerGoalSettings]]] = {
        "jira": JiraGoalSettings,
        "atlassian-goals": AtlassianGoalSettings,
    }

    def __init__(self, name: str, settings: TrackerSettings, surroundings: Surroundings) -> None:
        self.name = name
        self._settings = cast("JiraSettings", settings)
        self._around = surroundings
        self._client = Client(self._settings, surroundings)
        self._clause = (
            jql.projects(self._settings.projects) if self._settings.projects else jql.written(self._settings.jql)
        )
        self._scope = scope_of(self._settings.projects, self._settings.jql)
        self._recent = Recent(surroundings.now)
        self._bulk = Bulk(self._client, surroundings)
        self._made = Made()
        self._tenants: dict[str, str] = {}
        self._known: Site | None = None
        self._account = ""
        self._mappers: dict[str, GoalMapper] = {}
        self._hearing = Hearing(name, self._settings)
        self.capabilities = _ALWAYS

    def __repr__(self) -> str:
        return f"JiraConnector({self.name!r}, {self._settings.url!r})"

    def scopes(self) -> Sequence[str]:
        """Return the one scope: a hash of ``projects`` or ``jql``."""
        return (self._scope,)

    @understood
    def layout(self) -> Layout:
        """Return the managed surfaces; a field that cannot be used is there, and broken."""
        return self._site.layout

    @understood
    def check(self) -> list[Finding]:
        """Look at the whole set-up anew; raises nothing of ours: a failure is a finding."""
        with self._around.conduct.urgent(Urgency.PERSON):
            return self._checked()

    def _checked(self) -> list[Finding]:
        self._known = None
        try:
            site = self._site
        except VindarisError as error:
            return [Finding(Level.ERROR, "jira", str(error), error.advice)]
        screens = self._screens(site)
        checking = Checking(self._client, site, self._settings, self._clause, screens, self._bulk, self._around)
        findings = checking.findings()
        self._note_bulk()
        return findings

    @understood
    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Yield the scope's pages: changes since its cursor, or everything."""
        cursor = Cursor.read(cursors.get(self._scope, ""))
        return self._explained(self._pulling(self._site).pages(cursor))

    def recall(self, cursors: Mapping[str, str]) -> Mapping[str, str]:
        """Return nothing: another query is another scope."""
        del cursors
        return {}

    @understood
    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Yield where each address leads."""
        if addresses:
            yield from self._fetching(self._site).seen(addresses)

    @understood
    def defined(self, place: str, surface: Surface, values: Sequence[str]) -> Mapping[str, datetime | None]:
        """Return which values can be shown: any label and text, the options that the field offers in ``place``.

        Where the options cannot be seen none is certain, and none is returned.
        """
        if surface.kind is not SurfaceKind.FIELD:
            return dict.fromkeys(values)
        site = self._site
        managed = site.fields.usable.get(surface.id)
        if managed is None:
            return {}
        if not managed.shape.chosen:
            return dict.fromkeys(values)
        issue = sample(site, jql.projects([place]))
        return dict.fromkeys(self._screens(site).offered(managed, issue) & frozenset(values)) if issue else {}

    @understood
    def losses(self, missing: Sequence[Missing]) -> Mapping[Missing, Loss]:
        """Return what the issues' histories tell of fields; labels need no definition."""
        site = self._site
        told = Histories(self._client, site.reader, site.fields.usable, self._around.in_flight)
        return told.losses(missing)

    @understood
    def census(self, scope: str, position: str = "") -> Iterator[CensusPage]:
        """Yield every id in the one scope; raises ``ValueError`` for another."""
        if scope != self._scope:
            raise ValueError(f"{scope!r} is no scope of {self.name}")
        return self._explained(self._pulling(self._site).census(position))

    @understood
    def in_scope(self, issues: Sequence[Issue]) -> frozenset[str]:
        """Return the issues that the scope's query finds."""
        return self._pulling(self._site).shown([issue.ref.id for issue in issues])

    @sent
    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Yield one outcome per write."""
        if not writes:
            return
        if not self._settings.write_back.enabled:
            for write in writes:
                yield Refused(write, first_surface(write), "write_back.enabled is false for this tracker")
            return
        site = self._site
        bulk = self._bulk if site.reader.cloud else None
        writing = Writing(self._client, self._fetching(site), self._screens(site), site.fields.usable, bulk, self._me)
        yield from writing.outcomes(writes, site.layout.surfaces)
        self._note_bulk()

    @sent
    def create(self, draft: Draft) -> Issue:
        """Create the drafted issue, or find it."""
        return self._creating(self._site).create(draft)

    @understood
    def drafted(self, place: str, ids: Collection[str], since: datetime | None = None) -> frozenset[str]:
        """Return those of the drafts whose mark an issue of ours carries."""
        return self._made.note(self._creating(self._site).marked(place, since)).intersection(ids)

    @understood
    def form(self, draft: Draft, template: str = "") -> str:
        """Return the address of the create dialogue; Jira has no templates to name in it."""
        return form(self._creating(self._site), draft, template)

    def hear(self, delivery: Delivery) -> Heard | Unheard:
        """Return what a webhook says."""
        return self._hearing.hear(delivery)

    def manual(self, address: str) -> tuple[str, ...]:
        """Return how an administrator registers the webhook."""
        return instructions(self.name, self._settings, address)

    def public(self, place: str) -> bool:  # noqa: ARG002 - a setting of the whole site
        """Return whether strangers read the site, which the configuration says."""
        return self._settings.public

    @understood
    def menus(self) -> Iterator[Menu]:
        """Yield the options of our select fields, context by context."""
        return self._publishing().menus()

    @sent
    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Yield one outcome per change."""
        return self._publishing().offer(menu, changes)

    @understood
    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Return the issues that are goals; one search where nothing was edited, none where pulls show what is so.

        Or the goals of Atlassian Goals: a request for each fifty of them.
        """
        if isinstance(wanted, AtlassianGoalSettings):
            return self._atlassian(wanted).statement(last)
        site, settings = self._site, cast("JiraGoalSettings", wanted)
        if (mark := settings.model_dump_json()) not in self._mappers:
            self._mappers[mark] = resolved(self._client, site.reader, settings, self.name, site.fields.epic_link)
        fetching = self._fetching(site)
        reading = GoalReading(
            self._client, site.reader, self._mappers[mark], clause_of(settings, self._clause), fetching.seen,
            self._confirm, self._around.in_flight,
        )  # fmt: skip
        return reading.statement(last, listed, self._around.now)

    @sent
    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Bring a goal's issue to what is wanted."""
        return self._homes().rewrite(wanted)

    @sent
    def attach(self, child: Address, parent: Address) -> Attached:
        """Hang ``child`` below ``parent``, or link them."""
        return self._shown(child, self._homes().attach(child, parent))

    @sent
    def detach(self, child: Address, parent: Address) -> Attached:
        """Take ``child`` from below ``parent``."""
        return self._shown(child, self._homes().detach(child, parent))

    @understood
    def work_items(self, wanted: TrackerGoalSettings, goal: str) -> frozenset[str] | None:
        """Return the issues that are linked to a goal of Atlassian Goals."""
        return self._atlassian(wanted).work_items(goal)

    @sent
    def link_work_item(self, wanted: TrackerGoalSettings, goal: str, issue: Address, *, linked: bool) -> None:
        """Link an issue to a goal of Atlassian Goals, or unlink it."""
        self._atlassian(wanted).link(goal, issue, linked=linked)

    def close(self) -> None:
        """Close the sockets."""
        self._client.close()

    def _note_bulk(self) -> None:
        """Declare bulk writing where the account's permission was asked for and granted."""
        if self._bulk.known:
            self.capabilities |= Capability.BULK_WRITE

    @property
    def _site(self) -> Site:
        if self._known is None:
            self._known = discover(self.name, self._client, self._settings)
        return self._known

    def _pulling(self, site: Site) -> Pulling:
        return Pulling(self._scope, self._clause, site.reader, site.mapper, self._recent, self._around, self._confirm)

    def _fetching(self, site: Site) -> Fetching:
        return Fetching(self._client, site.reader, site.mapper, self._recent, self._around.in_flight)

    def _atlassian(self, wanted: TrackerGoalSettings) -> AtlassianGoals:
        settings = cast("AtlassianGoalSettings", wanted)
        return AtlassianGoals(self._client, self.name, self._settings.url, settings, self._tenants)

    def _homes(self) -> Homes:
        return Homes(self._client, self._site, self._settings.link_type)

    def _shown(self, address: Address, outcome: Attached) -> Attached:
        """Return the outcome with the issue as it is now, where something was done."""
        issue = self._fetching(self._site).issue(address.id or address.key) if outcome.fate is Fate.DONE else None
        return replace(outcome, issue=issue)

    def _publishing(self) -> Publishing:
        site = self._site
        return Publishing(self._client, site, self._settings, self._screens(site))

    def _creating(self, site: Site) -> Creating:
        return Creating(self._client, self._fetching(site), site, self._made)

    def _screens(self, site: Site) -> Screens:
        return Screens(self._client, site.reader)

    def _confirm(self) -> None:
        """Ask anew who we are; raises ``TrackerUnusable`` where our token has become nobody's."""
        self._account = ""
        self._me()

    def _me(self) -> str:
        """Return our account's id (Data Center: its key); raises where the site takes us for nobody."""
        if not self._account:
            answer = self._client.read(f"{self._site.reader.api}/myself")
            document = as_object(answer) if answer.status == HTTPStatus.OK else {}
            self._account = str(document.get("accountId") or document.get("key") or "")
            if not self._account:
                raise Transient(f"{answer.url} does not say who we are ({answer.status})")
        return self._account

    def _explained(self, pages: Iterator[T]) -> Iterator[T]:
        """Pass ``pages`` on; where Jira refuses the query, say which project is at fault."""
        try:
            yield from pages
        except SearchRefused as error:
            api = self._site.reader.api
            unseen = [key for key in self._settings.projects if not granted(self._client, api, BROWSE, project=key)]
            if not unseen:
                raise
            names = ", ".join(unseen)
            raise TrackerUnusable(
                f"project {names}: it does not exist, or the account may not browse it",
                reason="missing",
                advice=f"correct projects, or give the account Browse projects in {names}",
            ) from error
