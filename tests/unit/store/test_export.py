from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.store.full import HOSTILE, fill
from tests.unit.store.world import NOW, T, fresh, issue, put, url
from vindaris_sync.domain.homes import Means
from vindaris_sync.domain.models import Address
from vindaris_sync.domain.muting import Mute, Muted
from vindaris_sync.domain.work_items import Standing
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.homes import Hanging
from vindaris_sync.store.store import Store
from vindaris_sync.store.tables import schema
from vindaris_sync.store.work_items import WorkItem


def exported(store: Store, **options: Any) -> bytes:
    """Return an export."""
    lines: list[bytes] = []
    store.export(lines.append, **options)
    return b"".join(lines)


def parsed(content: bytes) -> list[dict[str, Any]]:
    """Return the lines of an export."""
    return [json.loads(line) for line in content.splitlines()]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the export of a store in which every table holds something."""
    with Store.open(url(tmp_path_factory.mktemp("full"))) as store:
        fill(store)
        return exported(store)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    """Give a store in which there is nothing."""
    (tmp_path / "empty").mkdir()
    with Store.open(url(tmp_path / "empty")) as store:
        yield store


def filled(store: Store, content: bytes) -> Store:
    """Fill the store from an export."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "export.jsonl"
        file.write_bytes(content)
        store.fill(file)
    return store


def test_every_table_is_exported(content: bytes) -> None:
    """A version line first, a line for each row, a last line that proves that none is missing."""
    lines = parsed(content)
    assert lines[0] == {"kind": "export", "version": 1, "schema": "0001", "team": None}
    assert {line["kind"] for line in lines[1:-1]} == set(schema.tables) - {"counter", "token"}
    whole = content[: content.rindex(b'{"kind":"end"')]
    assert lines[-1] == {"kind": "end", "lines": len(lines) - 1, "sha256": sha256(whole).hexdigest()}
    issues = [line for line in lines if line["kind"] == "issue"]
    assert set(HOSTILE) <= {line["title"] for line in issues}
    assert issues[0]["goals"] == [1]
    assert issues[0]["closed"] is False


def test_export_import_export_gives_the_same_bytes(content: bytes, empty: Store) -> None:
    """Nothing is lost, nothing added; every law holds, and each tracker's word is taken once."""
    filled(empty, content)
    assert exported(empty) == content
    assert empty.check() == ()
    assert empty.restored_trackers() == {T}
    assert [goal.goal.key for goal in empty.goals()] == ["G-1", "Ziel-ß", "G-3"]
    assert [facts.key for facts in empty.goal_book().goals.values()][0] == "G-1"  # noqa: RUF015 - the first of them
    put(empty, issue(700))
    assert empty.check() == ()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=80), min_size=1, max_size=5))
