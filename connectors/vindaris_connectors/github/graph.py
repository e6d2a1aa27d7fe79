"""Questions to GraphQL that must be answered whole: an error is an error, and no shorter answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.repositories import expected
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.mapping import JsonObject

Build = Callable[[Collection[str]], tuple[str, Mapping[str, Any]]]
"""Makes a document and its variables of the optional fields that are known."""

_UNDEFINED = {"undefinedField", "undefinedType", "argumentNotAccepted"}
_PERMISSION = {"FORBIDDEN", "INSUFFICIENT_SCOPES"}


class Graph:
    """Asks; what an older Enterprise Server does not know of the ``optional`` fields is asked for no more."""

    def __init__(self, client: GithubClient, optional: Collection[str]) -> None:
        self._client = client
        self._known = set(optional)

    def ask(self, build: Build, *, missing: Callable[[JsonObject], bool] = lambda _: False) -> JsonObject:
        """Return the data.

        ``missing`` tells which errors stand for something that is not there, which the data shows as null. Raises
        ``TrackerUnusable`` for every other error, and where there is no GraphQL.
        """
        for _ in range(len(self._known) + 1):
            answer = self._client.graphql(*build(frozenset(self._known)))
            if answer.status == HTTPStatus.NOT_FOUND:
                raise TrackerUnusable(
                    "this server answers no GraphQL", reason="protocol", advice="state the goals in a file instead"
                )
            document = expected(answer).json()
            errors = [error for error in document.get("errors") or () if isinstance(error, dict)]
            unknown = {name for error in errors if (name := self._undefined(error))}
            self._known -= unknown
            if unknown:
                continue
            data = document.get("data")
            if isinstance(data, dict) and all(missing(error) for error in errors):
                return data
            raise _refused(errors, message_of(answer))
        raise TrackerUnusable(
            "GitHub does not know our GraphQL query", reason="protocol", advice="update the Enterprise Server"
        )

    def _undefined(self, error: JsonObject) -> str:
        extensions = error.get("extensions") or {}
        if extensions.get("code") not in _UNDEFINED:
            return ""
        names = (extensions.get("fieldName"), extensions.get("typeName"), *(error.get("path") or ()))
        return next((name for name in names if name in self._known), "")


def _refused(errors: Sequence[JsonObject], said: str) -> TrackerUnusable:
    kinds = {error.get("type") for error in errors}
    if kinds & _PERMISSION:
        return TrackerUnusable(said, reason="permission", advice="give our credential read access to it")
    if "NOT_FOUND" in kinds:
        return TrackerUnusable(said, reason="missing", advice="correct its name, or give our credential access to it")
    return TrackerUnusable(f"GraphQL: {said}", reason="protocol", advice="report this")
