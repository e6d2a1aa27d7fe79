"""The converters in ``examples/`` on the real goals they were made for, through files, a feed, and the commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vindaris_sync.config.goal_sources import FeedSettings
from vindaris_sync.domain.goals import by_key, parent_of
from vindaris_sync.sources.feed import FeedGoals
from vindaris_sync.sources.files import FileGoals

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data") / "goals"
PAGE = """# 2026-Q4 OKRs

> which runs from 2026-10-01 to 2026-12-31

## Sales

1. **OBJECTIVE: Sell [more](https://x.example) "now"**
   - KR: 70% of trials convert => 63%
   - KR: Hire two => Done
   - KR: Write it down

1. Sell \\ better ==> Not done
"""


def converted(script: str, source: str, *more: str, given: str | None = None) -> str:
    """Return what a converter prints, started as its users start it."""
    command = [sys.executable, str(ROOT / "examples" / script), source, *more]
    done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def real(name: str) -> str:
    """Return the path of a file of real goals; skip where it is not on this machine."""
    if not (DATA / name).exists():
        pytest.skip(f"no real data at {DATA / name}; set VINDARIS_REAL_DATA")
    return str(DATA / name)


def test_enhancement_proposals_become_goals_below_their_sigs(tmp_path: Path) -> None:
    """All 656, each below its SIG, in a file that is taken as it is."""
    file = tmp_path / "keps.toml"
    file.write_text(converted("keps.py", real("kubernetes_keps.jsonl.gz")), "utf-8")
    goals = FileGoals(file, 45).read().goals
    proposals = [goal for goal in goals if goal.key.startswith("KEP-")]
    known = by_key(goals)
    assert len(proposals) == 656
    assert all((above := parent_of(goal, known)) and above.key.startswith("SIG-") for goal in proposals)
    statuses = Counter(str(goal.status) for goal in proposals)
    assert statuses == {"achieved": 292, "active": 279, "proposed": 63, "abandoned": 22}


def test_project_goals_become_goals_below_their_periods(tmp_path: Path) -> None:
    """All 200, as a file and as a feed alike."""
    file = tmp_path / "rust.toml"
    source = real("rust_project_goals.jsonl.gz")
    file.write_text(converted("project_goals.py", source), "utf-8")
    goals = FileGoals(file, 45).read().goals
    assert sum("/" in goal.key and bool(goal.description or goal.owner) for goal in goals) == 200
    assert {goal.key for goal in goals if goal.parent is None} == {"2024h2", "2025h1", "2025h2", "2026"}
    told = json.loads(converted("project_goals.py", source, "--feed"))
    feed = FeedGoals("rust", FeedSettings(url="https://files.example/x.json"), lambda: datetime.now(UTC))
    assert feed._parsed(told) == goals  # noqa: SLF001 - what a document that was received comes to


def test_okrs_become_objectives_with_outcomes(tmp_path: Path) -> None:
    """Every objective of the company's pages, its key results as outcomes."""
    file = tmp_path / "okrs.toml"
    file.write_text(converted("okrs.py", real("sourcegraph-okrs.md.tar.gz")), "utf-8")
    goals = FileGoals(file, 45).read().goals
    assert sum(goal.parent is not None for goal in goals) >= 71
    assert sum(len(goal.outcomes) for goal in goals) >= 271
    assert {goal.period for goal in goals if goal.key == "FY23-Q1"} == {"2022-02-01..2022-04-30"}


def test_a_page_of_okrs_is_read_from_standard_input() -> None:
    """Links and emphasis are taken off; an amount has a target and what came of it, other results are done or not."""
    root, first, second = tomllib.loads(converted("okrs.py", "-", given=PAGE))["goal"]
    assert (root["key"], root["period"]) == ("2026-Q4", "2026-10-01..2026-12-31")
    assert (first["title"], first["owner"], first["parent"]) == ('Sell more "now"', "Sales", "2026-Q4")
    assert [(one["metric"], one["unit"], one["target"], one.get("current")) for one in first["outcome"]] == [
        ("70% of trials convert", "%", 70, 63),
        ("Hire two", "done", 1, 1),
        ("Write it down", "done", 1, None),
    ]
    assert second["title"] == "Sell \\ better"
