"""Short histories that once went wrong, as the property tests of the laws found them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.people import People
from tests.properties.world import World, value
from vindaris_sync.domain import decisions
from vindaris_sync.domain.models import IssueRef, Presence, Provenance


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a world with its goals read."""
    world = World(tmp_path)
    world.refresh()
    yield world
    world.close()


@pytest.fixture
def people(world: World) -> People:
    """Return everybody in it."""
    return People(world)


def choose(world: World, ref: IssueRef, name: str) -> None:
    """Link an issue on the command line."""
    goal = world.goal(name)
    world.decide(ref, lambda record, book, by: decisions.link(record, [goal], book, by, Provenance.CHOSEN))


def test_a_write_to_an_issue_that_was_transferred_follows_it(world: World, people: People) -> None:
    """What cannot be written because the issue has a new id is looked at, not tried for ever (L3, L6)."""
    old = people.create("east", "APP", ())
    world.round()
    choose(world, old, "A")
    new = people.transfer(old, "OPS", keep_labels=False)
    world.round()
    assert world.record(old).presence is Presence.MOVED
    assert value(world.record(new).explicit) == {world.goal("A")}
    assert "goal:A" in world.trackers["east"].issue(new.id).labels
    again = world.round()
    assert again is not None
    assert again.planned == []
