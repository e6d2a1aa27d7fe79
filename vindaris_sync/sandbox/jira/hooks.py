"""Webhooks as an administrator registers them: what goes out for an event, and how it is signed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from vindaris_sync.sandbox.core import Delivery
from vindaris_sync.sandbox.jira.exchange import reply
from vindaris_sync.sandbox.jira.model import Event, Json
from vindaris_sync.sandbox.jira.wire import Printer, Selection

EVENTS = frozenset({"jira:issue_created", "jira:issue_updated", "jira:issue_deleted"})
_ALL = Selection(everything=True)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a webhook goes, for which events, and the secret that signs it (empty: unsigned)."""

    url: str
    secret: str = ""
    events: frozenset[str] = EVENTS

    def delivery(self, payload: Json, number: int) -> Delivery | None:
        """Return what is sent for the site's event number ``number``; None where nobody asked for it."""
        if payload["webhookEvent"] not in self.events:
            return None
        body = reply(payload).body
        identifier = uuid5(NAMESPACE_URL, f"{self.url}#{number}")
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "User-Agent": "Atlassian HttpClient",
            "X-Atlassian-Webhook-Identifier": str(identifier),
            "X-Atlassian-Webhook-Flow": "Primary",
        }
        if self.secret:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={digest}"
        return Delivery(self.url, headers, body)


def payload(event: Event, printer: Printer, at: int) -> Json:
    """Return a webhook's body, in the shape of the recorded ones: the issue in version 2 of the API."""
    document: dict[str, Any] = {
        "timestamp": at,
        "webhookEvent": f"jira:issue_{event.name}",
        "user": printer.user(event.actor),
        "issue": printer.issue(event.state, _ALL),
    }
    if event.name != "deleted":
        document["issue_event_type_name"] = "issue_created" if event.name == "created" else _kind(event)
    if event.history is not None:
        entry = printer.history(event.history)
        document["changelog"] = {"id": entry["id"], "items": entry["items"]}
    return document


def _kind(event: Event) -> str:
    changed = {change.field for change in event.history.changes} if event.history else set()
    if "Key" in changed:
        return "issue_moved"
    return "issue_assigned" if "assignee" in changed else "issue_generic" if "status" in changed else "issue_updated"
