"""Rooms with messages: the world that look-alikes of chats share, whatever their API is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from threading import RLock
from typing import Any

from vindaris_sync.sandbox.core import Clock, Outbox, Weather, system_clock


class Refused(Exception):
    """A chat says no: with a status, and a code of its own."""

    def __init__(self, status: int, code: int | str = 0, message: str = "", **more: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


class TooFast(Exception):
    """A limit is reached; it is over after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True)
class Message:
    """A message as it is now; ``body`` is what its sender stated, ``edits`` what it said before each edit."""

    id: str
    author: str
    body: dict[str, Any]
    at: float
    thread: str = ""
    edited: float | None = None
    edits: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Room:
    """A channel or space; ``member``: the bots are in it. Messages are in the order of sending, deleted ones gone."""

    id: str
    name: str
    member: bool = True
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    posted: list[float] = field(default_factory=list)


class Rooms:
    """The world of one chat. ``rooms`` is by id, ``tokens`` maps a token to its bot, ``hooks`` a secret to a room.

    ``limit`` is (messages, seconds): more messages to one room within so many seconds are too fast; ``None``: no limit.
    """

    def __init__(
        self,
        clock: Clock = system_clock,
        *,
        name_of: Callable[[int], str] = str,
        limit: tuple[int, float] | None = None,
    ) -> None:
        self.clock, self.limit = clock, limit
        self.weather = Weather()
        self.lock = RLock()
        self.outbox = Outbox()
        self.rooms: dict[str, Room] = {}
        self.tokens: dict[str, str] = {}
        self.hooks: dict[str, str] = {}
        self._name_of, self._numbers = name_of, count(1)

    def now(self) -> float:
        """Return the present instant in seconds since the epoch."""
        return self.weather.now(self.clock).timestamp()

    def new_id(self) -> str:
        """Return an id that was not used before."""
        return self._name_of(next(self._numbers))

    def create_room(self, name: str, *, member: bool = True) -> Room:
        """Open a room."""
        with self.lock:
            room = Room(self.new_id(), name, member=member)
            self.rooms[room.id] = room
            return room

    def named(self, name: str) -> Room:
        """Return the room that people call so."""
        return next(room for room in self.rooms.values() if room.name == name)

    def post(self, room: Room, author: str, body: dict[str, Any], *, id: str = "", thread: str = "") -> Message:  # noqa: A002 - the chats' word
        """Add a message; raises ``TooFast``."""
        with self.lock:
            self._pace(room)
            message = Message(id or self.new_id(), author, body, self.now(), thread)
            room.messages[message.id] = message
            return message

    def edit(self, room: Room, id: str, body: dict[str, Any]) -> Message:  # noqa: A002 - as above
        """Replace what a message says; raises ``KeyError``."""
        with self.lock:
            message = room.messages[id]
            message.edits.append(message.body)
            message.body, message.edited = body, self.now()
            return message

    def delete(self, name: str, id: str) -> None:  # noqa: A002 - as above
        """Delete a message, as a person does."""
        with self.lock:
            del self.named(name).messages[id]

    def view(self) -> dict[str, Any]:
        """Return the rooms and their messages as a JSON document."""
        rooms = [{**asdict(room), "messages": list(asdict(room)["messages"].values())} for room in self.rooms.values()]
        return {"rooms": rooms}

    def _pace(self, room: Room) -> None:
        now = self.now()
        if self.limit is not None:
            most, seconds = self.limit
            room.posted = [at for at in room.posted if now - at < seconds]
            if len(room.posted) >= most:
                raise TooFast(round(seconds - (now - room.posted[0]), 3))
        room.posted.append(now)


class ChatService:
    """What a look-alike of a chat needs of its surroundings; ``answer`` is each one's own."""

    def __init__(self, world: Rooms, base_url: str) -> None:
        self.world, self.base_url = world, base_url
        self.weather, self.lock, self.outbox = world.weather, world.lock, world.outbox

    def view(self) -> object:
        """Return what people see."""
        return self.world.view()
