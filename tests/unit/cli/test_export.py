from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.installation import CONFIG, GOALS, Installation
from vindaris_sync.app import open_store
from vindaris_sync.config.load import load

SECRET = "https://chat.example/kanarienvogel-2718"


@pytest.fixture
def worked(running: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an installation with a secret, on whose issues people have decided."""
    monkeypatch.setenv("HOOK", SECRET)
    text = running.config.read_text("utf-8").replace('kind = "log"', 'kind = "webhook"\nurl = { env = "HOOK" }')
    other = '[[teams]]\nname = "Shop"\nscopes = ["mem:OPS"]\nnotify = "quiet"\n'
    running.config.write_text(text + other, "utf-8")
    running.tracker.create("APP", "Pay by phone 📱", labels=["goal:GROW"])
    running.tracker.create("OPS", "New shelves", labels=["goal:CHECKOUT"])
    running.call("run", "--once")
    return running


@pytest.fixture
def other(tmp_path: Path) -> Installation:
    """Return a second installation, without a database."""
    folder = tmp_path / "other"
    (folder / "state").mkdir(parents=True)
    (folder / "vindaris.toml").write_text(CONFIG, "utf-8")
    (folder / "goals.toml").write_text(GOALS, "utf-8")
    return Installation(folder, None)  # type: ignore[arg-type]  # it is never asked


def test_an_export_goes_into_another_installation_whole(worked: Installation, other: Installation) -> None:
    """Written to a file, taken over, written again: the same bytes; a second time it is refused."""
    first, second = worked.directory / "first.jsonl", other.directory / "second.jsonl"
    worked.call("export", str(first))
    assert first.stat().st_mode & 0o777 == 0o600
    assert "is there already" in worked.call("export", str(first), code=2).stderr
    told = other.told("db", "import", str(first))
    assert (told["team"], told["rows"]["issue"], told["rows"]["link"]) == (None, 3, 2)
    other.call("export", str(second))
    assert second.read_bytes() == first.read_bytes()
    assert other.told("db", "check")["sound"] is True
    refused = other.call("db", "import", str(first), code=2)
    assert "is not empty" in refused.stderr
    assert "move the database aside" in refused.stderr


def test_the_advice_to_move_the_database_aside_is_enough(worked: Installation) -> None:
    """What stays beside it is no history of the new one: that was made, not restored."""
    first, second = worked.directory / "first.jsonl", worked.directory / "second.jsonl"
    worked.call("export", str(first))
    generation = worked.directory / "state" / "vindaris.db.generation"
    before = int(generation.read_text("utf-8"))
    assert "move the database aside" in worked.call("db", "import", str(first), code=2).stderr
    (worked.directory / "state" / "vindaris.db").rename(worked.directory / "aside.db")
    worked.call("db", "migrate")
    told = worked.told("db", "import", str(first))
    assert (told["rows"]["issue"], told["rows"]["link"]) == (3, 2)
    worked.call("export", str(second))
    assert second.read_bytes() == first.read_bytes()
    assert int(generation.read_text("utf-8")) > before
    assert worked.told("status")["restored"] is True
    assert worked.told("db", "check")["sound"] is True


def test_standard_output_is_lines_of_json_without_secrets(worked: Installation) -> None:
    """What is printed can be piped; nothing but titles is anybody's secret."""
    said = worked.said("export", "--format", "jsonl")
    lines = [json.loads(line) for line in said.splitlines()]
    assert (lines[0]["kind"], lines[-1]["kind"], lines[-1]["lines"]) == ("export", "end", len(lines) - 1)
    assert "kanarienvogel" not in said
    assert any(line.get("title") == "Pay by phone 📱" for line in lines)


def test_a_team_exports_its_own(worked: Installation, other: Installation) -> None:
    """Not what belongs to another one; an unknown team is named with those that there are."""
    lines = [json.loads(line) for line in worked.said("export", "-", "--team", "Shop").splitlines()]
    assert [line["title"] for line in lines if line["kind"] == "issue"] == ["New shelves"]
    refused = worked.call("export", "--team", "Nobody", code=2)
    assert "there are Growth, Shop" in refused.stderr
    file = worked.directory / "shop.jsonl"
    worked.call("export", str(file), "--team", "Shop")
    assert "what team Shop owns was taken over" in other.said("db", "import", str(file))


def test_a_file_that_is_cut_fills_nothing(worked: Installation, other: Installation) -> None:
    """The line is named, and so is what to do."""
    file = worked.directory / "first.jsonl"
    worked.call("export", str(file))
    file.write_bytes(file.read_bytes()[:-9])
    refused = other.call("db", "import", str(file), code=2)
    assert "first.jsonl:" in refused.stderr
    assert "export it again" in refused.stderr
    worked.call("export", str(file), "--force")
    other.call("db", "import", str(file))
    with open_store(load(other.config)) as store:
        store.claim()
        assert "another daemon" in other.call("db", "import", str(file), code=2).stderr
