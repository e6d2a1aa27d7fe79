"""Any other service, by the library ``apprise``: the last resort, since it tells no more than "sent" or "not sent".

Nothing can be edited, found or checked, texts are cut to what the service takes, and what may be markup or a mention
there is broken by characters without width, since the library decides how a service reads a text.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any

from vindaris_sync.domain.messages import Content
from vindaris_sync.notify.markup import UNKNOWN, address, defuse, rows
from vindaris_sync.notify.one_way import OneWay
from vindaris_sync.notify.parts import SEE_ALL, fitting, headline, small, web_link
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.errors import Transient, Unknown

if TYPE_CHECKING:
    from datetime import timedelta

    from vindaris_sync.sdk.secret import Secret

DEADLINE = 60.0
"""Seconds for one message; the library's own limits hold for single reads only."""
_LONGEST = 4000
_TITLE = 200


class AppriseChannel(OneWay):
    """One address of apprise, which is the secret."""

    max_items = 10
    untried = "apprise cannot try an address without posting"

    def __init__(self, name: str, url: Secret, spacing: timedelta, *, deadline: float = DEADLINE) -> None:
        super().__init__(name)
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it prints addresses and answers
        self.spacing = spacing
        self._url, self._deadline = url, deadline
        self._under_way: Future[bool] | None = None

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:  # noqa: ARG002 - no place for a key
        """Send one message; raises ``Unknown`` where the library does not say that it was sent."""
        if self._under_way is not None and not self._under_way.done():
            raise Transient(f"apprise ({self.name}) is still busy with the message before")
        server = self._server()
        longest = min(int(server[0].body_maxlen), _LONGEST)
        text = fitting(content, lambda part: _text(part, repeated=repeated), lambda made: len(made) <= longest)
        self._under_way = _begun(server, defuse(headline(content))[:_TITLE], text[:longest])
        try:
            sent = self._under_way.result(self._deadline)
        except TimeoutError:
            raise Unknown(f"apprise ({self.name}) did not end within {self._deadline:g} s") from None
        except Exception as error:  # noqa: BLE001 - whatever a service's plugin raises
            raise Unknown(f"apprise ({self.name}) failed ({type(error).__name__})") from None
        if not sent:
            raise Unknown(f"apprise ({self.name}) did not say that it was sent")
        return ""

    def _server(self) -> Any:  # noqa: ANN401 - the library has no types
        from apprise import Apprise

        servers = Apprise()
        if not servers.add(self._url.reveal()):
            raise ChannelUnusable(
                f"apprise ({self.name}) knows no such address",
                reason="protocol",
                advice="write the address as apprise's list of services has it",
            )
        return servers


def _begun(server: Any, title: str, text: str) -> Future[bool]:  # noqa: ANN401 - as above
    """Send in a thread of its own that nobody waits for at the end."""
    future: Future[bool] = Future()

    def send() -> None:
        try:
            future.set_result(bool(server.notify(body=text, title=title, body_format="text")))
        except Exception as error:  # noqa: BLE001 - told to who waits
            future.set_exception(error)

    Thread(target=send, name="apprise", daemon=True).start()
    return future


def _text(content: Content, *, repeated: bool) -> str:
    lines = list(rows(content, UNKNOWN))
    if url := web_link(content.link):
        lines.append(f"{SEE_ALL}: {address(url)}")
    lines += [defuse(note) for note in small(content, repeated=repeated)]
    return "\n".join(lines) or defuse(headline(content))
