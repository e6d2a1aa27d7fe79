"""What happens to goals in their source, and in the fields whose options are goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.simulation.script import Step
from tests.simulation.site import FIELD, Site
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.sandbox import jira

MOST = 9
KINDS = frozenset({"goal_change", "goal_minor", "goal_close", "goal_open", "goal_new", "goal_rename"})


class Goals:
    """Whoever states the goals."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def act(self, step: Step) -> bool:
        """Let a step happen; return whether it did."""
        acts: dict[str, Callable[[Step, Random], bool]] = {
            "goal_change": self._change,
            "goal_minor": self._minor,
            "goal_close": self._close,
            "goal_open": self._open,
            "goal_new": self._new,
            "goal_rename": self._rename,
        }
        return acts[step.kind](step, step.random())

    def _note(self, kind: str, key: str, **detail: str) -> None:
        self.site.journal.note(self.site.clock(), "lena", kind, key=key, **detail)

    def _put(self, old: Goal, new: Goal) -> None:
        source = self.site.goals
        source.goals = tuple(new if goal.key == old.key else goal for goal in source.goals)

    def _change(self, step: Step, random: Random) -> bool:
        goal = random.choice(self.site.goals.goals)
        text = "" if random.random() < 0.3 and goal.description else f"Meant is {step.number}."
        self._put(goal, replace(goal, description=text))
        self._note("goal_change", goal.key, material="yes")
        return True

    def _minor(self, step: Step, random: Random) -> bool:
        goal = random.choice(self.site.goals.goals)
        self._put(goal, replace(goal, owner=f"owner {step.number}"))
        self._note("goal_change", goal.key, material="no")
        return True

    def _close(self, step: Step, random: Random) -> bool:  # noqa: ARG002 - every act takes its step
        goal = random.choice(self.site.goals.goals)
        if goal.status.closed:
            return False
        self._put(goal, replace(goal, status=random.choice((Status.ACHIEVED, Status.ABANDONED))))
        self._note("goal_close", goal.key)
        return True

    def _open(self, step: Step, random: Random) -> bool:  # noqa: ARG002 - every act takes its step
        closed = [goal for goal in self.site.goals.goals if goal.status.closed]
        if not closed:
            return False
        goal = random.choice(closed)
        self._put(goal, replace(goal, status=Status.ACTIVE))
        self._note("goal_open", goal.key)
        return True

    def _new(self, step: Step, random: Random) -> bool:
        if len(self.site.goals.goals) >= MOST:
            return False
        key = f"NEW-{step.number}"
        self.site.goals.goals += (Goal(key, f"A new one {step.number}"),)
        self._offer([key], random)
        self._note("goal_new", key)
        return True

    def _rename(self, step: Step, random: Random) -> bool:
        goal = random.choice(self.site.goals.goals)
        key = f"{goal.key.partition('.')[0]}.{step.number}"
        self._put(goal, replace(goal, key=key, was=(*goal.was, goal.key)))
        self._offer([key], random)
        self._note("goal_rename", goal.key, new=key)
        return True

    def _offer(self, keys: Sequence[str], random: Random) -> None:
        """Let an administrator offer keys in the fields, unless it is forgotten."""
        for name, tracker in sorted(self.site.trackers.items()):
            forgotten = random.random() < 0.25
            if forgotten or not isinstance(tracker.world, jira.World):
                continue
            for key in keys:
                jira.Person(tracker.world, tracker.world.user("admin")).add_option(FIELD, key)
                self.site.journal.note(
                    self.site.clock(), "admin", "restore_label_definition", tracker=name, surface="field", value=key
                )
