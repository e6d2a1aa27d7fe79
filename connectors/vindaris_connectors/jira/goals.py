"""Asking a Jira site for the issues that are goals: what is there by one search, what was edited in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.goal_mapping import GoalMapper
from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_connectors.jira.pulling import parts
from vindaris_connectors.jira.reading import BATCH, Reader
from vindaris_connectors.jira.search import Query, SearchRefused
from vindaris_sync.domain.models import Address, Seen
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.goal_issues import edited, lingering, merged
from vindaris_sync.sdk.goals import GoalsRefused, StatedGoal, Statement, Unfit
from vindaris_sync.sdk.mapping import instant
from vindaris_sync.sdk.parallel import ordered
from vindaris_sync.sdk.protocol import OVERLAP

PARENT_LINK_TYPE = "com.atlassian.jpo:jpo-custom-field-parent"
"""The schema of Data Center's Parent Link field (Advanced Roadmaps)."""

_SYSTEM = frozenset(
    {"summary", "description", "priority", "assignee", "reporter", "creator", "duedate", "fixVersions", "labels"}
)
"""Fields that every site has under these ids: nobody needs to ask."""

_LISTED = ("created", "updated")
_ONE_PAGE = 100  # issues: the longest page with these fields on Cloud
COUNT_AGAIN = timedelta(hours=1)
"""How often all goals' issues are listed where they fill more than a page."""

_FieldDocuments = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class GoalReading:
    """Reads the goals of one source. ``fetch`` reads issues directly, ``confirm`` raises where we are nobody there."""

    client: Client
    reader: Reader
    mapper: GoalMapper
    clause: jql.Clause
    fetch: Callable[[Sequence[Address]], Iterable[Seen]]
    confirm: Callable[[], None]
    in_flight: int

    def statement(
        self, last: Statement | None, listed: Mapping[str, datetime] | None, now: Callable[[], datetime]
    ) -> Statement:
        """Return all goals; only those are read whose stamp is not what it was."""
        stamps, cursor = self._stamps(last, now()) if listed is None else (_told(listed), "")
        wanted = edited(last, stamps)
        if last is not None and not wanted and stamps.keys() == last.by_id.keys():
            return last if cursor == last.cursor else replace(last, cursor=cursor)
        left = lingering(last, stamps, self.fetch, self.mapper.tracker, now())
        return replace(merged(last, stamps, self._read(wanted), left), cursor=cursor)

    def _stamps(self, last: Statement | None, now: datetime) -> tuple[dict[str, str], str]:
        """Return when each goal's issue was changed last, by id, and the cursor that makes the next look cheap.

        As long as one page holds all of them, they are listed each time. Of more, only what was edited since the cursor
        is, and all once an hour: until then nobody notices that one was given up.
        """
        counted = _instant(last.cursor) if last is not None else None
        known = {} if last is None else {id_: each.stamp for id_, each in last.by_id.items()}
        if counted is None or not counted <= now < counted + COUNT_AGAIN or not all(known.values()):
            found, at = self._listed(None)
            return found, (at or now).isoformat() if len(found) > _ONE_PAGE else ""
        return known | self._listed(counted)[0], last.cursor if last is not None else ""

    def _listed(self, since: datetime | None) -> tuple[dict[str, str], datetime | None]:
        """List the goals' issues, those edited since then alone: stamps by id, oldest birth first; and Jira's clock."""
        query = Query(self.clause if since is None else self.clause & jql.since("updated", since - OVERLAP), "created",
                      _LISTED, self.reader.ids_page)  # fmt: skip
        try:
            pages = list(self.reader.pages(query))
        except SearchRefused as error:
            raise GoalsRefused([f"{error}; correct its jql or types"]) from None
        items = [item for page in pages for item in page.items]
        if not items and since is None:
            self.confirm()
        return {str(item["id"]): instant(item["fields"]["updated"]).isoformat() for item in items}, pages[0].at

    def _read(self, wanted: Sequence[str]) -> Iterator[StatedGoal | Unfit]:
        for asked, answer in ordered(map(self._task, parts(wanted, BATCH)), self.in_flight):
            for raw in self.reader.items(answer, asked):
                if isinstance(raw, dict) and raw.get("id"):
                    yield self.mapper.stated(raw)

    def _task(self, part: Sequence[str]) -> Callable[[], tuple[Sequence[str], Answer]]:
        return lambda: (part, self.reader.batch(part, self.mapper.fields))


def _told(listed: Mapping[str, datetime]) -> dict[str, str]:
    return {id_: stamp.isoformat() for id_, stamp in listed.items()}


def _instant(cursor: str) -> datetime | None:
    try:
        return instant(cursor)
    except ValueError:
        return None


def resolved(client: Client, reader: Reader, settings: JiraGoalSettings, tracker: str, epic_link: str) -> GoalMapper:
    """Return the mapper for the site: at most one request. Raises ``GoalsRefused`` for a field that is not there."""
    named = settings.named_fields
    known: _FieldDocuments = ()
    if not reader.cloud or not named.keys() <= _SYSTEM:
        answer = client.read(f"{reader.api}/field")
        document = answer.json()
        if not isinstance(document, list):
            raise Transient(f"{answer.url} answered without fields ({answer.status})")
        known = [entry for entry in document if isinstance(entry, Mapping)]
    wrong: list[str] = []
    ids = {name: _id_of(name, setting, known, wrong) for name, setting in named.items()}
    if wrong:
        raise GoalsRefused(wrong)
    link = ids.get(settings.parent_link) or _by_type(known, PARENT_LINK_TYPE)
    above = tuple(filter(None, ("parent", epic_link, link)))
    return GoalMapper(tracker, settings, ids, above)


def _id_of(name: str, setting: str, known: _FieldDocuments, wrong: list[str]) -> str:
    if name in _SYSTEM:
        return name
    found = [str(each["id"]) for each in known if name == each.get("id")] or [
        str(each["id"]) for each in known if str(each.get("name") or "").casefold() == name.casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        wrong.append(f"{setting}: several fields are called {name!r}: write one of their ids, {', '.join(found)}")
    else:
        wrong.append(f"{setting}: there is no field {name!r}, or the account may not see it")
    return ""


def _by_type(known: _FieldDocuments, kind: str) -> str:
    return next((str(each["id"]) for each in known if (each.get("schema") or {}).get("custom") == kind), "")


def clause_of(settings: JiraGoalSettings, scope: jql.Clause) -> jql.Clause:
    """Return what finds the goals: their own query, or their types within what is tracked."""
    return jql.written(settings.jql) if settings.jql else scope & jql.types(settings.types)
