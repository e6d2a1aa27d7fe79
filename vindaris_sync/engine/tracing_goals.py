"""From goals down to all their work, now or as it was: one document, of which every form shows a part."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vindaris_sync.domain.findings import Work
from vindaris_sync.domain.goals import Outcome, by_key, fold, parent_of
from vindaris_sync.domain.leading import Effort, added_up
from vindaris_sync.domain.readings import Series, current_of, metric_of
from vindaris_sync.domain.records import GoalBook
from vindaris_sync.domain.rules import PREFIX
from vindaris_sync.engine.measured import outcome_document
from vindaris_sync.store.store import Store
from vindaris_sync.store.tracing import GoalThen, TracedIssue

Document = dict[str, Any]
UnitOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as it is, or was; ``parent`` is its parent's number."""

    id: int
    key: str
    title: str
    status: str
    priority: str
    period: str
    revision: int
    parent: int | None
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """All goals of one moment, and who serves any of them; ``at`` None: now."""

    at: datetime | None
    goals: Mapping[int, Goal]
    series: Mapping[int, Series]
    serving: Callable[[Sequence[int]], tuple[TracedIssue, ...]]
    unit_of: UnitOf

    def line(self, number: int) -> Iterator[int]:
        """Yield a goal and all below it, parents first, siblings in order."""
        below = defaultdict[int | None, list[int]](list)
        for goal in self.goals.values():
            below[goal.parent].append(goal.id)
        waiting, seen = [number], set[int]()
        while waiting:
            goal_id = waiting.pop()
            if goal_id not in seen:
                seen.add(goal_id)
                yield goal_id
                waiting += reversed(below[goal_id])

    def above(self, number: int) -> list[Goal]:
        """Return parent, grandparent and so on, nearest first."""
        found: list[Goal] = []
        seen = {number}
        while (parent := self.goals[number].parent) is not None and parent in self.goals and parent not in seen:
            seen.add(parent)
            found.append(self.goals[parent])
            number = parent
        return found

    def stating(self, metric: str) -> list[int]:
        """Return the goals that state an outcome with this metric, in order."""
        wanted = metric_of(metric)
        return [
            goal.id for goal in self.goals.values() if any(metric_of(each.metric) == wanted for each in goal.outcomes)
        ]


def now(store: Store, unit_of: UnitOf) -> Scene:
    """Return the present scene."""
    stored = {each.id: each for each in store.goals()}
    known, ids = by_key(each.goal for each in stored.values()), {each.goal.key: each.id for each in stored.values()}
    goals = {
        number: Goal(
            number, each.goal.key, each.goal.title, str(each.goal.status), each.goal.priority or "",
            each.goal.period or "", each.revision,
            ids[above.key] if (above := parent_of(each.goal, known)) else None, each.goal.outcomes,
        )
        for number, each in stored.items()
    }  # fmt: skip
    return Scene(None, goals, store.series(), store.serving, unit_of)


def then(store: Store, book: GoalBook, at: datetime, unit_of: UnitOf) -> Scene:
    """Return the scene as it was ``at``, as the history tells."""
    names = {fold(name): number for name, number in book.by_key.items()}
    series = store.series(until=at)
    goals = {each.id: _then(each, names, series.get(each.id, {})) for each in store.goals_then(at)}
    return Scene(at, goals, series, lambda numbers: store.serving_then(numbers, names, at), unit_of)


def _then(each: GoalThen, names: Mapping[str, int], series: Series) -> Goal:
    told = each.contents
    outcomes = tuple(current_of(Outcome(**outcome), series) for outcome in told["outcomes"])
    parent = names.get(fold(told["parent"])) if told["parent"] else None
    return Goal(
        each.id, each.key, told["title"], each.status, told["priority"], told["period"], each.revision, parent, outcomes
    )


# --- the document -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Output:
    """Output of one goal: itself, and with all below it."""

    own: Work = field(default_factory=Work)
    below: Work = field(default_factory=Work)
    efforts: tuple[Effort, ...] = ()


def document(store: Store, scene: Scene, roots: Sequence[int], most: int | None = None) -> Document:
    """Return goals, all goals below them, and their work (``most`` of it; None: all), with output beside outcomes."""
    lines = {root: tuple(scene.line(root)) for root in roots}
    numbers = tuple(dict.fromkeys(number for line in lines.values() for number in line))
    issues = scene.serving(numbers)
    outputs = _outputs(scene, numbers, issues)
    depths = _depths(scene, roots, numbers)
    return {
        "at": scene.at,
        "goals": [
            {**goal_document(scene, scene.goals[number]), "depth": depths[number], "output": _told(outputs[number])}
            for number in numbers
        ],
        "work": list(_work(store, scene, issues, set(numbers), most)),
        "totals": _totals(issues),
    }


