import csv
import io
from dataclasses import replace

import pytest

from vindaris_sync.domain.findings import Findings, IssueLine, Listing
from vindaris_sync.report import goals_csv, issues_csv


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_line_of_every_list_is_in_the_table(night: Findings) -> None:
    """Nothing that the report lists is left out of the spreadsheet."""
    rows = _rows(issues_csv(night))
    lists = (
        *(night.closed_goal_work, night.suspect, night.conflicts),
        *(night.unknown_goals, night.unlinked, night.quarantined),
    )
    assert len(rows) == sum(len(each.lines) for each in lists)
    assert rows[0]["list"] == "closed_goal_work"
    assert rows[0]["since"] == "2026-09-21T22:30:00+00:00"


def test_output_stands_beside_outcome(night: Findings) -> None:
    """One row per outcome, and a goal without one keeps its row."""
    rows = _rows(goals_csv(night))
    onboard = [row for row in rows if row["key"] == "GROW-ONBOARD"]
    assert [(row["closed"], row["metric"], row["progress"]) for row in onboard] == [
        ("61", "Minutes to first result", "0.625"),
        ("61", "Set-ups finished on day one", "0.5"),
    ]
    assert [row["metric"] for row in rows if row["key"] == "LABS"] == [""]


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_is_never_a_formula(empty_night: Findings, title: str) -> None:
    """What a spreadsheet would calculate arrives as text."""
    (row,) = _rows(issues_csv(replace(empty_night, conflicts=Listing(1, (IssueLine("A-1", title),)))))
    assert row["title"].startswith("'")


def test_quotes_lines_and_commas_stay_inside_their_cell(empty_night: Findings) -> None:
    """A hostile title is one cell."""
    title = 'a","b\nc\0,d'
    (row,) = _rows(issues_csv(replace(empty_night, conflicts=Listing(1, (IssueLine("A-1", title),)))))
    assert row["title"] == 'a","b\nc,d'
    assert row["note"] == ""
