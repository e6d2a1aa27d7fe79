"""Goals that a tracker states: asked for seldom, under the tracker's lock, and believed with the care issues are (L6).

What was read is kept, so that a restart and a dry run ask for nothing that is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import RLock
from typing import Any

import orjson

from vindaris_sync.domain.goals import LABEL_LENGTH, Goal, document_of, fold, goal_of, problems
from vindaris_sync.domain.limits import missing_allowed
from vindaris_sync.engine.context import Tracker
from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient
from vindaris_sync.sdk.goals import (
    GoalsRead,
    GoalsRefused,
    StatedGoal,
    Statement,
    StatesGoals,
    TrackerGoalSettings,
    Unfit,
)
from vindaris_sync.store.store import Store

ANEW = timedelta(hours=24)
"""How often everything is read again: a renamed status, field or person changes no issue's stamp."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_SHARE = 0.05
_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read last, and of which settings."""

    statement: Statement
    settings: str
    whole: datetime
    """When all of it was read anew."""
    formerly: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys that each goal had before, oldest first, by id."""
    good: Mapping[str, StatedGoal] = field(default_factory=dict)
    """The last good form of those that are unfit now, by id."""


class TrackerGoals:
    """A goal source over one tracker, asked at most once in ``settings.every``; in between the last answer counts.

    While somebody else speaks to the tracker nobody waits: the next look asks. ``longest`` is how many characters of a
    key fit beside the label prefix.
    """

    def __init__(  # noqa: PLR0913 - what a source is, and its surroundings
        self,
        name: str,
        settings: TrackerGoalSettings,
        tracker: Tracker,
        store: Store,
        *,
        lock: RLock,
        now: Callable[[], datetime],
        longest: int = LABEL_LENGTH,
    ) -> None:
        self._name, self._settings, self._tracker, self._store = name, settings, tracker, store
        self._lock, self._now, self._longest = lock, now, longest
        self._origin = f"{name} ({tracker.name})"
        self._mark = sha256(settings.model_dump_json(exclude={"every"}).encode()).hexdigest()[:16]
        self._kept: _Kept | None = None
        self._given: GoalsRead | None = None
        self._failure: Exception | None = None
        self._asked = self._again = _NEVER

    def read(self) -> GoalsRead:
        """Return the goals that the tracker states.

        Raises ``GoalsRefused`` where a person must act, ``Transient`` and ``TrackerUnusable`` as its connector does. A
        tracker that we keep away from for a while has said nothing new.
        """
        if self._kept is None and (told := self._store.note(_note(self._name))) is not None:
            self._keep(_kept(told))
        if not self._tracker.conduct.paused and self._due() and self._lock.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self._lock.release()
        if self._failure is not None:
            raise self._failure
        if self._given is None:
            raise NotNow(f"{self._origin} was not read yet: {self._tracker.conduct.paused or 'the tracker is busy'}")
        return self._given

    def _due(self) -> bool:
        """Return whether to ask now: at once in a new process, and after a person has accepted what was refused."""
        if isinstance(self._failure, GoalsRefused) and self._store.note(accepted(self._name)):
            return True
        return not self._asked <= self._now() < self._again  # before it was asked: our clock was set back

    def _ask(self) -> None:
        """Ask the tracker, and keep what it states; where that fails, what it stated last stays."""
        self._asked = now = self._now()
        self._again = now + self._settings.every
        try:
            self._take(self._stated(now), now)
            self._failure = None
        except NotNow as error:
            self._again = now + (error.retry_after or self._settings.every)
        except (GoalsRefused, Transient, TrackerUnusable) as error:
            self._failure = self._named(error)
            self._again = max(self._again, now + (getattr(error, "retry_after", None) or timedelta()))

    def _named(self, error: GoalsRefused | Transient | TrackerUnusable) -> Exception:
        """Return the failure with the source's name, so that people know where to look."""
        if isinstance(error, GoalsRefused):
            return GoalsRefused(f"{self._origin}: {problem}" for problem in error.problems)
        if isinstance(error, Transient):
            return Transient(f"{self._origin}: {error}", advice=error.advice)
        line = f"{self._origin}: {error}"
        return GoalsRefused([f"{line}; {error.advice}" if error.advice else line])

    def _stated(self, now: datetime) -> Statement:
        connector = self._tracker.connector
        if not isinstance(connector, StatesGoals):
            raise GoalsRefused([f"[trackers.{self._tracker.name}] states no goals"])
        last = self._kept.statement if self._kept is not None else None
        if self._kept is not None and last is not None and self._is_old(self._kept, now):
            last = _unread(last)
        return connector.goals(self._settings, last, self._listed())

    def _is_old(self, kept: _Kept, now: datetime) -> bool:
        return kept.settings != self._mark or not kept.whole <= now < kept.whole + ANEW

    def _listed(self) -> Mapping[str, datetime] | None:
        """Return what pulls have shown of the goals' types; None where the tracker must be asked what is there."""
        types, name = self._settings.tracked_types(), self._tracker.name
        unsure = {*self._store.restored_trackers(), *self._store.missing()}
        if not types or self._kept is None or name in unsure or self._store.tracker(name).loaded_at is None:
            return None
        return self._store.stamps(name, types)

    def _take(self, stated: Statement, now: datetime) -> None:
        last = self._kept
        self._believe(stated, last.statement if last is not None else None)
        fit = _fit(stated, self._longest)
        kept = _Kept(
            fit,
            self._mark,
            whole=now if last is None or self._is_old(last, now) else last.whole,
            formerly=_formerly(fit, last),
            good=_good(fit, last),
        )
        with self._store.transaction():
            self._store.put_note(accepted(self._name), None)
            self._store.put_note(_note(self._name), _document(kept))
            if self._settings.links_written():
                listed = {each.id: each.goal.serving.issues if each.goal.serving else () for each in fit.goals}
                self._store.note_work_items(self._name, listed, now)
        self._keep(kept)

    def _believe(self, stated: Statement, last: Statement | None) -> None:
        """Raise where too much is stated no more, unless a person has accepted that."""
        there = stated.by_id.keys() | {each.was for each in stated.goals}
        known = {} if last is None else last.by_id
        gone = [each for id_, each in known.items() if id_ not in there]
        none_left = not there and (bool(known) or last is None)
        too_many = none_left or len(gone) > missing_allowed(len(known), _SHARE)
        if not too_many or self._store.note(accepted(self._name)):
            return
        names = [each.goal.key if isinstance(each, StatedGoal) else each.key for each in gone]
        listed = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        what = f"{len(gone)} of {len(known):,} goals are stated no more ({listed}), too many to be believed"
        where = f"look whether the account may see them, and at [goal_sources.{self._name}]"
        way_out = f"if that is meant: vindaris-sync goal accept {self._name}"
        raise GoalsRefused([f"{what if known else 'no goal is found'}; {where}; {way_out}"])

    def _keep(self, kept: _Kept) -> None:
        goals, troubles = _usable(kept, self._stated_by_people)
        told = orjson.dumps([document_of(goal) for goal in goals])
        shown = tuple(f"{self._origin}: {trouble}" for trouble in troubles)
        self._kept, self._given = kept, GoalsRead(goals, self._origin, sha256(told).hexdigest(), shown)

    def _stated_by_people(self, stated: Iterable[StatedGoal]) -> list[StatedGoal]:
        """Return the goals without the links that we made there: what we repeat states nothing (R6)."""
        ours = self._store.our_work_items(self._name)
        return [self._without(each, ours[each.id]) if each.id in ours else each for each in stated]

    def _without(self, each: StatedGoal, ours: Mapping[str, str]) -> StatedGoal:
        serving = each.goal.serving
        if serving is None:
            return each
        theirs = tuple(issue for issue in serving.issues if issue not in ours)
        known = self._store.places_of(serving.tracker, theirs)
        places = tuple(place for place in serving.places if place in known or place not in ours.values())
        left = replace(serving, issues=theirs, places=places) if theirs or serving.milestone else None
        return replace(each, goal=replace(each.goal, serving=left))


