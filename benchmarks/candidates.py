"""Candidates: how often the right goal is among the first, on real issues; and what asking costs at scale."""

from __future__ import annotations

import csv
import gzip
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from benchmarks.rows import Row
from vindaris_sync.domain.actions import Plan, SetExplicit, SetState
from vindaris_sync.domain.goals import Goal, fold
from vindaris_sync.domain.models import Issue, IssueRef, Link, LinkState, Page, Provenance, Traits
from vindaris_sync.domain.ranking import Aim, Baseline, Ranking, Work
from vindaris_sync.engine.candidates import WORK, Candidates
from vindaris_sync.store.store import Store

_ISSUES = ("jira/tidev-dev-ALOY-MOD-DAEMON.jsonl.gz", "jira/tidev-dev-TIMOB.jsonl.gz")
_TRUTH = "goals/tidev_issue_to_epic_dev.csv"
_SHOWN = 3


def real_data() -> Path:
    """Return where the real issues are: ``VINDARIS_REAL_DATA``, or beside the project."""
    return Path(os.environ.get("VINDARIS_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")


# --- quality ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Score:
    """How many questions there were, and in how many the right goal came first, or among the first three."""

    asked: int = 0
    first: int = 0
    among: int = 0

    def add(self, found: list[str], right: str) -> None:
        """Count one answer."""
        self.asked += 1
        self.first += found[:1] == [right]
        self.among += right in found[:_SHOWN]

    def rows(self, name: str) -> Iterator[Row]:
        """Yield both shares in per cent."""
        yield Row(f"{name}: right one first", 100 * self.first / self.asked, "%")
        yield Row(f"{name}: right one among three", 100 * self.among / self.asked, "%")


@dataclass(slots=True)
class History:
    """Real issues, which epic each belongs to, and what of that was known at a moment."""

    issues: Mapping[str, Mapping[str, Any]]
    truth: Mapping[str, str]
    work: dict[str, list[str]] = field(default_factory=dict)

    def created(self, key: str) -> datetime:
        """Return when an issue was created."""
        return datetime.strptime(self.issues[key]["created"], "%Y-%m-%dT%H:%M:%S.%f%z")

    def as_work(self, key: str) -> Work:
        """Return an issue as it may have been when it was created: no assignee, milestone, status or parent."""
        fields = self.issues[key]
        labels, components = fields["labels"], [each["name"] for each in fields["components"]]
        traits = Traits(frozenset(map(fold, labels)), frozenset(map(fold, components)))
        author = (fields["reporter"] or {}).get("name", "")
        return Work(fields["summary"] or "", traits, author, "", self.created(key))

    def aim(self, epic: str, number: int) -> Aim:
        """Return an epic as a goal, with the newest of the work that belongs to it by now."""
        fields = self.issues[epic]
        work = tuple(self.as_work(key) for key in self.work.get(epic, ())[: -WORK - 1 : -1])
        return Aim(number, epic, fields["summary"] or "", fields["description"] or "", work)


def history(data: Path) -> History:
    """Read the issues and what belongs to which epic."""
    issues: dict[str, Mapping[str, Any]] = {}
    for name in _ISSUES:
        with gzip.open(data / name) as file:
            for line in file:
                one = orjson.loads(line)
                issues[one["key"]] = one["fields"]
    with (data / _TRUTH).open(encoding="utf-8", newline="") as file:
        truth = {row["issue"]: row["epic"] for row in csv.DictReader(file) if row["epic_in_dump"] == "1"}
    return History(issues, truth)


def quality(data: Path, ranking: Callable[[], Ranking] = Baseline) -> Iterator[Row]:
    """Yield how often the right epic is found for an issue at the moment of its creation; nothing without the data.

    Known is then: the epics created before it, and which of the issues created before it belong to them. An issue whose
    epic did not exist yet cannot be answered and is not asked. The floor is to name the epics with most issues.
    """
    if not (data / _TRUTH).exists():
        return
    told = history(data)
    found, floor = replay(told, ranking())
    yield Row("real issues asked for their epic", found.asked, "issues")
    yield from found.rows("candidates")
    yield from floor.rows("the most used goals instead")


def replay(told: History, ranking: Ranking) -> tuple[Score, Score]:
    """Let the issues be created one after the other, and ask for each before it is linked; return ours, the floor."""
    found, floor = Score(), Score()
    epics = sorted(key for key, fields in told.issues.items() if fields["issuetype"]["name"] == "Epic")
    numbers = {epic: number for number, epic in enumerate(epics)}
    coming = sorted((told.created(epic), epic) for epic in epics)
    known: set[str] = set()
    for key in sorted(told.truth, key=lambda each: (told.created(each), each)):
        while coming and coming[0][0] < told.created(key):
            epic = coming.pop(0)[1]
            known.add(epic)
            ranking.put(told.aim(epic, numbers[epic]))
        right = told.truth[key]
        if right in known:
            answer = ranking.rank(told.as_work(key), {}, _SHOWN)
            found.add([each.key for each in answer], right)
            floor.add(sorted(known, key=lambda epic: (-len(told.work.get(epic, ())), epic)), right)
        told.work.setdefault(right, []).append(key)
        if right in known:
            ranking.put(told.aim(right, numbers[right]))
    return found, floor


# --- cost -------------------------------------------------------------------------------------------------------------

_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_ASKED = 50
_PAGE = 1000


def cost(issues: int, goals: int) -> Iterator[Row]:
    """Yield what a first question and the next ones cost, with half of ``issues`` linked to ``goals`` goals."""
    words = Words()
    with TemporaryDirectory() as folder, Store.open(f"sqlite:///{Path(folder) / 'bench.db'}") as store:
        store.put_tracker("bench", "memory")
        store.put_goals([Goal(f"G-{n}", words.some(6), words.some(40)) for n in range(goals)], _NOW)
        asked = _fill(store, issues, words)
        name = f"{issues:,} issues, {goals:,} goals"
        candidates = Candidates(store)
        start = time.process_time()
        candidates.of([])
        yield Row(f"candidates: what is known is built, {name}", time.process_time() - start, "s CPU", "≤ 4")
        spent = []
        for _ in range(3):
            start = time.process_time()
            candidates.of(asked)
            spent.append(time.process_time() - start)
        yield Row(f"candidates of {_ASKED} issues, {name}", 1000 * min(spent), "ms CPU", "≤ 100")


class Words:
    """Invented words, as seldom and as frequent as those of a language (Zipf); the same every time."""

    def __init__(self) -> None:
        self._random = Random(1)  # noqa: S311 - made data, not secrets
        self._words = ["".join(self._random.choices("abcdefghijklmnop", k=3 + n % 7)) for n in range(5000)]
        self._often = [1 / (n + 1) for n in range(5000)]

    def some(self, count: int) -> str:
        """Return so many words."""
        return " ".join(self._random.choices(self._words, self._often, k=count))

    def below(self, most: int) -> int:
        """Return a number below ``most``, the low ones more often."""
        return int(most * self._random.random() ** 2)


def _fill(store: Store, count: int, words: Words) -> list[int]:
    """Store ``count`` issues, every second one linked to a goal; return the newest of the others."""
    goals = [each.id for each in store.goals()]
    numbers = iter(range(count))
    while part := list(islice(numbers, _PAGE)):
        store.record_page("bench", Page("APP", tuple(_issue(n, words) for n in part), str(part[-1])), (), _NOW)
    ids = sorted(store.ids("bench").values())
    for start in range(0, count, 10 * _PAGE):
        chunk = ids[start : start + 10 * _PAGE]
        actions = [action for n in chunk[::2] for action in _linked(n, goals[words.below(len(goals))])]
        store.apply(Plan(tuple(actions), tuple(chunk[::2])), "bench", _NOW)
    return ids[1::2][-_ASKED:]


def _issue(number: int, words: Words) -> Issue:
    made = _NOW - timedelta(minutes=number)
    ref, key, title = IssueRef("bench", str(number)), f"APP-{number}", words.some(9)
    one = Issue(ref, key, "APP", "Bug", title, "", "open", closed=False, created=made, updated=made)
    people, parts = f"person {words.below(300)}", (f"part {words.below(60)}",)
    return replace(one, author=people, assignee=people, components=parts, labels=("bug", f"area {words.below(40)}"))


def _linked(number: int, goal: int) -> tuple[SetExplicit, SetState]:
    link = Link(goal, Provenance.CHOSEN, "bench", _NOW, 1, "", primary=True)
    return (
        SetExplicit(number, (link,), "linked", "bench", "import", "benchmark", (), ()),
        SetState(number, LinkState.LINKED, number, (goal,), None, True, False, False, "never"),  # noqa: FBT003
    )
