"""Files: secrets that others can read are refused, looser places are named with the fix, and what we make is ours."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.testing

from vindaris_sync.cli.main import app
from vindaris_sync.config.load import ConfigRefused, load
from vindaris_sync.config.permissions import loose
from vindaris_sync.store.store import Store

CONFIG = """
state_dir = "state"
[trackers.mem]
kind = "memory"
places = ["APP"]
[notify.quiet]
kind = "webhook"
url = { env = "HOOK" }
secret = { file = "token" }
[[teams]]
name = "All"
scopes = ["mem:*"]
notify = "quiet"
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a configuration, goals, a token and a state directory, none of which others may touch."""
    monkeypatch.setenv("HOOK", "https://hooks.example/in/0123456789abcdef")
    for name, text in (("vindaris.toml", CONFIG), ("goals.toml", "goals = []\n"), ("token", "s3cr3t-0123456789\n")):
        (tmp_path / name).write_text(text, "utf-8")
        (tmp_path / name).chmod(0o600)
    for name in ("state", "state/reports", "state/backups"):
        (tmp_path / name).mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
def no_umask() -> Iterator[None]:
    """Let every bit through that a program asks for."""
    former = os.umask(0)
    yield
    os.umask(former)


def found(place: Path) -> dict[str, str]:
    """Return what is said about the folder: the fix of each finding, by its message."""
    config = load(place / "vindaris.toml")
    return {finding.message: finding.fix for finding in loose(config, place / "vindaris.toml")}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o660])
def test_a_secret_that_others_can_read_is_refused(place: Path, mode: int) -> None:
    """By group or by everybody; the fix is said, the secret is not."""
    (place / "token").chmod(mode)
    with pytest.raises(ConfigRefused, match=r"chmod 600 .*token") as caught:
        load(place / "vindaris.toml")
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_of_ones_own_is_taken(place: Path, mode: int) -> None:
    (place / "token").chmod(mode)
    assert found(place) == {}


def test_what_systemd_hands_over_is_taken_as_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its credentials directory is the service's alone, whatever the modes in it (systemd.exec, LoadCredential)."""
    (place / "vindaris.toml").write_text(CONFIG.replace('file = "token"', 'credential = "token"'), "utf-8")
    (place / "token").chmod(0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(place))
    assert found(place) == {}


@pytest.mark.parametrize(
    ("name", "mode", "fix"),
    [
        ("vindaris.toml", 0o664, "chmod go-w {}"),
        ("goals.toml", 0o602, "chmod go-w {}"),
        ("", 0o777, "chmod go-w {}"),
        ("state", 0o770, "chmod go-w {}"),
        ("state/reports", 0o702, "chmod go-w {}"),
        ("state/reports", 0o755, "chmod o-rwx {}"),
        ("state/backups", 0o722, "chmod go-w {}"),
        ("state/vindaris.db", 0o644, "chmod 600 {}"),
        ("state/vindaris.db-wal", 0o640, "chmod 600 {}"),
        ("state/vindaris.db.generation", 0o604, "chmod 600 {}"),
        ("state/vindaris.db.before-0001", 0o644, "chmod 600 {}"),
        ("state/backups/vindaris-2026-11-22.db", 0o640, "chmod 600 {}"),
    ],
)
def test_what_others_could_change_or_read_is_named_with_its_fix(place: Path, name: str, mode: int, fix: str) -> None:
    """Whoever writes the configuration decides where tokens go; titles stand in the database and its copies."""
    path = place / name
    if not path.exists():
        path.touch()
    path.chmod(mode)
    assert list(found(place).values()) == [fix.format(path)]
    assert str(path) in next(iter(found(place)))


def test_a_folder_like_tmp_is_no_danger(place: Path) -> None:
    """Where others may add files but not replace ours, nothing is said."""
    place.chmod(0o1777)
    assert found(place) == {}


def test_doctor_shows_it_and_the_daemon_would_log_it(place: Path) -> None:
    """A warning, with the fix, which does not make the exit code an error's."""
    (place / "vindaris.toml").chmod(0o666)
    result = typer.testing.CliRunner().invoke(app, ["doctor", "--json", "--config", str(place / "vindaris.toml")])
    said = [each for each in json.loads(result.stdout)["findings"] if each["subject"] == "permissions"]
    assert [(each["level"], each["fix"]) for each in said] == [("warning", f"chmod go-w {place / 'vindaris.toml'}")]


def test_whatever_the_store_makes_is_its_owners_alone(place: Path, no_umask: None) -> None:
    """Database, WAL, generation, lock, backups and copies: mode 0600, whatever the umask lets through."""
    del no_umask
    state = place / "state"
    with Store.open(f"sqlite:///{state / 'vindaris.db'}") as store:
        store.claim()
        store.put_tracker("mem", "memory")
        store.backup(state / "backups" / "copy.db")
        made = [path for path in state.rglob("*") if path.is_file()]
        assert {path.name for path in made} >= {"vindaris.db", "vindaris.db-wal", "copy.db", "vindaris.db.generation"}
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in made} == {
            path.name: "0o600" for path in made
        }
