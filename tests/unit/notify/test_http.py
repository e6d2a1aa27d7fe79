import logging
import socket
from datetime import timedelta

import httpx
import pytest
import respx

from vindaris_sync.notify.http import LARGEST, Line
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.errors import Transient, Unknown

URL = "https://chat.example/hooks/T0-very-secret-path"


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout])
@respx.mock
def test_a_chat_that_cannot_be_reached_was_told_nothing(error: type[httpx.TransportError]) -> None:
    """Without a connection nothing was sent, so it may simply be repeated."""
    respx.post(URL).mock(side_effect=error(f"to {URL}"))
    with pytest.raises(Transient) as caught:
        Line("chat").post(URL, {})
    assert not isinstance(caught.value, Unknown)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError])
@respx.mock
def test_a_broken_exchange_may_have_arrived(error: type[httpx.TransportError]) -> None:
    """A post whose answer was lost is unknown, a question is merely asked again."""
    respx.route(host="chat.example").mock(side_effect=error(f"to {URL}"))
    with pytest.raises(Unknown) as caught:
        Line("chat").post(URL, {})
    with pytest.raises(Transient) as asked:
        Line("chat").get(URL, {})
    assert not isinstance(asked.value, Unknown)
    assert "secret" not in str(caught.value) + str(asked.value)


@respx.mock
def test_a_limit_names_its_pause_or_a_minute() -> None:
    """Retry-After is honoured as seconds and as a date; without one a minute passes."""
    date = {"Date": "Sun, 22 Nov 2026 10:00:00 GMT"}
    respx.post(URL).mock(
        side_effect=[
            httpx.Response(429, headers={"Retry-After": "1800"}),
            httpx.Response(429, headers={"Retry-After": "Sun, 22 Nov 2026 10:05:00 GMT", **date}),
            httpx.Response(429),
            httpx.Response(503, headers={"Retry-After": "7"}),
        ]
    )
    pauses = []
    for _ in range(4):
        with pytest.raises(Transient) as caught:
            Line("chat").post(URL, {})
        pauses.append(caught.value.retry_after)
    assert pauses == [timedelta(seconds=seconds) for seconds in (1800, 300, 60, 7)]


@respx.mock
def test_a_redirect_is_never_followed() -> None:
    """A message goes where the operator said, or nowhere."""
    other = respx.post("https://elsewhere.example/")
    respx.post(URL).respond(302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(ChannelUnusable) as caught:
        Line("chat").post(URL, {})
    assert not other.called
    assert caught.value.reason == "protocol"
    assert caught.value.advice


@respx.mock
def test_an_endless_answer_is_cut_off() -> None:
    """An answer above its cap is not kept in memory."""
    respx.post(URL).respond(200, content=b"x" * (LARGEST + 1))
    with pytest.raises(Unknown):
        Line("chat").post(URL, {})


@pytest.mark.parametrize("url", ["https://exa mple/\x00", "http://[::1", "not an address", "ftp://x"])
def test_a_wrong_address_is_the_operators(url: str) -> None:
    """What is no address stops the channel with advice, without repeating the address."""
    with pytest.raises(ChannelUnusable) as caught:
        Line("chat").post(url, {})
    assert url not in str(caught.value)


def test_a_token_with_a_line_break_is_not_shown() -> None:
    """The client library names the header it refuses with its value; we do not."""
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ChannelUnusable) as caught:
        Line("chat", {"Authorization": "Bearer xoxb-secret\n"}).post(f"http://127.0.0.1:{server.getsockname()[1]}/", {})
    assert "xoxb" not in str(caught.value)
    assert caught.value.__cause__ is None


@respx.mock
def test_no_log_line_holds_the_address(caplog: pytest.LogCaptureFixture) -> None:
    """A webhook's address is its secret, and httpx would print it at INFO (L9)."""
    respx.post(URL).respond(200)
    with caplog.at_level(logging.DEBUG):
        Line("chat").post(URL, {"a": 1})
    assert "secret" not in caplog.text


@respx.mock
def test_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where messages go is said in one place only."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    route = respx.post(URL).respond(200)
    assert Line("chat").post(URL, {}).status == 200
    assert route.called
