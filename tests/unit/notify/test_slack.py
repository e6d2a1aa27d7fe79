import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.domain.models import Level
from vindaris_sync.notify import ChannelUnusable, MessageGone
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.secret import Secret

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOKEN = "xoxb-1234567890-secret"
API = "https://slack.example/api"
CONTENT = compose(Subject("Growth", Kind.UNLINKED), [Item("a", "APP-1", "t", "https://x.example/1")], NOW)


@pytest.fixture
def channel() -> SlackChannel:
    return SlackChannel("growth", "C0000000001", Secret(TOKEN), API)


def _sent(route: respx.Route) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(route.calls.last.request.content)
    return document


@respx.mock
def test_a_message_is_posted_with_its_key_and_edited_by_its_stamp(channel: SlackChannel) -> None:
    """The reference names channel and stamp; an edit names both and leaves the metadata alone."""
    post = respx.post(f"{API}/chat.postMessage").respond(json={"ok": True, "channel": "C9", "ts": "1.5"})
    update = respx.post(f"{API}/chat.update").respond(json={"ok": True})
    reference = channel.post(CONTENT, "k1")
    channel.update(reference, CONTENT)
    assert post.calls.last.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert _sent(post)["metadata"] == {"event_type": "vindaris_sync_message", "event_payload": {"key": "k1"}}
    assert (_sent(update)["channel"], _sent(update)["ts"]) == ("C9", "1.5")
    assert "metadata" not in _sent(update)


@respx.mock
def test_nothing_is_unfurled_or_resolved_to_a_mention(channel: SlackChannel) -> None:
    """Slack is told to leave links and names alone."""
    route = respx.post(f"{API}/chat.postMessage").respond(json={"ok": True, "channel": "C9", "ts": "1"})
    channel.post(CONTENT, "k")
    sent = _sent(route)
    assert (sent["parse"], sent["link_names"], sent["mrkdwn"]) == ("none", False, False)
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    ("code", "reason", "word"),
    [
        ("invalid_auth", "credentials", "token"),
        ("token_revoked", "credentials", "token"),
        ("missing_scope", "permission", "chat:write"),
        ("channel_not_found", "channel", "/invite"),
        ("not_in_channel", "channel", "/invite"),
        ("is_archived", "channel", "unarchive"),
        ("something_new", "protocol", "errors"),
    ],
)
@respx.mock
def test_refusals_with_status_200_are_sorted(channel: SlackChannel, code: str, reason: str, word: str) -> None:
    """What a person has to mend stops the channel, with one line of advice and without the token."""
    respx.post(f"{API}/chat.postMessage").respond(json={"ok": False, "error": code})
    with pytest.raises(ChannelUnusable) as caught:
        channel.post(CONTENT, "k")
    assert caught.value.reason == reason
    assert word in caught.value.advice
    assert code in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited", "message_limit_exceeded"])
@respx.mock
def test_limits_with_status_200_are_waited_for(channel: SlackChannel, code: str) -> None:
    """Slack also refuses for a limit without a 429."""
    respx.post(f"{API}/chat.postMessage").respond(json={"ok": False, "error": code}, headers={"Retry-After": "9"})
    with pytest.raises(Transient) as caught:
        channel.post(CONTENT, "k")
    assert caught.value.retry_after == timedelta(seconds=9)
    assert not isinstance(caught.value, Unknown)


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "service_unavailable"])
@respx.mock
def test_slacks_own_failures_may_have_had_an_effect(channel: SlackChannel, code: str) -> None:
    """After them the message is looked for before it is sent again."""
    respx.post(f"{API}/chat.postMessage").respond(json={"ok": False, "error": code})
    with pytest.raises(Unknown):
        channel.post(CONTENT, "k")


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
@respx.mock
def test_a_message_that_cannot_be_edited_any_more_is_gone(channel: SlackChannel, code: str) -> None:
    """The caller posts anew."""
    respx.post(f"{API}/chat.update").respond(json={"ok": False, "error": code})
    with pytest.raises(MessageGone):
        channel.update("C1:1", CONTENT)


@respx.mock
def test_blocks_that_slack_does_not_take_do_not_stop_the_message(channel: SlackChannel) -> None:
    """The text alone tells the same."""
    route = respx.post(f"{API}/chat.postMessage").mock(
        side_effect=[
            httpx.Response(200, json={"ok": False, "error": "invalid_blocks"}),
            httpx.Response(200, json={"ok": True, "channel": "C9", "ts": "1"}),
        ]
    )
    assert channel.post(CONTENT, "k") == "C9:1"
    assert _sent(route)["blocks"] == []
    assert "1 issue serves no goal" in _sent(route)["text"]


