"""The inbox's questions: in order, each issue once, and at the cost of the page and not of all that is open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.store.world import NOW, T, issue, plan, put, state
from vindaris_sync.domain.actions import Action, OpenCause
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import LinkState
from vindaris_sync.domain.records import Cause, CauseKey, Reason
from vindaris_sync.store import asking
from vindaris_sync.store.asking import Position, Questions
from vindaris_sync.store.store import Store

UNLINKED = CauseKey(Reason.UNLINKED, "", "never")


def changed(goal: int) -> CauseKey:
    return CauseKey(Reason.GOAL_CHANGED, str(goal), "r2")


def ask(store: Store, numbers: list[int], key: CauseKey = UNLINKED, *, after: int = 0, backlog: bool = False) -> None:
    """Open a question at each issue, a minute after the one before."""
    actions: list[Action] = []
    for minute, number in enumerate(numbers, after):
        at = NOW + timedelta(minutes=minute)
        actions += [OpenCause(number, Cause(key, at, None if backlog else at)), state(number, LinkState.UNLINKED)]
    store.apply(plan(*actions, decided=numbers), "p", NOW)


def walk(store: Store, wanted: Questions, most: int = 2) -> list[int]:
    """Return the issues of all pages."""
    found: list[int] = []
    after: Position | None = None
    while True:
        page = store.questions(wanted, after, most)
        assert len(page.issues) <= most
        found += page.issues
        if page.after is None:
            return found
        after = Position.read(str(page.after))
        assert after == page.after


@pytest.fixture
def five(store: Store) -> list[int]:
    """Return five issues, in two places, that are asked about at five instants, the last one twice."""
    numbers = put(store, *(issue(n, place="acme/web" if n < 4 else "acme/api") for n in range(1, 6)))
    store.put_goals([Goal("G-1", "One"), Goal("G-2", "Two")], NOW)
    ask(store, numbers[:3])
    ask(store, numbers[3:], changed(2), after=3)
    ask(store, numbers[4:], changed(1), after=9)
    return numbers


def test_pages_follow_each_other_in_the_order_that_is_wanted(store: Store, five: list[int]) -> None:
    """By age, either way, and goal by goal; an issue with two questions stands there once."""
    one, two, three, four, last = five
    assert walk(store, Questions()) == [one, two, three, four, last]
    assert walk(store, Questions(newest=True)) == [last, four, three, two, one]
    assert walk(store, Questions(goals=("2", "1", ""))) == [four, last, last, one, two, three]
    assert walk(store, Questions(goals=("1",))) == [last]
    assert walk(store, Questions(reason=Reason.GOAL_CHANGED)) == [four, last]
    assert walk(store, Questions(silent=(two,), silent_goals=("2",))) == [one, three, last]
    assert walk(store, Questions(places=((T, "acme/api"),))) == [four, last]
    others = frozenset({(T, "acme/api")})
    assert walk(store, Questions(places=((T, "*"),), others=others)) == [one, two, three]


def test_backlog_is_a_list_of_its_own(store: Store, five: list[int]) -> None:
    """What was there before is not mixed with what happens now."""
    old = put(store, issue(20), issue(21))
    ask(store, old, backlog=True)
    assert walk(store, Questions(backlog=True)) == old
    assert walk(store, Questions()) == five
    assert store.asked_counts(100, backlog=True) == {Reason.UNLINKED: 2}


def test_what_is_asked_about_is_counted_up_to_a_bound(store: Store, five: list[int]) -> None:
    """More is not counted: nobody reads the difference between a thousand and five thousand."""
    assert store.asked_counts(100) == {Reason.UNLINKED: 3, Reason.GOAL_CHANGED: 3}
    assert store.asked_counts(2) == {Reason.UNLINKED: 2, Reason.GOAL_CHANGED: 2}
    assert store.asked_goals() == ("", "1", "2")
    assert five


def test_where_little_is_wanted_a_page_ends_before_it_is_full(
    store: Store, five: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and goes on where it stopped."""
    monkeypatch.setattr(asking, "LOOK", 2)
    page = store.questions(Questions(places=((T, "acme/api"),)), None, 50)
    assert (page.issues, page.cut) == ([], True)
    assert walk(store, Questions(places=((T, "acme/api"),)), 50) == five[3:]


@pytest.mark.parametrize(
    "wanted",
    [
        Questions(),
        Questions(newest=True),
        Questions(reason=Reason.UNLINKED),
        Questions(goals=("",)),
        Questions(backlog=True),
    ],
    ids=["oldest", "newest", "reason", "goal", "backlog"],
)
def test_a_page_costs_the_same_however_much_is_open(store: Store, wanted: Questions) -> None:
    """Neither the issues of a tracker nor the questions that wait behind the page are looked at."""

    def cost() -> int:
        with store.metered() as meter:
            assert len(store.questions(wanted, None, 50).issues) == 50
        return meter.steps

    def grow(first: int, count: int) -> None:
        numbers = put(store, *(issue(n) for n in range(first, first + count)))
        ask(store, numbers[::4], after=first)
        ask(store, numbers[1::4], after=first, backlog=True)

    grow(1, 400)
    before = cost()
    grow(1000, 4000)
    assert cost() <= before * 1.1 + 100


@pytest.mark.parametrize(
    "text", ["", "1", "a.b.c", "1.2", "..", "1.2.x", "٣.1.1", f"1.{'9' * 30}.1", "-1.2.3", "1.2.3.4"]
)
def test_a_position_that_nobody_gave_is_the_beginning(text: str) -> None:
    """Addresses are typed and cut by people."""
    assert Position.read(text) is None
