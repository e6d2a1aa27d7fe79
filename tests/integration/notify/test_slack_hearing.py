"""Clicks as the sandbox's Slack signs and sends them: what is heard, what is refused, and what people see then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.domain.messages import Act, Button, Item, Kind, Style, Subject, compose
from vindaris_sync.notify import ChannelUnusable
from vindaris_sync.notify.hearing import (
    LARGEST,
    Choice,
    Click,
    Dialog,
    Field,
    Found,
    Greeting,
    Input,
    Search,
    Settled,
    Told,
    Unheard,
    Wrong,
)
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_blocks import MAX_WITH_BUTTONS
from vindaris_sync.notify.slack_hearing import SlackHearing
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sandbox.slack import Slack, World
from vindaris_sync.sdk.secret import Secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOSTILE = "<!channel> <@U123> *bold* \u202e\u0000 <script>"
ASK = Dialog(
    Act.EXEMPT,
    "7",
    "Not goal work?",
    f"APP-7 {HOSTILE}",
    "Exempt",
    (
        Field("reason", "Why is it no goal work?", Input.TEXT, longest=100),
        Field("until", "Ask again", Input.CHOICE, (Choice("30", "in a month"), Choice("90", "in 90 days")), "90"),
        Field("goal", "Goal", Input.SEARCH, needed=False),
    ),
)


@dataclass
class Desk:
    """A Slack with #growth, in which a message with buttons stands, and what listens to it."""

    slack: Slack
    channel: SlackChannel
    hearing: SlackHearing
    now: datetime = NOW
    members: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.slack.world

    def show(self, *buttons: Button, title: str = "A title", count: int = 1) -> None:
        """Post a list whose lines have these buttons."""
        items = [Item(f"{n}", f"APP-{n}", title, buttons=buttons) for n in range(7, 7 + count)]
        subject = Subject("Growth", Kind.UNLINKED)
        self.channel.post(compose(subject, items, NOW, most=self.channel.max_items), "k")

    def signed(self, payload: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        body, headers = self.slack.people.signed(payload)
        return {name.lower(): value for name, value in headers.items()}, body

    def hear(self, payload: dict[str, Any]) -> Any:
        """Hear what Slack signs."""
        return self.hearing.heard(*self.signed(payload), self.now)

    def press(self, user: str, label: str, near: str = "APP-7") -> Click:
        """Let a person press a button, and hear it."""
        click = self.hear(self.slack.people.pressed(user, "growth", label, near=near))
        assert isinstance(click, Click)
        return click


@pytest.fixture
def desk() -> Iterator[Desk]:
    world = World(lambda: NOW)
    world.create_channel("growth")
    world.tokens["xoxb-sandbox-token"] = "goalbot"
    for name in ("Ann", "Ben"):
        world.create_user(name)
    world.create_user("Zoe", team="T9999999999")
    slack = Slack(world)
    with Server({"/slack": slack}) as server:
        block = _block(server, world)
        channel = SlackChannel("growth", "#growth", block.token, block.api_url, clickable=True)
        hearing = SlackHearing("growth", {"growth": block})
        yield Desk(slack, channel, hearing)
        channel.close()
        hearing.close()


def _block(server: Server, world: World, **parts: Any) -> SlackSettings:
    return SlackSettings(
        channel="#growth",
        token=Secret("xoxb-sandbox-token"),
        api_url=f"{server.url}/slack/api",
        signing_secret=Secret(world.app.signing_secret),
        **parts,
    )


LINK = Button(Act.LINK, "7.1.seen", "GROW-1 Faster checkout", Style.PRIMARY)
EXEMPT = Button(Act.EXEMPT, "7.seen", "Not goal work…")


def test_a_click_says_who_pressed_what_where(desk: Desk) -> None:
    """The value that we gave the button comes back, with the person and the message."""
    desk.show(LINK, EXEMPT)
    click = desk.press("Ann", LINK.label)
    ann, message = desk.world.user("Ann"), desk.world.channels["growth"].messages[0]
    assert (click.channel, click.action, click.value, click.given) == ("growth", Act.LINK, "7.1.seen", None)
    assert (click.who.id, click.who.name, click.who.stranger) == (ann.id, "Ann", False)
    assert click.reference == f"{desk.world.channels['growth'].id}:{message.ts}"


def test_each_click_has_its_own_id_and_keeps_it_when_it_is_delivered_again(desk: Desk) -> None:
    """So that a decision is taken once however often Slack tells of it."""
    desk.show(LINK)
    payload = desk.slack.people.pressed("Ann", "growth", LINK.label)
    first, again = desk.hearing.read(payload), desk.hearing.read(payload)
    other = desk.press("Ann", LINK.label)
    assert isinstance(first, Click)
    assert isinstance(again, Click)
    assert first.id == again.id != other.id


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"x-slack-signature": "v0=" + "0" * 64}, 401),
        ({"x-slack-signature": "v0=é"}, 401),
        ({"x-slack-signature": ""}, 401),
        ({"x-slack-request-timestamp": "soon"}, 401),
        ({"x-slack-request-timestamp": "-1"}, 401),
        ({"x-slack-request-timestamp": str(int(NOW.timestamp()) + 1)}, 401),
    ],
)
def test_what_slack_did_not_sign_is_refused(desk: Desk, change: dict[str, str], status: int) -> None:
    """Whatever stands in the headers."""
    desk.show(LINK)
    headers, body = desk.signed(desk.slack.people.pressed("Ann", "growth", LINK.label))
    with pytest.raises(Unheard) as refused:
        desk.hearing.heard({**headers, **change}, body, NOW)
    assert refused.value.status == status
    assert isinstance(desk.hearing.heard(headers, body, NOW), Click)


