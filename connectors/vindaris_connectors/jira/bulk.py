"""Cloud's bulk edit: one request for up to a thousand issues, carried out as a task that is asked for its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira.client import Client, as_object
from vindaris_connectors.jira.permissions import BULK, granted
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.protocol import Surroundings

MOST = 1000
"""Issues of one bulk edit."""
PATIENCE = 300.0
"""Seconds that are slept while a task runs, before its outcome is called unknown."""
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_UNDER_WAY = {"ENQUEUED", "RUNNING", "CANCEL_REQUESTED"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a bulk edit: ids it failed for (to be tried singly), and ids that only a reading tells about."""

    failed: frozenset[str] = frozenset()
    doubt: frozenset[str] = frozenset()


class Bulk:
    """Edits many issues alike. Asked once, whether the account may."""

    def __init__(self, client: Client, surroundings: Surroundings) -> None:
        self._client = client
        self._around = surroundings
        self._allowed: bool | None = None

    @property
    def allowed(self) -> bool:
        """Whether the account has the global permission *Make bulk changes*."""
        if self._allowed is None:
            self._allowed = BULK in granted(self._client, "/rest/api/3", BULK)
        return self._allowed

    @property
    def known(self) -> bool:
        """Whether bulk edits are known to be allowed, without asking."""
        return self._allowed is True

    def edit(self, ids: Sequence[str], inputs: Mapping[str, Any]) -> Outcome:
        """Edit at most ``MOST`` issues; nothing is sent twice. A refusal of the whole leaves all to be tried singly."""
        touched = sorted({each["fieldId"] for group in inputs.values() for each in group})
        body = {
            "selectedIssueIdsOrKeys": list(ids),
            "selectedActions": touched,
            "editedFieldsInput": inputs,
            "sendBulkNotification": False,
        }
        try:
            answer = self._client.write("POST", "/rest/api/3/bulk/issues/fields", body)
        except Unknown:
            return Outcome(doubt=frozenset(ids))
        if answer.status == HTTPStatus.FORBIDDEN:
            self._allowed = False
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return Outcome(failed=frozenset(ids))
        try:
            task = str(as_object(answer)["taskId"])
        except (Transient, LookupError):
            return Outcome(doubt=frozenset(ids))
        return self._ended(task, ids)

    def _ended(self, task: str, ids: Sequence[str]) -> Outcome:
        """Return the outcome of a task, asked for at growing intervals; a task that ends badly did what it did."""
        pause, slept = _FIRST_PAUSE, 0.0
        while True:
            try:
                answer = self._client.read(f"/rest/api/3/bulk/queue/{task}")
                document = as_object(answer) if answer.status == HTTPStatus.OK else {}
            except Transient:
                return Outcome(doubt=frozenset(ids))
            status = document.get("status")
            if status == "COMPLETE":
                return _sorted(document, ids)
            if status not in _UNDER_WAY or slept >= PATIENCE:
                return Outcome(doubt=frozenset(ids))
            self._around.sleep(pause)
            slept, pause = slept + pause, min(pause * 2, _LONGEST_PAUSE)


def _sorted(document: Mapping[str, Any], ids: Sequence[str]) -> Outcome:
    """Return what a complete task says; what it does not name as done is tried singly, which is safe: it was not."""
    done = {str(id_) for id_ in document.get("processedAccessibleIssues") or ()}
    return Outcome(failed=frozenset(id_ for id_ in ids if id_ not in done))
