"""Backups that the daemon makes: as often as was asked, announced where they fail, and the old ones make room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.unit.store.full import fill
from tests.unit.store.world import url
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.engine.backups import BackupPlace, back_up
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.progress import Interrupted
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.engine.telling import content_of, messages_about
from vindaris_sync.notify.log import LogChannel
from vindaris_sync.sdk.goals import GoalSource, GoalsRead, GoalsRefused
from vindaris_sync.store.backup import verified
from vindaris_sync.store.store import Store

HOUR = timedelta(hours=1)
TEAM = Team("Growth", ("web:*",), "quiet")


class Nothing(GoalSource):
    """A source of goals that has none."""

    def read(self) -> GoalsRead:
        raise GoalsRefused(["there are none"])


class AtOnce(Executor):
    """Does what it is given while it is being given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class World:
    """A store full of data, a place for backups, and a clock that somebody sets."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 3, 9, 8, tzinfo=UTC)
        self.store = Store.open(url(folder))
        self.place = BackupPlace(folder / "backups", keep=2, weeks=1)
        self.context = Context(self.store, {}, Nothing(), Teams.of([TEAM]), now=lambda: self.now)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.place.directory.iterdir())

    def told(self) -> list[str]:
        """Return the headlines and lines of what waits to be told about backups, and take it as told."""
        found = []
        for row in self.store.outbox(self.now):
            for message in messages_about(self.context, row.announce):
                content = content_of(self.context, LogChannel("quiet"), message, self.now)
                if content is not None and message.subject.kind == "backup":
                    found += [content.headline, *(line.title for line in content.lines)]
            self.store.delivered(row)
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world in which nothing was backed up."""
    made = World(tmp_path)
    fill(made.store)
    made.told()
    yield made
    made.store.close()


def test_a_backup_is_made_when_the_last_one_is_old(world: World) -> None:
    """The first at once, the next after the time that was asked for; what is kept is bounded."""
    for _ in range(3 * 24):
        assert back_up(world.context, world.place)
        world.now += HOUR
    assert world.files() == ["store-20260310T080000Z.db", "store-20260311T080000Z.db"]
    for name in world.files():
        assert verified(world.place.directory / name).generation <= world.store.generation
    assert world.told() == []


def test_a_restart_forgets_nothing_and_a_clock_that_was_ahead_holds_nothing_up(world: World) -> None:
    """What there is, is what lies in the folder; a backup from the future proves nothing."""
    back_up(world.context, world.place)
    world.now += 23 * HOUR
    back_up(world.context, world.place)
    assert len(world.files()) == 1
    world.now -= timedelta(days=300)
    back_up(world.context, world.place)
    assert len(world.files()) == 2
    back_up(world.context, BackupPlace(world.place.directory, timedelta()))
    assert len(world.files()) == 2


def test_a_failure_is_told_once_and_so_is_its_end(world: World) -> None:
    """The team hears why and what to do, and that it works again; the store is as it was."""
    world.place.directory.write_text("in the way")
    with capture_logs() as logs:
        assert not back_up(world.context, world.place)
        assert not back_up(world.context, world.place)
    assert {(line["event"], line["log_level"]) for line in logs} == {("backup failed", "warning")}
    headline, line = world.told()
    assert headline == "The database could not be backed up"
    assert "must exist" in line
    world.place.directory.unlink()
    assert back_up(world.context, world.place)
    assert world.told() == ["The database is backed up again"]
    assert world.store.check() == ()


def test_a_stop_ends_a_backup_and_leaves_nothing(world: World) -> None:
    """It is no failure: the next start makes it."""
    world.context.progress.stop()
    with pytest.raises(Interrupted):
        back_up(world.context, world.place)
    assert world.files() == []
    assert world.told() == []


def test_the_clockwork_makes_backups_and_waits_an_hour_after_a_failure(world: World) -> None:
    """Looked at every few minutes; a disk that is full is not written to all the time."""
    clockwork = Clockwork(world.context, {}, Nightly(time(23), UTC), _never, AtOnce(), backups=world.place)
    world.place.directory.write_text("in the way")
    clockwork.tick(world.now)
    world.place.directory.unlink()
    for _ in range(11):
        world.now += timedelta(minutes=5)
        clockwork.tick(world.now)
    assert not world.place.directory.exists()
    world.now += timedelta(minutes=5)
    clockwork.tick(world.now)
    assert len(world.files()) == 1


def _never(_: object) -> None:
    raise NotImplementedError
