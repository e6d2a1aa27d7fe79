"""Buttons in Mattermost: heard only with our own signature of what they mean, dialogs for one person alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.notify.test_slack import FRIDAY, Clock
from vindaris_sync.config.chats import MattermostSettings
from vindaris_sync.domain.messages import Act, Button, Item, Kind, Subject, compose
from vindaris_sync.notify.hearing import Choice, Click, Dialog, Field, Input, Settled, Told, Unheard, Wrong
from vindaris_sync.notify.listeners import hearings
from vindaris_sync.notify.mattermost import MattermostChannel
from vindaris_sync.notify.mattermost_hearing import MattermostHearing
from vindaris_sync.sandbox import mattermost
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sdk.secret import Secret

TOKEN = "mattermost-buttons-token-55c0"
FIELDS = (
    Field("why", "Why", Input.TEXT),
    Field("until", "Until", Input.CHOICE, (Choice("30", "30 days"), Choice("90", "90 days")), "90"),
)


@dataclass
class Chat:
    """A channel with buttons, its look-alike, and what listens."""

    service: mattermost.Mattermost
    channel: MattermostChannel
    settings: MattermostSettings
    hearing: MattermostHearing

    def pressed(self, name: str = "GROW-1 Grow") -> bytes:
        buttons = (Button(Act.LINK, "7|GROW-1", "GROW-1 Grow"), Button(Act.EXEMPT, "7", "Not goal work…"))
        items = [Item("1", "APP-1", "t", buttons=buttons)]
        self.channel.post(compose(Subject("Growth", Kind.UNLINKED), items, FRIDAY), "k" * 32)
        message = list(self.service.world.named("growth").messages.values())[-1]
        return self.service.pressed(message, name, "ada")

    def click(self, body: bytes) -> Click:
        heard = self.hearing.heard({}, body, FRIDAY)
        assert isinstance(heard, Click)
        return heard


@pytest.fixture
def chat() -> Iterator[Chat]:
    world = mattermost.world_of(Clock())
    world.tokens[TOKEN] = world.new_id()
    world.create_room("growth")
    service = mattermost.Mattermost(world)
    with Server({"/mattermost": service}) as server:
        settings = MattermostSettings(
            channel="acme/growth",
            token=Secret(TOKEN),
            api_url=f"{server.url}/mattermost",
            secret=Secret("mattermost-signing-3f19"),
            callback_url="https://goals.acme.example/in/chat/growth",
        )
        hearing = hearings({"growth": settings})["growth"]
        assert isinstance(hearing, MattermostHearing)
        channel = MattermostChannel(
            "growth", settings.channel, settings.token, settings.api_url,
            secret=settings.secret, callback_url=settings.callback_url,
        )  # fmt: skip
        yield Chat(service, channel, settings, hearing)
        channel.close()
        hearing.close()


def test_a_press_says_who_wants_what_once(chat: Chat) -> None:
    """Delivered twice it is heard once."""
    body = chat.pressed()
    click = chat.click(body)
    assert (click.channel, click.action, click.value, click.who.id) == ("growth", Act.LINK, "7|GROW-1", "ada")
    with pytest.raises(Unheard) as caught:
        chat.hearing.heard({}, body, FRIDAY)
    assert caught.value.status == 409


def _with(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def changed(body: bytes) -> bytes:
        said = json.loads(body)
        change(said)
        return json.dumps(said).encode()

    return changed


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (_with(lambda said: said["context"].update(value="8|GROW-1")), 401),
        (_with(lambda said: said["context"].update(action="confirm")), 401),
        (_with(lambda said: said["context"].update(mac="é" * 64)), 401),
        (_with(lambda said: said["context"].pop("mac")), 400),
        (_with(lambda said: said.pop("user_id")), 400),
        (lambda _: b"[]", 400),
        (lambda _: b"\xff", 400),
        (lambda _: b"x" * 300_000, 413),
    ],
)
def test_what_we_did_not_sign_is_not_heard(chat: Chat, spoil: Callable[[bytes], bytes], status: int) -> None:
    """Another issue, another act, no signature at all."""
    with pytest.raises(Unheard) as caught:
        chat.hearing.heard({}, spoil(chat.pressed()), FRIDAY)
    assert caught.value.status == status


def test_a_dialog_is_opened_and_counts_for_the_person_who_opened_it(chat: Chat) -> None:
    """What a client sees of it cannot be used in somebody else's name."""
    click = chat.click(chat.pressed("Not goal work…"))
    dialog = Dialog(Act.EXEMPT, click.value, "Not goal work", "APP-1  t", "Exempt", FIELDS)
    chat.hearing.follow(click, dialog)
    (opened,) = chat.service.dialogs
    assert opened["url"] == chat.settings.callback_url
    whole = {"type": "dialog_submission", "state": opened["dialog"]["state"], "user_id": "ada"}
    filled = {**whole, "submission": {"why": "legal", "until": "30"}}
    submitted = chat.click(json.dumps(filled).encode())
    assert (submitted.action, submitted.value, submitted.reference) == (Act.EXEMPT, "7", click.reference)
    assert submitted.given == {"why": "legal", "until": "30"}
    with pytest.raises(Unheard) as caught:
        chat.hearing.heard({}, json.dumps({**filled, "user_id": "bob"}).encode(), FRIDAY)
    assert caught.value.status == 401
    answer = chat.hearing.acknowledged(submitted, Wrong("why", "say more")).document
    assert answer == {"errors": {"why": "say more"}}


def test_a_polite_no_is_seen_by_one_person_and_mentions_nobody(chat: Chat) -> None:
    """A decision shows in the message itself, which is told anew."""
    click = chat.click(chat.pressed())
    told = chat.hearing.acknowledged(click, Told("ask @all")).document
    assert told is not None
    assert "@all" not in told["ephemeral_text"]
    assert chat.hearing.acknowledged(click, Settled("linked")).document == {}


@pytest.mark.parametrize(("deciders", "may"), [("anyone", True), (("ada",), True), (("bob",), False)])
def test_who_may_decide_is_named_by_id(chat: Chat, deciders: object, may: bool) -> None:  # noqa: FBT001 - a column
    """By the id that the server tells, not by a name that people choose."""
    hearing = MattermostHearing("growth", chat.settings.model_copy(update={"deciders": deciders}))
    assert hearing.may_decide("growth", chat.click(chat.pressed()).who) is may
    hearing.close()
