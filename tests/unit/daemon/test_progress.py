from __future__ import annotations

from threading import Thread

import pytest

from vindaris_sync.engine.progress import Interrupted, Progress


class Seconds:
    """A monotonic clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_beat_counts_for_the_work_that_its_thread_does() -> None:
    """The nightly run beats with each tracker's name, and is not taken for stuck."""
    clock = Seconds()
    progress = Progress(clock)
    assert progress.begin("nightly")
    with progress.working("nightly"):
        clock.now = 500
        progress.beat("pull jira")
        clock.now = 600
        assert progress.longest_silence() == 100
    assert progress.running() == ()
    assert progress.longest_silence() == 0


def test_a_beat_of_another_thread_does_not_hide_that_work_is_stuck() -> None:
    """The quietest work counts."""
    clock = Seconds()
    progress = Progress(clock)
    progress.begin("pull jira")
    progress.begin("pull github")
    clock.now = 700
    other = Thread(target=lambda: progress.beat("pull github"))
    other.start()
    other.join()
    assert progress.longest_silence() == 700


def test_work_of_one_name_runs_once_at_a_time() -> None:
    """A pass that is longer than its interval is not started again beside itself (fault 51)."""
    progress = Progress()
    assert progress.begin("pull jira")
    assert not progress.begin("pull jira")
    progress.end("pull jira")
    assert progress.begin("pull jira")


def test_a_stop_ends_work_at_its_next_beat_and_wakes_sleepers() -> None:
    """Nothing waits for a retry when the daemon is to end."""
    progress = Progress()
    progress.stop()
    with pytest.raises(Interrupted):
        progress.beat("pull jira")
    with pytest.raises(Interrupted):
        progress.sleep(3600)
