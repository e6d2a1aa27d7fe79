"""The last resort: a library that says no more than whether it believes to have sent."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from socket import socket
from threading import Event

import pytest

from tests.integration.notify.test_slack import FRIDAY
from tests.security.corpus import HOSTILE
from tests.security.servers import Talk, says, serving
from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.domain.models import Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import ChannelUnusable
from vindaris_sync.notify.other import AppriseChannel
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.secret import Secret

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # a plugin of apprise
SUBJECT = Subject("Growth", Kind.UNLINKED)
CONTENT = compose(SUBJECT, [Item("1", "APP-1", "Pay")], FRIDAY)
WORD = "canary-apprise-5d20"
ALIVE = re.compile(r"(?<!\w)@\w+|<[!@#a-z/]|https?://|www\.\w|\*\w|~~\w|`\w|\]\(|&lt;")


def _channel(url: str, deadline: float = 10.0) -> AppriseChannel:
    host = url.removeprefix("http://")
    return AppriseChannel("pager", Secret(f"json://goals:{WORD}@{host}/in"), timedelta(), deadline=deadline)


def _keeps(bodies: list[dict[str, str]]) -> Talk:
    def talk(connection: socket, request: bytes) -> None:
        bodies.append(json.loads(request.partition(b"\r\n\r\n")[2]))
        says("200 OK", b"{}")(connection, request)

    return talk


def test_a_message_is_its_headline_and_its_list() -> None:
    """In plain words, through the library, over a socket."""
    bodies: list[dict[str, str]] = []
    with serving(_keeps(bodies)) as server:
        assert _channel(server.url).post(CONTENT, "k" * 32) == ""
    (body,) = bodies
    assert body["title"] == "1 issue serves no goal"
    assert body["message"].replace("\u200b", "").startswith("• APP-1  Pay")


def test_hostile_titles_are_no_mention_and_no_markup_wherever_they_go() -> None:
    """Nothing alive is left of them, and without the characters that have no width they are as written."""
    bodies: list[dict[str, str]] = []
    with serving(_keeps(bodies)) as server:
        for title in HOSTILE:
            items = [Item("1", title, title, note=title)]
            _channel(server.url).post(compose(SUBJECT, items, FRIDAY, footer=one_line(title, 300)), "k" * 32)
    for title, body in zip(HOSTILE, bodies, strict=True):
        assert ALIVE.findall(body["message"]) == []
        assert "".join(one_line(title, 140).split())[:100] in "".join(body["message"].replace("\u200b", "").split())


@pytest.mark.parametrize("status", ["401 No", "404 No", "500 Oh"])
def test_what_is_not_called_sent_is_unknown_and_the_address_is_nowhere(
    status: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The library logs addresses and answers; not here (L9)."""
    with serving(says(status)) as server, caplog.at_level(logging.DEBUG):
        channel = _channel(server.url)
        with pytest.raises(Unknown) as caught:
            channel.post(CONTENT, "k" * 32)
    assert WORD not in f"{caught.value}{caught.value.advice}{channel!r}{caplog.text}"


def test_an_address_that_apprise_does_not_know_is_said_without_the_address() -> None:
    """A person must act."""
    with pytest.raises(ChannelUnusable) as caught:
        AppriseChannel("pager", Secret(f"pigeon://{WORD}"), timedelta()).post(CONTENT, "k" * 32)
    assert caught.value.advice
    assert WORD not in str(caught.value)


def test_a_message_that_does_not_end_is_given_up_and_the_next_waits_for_it() -> None:
    """No thread is lost for each attempt."""
    go_on = Event()

    def talk(connection: socket, request: bytes) -> None:
        go_on.wait(3)
        says("200 OK", b"{}")(connection, request)

    with serving(talk) as server:
        channel = _channel(server.url, deadline=0.1)
        with pytest.raises(Unknown, match="did not end"):
            channel.post(CONTENT, "k" * 32)
        with pytest.raises(Transient, match="still busy"):
            channel.post(CONTENT, "k" * 32)
        go_on.set()


def test_it_cannot_be_tried_without_posting() -> None:
    """The check says so, and asks nobody."""
    (finding,) = _channel("http://127.0.0.1:1").check()
    assert (finding.level, finding.message) == (Level.OK, "apprise cannot try an address without posting")
