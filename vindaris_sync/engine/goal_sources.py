"""All goals, from wherever they are stated: several sources joined, each goal owned by exactly one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from vindaris_sync.domain.goals import LABEL_LENGTH, Goal, document_of, fold, goal_of, problems
from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient
from vindaris_sync.sdk.goals import GoalSource, GoalsRead, GoalsRefused
from vindaris_sync.store.store import Store


@dataclass(frozen=True, slots=True)
class JoinedGoals:
    """A goal source over several, by name. What a source stated last stands in for it while it cannot be read.

    ``longest`` is how many characters of a key fit beside the label prefix.
    """

    sources: Mapping[str, GoalSource]
    store: Store
    longest: int = LABEL_LENGTH
    _joined: dict[str, GoalsRead] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was joined last, by its digest."""

    def read(self) -> GoalsRead:
        """Return the goals of all sources, in their order; ``problems`` tell which of them could not be read, and why.

        Raises:
            GoalsRefused: together they cannot be used: a key in two sources, a parent in none, or a circle of parents.

        """
        answers = {name: self._ask(name, source) for name, source in self.sources.items()}
        reads = {name: read for name, (read, _) in answers.items() if read is not None}
        troubles = [line for _, lines in answers.values() for line in lines]
        try:
            return replace(self._join(reads), problems=tuple(troubles))
        except GoalsRefused as refusal:
            raise GoalsRefused([*troubles, *refusal.problems]) from None

    def _join(self, reads: Mapping[str, GoalsRead]) -> GoalsRead:
        if (digest := _digest(reads)) not in self._joined:
            joined = join(reads, self.longest)
            self._joined.clear()
            self._joined[digest] = joined
        return self._joined[digest]

    def _ask(self, name: str, source: GoalSource) -> tuple[GoalsRead | None, Sequence[str]]:
        """Return what the source states, and nothing; else what it stated last, if ever, and why it cannot be read."""
        try:
            read = source.read()
        except GoalsRefused as refusal:
            return self._last(name), refusal.problems
        except NotNow:
            return self._last(name), ()
        except (Transient, TrackerUnusable) as error:
            return self._last(name), [str(error)]
        if (self.store.note(_state(name)) or {}).get("digest") != read.digest:
            with self.store.transaction():
                self.store.put_note(_state(name), {"origin": read.origin, "digest": read.digest})
                self.store.put_note(_goals(name), [document_of(goal) for goal in read.goals])
        return read, read.problems

    def _last(self, name: str) -> GoalsRead | None:
        state = self.store.note(_state(name))
        if state is None:
            return None
        return GoalsRead(tuple(map(goal_of, self.store.note(_goals(name)))), state["origin"], state["digest"])


def join(reads: Mapping[str, GoalsRead], longest: int = LABEL_LENGTH, *, whole: bool = True) -> GoalsRead:
    """Return what several sources state, by name, as one; raises ``GoalsRefused`` where that cannot be used.

    Not ``whole``: there are more sources, and a parent may be stated by one of those.
    """
    goals = tuple(replace(goal, source=name) for name, read in reads.items() for goal in read.goals)
    origins = {name: read.origin for name, read in reads.items()}
    if unfit := _owned_twice(goals, origins) or _unfit(goals, origins, longest, whole=whole):
        raise GoalsRefused(unfit)
    return GoalsRead(goals, ", ".join(origins.values()), _digest(reads))


def _digest(reads: Mapping[str, GoalsRead]) -> str:
    return sha256("\n".join(f"{name} {read.digest}" for name, read in reads.items()).encode()).hexdigest()


def _state(name: str) -> str:
    return f"goal source {name}"


def _goals(name: str) -> str:
    return f"goals of {name}"


def _owned_twice(goals: Sequence[Goal], origins: Mapping[str, str]) -> list[str]:
    owners: dict[str, Goal] = {}
    found = []
    for goal in goals:
        first = owners.setdefault(fold(goal.key), goal)
        if first.source != goal.source:
            found.append(f"{goal.key} is stated by {origins[first.source]} and by {origins[goal.source]}: one must go")
    return found


def _unfit(goals: Sequence[Goal], origins: Mapping[str, str], longest: int, *, whole: bool) -> list[str]:
    found = problems(goals, longest, whole=whole)
    return [f"{origins[goals[each.index].source]}: {each.goal_key}: {each.reason}" for each in found]
