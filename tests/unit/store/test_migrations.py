from __future__ import annotations

import ast
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import vindaris_sync.store
from tests.unit.store.world import issue, put
from vindaris_sync.store.migrations import HEAD
from vindaris_sync.store.store import Store
from vindaris_sync.store.tables import schema

SQLITE = {"engine.py", "backup.py", "restore.py", "salvage.py"}
PACKAGE = Path(vindaris_sync.store.__file__).parent


def tables_of(file: Path) -> dict[str, str]:
    """Return all that a database is made of, by name, as SQL without layout."""
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
        return {name: _plain(sql) for name, sql in rows}


def _plain(sql: str) -> str:
    """Return a definition with its parts sorted: their order, layout and superfluous brackets mean nothing."""
    return ", ".join(sorted(" ".join(re.sub(r"[\s()]+", " ", part).split()) for part in sql.split(",")))


def test_the_schema_by_migrations_is_the_schema_of_the_tables(store: Store, tmp_path: Path) -> None:
    """What a database went through makes no difference to what it is."""
    assert store.trackers()
    fresh = tmp_path / "fresh.db"
    engine = create_engine(f"sqlite:///{fresh}")
    schema.create_all(engine)
    engine.dispose()
    assert tables_of(tmp_path / "store.db") == tables_of(fresh)


def test_the_newest_step_is_the_one_that_a_start_looks_for() -> None:
    """A start compares with a name instead of loading Alembic, so the name has to be right."""
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET who = 'nobody'",
        "DELETE FROM history",
        "UPDATE pass SET outcome = 'better' WHERE pass_id = 'p1'",
        "DELETE FROM pass",
    ],
)
def test_what_happened_cannot_be_changed(store: Store, tmp_path: Path, statement: str) -> None:
    """The database itself refuses to change history and ended passes (L10)."""
    put(store, issue(1))
    put(store, issue(1, at=1, closed=True))
    with closing(sqlite3.connect(tmp_path / "store.db")) as raw, raw:
        raw.execute("INSERT INTO pass (pass_id, tracker, kind, started, ended) VALUES ('p1', 'web', 'pull', 1, 2)")
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|not changed"):
            raw.execute(statement)


def test_the_tables_can_be_made_in_postgresql() -> None:
    """Nothing in the tables is SQLite's own."""
    for table in schema.sorted_tables:
        assert str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def test_only_care_of_the_file_speaks_sqlites_own_sql() -> None:
    """Everything else is SQL that PostgreSQL understands too."""
    own = re.compile(r"\b(INSERT OR|REPLACE INTO|rowid|PRAGMA|json_\w+|GLOB|AUTOINCREMENT|datetime\(|strftime)")
    found = {
        (file.name, node.lineno, match.group())
        for file in PACKAGE.glob("*.py")
        if file.name not in SQLITE
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for match in own.finditer(node.value)
    }
    assert found == set()