def test_one_changed_byte_is_refused(desk: Desk) -> None:
    """The signature is over the whole body, of any bytes."""
    desk.show(LINK)
    headers, body = desk.signed(desk.slack.people.pressed("Ann", "growth", LINK.label))
    for other in (body.replace(b"Ann", b"Ben"), body + b"&x=1", b"", b"\xff\xfe"):
        with pytest.raises(Unheard, match="not signed"):
            desk.hearing.heard(headers, other, NOW)


@pytest.mark.parametrize("apart", [timedelta(minutes=6), -timedelta(minutes=6), timedelta(days=400)])
def test_an_old_request_is_refused(desk: Desk, apart: timedelta) -> None:
    """Five minutes either way, by our clock."""
    desk.show(LINK)
    headers, body = desk.signed(desk.slack.people.pressed("Ann", "growth", LINK.label))
    with pytest.raises(Unheard, match="not signed"):
        desk.hearing.heard(headers, body, NOW + apart)


def test_a_request_played_back_is_refused(desk: Desk) -> None:
    """A signature counts once, and the next click is heard all the same."""
    desk.show(LINK)
    headers, body = desk.signed(desk.slack.people.pressed("Ann", "growth", LINK.label))
    desk.hearing.heard(headers, body, NOW)
    with pytest.raises(Unheard) as refused:
        desk.hearing.heard(headers, body, NOW + timedelta(minutes=4))
    assert refused.value.status == 409
    assert desk.press("Ben", LINK.label).who.name == "Ben"


def test_a_huge_request_is_refused_unread(desk: Desk) -> None:
    """Its signature is not even computed."""
    with pytest.raises(Unheard) as refused:
        desk.hearing.heard({}, b"x" * (LARGEST + 1), NOW)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        {"type": "block_actions"},
        {"type": "block_actions", "actions": []},
        {"type": "view_submission", "view": {"private_metadata": "no json"}},
        {"type": "block_suggestion", "view": None},
    ],
)
def test_a_signed_payload_of_another_shape_is_a_bad_request(desk: Desk, payload: Any) -> None:
    """No defect, whatever Slack may send one day."""
    with pytest.raises(Unheard) as refused:
        desk.hear(payload)
    assert refused.value.status == 400


def test_a_click_on_a_block_that_is_no_more_is_a_bad_request(desk: Desk) -> None:
    """A message of a ``[notify.NAME]`` block that was renamed decides nothing."""
    desk.show(LINK)
    payload = desk.slack.people.pressed("Ann", "growth", LINK.label)
    payload["actions"][0]["block_id"] = "0123456789abcdef:line:0"
    with pytest.raises(Unheard):
        desk.hear(payload)


