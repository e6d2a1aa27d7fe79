"""Holds a sandbox service, and whoever speaks to it, against the vendor's published OpenAPI specification.

``Conformance`` wraps a service and is one itself, so it can be served, mounted or called in its place::

    recorder = Conformance(GitHub(world), github_spec())
    with Server({"/github": recorder}) as server: ...
    recorder.verify()

The specifications reject some real answers; ``_patched`` mends those defects and nothing else.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

if TYPE_CHECKING:
    from threading import RLock

    from vindaris_sync.sandbox.core import Outbox, Request, Response, Service, Weather

ROOT = Path(__file__).resolve().parents[2]
SPECS = Path(os.environ.get("VINDARIS_SPECS") or ROOT.parent / "shared" / "specs")


class Spec(NamedTuple):
    """A specification: the document, and what validates against it."""

    document: Mapping[str, Any]
    api: OpenAPI


class Allowed(NamedTuple):
    """A departure from the specification that is right, and why. ``status`` ``None``: the whole operation."""

    method: str
    path: str
    status: int | None
    reason: str


GITHUB_ALLOWED = (
    Allowed("POST", r"^/graphql$", None, "the REST specification does not describe GraphQL"),
    Allowed(".*", r".*", 401, "any operation answers 401 to bad credentials; few say so"),
    Allowed(".*", r".*", 403, "any operation answers 403 to missing permissions, limits and archived repositories"),
    Allowed(".*", r".*", 429, "any operation answers 429 to the secondary limit"),
    Allowed(".*", r".*", 404, "any operation answers 404 to whoever may not know"),
    Allowed("GET", r".*", 304, "any GET answers a matching If-None-Match with 304"),
    Allowed("GET", r".*", 301, "a renamed repository or transferred issue redirects every GET below it"),
    Allowed("(?!GET).*", r".*", 307, "a renamed repository or transferred issue redirects every write below it"),
    Allowed(".*", r"/issues/\d+", 410, "everything below a deleted issue is gone"),
    Allowed("GET", r"^/(app/installations|installation/repositories)$", None, "pruned from this copy"),
)
"""What GitHub does and its specification does not say operation by operation."""

JIRA_ALLOWED = (
    Allowed(".*", r".*", 401, "any operation answers 401 to bad credentials"),
    Allowed(".*", r".*", 403, "any operation answers 403 to missing permissions; the bulk ones do not say so"),
    Allowed(".*", r".*", 404, "any operation answers 404 to whoever may not know"),
    Allowed(".*", r".*", 405, "a path that exists answers 405 to other methods"),
    Allowed(".*", r".*", 429, "any operation answers 429 to a spent quota"),
    Allowed("GET|POST", r"/search$", 410, "the old search was removed in 2025"),
)
"""What Jira Cloud does and its specification does not say operation by operation."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One exchange that the specification does not allow: who broke it, where, and what it says."""

    side: str
    operation: str
    status: int
    what: str


@dataclass
class _Asked:
    """A sandbox request in openapi-core's terms."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None
    full_url_pattern: str = field(init=False)

    def __post_init__(self) -> None:
        self.full_url_pattern = self.host_url + self.path


class _Answered(NamedTuple):
    """A sandbox response in openapi-core's terms."""

    data: bytes
    status_code: int
    headers: Headers
    content_type: str


