"""What happened before the curtain rises: a week with the daemon, and a morning of people's acts without it.

The morning holds every row of the merge table (R3) and every cause of a review (R7); the pass that follows is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vindaris_sync.cli.demo_stage import INSTALLED, Stage
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import Round, run_round
from vindaris_sync.engine.relay import relay
from vindaris_sync.sandbox.company import Desk
from vindaris_sync.sandbox.company.company import mapping

Decide = Callable[[Record, GoalBook, By], Plan]

_WEB, _API = "larkmoor/pantry-web", "larkmoor/basket-api"
_ROUNDS = 5  # a round's writes and their reading back settle well within


@dataclass(frozen=True, slots=True)
class Shown:
    """The pass that is shown: what was held of every issue just before it, what it did, and which goals changed."""

    round: Round
    before: Mapping[int, Record]
    revised: tuple[str, ...]
    first: Mapping[str, int]
    """Issues that each tracker's first full pull brought."""
    quiet: bool = False
    """Whether a second round found nothing to do (L3)."""


def tell(stage: Stage) -> Shown:
    """Play the week and the morning, then run the pass that is shown, at the present, with chat and nightly report."""
    return _Story(stage).play()


class _Story:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.company = stage.company
        self.context = stage.app.context
        self.store = stage.app.store
        self.named = stage.company.named

    def play(self) -> Shown:
        self._at(INSTALLED)
        first = self._switched_on()
        self._first_week()
        self._night()
        self._morning()
        self._at(timedelta())
        shown = self._shown(first)
        quiet = not self._settled().planned
        self.stage.clock.present()
        self.stage.app.run_nightly(self.context.now().date())
        return replace(shown, quiet=quiet)

    # --- the past -------------------------------------------------------------------------------------------------

    def _switched_on(self) -> dict[str, int]:
        """Day one: everything there is becomes backlog, and the spreadsheet of epics and goals is imported."""
        refresh_goals(self.context, promote_all=True)
        reports = self._settled()
        first = {report.tracker: report.counts["pulled"] for report in reports.reports}
        self._at(INSTALLED - timedelta(hours=2))
        for name, goal in mapping().items():
            self._decide(name, _link(goal), who="runa", how="import", why="mapping.csv")
        ends = self.stage.today - timedelta(minutes=40)
        self._decide("upgrade", lambda r, g, by: decisions.exempt(r, ends, g, by), who="aiko", why="maintenance")
        self._settled()
        return first

    def _first_week(self) -> None:
        """Let new work come, some of it linked, and a goal change."""
        self._at(timedelta(days=5))
        self._open("late", "APP", "Order again from last week's list", "ines", "goal:GROWTH")
        self._open("dock", "OPS", "Book docks by the quarter hour", "leila", "goal:ROUTES")
        self._open("rollback", _API, "Roll back a release with one command", "oskar", "goal:TRUST")
        self._open("thaw", "OPS", "Thaw alarm rings in the wrong depot", "bram", kind="Bug", above="cold")
        self._label("training", "goal:COLD", "bram")
        self._label("audit", "no-goal", "noor")
        self._settled()
        self._at(timedelta(days=2))
        self.stage.goals.edit("COLD", "target", "0.5")
        self._open("guest", "APP", "Order as a guest of a colleague", "tomas")
        self._open("spare", "OPS", "Spare keys for the two new vans", "leila")
        self._settled()

    def _night(self) -> None:
        """Last night: the nightly comparison, so that today's report has one to be compared with."""
        self._at(timedelta(hours=26))
        self._settled()
        self.stage.app.run_nightly((self.stage.today - timedelta(days=1)).date())

    def _settled(self) -> Round:
        """Run rounds until one has nothing left to do, deliver what is to be told, and return the first of them."""
        rounds = []
        for _ in range(_ROUNDS):
            refresh_goals(self.context, promote_all=True)
            rounds.append(run_round(self.context))
            if not rounds[-1].planned:
                break
        relay(self.context, self.stage.app.channels)
        return rounds[0]

    # --- the morning ----------------------------------------------------------------------------------------------

    def _morning(self) -> None:
        self._at(timedelta(hours=3))
        self._merge_table()
        self._at(timedelta(hours=2))
        self._reviews()
        self._at(timedelta(hours=1))
        self._elsewhere()

    def _merge_table(self) -> None:
        self._retitle("webforms", "Registration forms that forgive and explain", "tomas")  # in sync
        for name, goal in {"recipes": "SEARCH", "stock": "FRESH", "keyboard": "SEARCH"}.items():  # write back
            self._decide(name, _link(goal), who="aiko", why="planning")
        self._goal("loyalty", "GROWTH", "ines")  # adopt, by field
        self._label("idempotent", "goal:TRUST", "oskar")  # adopt, by label
        self._label("shelves", "no-goal", "bram")  # adopt an exemption
        self._decide("scale", _link("COLD"), who="bram", why="planning")  # record agreement
        self._goal("scale", "COLD", "noor")
        self._decide("gifts", _link("GROWTH"), who="ines", why="planning")  # conflict
        self._goal("gifts", "SEARCH", "aiko")

    def _reviews(self) -> None:
        self._open("vouchers", "APP", "Vouchers for kitchens that bring another kitchen", "tomas")  # unlinked
        self._open("allergens", _WEB, "Allergens on the order confirmation *before* paying <!here>", "aiko")
        self._open("pallets", "OPS", "Fold empty pallets before they go back", "leila")
        self._open("trace", _API, "Trace one order through all services", "oskar")
        self._desk("training").remove_label(self.named["training"], "goal:COLD", "noor")  # link removed
        self.stage.goals.edit("CHECKOUT", "target", "1.2")  # goal changed
        self.stage.goals.edit("INVOICES", "status", '"achieved"')  # goal closed
        self.stage.goals.edit("LARK", "current", "1510")  # immaterial
        self._desk("ice").hang(self.named["ice"], self.named["routes"], "leila")  # parent changed
        self._label("suppliers", "goal:COLDCHAIN", "bram")  # unknown goal
        self._label("crates", "goal-review", "leila")  # requested
        self._desk("cold").remove_label(self.named["cold"], "goal-review", "bram")  # confirmed: COLD is right

    def _elsewhere(self) -> None:
        self._open("receipt", "APP", "Receipt by text message", "ines", "goal:GROWTH")
        self.company.move("banner", "OPS", "ines")
        self.company.move("zip", _WEB, "oskar")
        self._desk("robots").delete(self.named["robots"], "aiko")
        self._desk("progress").close(self.named["progress"], "tomas")

    def _shown(self, first: Mapping[str, int]) -> Shown:
        ids = [issue for name in self.context.trackers for issue in self.store.ids(name).values()]
        before = self.store.view_records(ids)
        revised = refresh_goals(self.context, promote_all=True).revised
        goals = self.context.book().goals
        done = run_round(self.context)
        relay(self.context, self.stage.app.channels)
        return Shown(done, before, tuple(goals[goal].key for goal in revised), first)

    # --- people's words -------------------------------------------------------------------------------------------

    def _at(self, before: timedelta) -> None:
        self.stage.clock.at(self.stage.today - before)

    def _desk(self, name: str) -> Desk:
        return self.company.desk(self.named[name])

    def _open(  # noqa: PLR0913 - what a form asks for
        self, name: str, place: str, title: str, who: str, *labels: str, kind: str = "", above: str = ""
    ) -> None:
        desk, parent = self.company.desk(place), self.named.get(above, "")
        self.named[name] = desk.open(place, title, who, kind=kind, above=parent, labels=labels)

    def _label(self, name: str, label: str, who: str) -> None:
        self._desk(name).add_label(self.named[name], label, who)

    def _goal(self, name: str, goal: str, who: str) -> None:
        self._desk(name).set_goal(self.named[name], goal, who)

    def _retitle(self, name: str, title: str, who: str) -> None:
        self._desk(name).retitle(self.named[name], title, who)

    def _decide(self, name: str, decide: Decide, *, who: str, how: str = "command line", why: str = "") -> None:
        """Take a decision as the command line does: into the store, for the next pass to write."""
        now: datetime = self.context.now()
        record = self.store.view_records(self.store.find(self.named[name])[:1])
        with self.store.transaction():
            for one in record.values():
                self.store.apply(decide(one, self.context.book(), By(who, how, why, now)), how, now)


def _link(goal: str) -> Decide:
    def decide(record: Record, goals: GoalBook, by: By) -> Plan:
        found = goals.find(goal)
        assert found is not None, goal  # noqa: S101 - a goal of the bundled file
        return decisions.link(record, [found], goals, by, Provenance.CHOSEN)

    return decide
