"""GitHub's issues, as REST and GraphQL print them, into ours. Pure; pulled and fetched issues come out equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from vindaris_sync.domain.models import Address, Issue, IssueRef, Raw
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.mapping import JsonObject, dated
from vindaris_sync.sdk.references import NO_REFERENCES, References

GHOST = "ghost"
"""GitHub's own name for a deleted account."""
_DECLINED = ("not_planned", "duplicate")


@dataclass(frozen=True, slots=True)
class ManagedField:
    """An organisation's issue field that shows goals: REST's number, GraphQL's node id, and its type there."""

    id: int
    node_id: str
    name: str
    owner: str
    """Casefolded login of the organisation."""
    data_type: str
    options: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the field's surface."""
        return f"field:{self.id}"


@dataclass(slots=True)
class Mapper:
    """Maps the issues of one tracker. ``fields`` are the managed fields of all its organisations."""

    tracker: str
    fields: tuple[ManagedField, ...] = ()
    pull_requests: bool = True
    """False: REST items that are pull requests map to ``None``."""
    references: References = NO_REFERENCES
    """Finds parents that texts name; GitHub's own go before them."""
    called: Mapping[int, str] = field(default_factory=dict)
    """What the configuration calls the repositories that we read, by their numbers."""
    _places: dict[str, str] = field(default_factory=dict)

    def from_rest(self, item: JsonObject, called: str = "") -> Issue | None:
        """Return the issue that a REST item shows, ``None`` for a pull request that is left out.

        ``called`` is what the configuration calls its repository: an item names it, and does not number it.
        Raises what reading an unexpected shape raises: lookup, type, value and attribute errors.
        """
        pull = "pull_request" in item
        if pull and not self.pull_requests:
            return None
        place = self._place(item["repository_url"])
        state, reason = _text(item["state"]), item.get("state_reason")
        kind, parent, milestone = item.get("type"), item.get("parent_issue_url"), item.get("milestone")
        assignees = item.get("assignees") or ()
        return Issue(
            ref=IssueRef(self.tracker, filled(item["node_id"])),
            key=f"{place}#{number_of(item['number'])}",
            place=place,
            type=clean(kind["name"]) if kind else "",
            title=clean(item["title"]),
            url=_text(item["html_url"]),
            status=_status(state, reason),
            closed=state == "closed",
            declined=reason in _DECLINED,
            created=dated(item["created_at"]),
            updated=dated(item["updated_at"]),
            parent=self._parent(place, item, key_of(parent) if parent else ""),
            labels=_sorted([_label(label) for label in item["labels"]]),
            fields=self._rest_fields(place, item) if self.fields and not pull else {},
            author=_login(item.get("user")),
            assignee=_login(assignees[0]) if assignees else "",
            pull_request=pull,
            milestone=clean(milestone["title"]) if milestone else "",
            milestone_id=_text(milestone["node_id"]) if milestone else "",
            called=called,
        )

    def from_graph(self, node: JsonObject) -> Issue:
        """Return the issue or pull request that a GraphQL node shows; raises as ``from_rest`` does."""
        pull = node["__typename"] == "PullRequest"
        place = filled(node["repository"]["nameWithOwner"])
        state, reason = _text(node["pullState" if pull else "state"]).lower(), node.get("stateReason")
        state = "closed" if state == "merged" else state
        kind, parent, milestone = node.get("issueType"), node.get("parent"), node.get("milestone")
        assignees = node["assignees"]["nodes"]
        return Issue(
            ref=IssueRef(self.tracker, filled(node["id"])),
            key=f"{place}#{number_of(node['number'])}",
            place=place,
            type=clean(kind["name"]) if kind else "",
            title=clean(node["title"]),
            url=_text(node["url"]),
            status=_status(state, reason and reason.lower()),
            closed=state == "closed",
            declined=bool(reason and reason.lower() in _DECLINED),
            created=dated(node["createdAt"]),
            updated=dated(node["updatedAt"]),
            parent=self._parent(place, node, _graph_key(parent) if parent else ""),
            labels=_sorted([clean(label["name"]) for label in node["labels"]["nodes"]]),
            fields=self._graph_fields(place, node) if self.fields else {},
            author=_graph_login(node["author"]),
            assignee=_graph_login(assignees[0]) if assignees else "",
            pull_request=pull,
            milestone=clean(milestone["title"]) if milestone else "",
            milestone_id=_text(milestone["id"]) if milestone else "",
            called=self.called.get(node["repository"]["databaseId"], ""),
        )

    def _parent(self, place: str, item: JsonObject, key: str) -> Address | None:
        """Return GitHub's own parent, under ``key``, else the one that the text names."""
        if key:
            return Address(self.tracker, key=key)
        if not self.references:
            return None
        own = Address(self.tracker, key=f"{place}#{number_of(item['number'])}")
        return self.references.parent(own, clean(item["title"]), str(item.get("body") or ""))

    def _place(self, url: str) -> str:
        place = self._places.get(url)
        if place is None:
            place = self._places[url] = place_of(url)
        return place

    def _managed(self, place: str) -> tuple[ManagedField, ...]:
        owner = place.partition("/")[0].casefold()
        return tuple(each for each in self.fields if each.owner == owner)

    def _rest_fields(self, place: str, item: JsonObject) -> dict[str, Raw]:
        values = item.get("issue_field_values") or ()
        shown = {value["issue_field_id"]: _rest_value(value) for value in values}
        return {managed.key: shown.get(managed.id, ()) for managed in self._managed(place)}

    def _graph_fields(self, place: str, node: JsonObject) -> dict[str, Raw]:
        values = node.get("issueFieldValues")
        if values is None:
            return {}
        shown = {value["field"]["id"]: _graph_value(value) for value in values["nodes"] if value.get("field")}
        return {managed.key: shown.get(managed.node_id, ()) for managed in self._managed(place)}


