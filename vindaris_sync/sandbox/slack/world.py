"""What exists on the sandbox's Slack: channels, the messages that people see in them, and their earlier versions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import count
from threading import RLock
from typing import Any

from vindaris_sync.sandbox.core import Clock, Outbox, Weather, system_clock

TEAM = "T0000000001"
TRIGGER = 3.0
"""Seconds for which a click may open a modal."""


class Refused(Exception):
    """A request that Slack refuses: its error code, and for bad blocks what is wrong with them."""

    def __init__(self, code: str, *details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(slots=True)
class View:
    """A modal that a person has before their eyes; ``errors`` are shown under its fields, by block."""

    id: str
    user: str
    document: dict[str, Any]
    hash: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """A message as people see it now; ``edits`` are its earlier versions, oldest first.

    ``ts`` identifies it in its channel. ``posted`` and ``edited`` are seconds since the epoch.
    """

    ts: str
    author: str
    text: str
    posted: float
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    thread_ts: str | None = None
    edited: float | None = None
    edits: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class User:
    """A person of the workspace, or of ``team``, another one that shares channels with it."""

    id: str
    name: str
    team: str = TEAM


@dataclass(slots=True)
class App:
    """The app that bots' tokens belong to, as it was set up: what it signs with, and where clicks go.

    ``request_url`` is the interactivity request URL; with ``socket_mode`` clicks go to its connections instead.
    """

    id: str = "A0000000001"
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105 - of the look-alike
    token: str = "xapp-sandbox-app-token"  # noqa: S105 - as above
    request_url: str = ""
    socket_mode: bool = False


@dataclass(slots=True)
class Channel:
    """A channel; messages are kept in the order in which they were posted, deleted ones are gone."""

    id: str
    name: str
    private: bool = False
    archived: bool = False
    member: bool = True
    messages: list[Message] = field(default_factory=list)
    replies: list[Message] = field(default_factory=list)
    """What was said in threads; it is not among ``messages``, as people do not see it in the channel."""
    whispers: list[tuple[str, str]] = field(default_factory=list)
    """What was said to one person alone: (user id, text), oldest first."""
    last_post: float | None = None

    def message(self, ts: str) -> Message:
        """Return the message of that ``ts``; raises ``Refused`` where there is none."""
        found = next((message for message in self.messages if message.ts == ts), None)
        if found is None:
            raise Refused("message_not_found")
        return found

    def thread(self, ts: str) -> list[Message]:
        """Return what was said in the thread of a message, the oldest first."""
        return [reply for reply in self.replies if reply.thread_ts == ts]


class World:
    """The workspace. ``channels`` is by name without ``#``; ``tokens`` maps a bot token to its bot's name.

    ``hooks`` maps the path of an incoming webhook to its channel's name. With ``strict_rate`` a channel takes one
    message a second and answers 429 to the next.
    """

    def __init__(self, clock: Clock = system_clock, *, strict_rate: bool = False) -> None:
        self.clock = clock
        self.strict_rate = strict_rate
        self.weather = Weather()
        self.lock = RLock()
        self.outbox = Outbox()
        self.channels: dict[str, Channel] = {}
        self.tokens: dict[str, str] = {}
        self.hooks: dict[str, str] = {}
        self.users: dict[str, User] = {}
        self.groups: dict[str, list[str]] = {}
        """Members (user ids) of user groups, by the group's id."""
        self.app = App()
        self.views: dict[str, View] = {}
        """Modals that are open, by id."""
        self._triggers: dict[str, tuple[str, float]] = {}
        self._ids = count(1)

    def now(self) -> float:
        """Return the present instant in seconds since the epoch."""
        return self.weather.now(self.clock).timestamp()

    def create_channel(self, name: str, *, private: bool = False, member: bool = True) -> Channel:
        """Create a channel; ``member`` says whether the bots are in it."""
        with self.lock:
            channel = Channel(f"C{next(self._ids):010}", name.lstrip("#"), private=private, member=member)
            self.channels[channel.name] = channel
            return channel

    def create_user(self, name: str, *, team: str = TEAM) -> User:
        """Create a person."""
        with self.lock:
            user = User(f"U{next(self._ids):010}", name, team)
            self.users[user.id] = user
            return user

    def user(self, reference: str) -> User:
        """Return a person by id or name; raises ``Refused`` where there is none."""
        found = next((user for user in self.users.values() if reference in (user.id, user.name)), None)
        if found is None:
            raise Refused("user_not_found")
        return found

    def pull_trigger(self, user: str) -> str:
        """Return the id with which a modal may be opened for this person, once, within three seconds."""
        with self.lock:
            trigger = f"{next(self._ids)}.{next(self._ids)}.{next(self._ids):032x}"
            self._triggers[trigger] = user, self.now()
            return trigger

    def open_view(self, trigger: str, document: dict[str, Any]) -> View:
        """Show a modal to the person who pulled the trigger."""
        with self.lock:
            user, at = self._triggers.pop(trigger, ("", 0.0))
            if not user:
                raise Refused("invalid_trigger_id")
            if self.now() - at > TRIGGER:
                raise Refused("expired_trigger_id")
            view = View(f"V{next(self._ids):010}", user, document, f"{next(self._ids)}.sandbox")
            self.views[view.id] = view
            return view

    def create_hook(self, channel: str) -> str:
        """Create an incoming webhook for a channel; return its path, which is its secret."""
        with self.lock:
            path = f"/services/T0000000001/B{next(self._ids):010}/{next(self._ids):024}"
            self.hooks[path] = channel.lstrip("#")
            return path

    def channel(self, reference: object) -> Channel:
        """Return a channel by id or by name with or without ``#``; raises ``Refused`` where there is none."""
        text = str(reference or "")
        found = self.channels.get(text.lstrip("#"))
        found = found or next((channel for channel in self.channels.values() if channel.id == text), None)
        if found is None:
            raise Refused("channel_not_found")
        return found

    def post(self, channel: Channel, author: str, text: str, **parts: Any) -> Message:  # noqa: ANN401 - blocks are JSON
        """Add a message; its ``ts`` is unique in the workspace and grows with time."""
        with self.lock:
            if channel.archived:
                raise Refused("is_archived")
            now = self.now()
            message = Message(f"{int(now)}.{next(self._ids):06}", author, text, now, **parts)
            if not any(each.ts == message.thread_ts for each in channel.messages):
                message.thread_ts = None  # as Slack does where the parent was deleted (slack-go/slack#1571)
            (channel.replies if message.thread_ts else channel.messages).append(message)
            channel.last_post = now
            return message

    def update(self, channel: Channel, ts: str, **parts: Any) -> Message:  # noqa: ANN401 - blocks are JSON
        """Replace a message's parts, keeping what it said before in ``edits``."""
        with self.lock:
            if channel.archived:
                raise Refused("is_archived")
            message = channel.message(ts)
            before = {"text": message.text, "blocks": message.blocks, "attachments": message.attachments}
            message.edits.append({**before, "until": self.now()})
            for name, value in parts.items():
                setattr(message, name, value)
            message.edited = self.now()
            return message

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message, as a person does in Slack."""
        with self.lock:
            found = self.channel(channel)
            found.messages.remove(found.message(ts))

    def archive(self, channel: str, *, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        with self.lock:
            self.channel(channel).archived = archived

    def view(self) -> dict[str, Any]:
        """Return the channels and their messages as a JSON document."""
        return {"channels": [asdict(channel) for channel in self.channels.values()]}
