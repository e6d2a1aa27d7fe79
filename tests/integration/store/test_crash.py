"""What a process that is killed leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.store.world import T, decide_unlinked, due, issue, put, record_of, url
from vindaris_sync.store.store import Store

_VICTIM = """
import os, signal, sys
from tests.unit.store.world import *
from vindaris_sync.store.store import Store

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

with Store.open(sys.argv[1]) as store:
    store.claim()
    numbers = list(store.by_id(T, ["id1", "id2"]).values())
    with store.transaction():
        {act}
        die()
"""

ACTS = {
    "page": 'put(store, issue(1, at=9, title="half"), issue(3), cursor="c2")',
    "plan": "decide_unlinked(store, *numbers)",
    "goals": 'from vindaris_sync.domain.goals import Goal; store.put_goals([Goal("G-1", "Faster")], NOW)',
}


@pytest.mark.parametrize("act", ACTS)
def test_a_process_killed_inside_a_transaction_leaves_what_was_before(tmp_path: Path, act: str) -> None:
    """Nothing of the transaction is there, the claim is free, and the same work goes through (faults 1, 2)."""
    with Store.open(url(tmp_path)) as store:
        numbers = put(store, issue(1), issue(2), cursor="c1")
        before = {number: record_of(store, number) for number in numbers}
    victim = subprocess.run(
        [sys.executable, "-c", _VICTIM.format(act=ACTS[act]), url(tmp_path)],
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert victim.returncode == -signal.SIGKILL
    with Store.open(url(tmp_path)) as store:
        store.claim()
        assert {number: record_of(store, number) for number in numbers} == before
        assert (store.cursors(T), due(store), store.goals()) == ({"acme/web": "c1"}, numbers, ())
        assert not store.restored
        decide_unlinked(store, *numbers)
        assert store.check() == ()


def test_a_process_killed_while_the_schema_is_made_leaves_a_store_that_opens(tmp_path: Path) -> None:
    """A migration that was killed is taken again from its start (fault 5)."""
    victim = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from vindaris_sync.store.store import Store

def die(connection, cursor, statement, *_):
    if "CREATE TABLE link" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "after_cursor_execute", die)
Store.open(sys.argv[1])
"""
    ended = subprocess.run(
        [sys.executable, "-c", victim, url(tmp_path)], check=False, timeout=60, cwd=Path(__file__).parents[3]
    )
    assert ended.returncode == -signal.SIGKILL
    with Store.open(url(tmp_path)) as store:
        assert store.check() == ()
        assert put(store, issue(1)) == [1]
