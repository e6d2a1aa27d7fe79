"""How often goals are read."""

from datetime import timedelta

from vindaris_sync.daemon.timetable import GOALS_EVERY, goals_every


def test_goals_are_read_as_often_as_a_debounce_window_can_end_and_never_without_a_pause() -> None:
    assert goals_every(timedelta(minutes=10)) == GOALS_EVERY
    assert goals_every(timedelta(seconds=2)) == timedelta(seconds=2)
    assert goals_every(timedelta()) == timedelta(seconds=1)
