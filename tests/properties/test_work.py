"""No sequence of deaths makes two issues of one piece of required work, and none is forgotten."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.lightning import Crash
from tests.properties.world import World
from vindaris_connectors.memory.faults import Call
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.domain.work import SETTLED
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_round
from vindaris_sync.sdk.errors import Transient, Unknown

ITEMS = (
    Requirement("screens", "east", "APP", "Screens", parent="api"),
    Requirement("api", "east", "APP", "API of {goal.key}"),
    Requirement("guide", "west", "OPS", "Guide", labels=("docs",)),
)
TITLES = {"east": {"Screens": 1, "API of A": 1}, "west": {"Guide": 1}}

Life = tuple[int, int, str]
"""After how many points it ends in death (0: it does not), the minutes until the next, and how creations answer."""

lives = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 14), st.sampled_from(["well", "well", "lost", "refused"])), max_size=6
)


def _disturbed(answers: str) -> list[object]:
    """Return what meets creations: their answer is lost, or a limit refuses them."""

    def meet(call: Call) -> None:
        if call.name == "create" and call.answered == (answers == "lost"):
            if answers == "lost":
                raise Unknown("nobody answered")
            raise Transient("not now")

    return [meet] if answers != "well" else []


def _live(world: World, points: int, answers: str) -> None:
    """Let one process run a round, to its end or to its death."""
    hooks = _disturbed(answers)
    for tracker in world.trackers.values():
        tracker.faults.on_call += hooks  # type: ignore[arg-type] # hooks
    world.lightning.strike_after(points)
    with world.lightning.over_commits():
        try:
            refresh_goals(world.context)
            run_round(world.context)
        except Crash:
            pass
        except BaseException:
            if not world.lightning.struck:
                raise
    for tracker in world.trackers.values():
        for hook in hooks:
            tracker.faults.on_call.remove(hook)  # type: ignore[arg-type] # hooks
    world.restart()


def _titles(world: World) -> dict[str, Counter[str]]:
    return {
        name: Counter(record.issue.title for record in tracker.records()) for name, tracker in world.trackers.items()
    }


@settings(max_examples=15)
@given(lives=lives, lag=st.integers(0, 9))
def test_whatever_dies_each_item_is_one_issue(lives: list[Life], lag: int) -> None:
    """Deaths at any commit and exchange, lost answers, refusals, lists that lag: in the end each item is there once."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            first, *others = world.source.goals
            world.source.goals = (replace(first, requires=ITEMS), *others)
            for tracker in world.trackers.values():
                tracker.index_lag = timedelta(minutes=lag)
            refresh_goals(world.context)
            world.clock.advance(timedelta(minutes=11))
            for points, minutes, answers in lives:
                _live(world, points, answers)
                assert all(each <= 1 for found in _titles(world).values() for each in found.values())
                world.clock.advance(timedelta(minutes=minutes))
            for _ in range(5):
                world.clock.advance(SETTLED)
                _live(world, 0, "well")
            _all_is_well(world)
        finally:
            with suppress(Exception):
                world.close()


def _all_is_well(world: World) -> None:
    assert {name: dict(found) for name, found in _titles(world).items()} == TITLES
    assert [(str(work.phase), work.note) for work in world.store.works()] == [("made", "")] * len(ITEMS)
    assert world.store.check() == ()
    records = {record.title: record for record in world.records()}
    goal = world.goal("A")
    for record in records.values():
        assert [(link.goal, link.provenance) for link in record.links] == [(goal, Provenance.BORN)], record
    assert records["Screens"].parent == records["API of A"].id
    linked = [event for event in world.store.history(limit=10**4) if event.event == "linked"]
    assert {event.how for event in linked} <= {"required", "tracker"}
