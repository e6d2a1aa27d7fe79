"""Kim on the command line: decisions through us, in a process beside the daemon's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from tests.simulation.machine import EXEMPT_DAYS, Machine
from tests.simulation.people import People
from tests.simulation.script import Step
from tests.simulation.site import Site
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.records import GoalBook, Record


class Kim:
    """Decides about issues that the store knows."""

    def __init__(self, site: Site, machine: Machine, people: People) -> None:
        self.site, self.machine, self.people = site, machine, people

    def act(self, step: Step) -> bool:
        """Let a step happen; return whether it did."""
        acts: dict[str, Callable[[Step, Random], bool]] = {
            "cli_link": self._link,
            "cli_confirm": self._confirm,
            "cli_exempt": self._exempt,
            "cli_unlink": self._unlink,
        }
        return acts[step.kind](step, step.random())

    def _decide(
        self,
        step: Step,
        decision: Callable[[Record, GoalBook, decisions.By], Plan],
        wanted: Callable[[Record], bool] = lambda _: True,
        **detail: str,
    ) -> bool:
        for issue in self.people.order(step):
            record = self.machine.record(step.tracker, issue)
            if record is not None and wanted(record):
                done = self.machine.decide(record, decision)
                if done:
                    self.site.journal.note(
                        self.site.clock(), "kim", step.kind, tracker=step.tracker, issue=issue, **detail
                    )
                return done
        return False

    def _link(self, step: Step, random: Random) -> bool:
        book = self.machine.context.book()
        if not book.goals:
            return False
        goal = random.choice(sorted(book.goals.values(), key=lambda one: one.id))
        return self._decide(
            step,
            lambda record, book, by: decisions.link(record, [goal.id], book, by, Provenance.CHOSEN),
            value=goal.key,
        )

    def _confirm(self, step: Step, _: Random) -> bool:
        def decision(record: Record, book: GoalBook, by: decisions.By) -> Plan:
            seen = {goal.id: goal.revision for goal in book.goals.values()}
            return decisions.confirm(record, self.machine.chain(record), book, seen, by)

        return self._decide(step, decision, lambda record: any(cause.answer is None for cause in record.causes))

    def _exempt(self, step: Step, _: Random) -> bool:
        expires = self.site.clock.machine() + timedelta(days=EXEMPT_DAYS)
        return self._decide(step, lambda record, book, by: decisions.exempt(record, expires, book, by))

    def _unlink(self, step: Step, _: Random) -> bool:
        return self._decide(step, decisions.unlink, lambda record: bool(record.explicit))