def stated_ids(store: Store, name: str) -> dict[str, str]:
    """Return the tracker's ids of the goals that the source called ``name`` states, by their folded keys."""
    told = store.note(_note(name))
    return {} if told is None else {fold(each["goal"]["key"]): each["id"] for each in told["goals"]}


def accepted(name: str) -> str:
    """Return the name of the note that says that a person has accepted what the source called ``name`` states now."""
    return f"accepted goals of {name}"


def _note(name: str) -> str:
    return f"goals stated by {name}"


# --- what of it can be used -----------------------------------------------------------------------------------------


def _unread(last: Statement) -> Statement:
    """Return ``last`` as if all of it had been edited since; what is there no more is still asked about."""
    return Statement(
        tuple(replace(each, stamp="") for each in last.goals), tuple(replace(each, stamp="") for each in last.unfit)
    )


def _fit(stated: Statement, longest: int) -> Statement:
    """Return the statement with what has no title, or a key that cannot be used, among the unfit."""
    wrong = {each.index: each.reason for each in problems([each.goal for each in stated.goals], longest, whole=False)}
    unfit = [
        Unfit(each.id, each.goal.key, wrong[index], each.stamp)
        for index, each in enumerate(stated.goals)
        if index in wrong
    ]
    goals = tuple(each for index, each in enumerate(stated.goals) if index not in wrong)
    return replace(stated, goals=goals, unfit=(*stated.unfit, *unfit))


