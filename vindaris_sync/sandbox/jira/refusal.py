"""An answer that is no success, raised where the reason is known and printed in the deployment's own way."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

NOT_SEEN = "Issue does not exist or you do not have permission to see it."


class Refusal(Exception):
    """Ends a request with ``status`` and Jira's two kinds of reasons: for the whole, and by field."""

    def __init__(
        self, *messages: str, status: int = HTTPStatus.BAD_REQUEST, errors: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(*messages)
        self.messages = messages
        self.status = int(status)
        self.errors = dict(errors or {})


def not_seen() -> Refusal:
    """Return Jira's one answer for deleted, never existed and not allowed."""
    return Refusal(NOT_SEEN, status=HTTPStatus.NOT_FOUND)
