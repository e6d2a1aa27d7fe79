"""Hundreds of goals on one page: which are shown at once, and what is folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vindaris_sync.domain.findings import GoalRow

AT_ONCE = 40
"""So many goals are shown without folding."""

A_FOLD = 25
"""About so many goals stand in one fold; a tree is never torn apart."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Goals that are shown together, parents first; ``open``: at once, and not when somebody asks for them."""

    rows: tuple[GoalRow, ...]
    open: bool
    closed: bool = False
    """Whether these are the goals that ended and have no open work."""

    @property
    def root(self) -> GoalRow | None:
        """The goal above all others in it; None where there are several."""
        roots = [row for row in self.rows if not row.depth]
        return roots[0] if len(roots) == 1 else None


def folds(goals: Sequence[GoalRow]) -> tuple[Fold, ...]:
    """Return all goals in folds: those that live, tree by tree, then those that ended."""
    living, ended = _parted(goals)
    found: list[Fold] = []
    if len(living) <= AT_ONCE:
        found += [Fold(tuple(living), open=True)] if living else []
    else:
        found += [Fold(tuple(rows), open=False) for rows in _packed(living)]
    return (*found, Fold(tuple(ended), open=False, closed=True)) if ended else tuple(found)


def _parted(goals: Sequence[GoalRow]) -> tuple[list[GoalRow], list[GoalRow]]:
    """Return the goals that live, with all that stand above one that does, and the others."""
    living: list[GoalRow] = []
    ended: list[GoalRow] = []
    needed = -1
    for row in reversed(goals):  # what is below a goal comes before it
        if row.depth == needed or not row.closed or row.own.open:
            living.append(row)
            needed = row.depth - 1
        else:
            ended.append(row)
    return living[::-1], ended[::-1]


def _packed(rows: Sequence[GoalRow]) -> list[list[GoalRow]]:
    """Return trees, small ones together."""
    trees: list[list[GoalRow]] = []
    for row in rows:
        if not row.depth or not trees:
            trees.append([])
        trees[-1].append(row)
    packs: list[list[GoalRow]] = []
    for tree in trees:
        if packs and len(packs[-1]) + len(tree) <= A_FOLD:
            packs[-1] += tree
        else:
            packs.append(list(tree))
    return packs
