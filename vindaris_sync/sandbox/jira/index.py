"""The search index: it sees the world late, keeps every order it was asked for sorted, and is walked lazily.

A page of a search costs what it prints, not what the site holds: `updated >= …` is a bisection, and a next page
continues at the place where the last one ended.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from heapq import merge

from vindaris_sync.sandbox.jira.model import State

Entry = tuple[tuple[int | str, ...], int]
"""A sort value and the issue's id."""

ORDERS: dict[str, Callable[[State], tuple[int | str, ...]]] = {
    "updated": lambda state: (state.updated,),
    "created": lambda state: (state.created,),
    "id": lambda state: (state.id,),
    "key": lambda state: (state.project.key, state.number),
}
"""The orders that the index keeps; any other one is sorted when it is asked for."""


class Index:
    """Every listed issue as of some past instant."""

    def __init__(self) -> None:
        self.docs: dict[int, State] = {}
        self.children: defaultdict[int, set[int]] = defaultdict(set)
        self.version = 0
        self._pending: deque[tuple[int, State]] = deque()
        self._orders: dict[str, dict[str, list[Entry]]] = {}
        self._projects: defaultdict[str, set[int]] = defaultdict(set)

    def note(self, at: int, state: State) -> None:
        """Remember a change made at ``at`` (epoch milliseconds) until ``settle`` reaches that instant."""
        self._pending.append((at, state))

    def settle(self, until: int) -> None:
        """Show every change made up to ``until``, in the order in which they were made."""
        while self._pending and self._pending[0][0] <= until:
            self.put(self._pending.popleft()[1])

    def put(self, state: State) -> None:
        """Show ``state`` at once."""
        self.version += 1
        self._forget(state.id)
        if not state.listed:
            return
        self.docs[state.id] = state
        self._projects[state.project.id].add(state.id)
        if state.parent is not None:
            self.children[state.parent].add(state.id)
        for order, by_project in self._orders.items():
            if (entries := by_project.get(state.project.id)) is not None:
                insort(entries, (ORDERS[order](state), state.id))

    def count(self, projects: Iterable[str]) -> int:
        """Return how many issues the projects have."""
        return sum(len(self._projects[project]) for project in projects if project in self._projects)

    def within(self, projects: Iterable[str]) -> Iterator[State]:
        """Yield the projects' issues in no particular order."""
        return (self.docs[id_] for project in projects if project in self._projects for id_ in self._projects[project])

    def ascending(self, order: str, projects: Iterable[str], start: tuple[int | str, ...] = ()) -> Iterator[State]:
        """Yield the projects' issues sorted by ``order`` and id, from the sort value ``start`` on."""
        slices = []
        for entries in self._sorted(order, projects):
            first = bisect_left(entries, (start,))
            slices.append(map(entries.__getitem__, range(first, len(entries))))
        return (self.docs[id_] for _, id_ in merge(*slices))

    def descending(
        self, order: str, projects: Iterable[str], start: tuple[int | str, ...] | None = None
    ) -> Iterator[State]:
        """Yield the projects' issues sorted by ``order`` downwards, from the sort value ``start`` on."""
        slices = []
        for entries in self._sorted(order, projects):
            beyond = len(entries) if start is None else bisect_left(entries, ((*start, 0),))
            slices.append(map(entries.__getitem__, range(beyond - 1, -1, -1)))
        return (self.docs[id_] for _, id_ in merge(*slices, reverse=True))

    def _sorted(self, order: str, projects: Iterable[str]) -> Iterator[list[Entry]]:
        by_project = self._orders.setdefault(order, {})
        value = ORDERS[order]
        for project in projects:
            if project not in by_project and project in self._projects:
                by_project[project] = sorted((value(self.docs[id_]), id_) for id_ in self._projects[project])
            if project in by_project:
                yield by_project[project]

    def _forget(self, id_: int) -> None:
        old = self.docs.pop(id_, None)
        if old is None:
            return
        self._projects[old.project.id].discard(id_)
        if old.parent is not None:
            self.children[old.parent].discard(id_)
        for order, by_project in self._orders.items():
            if (entries := by_project.get(old.project.id)) is not None:
                del entries[bisect_left(entries, (ORDERS[order](old), id_))]