class Conformance:
    """A service that answers as ``service`` does and keeps a ``Violation`` for each exchange that breaks the spec.

    ``allowed`` lists departures with their reasons; ``documented`` maps a path to the one the specification knows it
    by (an alias, a prefix). ``operations`` counts what was exercised, by method, documented path and status.
    """

    def __init__(
        self,
        service: Service,
        spec: Spec,
        *,
        allowed: Sequence[Allowed] = (),
        documented: Callable[[str], str] = lambda path: path,
    ) -> None:
        self._service = service
        self._api = spec.api
        self._allowed = allowed
        self._documented = documented
        self._host = spec.document["servers"][0]["url"]
        paths: Mapping[str, Mapping[str, Any]] = spec.document["paths"]
        self._operations = [(_pattern(path), path, item) for path, item in paths.items()]
        self._operations.sort(key=lambda operation: operation[1].count("{"))
        self._components = spec.document.get("components", {})
        self.weather: Weather = service.weather
        self.lock: RLock = service.lock
        self.outbox: Outbox = service.outbox
        self.violations: list[Violation] = []
        self.operations: Counter[tuple[str, str, int]] = Counter()

    @property
    def base_url(self) -> str:
        """Where the wrapped service is reached."""
        return self._service.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._service.base_url = url

    def answer(self, request: Request) -> Response:
        """Answer as the wrapped service does, and judge the exchange."""
        response = self._service.answer(request)
        self._judge(request, response)
        return response

    def verify(self) -> None:
        """Raise ``AssertionError`` with every kind of violation, each once."""
        kinds = Counter((v.side, v.operation, v.status, v.what) for v in self.violations)
        lines = [
            f"{n} x {side}: {operation} -> {status}: {what}" for (side, operation, status, what), n in kinds.items()
        ]
        assert not lines, "\n".join(lines)

    def _judge(self, request: Request, response: Response) -> None:
        path = self._documented(request.path)
        found = ((template, item) for pattern, template, item in self._operations if pattern.fullmatch(path))
        nowhere: tuple[str, Mapping[str, Any]] = (path, {})
        template, item = next(found, nowhere)
        operation = f"{request.method} {template}"
        self.operations[request.method, template, int(response.status)] += 1
        described = item.get(request.method.lower())
        excused = self._excused(request.method, path, response.status)
        if described is None:
            if not excused:
                self._add("request", operation, response, "the specification knows no such operation")
            return
        asked = self._asked(request, path)
        if response.status < 400:  # a refused request may well be a bad one
            self._judge_request(operation, asked, response, self._named(item, described))
        if str(response.status) in described["responses"]:
            answered = _answered(response)
            self._try("response", operation, response, lambda: self._api.validate_response(asked, answered))
        elif not excused:
            self._add("response", operation, response, "the specification knows no such status here")

    def _judge_request(self, operation: str, asked: _Asked, response: Response, named: set[str]) -> None:
        unknown = set(asked.parameters.query or {}) - named
        if unknown:
            self._add("request", operation, response, f"unknown query parameters: {', '.join(sorted(unknown))}")
        self._try("request", operation, response, lambda: self._api.validate_request(asked))

    def _named(self, item: Mapping[str, Any], described: Mapping[str, Any]) -> set[str]:
        known = [*item.get("parameters", []), *described.get("parameters", [])]
        return {str(self._resolved(parameter)["name"]) for parameter in known}

    def _resolved(self, parameter: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in parameter:
            return parameter
        found: Mapping[str, Any] = self._components["parameters"][parameter["$ref"].rsplit("/", 1)[-1]]
        return found

    def _excused(self, method: str, path: str, status: int) -> bool:
        return any(
            re.fullmatch(allowed.method, method) and re.search(allowed.path, path) and allowed.status in {None, status}
            for allowed in self._allowed
        )

    def _try(self, side: str, operation: str, response: Response, judge: Callable[[], object]) -> None:
        try:
            judge()
        except OpenAPIError as error:
            self._add(side, operation, response, _reason(error))

    def _add(self, side: str, operation: str, response: Response, what: str) -> None:
        self.violations.append(Violation(side, operation, int(response.status), what))

    def _asked(self, request: Request, path: str) -> _Asked:
        parameters = RequestParameters(
            query=ImmutableMultiDict(dict(request.query)), header=Headers(dict(request.headers))
        )
        kind = request.headers.get("content-type", "application/json").partition(";")[0]
        kind = "application/json" if kind == "application/x-www-form-urlencoded" else kind
        return _Asked(self._host, path, request.method.lower(), parameters, kind, request.body or None)


@lru_cache
def github_spec() -> Spec:
    """Return GitHub's specification; skips the test, saying why, where it is absent."""
    return _loaded("github.json")


@lru_cache
def jira_cloud_spec() -> Spec:
    """Return Jira Cloud's specification; skips the test, saying why, where it is absent."""
    return _loaded("jira-cloud-v3.json", _as_exampled)


def jira_path(path: str) -> str:
    """Return the documented form of a Jira Cloud path: version 3 of the API."""
    return re.sub(r"^/rest/api/(2|latest)/", "/rest/api/3/", path)


def github_path(path: str) -> str:
    """Return the documented form of a GitHub path: by owner and name, without an Enterprise Server's prefix."""
    return re.sub(r"^/repositories/\d+", "/repos/owner/repo", path.removeprefix("/api/v3"))


def _as_exampled(document: dict[str, Any]) -> None:
    """Let answers be as Jira's own examples and recorded webhooks print them where its schemas say otherwise.

    Some instants are epoch milliseconds, a changelog tells nothing by null, and a 204 and a new link have no body.
    """
    schemas = document["components"]["schemas"]
    for each in schemas["ChangeDetails"]["properties"].values():
        each["nullable"] = True
    for path, verb, status in (
        ("issue/{issueIdOrKey}", "put", "204"),
        ("field/{fieldId}/context/{contextId}/option/move", "put", "204"),
        ("issueLink", "post", "201"),
    ):
        document["paths"][f"/rest/api/3/{path}"][verb]["responses"][status].pop("content")
    epoch = {"type": "integer", "format": "int64"}
    schemas["BulkOperationProgress"]["properties"].update(created=epoch, started=epoch, updated=epoch)
    history = dict(schemas["Changelog"])
    history["properties"] = {**history["properties"], "created": epoch}
    schemas["IssueChangeLog"]["properties"]["changeHistories"]["items"] = history


def _loaded(name: str, mend: Callable[[dict[str, Any]], object] = lambda _: None) -> Spec:
    if not (SPECS / name).exists():
        pytest.skip(f"no specification {name} in {SPECS}; set VINDARIS_SPECS")
    config = Config(spec_validator_cls=None, extra_format_validators={"date-time": _is_instant, "uri": _is_text})
    document = _patched(json.loads((SPECS / name).read_bytes()))
    mend(document)
    return Spec(document, OpenAPI.from_dict(document, config=config))


def _patched(node: Any) -> Any:
    """Return the document with null added to the nullable enumerations, which is what their ``nullable`` means."""
    if isinstance(node, list):
        return [_patched(each) for each in node]
    if not isinstance(node, dict):
        return node
    mended = {key: _patched(value) for key, value in node.items()}
    if mended.get("nullable") is True and isinstance(mended.get("enum"), list) and None not in mended["enum"]:
        mended["enum"] = [*mended["enum"], None]
    return mended


def _is_instant(text: object) -> bool:
    """Return whether ``text`` is an instant as trackers print it; Jira's ``+0000`` has no colon."""
    try:
        return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_text(text: object) -> bool:
    """Return whether ``text`` is a string; GitHub's ``uri`` fields hold templates too."""
    return isinstance(text, str) or text is None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("/".join("[^/]+" if "{" in part else re.escape(part) for part in template.split("/")))


def _answered(response: Response) -> _Answered:
    headers = Headers(dict(response.headers))
    return _Answered(response.body, response.status, headers, response.headers.get("Content-Type", ""))


def _reason(error: BaseException) -> str:
    """Return the specification's complaint: the innermost causes, with the place in the document."""
    details = getattr(error.__cause__ or error, "schema_errors", None) or getattr(error, "schema_errors", None)
    if details:
        leaves = [leaf for each in details for leaf in _leaves(each)]
        return "; ".join(sorted({f"{leaf.json_path}: {leaf.message[:160]}" for leaf in leaves})[:4])
    return f"{type(error).__name__}: {error.__cause__ or error}"[:300]


def _leaves(error: Any) -> list[Any]:
    return [leaf for inner in error.context for leaf in _leaves(inner)] if error.context else [error]
