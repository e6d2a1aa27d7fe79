"""Many goals, readings, priorities against work, births and bursts, on the page and in Markdown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from vindaris_sync.domain.bursts import Burst
from vindaris_sync.domain.findings import Findings, GoalRow, Work, rolled_up
from vindaris_sync.domain.findings_json import from_json, to_json
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.domain.leading import Birth, BirthRow, Effort, Measured, PriorityRow
from vindaris_sync.report import goals_csv, to_html, to_markdown
from vindaris_sync.report.folds import A_FOLD, AT_ONCE, folds

AT = datetime(2026, 10, 2, 1, 30, tzinfo=UTC)
BURST = Burst(
    AT - timedelta(hours=12), AT - timedelta(hours=9), 42, 0.5, date(2026, 9, 30),
    {"someone in jira-main": 30, "<b>bo</b>": 12}, {"GROW": 42}, {"Growth": 42},
)  # fmt: skip
LEADING = Findings(
    at=AT,
    goals=rolled_up(
        (
            GoalRow(
                "GROW", "Grow", own=Work(3, 5), outcomes=(Outcome("NRR", "%", 98, 110, 103),), finished=4, nearby=7,
                efforts=(Effort("points", 13, 21, 6),), birth=Birth(1, 2, 3, 4),
                series=(Measured("NRR", (AT - timedelta(days=30), AT), (99, 103), "csv"),),
            ),
        )
    ),
    finished=10,
    priorities=(
        PriorityRow("P0", 2, 0.8, 30, 1, 0.1),
        PriorityRow("P1", 1, 0.2, 10, 5, 0.5),
        PriorityRow("", 0, 0.0, 50, 4, 0.4),
    ),
    births=(BirthRow("team", "Growth <i>", Birth(1, 2, 3)), BirthRow("week", "2026-09-28", Birth(0, 1, 42))),
    bursts=(BURST,),
)  # fmt: skip


def rows(count: int, below: int = 0, status: str = "active") -> tuple[GoalRow, ...]:
    """Return ``count`` roots, each with so many goals ``below``."""
    return rolled_up(
        row
        for number in range(count)
        for row in (
            GoalRow(f"G-{number}", "A goal", status=status),
            *(GoalRow(f"G-{number}-{child}", "Below", parent=f"G-{number}", status=status) for child in range(below)),
        )
    )


def test_everything_survives_json() -> None:
    """Dates, readings, births and bursts as they were."""
    assert from_json(to_json(LEADING)) == LEADING


def test_the_page_sets_priorities_against_work_and_names_bursts() -> None:
    """What was asked for beside what was finished, a sentence for what stands out, and no markup of strangers."""
    html = to_html(LEADING)
    assert "P0 should have 80 % of the work, and had 10 % of what was finished." in html
    assert "40 % of what was finished serves no goal." in html
    assert "42 links to work that had none, 1 October 2026, 13:30 to 16:30" in html
    assert "a planning period ends on 30 September 2026 (0.5 a day before)" in html
    assert "&lt;b&gt;bo&lt;/b&gt; (12)" in html
    assert "<b>bo" not in html
    assert 'class="spark"' in html
    assert "by estimate 13 of 21 points, 62 %" in html
    assert "born linked 50 %, 3 retrofitted" in html


def test_markdown_says_the_same() -> None:
    """In tables, with the sparkline as text."""
    text = to_markdown(LEADING)
    assert "| P0 | 2 | 30 | 80 % | 1 | 10 % |" in text
    assert "| serves no goal |  | 50 |  | 4 | 40 % |" in text
    assert "| week | 2026-09-28 | 2 % | 0 | 1 | 42 | 0 |" in text
    assert "**Retrofit burst.** 42 links" in text
    assert "42 % ▁█" in text
    assert "13 of 21 points, 62 %" in text


def test_the_table_of_goals_holds_every_number() -> None:
    """Unlinked nearby, finished, and how links came to be."""
    header, row = (line.split(",") for line in goals_csv(LEADING).splitlines())
    told = dict(zip(header, row, strict=True))
    wanted = {"unlinked_nearby": "7", "finished_last_week": "4", "created": "1", "at_birth": "2", "later": "3"}
    assert {name: told[name] for name in wanted} == wanted


def test_few_goals_are_shown_at_once() -> None:
    """In one table, as ever."""
    found = folds(rows(AT_ONCE))
    assert [(fold.open, len(fold.rows)) for fold in found] == [(True, AT_ONCE)]
    assert "<details" not in to_html(LEADING)


def test_many_goals_are_folded_tree_by_tree() -> None:
    """A tree is never torn apart, small ones stand together, and every goal is in exactly one fold."""
    goals = (*rows(30), *rolled_up(GoalRow(f"T-{n}", "In a tree", parent="T-0" if n else "") for n in range(60)))
    found = folds(goals)
    assert [row.key for fold in found for row in fold.rows] == [goal.key for goal in goals]
    assert [len(fold.rows) for fold in found] == [A_FOLD, 5, 60]
    assert (found[-1].root and found[-1].root.key, found[0].root) == ("T-0", None)
    html = to_html(replace(LEADING, goals=goals))
    assert html.count("<details") >= 3
    assert "59 goals below" in html
    assert "G-0</span> to <span" in html


def test_what_has_ended_is_told_last_and_folded() -> None:
    """Unless open work hangs on it, or a goal that lives is below it."""
    living = GoalRow("LIVE", "Lives", parent="OVER")
    busy = GoalRow("BUSY", "Over, and still worked on", status="achieved", own=Work(open=1))
    goals = rolled_up((GoalRow("OVER", "Over", status="achieved"), living, busy, *rows(2, status="abandoned")))
    first, last = folds(goals)
    assert [row.key for row in first.rows] == ["OVER", "LIVE", "BUSY"]
    assert ([row.key for row in last.rows], last.closed, last.open) == (["G-0", "G-1"], True, False)
    assert "and 2 more, 2 of them ended" in to_markdown(replace(LEADING, goals=goals))


@pytest.mark.parametrize("count", [0, 1])
def test_no_goals_make_no_folds(count: int) -> None:
    """Nothing, or what there is."""
    assert len(folds(rows(count))) == count
