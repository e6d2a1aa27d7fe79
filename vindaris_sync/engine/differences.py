"""What changed in goals since links were confirmed: between the revision a link was confirmed against and the last."""

from __future__ import annotations

from vindaris_sync.domain.changes import Changed, changes
from vindaris_sync.domain.goals import Contents
from vindaris_sync.store.store import Store


class Differences:
    """Looks up each goal's revisions once and lays each pair of them side by side once, for thousands of links."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._book = store.goal_book()
        self._contents: dict[int, dict[int, Contents]] = {}
        self._found: dict[tuple[int, int], tuple[Changed, ...]] = {}

    def since(self, goal: int, revision: int) -> tuple[Changed, ...]:
        """Return what changed in the goal's material fields from ``revision`` to the one in force; nothing if unknown.

        It shows titles and numbers: render it only where the goal's audience may see them (L9).
        """
        which = goal, revision
        if which not in self._found:
            facts = self._book.goals[goal]
            known = self._revisions(goal)
            confirmed, now = known.get(revision), known.get(facts.revision)
            found = changes(confirmed, now, facts.material, self._spelled) if confirmed and now else ()
            self._found[which] = found
        return self._found[which]

    def _revisions(self, goal: int) -> dict[int, Contents]:
        if goal not in self._contents:
            self._contents[goal] = {each.revision: each.contents for each in self._store.revisions(goal)}
        return self._contents[goal]

    def _spelled(self, key: str) -> str:
        number = self._book.find(key)
        return self._book.goals[number].key if number is not None else key
