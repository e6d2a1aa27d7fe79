"""Socket Mode over real sockets: what is heard, how connections come and go, and that a stop ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.domain.messages import Act, Button, Item, Kind, Subject, compose
from vindaris_sync.notify.hearing import Click, Heard, Settled, Taken
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_hearing import SlackHearing
from vindaris_sync.notify.slack_socket import SlackSocket
from vindaris_sync.sandbox.core import system_clock
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sandbox.slack import Slack, World
from vindaris_sync.sdk.secret import Secret


@dataclass
class Line:
    """A Slack in Socket Mode with a message, and a connection to it in a thread."""

    slack: Slack
    hearing: SlackHearing
    stop: Event = field(default_factory=Event)
    heard: list[Heard] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def take(self, heard: Heard) -> Taken:
        self.heard.append(heard)
        name = heard.who.name if isinstance(heard, Click) else ""
        return Taken(self.hearing.acknowledged(heard, Settled("done")), lambda: self.after.append(name))

    def press(self, user: str) -> int | None:
        return self.slack.people.press(user, "growth", "GROW-1").status


def _soon(true: Callable[[], bool], within: float = 5.0) -> bool:
    end = monotonic() + within
    while not true():
        if monotonic() > end:
            return False
        sleep(0.01)
    return True


@pytest.fixture
def line() -> Iterator[Line]:
    world = World(system_clock)
    world.create_channel("growth")
    world.tokens["xoxb-sandbox-token"] = "goalbot"
    world.app.socket_mode = True
    for name in ("Ann", "Ben"):
        world.create_user(name)
    slack = Slack(world)
    with Server({"/slack": slack}) as server:
        api, token = f"{server.url}/slack/api", Secret("xoxb-sandbox-token")
        app = Secret(world.app.token)
        block = SlackSettings(channel="#growth", token=token, api_url=api, app_token=app)
        hearing = SlackHearing("growth", {"growth": block})
        channel = SlackChannel("growth", "#growth", token, api, clickable=True)
        item = Item("7", "APP-7", "A title", buttons=(Button(Act.LINK, "7.1", "GROW-1"),))
        channel.post(compose(Subject("Growth", Kind.UNLINKED), [item], system_clock()), "k")
        channel.close()
        line = Line(slack, hearing)
        thread = Thread(target=SlackSocket(hearing, app, api).run, args=(line.take, line.stop))
        thread.start()
        try:
            yield line
        finally:
            line.stop.set()
            thread.join(5)
            hearing.close()
        assert not thread.is_alive()


def _connected(line: Line, count: int = 1) -> bool:
    return _soon(lambda: line.slack.sockets.connections == count)


def test_a_click_comes_over_the_connection_and_is_acknowledged_once(line: Line) -> None:
    """What is to be done afterwards is done after the acknowledgement."""
    assert _connected(line)
    assert line.press("Ann") == 200
    assert _soon(lambda: line.after == ["Ann"])
    assert [type(each) for each in line.heard] == [Click]
    assert line.slack.sockets.strays == []


def test_slack_asking_to_reconnect_loses_no_click(line: Line) -> None:
    """The former connection is held until the next one is there; after it is cut, too, the next click is heard."""
    assert _connected(line)
    line.slack.sockets.disconnect("warning")
    assert _soon(lambda: line.slack.sockets.tickets_used == 2)
    assert _connected(line)
    assert line.press("Ann") == 200
    line.slack.sockets.drop()
    assert _soon(lambda: line.slack.sockets.tickets_used == 3)
    assert _connected(line)
    assert line.press("Ben") == 200
    assert _soon(lambda: line.after == ["Ann", "Ben"])


def test_nonsense_over_the_connection_is_acknowledged_and_changes_nothing(line: Line) -> None:
    """An envelope of another kind, or of no known shape, ends nothing."""
    assert _connected(line)
    assert line.slack.sockets.send("events_api", {"type": "event_callback"}, 3.0) == {}
    assert line.slack.sockets.send("interactive", {"type": "block_actions"}, 3.0) == {}
    assert line.heard == []
    assert line.press("Ann") == 200


def test_a_stop_ends_it_at_once(line: Line) -> None:
    """Well within the time in which the daemon drains."""
    assert _connected(line)
    began = monotonic()
    line.stop.set()
    assert _soon(lambda: line.slack.sockets.connections == 0)
    assert monotonic() - began < 3
