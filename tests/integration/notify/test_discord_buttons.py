"""Buttons in Discord: shown within its limits, heard only when Discord signed them, answered in the same exchange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.integration.notify.test_slack import FRIDAY, Clock
from vindaris_sync.config.chats import DiscordSettings
from vindaris_sync.domain.messages import Act, Button, Item, Kind, Style, Subject, compose
from vindaris_sync.notify.discord import DiscordChannel
from vindaris_sync.notify.discord_hearing import DiscordHearing
from vindaris_sync.notify.hearing import Choice, Click, Dialog, Field, Greeting, Input, Settled, Told, Unheard
from vindaris_sync.notify.listeners import hearings
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.sandbox import discord
from vindaris_sync.sandbox.core import Delivery
from vindaris_sync.sandbox.rooms import Message, Room
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sdk.secret import Secret

ODD = (b"[]", b"{}", b'{"type": 3}', b'{"type": 3, "id": 1, "data": {"custom_id": "?"}}', b"\xff")
TOKEN = "discord-buttons-token-77a1"
ADA = "70000000000000001"


@dataclass
class Chat:
    """A channel with buttons, its look-alike, and what listens."""

    service: discord.Discord
    room: Room
    channel: DiscordChannel
    clock: Clock
    settings: DiscordSettings

    def hearing(self, **changed: object) -> DiscordHearing:
        settings = self.settings.model_copy(update=changed)
        found = hearings({"growth": settings})["growth"]
        assert isinstance(found, DiscordHearing)
        return found

    def posted(self, issues: int = 1) -> Message:
        items = [Item(str(number), f"APP-{number}", "t", buttons=_buttons(number)) for number in range(issues)]
        content = compose(Subject("Growth", Kind.UNLINKED), items, FRIDAY, most=self.channel.max_items)
        self.channel.post(content, "k" * 32)
        return list(self.room.messages.values())[-1]

    def pressed(self, label: str = "APP-0: GROW-1 Grow", **user: object) -> Delivery:
        return self.service.press(self.room, self.posted(), label, ADA, **user)


def _buttons(number: int) -> tuple[Button, ...]:
    value = f"{number}|" + "v" * 93
    return (
        Button(Act.LINK, value, "GROW-1 Grow", Style.PRIMARY),
        Button(Act.LINK, value, "GROW-2 " + "x" * 75),
        Button(Act.SEARCH, value, "Other goal…"),
        Button(Act.EXEMPT, value, "Not goal work…", Style.DANGER),
    )


@pytest.fixture
def chat() -> Iterator[Chat]:
    clock = Clock()
    world = discord.world_of(clock)
    service = discord.Discord(world)
    world.tokens[TOKEN] = "99000000000000001"
    room = world.create_room("growth")
    with Server({"/discord": service}) as server:
        settings = DiscordSettings(
            channel=room.id,
            token=Secret(TOKEN),
            api_url=f"{server.url}/discord/api/v10",
            public_key=service.public_key,
        )
        channel = DiscordChannel("growth", room.id, settings.token, settings.api_url, clickable=settings.clickable())
        yield Chat(service, room, channel, clock, settings)
        channel.close()


def _heard(chat: Chat, delivery: Delivery, hearing: DiscordHearing | None = None) -> object:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    return (hearing or chat.hearing()).heard(headers, delivery.body, chat.clock.now)


def test_the_first_five_lines_have_their_buttons(chat: Chat) -> None:
    """Discord takes no more rows; each button says which issue it is about, and the longest value fits."""
    rows = chat.posted(issues=10).body["components"]
    assert [row["components"][0]["label"] for row in rows] == [f"APP-{number}: GROW-1 Grow" for number in range(5)]
    assert Ability.BUTTONS in chat.channel.abilities


def test_a_click_says_who_wants_what(chat: Chat) -> None:
    """The value is the button's, the person is who Discord says it is."""
    click = _heard(chat, chat.pressed())
    assert isinstance(click, Click)
    assert (click.channel, click.action, click.value) == ("growth", Act.LINK, "0|" + "v" * 93)
    assert (click.who.id, click.who.name, click.given) == (ADA, f"user-{ADA}", None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: replace(one, body=one.body.replace(ADA.encode(), b"70000000000000002")),
        lambda one: replace(one, headers={**one.headers, "X-Signature-Ed25519": "00" * 64}),
        lambda one: replace(one, headers={**one.headers, "X-Signature-Ed25519": "no hex"}),
        lambda one: replace(one, headers={**one.headers, "X-Signature-Timestamp": "1"}),
        lambda one: replace(one, headers={**one.headers, "X-Signature-Timestamp": "nan"}),
        lambda one: replace(one, headers={}),
        lambda one: replace(one, body=b""),
    ],
)
def test_what_discord_did_not_sign_is_not_heard(chat: Chat, spoil: object) -> None:
    """Another person, another time, no signature: the answer is 401, as Discord itself tries out."""
    assert callable(spoil)
    with pytest.raises(Unheard) as caught:
        _heard(chat, spoil(chat.pressed()))
    assert caught.value.status == 401