def test_slack_asking_whether_we_are_there_is_greeted(desk: Desk) -> None:
    """Also what is of no concern to us, a menu of another block for instance."""
    body = urlencode({"ssl_check": "1", "token": "x"}).encode()
    headers, _ = desk.signed({})
    signed = {**headers, "x-slack-signature": _sign(desk, headers, body)}
    heard = desk.hearing.heard(signed, body, NOW)
    assert heard == Greeting()
    assert desk.hearing.acknowledged(heard, None).status == 200
    assert desk.hear({"type": "shortcut"}) == Greeting()


def _sign(desk: Desk, headers: dict[str, str], body: bytes) -> str:
    import hmac

    stamp = headers["x-slack-request-timestamp"]
    secret = desk.world.app.signing_secret.encode()
    return "v0=" + hmac.new(secret, f"v0:{stamp}:".encode() + body, "sha256").hexdigest()


def test_a_dialog_is_opened_filled_in_and_heard(desk: Desk) -> None:
    """What was typed and chosen comes back with the button's value; a choice that nobody touched is its first one."""
    desk.show(LINK, EXEMPT)
    desk.hearing.follow(desk.press("Ann", EXEMPT.label), ASK)
    assert desk.slack.people.modal("Ann").document["title"]["text"] == "Not goal work?"
    heard = desk.hear(desk.slack.people.submitted("Ann", reason="We keep the lights on"))
    assert isinstance(heard, Click)
    assert (heard.action, heard.value, heard.channel, heard.who.name) == (Act.EXEMPT, "7", "growth", "Ann")
    assert heard.given == {"reason": "We keep the lights on", "until": "90", "goal": ""}
    assert heard.reference.endswith(desk.world.channels["growth"].messages[0].ts)


def test_a_dialog_shows_hostile_words_as_plain_text(desk: Desk) -> None:
    """No mention, no markup: every text of the modal is plain."""
    desk.show(EXEMPT)
    desk.hearing.follow(desk.press("Ann", EXEMPT.label), ASK)
    document = json.dumps(desk.slack.people.modal("Ann").document)
    assert "mrkdwn" not in document
    assert "<!channel>" in document


def test_a_search_is_answered_with_options_that_slack_takes(desk: Desk) -> None:
    """Hostile and endless titles are cut to what an option may hold."""
    desk.show(EXEMPT)
    desk.hearing.follow(desk.press("Ann", EXEMPT.label), ASK)
    asked: list[Search] = []

    def post(body: bytes, headers: Any) -> Any:
        heard = desk.hearing.heard({name.lower(): value for name, value in headers.items()}, body, NOW)
        assert isinstance(heard, Search)
        asked.append(heard)
        found = Found((Choice("1", f"GROW-1 {HOSTILE * 20}"), Choice("2", "GROW-2")))
        return type("Answered", (), {"document": desk.hearing.acknowledged(heard, found).document})

    desk.slack.people.post = post  # type: ignore[method-assign] # the wire between two products of ours
    options = desk.slack.people.search("Ann", "checkout")
    assert [option["value"] for option in options] == ["1", "2"]
    assert (asked[0].text, asked[0].value, asked[0].who.name) == ("checkout", "7", "Ann")


def test_a_dialog_opened_too_late_is_an_error_that_says_so(desk: Desk) -> None:
    """Three seconds after the click Slack opens nothing."""
    desk.show(EXEMPT)
    click = desk.press("Ann", EXEMPT.label)
    desk.world.clock = lambda: NOW + timedelta(seconds=4)
    with pytest.raises(ChannelUnusable, match="expired_trigger_id"):
        desk.hearing.follow(click, ASK)


def test_one_person_is_told_alone(desk: Desk) -> None:
    """Politely, as text, and nobody else reads it."""
    desk.show(LINK)
    click = desk.press("Ben", LINK.label)
    desk.hearing.follow(click, Told(f"Ann was quicker {HOSTILE}"))
    growth = desk.world.channels["growth"]
    assert [(who, "&lt;!channel&gt;" in text) for who, text in growth.whispers] == [(desk.world.user("Ben").id, True)]
    assert len(growth.messages) == 1


def test_what_was_settled_is_told_by_the_message_alone(desk: Desk) -> None:
    """No word beside it."""
    desk.show(LINK)
    click = desk.press("Ben", LINK.label)
    desk.hearing.follow(click, Settled("APP-7 → GROW-1"))
    assert desk.hearing.acknowledged(click, Settled("x")).document is None
    assert desk.world.channels["growth"].whispers == []