def goal_document(scene: Scene, goal: Goal) -> Document:
    """Return one goal."""
    parent = scene.goals.get(goal.parent) if goal.parent is not None else None
    series = scene.series.get(goal.id, {})
    return {
        "key": goal.key,
        "title": goal.title,
        "parent": parent.key if parent else None,
        "status": goal.status,
        "priority": goal.priority or None,
        "period": goal.period or None,
        "revision": goal.revision,
        "outcomes": [outcome_document(outcome, series) for outcome in goal.outcomes],
    }


def _depths(scene: Scene, roots: Sequence[int], numbers: Iterable[int]) -> dict[int, int]:
    depths: dict[int, int] = {}
    for number in numbers:
        parent = scene.goals[number].parent
        depths[number] = 0 if number in roots or parent not in depths else depths[parent] + 1
    return depths


def _outputs(scene: Scene, numbers: Sequence[int], issues: Iterable[TracedIssue]) -> dict[int, _Output]:
    """Return output by goal; an issue on several goals counts on each, and once in what they have in common above."""
    found = {number: _Output() for number in numbers}
    lines = {number: (number, *(above.id for above in scene.above(number))) for number in numbers}
    efforts = defaultdict[int, list[Effort]](list)
    for issue in issues:
        if not issue.counted:
            continue
        inherited = int(issue.state == "inherited")
        work = Work(0, 1, inherited) if issue.closed else Work(1, 0, inherited)
        own = [goal for goal in issue.goals if goal in found]
        for goal in own:
            found[goal].own += work
        for goal in {above for number in own for above in lines[number] if above in found}:
            found[goal].below += work
            if issue.estimate is not None and (unit := scene.unit_of(issue.tracker)):
                efforts[goal].append(Effort(unit, issue.estimate if issue.closed else 0.0, issue.estimate, 1))
    for goal, parts in efforts.items():
        found[goal].efforts = added_up(parts)
    return found


def _told(output: _Output) -> Document:
    return {
        "own": _counted(output.own),
        "below": _counted(output.below),
        "estimates": [
            {"unit": each.unit, "done": each.done, "total": each.total, "issues": each.issues, "share": each.share}
            for each in output.efforts
        ],
    }


def _counted(work: Work) -> Document:
    return {"issues": work.total, "done": work.closed, "share": work.done}


def _work(
    store: Store, scene: Scene, issues: Sequence[TracedIssue], goals: set[int], most: int | None
) -> Iterator[Document]:
    by_id, shown = {issue.id: issue for issue in issues}, issues[:most]
    keys = {issue.id: issue.key for issue in issues}
    outside = {issue.carrier for issue in shown if issue.carrier is not None} - keys.keys()
    keys |= {number: record.key for number, record in store.view_records(outside).items()}
    reviews = store.review_reasons([issue.id for issue in shown if issue.reviewed])
    for issue in shown:
        above = by_id.get(issue.parent) if issue.parent is not None else None
        yield {
            "issue": f"{issue.tracker}:{issue.ext_id}",
            "key": issue.key,
            "title": issue.title,
            "url": issue.url,
            "place": issue.place,
            "type": issue.type,
            "presence": issue.presence,
            "closed": issue.closed,
            "estimate": issue.estimate,
            "state": issue.state,
            "goals": [scene.goals[goal].key for goal in issue.goals if goal in goals],
            "parent": f"{above.tracker}:{above.ext_id}" if above is not None else None,
            "suspect": issue.suspect,
            "review": reviews.get(issue.id, []),
            "rule": f"{PREFIX}{issue.rule}" if issue.rule is not None else None,
            "carrier": keys.get(issue.carrier) if issue.carrier not in (None, issue.id) else None,
        }


def _totals(issues: Iterable[TracedIssue]) -> dict[str, int]:
    issues = tuple(issues)
    totals = Counter("closed" if each.closed else "open" for each in issues)
    totals.update("suspect" for each in issues if each.suspect)
    totals.update(each.state for each in issues)
    return {"issues": len(issues), **dict(sorted(totals.items()))}
