from __future__ import annotations

from tests.unit.cli.installation import Installation


def test_a_pause_is_told_wherever_the_tracker_is_and_ends_when_it_is_resumed(running: Installation) -> None:
    """``status`` shows it in words and as JSON, ``doctor`` warns, a pass is refused; resuming ends all that."""
    told = running.told("tracker", "pause", "mem", "--for", "2h", "--why", "moving house", "--as", "mia")
    assert (told["tracker"], told["paused"]["who"], told["paused"]["why"]) == ("mem", "mia", "moving house")
    (tracker,) = running.told("status")["trackers"]
    assert tracker["paused"] == told["paused"]
    said = running.said("status")
    assert "mem is paused by mia until" in said
    assert "nothing is read from it and nothing written to it" in said
    assert any("paused by mia" in one["message"] for one in running.told("doctor")["findings"])
    assert "paused by mia" in running.call("run", "--once", code=3).stderr
    assert running.told("tracker", "resume", "mem")["resumed"] == told["paused"]
    assert running.told("status")["trackers"][0]["paused"] is None
    assert "was not paused" in running.said("tracker", "resume", "mem")
    running.call("run", "--once")


def test_a_pause_without_end_says_how_it_ends(running: Installation) -> None:
    """Whoever pauses without a time is told the way back, at once and in ``status``."""
    assert "vindaris-sync tracker resume mem" in running.said("tracker", "pause", "mem")
    assert "vindaris-sync tracker resume mem" in running.said("status")


def test_a_pause_of_what_is_not_there_or_of_no_time_is_refused(running: Installation) -> None:
    """The error names what there is, or how to write a time."""
    assert "there are mem" in running.call("tracker", "pause", "nope", code=2).stderr
    assert "30s, 10m, 2h or 7d" in running.call("tracker", "pause", "mem", "--for", "soon", code=2).stderr
    assert "takes time" in running.call("tracker", "pause", "mem", "--for", "0s", code=2).stderr