def _formerly(fit: Statement, last: _Kept | None) -> dict[str, tuple[str, ...]]:
    """Return the former keys of everything that ever was a goal here: an issue that moves away and back is the same."""
    if last is None:
        return {}
    found = dict(last.formerly)
    before = {each.id: each.goal.key for each in (*last.statement.goals, *last.good.values())}
    for each in fit.goals:
        own = each.id if each.id in before or each.was not in before else each.was
        former = before.get(own, each.goal.key)
        if fold(former) != fold(each.goal.key):
            found[each.id] = (*(key for key in found.get(own, ()) if fold(key) != fold(former)), former)
    return found


def _good(fit: Statement, last: _Kept | None) -> dict[str, StatedGoal]:
    if last is None:
        return {}
    before = {**last.good, **{each.id: each for each in last.statement.goals}}
    return {each.id: before[each.id] for each in fit.unfit if each.id in before}


def _usable(
    kept: _Kept, theirs: Callable[[Iterable[StatedGoal]], list[StatedGoal]]
) -> tuple[tuple[Goal, ...], list[str]]:
    """Return the goals with their parents and former keys, and what is wrong with single ones of them."""
    taken = {fold(each.goal.key) for each in kept.statement.goals}
    spare = [each for each in kept.good.values() if fold(each.goal.key) not in taken]
    told = {each.id for each in spare}
    troubles = [
        f"{each.key}: {each.reason}; {'until then its last good form counts' if each.id in told else 'it is left out'}"
        for each in kept.statement.unfit
    ]
    goals = _hung(theirs([*kept.statement.goals, *spare]), kept.formerly)
    for wrong in problems(goals):
        if wrong.field == "parent":
            goals[wrong.index] = replace(goals[wrong.index], parent=None)
            troubles.append(f"{wrong.goal_key}: {wrong.reason}; until that is corrected nothing is above it")
    return tuple(goals), troubles


def _hung(stated: Iterable[StatedGoal], formerly: Mapping[str, tuple[str, ...]]) -> list[Goal]:
    """Return goals whose parents are named by key; a parent that is no goal of this source is none."""
    stated = tuple(stated)
    names = {fold(each.goal.key): each.goal.key for each in stated}
    names |= {each.id: each.goal.key for each in stated}
    owned = Counter(fold(key) for each in stated for key in (each.goal.key, *formerly.get(each.id, ())))
    return [
        replace(
            each.goal,
            parent=names.get(each.parent) or names.get(fold(each.parent)) if each.parent else None,
            was=tuple(key for key in formerly.get(each.id, ()) if owned[fold(key)] == 1),
        )
        for each in stated
    ]


# --- as it is kept --------------------------------------------------------------------------------------------------


def _document(kept: _Kept) -> dict[str, Any]:
    return {
        "settings": kept.settings,
        "whole": kept.whole.isoformat(),
        "cursor": kept.statement.cursor,
        "goals": [_told(each) for each in kept.statement.goals],
        "unfit": [[each.id, each.key, each.reason, each.stamp] for each in kept.statement.unfit],
        "formerly": kept.formerly,
        "good": [_told(each) for each in kept.good.values()],
    }


def _told(each: StatedGoal) -> dict[str, Any]:
    return {"id": each.id, "parent": each.parent, "stamp": each.stamp, "goal": document_of(each.goal)}


def _kept(told: Mapping[str, Any]) -> _Kept:
    unfit = tuple(Unfit(*each) for each in told["unfit"])
    statement = Statement(tuple(map(_stated, told["goals"])), unfit, told["cursor"])
    return _Kept(
        statement,
        told["settings"],
        datetime.fromisoformat(told["whole"]),
        {id_: tuple(keys) for id_, keys in told["formerly"].items()},
        {each.id: each for each in map(_stated, told["good"])},
    )


def _stated(told: Mapping[str, Any]) -> StatedGoal:
    return StatedGoal(told["id"], goal_of(told["goal"]), told["parent"], told["stamp"])
