"""The preflight: what an operator can get wrong with a Jira site, each with its fix. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.bulk import Bulk
from vindaris_connectors.jira.client import Client, as_object, server_time
from vindaris_connectors.jira.permissions import BROWSE, CREATE, EDIT, granted
from vindaris_connectors.jira.screens import Screens
from vindaris_connectors.jira.search import Query, SearchRefused
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_connectors.jira.site import Site
from vindaris_connectors.jira.surfaces import Trouble
from vindaris_sync.domain.models import Finding, Issue, Level
from vindaris_sync.sdk.errors import TrackerUnusable, VindarisError
from vindaris_sync.sdk.protocol import Surroundings

FAST = timedelta(minutes=10)
"""How far our clock may be from the server's; beyond it, what is driven by time pauses."""


@dataclass(frozen=True, slots=True)
class Checking:
    """Looks at one site for one account."""

    client: Client
    site: Site
    settings: JiraSettings
    scope: jql.Clause
    screens: Screens
    bulk: Bulk
    surroundings: Surroundings

    def findings(self) -> list[Finding]:
        """Return what was looked at, good or bad; a check that cannot be made is a finding too."""
        checks: list[Callable[[], Iterator[Finding]]] = [self._account, self._projects, self._fields, self._screens]
        found: list[Finding] = []
        for check in checks:
            try:
                found += check()
            except VindarisError as error:
                found.append(Finding(Level.ERROR, "jira", str(error), error.advice))
                if isinstance(error, TrackerUnusable):
                    break
        return found

    def _account(self) -> Iterator[Finding]:
        answer = self.client.read(f"{self.site.reader.api}/myself")
        document = as_object(answer) if answer.status == HTTPStatus.OK else {}
        kind = "Cloud" if self.site.reader.cloud else "Data Center"
        who, zone = document.get("displayName") or "somebody", document.get("timeZone") or "unknown"
        yield Finding(Level.OK, "account", f"{who} on Jira {kind} {self.site.version}, time zone {zone}")
        server = server_time(answer)
        away = abs(self.surroundings.now() - server) if server else timedelta()
        if away > FAST:
            fix = "set this machine's clock (timedatectl set-ntp true), or the server's"
            yield Finding(Level.ERROR, "clock", f"our clock and the server's differ by {away}", fix)
        else:
            yield Finding(Level.OK, "clock", f"within {away.total_seconds():.0f} s of the server's")

    def _projects(self) -> Iterator[Finding]:
        for key in self.settings.projects:
            yield from self._project(key)
        if not self.settings.projects:
            next(self.site.reader.pages(Query(self.scope, "updated", self.site.reader.id_fields, 1)))
            yield Finding(Level.OK, "jql", "Jira accepts the query")
        if self.site.reader.cloud:
            if self.bulk.allowed:
                yield Finding(Level.OK, "bulk change", "granted: equal changes go out a thousand at a time")
            else:
                fix = "give the account the global permission Make bulk changes"
                yield Finding(Level.WARNING, "bulk change", "not granted: each issue is written by itself", fix)

    def _project(self, key: str) -> Iterator[Finding]:
        has = granted(self.client, self.site.reader.api, BROWSE, EDIT, CREATE, project=key)
        subject = f"project {key}"
        if BROWSE not in has:
            fix = f"correct the key, or give the account Browse projects in {key}"
            yield Finding(Level.ERROR, subject, "it does not exist, or the account may not browse it", fix)
        elif EDIT not in has and self.settings.write_back.enabled:
            fix = f"give the account Edit issues in {key}, or set write_back.enabled = false"
            yield Finding(Level.ERROR, subject, "the account may not edit its issues", fix)
        elif CREATE not in has:
            fix = f"give the account Create issues in {key} if work is to be created from goals"
            yield Finding(Level.WARNING, subject, "the account may not create issues", fix)
        else:
            yield Finding(Level.OK, subject, "may be browsed and edited")

    def _fields(self) -> Iterator[Finding]:
        for managed in self.site.fields.managed:
            if isinstance(managed, Trouble):
                yield Finding(Level.ERROR, f"field {managed.name}", managed.message, managed.fix)
            else:
                kind = managed.shape.name.lower()
                yield Finding(Level.OK, f"field {managed.name}", f"{managed.id}, holds {kind}")
        if self.settings.estimate and not self.site.fields.estimate:
            message = f"there is no number field {self.settings.estimate!r}, or there are several"
            yield Finding(Level.WARNING, "estimate", message, "write the field's id, customfield_…, into estimate")
        if not self.site.reader.cloud and not self.site.fields.epic_link:
            fix = "name the field in epic_link, if epics are used"
            yield Finding(Level.WARNING, "epic link", "no Epic Link field was found: epics are no parents", fix)

    def _screens(self) -> Iterator[Finding]:
        """Look at one issue of each project: what is not on its edit screen cannot be written."""
        if not self.settings.write_back.enabled:
            return
        clauses = [jql.projects([key]) for key in self.settings.projects] or [self.scope]
        for clause in clauses:
            try:
                issue = sample(self.site, clause)
            except SearchRefused:  # a project that may not be browsed has its finding already
                continue
            screen: Any = self.screens.fields(issue) if issue else None
            if issue is None or screen is None:
                continue
            wanted = {"labels": "Labels", **{id_: field.name for id_, field in self.site.fields.usable.items()}}
            for name in (name for id_, name in wanted.items() if id_ not in screen):
                message = f"{name} is not on the edit screen of {issue.type} ({issue.key})"
                fix = f"add {name} to that screen, and give the field a context that holds in {issue.place}"
                yield Finding(Level.ERROR, f"screen {issue.place}", message, fix)


def sample(site: Site, clause: jql.Clause) -> Issue | None:
    """Return some issue that ``clause`` matches, ``None`` where there is none that can be read."""
    found = next(site.reader.pages(Query(clause, "updated", site.mapper.fields, 1)))
    issues = site.mapper.page(found.items).issues
    return issues[0] if issues else None
