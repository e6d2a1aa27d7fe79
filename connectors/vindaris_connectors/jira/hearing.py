"""What a webhook of Jira's says: which issues to look at again and no more (Atlassian, *Webhooks*)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.mapping import JsonObject
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import SHAPE_ERRORS
from vindaris_sync.sdk.webhooks import (
    ADDRESS_KEY,
    LONGEST_NAME,
    Delivery,
    Flaw,
    Heard,
    Unheard,
    address_key,
    keyed,
    parsed,
    signed,
)

SIGNATURE = "x-hub-signature"
EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "issuelink_created", "issuelink_deleted")
"""What a person is told to register for."""

_WHOLE = {"project_created", "project_updated", "project_deleted", "project_restored_deleted", "project_archived"}
_WHOLE |= {"project_soft_deleted", "project_restored_archived", "issuetype_updated", "issuetype_deleted"}
_LINKS = {"issuelink_created": "linked", "issuelink_deleted": "unlinked"}
_MOVES = {"Key", "project"}
_LONGEST_ID = 20


class Hearing:
    """Reads deliveries: signed ones (Cloud, Data Center from 10), else those that came to the address with our key."""

    def __init__(self, tracker: str, settings: JiraSettings) -> None:
        self._tracker = tracker
        self._settings = settings
        self._secret = settings.webhook.secret if settings.webhook else Secret("")

    def hear(self, delivery: Delivery) -> Heard | Unheard:
        """Return what a delivery says; a signature counts where there is one, and our key where there is none."""
        if SIGNATURE in delivery.headers:
            if not signed(delivery, SIGNATURE, self._secret):
                return Unheard(Flaw.FORGED, SIGNATURE)
        elif not keyed(delivery, self._secret, self._tracker):
            return Unheard(Flaw.FORGED, f"{SIGNATURE} is missing, and the address has not our {ADDRESS_KEY}")
        try:
            return self._said(delivery.id_in("x-atlassian-webhook-identifier"), parsed(delivery.body))
        except SHAPE_ERRORS as error:
            return Unheard(Flaw.MALFORMED, f"an event that cannot be read ({type(error).__name__})")

    def _said(self, number: str, document: JsonObject) -> Heard:
        event = str(document.get("webhookEvent") or "")[:60]
        if event in _WHOLE:
            return Heard(number, event, whole=True)
        if event in _LINKS:
            link = document["issueLink"]
            ends = (link["sourceIssueId"], link["destinationIssueId"])
            return Heard(number, event, tuple(Address(self._tracker, _id(end)) for end in ends))
        if not event.startswith("jira:issue_"):
            return Heard(number, f"{event}, which changes nothing here")
        return self._issue(number, event, document)

    def _issue(self, number: str, event: str, document: JsonObject) -> Heard:
        changed = set(_changed(document))
        kind = str(document.get("issue_event_type_name") or "")
        if "comment" in kind and not changed:
            return Heard(number, f"{kind[:60]}, which changes nothing here")
        id_, key = _id(document["issue"]["id"]), document["issue"]["key"]
        project = jql.project_of(key)
        if not project or len(key) > LONGEST_NAME:
            message = "no key of Jira's"
            raise ValueError(message)
        named = self._settings.projects
        if named and project not in named and not changed & _MOVES:
            return Heard(number, f"{event} in {project}, which is not tracked")
        return Heard(number, event, (Address(self._tracker, id_, key),))


def _changed(document: JsonObject) -> Iterator[str]:
    """Yield the fields that the change log names."""
    return (str(item.get("field")) for item in (document.get("changelog") or {}).get("items") or [])


def _id(given: Any) -> str:  # noqa: ANN401 - a JSON value: Jira writes ids as texts and as numbers
    text = str(given)
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        message = "no id of Jira's"
        raise ValueError(message)
    return text


def instructions(tracker: str, settings: JiraSettings, address: str) -> tuple[str, ...]:
    """Return how an administrator registers the webhook, line by line."""
    wanted = settings.jql or f"project in ({', '.join(settings.projects)})"
    secret = settings.webhook.secret if settings.webhook else Secret("")
    cloud = settings.email or settings.gateway
    head = "Jira Cloud" if cloud else "Jira Data Center"
    lines = [
        f"{head}: sign in as an administrator, open Settings > System > Advanced > WebHooks, Create a WebHook",
        f"Name: vindaris-sync ({tracker})",
        "Status: Enabled",
        f"URL: {address}",
        f"Secret: the value that [trackers.{tracker}.webhook] secret is read from",
        f"Issue related events, JQL: {wanted}",
        "Events: Issue: created, updated, deleted; Issue link: created, deleted",
        "Exclude body: no",
    ]
    if not cloud and secret.reveal():
        lines.append(
            "Before Data Center 10 there is no field for a secret; the URL is one then, to be kept like a password: "
            f"{address}?{ADDRESS_KEY}={address_key(secret, tracker)}"
        )
    return tuple(lines)
