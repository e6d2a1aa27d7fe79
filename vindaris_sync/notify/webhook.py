"""Any address that takes alerts as JSON by POST.

The body, version 1 (``schema``), all texts plain::

    {"schema": 1, "key": "9f…", "repeated": false, "team": "Growth", "kind": "unlinked", "goal": "",
     "state": "open" | "resolved", "headline": "2 issues serve no goal", "total": 2, "more": 0,
     "items": [{"key": "APP-7", "title": "…", "url": "https://…", "note": "3 days"}],
     "facts": [{"name": "Coverage", "value": "62 %"}],
     "changes": [{"name": "Since revision 1, title", "text": "Grow [-fast-] {+faster+}"}], "footer": "…", "link": "https://…"}

``Idempotency-Key`` is ``key``: the same message is sent with the same key, so a receiver drops repetitions. With a
secret, ``X-Vindaris-Signature: v1=HEX`` is HMAC-SHA256 over ``TIMESTAMP.BODY`` (the header ``X-Vindaris-Timestamp``,
a dot, the body's bytes). Any 2xx accepts; 429 and 503 may carry ``Retry-After``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.wording import plain
from vindaris_sync.notify.http import Answer, encode
from vindaris_sync.notify.one_way import Hook
from vindaris_sync.sdk.secret import Secret

SCHEMA = 1
_SHOWN = ("key", "title", "url", "note")


class WebhookChannel(Hook):
    """One receiver; its address is a secret, ``secret`` signs what is sent."""

    max_items = 50
    advice = dict.fromkeys(range(400, 500), Hook.otherwise)
    reasons = dict.fromkeys((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN), "credentials")

    def __init__(
        self,
        name: str,
        url: Secret,
        secret: Secret | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(name, url)
        self._secret = secret
        self._clock = clock

    def document(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:
        """Return the body (see the module's description)."""
        return document(content, key, repeated=repeated)

    def _send(self, document: dict[str, Any], key: str) -> Answer:
        """Send it; the receiver drops what it has by its ``Idempotency-Key``."""
        return self._line.post(self._url.reveal(), document, {"Idempotency-Key": key, **self._signature(document)})

    def _signature(self, whole: dict[str, Any]) -> dict[str, str]:
        if self._secret is None:
            return {}
        stamp = str(int(self._clock().timestamp()))
        mac = hmac.new(self._secret.reveal().encode(), stamp.encode() + b"." + encode(whole), "sha256")
        return {"X-Vindaris-Timestamp": stamp, "X-Vindaris-Signature": f"v1={mac.hexdigest()}"}


def document(content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:
    """Return the body that is sent (see the module's description)."""
    return {
        "schema": SCHEMA,
        "key": key,
        "repeated": repeated,
        "team": content.subject.team,
        "kind": str(content.subject.kind),
        "goal": content.subject.goal,
        "state": str(content.state),
        "headline": content.headline,
        "total": content.total,
        "more": content.more,
        "items": [{name: getattr(line, name) for name in _SHOWN} for line in content.lines],
        "facts": [{"name": name, "value": value} for name, value in content.facts],
        "changes": [{"name": each.name, "text": plain(each.pieces)} for each in content.changes],
        "footer": content.footer,
        "link": content.link,
    }
