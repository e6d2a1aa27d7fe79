from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.unit.cli.installation import Installation
from vindaris_sync.app import open_store
from vindaris_sync.config.load import load
from vindaris_sync.domain.contest import REST, Flip


def _fought(running: Installation) -> str:
    """Set an issue aside, as the loop guard does, and return its key."""
    now = datetime.now(UTC)
    with open_store(load(running.config)) as store:
        (record, *_) = store.view_records(store.open_reviews(1)).values()
        store.put_flips([Flip(record.id, "label:goal:", now - timedelta(minutes=n), "GROW", "") for n in range(7)])
        store.set_aside({record.id: "label:goal:"}, now)
    return record.key


def test_what_is_left_alone_is_shown_and_can_be_resumed(running: Installation) -> None:
    """``status`` and ``doctor`` say what was fought for and until when; ``review resume`` ends it, once."""
    key = _fought(running)
    (aside,) = running.told("status")["aside"]
    assert (aside["key"], aside["surface"], aside["wrote"], aside["found"]) == (key, "label:goal:", "GROW", "")
    assert datetime.fromisoformat(aside["until"]) - datetime.fromisoformat(aside["since"]) == REST
    assert f"mem {key}: label 'goal:': we wrote GROW, somebody made it nothing" in running.said("status")
    warned = [one for one in running.told("doctor")["findings"] if one["subject"] == "left alone"]
    assert [one["level"] for one in warned] == ["warning"]
    assert "review resume" in warned[0]["fix"]
    assert [one["key"] for one in running.told("review", "resume", key)["resumed"]] == [key]
    assert running.told("status")["aside"] == []
    assert "0 issues resumed of 1" in running.said("review", "resume", key)


def test_status_knows_trackers_that_are_never_asked_over_a_network(running: Installation) -> None:
    """One without exchanges has no quota, no next pull and a closed breaker."""
    found = running.told("status")
    assert found["credentials"] == []
    tracker = found["trackers"][0]
    assert (tracker["next_pull"], tracker["breaker"]["phase"]) == (None, "closed")
    assert tracker["requests"] == {"since_start": 0, "last_pass": 0}
