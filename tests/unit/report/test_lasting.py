"""What a report says on whether links last, in the page, in Markdown and in the tables."""

from __future__ import annotations

import csv
import io

from tests.unit.report.conftest import HOSTILE, NIGHT
from vindaris_sync.domain.findings import Coverage, Findings, GoalRow, IssueLine, Listing, Slice, Work, rolled_up
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.report.markdown import to_markdown
from vindaris_sync.report.page import to_html
from vindaris_sync.report.tables import issues_csv

FOUND = Findings(
    NIGHT,
    coverage=Coverage(linked=70, exempt=30),
    slices=(Slice("team", "Growth", Coverage(linked=70, exempt=30), 0.1),),
    goals=rolled_up(
        (
            GoalRow("ALL", HOSTILE, own=Work(60, 1), catch_all=True),
            GoalRow("BARE", "Be liked", own=Work(0, 3), outcomes=(Outcome("NPS", "", 10, 40, 20),)),
            GoalRow("ENDED", "Ship it", "achieved", own=Work(2, 5), successor="NEXT"),
        )
    ),
    exemptions=Listing(1, (IssueLine("APP-9", "Upgrade", note="legal duty (kim), until 2027-01-31"),)),
    parents=Listing(
        1, (IssueLine("APP-7", "Lost", note="its parents go round in a circle: APP-7 → acme/web#1 → APP-7"),)
    ),
)
HEADINGS = (
    "Catch-all goals",
    "Goals with nothing attached",
    "Goals that ended",
    "Exempt beyond the budget",
    "Parents that cannot be followed",
    "Exempt work",
)


def test_the_page_says_all_of_it_and_strangers_titles_stay_text() -> None:
    """Each under its heading; without any of it, nothing needs a decision."""
    page = to_html(FOUND)
    assert all(f"<h3>{heading}</h3>" in page for heading in HEADINGS)
    assert "<script>alert" not in page
    assert "achieved: 5 finished, 2 open → NEXT" in page
    assert "30 % of 100 open issues exempt (30), 10 % agreed" in page
    assert "Nothing. Every active goal has work" in to_html(Findings(NIGHT))
    assert "Nothing. Every active goal has work" not in page


def test_markdown_says_the_same() -> None:
    """One line for each goal or team, and tables for issues."""
    text = to_markdown(FOUND)
    assert [heading for heading in HEADINGS if f"## {heading}" in text] == list(HEADINGS)
    assert "- **Growth**: 30 % of 100 open issues exempt (30), 10 % agreed" in text
    assert "- **BARE** Be liked: 3 issues finished, none open. NPS: 20 of 40, 33 % of the way" in text
    assert "[click](javascript" not in text


def test_the_tables_hold_the_issues() -> None:
    """For spreadsheets: which list, which issue, and why."""
    rows = {row["list"]: row for row in csv.DictReader(io.StringIO(issues_csv(FOUND)))}
    assert rows["exemptions"]["note"] == "legal duty (kim), until 2027-01-31"
    assert rows["parents"]["key"] == "APP-7"