@respx.mock
def test_a_message_that_never_fits_stops_the_channel_with_advice(channel: SlackChannel) -> None:
    """It is not tried again and again."""
    respx.post(f"{API}/chat.postMessage").respond(json={"ok": False, "error": "msg_too_long"})
    with pytest.raises(ChannelUnusable, match="msg_too_long"):
        channel.post(CONTENT, "k")


@respx.mock
def test_what_is_no_json_is_sorted_by_its_status(channel: SlackChannel) -> None:
    """A login page with 200 may stand for anything; a 404 means a wrong address."""
    respx.post(f"{API}/chat.postMessage").mock(
        side_effect=[httpx.Response(200, html="<html>"), httpx.Response(404, text="no")]
    )
    with pytest.raises(Unknown):
        channel.post(CONTENT, "k")
    with pytest.raises(ChannelUnusable):
        channel.post(CONTENT, "k")


@respx.mock
def test_an_interrupted_message_is_found_among_others(channel: SlackChannel) -> None:
    """Pages are followed to the message that carries the key; foreign metadata is passed over."""
    ours = {"event_type": "vindaris_sync_message", "event_payload": {"key": "k7"}}
    pages = [
        {"ok": True, "messages": [{"ts": "3"}, {"ts": "2", "metadata": {"event_type": "x"}}]}
        | {"response_metadata": {"next_cursor": "n"}},
        {"ok": True, "messages": [{"ts": "1.5", "metadata": ours}]},
    ]
    route = respx.get(f"{API}/conversations.history").mock(
        side_effect=[httpx.Response(200, json=page) for page in pages]
    )
    assert channel.find("k7", NOW) == "C0000000001:1.5"
    assert route.calls.last.request.url.params["cursor"] == "n"
    assert "oldest" not in route.calls.last.request.url.params, "our clock may have been far ahead of Slack's"


@respx.mock
def test_without_the_scope_to_read_nobody_can_tell(channel: SlackChannel) -> None:
    """A missing scope is no reason to stop: the message is sent again, marked as a possible repetition."""
    respx.get(f"{API}/conversations.history").respond(json={"ok": False, "error": "missing_scope"})
    assert channel.find("k", NOW) is None


@respx.mock
def test_a_search_that_fails_is_no_answer(channel: SlackChannel) -> None:
    """Another refusal is not taken for 'not there'."""
    respx.get(f"{API}/conversations.history").respond(json={"ok": False, "error": "invalid_auth"})
    with pytest.raises(ChannelUnusable):
        channel.find("k", NOW)


@respx.mock
def test_a_repeating_page_token_ends(channel: SlackChannel) -> None:
    """The same next page again and again (fault 33) is followed a bounded number of times; then nobody can tell."""
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    route = respx.get(f"{API}/conversations.history").respond(json=page)
    assert channel.find("k", NOW) is None
    assert route.call_count <= 20


@respx.mock
def test_a_channel_is_found_by_its_name() -> None:
    """History needs an id, which is looked up where the configuration names the channel."""
    respx.get(f"{API}/conversations.list").respond(
        json={"ok": True, "channels": [{"id": "C1", "name": "other"}, {"id": "C2", "name": "growth"}]}
    )
    respx.get(f"{API}/conversations.history", params={"channel": "C2"}).respond(json={"ok": True, "messages": []})
    assert SlackChannel("g", "#Growth", Secret(TOKEN), API).find("k", NOW) == ""
    with pytest.raises(ChannelUnusable):
        SlackChannel("g", "#nowhere", Secret(TOKEN), API).find("k", NOW)


@respx.mock
def test_the_check_tells_who_posts_and_what_is_missing() -> None:
    """A good token, a channel that is not there, a scope that would help, and a bad token."""
    auth = respx.post(f"{API}/auth.test").respond(json={"ok": True, "user": "goal-bot"})
    channels = respx.get(f"{API}/conversations.list").respond(json={"ok": True, "channels": []})
    channel = SlackChannel("g", "#growth", Secret(TOKEN), API)
    assert [finding.level for finding in channel.check()] == [Level.OK, Level.ERROR]
    assert "goal-bot" in channel.check()[0].message
    channels.respond(json={"ok": False, "error": "missing_scope"})
    assert [finding.level for finding in channel.check()] == [Level.OK, Level.WARNING]
    channels.respond(500)
    assert [finding.level for finding in channel.check()] == [Level.OK, Level.WARNING]
    auth.respond(json={"ok": False, "error": "invalid_auth"})
    (finding,) = channel.check()
    assert (finding.level, bool(finding.fix)) == (Level.ERROR, True)


def test_a_channel_never_shows_its_token(channel: SlackChannel) -> None:
    """Not in its repr, nor in its attributes' text (L9)."""
    assert TOKEN not in repr(channel) + str(vars(channel))
    channel.close()
    channel.close()