def test_any_text_survives(texts: list[str]) -> None:
    """Titles are what strangers write."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        with fresh(Path(folder)) as store:
            store.put_tracker(T, "github")
            put(store, *(issue(number, title=text) for number, text in enumerate(texts)))
            store.put_note("texts", texts)
            content = exported(store)
        with fresh(Path(other)) as store:
            assert exported(filled(store, content)) == content
            assert store.note("texts") == texts


def test_an_export_is_one_state(store: Store) -> None:
    """What is committed meanwhile is not in it."""
    fill(store)
    before, number = exported(store), 1000

    def commit() -> None:
        nonlocal number
        number += 1
        put(store, issue(number))

    assert exported(store, beat=commit) == before
    assert number > 1010
    assert exported(store) != before


def _last(content: bytes) -> bytes:
    """Return an export whose last line fits again what was changed."""
    body = content[: content.rindex(b'{"kind":"end"')]
    end = {"kind": "end", "lines": body.count(b"\n"), "sha256": sha256(body).hexdigest()}
    return body + json.dumps(end).encode() + b"\n"


def _without(content: bytes, start: bytes) -> bytes:
    return b"".join(line for line in content.splitlines(keepends=True) if not line.startswith(start))


def _twice(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    where = next(number for number, line in enumerate(lines) if line.startswith(b'{"kind":"issue"'))
    return b"".join([*lines[:where], lines[where], *lines[where:]])


SPOILT: dict[str, tuple[Callable[[bytes], bytes], Trouble, str]] = {
    "cut in a line": (lambda all_: all_[:-30], Trouble.FOREIGN, "middle of a line"),
    "cut after a line": (lambda all_: all_[: all_.rindex(b'{"kind":"end"')], Trouble.FOREIGN, "too early"),
    "cut to the first line": (lambda all_: all_[: all_.index(b"\n") + 1], Trouble.FOREIGN, "too early"),
    "nothing": (lambda _: b"", Trouble.FOREIGN, "middle of a line"),
    "altered": (lambda all_: all_.replace(b'"plain"', b'"plane"'), Trouble.FOREIGN, "lost or altered"),
    "a line lost": (lambda all_: _without(all_, b'{"kind":"note"'), Trouble.FOREIGN, "lost or altered"),
    "more": (lambda all_: all_ + b"\n", Trouble.FOREIGN, "follows the last line"),
    "no JSON": (lambda _: b"issue,goal\nAPP-1,GROW\n", Trouble.FOREIGN, "no JSON"),
    "no export": (lambda _: b'{"kind":"issue"}\n', Trouble.FOREIGN, "no export"),
    "no object": (lambda all_: all_.replace(b'{"kind":"note"', b'[{"kind":"note"', 1), Trouble.FOREIGN, "no JSON"),
    "version": (lambda all_: all_.replace(b'"version":1', b'"version":2', 1), Trouble.NEWER, "version 2"),
    "schema": (lambda all_: all_.replace(b'"schema":"0001"', b'"schema":"0999"', 1), Trouble.NEWER, "0999"),
    "kind": (lambda all_: _last(all_.replace(b'{"kind":"note"', b'{"kind":"memo"')), Trouble.FOREIGN, "'memo'"),
    "field": (lambda all_: _last(all_.replace(b'"is_primary"', b'"primary"')), Trouble.FOREIGN, "'primary'"),
    "missing": (lambda all_: _last(all_.replace(b',"ext_id":"id1"', b"", 1)), Trouble.FOREIGN, "ext_id is missing"),
    "type": (lambda all_: _last(all_.replace(b'"times":1', b'"times":"1"', 1)), Trouble.FOREIGN, "times is"),
    "flag": (lambda all_: _last(all_.replace(b'"lapsed":false', b'"lapsed":0', 1)), Trouble.FOREIGN, "lapsed is"),
    "null": (
        lambda all_: _last(all_.replace(b'"provenance":"chosen","who":"ann"', b'"provenance":"chosen","who":null', 1)),
        Trouble.FOREIGN,
        "who is",
    ),
    "huge": (lambda all_: _last(all_.replace(b'"times":1', b'"times":1e400', 1)), Trouble.FOREIGN, ""),
    "twice": (lambda all_: _last(_twice(all_)), Trouble.FOREIGN, "contradicts itself"),
    "dangling": (lambda all_: _last(_without(all_, b'{"kind":"goal",')), Trouble.FOREIGN, "contradicts itself"),
    "state": (
        lambda all_: _last(all_.replace(b'"provenance":"chosen"', b'"provenance":"invented"')),
        Trouble.FOREIGN,
        "contradicts itself",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_not_whole_and_right_is_refused_and_nothing_kept(content: bytes, empty: Store, how: str) -> None:
    """The error names file and line and what to do; the store stays as empty as it was."""
    spoil, trouble, words = SPOILT[how]
    spoilt, before = spoil(content), empty.generation
    assert (
        spoilt.partition(b'{"kind":"end"')[0] != content.partition(b'{"kind":"end"')[0] or "cut" in how or how == "more"
    )
    with pytest.raises(StoreError) as refused:
        filled(empty, spoilt)
    assert refused.value.trouble is trouble
    assert words in str(refused.value)
    assert "export.jsonl" in str(refused.value)
    assert "nothing was changed" in refused.value.advice
    assert empty.generation == before
    assert len(parsed(exported(empty))) == 2
    filled(empty, content)


def test_fields_that_an_older_program_did_not_write_have_their_defaults(content: bytes, empty: Store) -> None:
    """An export outlives the program that made it."""
    older = content.replace(b',"times_opened":1', b"").replace(b',"by_machine":false', b"")
    assert older != content
    filled(empty, _last(older))
    assert empty.check() == ()


def test_a_store_that_holds_something_is_not_filled(content: bytes, store: Store) -> None:
    """Two histories cannot be one: what is there stays as it was, and the advice is how to get an empty one."""
    before = exported(store)
    with pytest.raises(StoreError, match="is not empty") as refused:
        filled(store, content)
    assert "move the database aside" in refused.value.advice
    assert exported(store) == before


@pytest.fixture
def two_teams(store: Store) -> Store:
    """Return a store in which a team's issue hangs on one of another team."""
    fill(store)
    here = issue(800, place="acme/ours", parent=Address(T, "id20", "acme/web#20"))
    put(store, here, issue(801, place="acme/ours"))
    return store


