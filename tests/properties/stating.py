"""What an operator does about link rules: state others, and say that they still lead to the right goal."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.properties.world import World
from vindaris_sync.domain import decisions, ruling
from vindaris_sync.domain.rules import Condition, Stated

URGENT = {Condition.LABEL: ("Urgent",)}
RULES = st.sampled_from([
    (),
    (Stated("A", URGENT),),
    (Stated("B", {**URGENT, Condition.PLACE: ("app",)}), Stated("A", URGENT)),
    (Stated("D", URGENT), Stated("C", {Condition.TRACKER: ("west",), Condition.PLACE: ("OPS", "APP")})),
])  # fmt: skip
"""Link rules: none, one, two that overlap, and one whose goal may come later."""


class Operator(RuleBasedStateMachine):
    """Acts of an operator, in any order among all others."""

    world: World

    @rule(rules=RULES)
    def state_rules(self, rules: tuple[Stated, ...]) -> None:
        """State other link rules, and start again."""
        self.world.rules = rules
        self.world.restart()

    @rule()
    def confirm_rules(self) -> None:
        """Say that every rule still leads to the right goal."""
        self.world.run(self._confirm_rules)

    def _confirm_rules(self) -> None:
        world, by = self.world, decisions.By("kim", "command line", "as before", self.world.clock())
        with world.store.transaction():
            book = world.context.book()
            seen = {goal.id: goal.revision for goal in book.goals.values()}
            for each in world.store.rule_book().rules:
                world.store.apply(ruling.confirm(each, book, seen, (), by), "", world.clock())
