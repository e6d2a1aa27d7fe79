"""Outcomes over the whole engine: what sources say, what teams are told, and what links say of how they came to be."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from tests.integration.engine.world import GOALS, MONDAY, Site, ok
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain.findings import Findings
from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.engine.outcomes import OutcomeReader
from vindaris_sync.sdk.errors import Transient

LAST_DAYS = datetime(2026, 3, 27, 13, tzinfo=UTC)


@dataclass(slots=True)
class Source:
    """A source that says what it is told to; None: it cannot be read."""

    value: float | None = 2.4
    name: str = "shop"
    wait: timedelta | None = None
    metric: str = "conversion"
    goal: str = ""
    every: timedelta = timedelta(hours=1)
    asked: int = 0

    def read(self) -> float:
        """Return the value."""
        self.asked += 1
        if self.value is None:
            raise Transient("shop.example fails (503)", retry_after=self.wait)
        return self.value


def values(site: Site) -> list[tuple[float, str]]:
    """Return the readings of the one outcome that there is."""
    [series] = [each["conversion"] for each in site.store.series().values()]
    return [(one.value, one.how) for one in series]


def report(site: Site) -> Findings:
    return gather_findings(site.context, None, "Europe/Berlin")


def told(site: Site) -> list[str]:
    """Return what stands in the team's channel now about outcomes."""
    site.tell()
    return [message.text for message in site.messages() if "measured" in message.text]


def test_a_source_is_asked_as_often_as_it_says_and_only_news_is_kept(site: Site) -> None:
    """What differs from the newest reading joins the series, whoever said that one."""
    reader, source = OutcomeReader([one := Source()]), one
    ok(site.turn())
    for minutes in (0, 30, 40):
        site.clock.pass_(minutes=minutes)
        reader.read(site.context)
    assert (source.asked, values(site)) == (2, [(2.1, "goals"), (2.4, "source shop")])
    site.change_goal("GROW-1", outcomes=(Outcome("conversion", "%", 2.0, 3.0, 2.6),))
    ok(site.turn(minutes=61))
    reader.read(site.context)
    assert values(site)[2:] == [(2.6, "goals"), (2.4, "source shop")]
    [row] = [row for row in report(site).goals if row.key == "GROW-1"]
    assert row.outcomes[0].current == 2.4
    assert row.series[0].values == (2.1, 2.4, 2.6, 2.4)


def test_a_source_that_names_a_wait_is_asked_after_it(site: Site) -> None:
    """However often it is asked otherwise."""
    reader = OutcomeReader([source := Source(None, wait=timedelta(hours=3))])
    ok(site.turn())
    for _ in range(5):
        reader.read(site.context)
        site.clock.pass_(minutes=60)
    assert source.asked == 2


def test_a_source_that_fails_is_told_once_and_stops_nothing(site: Site) -> None:
    """The others are read, what was measured last stays, and the message resolves itself."""
    broken, other = Source(None), Source(5.0, name="other")
    reader = OutcomeReader([broken, other])
    ok(site.turn())
    for _ in range(3):
        reader.read(site.context)
        site.clock.pass_(hours=2)
    assert values(site) == [(2.1, "goals"), (5.0, "source other")]
    [text] = told(site)
    assert "1 outcome cannot be measured" in text
    assert "outcome source shop: shop.example fails (503)" in str(site.messages()[-1])
    broken.value = 5.0
    reader.read(site.context)
    assert "Every outcome is measured again" in told(site)[-1]
    unknown = OutcomeReader([Source(1.0, metric="NRR"), Source(1.0, name="far", goal="NONE")])
    assert unknown.read(site.context) == 0
    assert "2 outcomes cannot be measured" in told(site)[-1]


class AtOnce(Executor):
    """Carries everything out where it is asked to."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def test_the_daemon_reads_sources_as_time_goes_on(site: Site) -> None:
    """Each as often as its block says; one that fails is asked again next time."""
    ok(site.turn())
    source = Source()
    nightly = Nightly(time(23, 59), UTC)
    clockwork = Clockwork(site.context, site.channels, nightly, print, AtOnce(), outcomes=OutcomeReader([source]))
    for value in (2.4, 2.5, None, 2.7):
        source.value = value
        clockwork.tick(site.clock())
        site.clock.pass_(minutes=61)
    assert values(site) == [(2.1, "goals"), *((value, "source shop") for value in (2.4, 2.5, 2.7))]


def late(site: Site, count: int, label: str = "goal:GROW-1", start: datetime = LAST_DAYS) -> None:
    """Let people create work at GitHub on a Monday, and put a label on all of it weeks later, one every two minutes."""
    issues = [site.github.create(f"Work {number}") for number in range(count)]
    ok(site.turn(minutes=16))
    site.clock.set(start)
    for issue in issues:
        site.github.add_label(issue, label)
        site.clock.pass_(minutes=2)
    ok(site.turn())


def test_a_burst_at_the_end_of_a_quarter_is_called_what_it_is(site: Site) -> None:
    """When, how many, by whom and on what; the links count as retrofitted for their goal, team and week."""
    late(site, 24)
    found = report(site)
    [burst] = found.bursts
    assert (burst.links, burst.ends.isoformat()) == (24, "2026-03-31")
    assert (dict(burst.people), dict(burst.goals)) == ({"someone in github": 24}, {"GROW-1": 24})
    assert LAST_DAYS <= burst.start <= burst.end <= LAST_DAYS + timedelta(hours=1)
    assert (found.birth.later, found.birth.share) == (24, 0.0)
    assert [(row.name, row.birth.later) for row in found.births if row.kind == "week"] == [("2026-03-23", 24)]
    assert next(row for row in found.goals if row.key == "GROW-1").birth.later == 24


def test_a_goal_that_is_stated_late_makes_no_burst(site: Site) -> None:
    """Its key stood on the work before: nobody retrofitted anything on that day."""
    late(site, 24, "goal:NEW-1", MONDAY + timedelta(days=1))
    site.clock.set(LAST_DAYS)
    site.goals.goals = (*GOALS, Goal("NEW-1", "Stated at last"))
    ok(site.turn())
    ok(site.turn())
    found = report(site)
    assert next(row for row in found.goals if row.key == "NEW-1").own.open == 24
    assert found.bursts == ()


def test_a_renamed_goal_makes_no_burst(site: Site) -> None:
    """What is linked stays linked, however many labels are renamed."""
    late(site, 24, start=MONDAY + timedelta(days=1))
    site.clock.set(LAST_DAYS)
    site.goals.goals = tuple(
        replace(goal, key="FAST-1", was=("GROW-1",)) if goal.key == "GROW-1" else goal for goal in GOALS
    )
    ok(site.turn())
    ok(site.turn())
    assert report(site).bursts == ()


def test_what_was_finished_last_week_is_set_against_the_priorities(site: Site) -> None:
    """By primary goal; what serves nothing has a row of its own."""
    served, other = site.github.create("Served"), site.github.create("Not served")
    site.github.add_label(served, "goal:COST-1")
    ok(site.turn())
    site.clock.pass_(days=3)
    for issue in (served, other):
        site.github.close(issue)
    ok(site.turn())
    found = report(site)
    rows = {row.priority: (row.goals, row.finished, row.actual) for row in found.priorities}
    assert (rows["high"], rows[""]) == ((1, 1, 0.5), (0, 1, 0.5))
    assert found.finished == 2
    site.clock.pass_(days=8)
    ok(site.turn())
    assert report(site).finished == 0
