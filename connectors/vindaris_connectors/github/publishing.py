"""Menus on GitHub: the goal labels of each repository, and the options of an organisation's issue field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from vindaris_connectors.github.client import GithubClient, message_of, next_url
from vindaris_connectors.github.labels import LOOKS, label_name
from vindaris_connectors.github.mapping import ManagedField
from vindaris_connectors.github.repositories import Repository, Unreachable, expected, find
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.menus import Alter, Choice, Fate, Make, Menu, MenuChange, Offered, Sort
from vindaris_sync.domain.models import Finding, Level, Surface, SurfaceKind
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.errors import Unknown
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import JsonObject

LONGEST = 100
"""Characters of a label's and an option's description (GitHub, REST *Labels*)."""
MOST_OPTIONS = 100
"""Options of an issue field."""
LABEL_COLORS: Mapping[Status, str] = {
    Status.PROPOSED: "d4c5f9",
    Status.ACTIVE: "5319e7",
    Status.ACHIEVED: "0e8a16",
    Status.ABANDONED: "bfbfbf",
}
OPTION_COLORS: Mapping[Status, str] = {
    Status.PROPOSED: "blue",
    Status.ACTIVE: "purple",
    Status.ACHIEVED: "green",
    Status.ABANDONED: "gray",
}
_LOOK = LOOKS[SurfaceKind.LABEL]
_PLAIN = frozenset({"", "ededed", _LOOK.color, _LOOK.description})
_PLAIN_OPTION = frozenset({"", "gray"})
_REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.GONE}
_WRITE = "give our credential Issues: write in this repository (classic token: the scope repo)"
_ADMINISTER = "give our credential the organisation permission Issue fields: write (classic token: admin:org)"


class Publishing:
    """Keeps the menus of one tracker; ``fields`` are those of its surfaces that work."""

    def __init__(self, client: GithubClient, settings: GithubSettings, fields: Sequence[ManagedField]) -> None:
        self._client = client
        self._settings = settings
        self._fields = [each for each in fields if each.data_type == "single_select"]

    def menus(self) -> Iterator[Menu]:
        """Yield the labels of each repository, then the fields; what cannot be read has no menu."""
        back = self._settings.write_back
        if "label" in back.surfaces:
            surface = Surface(SurfaceKind.LABEL, back.label_prefix)
            for name in self._settings.repositories:
                found = find(self._client, name)
                if not isinstance(found, Unreachable):
                    yield self._labels(surface, found)
        for field in self._fields:
            yield _options_menu(field, self._field(field))

    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Carry out changes: labels one by one, a field's options in one request."""
        if menu.surface.kind is SurfaceKind.FIELD:
            yield from self._offer_options(menu, changes)
            return
        refused: Offered | None = None
        for change in changes:
            if refused is not None:
                yield Offered(change, refused.fate, None, refused.reason, refused.advice)
                continue
            outcome = self._offer_label(menu, change)
            if outcome.advice == _WRITE:
                refused = outcome
            yield outcome

    # --- labels -----------------------------------------------------------------------------------------------------

    def _labels(self, surface: Surface, repository: Repository) -> Menu:
        name, prefix = repository.full_name, surface.id
        ours = (each for each in self._listed(name) if _shows_goal(str(each["name"]), prefix))
        choices = tuple([_label(each, prefix) for each in ours])
        fix = "unarchive the repository, or take it out of the tracker's repositories"
        subject = f"labels of {name}"
        shut = Finding(Level.ERROR, subject, "the repository is archived", fix) if repository.archived else None
        return Menu(name, subject, surface, choices, not repository.private, LABEL_COLORS, LONGEST, _PLAIN, shut=shut)

    def _listed(self, name: str) -> Iterator[JsonObject]:
        url = f"/repos/{name}/labels?per_page=100"
        while url:
            answer = expected(self._client.get(url))
            yield from answer.json()
            url = next_url(answer)

    def _offer_label(self, menu: Menu, change: MenuChange) -> Offered:
        try:
            match change:
                case Make():
                    answer = self._client.post(f"/repos/{menu.place}/labels", self._document(menu, change.choice))
                case Alter():
                    path = self._label_path(menu, change.before.value)
                    now = self._client.get(path)
                    if now.status != HTTPStatus.OK or _label(now.json(), menu.surface.id) != change.before:
                        return Offered(change, Fate.STALE, reason="somebody has just changed it")
                    document = self._document(menu, change.after)
                    answer = self._client.patch(path, {"new_name": document.pop("name"), **document})
                case Sort():
                    return Offered(change, Fate.DONE)
        except Unknown as error:
            return Offered(change, Fate.FAILED, reason=str(error))
        return _outcome(change, answer, menu.surface.id)

    def _document(self, menu: Menu, choice: Choice) -> dict[str, str]:
        name = label_name(menu.surface, choice.value)
        return {"name": name, "color": choice.color, "description": choice.description}

    def _label_path(self, menu: Menu, value: str) -> str:
        return f"/repos/{menu.place}/labels/{quote(label_name(menu.surface, value), safe='')}"

    # --- options ----------------------------------------------------------------------------------------------------

    def _field(self, field: ManagedField) -> JsonObject:
        answer = expected(self._client.get(f"/orgs/{field.owner}/issue-fields"))
        return next((each for each in answer.json() if each["id"] == field.id), {})

    def _offer_options(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Change the field's options in one request, for it takes none singly: all that are there are sent again."""
        field = next(each for each in self._fields if str(each.id) == menu.surface.id)
        now = _options(self._field(field))
        stale = [c for c in changes if isinstance(c, Alter) and _option(now.get(c.before.id, {})) != c.before]
        yield from (Offered(change, Fate.STALE, reason="somebody has just changed it") for change in stale)
        changes = [change for change in changes if change not in stale]
        body = {"options": _rearranged(list(now.values()), changes)}
        try:
            answer = self._client.patch(f"/orgs/{field.owner}/issue-fields/{field.id}", body)
        except Unknown as error:
            yield from (Offered(change, Fate.FAILED, reason=str(error)) for change in changes)
            return
        made = {o.value: o for o in map(_option, _options(answer.json()).values())} if _ok(answer) else {}
        for change in changes:
            if not _ok(answer):
                yield _refusal(change, answer, _ADMINISTER)
                continue
            value = change.choice.value if isinstance(change, Make) else ""
            value = change.after.value if isinstance(change, Alter) else value
            yield Offered(change, Fate.DONE, made.get(value))


def _shows_goal(name: str, prefix: str) -> bool:
    return name[: len(prefix)].casefold() == prefix.casefold() and len(name) > len(prefix)


def _label(document: JsonObject, prefix: str) -> Choice:
    text = clean(str(document.get("description") or ""))
    name = clean(str(document["name"]))
    return Choice(str(document["id"]), name[len(prefix) :], text, str(document["color"]).lower())


def _outcome(change: MenuChange, answer: Answer, prefix: str) -> Offered:
    if _ok(answer):
        return Offered(change, Fate.DONE, _label(answer.json(), prefix))
    return _refusal(change, answer, _WRITE)


def _refusal(change: MenuChange, answer: Answer, advice: str) -> Offered:
    said = message_of(answer) or f"GitHub answers {int(answer.status)}"
    if answer.status not in _REFUSED or "already_exists" in said:
        return Offered(change, Fate.FAILED, reason=said)
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        advice = "a label has at most 50 characters: shorten the goal's key, or take out what GitHub does not like"
    return Offered(change, Fate.REFUSED, reason=said, advice=advice)


def _ok(answer: Answer) -> bool:
    return answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}


