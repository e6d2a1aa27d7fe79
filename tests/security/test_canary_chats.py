"""A canary in the credentials of every chat: whatever a service says back, nothing of ours quotes it (L9)."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from itertools import cycle
from urllib.parse import unquote

import pytest

from tests.integration.notify.places import KINDS, NOW, TOKEN, Place, google_key
from tests.integration.notify.test_slack import Clock
from tests.security.echo import Echo, Mode
from tests.security.test_canary import leaking
from vindaris_sync.domain.messages import Content, Item, Kind, Subject, compose
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.sdk.errors import VindarisError

SHAPES = ("errors", "list", "text", "page", "cut")
MODES = (
    *(Mode(200, shape) for shape in SHAPES),
    *(Mode(status, shape) for status, shape in zip((302, 400, 401, 403, 404, 410, 429, 500), cycle(SHAPES))),
)


@pytest.fixture(params=list(KINDS))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with KINDS[request.param](Clock()) as place:
        yield place
        place.channel.close()


def _content() -> Content:
    return compose(Subject("Growth", Kind.UNLINKED), [Item("1", "APP-1", "What is this for?")], NOW)


def _secrets(place: Place, echo: Echo) -> set[str]:
    """Return what proves who we are: what was sent for it, the addresses of webhooks, and a service account's key."""
    pem = json.loads(google_key().reveal())["private_key"].splitlines()[1:-1]
    parts = {
        part
        for hook in place.world.hooks
        for part in re.split(r"[/?&=]", hook)
        if len(part) > 16 and not part.isdigit()
    }
    return {TOKEN, *echo.credentials(), *pem, *parts}


def test_canary_chats_that_say_credentials_back_are_not_quoted(
    place: Place, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every status and shape, to every question: what comes of it can be shown to anybody."""
    services = place.server._front.services  # noqa: SLF001 - the test stands in front of the service
    ((name, inner),) = services.items()
    echo = Echo(inner)
    assert isinstance(services, dict)
    services[name] = echo
    caplog.set_level(logging.DEBUG)
    channel, content, said = place.channel, _content(), list[str]()
    reference = channel.post(content, "k0")
    asks: list[Callable[[], object]] = [
        lambda: channel.post(content, "k1"),
        lambda: channel.find("k1", NOW),
        lambda: list(channel.check()),
    ]
    if Ability.EDIT in channel.abilities:
        asks.append(lambda: channel.update(reference, content))
    if Ability.THREADS in channel.abilities:
        asks.append(lambda: channel.reply(reference, "a line", "k2"))
    for mode in MODES:
        for ask in asks:
            channel = place.again()
            echo.begin(mode)
            try:
                said.append(repr(ask()))
            except VindarisError as error:
                said += [str(error), repr(error), error.advice, "".join(traceback.format_exception(error))]
            said += [repr(channel), str(channel)]
            channel.close()
    echo.begin(None)
    out, err = capsys.readouterr()
    said += [caplog.text, out, err]
    assert echo.struck >= len(MODES)
    assert len(_secrets(place, echo)) > 1
    found = leaking(_secrets(place, echo), ((f"{number}", unquote(text)) for number, text in enumerate(said)))
    print(f"canary, chats: inputs {echo.struck}, escapes {len(found)}")  # noqa: T201 - shown with -s
    assert found == []
