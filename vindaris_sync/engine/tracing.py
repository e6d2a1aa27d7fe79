"""What is known of an issue up to its goal's outcomes, and of a goal down to all its work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.links import Effective, effective
from vindaris_sync.domain.models import Exemption, Link, LinkState
from vindaris_sync.domain.readings import Series
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.engine.measured import outcome_document
from vindaris_sync.engine.naming import candidates, chain_above, chain_end, listed, must_carry, near_goals, the_issue
from vindaris_sync.engine.tracing_goals import Scene, UnitOf, document, goal_document, now, then
from vindaris_sync.engine.tracing_past import past_of
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.lookup import Event
from vindaris_sync.store.store import Store

Document = dict[str, Any]

_GOAL_PREFIX = "goal:"
_OUTCOME_PREFIX = "outcome:"


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name may mean: a goal, by number, and issues; one of both where it is unmistakable."""

    goal: int | None
    issues: tuple[Record, ...]


def meant(store: Store, book: GoalBook, name: str) -> Meant:
    """Return what a person may mean: a key of an issue or a goal, a former key, ``TRACKER:ID``, ``goal:KEY``.

    An issue that is the goal of its own name counts as that goal: what hangs below is most of what is to be told of it.
    """
    goal = book.find(name.removeprefix(_GOAL_PREFIX))
    issues = () if name.startswith(_GOAL_PREFIX) else tuple(candidates(store, name))
    return Meant(goal, () if goal is not None and _are_the_goal(book, issues, goal) else issues)


def traced(  # noqa: PLR0913 - what is traced, as of when, and how much of it is told
    store: Store,
    trackers: Mapping[str, TrackerSettings],
    name: str,
    *,
    at: datetime | None,
    events: int,
    most: int | None = None,
) -> Document:
    """Return the trace of the issue, the goal or the outcome called ``name``, now or as it was ``at``.

    ``trackers`` are the settings of the configured ones; ``most`` bounds the work that is told.

    Raises ``Refusal`` where nothing or several things are meant.
    """
    book, unit_of = store.goal_book(), units(trackers)
    if name.startswith(_OUTCOME_PREFIX):
        return outcome_trace(store, scene(store, book, at, unit_of), name.removeprefix(_OUTCOME_PREFIX), most)
    found = meant(store, book, name)
    if found.goal is not None and found.issues:
        raise Refusal(
            f"{name!r} may mean {listed(found.issues)} or a goal", advice=f"write {_GOAL_PREFIX}{name} or TRACKER:ID"
        )
    if found.goal is None and not found.issues:
        raise Refusal(f"neither an issue nor a goal is called {name!r}", advice=near_goals(book, name))
    if found.goal is not None:
        return goal_trace(store, book, scene(store, book, at, unit_of), found.goal, events, most)
    record = the_issue(store, name)
    if at is not None:
        return past_of(store, book, record, at)
    return issue_document(store, book, record, events, itself=must_carry(trackers, record))


def _are_the_goal(book: GoalBook, issues: Sequence[Record], goal: int) -> bool:
    """Return whether these issues are one, and it is the goal itself."""
    return len(issues) == 1 and issues[0].ref in book.carried and book.carried[issues[0].ref].goal == goal


def units(trackers: Mapping[str, TrackerSettings]) -> UnitOf:
    """Return in which unit each tracker's issues are estimated."""
    return lambda tracker: trackers[tracker].estimate_unit if tracker in trackers else ""


def scene(store: Store, book: GoalBook, at: datetime | None, unit_of: UnitOf) -> Scene:
    """Return all goals now, or as they were ``at``."""
    return now(store, unit_of) if at is None else then(store, book, at, unit_of)


