"""The sandbox's Slack: what people see, what is refused, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox.github_site import Time
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sandbox.slack import Slack, World

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}


class Workspace:
    """A workspace with #growth, served, and a bot that speaks to it."""

    def __init__(self, world: World, server: Server, time: Time) -> None:
        self.world = world
        self.server = server
        self.time = time
        self.growth = world.create_channel("#growth")

    def call(self, method: str, token: str | None = "xoxb-good", **arguments: Any) -> requests.Response:  # noqa: S107 - a sandbox's
        """Call a method with a JSON body."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.post(f"{self.server.url}/slack/api/{method}", json=arguments, headers=headers, timeout=5)

    def ok(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method that succeeds."""
        document: dict[str, Any] = self.call(method, **arguments).json()
        assert document["ok"], document
        return document

    def error(self, method: str, **arguments: Any) -> str:
        """Call a method that is refused, which is status 200; return the error's code."""
        answer = self.call(method, **arguments)
        assert answer.status_code == 200
        assert answer.json()["ok"] is False
        return str(answer.json()["error"])


@pytest.fixture
def slack() -> Iterator[Workspace]:
    """Run a workspace."""
    time = Time()
    world = World(time)
    world.tokens["xoxb-good"] = "vindaris"
    with Server({"/slack": Slack(world)}, clock=time) as server:
        yield Workspace(world, server, time)


def test_a_message_is_posted_and_edited_in_place(slack: Workspace) -> None:
    """People see one message with its latest text; the earlier ones are kept for tests."""
    posted = slack.ok("chat.postMessage", channel="#growth", text="3 unlinked", blocks=[SECTION])
    slack.time.pass_(minutes=5)
    slack.ok("chat.update", channel=posted["channel"], ts=posted["ts"], text="2 unlinked")
    (message,) = slack.growth.messages
    assert (message.text, message.author, message.ts) == ("2 unlinked", "vindaris", posted["ts"])
    assert [edit["text"] for edit in message.edits] == ["3 unlinked"]
    assert message.edited == message.posted + 300
    shown = requests.get(f"{slack.server.url}/_sandbox/slack", timeout=5).json()
    assert shown["channels"][0]["messages"][0]["text"] == "2 unlinked"


def test_stamps_are_unique_and_grow(slack: Workspace) -> None:
    """Two messages of one instant have different ts, in order."""
    stamps = [slack.ok("chat.postMessage", channel=slack.growth.id, text=str(n))["ts"] for n in range(3)]
    assert sorted(set(stamps)) == stamps


def test_refusals_are_status_200_with_a_code(slack: Workspace) -> None:
    """The codes are Slack's."""
    closed = slack.world.create_channel("closed", member=False)
    ts = slack.ok("chat.postMessage", channel="growth", text="x")["ts"]
    assert slack.error("chat.postMessage", channel="#nowhere", text="x") == "channel_not_found"
    assert slack.error("chat.postMessage", channel=closed.id, text="x") == "not_in_channel"
    assert slack.error("chat.postMessage", channel="growth") == "no_text"
    assert slack.error("chat.postMessage", channel="growth", text="x" * 40_001) == "msg_too_long"
    assert slack.error("chat.update", channel=slack.growth.id, ts="1.2", text="x") == "message_not_found"
    assert slack.error("chat.update", channel="#growth", ts=ts, text="x") == "channel_not_found"
    assert slack.error("chat.unknown") == "unknown_method"
    assert slack.call("auth.test", token="wrong").json() == {"ok": False, "error": "invalid_auth"}
    assert slack.call("auth.test", token=None).json() == {"ok": False, "error": "not_authed"}
    slack.world.archive("growth")
    assert slack.error("chat.postMessage", channel="growth", text="x") == "is_archived"
    assert slack.error("chat.update", channel=slack.growth.id, ts=ts, text="y") == "is_archived"


