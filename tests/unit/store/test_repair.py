from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.store.full import fill
from tests.unit.store.world import NOW, url
from vindaris_sync.store.store import Store
from vindaris_sync.store.tables import APPEND_ONLY

LATER = NOW + timedelta(days=8)

HARM = {
    "review_flag": "UPDATE issue SET review_open = FALSE, due = TRUE WHERE id = 4",
    "undecided": "UPDATE issue SET decided = FALSE, due = FALSE, state = 'linked' WHERE id = 13",
    "state_unfounded": "UPDATE issue SET state = 'exempt', due = FALSE WHERE id = 5",
    "carrier_empty": "UPDATE issue SET state = 'inherited', due = FALSE, carrier_id = 5, goals = '[1]' WHERE id = 9; "
    "UPDATE issue SET due = FALSE WHERE id = 5",
    "rule_unfounded": "UPDATE issue SET goals = '[2]', due = FALSE WHERE rule_id = 1",
    "rule_suspect": "UPDATE rule SET suspect = FALSE WHERE id = 1",
    "goals_stale": "UPDATE issue SET goals = '[2]', due = FALSE WHERE id = 9; "
    "UPDATE issue SET due = FALSE WHERE id = 1",
    "parent_unresolved": "UPDATE issue SET parent_id = NULL WHERE id = 9",
    "no_revision": "DELETE FROM goal_revision WHERE goal_id = 3",
    "revision_untold": "DROP TRIGGER history_delete; DELETE FROM history WHERE event = 'goal_added' AND goal_id = 2",
    "link_untold": "DROP TRIGGER history_update; UPDATE history SET issue_id = NULL WHERE issue_id = 3",
    "history_gap": "DROP TRIGGER history_delete; DELETE FROM history WHERE id IN (11, 12)",
    "guard_missing": "DROP TRIGGER history_delete; DROP TRIGGER pass_update",
    "index_missing": "DROP INDEX issue_due; DROP INDEX link_goal",
}

_KEPT = ("link", "exemption", "cause", "alias", "goal", "goal_alias")
"""What people have said; a repair changes nothing of it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database in which every table holds something, all of it decided."""
    with Store.open(url(tmp_path)) as store:
        fill(store)
        with store.transaction():
            pass
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Give the store."""
    with Store.open(f"sqlite:///{path}") as opened:
        yield opened


def harmed(path: Path, harm: str) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executescript(harm)


def rows(path: Path, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the content of tables."""
    with closing(sqlite3.connect(path)) as raw:
        return {name: sorted(raw.execute(f"SELECT * FROM {name}"), key=repr) for name in tables}


@pytest.mark.parametrize("law", HARM)
def test_what_can_be_computed_is_mended(store: Store, path: Path, law: str) -> None:
    """The check names it with its fix, a dry run tells and changes nothing, the repair mends; decisions stay."""
    assert store.check() == ()
    harmed(path, HARM[law])
    found = {breach.law: breach for breach in store.check()}
    assert law in found
    assert "db repair" in found[law].fix
    said, history = rows(path, *_KEPT), rows(path, "history")["history"]
    before = rows(path, "issue", "counter", "note", *_KEPT)
    told = store.repair(LATER, dry_run=True)
    assert {law, "schema"} & {each.law for each in told}
    assert rows(path, "issue", "counter", "note", *_KEPT) == before
    assert store.check() != ()
    assert store.repair(LATER) == told
    assert store.check() == ()
    assert rows(path, *_KEPT) == said
    after = rows(path, "history")["history"]
    assert set(history) < set(after)
    assert any("repaired" in row for row in set(after) - set(history))
    assert store.repair(LATER) == ()


_COPY = "INSERT INTO link SELECT {}, {}, TRUE, provenance, who, at, revision, fingerprint FROM link WHERE issue_id = 1"