def test_a_team_takes_along_what_it_owns(two_teams: Store, empty: Store) -> None:
    """Its issues and those they hang on, with everything about them, and all goals; nobody else's."""

    def owns(_: str, place: str) -> bool:
        return place == "acme/ours"

    content = exported(two_teams, team="Ours", owns=owns)
    lines = parsed(content)
    issues = {line["id"]: line["key"] for line in lines if line["kind"] == "issue"}
    assert set(issues.values()) == {"acme/ours#800", "acme/ours#801", "acme/web#20", "acme/web#1"}
    assert {line["issue_id"] for line in lines if "issue_id" in line} <= issues.keys() | {None}
    assert [line["place"] for line in lines if line["kind"] == "place"] == ["acme/ours"]
    assert len([line for line in lines if line["kind"] == "goal"]) == 3
    assert {line["kind"] for line in lines}.isdisjoint({"report", "note", "pass", "message"})
    assert HOSTILE[1] not in {line.get(name) for line in lines for name in ("title", "team")}
    filled(empty, content)
    assert empty.check() == ()
    assert exported(empty, team="Ours", owns=owns) == content


OWNED = {
    "tracker", "place", "goal", "goal_alias", "goal_issue", "goal_revision", "reading", "rule", "issue", "alias",
    "link", "exemption", "cause", "work", "history", "mute", "work_item", "attachment", "home", "choice",
}  # fmt: skip
MEMORY = {
    "answer", "attention", "census", "contest", "cursor", "message", "note", "outbox", "pass", "quarantine", "refusal",
    "report", "run", "unread",
}  # fmt: skip


def test_of_every_table_it_is_decided_whether_a_team_takes_it_along(two_teams: Store) -> None:
    """What is and what people decided goes along; what the daemon remembers of its own work does not."""
    assert set(schema.tables) == OWNED | MEMORY | {"counter", "token"}
    assert not OWNED & MEMORY
    lines = parsed(exported(two_teams, team="Ours"))
    assert {line["kind"] for line in lines[1:-1]} == OWNED


def test_a_team_takes_along_what_is_to_be_left_alone(two_teams: Store, empty: Store) -> None:
    """Silence, links and places that people took from us, and what they changed at homes and choices (L5)."""

    def owns(_: str, place: str) -> bool:
        return place == "acme/ours"

    numbers = two_teams.by_id(T, ["id801", "id2", "id3"])
    ours, above, elsewhere = numbers["id801"], numbers["id2"], numbers["id3"]
    week = NOW + timedelta(days=7)
    for muted in (Muted(team="Ours"), Muted(team="Theirs"), Muted(goal=2), Muted(issue=ours), Muted(issue=elsewhere)):
        two_teams.mute(Mute(0, muted, NOW, week, "ann", "page", "a holiday"))
    for number in (ours, elsewhere):
        item = WorkItem(number, 1, Address(T, "", ""), source="goals", goal_ext="g1")
        two_teams.put_work_item(item, Standing.REFUSED, NOW, "not taken")
        two_teams.put_hung(number, 1, above, Means.LINK, Hanging.DECLINED)
    content = exported(two_teams, team="Ours", owns=owns)
    filled(empty, content)
    assert empty.check() == ()
    assert {(each.about.team, each.about.goal, each.about.issue) for each in empty.mutes(NOW)} == {
        ("Ours", None, None), (None, 1, None), (None, 2, None), (None, None, ours),
    }  # fmt: skip
    hung = {line["issue_id"]: (line["above_id"], line["state"]) for line in parsed(content) if "above_id" in line}
    assert hung[ours] == (above, "declined")
    assert elsewhere not in hung
    assert [each.issue for each in empty.refused_items("goals")] == [ours]
    assert empty.homes() == two_teams.homes()
    assert empty.choices(T) == two_teams.choices(T) != ()


def test_memory_does_not_grow_with_the_store(store: Store) -> None:
    """A long export passes through a batch of rows."""
    put(store, *(issue(number, title="x" * 6_000) for number in range(3_000)))
    written = 0

    def write(line: bytes) -> None:
        nonlocal written
        written += len(line)

    tracemalloc.start()
    try:
        store.export(write)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert written > 18_000_000
    assert peak < written / 2
