import hmac
import json
from datetime import UTC, datetime

import httpx
import pytest
import respx
import structlog

from vindaris_sync.config.chats import (
    LogSettings,
    NotifySettings,
    SlackSettings,
    SlackWebhookSettings,
    WebhookSettings,
)
from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.domain.models import Level
from vindaris_sync.notify import Channel, ChannelUnusable, build
from vindaris_sync.notify.log import LogChannel
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.notify.slack_webhook import SlackWebhookChannel
from vindaris_sync.notify.webhook import WebhookChannel
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.secret import Secret

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
URL = "https://hooks.example/services/T1/B2/very-secret"
CONTENT = compose(
    Subject("Growth", Kind.SUSPECT, "GROW"),
    [Item("a", "APP-1", "<!channel> *t*", "https://x.example/1", "n")],
    NOW,
    about="GROW",
)


@respx.mock
def test_a_webhook_gets_plain_json_with_its_key() -> None:
    """The body is the documented one, and the key makes a repetition recognisable."""
    route = respx.post(URL).respond(204)
    assert WebhookChannel("w", Secret(URL)).post(CONTENT, "k1", repeated=True) == ""
    request = route.calls.last.request
    assert request.headers["Idempotency-Key"] == "k1"
    assert "X-Vindaris-Signature" not in request.headers
    assert json.loads(request.content) == {
        "schema": 1,
        "key": "k1",
        "repeated": True,
        "team": "Growth",
        "kind": "suspect",
        "goal": "GROW",
        "state": "open",
        "headline": "GROW has changed: 1 issue to confirm",
        "total": 1,
        "more": 0,
        "items": [{"key": "APP-1", "title": "<!channel> *t*", "url": "https://x.example/1", "note": "n"}],
        "facts": [],
        "changes": [],
        "footer": CONTENT.footer,
        "link": "",
    }


@respx.mock
def test_a_webhook_with_a_secret_is_signed() -> None:
    """The receiver can compute the signature from the timestamp and the bytes it got."""
    route = respx.post(URL).respond(200)
    WebhookChannel("w", Secret(URL), Secret("shared-secret"), clock=lambda: NOW).post(CONTENT, "k1")
    request = route.calls.last.request
    stamp = request.headers["X-Vindaris-Timestamp"]
    expected = hmac.new(b"shared-secret", stamp.encode() + b"." + request.content, "sha256").hexdigest()
    assert stamp == str(int(NOW.timestamp()))
    assert request.headers["X-Vindaris-Signature"] == f"v1={expected}"


@pytest.mark.parametrize(("status", "reason"), [(401, "credentials"), (404, "channel")])
@respx.mock
def test_a_webhook_that_refuses_stops_with_advice(status: int, reason: str) -> None:
    """Neither the text nor the advice tells the address."""
    respx.post(URL).respond(status)
    with pytest.raises(ChannelUnusable) as caught:
        WebhookChannel("w", Secret(URL)).post(CONTENT, "k")
    assert caught.value.reason == reason
    assert "very-secret" not in str(caught.value) + caught.value.advice


@respx.mock
def test_a_slack_webhook_gets_the_message_as_slack_shows_it() -> None:
    """The same blocks and the same escaped text as a bot would post."""
    route = respx.post(URL).respond(200, text="ok")
    assert SlackWebhookChannel("w", Secret(URL)).post(CONTENT, "k") == ""
    sent = json.loads(route.calls.last.request.content)
    assert "&lt;!channel&gt; *t*" in sent["text"]
    assert sent["blocks"][0]["text"]["text"] == "GROW has changed: 1 issue to confirm"


@pytest.mark.parametrize(
    ("status", "word", "reason"),
    [
        (403, "invalid_token", "channel"),
        (404, "no_service", "channel"),
        (410, "channel_is_archived", "channel"),
        (400, "no_text", "protocol"),
        (499, "odd", "protocol"),
    ],
)
@respx.mock
def test_a_slack_webhooks_refusals_are_sorted(status: int, word: str, reason: str) -> None:
    """Slack's word is told, the address is not."""
    respx.post(URL).respond(status, text=word)
    with pytest.raises(ChannelUnusable, match=word) as caught:
        SlackWebhookChannel("w", Secret(URL)).post(CONTENT, "k")
    assert caught.value.reason == reason
    assert caught.value.advice
    assert "very-secret" not in str(caught.value)


@respx.mock
def test_a_slack_webhook_falls_back_to_text() -> None:
    """Blocks that are refused do not stop the message."""
    route = respx.post(URL).mock(
        side_effect=[httpx.Response(400, text="invalid_blocks"), httpx.Response(200, text="ok")]
    )
    SlackWebhookChannel("w", Secret(URL)).post(CONTENT, "k")
    assert json.loads(route.calls.last.request.content)["blocks"] == []


def test_the_log_has_one_line_per_message() -> None:
    """Those without a chat read the alert in the log, with its issues."""
    with structlog.testing.capture_logs() as lines:
        assert LogChannel("l").post(CONTENT, "k") == ""
    (line,) = lines
    assert (line["event"], line["team"], line["issues"]) == ("alert", "Growth", ["APP-1"])
    assert line["headline"] == CONTENT.headline


@pytest.mark.parametrize(
    "channel",
    [LogChannel("n"), WebhookChannel("n", Secret(URL)), SlackWebhookChannel("n", Secret(URL))],
    ids=lambda each: type(each).__name__,
)
def test_a_channel_that_cannot_edit_says_so(channel: Channel) -> None:
    """It is not editable, knows no messages, tells so on a check, and hides its address."""
    assert channel.abilities is Ability.NONE
    assert channel.find("k", NOW) is None
    assert [finding.level for finding in channel.check()] == [Level.OK]
    assert "very-secret" not in repr(channel) + str(vars(channel))
    with pytest.raises(NotImplementedError):
        channel.update("", CONTENT)
    with pytest.raises(NotImplementedError):
        channel.reply("", "a line", "k")
    channel.close()


@pytest.mark.parametrize(
    ("settings", "abilities"),
    [
        (SlackSettings(channel="#g", token=Secret("xoxb-secret")), Ability.EDIT | Ability.THREADS),
        (SlackWebhookSettings(url=Secret(URL)), Ability.NONE),
        (WebhookSettings(url=Secret(URL)), Ability.NONE),
        (LogSettings(), Ability.NONE),
    ],
)
def test_every_kind_of_block_builds_its_channel(settings: NotifySettings, abilities: Ability) -> None:
    """The name in the configuration is the channel's, and no request is made."""
    channel = build("growth", settings)
    assert (channel.name, channel.abilities) == ("growth", abilities)


def test_an_unknown_kind_is_a_config_error() -> None:
    """The place is named."""
    with pytest.raises(ConfigError, match=r"\[notify\.x\] kind"):
        build("x", NotifySettings(kind="pigeon"))