def test_a_message_that_a_person_deleted_cannot_be_updated(slack: Workspace) -> None:
    """It is message_not_found."""
    posted = slack.ok("chat.postMessage", channel="growth", text="x")
    slack.world.delete("growth", posted["ts"])
    assert slack.error("chat.update", channel=posted["channel"], ts=posted["ts"], text="y") == "message_not_found"


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([SECTION] * 51, "no more than 50 items"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "less than 3001 characters"),
        ([{"type": "section"}], "missing required field"),
        ([{"type": "section", "fields": [SECTION["text"]] * 11}], "no more than 10 fields"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151 characters"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
        ([{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}}] * 26}],
         "25"),
        ([{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"},
                                            "value": "v" * 2001}]}], "value must be less than 2001"),
        ([{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"},
                                            "action_id": "a" * 256}]}], "action_id must be less than 256"),
        ([{**SECTION, "block_id": "b" * 256}], "block_id must be less than 256"),
        ([{**SECTION, "block_id": "b"}, {**SECTION, "block_id": "b"}], "must be unique"),
        ([{"type": "carousel of dreams"}], "unsupported type"),
    ],
)  # fmt: skip
def test_block_kits_limits_hold(slack: Workspace, blocks: list[dict[str, Any]], said: str) -> None:
    """One over a limit is invalid_blocks with the reason; nothing is posted."""
    answer = slack.call("chat.postMessage", channel="growth", text="x", blocks=blocks).json()
    assert answer["error"] == "invalid_blocks"
    assert any(said in problem for problem in answer["errors"])
    assert slack.growth.messages == []


def test_blocks_at_their_limits_are_taken(slack: Workspace) -> None:
    """50 blocks, 3,000 characters, 150 in a header, 25 buttons with 2,000 in a value."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "x" * 75}, "value": "v" * 2000}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}, "block_id": "b" * 255},
        {"type": "actions", "elements": [{**button, "action_id": f"a{n}"} for n in range(25)]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10},
        *[{"type": "divider"}] * 46,
    ]
    slack.ok("chat.postMessage", channel="growth", text="x", blocks=blocks)
    assert len(slack.growth.messages[0].blocks) == 50


def test_an_incoming_webhook_answers_a_text_and_no_reference(slack: Workspace) -> None:
    """ok, no_service, or the refusal as plain text."""
    url = f"{slack.server.url}/slack{slack.world.create_hook('#growth')}"
    posted = requests.post(url, json={"text": "hello"}, timeout=5)
    assert (posted.status_code, posted.text) == (200, "ok")
    assert slack.growth.messages[0].author == "incoming-webhook"
    assert requests.post(f"{url}0", json={"text": "hello"}, timeout=5).status_code == 404
    empty = requests.post(url, json={}, timeout=5)
    assert (empty.status_code, empty.text) == (400, "no_text")
    slack.world.archive("growth")
    assert requests.post(url, json={"text": "x"}, timeout=5).status_code == 410


def test_a_strict_channel_takes_one_message_a_second(slack: Workspace) -> None:
    """The next is 429 with Retry-After; another channel is free; so is the next second."""
    slack.world.strict_rate = True
    slack.world.create_channel("other")
    slack.ok("chat.postMessage", channel="growth", text="1")
    limited = slack.call("chat.postMessage", channel="growth", text="2")
    assert (limited.status_code, limited.headers["Retry-After"], limited.json()["error"]) == (429, "1", "ratelimited")
    slack.ok("chat.postMessage", channel="other", text="2")
    slack.time.pass_(seconds=1)
    slack.ok("chat.postMessage", channel="growth", text="2")
    assert [message.text for message in slack.growth.messages] == ["1", "2"]


def test_channels_are_listed_in_pages(slack: Workspace) -> None:
    """The cursor is empty on the last page; archived ones can be left out; a form works as a JSON body does."""
    for name in ("a", "b"):
        slack.world.create_channel(name)
    first = slack.ok("conversations.list", limit=2)
    rest = slack.ok("conversations.list", limit=2, cursor=first["response_metadata"]["next_cursor"])
    assert [each["name"] for each in first["channels"] + rest["channels"]] == ["growth", "a", "b"]
    assert rest["response_metadata"]["next_cursor"] == ""
    slack.world.archive("a")
    assert len(slack.ok("conversations.list", exclude_archived=True)["channels"]) == 2
    url = f"{slack.server.url}/slack/api/conversations.info"
    form = requests.post(
        url, data={"channel": slack.growth.id}, headers={"Authorization": "Bearer xoxb-good"}, timeout=5
    )
    assert form.json()["channel"]["name"] == "growth"
    assert slack.error("conversations.list", limit="many") == "invalid_limit"
