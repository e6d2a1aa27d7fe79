from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.cli.installation import Installation
from vindaris_sync.app import open_store
from vindaris_sync.config.load import load


def _unlinked(running: Installation) -> str:
    """Return the key of an issue that serves no goal."""
    with open_store(load(running.config)) as store:
        (record, *_) = store.view_records(store.open_reviews(1)).values()
    return record.key


def test_a_muted_issue_stays_on_the_lists_and_says_until_when_nobody_is_told(running: Installation) -> None:
    """It is counted in ``review list``, ``status`` and the report, and unmuted by its name, once."""
    key = _unlinked(running)
    made = running.told("review", "mute", key, "--days", "7", "--why", "waits for the contract", "--as", "kim")["muted"]
    assert (made["about"], made["who"], made["why"]) == (key, "kim", "waits for the contract")
    assert timedelta(days=6) < datetime.fromisoformat(made["until"]) - datetime.now(UTC) < timedelta(days=8)
    [listed] = [one for one in running.told("review", "list", "--backlog")["reviews"] if one["key"] == key]
    assert listed["muted"] == made["until"]
    assert [one["about"] for one in running.told("status")["muted"]] == [key]
    assert f"{key}, by kim: waits for the contract" in running.said("status")
    report = running.told("report", "--now")
    assert report["muted"]["lines"][0]["key"] == key
    assert running.told("review", "unmute", key)["ended"] is True
    assert running.told("review", "unmute", key)["ended"] is False
    assert running.told("status")["muted"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("--team", "Growth", "--goal", "GROW", "--days", "1"),
        ("--days", "1"),
        ("--team", "Growth"),
        ("--team", "Growth", "--days", "1", "--until", "2030-01-01"),
        ("--team", "Nobody", "--days", "1"),
        ("--goal", "NONE", "--days", "1"),
        ("--team", "Growth", "--until", "2020-01-01"),
    ],
)
def test_a_mute_that_says_too_little_or_too_much_is_refused(running: Installation, words: tuple[str, ...]) -> None:
    """Nothing is muted by accident."""
    running.call("review", "mute", *words, "--why", "x", code=2)
    assert running.told("status")["muted"] == []


def test_a_review_says_when_its_team_hears_of_it(running: Installation) -> None:
    """Outside its hours that is their beginning, by name of the day; muted, the end of the mute."""
    key = _unlinked(running)
    text = running.config.read_text("utf-8")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[tomorrow.weekday()]
    text = text.replace(
        'notify = "quiet"', f'notify = "quiet"\nworking_days = ["{day}"]\nworking_hours = "09:00-17:30"'
    )
    running.config.write_text(text, "utf-8")
    running.tracker.create("APP", "Quite new")
    running.call("run", "--once")
    said = running.said("review", "show", _newest(running))
    assert f"told at 09:00 on {tomorrow:%A}: outside the working hours of team Growth" in said
    [quiet] = running.told("status")["quiet"]
    assert (quiet["team"], datetime.fromisoformat(quiet["until"]).date()) == ("Growth", tomorrow.date())
    assert "not told in chat: it was there before its place was tracked" in running.said("review", "show", key)


def _newest(running: Installation) -> str:
    found = running.told("review", "list", "--reason", "unlinked")["reviews"]
    return str(next(one["key"] for one in found if one["title"] == "Quite new"))
