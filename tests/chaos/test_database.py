"""The database is taken away from under the daemon: deleted, cut, replaced by an older one, or its disk is full."""

from __future__ import annotations

import re
import resource
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

import pytest

from tests.chaos.judge import judge, rows
from tests.chaos.lives import PATIENCE, eventually
from tests.chaos.people import EXEMPT, goals_kept
from tests.chaos.trial import Trial

USAGE, UNUSABLE = 2, 3
LIMIT = resource.RLIMIT_FSIZE
FULL = 2.5
"""Seconds for which no byte can be written: the daemon tries every second."""
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
APART = ["unshare", "--map-root-user", "--mount"]
"""A file system of our own, where the system lets us have one."""


def namespaces() -> bool:
    """Whether the system lets us mount things that nobody else sees."""
    if shutil.which("unshare") is None:
        return False
    with TemporaryDirectory() as folder:
        tried = [*APART, "sh", "-c", READ_ONLY, folder, "true"]
        return subprocess.run(tried, check=False, capture_output=True).returncode == 0


@pytest.mark.long
def test_an_older_backup_is_noticed_and_the_trackers_word_is_taken(trial: Trial) -> None:
    """Half a file is refused with advice and nobody is asked; an old whole one goes on from the trackers (10, 57)."""
    trial.settle_in()
    trial.act(4)
    life = trial.start()
    assert trial.come_to_rest()
    older = copied(trial)
    trial.act(4)
    assert trial.come_to_rest()
    life.kill()

    put(trial.company.database, older[: len(older) // 2])
    trial.company.server.requests.clear()
    refused = trial.start()
    assert refused.end() not in {0, -9}
    assert "damaged" in refused.said() or "malformed" in refused.said()
    assert "advice: " in refused.said()
    assert "Traceback" not in refused.said()
    assert trial.asked() == 0

    put(trial.company.database, older)
    trial.act(2)
    verdict = trial.checked(trial.rest())
    assert verdict, verdict
    assert rows(trial.company.database, "SELECT 1 FROM history WHERE event = 'restored'")


@pytest.mark.long
def test_a_database_that_is_deleted_under_the_daemon_ends_it_and_is_made_anew(trial: Trial) -> None:
    """What would be written into a file that nobody can find again is not written; trackers still say it all (6)."""
    trial.settle_in()
    trial.act(8)
    life = trial.start()
    assert trial.come_to_rest()
    delete(trial.company.database)
    trial.people.create("GROW-1", "jira")
    assert life.end() == UNUSABLE
    assert "was deleted or replaced while it was in use" in life.said()
    assert "Traceback" not in life.said()

    life = trial.start()
    eventually(lambda: remembered(trial), "all is known again", told=life.said)
    life.stop()
    verdict = judge(trial.people)
    assert (verdict.overwritten, verdict.duplicated) == ([], []), verdict


def test_a_full_disk_stops_nothing_but_writing_and_heals_by_itself(trial: Trial) -> None:
    """No byte can be written for a while, the log's included: the life goes on, and so does the work afterwards (8)."""
    trial.settle_in()
    life = trial.start()
    eventually(lambda: life.events("pass"), "it works", told=life.said)
    resource.prlimit(life.pid, LIMIT, (0, resource.RLIM_INFINITY))
    trial.act(4)
    before = generation(trial.company.database)
    sleep(FULL)
    assert life.code is None
    assert generation(trial.company.database) == before
    resource.prlimit(life.pid, LIMIT, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    verdict = trial.rest(life)
    assert verdict, verdict


@pytest.mark.long
@pytest.mark.skipif(not namespaces(), reason="the system gives nobody a mount namespace")
def test_a_read_only_database_is_refused_with_advice_and_goes_on_where_it_can_be_written(trial: Trial) -> None:
    """The daemon that cannot keep anything asks nobody and says what to do; nothing is lost by that."""
    trial.settle_in()
    trial.act(3)
    company = trial.company
    company.server.requests.clear()
    command = [*APART, "sh", "-c", READ_ONLY, str(company.database.parent), *company.command("run")]
    refused = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert refused.returncode in {USAGE, UNUSABLE}, refused.stderr
    assert re.search(r"advice: .* daemon's user .* write", refused.stderr), refused.stderr
    assert "Traceback" not in refused.stderr
    assert trial.asked() == 0
    verdict = trial.rest()
    assert verdict, verdict


def remembered(trial: Trial) -> bool:
    """Whether the store holds what every issue shows that serves a goal or is exempt."""
    database = trial.company.database
    said = [work for work in trial.people.works if work.linked or work.goal == EXEMPT]
    return trial.loaded() and all(goals_kept(database, work.tracker, work.key) == [work.goal] for work in said)


def generation(database: Path) -> int:
    """Return how many commits the database has seen."""
    return int(rows(database, "SELECT value FROM counter WHERE name = 'generation'")[0]["value"])


def copied(trial: Trial) -> bytes:
    """Return the database as a backup of this moment."""
    target = trial.company.folder / "backup.db"
    with closing(sqlite3.connect(trial.company.database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target.read_bytes()


def delete(database: Path) -> None:
    """Delete the database and what lies beside it but the generation."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def put(database: Path, content: bytes) -> None:
    """Put another file in the database's place."""
    delete(database)
    database.write_bytes(content)
    database.chmod(0o600)
