"""A company whose teams sit in every chat there is, each with a Jira project of its own; all of it over real sockets.

Limits and signatures are enforced by the look-alikes as the services do.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.integration.daemon.company import Company
from tests.integration.engine.world import BOT, SLACK_TOKEN, slack_world
from tests.integration.notify import reading
from tests.integration.notify.mailbox import Mailbox, serving
from tests.integration.notify.places import google_key
from vindaris_sync.sandbox import discord, google_chat, mattermost, slack, teams
from vindaris_sync.sandbox.core import Delivery, Service, system_clock
from vindaris_sync.sandbox.rooms import Message, Rooms
from vindaris_sync.sandbox.server import post

CONFIG = """
state_dir = "state"
[store]
url = "sqlite:///state/vindaris.db"
[goals]
file = "goals.toml"
debounce = "0s"
[page]
listen = "127.0.0.1:{port}"
[schedule]
nightly = "23:59"
[trackers.jira]
kind = "jira"
url = "{url}/jira"
email = "{bot}"
token = {{ file = "jira.token" }}
projects = {projects}
poll = "1s"
poll_max = "1s"
grace = "0s"
[trackers.jira.write_back]
surfaces = ["label"]
[notify.slack]
kind = "slack"
channel = "#growth"
token = {{ file = "slack.token" }}
api_url = "{url}/slack/api"
signing_secret = {{ file = "signing.secret" }}
[notify.socket]
kind = "slack"
channel = "#growth"
token = {{ file = "socket.token" }}
api_url = "{url}/socket/api"
app_token = {{ file = "app.secret" }}
[notify.discord]
kind = "discord"
channel = "{discord_room}"
token = {{ file = "discord.token" }}
api_url = "{url}/discord/api/v10"
public_key = "{discord_key}"
[notify.mattermost]
kind = "mattermost"
channel = "acme/growth"
token = {{ file = "mattermost.token" }}
api_url = "{url}/mattermost"
secret = {{ file = "mattermost.secret" }}
callback_url = "http://127.0.0.1:{port}/in/chat/mattermost"
[notify.teams]
kind = "teams"
url = {{ file = "teams.address" }}
[notify.google]
kind = "google-chat"
space = "spaces/{google_room}"
key = {{ file = "google.key" }}
api_url = "{url}/google/v1"
token_url = "{url}/google/token"
[notify.mail]
kind = "email"
host = "127.0.0.1"
port = {mail_port}
security = "none"
sender = "Goals <goals@acme.example>"
to = ["growth@acme.example"]
every = "0s"
"""
TEAM = '[[teams]]\nname = "{name}"\nscopes = ["jira:{project}"]\nnotify = "{name}"\n'


@dataclass(frozen=True, slots=True)
class Seat:
    """One chat as its people know it. ``heads`` is the first line of each message that stands there, oldest first."""

    name: str
    project: str
    posts: str
    """A regular expression for the path of a new message; empty: not by HTTP."""
    read: Callable[[], list[str]]
    press: Callable[[str, str], int | None] | None = None
    """Press a goal's button at an issue; returns the HTTP status that the chat was answered."""
    edits: bool = True
    finds: bool = True
    """Whether what was sent can be found when nobody saw it arrive."""

    def heads(self) -> list[str]:
        return [text.strip().splitlines()[0] for text in self.read()]

    def shows(self, *words: str) -> bool:
        text = "\n".join(self.read())
        return all(word in text for word in words)