UNHEEDED = {
    "another goal": (1, "UPDATE link SET goal_id = 3 WHERE issue_id = 1"),
    "one of two": (2, "DELETE FROM link WHERE issue_id = 2 AND goal_id = 2"),
    "one more": (1, _COPY.format(1, 3)),
    "inherited, and linked itself": (9, _COPY.format(9, 3)),
    "unlinked, and linked": (5, _COPY.format(5, 1)),
    "unlinked, and exempt": (5, "INSERT INTO exemption VALUES (5, 'legal duty', 'eve', 5, NULL)"),
    "inherited, and exempt itself": (9, "INSERT INTO exemption VALUES (9, 'legal duty', 'eve', 5, NULL)"),
}


@pytest.mark.parametrize("how", UNHEEDED)
def test_what_was_decided_and_what_is_in_force_are_compared(store: Store, path: Path, how: str) -> None:
    """Where they differ, what people decided holds: the issue is decided anew, and the link stays as it is."""
    number, harm = UNHEEDED[how]
    harmed(path, "UPDATE issue SET due = FALSE WHERE id IN (1, 2, 5, 9, 10, 11, 12)")
    assert store.check() == ()
    harmed(path, harm)
    found = {breach.law: breach.count for breach in store.check()}
    assert found.pop("links_unheeded") == 1
    assert found.keys() <= {"link_untold"}
    said = rows(path, *_KEPT)
    assert "links_unheeded" in {each.law for each in store.repair(LATER)}
    assert rows(path, *_KEPT) == said
    with store.view() as view:
        assert number in view.due()
    assert store.check() == ()


@pytest.mark.parametrize("left", [8, 0])
@pytest.mark.parametrize("more", [False, True])
def test_a_history_that_was_cut_at_its_end_is_found(store: Store, path: Path, left: int, *, more: bool) -> None:
    """No number is given twice, so that what comes after it does not hide the cut; the repair tells of it."""
    last = max(int(str(row[0])) for row in rows(path, "history")["history"])
    guard = APPEND_ONLY["history_delete"]
    harmed(path, f"DROP TRIGGER history_delete; DELETE FROM history WHERE id > {left}; {guard}")
    if more:
        harmed(path, "INSERT INTO history (at, event) VALUES (1, 'noticed')")
    found = {breach.law: breach for breach in store.check()}
    assert found["history_gap"].examples[0] in (f"after row {left}", f"before row {last + 1}")
    store.repair(LATER)
    assert store.check() == ()
    kept = {int(str(row[0])): row for row in rows(path, "history")["history"]}
    assert min(kept.keys() - set(range(left + 1))) > last
    assert any("rows of the history are missing" in str(row) for row in kept.values())


def test_what_is_decided_twice_is_left_to_people(store: Store, path: Path) -> None:
    """Two decisions of people are both kept, and the fix is a command of theirs."""
    harmed(path, "INSERT INTO exemption VALUES (1, 'legal duty', 'eve', 5, NULL)")
    [breach] = store.check()
    assert (breach.law, breach.examples) == ("linked_and_exempt", ("acme/web#1",))
    assert "link set" in breach.fix
    before = rows(path, *_KEPT)
    assert store.repair(LATER) == ()
    assert [each.law for each in store.check()] == ["linked_and_exempt"]
    assert rows(path, *_KEPT) == before


def test_what_was_mended_is_decided_anew(store: Store, path: Path) -> None:
    """The next pass finds it due."""
    harmed(path, "UPDATE issue SET due = FALSE, review_open = TRUE")
    harmed(path, HARM["state_unfounded"])
    store.repair(LATER)
    with store.view() as view:
        assert 5 in view.due()


def test_a_generation_that_is_behind_is_found(store: Store, path: Path) -> None:
    """Beside a database that has gone on, an old note would let a restored backup pass unnoticed."""
    path.with_name("store.db.generation").write_text(f"{3:020}")
    assert [breach.law for breach in store.check()] == ["generation"]
    store.put_note("something", "committed")
    assert store.check() == ()
