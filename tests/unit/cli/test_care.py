from __future__ import annotations

import tomllib

import pytest

from tests.unit.cli.installation import Installation
from vindaris_connectors.memory.tracker import trackers
from vindaris_sync.app import open_store
from vindaris_sync.config.load import load


def test_status_tells_how_everything_is_doing(running: Installation) -> None:
    """Trackers, link states, goals, alerts and the next night, from the store alone."""
    del trackers["mem"]
    found = running.told("status")
    trackers["mem"] = running.tracker
    assert found["daemon"] == {"running": False, "process": None}
    tracker = found["trackers"][0]
    assert (tracker["tracker"], tracker["stopped"], tracker["open"]["unlinked"]) == ("mem", None, 1)
    assert tracker["loaded_at"] is not None
    assert found["goals"] == {"count": 2, "missing": [], "pending": [], "problems": [], "catch_all": []}
    assert "next nightly run" in running.said("status")


def test_doctor_finds_nothing_wrong_where_nothing_is(running: Installation) -> None:
    """Every area is looked at, and nothing is changed."""
    found = running.told("doctor")["findings"]
    assert {each["area"] for each in found} == {"configuration", "goals", "database", "laws", "tracker", "chat"}
    assert {each["level"] for each in found} == {"ok"}
    assert "Nothing is wrong." in running.said("doctor")


def test_doctor_tells_what_is_wrong_and_the_fix(running: Installation) -> None:
    """A setting that is no TOML, a goal that is refused and a place that takes no writes: each with its fix."""
    running.tracker.refuse_writes("APP")
    warned = [each for each in running.told("doctor")["findings"] if each["level"] == "warning"]
    assert [(each["subject"], each["fix"]) for each in warned] == [("mem APP", "give our account write access")]
    running.goals.write_text('[[goal]]\nkey = "A"\ntitle = ""\n', "utf-8")
    assert [each["area"] for each in running.told("doctor", code=2)["findings"] if each["level"] == "error"] == [
        "goals"
    ]
    running.config.write_text("[trackers.mem]\nkind = 'memory'\nplaces = 3\n", "utf-8")
    found = running.told("doctor", code=2)["findings"]
    assert {each["area"] for each in found} == {"configuration"}
    assert any("vindaris.toml:3: [trackers.mem] places" in each["message"] for each in found)


def test_the_database_is_made_checked_and_copied(shop: Installation) -> None:
    """``db`` makes it, verifies it, and copies it; a file that is there is not replaced unasked."""
    assert shop.told("db", "migrate")["created"] is True
    assert shop.told("db", "migrate")["created"] is False
    assert shop.told("db", "check") == {"sound": True, "breaches": []}
    copy = shop.directory / "copy.db"
    assert shop.told("db", "backup", str(copy))["bytes"] == copy.stat().st_size
    assert "is there already" in shop.call("db", "backup", str(copy), code=2).stderr
    shop.call("db", "backup", str(copy), "--force")
    assert "does not exist" in shop.call("db", "backup", str(shop.directory / "no" / "copy.db"), code=2).stderr


def test_a_damaged_database_is_refused_with_advice(running: Installation) -> None:
    """No traceback: what is the matter, and what to do."""
    database = running.directory / "state" / "vindaris.db"
    database.write_bytes(b"no database at all" * 1000)
    result = running.call("status", code=2)
    assert "error: the database says:" in result.stderr
    assert "restore the newest backup" in result.stderr


def test_the_configuration_is_checked_and_shown_without_secrets(
    shop: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown is TOML that says what is in force; tokens are masked everywhere."""
    monkeypatch.setenv("HOOK", "https://chat.example/very-secret-path")
    text = shop.config.read_text("utf-8").replace('kind = "log"', 'kind = "webhook"\nurl = { env = "HOOK" }')
    shop.config.write_text(text, "utf-8")
    assert shop.told("config", "check")["goals"] == 2
    shown = shop.said("config", "show")
    told = shop.told("config", "show")
    assert tomllib.loads(shown)["trackers"] == told["trackers"]
    assert tomllib.loads(shown)["teams"][0]["scopes"] == told["teams"][0]["scopes"] == ["mem:*"]
    assert tomllib.loads(shown)["notify"]["quiet"]["url"] == "***"
    assert "very-secret" not in shown
    monkeypatch.delenv("HOOK")
    refused = shop.call("config", "check", code=2)
    assert "[notify.quiet] url: environment variable HOOK is not set" in refused.stderr
    assert shop.told("config", "check", code=2)["valid"] is False


def test_goals_are_listed_as_a_tree_and_edits_wait_until_they_are_applied(running: Installation) -> None:
    """An edit rests first; ``apply --now`` makes it a revision, and ``show`` says what changed."""
    assert [(goal["key"], goal["depth"]) for goal in running.told("goal", "list")["goals"]] == [
        ("GROW", 0),
        ("CHECKOUT", 1),
    ]
    assert "· CHECKOUT" in running.said("goal", "list")
    running.goals.write_text(running.goals.read_text("utf-8").replace("target = 3", "target = 4"), "utf-8")
    assert running.told("goal", "apply") == {"problems": [], "revised": [], "pending": ["GROW"]}
    assert running.told("goal", "apply", "--now") == {"problems": [], "revised": ["GROW"], "pending": []}
    shown = running.told("goal", "show", "grow")
    assert [each["change"] for each in shown["revisions"]] == ["stated", "target of 'revenue' 3 M → 4 M"]
    assert shown["children"] == ["CHECKOUT"]


def test_the_report_is_written_now_and_shown_in_every_format(running: Installation) -> None:
    """Short for people, whole as Markdown, JSON or a page; without a report it says how to get one."""
    assert "report --now" in running.call("report", code=2).stderr
    assert "of open work serves a goal" in running.said("report", "--now")
    assert running.told("report")["coverage"]["unlinked"] == 1
    assert running.said("report", "--format", "md").startswith("# Goal report")
    assert running.said("report", "--format", "html").startswith("<!")


def test_a_second_worker_on_the_store_is_refused(running: Installation) -> None:
    """While somebody holds the store, ``run`` says who; ``plan`` and ``report --now`` still work."""
    with open_store(load(running.config)) as store:
        store.claim()
        result = running.call("run", "--once", code=2)
        assert "another daemon" in result.stderr
        assert "stop the other one" in result.stderr
        running.call("plan")
        told = running.call("report", "--now")
        assert "nothing is compared" in told.stderr
        assert "Not checked" in told.stdout