class Chats(Company):
    """Close it as any company."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        self._stack = ExitStack()
        self.mailbox: Mailbox = self._stack.enter_context(serving())
        self.socket = slack_world(system_clock)
        self.socket.app.socket_mode = True
        self.socket_service = slack.Slack(self.socket)
        self.discord = discord.Discord(discord.world_of(strict_rate=True))
        self.mattermost = mattermost.Mattermost(mattermost.world_of(strict_rate=True))
        self.teams = teams.Teams(teams.world_of(strict_rate=True))
        self.google = google_chat.GoogleChat(google_chat.world_of(strict_rate=True), "goalbot@acme.example")
        self._rooms = {
            each: each.world.create_room("growth") for each in (self.discord, self.mattermost, self.teams, self.google)
        }
        self.discord.endpoint = f"http://127.0.0.1:{self.port}/in/chat/discord"
        for bots in (self.discord, self.mattermost):
            bots.world.tokens[SLACK_TOKEN] = bots.world.new_id()
        self.seats = self._seats()
        super().__init__(folder)
        self.slack.app.request_url = f"http://127.0.0.1:{self.port}/in/chat/slack"
        for world in (self.slack, self.socket):
            world.strict_rate = True
            world.create_user("Ann")
        for seat in self.seats.values():
            self.jira.world.add_project(seat.project)
        self._write_secrets()

    def services(self) -> dict[str, Service]:
        """Return the trackers and all chats."""
        return {
            **super().services(), "/socket": self.socket_service, "/discord": self.discord,
            "/mattermost": self.mattermost, "/teams": self.teams, "/google": self.google,
        }  # fmt: skip

    def configuration(self) -> str:
        """Return a configuration with one team for each chat."""
        text = CONFIG.format(
            url=self.server.url, bot=BOT, port=self.port, mail_port=self.mailbox.port,
            projects=json.dumps([seat.project for seat in self.seats.values()]),
            discord_room=self._rooms[self.discord].id, discord_key=self.discord.public_key,
            google_room=self._rooms[self.google].id,
        )  # fmt: skip
        return text + "".join(TEAM.format(name=name, project=seat.project) for name, seat in self.seats.items())

    def _write_secrets(self) -> None:
        address = f"{self.server.url}/teams{self.teams.create_hook(self._rooms[self.teams])}"
        for name, value in {
            "signing.secret": self.slack.app.signing_secret, "socket.token": SLACK_TOKEN,
            "app.secret": self.socket.app.token, "discord.token": SLACK_TOKEN, "mattermost.token": SLACK_TOKEN,
            "mattermost.secret": "what-our-buttons-are-signed-with", "teams.address": address,
            "google.key": google_key().reveal(),
        }.items():  # fmt: skip
            path = self.folder / name
            path.write_text(value)
            path.chmod(0o600)

    def _seats(self) -> dict[str, Seat]:
        found = (
            Seat("slack", "SLAC", "chat.postMessage", lambda: _slack(self.slack), self._press_slack),
            Seat("socket", "SOCK", "chat.postMessage", lambda: _slack(self.socket), self._press_socket),
            Seat(
                "discord", "DISC", r"channels/\d+/messages$", lambda: _room(self.discord.world, _embed),
                self._press_discord,
            ),
            Seat(
                "mattermost", "MATT", "/posts$", lambda: _room(self.mattermost.world, _post), self._press_mattermost
            ),
            Seat("teams", "TEAM", "/workflows/", lambda: _room(self.teams.world, _card), edits=False, finds=False),
            Seat("google", "GOOG", "/messages$", lambda: _room(self.google.world, _chat_card)),
            Seat("mail", "MAIL", "", lambda: _mails(self.mailbox), edits=False, finds=False),
        )  # fmt: skip
        return {seat.name: seat for seat in found}

    def _press_slack(self, key: str, goal: str) -> int | None:
        return self.slack_service.people.press("Ann", "growth", goal, near=key).status

    def _press_socket(self, key: str, goal: str) -> int | None:
        return self.socket_service.people.press("Ann", "growth", goal, near=key).status

    def _press_discord(self, key: str, goal: str) -> int | None:
        room = self._rooms[self.discord]
        return post(self.discord.press(room, _last(room.messages), f"{key}: {goal}", "70000000000000001"))

    def _press_mattermost(self, _: str, goal: str) -> int | None:
        body = self.mattermost.pressed(_last(self._rooms[self.mattermost].messages), goal, "ann")
        headers = {"Content-Type": "application/json"}
        return post(Delivery(f"http://127.0.0.1:{self.port}/in/chat/mattermost", headers, body))

    def close(self) -> None:
        """Give everything up."""
        super().close()
        self._stack.close()


def _last(messages: Mapping[str, Message]) -> Message:
    return [each for each in messages.values() if not each.thread][-1]


def _slack(world: slack.World) -> list[str]:
    with world.lock:
        return [f"{message.text}\n{message.blocks}" for message in world.channels["growth"].messages]


def _room(world: Rooms, read: Callable[[Message], str]) -> list[str]:
    with world.lock:
        return [read(message) for message in world.named("growth").messages.values() if not message.thread]


def _embed(message: Message) -> str:
    return reading.embed(message.body).words


def _post(message: Message) -> str:
    texts = [message.body["message"], *(each["text"] for each in message.body["props"].get("attachments", ()))]
    return "\n".join(reading.mattermost(text).words for text in texts)


def _card(message: Message) -> str:
    return reading.card(message.body).words


def _chat_card(message: Message) -> str:
    return reading.chat_card(message.body).words


def _mails(mailbox: Mailbox) -> list[str]:
    bodies = [mail.get_body(("plain",)) for mail in mailbox.mails]
    return [
        f"{str(mail['Subject']).removeprefix('[mail] ')}\n{body.get_content() if body else ''}"
        for mail, body in zip(mailbox.mails, bodies, strict=True)
    ]