def test_a_click_played_back_is_not_heard_again(chat: Chat) -> None:
    """At once it was heard before; later it is too old, also for another process."""
    delivery, hearing = chat.pressed(), chat.hearing()
    _heard(chat, delivery, hearing)
    with pytest.raises(Unheard) as caught:
        _heard(chat, delivery, hearing)
    assert caught.value.status == 409
    chat.clock.now += timedelta(minutes=6)
    with pytest.raises(Unheard, match="too old"):
        _heard(chat, delivery)


def test_discord_asks_whether_anybody_is_there(chat: Chat) -> None:
    """PING is answered with PONG, or Discord would not take the address."""
    heard = _heard(chat, chat.service.interaction(1, chat.room, {}, ADA))
    assert isinstance(heard, Greeting)
    assert chat.hearing().acknowledged(heard, None).document == {"type": 1}


@pytest.mark.parametrize(("deciders", "may"), [("anyone", True), ((ADA,), True), (("8800",), True), (("8801",), False)])
def test_who_may_decide_is_named_by_person_or_role(chat: Chat, deciders: object, may: bool) -> None:  # noqa: FBT001 - a column
    """Roles are those that Discord signs for, not those that somebody claims."""
    click = _heard(chat, chat.pressed(roles=["8800"]))
    assert isinstance(click, Click)
    assert chat.hearing(deciders=deciders).may_decide("growth", click.who) is may


def test_a_dialog_opens_and_comes_back_filled_in(chat: Chat) -> None:
    """It is the answer to the click; what was chosen and typed comes under the fields' names."""
    hearing = chat.hearing()
    click = _heard(chat, chat.pressed("APP-0: Not goal work…"), hearing)
    assert isinstance(click, Click)
    fields = (
        Field("why", "Why", Input.TEXT),
        Field("until", "Until", Input.CHOICE, (Choice("30", "30 days"), Choice("90", "90 days")), "90"),
    )
    dialog = Dialog(Act.EXEMPT, click.value, "Not goal work", "APP-0  t", "Exempt", fields)
    answer = hearing.acknowledged(click, dialog).document
    assert answer is not None
    assert answer["type"] == 9
    why, until = answer["data"]["components"]
    assert [option["default"] for option in until["component"]["options"]] == [False, True]
    filled = [
        {"type": 18, "component": {"type": 4, "custom_id": why["component"]["custom_id"], "value": "legal"}},
        {"type": 18, "component": {"type": 3, "custom_id": until["component"]["custom_id"], "values": ["30"]}},
    ]
    data = {"custom_id": answer["data"]["custom_id"], "components": filled}
    submitted = _heard(chat, chat.service.interaction(5, chat.room, data, ADA), hearing)
    assert isinstance(submitted, Click)
    assert (submitted.action, submitted.value) == (Act.EXEMPT, click.value)
    assert submitted.given == {"why": "legal", "until": "30"}


def test_a_polite_no_is_seen_by_one_person_and_mentions_nobody(chat: Chat) -> None:
    """A decision shows in the message itself, which is told anew."""
    hearing = chat.hearing()
    click = _heard(chat, chat.pressed(), hearing)
    assert isinstance(click, Click)
    told = hearing.acknowledged(click, Told("Bob linked it @everyone")).document
    assert told is not None
    assert (told["type"], told["data"]["flags"], told["data"]["allowed_mentions"]) == (4, 64, {"parse": []})
    assert hearing.acknowledged(click, Settled("linked")).document == {"type": 6}


@pytest.mark.parametrize("body", ODD)
def test_a_signed_payload_of_another_shape_is_refused(chat: Chat, body: bytes) -> None:
    """Nothing else comes of it."""
    stamp = str(int(chat.clock.now.timestamp()))
    signature = chat.service.signing.sign(stamp.encode() + body).hex()
    headers = {"x-signature-timestamp": stamp, "x-signature-ed25519": signature}
    with pytest.raises(Unheard) as caught:
        chat.hearing().heard(headers, body, chat.clock.now)
    assert caught.value.status == 400


def test_without_the_public_key_there_are_no_buttons(chat: Chat) -> None:
    """Where clicks could not come back, none are shown."""
    plain = DiscordChannel("growth", chat.room.id, Secret(TOKEN), chat.settings.api_url)
    assert Ability.BUTTONS not in plain.abilities
    assert hearings({"growth": chat.settings.model_copy(update={"public_key": ""})}) == {}
    plain.close()
