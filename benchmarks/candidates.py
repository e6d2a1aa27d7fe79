"""Candidates: what asking for them costs at scale."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.rows import Row
from vindaris_sync.domain.actions import Plan, SetExplicit, SetState
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import Issue, IssueRef, Link, LinkState, Page, Provenance
from vindaris_sync.engine.candidates import Candidates
from vindaris_sync.store.store import Store

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
