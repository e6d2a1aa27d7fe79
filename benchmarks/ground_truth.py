"""How often the right goal is among the first candidates: real issues whose goal is known, at the time of each."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.rows import Row
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Traits
from vindaris_sync.domain.ranking import Aim, Baseline, Ranking, Work
from vindaris_sync.engine.candidates import WORK

_SHOWN = 3


def real_data() -> Path:
    """Return where the real issues are: ``VINDARIS_REAL_DATA``, or beside the project."""
    return Path(os.environ.get("VINDARIS_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")


@dataclass(slots=True)
class Score:
    """How many questions there were, and in how many the right goal came first, or among the first three."""

    asked: int = 0
    first: int = 0
    among: int = 0

    def add(self, found: Sequence[str], right: str) -> None:
        """Count one answer."""
        self.asked += 1
        self.first += found[:1] == [right]
        self.among += right in found[:_SHOWN]

    def rows(self, name: str) -> Iterator[Row]:
        """Yield both shares in per cent."""
        yield Row(f"{name}: right one first", 100 * self.first / self.asked, "%")
        yield Row(f"{name}: right one among three", 100 * self.among / self.asked, "%")


@dataclass(frozen=True, slots=True)
class Told:
    """A real issue as it is today, as far as it may have been so when it was created: no assignee, status or parent."""

    work: Work
    text: str
    created: datetime


@dataclass(slots=True)
class History:
    """Real issues, those among them that are goals, and which goal each serves; ``work`` is what is known of that."""

    issues: Mapping[str, Told]
    goals: Sequence[str]
    truth: Mapping[str, str]
    work: dict[str, list[str]] = field(default_factory=dict)

    def created(self, key: str) -> tuple[datetime, str]:
        """Return when an issue was created; of two at once, the one with the lower key first."""
        return self.issues[key].created, key

    def aim(self, goal: str) -> Aim:
        """Return a goal with the newest of the work that belongs to it by now."""
        told = self.issues[goal]
        work = tuple(self.issues[key].work for key in self.work.get(goal, ())[: -WORK - 1 : -1])
        return Aim(self.goals.index(goal), goal, told.work.title, told.text, work)


def quality(data: Path, ranking: Callable[[], Ranking] = Baseline) -> Iterator[Row]:
    """Yield how often the right goal is found for an issue at the moment of its creation; nothing without the data.

    The floor is to name the goals with most issues.
    """
    for name, read in (("Titanium's epics", epics), ("Rust's tracking issues", tracking_issues)):
        try:
            found, floor = replay(read(data), ranking())
        except FileNotFoundError:
            continue
        yield Row(f"{name}: issues asked", found.asked, "issues")
        yield from found.rows(f"{name}, candidates")
        yield from floor.rows(f"{name}, the most used")


def replay(told: History, ranking: Ranking) -> tuple[Score, Score]:
    """Let the issues be created one after the other, and ask for each before it is linked; return ours, the floor.

    Known is then: the goals created before it, and which of the issues created before it belong to them. An issue whose
    goal did not exist yet cannot be answered, and is not asked.
    """
    found, floor, known = Score(), Score(), set[str]()
    coming = sorted(told.goals, key=told.created, reverse=True)
    for key in sorted(told.truth, key=told.created):
        while coming and told.created(coming[-1]) < told.created(key):
            known.add(coming[-1])
            ranking.put(told.aim(coming.pop()))
        right = told.truth[key]
        if right in known:
            found.add([each.key for each in ranking.rank(told.issues[key].work, {}, _SHOWN)], right)
            floor.add(sorted(known, key=lambda goal: (-len(told.work.get(goal, ())), goal)), right)
        told.work.setdefault(right, []).append(key)
        if right in known:
            ranking.put(told.aim(right))
    return found, floor


# --- what is read -----------------------------------------------------------------------------------------------------


def epics(data: Path) -> History:
    """Return the issues of Titanium's Jira, and to which epic each belongs."""
    issues: dict[str, Told] = {}
    goals = []
    for name in ("jira/tidev-dev-ALOY-MOD-DAEMON.jsonl.gz", "jira/tidev-dev-TIMOB.jsonl.gz"):
        for one in _lines(data / name):
            fields, key = one["fields"], one["key"]
            named = [each["name"] for each in fields.get("components", ())]
            made = datetime.strptime(fields["created"], "%Y-%m-%dT%H:%M:%S.%f%z")
            said, by = (fields.get("summary"), fields.get("description")), (fields.get("labels", ()), named)
            issues[key] = _told(said, by, (fields.get("reporter") or {}).get("name", ""), made)
            goals += [key] if fields["issuetype"]["name"] == "Epic" else []
    rows = _rows(data / "goals/tidev_issue_to_epic_dev.csv")
    return History(issues, sorted(goals), {row["issue"]: row["epic"] for row in rows if row["epic_in_dump"] == "1"})


def tracking_issues(data: Path) -> History:
    """Return the issues of rust-lang/rust, and to which tracking issue each belongs; no pull requests."""
    issues: dict[str, Told] = {}
    for one in _lines(data / "github/rust-lang__rust-dev-00001-15000.jsonl.gz"):
        labels = [each["name"] for each in one["labels"]]
        author, made = (one["user"] or {}).get("login", ""), datetime.fromisoformat(one["created_at"])
        issues[str(one["number"])] = _told((one["title"], one["body"]), (labels, []), author, made)
    rows = [row for row in _rows(data / "goals/rust_issue_to_tracking_dev.csv") if row["issue_is_pr"] == "0"]
    truth = {
        row["issue"]: row["tracking_issue"] for row in rows if {row["issue"], row["tracking_issue"]} <= issues.keys()
    }
    goals = sorted(set(truth.values()))
    return History(issues, goals, {issue: goal for issue, goal in truth.items() if issue not in goals})


def _told(
    said: tuple[str | None, str | None], sorted_by: tuple[Sequence[str], Sequence[str]], author: str, made: datetime
) -> Told:
    (title, text), (labels, components) = said, sorted_by
    traits = Traits(frozenset(map(fold, labels)), frozenset(map(fold, components)))
    return Told(Work(title or "", traits, author, "", made), text or "", made)


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path) as file:
        yield from map(orjson.loads, file)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
