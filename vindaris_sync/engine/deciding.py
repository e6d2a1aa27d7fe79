"""Deciding: all that is due, parents first, in one transaction during which no request is in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from vindaris_sync.domain.actions import Action, NeedsRead, Plan, Skip, WriteBack
from vindaris_sync.domain.decide import decide
from vindaris_sync.domain.limits import limit_labels
from vindaris_sync.domain.records import Situation
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.dropped import follow_work
from vindaris_sync.engine.ruling import follow_rules
from vindaris_sync.engine.showing import follow_goals

_CHUNK = 2000  # records held at once; a plan of any length takes the memory of one chunk and its actions

_MOST_TIMES = 50  # no chain is as long: parents form a circle, and let one another be decided for ever


@dataclass(slots=True)
class Decided:
    """What was decided: the actions that change something, the remote writes still to be made, and counts."""

    actions: list[Action] = field(default_factory=list)
    writes: list[WriteBack] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _writing: set[int] = field(default_factory=set)

    def add(self, plan: Plan) -> None:
        """Take over what ``plan`` says; doing nothing is counted by its reason.

        An issue that is decided once more, because its parent was, wants what it wants now.
        """
        if self._writing.intersection(plan.decided):
            again = set(plan.decided)
            self.writes = [write for write in self.writes if write.issue not in again]
        self._writing.update(write.issue for write in plan.writes)
        for action in plan.actions:
            if isinstance(action, WriteBack):
                self.writes.append(action)
            elif isinstance(action, Skip):
                self.counts[f"skip {action.reason}"] += 1
            elif isinstance(action, NeedsRead):
                self.counts["waiting for a read"] += 1
            else:
                self.actions.append(action)
        self.counts["decided"] += len(plan.decided)


def decide_due(
    context: Context, pass_id: str, own: str, others: Collection[str] = (), *, repair: bool = False
) -> Decided:
    """Decide every due issue of ``own`` and ``others`` and record what follows; writes to be made are remembered.

    All of it is one transaction (L12: a plan is closed over its own consequences, in whichever tracker they are).
    Edits by absence in others wait for their own pass, which asks what became of the definition (R2); so does what hung
    below an issue that is gone, which it reads.
    """
    trackers = {own, *others}
    store, decided = context.store, Decided()
    with store.transaction():
        store.wake(context.waking())
        store.retry_unwritten(trackers)
        decided.actions += follow_rules(context, pass_id)
        follow_goals(context, own)
        decided.actions += follow_work(context, pass_id)
        situation = context.situation(trackers, repair=repair)
        _follow_settings(context, situation)
        policies = {name: replace(policy, verified=name == own) for name, policy in situation.policies.items()}
        situation = replace(situation, policies=policies)
        waiting = {*store.held(trackers), *store.left_behind(others)}
        times, circling = Counter[int](), set[int]()
        with store.view() as view:
            while ids := store.due_ready(trackers, waiting, _CHUNK):
                plan = decide(ids, view, situation)
                store.apply(plan, pass_id, situation.now)
                decided.add(plan)
                times.update(plan.decided)
                circling.update(issue for issue in plan.decided if times[issue] > _MOST_TIMES)
                waiting |= (set(ids) - set(plan.decided)) | circling
            if circling:
                store.apply(Plan((), tuple(circling)), pass_id, situation.now)
            _limit(context, decided, pass_id)
        store.mark_unwritten(decided.writes)
    return decided


def _follow_settings(context: Context, situation: Situation) -> None:
    """Let all issues of a tracker be decided anew whose settings or surfaces are not what they were."""
    for name, policy in situation.policies.items():
        if context.store.put_note(f"policy {name}", policy.stamp):
            context.store.mark_due_all(name)


def _limit(context: Context, decided: Decided, pass_id: str) -> None:
    """Leave out the labels of causes that would label too many issues (R9)."""
    if not any(write.causes for write in decided.writes):
        return
    limits = {name: tracker.settings.write_back.label_limit for name, tracker in context.trackers.items()}
    trackers = context.store.trackers_of(write.issue for write in decided.writes if write.causes)
    with context.store.view() as view:
        kept, silenced = limit_labels(decided.writes, lambda issue: limits[trackers[issue]], view.labelled)
    if silenced:
        context.store.apply(Plan(tuple(silenced), ()), pass_id, context.now())
        decided.actions += silenced
        decided.counts["labels left out"] += len(decided.writes) - len(kept)
    decided.writes = kept
