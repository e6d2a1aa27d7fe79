"""Menus on Jira: the options of the select fields that show goals, in each context that holds for our projects.

Jira Cloud alone lets programs change options, and administrators alone; on Data Center the menu is shut, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.checking import sample
from vindaris_connectors.jira.client import Client, Reasons, as_object
from vindaris_connectors.jira.screens import Screens
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_connectors.jira.site import Site
from vindaris_connectors.jira.surfaces import Field
from vindaris_sync.domain.menus import Alter, Choice, Fate, Make, Menu, MenuChange, Offered, Sort
from vindaris_sync.domain.models import Finding, Level, Surface, SurfaceKind
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.exchange import Answer

MOST_AT_ONCE = 1000
"""Options of one request (Jira Cloud, *Create custom field options*)."""
MOST_OPTIONS = 10_000
_PAGE = 100
_DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
_ADMINISTER = "give the account the global permission Administer Jira, or add options by hand"

_Values = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Publishing:
    """Keeps the menus of one site. Options are goals' keys alone, so they tell no title to anybody."""

    client: Client
    site: Site
    settings: JiraSettings
    screens: Screens

    def menus(self) -> Iterator[Menu]:
        """Yield a menu for each field and context; one for each field and project where nothing can be changed."""
        goals = {surface.id for surface in self.site.layout.surfaces if surface.shows_goals}
        for field in (each for each in self.site.fields.usable.values() if each.id in goals):
            if not field.shape.chosen:
                continue
            if not self.site.reader.cloud:
                message = "Jira Data Center lets no program change a field's options"
                yield from self._seen(field, message, "add options by hand, or take publish_goals out")
            elif (contexts := self._contexts(field)) is None:
                yield from self._seen(field, "the account may not change its options", _ADMINISTER)
            else:
                for context in contexts:
                    yield self._menu(field, context)

    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Make options, then alter them, then sort them: one request for each of these, a thousand at a time."""
        path = self._path(menu)
        now = {option.id: option for option in self._options(path)}
        alterations = [change for change in changes if isinstance(change, Alter)]
        stale = [change for change in alterations if now.get(change.before.id) != change.before]
        yield from (Offered(change, Fate.STALE, reason="somebody has just changed it") for change in stale)
        yield from self._make(path, [change for change in changes if isinstance(change, Make)])
        yield from self._alter(path, [change for change in alterations if change not in stale])
        for change in changes:
            if isinstance(change, Sort):
                yield self._sort(path, change)

    def _menu(self, field: Field, context: Mapping[str, Any]) -> Menu:
        place = str(context["id"])
        path = f"{self._base(field)}/{place}/option"
        name = f"options of the field {field.name} ({context.get('name') or place})"
        return Menu(
            place,
            name,
            _surface(field),
            tuple(self._options(path)),
            public=self.settings.public,
            retires=True,
            ordered=True,
            most=MOST_OPTIONS,
        )

    def _seen(self, field: Field, message: str, fix: str) -> Iterator[Menu]:
        """Yield what the field offers in each project, as people see it, in menus that are shut."""
        for key in self.settings.projects:
            name = f"options of the field {field.name} in {key}"
            issue = sample(self.site, jql.projects([key]))
            offered = self.screens.offered(field, issue) if issue else frozenset[str]()
            choices = tuple(Choice(value, value) for value in sorted(offered))
            shut = Finding(Level.WARNING, f"options of the field {field.name}", message, fix)
            if issue is not None:
                yield Menu(key, name, _surface(field), choices, public=self.settings.public, shut=shut)

    def _contexts(self, field: Field) -> list[dict[str, Any]] | None:
        """Return the contexts that hold for our projects; ``None`` where we may not look."""
        pages = self._values(self._base(field))
        contexts = None if pages is None else list(pages)
        if contexts is None or len(contexts) < 2 or not self.settings.projects:  # noqa: PLR2004 - nothing to choose from
            return contexts
        ours = set(self._project_ids())
        mapped = self._values(f"{self._base(field)}/projectmapping") or ()
        wanted = {str(row["contextId"]) for row in mapped if row.get("isGlobalContext") or row.get("projectId") in ours}
        return [context for context in contexts if str(context["id"]) in wanted]

    def _project_ids(self) -> Iterator[str]:
        for key in self.settings.projects:
            answer = self.client.read(f"{self.site.reader.api}/project/{key}")
            if answer.status == HTTPStatus.OK:
                yield str(as_object(answer)["id"])

    def _options(self, path: str) -> Iterator[Choice]:
        for option in self._values(path) or ():
            if not option.get("optionId"):  # a cascading select's second level
                enabled = not option.get("disabled", False)
                yield Choice(str(option["id"]), str(option["value"]), enabled=enabled)

    def _values(self, path: str) -> _Values | None:
        """Return all pages' values; ``None`` where the account may not see them."""
        first = self.client.read(path, startAt="0", maxResults=str(_PAGE))
        return None if first.status in _DENIED else self._pages(path, first)

    def _pages(self, path: str, answer: Answer) -> _Values:
        start = 0
        while True:
            if answer.status != HTTPStatus.OK:
                raise Transient(f"{answer.url} answered {answer.status}")
            page = as_object(answer)
            values = page.get("values") or []
            yield from values
            start += len(values)
            if not values or page.get("isLast", True):
                return
            answer = self.client.read(path, startAt=str(start), maxResults=str(_PAGE))

    # --- changing ---------------------------------------------------------------------------------------------------

    def _make(self, path: str, changes: Sequence[Make]) -> Iterator[Offered]:
        for start in range(0, len(changes), MOST_AT_ONCE):
            part = changes[start : start + MOST_AT_ONCE]
            options = [{"value": each.choice.value, "disabled": not each.choice.enabled} for each in part]
            made = self._sent("POST", path, {"options": options})
            by_value = {str(o["value"]): str(o["id"]) for o in _options_of(made)}
            for change in part:
                id_ = by_value.get(change.choice.value)
                choice = None if id_ is None else Choice(id_, change.choice.value, enabled=change.choice.enabled)
                yield _outcome(change, made, choice)

    def _alter(self, path: str, changes: Sequence[Alter]) -> Iterator[Offered]:
        for start in range(0, len(changes), MOST_AT_ONCE):
            part = changes[start : start + MOST_AT_ONCE]
            wanted = [
                {"id": each.before.id, "value": each.after.value, "disabled": not each.after.enabled} for each in part
            ]
            answer = self._sent("PUT", path, {"options": wanted})
            yield from (_outcome(change, answer, change.after) for change in part)

    def _sort(self, path: str, change: Sort) -> Offered:
        ids = {option.value: option.id for option in self._options(path)}
        listed = [ids[value] for value in change.values if value in ids]
        answer = self._sent("PUT", f"{path}/move", {"customFieldOptionIds": listed, "position": "First"})
        return _outcome(change, answer, None)

    def _sent(self, method: str, path: str, body: Mapping[str, Any]) -> Answer | Unknown:
        try:
            return self.client.write(method, path, body)
        except Unknown as error:
            return error

    def _path(self, menu: Menu) -> str:
        return f"{self._base(self.site.fields.usable[menu.surface.id])}/{menu.place}/option"

    def _base(self, field: Field) -> str:
        return f"{self.site.reader.api}/field/{field.id}/context"


def _surface(field: Field) -> Surface:
    return Surface(SurfaceKind.FIELD, field.id, single=field.shape.single)


def _options_of(answer: Answer | Unknown) -> list[dict[str, Any]]:
    if isinstance(answer, Unknown) or answer.status != HTTPStatus.OK:
        return []
    return list(as_object(answer).get("options") or ())


def _outcome(change: MenuChange, answer: Answer | Unknown, choice: Choice | None) -> Offered:
    if isinstance(answer, Unknown):
        return Offered(change, Fate.FAILED, reason=str(answer))
    if answer.status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        return Offered(change, Fate.DONE, choice)
    reason = str(Reasons.of(answer)) or f"Jira answers {answer.status}"
    if answer.status in _DENIED:
        return Offered(change, Fate.REFUSED, reason=reason, advice=_ADMINISTER)
    return Offered(change, Fate.FAILED, reason=reason)
