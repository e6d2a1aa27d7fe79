"""Stamps of a machine whose clock was wrong are laid beside the world's own time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.simulation import company
from tests.simulation.audit_store import nothing_is_found_late
from tests.simulation.clock import MONDAY, Clock
from tests.simulation.truth import Books, Row, Scene, micros

HOUR = timedelta(hours=1)


def clock_wrong_by(error: timedelta) -> Clock:
    """Return a clock whose machine was wrong from the tenth to the twelfth hour of its twenty."""
    clock = Clock()
    for until, then in ((10, error), (12, timedelta()), (20, timedelta())):
        clock.sleep((MONDAY + until * HOUR - clock()).total_seconds())
        clock.error = then
    return clock


@pytest.mark.parametrize(
    ("error", "told", "hours"),
    [(-8, 3, [3, 11]), (-8, 11, []), (8, 19, [11, 19]), (8, 11, []), (0, 11, [11]), (0, 21, [])],
)
def test_a_stamp_is_of_every_instant_at_which_the_clock_told_it(error: int, told: int, hours: list[int]) -> None:
    """Set back, a clock tells some hours twice; what it leapt over it never told."""
    clock = clock_wrong_by(error * HOUR)
    assert list(clock.when(micros(MONDAY + told * HOUR))) == [MONDAY + hour * HOUR for hour in hours]


def scene(tmp_path: Path, error: timedelta, *, created: float, counted: float) -> Scene:
    """Return a company in which an issue was created, and a census found one while the machine's clock was wrong."""
    clock = clock_wrong_by(error)
    site = company.found(("jira-dc",), tmp_path / "vindaris.db", clock)
    site.journal.acts.clear()
    for kind, hour in (("fault:machine_clock", 10), ("create", created)):
        site.journal.note(MONDAY + hour * HOUR, "alice", kind, tracker="jira-dc", issue="1")
    stamps = {MONDAY: "{}", MONDAY + counted * HOUR + error: '{"newly visible": 1}'}
    passes: list[Row] = [
        {"tracker": "jira-dc", "started": micros(at), "counts": counts} for at, counts in stamps.items()
    ]
    return Scene(site, micros(clock()), {}, Books({"pass": tuple(passes), "report": ()}, (), 0), {}, {})


@pytest.mark.parametrize("error", [-8 * HOUR, -HOUR, timedelta(), HOUR, timedelta(days=730)])
def test_a_census_finds_what_has_just_come_by_whatever_clock(tmp_path: Path, error: timedelta) -> None:
    """L7: between a pass's pull and its census somebody may create an issue; the pass's stamp may be hours off."""
    assert list(nothing_is_found_late(scene(tmp_path, error, created=11, counted=11))) == []


@pytest.mark.parametrize("error", [-8 * HOUR, -HOUR, timedelta(), HOUR, timedelta(days=730)])
def test_a_wrong_clock_excuses_no_pull(tmp_path: Path, error: timedelta) -> None:
    """L7: cursors follow the trackers' stamps: what was there for an hour a pull has shown, whatever our clock says."""
    (found,) = nothing_is_found_late(scene(tmp_path, error, created=10.5, counted=11.5))
    assert str(found) == "L7 jira-dc: a census found 1 issues that no pull had shown"
