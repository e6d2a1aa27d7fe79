"""Candidates: which goals an unlinked issue may serve, with the evidence. They are shown, and never applied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from vindaris_sync.domain.ranking import Aim, Baseline, Candidate, Ranking, search
from vindaris_sync.domain.terms import LONGEST_TEXT
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.neighbours import Serving
from vindaris_sync.store.store import Store

WORK = 30
"""Of how much work, the newest, each goal is known; more made nothing better (docs/candidates.md)."""

_CAUGHT_UP = 5000  # entries of the history after which beginning anew costs less than following each


class Candidates:
    """What is known of open goals and their work, to rank goals by; safe to use from several threads.

    It is built when it is first asked, bounded by the goals and thirty issues on each, and from then on follows what
    has changed: only the goals that the history tells of are read again. It writes nothing and asks no tracker.
    """

    def __init__(self, store: Store, ranking: Callable[[], Ranking] = Baseline) -> None:
        self._store, self._new = store, ranking
        self._lock = Lock()
        self._forget()

    def of(self, issues: Sequence[int], most: int = 3) -> dict[int, tuple[Candidate, ...]]:
        """Return at most ``most`` open goals that each of these issues may serve, the best first.

        Issues that are not known are left out; whether one serves a goal already is not asked. Evidence quotes what
        strangers wrote, and titles may be private: show both as the audience may see them (``domain/visibility``).
        """
        with self._lock:
            self._follow()
            around = self._store.surroundings(issues)
            return {
                issue: self._ranking.rank(around[issue].work, around[issue].near, most)
                for issue in issues
                if issue in around
            }

    def search(self, text: str, most: int = 10) -> tuple[Candidate, ...]:
        """Return at most ``most`` open goals for what a person typed: a key, the beginnings of words, or words."""
        with self._lock:
            self._follow()
            return search(self._aims.values(), self._ranking, text, most)

    # --- following the store ------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._ranking = self._new()
        self._aims: dict[int, Aim] = {}
        self._by_issue: defaultdict[int, set[int]] = defaultdict(set)
        self._by_rule: defaultdict[int, set[int]] = defaultdict(set)
        self._serving: dict[int, Serving] = {}
        self._goals_stamp: list[int] = []
        self._read_to = -1

    def _follow(self) -> None:
        """Bring what is known up to the store: goals that changed, and goals whose work did."""
        newest, stamp = self._store.last_touched(), self._store.goals_stamp()
        if not self._read_to <= newest <= self._read_to + _CAUGHT_UP:
            self._forget()
        try:
            self._catch_up(newest, goals=stamp != self._goals_stamp)
        except BaseException:
            self._forget()  # half of what changed was followed
            raise
        self._read_to, self._goals_stamp = newest, stamp

    def _catch_up(self, newest: int, *, goals: bool) -> None:
        stale = self._stale(newest)
        if goals:
            stale |= self._follow_goals(self._store.goals())
        for goal, serving in self._store.newest_on(sorted(stale & self._aims.keys()), WORK).items():
            self._put(goal, serving)

    def _stale(self, newest: int) -> set[int]:
        """Return the goals on which other work may stand than is known."""
        if self._read_to in (-1, newest):
            return set()
        stale: set[int] = set()
        for touched in self._store.touched(self._read_to, _CAUGHT_UP):
            stale |= self._by_issue.get(touched.issue or 0, set()) | self._by_rule.get(touched.rule or 0, set())
            stale |= {touched.goal or 0}
        return stale

    def _follow_goals(self, goals: Iterable[StoredGoal]) -> set[int]:
        """Take over which goals are open and what they say; return those that are new or say something else."""
        stated = {
            each.id: Aim(each.id, each.goal.key, each.goal.title, each.goal.description[:LONGEST_TEXT])
            for each in goals
            if each.missing_since is None and not each.goal.status.closed
        }
        for goal in self._aims.keys() - stated.keys():
            self._ranking.drop(goal)
            self._watch(goal, Serving())
        changed = {goal for goal, aim in stated.items() if self._aims.get(goal) != aim}
        self._aims = stated
        return changed

    def _put(self, goal: int, serving: Serving) -> None:
        aim = self._aims[goal]
        self._ranking.put(Aim(aim.id, aim.key, aim.title, aim.description, serving.work))
        self._watch(goal, serving)

    def _watch(self, goal: int, serving: Serving) -> None:
        """Note at which issues and rules something may happen that changes the work on ``goal``."""
        former = self._serving.pop(goal, Serving())
        for watched, old, new in (
            (self._by_issue, former.issues, serving.issues),
            (self._by_rule, former.rules, serving.rules),
        ):
            for each in old - new:
                watched[each].discard(goal)
                if not watched[each]:
                    del watched[each]
            for each in new - old:
                watched[each].add(goal)
        if serving != Serving():
            self._serving[goal] = serving
