"""What invented teammates do while the demo runs: each act, and how the trackers show that the daemon reacted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vindaris_sync.cli.demo_cast import EXEMPT, PREFIX, REVIEW, Cast
from vindaris_sync.domain.models import Exemption
from vindaris_sync.domain.records import Reason
from vindaris_sync.sandbox.company.company import PROJECTS


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what people read, what carries it out, and whether the daemon has reacted to it by now."""

    text: str
    expected: str
    do: Callable[[], object]
    reacted: Callable[[], bool]


@dataclass(slots=True)
class Troupe(Cast):
    """The teammates. One seed is one sequence of acts, as far as what they meet is the same."""

    _turns: list[Callable[[], Act | None]] = field(default_factory=list)

    def next(self) -> Act:
        """Return the next act that can be played; the first ones are always the same, then they are shuffled."""
        while True:
            self._turns = self._turns or self._cycle()
            act = self._turns.pop(0)()
            if act is not None:
                return act

    def _cycle(self) -> list[Callable[[], Act | None]]:
        turns: list[Callable[[], Act | None]] = [
            self.open_unlinked,
            self.set_goal,
            self.change_target,
            self.remove_label,
            self.move,
            self.take_label_off,
            self.open_linked,
            self.hang_elsewhere,
            self.exempt,
            self.misspell,
            self.ask,
            self.close,
            self.settle,
        ]
        if self.titles:
            self.random.shuffle(turns)
        return turns

    # --- new work -------------------------------------------------------------------------------------------------

    def open_unlinked(self) -> Act:
        """Open an issue that names no goal."""
        place, who, title, made = self.place(), self.who(), self.title(), list[str]()

        def do() -> None:
            made.append(self.desk(place).open(place, title, who))

        return Act(
            f"{_name(who)} opens “{title}” in {place} and names no goal",
            f"{REVIEW} is put on it",
            do,
            lambda: REVIEW in self.labels(made[0]),
        )

    def open_linked(self) -> Act:
        """Open an issue in Jira with the goal's label, and leave the field empty."""
        place, who, title, goal, made = (
            self.random.choice(list(PROJECTS)),
            self.who(),
            self.title(),
            self.goal(),
            list[str](),
        )

        def do() -> None:
            made.append(self.desk(place).open(place, title, who, labels=[PREFIX + goal]))

        return Act(
            f"{_name(who)} opens “{title}” in {place} with the label {PREFIX}{goal}",
            "the field Goal follows",
            do,
            lambda: self.shows(made[0], goal) and self.record(made[0]) is not None,
        )

    # --- decisions in the tracker ---------------------------------------------------------------------------------

    def set_goal(self) -> Act | None:
        """State the goal of an issue that has none."""
        key, who, goal = self.asked(Reason.UNLINKED), self.who(), self.goal()
        if key is None:
            return None
        means = "label" if "/" in key else "field"
        return Act(
            f"{_name(who)} sets the goal of {key} to {goal}, by {means}",
            f"{REVIEW} is taken off",
            self.goal_set(key, goal, who),
            lambda: REVIEW not in self.labels(key) and self.shows(key, goal),
        )

    def exempt(self) -> Act | None:
        """Say that an issue is no goal work."""
        key, who = self.asked(Reason.UNLINKED), self.who()
        if key is None:
            return None
        return Act(
            f"{_name(who)} puts {EXEMPT} on {key}",
            f"{REVIEW} is taken off",
            lambda: self.desk(key).add_label(key, EXEMPT, who),
            lambda: REVIEW not in self.labels(key) and isinstance(self.held(key).explicit, Exemption),
        )

    def settle(self) -> Act | None:
        """Decide a conflict: the next change of a person wins."""
        key, who, goal = self.asked(Reason.CONFLICT), self.who(), "GROWTH"
        if key is None:
            return None
        return Act(
            f"{_name(who)} settles {key}: it serves {goal}",
            f"{REVIEW} is taken off",
            self.goal_set(key, goal, who),
            lambda: REVIEW not in self.labels(key) and self.shows(key, goal),
        )

    def remove_label(self) -> Act | None:
        """Take the goal's label off."""
        key, who = self.linked(), self.who()
        if key is None:
            return None
        goal = next(iter(self.desk(key).goals(key)))
        return Act(
            f"{_name(who)} removes {PREFIX}{goal} from {key}",
            f"its link ends and {REVIEW} is put on",
            lambda: self.desk(key).remove_label(key, PREFIX + goal, who),
            lambda: REVIEW in self.labels(key) and not self.desk(key).goals(key),
        )

    def take_label_off(self) -> Act | None:
        """Say "what this issue shows is right"."""
        key, who = self.asked(Reason.GOAL_CHANGED, Reason.PARENT_CHANGED, Reason.GOAL_CLOSED), self.who()
        if key is None:
            return None
        return Act(
            f"{_name(who)} takes {REVIEW} off {key}: it is right as it is",
            "the link is confirmed",
            lambda: self.desk(key).remove_label(key, REVIEW, who),
            lambda: REVIEW not in self.labels(key) and not self.reasons(key),
        )

    def misspell(self) -> Act | None:
        """Name a goal that does not exist."""
        key, who, wrong = self.asked(Reason.UNLINKED), self.who(), self.goal()[:-1] + "X"
        if key is None:
            return None
        return Act(
            f"{_name(who)} labels {key} {PREFIX}{wrong}, which is no goal",
            "the label stays and is asked about",
            lambda: self.desk(key).add_label(key, PREFIX + wrong, who),
            lambda: Reason.UNKNOWN_GOAL in self.reasons(key) and PREFIX + wrong in self.labels(key),
        )

    def ask(self) -> Act | None:
        """Ask for a review."""
        key, who = self.linked(), self.who()
        if key is None:
            return None
        return Act(
            f"{_name(who)} puts {REVIEW} on {key}",
            "its review is opened",
            lambda: self.desk(key).add_label(key, REVIEW, who),
            lambda: Reason.REQUESTED in self.reasons(key) and REVIEW in self.labels(key),
        )

    # --- work and goals change ------------------------------------------------------------------------------------

    def change_target(self) -> Act | None:
        """Raise what a goal asks for."""
        key, who = self.linked(epic=True), self.who()
        if key is None:
            return None
        goal = next(iter(self.desk(key).goals(key)))
        before = float(self.stage.goals.read(goal, "target"))
        after = f"{before * self.random.choice((0.9, 0.95, 1.05, 1.1)):.3g}"
        return Act(
            f"{_name(who)} moves the target of {goal} from {before:g} to {after} in goals.toml",
            f"{REVIEW} is put on the work that carries it",
            lambda: self.stage.goals.edit(goal, "target", after),
            lambda: REVIEW in self.labels(key),
        )

    def hang_elsewhere(self) -> Act | None:
        """Put a story under an epic of another goal."""
        who, story = (
            self.who(),
            self.pick(self.inherits),
        )
        held = {key: self.held(key).goals for key in self.epics()}
        epics = [key for key, goals in held.items() if story and goals and goals != story.goals]
        if story is None or not epics:
            return None
        epic = self.random.choice(epics)
        goal = next(iter(self.desk(epic).goals(epic)), "")
        return Act(
            f"{_name(who)} moves {story.key} under {epic}, which serves {goal}",
            f"{REVIEW} is put on it",
            lambda: self.desk(epic).hang(story.key, epic, who),
            lambda: REVIEW in self.labels(story.key),
        )

    def move(self) -> Act | None:
        """Move a linked issue to another project."""
        key, who, made = self.linked(jira=True), self.who(), list[str]()
        if key is None:
            return None
        goals = self.desk(key).goals(key)
        target = next(place for place in PROJECTS if not key.startswith(f"{place}-"))

        def do() -> None:
            made.append(self.desk(key).move(key, target, who))

        return Act(
            f"{_name(who)} moves {key} to {target}",
            "its link goes with it",
            do,
            lambda: self.known(made[0]) and self.desk(target).goals(made[0]) == goals,
        )

    def close(self) -> Act | None:
        """Finish work that is asked about."""
        record, who = self.pick(lambda r: self.asks(r) and r.key not in self.epics()), self.who()
        if record is None:
            return None
        key = record.key
        return Act(
            f"{_name(who)} closes {key}",
            f"nothing is asked any more, {REVIEW} is taken off",
            lambda: self.desk(key).close(key, who),
            lambda: REVIEW not in self.labels(key) and not self.reasons(key),
        )


def _name(login: str) -> str:
    return login.title()
