"""The first day on trackers that are old and full: quiet, counted, and nobody is flooded."""

from __future__ import annotations

from pathlib import Path

from tests.integration.engine.world import Setup, Site, ok

REVIEW = "goal-review"
MANY = 1000


def test_two_thousand_old_issues_are_counted_and_nobody_hears_of_them(tmp_path: Path) -> None:
    """Backlog is listed and counted: no label, no message, no write; what is new from now on is asked about (R9)."""
    site = Site(tmp_path, Setup())
    try:
        for number in range(MANY):
            site.jira.create(f"Old work {number}", place=("APP", "OPS")[number % 2])
            site.github.create(f"Old work {number}", place=("acme/web", "acme/api")[number % 2])
        site.clock.pass_(days=30)
        with site.requests() as counted:
            ok(site.turn())
            ok(site.turn(minutes=60, rounds=3))
        assert counted.writes == 0
        assert site.told("growth") == site.told("platform") == []
        assert sum(tally.count for tally in site.store.tallies() if tally.backlog) == 2 * MANY
        assert sum(tally.count for tally in site.store.tallies() if tally.state != "unlinked") == 0
        new = site.jira.create("New work")
        ok(site.turn(minutes=16))
        ok(site.turn())
        assert site.jira.labels(new) == {REVIEW}
        assert site.told() == ["1 issue serves no goal"]
        site.sound()
    finally:
        site.close()


def test_a_goal_with_more_work_than_the_label_limit_is_told_once_and_labels_nothing(tmp_path: Path) -> None:
    """250 issues on a goal that changes: no label, one message that tells their number (R9)."""
    site = Site(tmp_path, Setup(names=("jira",)))
    try:
        ok(site.turn())
        keys = [site.jira.create(f"Work {number}", "goal:GROW-1") for number in range(250)]
        small = [site.jira.create(f"Work {number}", "goal:COST-1") for number in range(3)]
        ok(site.turn(rounds=2))
        site.change_goal("GROW-1", title="Checkout in a second")
        site.change_goal("COST-1", title="Host for nothing")
        ok(site.turn(rounds=2))
        assert [key for key in keys if REVIEW in site.jira.labels(key)] == []
        assert [REVIEW in site.jira.labels(key) for key in small] == [True] * 3
        assert all(site.asks(key) == ["goal_changed"] for key in keys)
        assert sorted(site.told()) == [
            "COST-1 Host for nothing has changed: 3 issues to confirm",
            "GROW-1 Checkout in a second has changed: 250 issues to confirm",
        ]
        assert ok(site.turn()).planned == []
        site.sound()
    finally:
        site.close()
