from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.store.world import NOW, SURFACES, T, decide_unlinked, due, issue, page, put, url
from vindaris_sync.domain.models import Address
from vindaris_sync.store.store import Store

QUESTIONS: dict[str, Callable[[Store], object]] = {
    "wake": lambda store: store.wake(NOW),
    "due_ready": lambda store: store.due_ready([T], (), 100),
    "due_count": lambda store: store.due_count(T),
    "due_with_bases": lambda store: store.due_with_bases(T),
    "trackers_due": lambda store: store.trackers_due(NOW),
    "retry_unwritten": lambda store: store.retry_unwritten([T]),
    "left_behind": lambda store: store.left_behind([T]),
    "unread_parents": lambda store: store.unread_parents(T),
    "outbox": lambda store: store.outbox(NOW),
    "held": lambda store: store.held([T]),
    "census": lambda store: store.census(T),
    "missing": lambda store: store.missing(),
    "promote": lambda store: store.promote(NOW, NOW - NOW),
    "find": lambda store: store.find("acme/web#1"),
    "page": lambda store: store.record_page(T, page(issue(1), issue(2)), SURFACES, NOW),
    "view": due,
}


def steps(folder: Path, size: int) -> dict[str, int]:
    """Return what each question costs among ``size`` decided issues."""
    folder.mkdir()
    with Store.open(url(folder)) as store:
        store.put_tracker(T, "github")
        numbers = put(
            store, *(issue(n, parent=Address(T, f"id{n - 1}") if n % 4 == 2 else None) for n in range(1, size))
        )
        decide_unlinked(store, *numbers)
        costs = {}
        for name, ask in QUESTIONS.items():
            with store.metered() as meter:
                ask(store)
            costs[name] = meter.steps
        return costs


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], dict[str, int]]:
    """Return the costs in a small and in a larger store."""
    folder = tmp_path_factory.mktemp("idle")
    return steps(folder / "small", 100), steps(folder / "large", 3000)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_pass_costs_what_changed_and_not_what_exists(
    costs: tuple[dict[str, int], dict[str, int]], question: str
) -> None:
    """Thirty times as many stored issues cost a pass that finds nothing new the same instructions."""
    small, large = costs
    assert large[question] <= small[question] * 1.2 + 20
