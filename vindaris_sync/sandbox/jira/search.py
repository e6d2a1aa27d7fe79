"""Walking the index for a plan: in order, from where the last page ended, and no further than the page needs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import total_ordering
from heapq import merge
from itertools import dropwhile, groupby, takewhile
from typing import Any

from vindaris_sync.sandbox.jira.index import ORDERS
from vindaris_sync.sandbox.jira.model import Account, State
from vindaris_sync.sandbox.jira.query import Plan
from vindaris_sync.sandbox.jira.world import World

Place = list[Any]
"""The sort values of an issue and its id, as JSON: where a page ended."""


@total_ordering
class _Down:
    """A sort value of a descending field."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - whatever a field sorts by
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.value == other.value

    def __lt__(self, other: _Down) -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]


class Search:
    """One query over the index as it stands, as one account sees it.

    ``fresh`` ids are read as they are now, past the index's lag.
    """

    def __init__(self, world: World, found: Plan, account: Account, fresh: frozenset[int] = frozenset()) -> None:
        self._world = world
        self._plan = found
        self._account = account
        self._fresh = fresh
        self._index = world.settle()

    def after(self, place: Place | None) -> Iterator[State]:
        """Yield what is found beyond ``place``, in order and lazily."""
        lagging = (state for state in self._sorted(place) if state.id not in self._fresh)
        states: Iterator[State] = lagging
        if self._fresh:
            issues = (self._world.issues.get(id_) for id_ in self._fresh)
            current = [issue.state for issue in issues if issue is not None and issue.state.listed]
            states = merge(lagging, sorted(filter(self._within, current), key=self._key), key=self._key)
        border = None if place is None else self._wrapped(place)
        beyond = states if border is None else dropwhile(lambda state: self._key(state) <= border, states)
        return filter(self._holds, beyond)

    def place(self, state: State) -> Place:
        """Return where a page that ends with ``state`` ends."""
        return [_plain(state, name) for name, _ in self._plan.order] + [state.id]

    def count(self) -> int:
        """Return how many issues are found."""
        simple = self._plan.test is None and self._plan.ids is None and self._plan.parents is None
        if simple and self._plan.since is None and not self._account.hidden_issues:
            return self._index.count(self._plan.projects)
        return sum(1 for state in self._candidates() if self._holds(state))

    def _within(self, state: State) -> bool:
        found = self._plan
        return (
            state.project.id in found.projects
            and (found.since is None or state.updated >= found.since)
            and (found.ids is None or state.id in found.ids)
            and (found.parents is None or state.parent in found.parents)
        )

    def _holds(self, state: State) -> bool:
        test = self._plan.test
        return self._within(state) and (test is None or test(state)) and state.id not in self._account.hidden_issues

    def _candidates(self) -> Iterator[State]:
        docs, found = self._index.docs, self._plan
        if found.ids is not None:
            return (docs[id_] for id_ in found.ids if id_ in docs)
        if found.parents is not None:
            below = (id_ for parent in found.parents for id_ in self._index.children.get(parent, ()))
            return (docs[id_] for id_ in below)
        if found.since is not None:
            return self._index.ascending("updated", found.projects, (found.since,))
        return self._index.within(found.projects)

    def _sorted(self, place: Place | None) -> Iterator[State]:
        name, down = self._plan.order[0]
        narrow = self._plan.ids is not None or self._plan.parents is not None
        if narrow or name not in ORDERS or (self._plan.since is not None and name != "updated"):
            return iter(sorted((s for s in self._candidates() if self._holds(s)), key=self._key))
        return self._walk(name, place, down=down)

    def _walk(self, name: str, place: Place | None, *, down: bool) -> Iterator[State]:
        start = None if place is None else tuple(place[0]) if isinstance(place[0], list) else (place[0],)
        if down:
            states = self._index.descending(name, self._plan.projects, start)
            if (oldest := self._plan.since) is not None:
                states = takewhile(lambda state: state.updated >= oldest, states)
        else:
            since = (self._plan.since,) if self._plan.since is not None else ()
            states = self._index.ascending(name, self._plan.projects, start or since)
        for _, group in groupby(states, key=ORDERS[name]):
            ties = list(group)
            yield from ties if len(ties) == 1 else sorted(ties, key=self._key)

    def _key(self, state: State) -> tuple[Any, ...]:
        return self._wrapped(self.place(state))

    def _wrapped(self, place: Place) -> tuple[Any, ...]:
        downs = [down for _, down in self._plan.order]
        values = [tuple(value) if isinstance(value, list) else value for value in place[:-1]]
        return (*(_Down(v) if down else v for v, down in zip(values, downs, strict=True)), place[-1])


def _plain(state: State, name: str) -> list[int | str]:
    """Return a field's sort value as a list, so that values of one field compare and an empty one comes last."""
    if name in ORDERS:
        return list(ORDERS[name](state))
    value = state.values.get(name)
    if name == "project":
        value = state.project.key
    shown = getattr(value, "name", None) or getattr(value, "value", None) or value
    if isinstance(shown, int):
        return [0, shown]
    return [1, ""] if shown in (None, "", ()) else [0, str(shown).casefold()]