def test_a_submitted_dialog_closes_shows_what_is_wrong_or_says_why_not(desk: Desk) -> None:
    """The modal is where the person looks."""
    desk.show(EXEMPT)
    desk.hearing.follow(desk.press("Ann", EXEMPT.label), ASK)
    click = desk.hear(desk.slack.people.submitted("Ann", reason="r"))
    assert desk.hearing.acknowledged(click, Settled("done")).document == {"response_action": "clear"}
    wrong = desk.hearing.acknowledged(click, Wrong("reason", "Say why")).document
    assert wrong == {"response_action": "errors", "errors": {"reason": "Say why"}}
    told = desk.hearing.acknowledged(click, Told("Ann was quicker")).document
    assert told is not None
    assert told["response_action"] == "update"
    assert "Ann was quicker" in json.dumps(told)


def test_a_full_list_with_every_button_is_within_slacks_limits(desk: Desk) -> None:
    """Hostile labels, too: the sandbox refuses what Slack would."""
    labels = [Button(Act.LINK, f"{n}." + "s" * 80, f"{HOSTILE} {n} " + "x" * 100) for n in range(3)]
    desk.show(*labels, LINK, EXEMPT, title=HOSTILE * 50, count=40)
    message = desk.world.channels["growth"].messages[0]
    assert len([block for block in message.blocks if block["type"] == "actions"]) == MAX_WITH_BUTTONS


def test_a_channel_without_a_secret_shows_no_buttons(desk: Desk) -> None:
    """Nobody would hear them."""
    plain = SlackChannel("growth", "#growth", Secret("xoxb-sandbox-token"), f"{desk.slack.base_url}/api")
    items = [Item("7", "APP-7", "A title", buttons=(LINK,))]
    plain.post(compose(Subject("Growth", Kind.UNLINKED), items, NOW), "k")
    assert all(block["type"] != "actions" for block in desk.world.channels["growth"].messages[0].blocks)
    plain.close()


@pytest.mark.parametrize(
    ("deciders", "may"),
    [
        ("anyone", {"Ann": True, "Ben": True, "Zoe": False}),
        (("Ann",), {"Ann": True, "Ben": False, "Zoe": False}),
        (("S0000000001",), {"Ann": False, "Ben": True, "Zoe": False}),
        (("S0000000001", "Zoe"), {"Ann": False, "Ben": True, "Zoe": True}),
    ],
)
def test_only_who_is_named_may_decide(desk: Desk, deciders: Any, may: dict[str, bool]) -> None:
    """Anyone of the workspace, or people and members of groups by id; of another workspace only who is named."""
    world = desk.world
    world.groups["S0000000001"] = [world.user("Ben").id]
    if deciders != "anyone":
        deciders = tuple(world.user(each).id if each in may else each for each in deciders)
    block = _block_at(desk, deciders)
    desk.show(LINK)
    hearing = SlackHearing("growth", {"growth": block})
    found = {name: hearing.may_decide("growth", desk.press(name, LINK.label).who) for name in may}
    hearing.close()
    assert found == may


def test_a_groups_members_are_asked_for_once_in_five_minutes(desk: Desk) -> None:
    """Requests are scarce: a second click asks nothing."""
    desk.world.groups["S0000000001"] = [desk.world.user("Ben").id]
    hearing = SlackHearing("growth", {"growth": _block_at(desk, ("S0000000001",))})
    desk.show(LINK)
    assert hearing.may_decide("growth", desk.press("Ben", LINK.label).who)
    desk.world.groups.clear()
    assert hearing.may_decide("growth", desk.press("Ben", LINK.label).who)
    hearing.close()


def test_a_group_that_cannot_be_read_lets_nobody_in(desk: Desk) -> None:
    """It is an error, and no permission."""
    hearing = SlackHearing("growth", {"growth": _block_at(desk, ("S0000000009",))})
    desk.show(LINK)
    with pytest.raises(ChannelUnusable, match="no_such_subteam"):
        hearing.may_decide("growth", desk.press("Ben", LINK.label).who)
    hearing.close()


def _block_at(desk: Desk, deciders: Any) -> SlackSettings:
    return SlackSettings(
        channel="#growth",
        token=Secret("xoxb-sandbox-token"),
        api_url=f"{desk.slack.base_url}/api",
        signing_secret=Secret(desk.world.app.signing_secret),
        deciders=deciders,
    )