def instant(text: str) -> datetime:
    """Return the instant that a person writes; a date is its end, in UTC, where no offset is written."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{text!r} is no date", advice="write 2026-03-31 or 2026-03-31T18:00+02:00") from None
    if "T" not in text and " " not in text:
        found = datetime.combine(found, time.max)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# --- from an issue upwards --------------------------------------------------------------------------------------------


def issue_document(store: Store, book: GoalBook, record: Record, events: int, *, itself: bool = False) -> Document:
    """Return the issue, its chain, who carries its link, its goals with parents and outcomes, and what happened.

    ``itself``: its type must carry a link itself.
    """
    chain = chain_above(store, record)
    effect = effective(record, record.explicit, chain, store.rule_book(), itself=itself, carried=book.carried)
    carrier, own = effect.carrier, book.carried.get(record.ref)
    exempt = effect.state is LinkState.EXEMPT and carrier is not None
    exemption = carrier.explicit if exempt and carrier and isinstance(carrier.explicit, Exemption) else None
    return {
        "kind": "issue",
        "issue": line(record),
        "state": str(effect.state) if record.state and record.tracked else None,
        "is_goal": book.goals[own.goal].key if own is not None else None,
        "due": record.state is None,
        "parent_unknown": record.parent_unknown,
        "suspect": any(book.suspect(link) for link in effect.links),
        "carrier": line(carrier) if carrier is not None else None,
        "chain": [line(above) for above in chain],
        "chain_end": chain_end(store, record, chain),
        "must_link": itself,
        "rule": _rule(effect),
        "links": [_link(book, link) for link in effect.links],
        "exemption": exemption,
        "goals": goals_above(store, book, effect.goals),
        "causes": [_cause(cause) for cause in record.causes if cause.open],
        "history": [event(book, each) for each in store.history(issue=record.id, limit=events)] if events else [],
    }


def _rule(effect: Effective) -> Document | None:
    """Return the rule that gives the link, and the issue on the chain that fulfils it."""
    if effect.rule is None or effect.ruled is None:
        return None
    return {"rule": effect.rule.name, "name": effect.rule.stated.name, "fulfilled_by": line(effect.ruled)}


def line(record: Record) -> Document:
    """Return one issue in a list."""
    return {
        "issue": str(record.ref),
        "key": record.key,
        "title": record.title,
        "place": record.place,
        "type": record.type,
        "presence": str(record.presence),
        "closed": record.closed,
    }


def _link(book: GoalBook, link: Link) -> Document:
    return {
        "goal": book.goals[link.goal].key,
        "provenance": str(link.provenance),
        "who": link.who,
        "at": link.at,
        "revision": link.revision,
        "suspect": book.suspect(link),
        "primary": link.primary,
    }


def _cause(cause: Any) -> Document:  # noqa: ANN401 - domain.records.Cause
    return {
        "reason": str(cause.key.reason),
        "detail": cause.detail,
        "opened": cause.opened,
        "backlog": cause.surface_at is None,
        "answer": str(cause.answer) if cause.answer else None,
    }


def goals_above(store: Store, book: GoalBook, numbers: Sequence[int]) -> list[Document]:
    """Return goals with their ancestors and the outcomes of each; costs what it returns."""
    return [
        {
            **_goal(own.goal, book.goals[number].revision, store.series_of(number)),
            "parents": [_above(each.goal, store.series_of(each.id)) for each in above],
        }
        for number in numbers
        for own, *above in [line_above(store, book, number)]
    ]


def line_above(store: Store, book: GoalBook, number: int) -> list[StoredGoal]:
    """Return a goal, its parent, grandparent and so on; a circle ends where it closes."""
    line: list[StoredGoal] = []
    above: int | None = number
    while above is not None and above not in {each.id for each in line}:
        line.append(store.goal_held(above))
        parent = line[-1].goal.parent
        above = book.find(parent) if parent else None
    return line


def _goal(goal: Goal, revision: int, series: Series) -> Document:
    return {
        "key": goal.key,
        "title": goal.title,
        "status": str(goal.status),
        "priority": goal.priority,
        "period": goal.period,
        "revision": revision,
        "outcomes": [outcome_document(outcome, series) for outcome in goal.outcomes],
    }


def _above(goal: Goal, series: Series) -> Document:
    outcomes = [outcome_document(outcome, series) for outcome in goal.outcomes]
    return {"key": goal.key, "title": goal.title, "outcomes": outcomes}


def event(book: GoalBook, each: Event) -> Document:
    """Return an entry of the history."""
    return {
        "at": each.at,
        "event": each.event,
        "who": each.who,
        "how": each.how,
        "why": each.why,
        "before": each.before,
        "after": each.after,
        "goal": book.goals[each.goal].key if each.goal is not None and each.goal in book.goals else None,
        "revision": each.goal_revision,
    }


# --- from goals downwards ---------------------------------------------------------------------------------------------


def goal_trace(  # noqa: PLR0913, PLR0917 - as above
    store: Store, book: GoalBook, scene: Scene, number: int, events: int, most: int | None = None
) -> Document:
    """Return the goal, what is above it, and all goals and all work below it (``most`` of that; None: all)."""
    if number not in scene.goals:
        raise Refusal(
            f"{book.goals[number].key} was not stated then", advice="`vindaris-sync goal show` says since when"
        )
    goal = goal_document(scene, scene.goals[number])
    found = document(store, scene, [number], most)
    return {
        "kind": "goal",
        **found,
        "goal": {**goal, "parents": [goal_document(scene, above) for above in scene.above(number)]},
        "children": [
            {"key": below["key"], "title": below["title"]} for below in found["goals"] if below["parent"] == goal["key"]
        ],
        "history": [event(book, each) for each in store.history(goal=number, until=scene.at, limit=events)]
        if events
        else [],
    }


def outcome_trace(store: Store, scene: Scene, metric: str, most: int | None = None) -> Document:
    """Return the goals that state an outcome with this metric, and all goals and work below them (as above)."""
    stating = scene.stating(metric)
    if not stating:
        raise Refusal(f"no goal states an outcome {metric!r}", advice="`vindaris-sync outcome list` shows all")
    roots = [number for number in stating if not {above.id for above in scene.above(number)} & set(stating)]
    return {"kind": "outcome", "metric": metric, **document(store, scene, roots, most)}
