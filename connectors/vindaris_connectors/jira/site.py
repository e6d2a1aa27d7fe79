"""What is known of a site once it was asked: its deployment, its fields, and all that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.mapping import Mapper, plain_name
from vindaris_connectors.jira.reading import CloudReader, Reader, ServerReader
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_connectors.jira.surfaces import Fields, estimated_by, layout, resolve
from vindaris_sync.domain.models import Layout
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.references import References


@dataclass(frozen=True, slots=True)
class Site:
    """One site as it presented itself."""

    reader: Reader
    mapper: Mapper
    fields: Fields
    layout: Layout
    version: str


def discover(name: str, client: Client, settings: JiraSettings) -> Site:
    """Ask the site what it is and for the fields that are needed of it: one to three requests."""
    info = _server_info(client)
    cloud = info.get("deploymentType") == "Cloud"
    client.deployed_as("Cloud" if cloud else "Server")
    reader: Reader = CloudReader(client) if cloud else ServerReader(client)
    fields = _fields(client, reader, settings)
    browse = str(info.get("baseUrl") or settings.url).rstrip("/") if settings.gateway else settings.url
    references = References(settings.parent_reference)
    declining = frozenset(map(plain_name, settings.declined_resolutions))
    mapper = Mapper(name, browse, fields.surface_keys, fields.epic_link, references, fields.estimate, declining)
    return Site(reader, mapper, fields, layout(fields, settings.write_back), str(info.get("version") or "?"))


def _server_info(client: Client) -> Mapping[str, Any]:
    """Return the site's description: at version 3 of the API, which only Cloud has, else at version 2."""
    for version in ("3", "2"):
        answer = client.read(f"/rest/api/{version}/serverInfo")
        if answer.status == HTTPStatus.OK:
            document = answer.json()
            if isinstance(document, dict) and document.get("deploymentType"):
                return document
    raise TrackerUnusable(
        f"{answer.url} is no Jira: it answered {answer.status}",
        reason="protocol",
        advice="write the base URL of the site into url, as it stands before /browse/",
    )


def _fields(client: Client, reader: Reader, settings: JiraSettings) -> Fields:
    names, known = settings.field_names, settings.estimate_id
    if reader.cloud and not names and (known or not settings.estimate):
        return Fields(estimate=known)
    answer = client.read(f"{reader.api}/field")
    if answer.status != HTTPStatus.OK:
        raise Transient(f"{answer.url} answered {answer.status}")
    entries = _entries(answer)
    found = resolve(entries, names, "" if reader.cloud else settings.epic_link, epics=not reader.cloud)
    return replace(found, estimate=known or (estimated_by(entries, settings.estimate) if settings.estimate else ""))


def _entries(answer: Answer) -> list[dict[str, Any]]:
    document = answer.json()
    if not isinstance(document, list):
        raise Transient(f"{answer.url} answered without fields")
    return [entry for entry in document if isinstance(entry, dict)]
