"""The organisations' issue fields that show goals: found by name, managed by their immutable ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.mapping import ManagedField
from vindaris_connectors.github.repositories import expected
from vindaris_sync.domain.models import Surface, SurfaceKind
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.mapping import JsonObject

USABLE = ("single_select", "text")
"""Types of a field that can hold one goal's key."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A field surface that does not work with one owner: why, and the fix."""

    owner: str
    name: str
    reason: str
    fix: str

    @property
    def surface(self) -> Surface:
        """What stands for it in the layout, as its id is unknown."""
        return Surface(SurfaceKind.FIELD, f"{self.owner}/{self.name}", single=True)


def resolve(
    client: GithubClient, owners: Sequence[str], names: Sequence[str]
) -> tuple[tuple[ManagedField, ...], tuple[Broken, ...]]:
    """Return the named fields of each owner, and those that do not work, with one request per owner."""
    found: list[ManagedField] = []
    broken: list[Broken] = []
    for owner in owners if names else ():
        for outcome in _of_owner(client, owner, names):
            if isinstance(outcome, Broken):
                broken.append(outcome)
            else:
                found.append(outcome)
    return tuple(found), tuple(broken)


def _of_owner(client: GithubClient, owner: str, names: Sequence[str]) -> list[ManagedField | Broken]:
    answer = client.get(f"/orgs/{owner}/issue-fields")
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.GONE}:
        reason = message_of(answer) or f"GitHub answers {int(answer.status)}"
        fix = f"issue fields exist in organisations only and need our credential to read them; use labels for {owner}"
        return [Broken(owner, name, f"the issue fields of {owner} cannot be read: {reason}", fix) for name in names]
    documents = expected(answer).json()
    return [_named(owner, name, documents) for name in names]


def _named(owner: str, name: str, documents: Sequence[JsonObject]) -> ManagedField | Broken:
    document = next((each for each in documents if str(each["name"]).casefold() == name.casefold()), None)
    if document is None:
        return Broken(
            owner,
            name,
            f"{owner} has no issue field {name!r}",
            f"create it in the organisation's settings (Planning, Issue fields), single select, one option per goal, "
            f"or take field:{name} out of write_back.surfaces",
        )
    if document["data_type"] not in USABLE:
        return Broken(
            owner,
            name,
            f"the issue field {name!r} of {owner} is of type {document['data_type']}",
            f"make it one of {', '.join(USABLE)}",
        )
    options = tuple(clean(str(option["name"])) for option in document.get("options") or ())
    return ManagedField(
        document["id"], document["node_id"], document["name"], owner.casefold(), document["data_type"], options
    )
