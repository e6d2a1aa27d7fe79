"""A decision is taken back from the command line within ten minutes."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation


@pytest.fixture
def linked(running: Installation) -> str:
    """Return the key of an issue that kim has just linked to CHECKOUT."""
    key = running.tracker.issue(running.tracker.create("APP", "One")).key
    running.call("run", "--once")
    running.call("review", "relink", key, "CHECKOUT", "--as", "kim")
    return key


def test_ones_own_last_decision_is_taken_back(running: Installation, linked: str) -> None:
    """The link is gone, the question is open again, and the history says both."""
    assert running.told("review", "list")["total"] == 0
    undone = running.told("review", "undo", "--as", "kim")
    assert [(one["key"], one["before"], one["after"]) for one in undone["undone"]] == [(linked, ["CHECKOUT"], [])]
    assert [one["key"] for one in running.told("review", "list")["reviews"]] == [linked]
    assert next(one["event"] for one in running.told("trace", linked)["history"]) == "undone"


def test_whoever_decided_nothing_takes_nothing_back(running: Installation, linked: str) -> None:
    """Somebody else's decision needs its number, or the name."""
    refused = running.call("review", "undo", "--as", "ann", code=2)
    assert "ann has decided nothing in the last ten minutes" in refused.output
    assert running.told("trace", linked)["links"]


def test_what_somebody_changed_since_stays(running: Installation, linked: str) -> None:
    """Ann was later: her decision is not overwritten, and the exit code says so."""
    first = running.told("review", "relink", linked, "CHECKOUT", "--as", "kim")["decided"][0]["answer"]
    running.call("review", "relink", linked, "GROW", "--as", "ann")
    left = running.call("review", "undo", str(first), "--as", "kim", code=1)
    assert "ann has decided again since" in " ".join(left.output.split())
    assert [link["goal"] for link in running.told("trace", linked)["links"]] == ["GROW"]


def test_a_reason_that_is_no_text_is_kept_as_far_as_it_is(running: Installation) -> None:
    """A terminal in another encoding gives bytes that no database takes; the decision holds all the same."""
    key = running.tracker.issue(running.tracker.create("APP", "One")).key
    running.call("run", "--once")
    running.call("review", "exempt", key, "--reason", "upkeep \udce9\0", "--as", "ki\udcffm")
    said = running.told("trace", key)["history"][0]
    assert (said["who"], said["why"]) == ("ki\ufffdm", "upkeep \ufffd\ufffd")
