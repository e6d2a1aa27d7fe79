"""Two nights of an invented company, as the engine would find them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vindaris_sync.domain.comparison import after
from vindaris_sync.domain.findings import (
    Ages,
    Coverage,
    DriftRow,
    Findings,
    GoalRow,
    IssueLine,
    Listing,
    NotChecked,
    Point,
    ReviewRow,
    Reviews,
    Slice,
    TrackerRow,
    Work,
    rolled_up,
)
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.domain.leading import Birth

NIGHT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> <!channel> *bold* | [click](javascript:x) \u202egnp.exe `rm`"


def _goals() -> tuple[GoalRow, ...]:
    return rolled_up(
        (
            GoalRow(
                "GROW",
                "Double the number of teams that stay after their trial",
                priority="P0",
                period="2026",
                owner="Mara Lindqvist",
                own=Work(6, 11),
                outcomes=(Outcome("Trials that convert", "%", 8, 16, 11.2),),
            ),
            GoalRow(
                "GROW-ONBOARD",
                "A new team sees its first result within ten minutes",
                priority="P1",
                period="2026-Q4",
                owner="Jonas Weber",
                parent="GROW",
                own=Work(38, 61, 70),
                outcomes=(
                    Outcome("Minutes to first result", "min", 34, 10, 19),
                    Outcome("Set-ups finished on day one", "%", 41, 75, 58),
                ),
                suspect=9,
            ),
            GoalRow(
                "GROW-INVITE",
                "Inviting colleagues takes one step",
                priority="P2",
                period="2026-Q4",
                owner="Ines Okafor",
                parent="GROW",
                own=Work(12, 4, 9),
                outcomes=(Outcome("Invitations a team", "", 1.4, 3, 1.3),),
            ),
            GoalRow(
                "GROW-PRICE",
                "One price that people understand without a call",
                priority="P0",
                period="2026-Q4",
                owner="Mara Lindqvist",
                parent="GROW",
                outcomes=(Outcome("Sales calls on price", "a week", 40, 10, None),),
            ),
            GoalRow(
                "TRUST",
                "Customers in regulated industries trust us with their data",
                priority="P1",
                period="2026",
                owner="Tomasz Nowak",
                own=Work(3, 2),
            ),
            GoalRow(
                "TRUST-SOC2",
                "Pass the SOC 2 Type II audit without exceptions",
                priority="P1",
                period="2026-H2",
                owner="Tomasz Nowak",
                parent="TRUST",
                own=Work(21, 84, 60),
                outcomes=(Outcome("Controls in place", "", 12, 61, 57),),
                suspect=5,
            ),
            GoalRow(
                "TRUST-EU",
                "European data stays in Europe",
                priority="P2",
                period="2027-Q1",
                parent="TRUST",
                own=Work(9, 0, 8),
                outcomes=(Outcome("Services in the region", "", 0, 14, 3),),
            ),
            GoalRow("TRUST-KEYS", "Customers bring their own keys", priority="low", parent="TRUST"),
            GoalRow(
                "CALM",
                "On call is calm",
                priority="P2",
                period="2026",
                owner="Ruth Adeyemi",
                own=Work(17, 29, 20),
                outcomes=(Outcome("Pages outside office hours", "a week", 22, 5, 3),),
            ),
            GoalRow("LEGACY", "Leave the old billing system", status="achieved", priority="P3", own=Work(7, 112, 90)),
            GoalRow("LABS", "Explore voice as an interface", status="proposed"),
        )
    )


def _issues(tracker: str, place: str, goal: str, days: tuple[int, ...], note: str = "") -> tuple[IssueLine, ...]:
    titles = (
        "Checkout button hidden behind the cookie banner on small screens",
        "Import stops at row 10,000",
        "Ask for the company's name after the first result, not before",
        "Rotate the signing keys of the export service",
        "Wizard loses its place when the session is renewed in another tab",
        HOSTILE,
    )
    return tuple(
        IssueLine(
            f"{place}-{211 + 7 * number}" if tracker.startswith("jira") else f"{place}#{1180 + 13 * number}",
            titles[number % len(titles)],
            f"https://tracker.example/{place}/{number}",
            tracker,
            place,
            goal,
            NIGHT - timedelta(days=waiting, hours=3),
            note,
        )
        for number, waiting in enumerate(days)
    )


def _now() -> Findings:
    suspect = _issues(
        "jira-main", "APP", "GROW-ONBOARD", (33, 12, 9, 5, 5, 2), "target of 'Minutes to first result' 15 → 10"
    )
    suspect += _issues("github-acme", "acme/api", "TRUST-SOC2", (8, 1, 0), "priority P2 → P1")
    return Findings(
        at=NIGHT,
        timezone="Europe/Berlin",
        coverage=Coverage(171, 224, 38, 207, 4, 151),
        slices=(
            Slice("team", "Growth", Coverage(98, 121, 9, 61, 3, 40)),
            Slice("team", "Platform", Coverage(52, 80, 22, 39, 1, 31)),
            Slice("team", "Security", Coverage(21, 23, 7, 107, 0, 80)),
            Slice("tracker", "jira-main", Coverage(120, 190, 20, 88, 4, 70)),
            Slice("tracker", "github-acme", Coverage(51, 34, 18, 119, 0, 81)),
            Slice("place", "jira-main:APP", Coverage(84, 117, 9, 40, 3, 30)),
            Slice("place", "jira-main:OPS", Coverage(36, 73, 11, 48, 1, 40)),
            Slice("place", "github-acme:acme/web", Coverage(30, 20, 10, 34, 0, 20)),
            Slice("place", "github-acme:acme/a-repository-with-quite-a-long-name", Coverage(21, 14, 8, 85, 0, 61)),
        ),
        goals=_goals(),
        birth=Birth(41, 88, 176, 90),
        unlinked=Listing(56, _issues("github-acme", "acme/web", "", (0, 0, 1, 2, 2, 3, 5, 6, 9, 12, 14, 15))),
        closed_goal_work=Listing(7, _issues("jira-main", "OPS", "LEGACY", (61, 40, 22, 22, 3))),
        suspect=Listing(14, suspect),
        suspect_ages=Ages(2, 6, 5, 1),
        reviews=Reviews(
            19,
            26,
            {"confirmed": 14, "decided": 9, "moot": 3},
            (
                ReviewRow("unlinked", 56, Ages(6, 19, 21, 10), NIGHT - timedelta(days=64)),
                ReviewRow("goal_changed", 14, Ages(2, 6, 5, 1), NIGHT - timedelta(days=33)),
                ReviewRow("goal_closed", 7, Ages(0, 1, 4, 2), NIGHT - timedelta(days=61)),
                ReviewRow("conflict", 2, Ages(1, 1, 0, 0), NIGHT - timedelta(days=3)),
                ReviewRow("unknown_goal", 1, Ages(0, 1, 0, 0), NIGHT - timedelta(days=4)),
            ),
        ),
        conflicts=Listing(2, _issues("jira-main", "APP", "CALM", (3, 0), "tracker CALM, here GROW-INVITE")),
        unknown_goals=Listing(1, _issues("github-acme", "acme/web", "GORW-ONBOARD", (4,), "no such goal")),
        drift=(
            DriftRow("label missing", "github-acme", 4, 4),
            DriftRow("field differs", "jira-main", 2, 1, "1 is a conflict"),
            DriftRow("unseen by pulls", "jira-main", 3, 3, "search index was late"),
        ),
        quarantined=Listing(2, _issues("jira-main", "OPS", "", (5, 1), "the creation date is missing")),
        parent_unknown=11,
        not_checked=(
            NotChecked("gitlab-labs", "stopped: the token was refused (401)", NIGHT - timedelta(hours=31), 214),
            NotChecked("acme/mobile", "archived since Friday, its links are kept", NIGHT - timedelta(days=2), 12),
        ),
        trackers=(
            TrackerRow("jira-main", "jira", "ok", 2604, 148, 37, 0, 61, NIGHT - timedelta(minutes=2)),
            TrackerRow("github-acme", "github", "ok", 1811, 96, 22, 1, 118, NIGHT - timedelta(minutes=1)),
            TrackerRow(
                "gitlab-labs", "gitlab", "stopped", 214, 0, 0, 0, 3, NIGHT - timedelta(hours=31), "token refused"
            ),
        ),
        skipped={"in sync": 4312, "closed": 2210, "backlog": 151, "write refused here": 3},
    )


def _before() -> Findings:
    at = NIGHT - timedelta(days=1)
    now = _now()
    trend = tuple(
        Point(at - timedelta(days=days), Coverage(171 - days * 2, 224 - days * 3, 30, 207 + days * 5 - (days % 4) * 6))
        for days in range(40, 0, -1)
    )
    goals = tuple(
        replace(goal, status="active") if goal.key == "LEGACY" else goal for goal in now.goals if goal.key != "LABS"
    )
    goals = tuple(
        replace(goal, outcomes=(replace(goal.outcomes[0], current=21), *goal.outcomes[1:]))
        if goal.key == "GROW-ONBOARD"
        else goal
        for goal in goals
    )
    return replace(
        now,
        at=at,
        goals=goals,
        coverage=Coverage(166, 219, 38, 216, 0, 158),
        suspect=Listing(11),
        closed_goal_work=Listing(),
        conflicts=Listing(3),
        birth=Birth(37, 85, 176, 90),
        trend=trend,
    )


@pytest.fixture
def first_night() -> Findings:
    """Return a report without a predecessor."""
    return _now()


@pytest.fixture
def night() -> Findings:
    """Return a report with forty nights before it."""
    return after(_before(), _now())


@pytest.fixture
def empty_night() -> Findings:
    """Return the report of an installation that has seen nothing yet."""
    return Findings(at=NIGHT)


@pytest.fixture
def hostile() -> str:
    """Return a title that tries markup, mentions, links and steering."""
    return HOSTILE