def identify(item: JsonObject) -> tuple[str, str]:
    """Return the id and key of a REST item that could not be mapped; raises where it has none."""
    return str(item.get("node_id") or ""), f"{place_of(item['repository_url'])}#{item['number']}"


def place_of(url: str) -> str:
    """Return ``owner/name`` of a repository's API URL; raises ``ValueError`` for another URL."""
    head, found, rest = url.partition("/repos/")
    owner, _, name = rest.partition("/")
    if not found or not head or not owner or not name or "/" in name:
        message = f"{url!r} is no repository's address"
        raise ValueError(message)
    return clean(rest)


def key_of(url: str) -> str:
    """Return ``owner/name#number`` of an issue's API URL; raises ``ValueError`` for another URL."""
    repository, found, number = url.rpartition("/issues/")
    if not found or not number.isdigit():
        message = f"{url!r} is no issue's address"
        raise ValueError(message)
    return f"{place_of(repository)}#{number}"


def newest(items: Any) -> str:  # noqa: ANN401 - a page's JSON, of whatever shape
    """Return the latest ``updated_at`` among a page's items, pull requests included, empty where there is none."""
    return max(stamps(items), default="")


def stamps(items: Any) -> Iterator[str]:  # noqa: ANN401 - a page's JSON, of whatever shape
    """Yield the ``updated_at`` of a page's items, of those that have one."""
    found = (item.get("updated_at") for item in items if isinstance(item, dict))
    return (stamp for stamp in found if is_stamp(stamp))


def is_stamp(text: object) -> TypeGuard[str]:
    """Return whether ``text`` is an instant as GitHub prints it, to the second; such stamps sort as text."""
    return isinstance(text, str) and len(text) == len("2011-01-27T00:48:47Z") and text[10] == "T" and text[-1] == "Z"


def _status(state: str, reason: object) -> str:
    return f"{state} ({_text(reason)})" if reason else state


def _sorted(labels: list[str]) -> Raw:
    """Sort: the order in which labels are printed differs between the two APIs and means nothing."""
    labels.sort()
    return tuple(labels)


def _label(label: Any) -> str:  # noqa: ANN401 - an object or, in old answers, the name itself
    return clean(label if isinstance(label, str) else label["name"])


def _rest_value(value: Mapping[str, Any]) -> Raw:
    option = value.get("single_select_option")
    if option:
        return (clean(option["name"]),)
    return _raw(value.get("value"))


def _graph_value(value: Mapping[str, Any]) -> Raw:
    return _raw(value.get("option", value.get("text")))


def _raw(value: object) -> Raw:
    if value is None or value == "":
        return ()
    return (clean(str(value)),)


def _login(user: Mapping[str, Any] | None) -> str:
    return clean(user["login"]) if user else GHOST


def _graph_login(actor: Mapping[str, Any] | None) -> str:
    """Return the login as REST prints it: an App's carries ``[bot]`` there."""
    if not actor:
        return GHOST
    login = clean(actor["login"])
    return f"{login.removesuffix('[bot]')}[bot]" if actor.get("__typename") == "Bot" else login


def _graph_key(parent: Mapping[str, Any]) -> str:
    return f"{filled(parent['repository']['nameWithOwner'])}#{number_of(parent['number'])}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = f"text was expected, not {type(value).__name__}"
        raise TypeError(message)
    return clean(value)


def filled(value: object) -> str:
    """Return a text that is not empty; raises ``TypeError`` or ``ValueError`` for anything else."""
    text = _text(value)
    if not text:
        message = "text was expected, and it is empty"
        raise ValueError(message)
    return text


def number_of(value: object) -> int:
    """Return a whole number; raises ``TypeError`` for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        message = f"a number was expected, not {type(value).__name__}"
        raise TypeError(message)
    return value