def _options_menu(field: ManagedField, document: JsonObject) -> Menu:
    return Menu(
        field.owner,
        f"options of the issue field {field.name} of {field.owner}",
        Surface(SurfaceKind.FIELD, str(field.id), single=True),
        tuple(map(_option, _options(document).values())),
        document.get("visibility") != "organization_members_only",
        OPTION_COLORS,
        LONGEST,
        _PLAIN_OPTION,
        ordered=True,
        most=MOST_OPTIONS,
    )


def _options(document: JsonObject) -> dict[str, JsonObject]:
    """Return a field's options by id, in the order in which people see them."""
    listed = sorted(document.get("options") or (), key=lambda option: option.get("priority") or 0)
    return {str(option["id"]): option for option in listed}


def _option(document: JsonObject) -> Choice:
    text = clean(str(document.get("description") or ""))
    return Choice(str(document.get("id")), clean(str(document.get("name"))), text, str(document.get("color") or "gray"))


def _rearranged(now: list[JsonObject], changes: Sequence[MenuChange]) -> list[dict[str, Any]]:
    """Return the options as they are to be sent: each that is there with its id, so that no issue loses its value."""
    rows: list[dict[str, Any]] = [
        {"id": o["id"], "name": o["name"], "description": o.get("description"), "color": o.get("color") or "gray"}
        for o in now
    ]
    for change in changes:
        match change:
            case Make():
                rows.append(_shown(change.choice))
            case Alter():
                next(row for row in rows if str(row.get("id")) == change.before.id).update(_shown(change.after))
            case Sort():
                place = {value: number for number, value in enumerate(change.values)}
                rows.sort(key=lambda row: place.get(row["name"], len(place)))
    return [{**row, "priority": number} for number, row in enumerate(rows, start=1)]


def _shown(choice: Choice) -> dict[str, Any]:
    return {"name": choice.value, "description": choice.description or None, "color": choice.color}
