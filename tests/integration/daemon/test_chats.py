"""From an issue without a goal to every chat, from a button to the tracker's label, and never twice; as processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.integration.daemon.seats import Chats
from tests.integration.daemon.test_processes import eventually, recorded
from vindaris_sync.sandbox.faults import Fault

GOAL = "GROW-1 Faster checkout"
ONE, TWO, NONE = "1 issue serves no goal", "2 issues serve no goal", "✓ Every new issue serves a goal"


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[Chats]:
    made = Chats(tmp_path)
    try:
        for seat in made.seats.values():
            made.jira.create("Backlog", place=seat.project)
        yield made
    finally:
        made.close()


def _loaded(chats: Chats) -> None:
    eventually(lambda: recorded(chats) >= len(chats.seats), "the backlog is read")
    eventually(lambda: chats.socket_service.sockets.connections == 1, "Socket Mode is connected")


def _labelled(chats: Chats, key: str) -> bool:
    return "goal:GROW-1" in chats.jira.labels(key)


def test_each_chat_is_told_decides_and_hears_nothing_twice_after_a_kill(chats: Chats) -> None:
    """Seven chats at once: told within limits, clicked where there are buttons, killed, and gone on with."""
    with chats.daemon() as daemon:
        _loaded(chats)
        keys = {name: chats.jira.create("Faster checkout", place=seat.project) for name, seat in chats.seats.items()}
        for name, seat in chats.seats.items():
            eventually(partial(seat.shows, ONE, keys[name]), f"{name} is told")
        clicked = {name: seat for name, seat in chats.seats.items() if seat.press}
        for name, seat in clicked.items():
            assert seat.press
            assert seat.press(keys[name], GOAL) == 200, name
        for name, seat in clicked.items():
            eventually(partial(_labelled, chats, keys[name]), f"{name}: the label is there")
            eventually(partial(seat.shows, NONE, keys[name], "linked to GROW-1 by "), f"{name}: by whom")
        daemon.kill()
        said = chats.said(daemon)
        assert "Traceback" not in said
    with chats.daemon():
        silent = {name: seat for name, seat in chats.seats.items() if name not in clicked}
        more = {name: chats.jira.create("Colder coffee", place=seat.project) for name, seat in silent.items()}
        for name, seat in silent.items():
            eventually(partial(seat.shows, more[name]), f"{name} is told of another")
            assert seat.heads() == ([TWO] if seat.edits else [ONE, TWO]), name
        assert {name: seat.heads() for name, seat in clicked.items()} == {name: [NONE] for name in clicked}
    assert chats.teams.runs == [[], []]


@pytest.mark.long
@pytest.mark.parametrize("name", ["slack", "socket", "discord", "mattermost", "google", "teams"])
def test_what_was_being_sent_at_the_kill_is_found_or_marked_as_a_possible_repetition(chats: Chats, name: str) -> None:
    """The chat has the message and its answer was never read; a second daemon beside the next one is refused."""
    seat = chats.seats[name]
    lost = Fault("timeout", name, method="POST", path=seat.posts, times=1, seconds=60, applied=True)
    with chats.daemon() as daemon:
        _loaded(chats)
        chats.server.faults.add(lost)
        first = chats.jira.create("Faster checkout", place=seat.project)
        eventually(lambda: seat.shows(ONE, first), "it stands there")
        daemon.kill()
        chats.said(daemon)
    with chats.daemon():
        _loaded(chats)
        second = chats.run("run")
        assert second.returncode != 0
        assert "another daemon" in second.stderr
        more = chats.jira.create("Colder coffee", place=seat.project)
        eventually(lambda: seat.shows(TWO, first, more), "it goes on")
    if seat.finds:
        assert seat.heads() == [TWO]
    else:
        assert seat.heads() == [ONE, ONE, TWO]
        assert ["This may repeat" in text for text in seat.read()] == [False, True, False]
