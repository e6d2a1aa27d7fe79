"""One history: a company, a daemon on a machine that dies, and a script; audited after every quiet period."""

from __future__ import annotations

import hashlib
import sqlite3
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import structlog

from tests.simulation import company
from tests.simulation.clock import Clock
from tests.simulation.crashes import Lightning
from tests.simulation.faults import Faults
from tests.simulation.goals import KINDS as GOAL_KINDS
from tests.simulation.goals import Goals
from tests.simulation.kim import Kim
from tests.simulation.machine import Machine, Network
from tests.simulation.network import ChatWire, Exchanges, TrackerWire
from tests.simulation.people import People
from tests.simulation.rehearsal import differences
from tests.simulation.script import AWAKE, DAY, Script, Step
from tests.simulation.site import Sent, Site
from vindaris_sync.engine.passes import PassReport
from vindaris_sync.sandbox import slack

_QUESTIONS = ("/search/jql", "/search", "/bulkfetch", "/graphql", "/permissions/check", "/approximate-count")
"""POST requests that change nothing."""
EVENING = AWAKE + 2.5 * 3600
"""Seconds of a day after which all that people did by day has been pulled; the night has not begun."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system without a disk, where there is one


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that does not hold: which, of what, and what was found."""

    law: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.law} {self.subject}: {self.text}"


Audit = Callable[[Site], "list[Any]"]
"""Judges a site at rest; each violation has ``law``, ``subject`` and ``text``."""


def no_audit(_: Site) -> list[Any]:
    """Find nothing."""
    return []


@dataclass(slots=True)
class Result:
    """What became of a history."""

    script: Script
    breaches: list[Breach] = field(default_factory=list)
    days: int = 0
    """Tracker-days that were lived through."""
    counts: Counter[str] = field(default_factory=Counter)
    digest: str = ""


class History:
    """Lives through a script. ``audit`` is called after every quiet period."""

    def __init__(self, script: Script, folder: Path, audit: Audit = no_audit) -> None:
        self.script, self.audit = script, audit
        self.clock = Clock()
        self.lightning = Lightning()
        self.result = Result(script)
        self.exchanges = Exchanges(self.clock, self.lightning, self._meanwhile)
        self.site = company.found(script.trackers, folder / "vindaris.db", self.clock)
        network = Network(
            TrackerWire(company.services(self.site), self.exchanges),
            ChatWire(slack.Slack(self.site.slack), self.exchanges),
        )
        self.site.requests = self.exchanges.log
        self.people, self.goals = People(self.site), Goals(self.site)
        self.faults = Faults(self.site, network, self.people)
        with self.lightning.over_commits():
            self.machine = Machine(self.site, network, script.seed, self._observe)
        self.kim = Kim(self.site, self.machine, self.people)
        self._steps = deque(sorted(script.steps, key=lambda step: (step.at, step.number)))
        self._late: list[tuple[int, Step]] = []
        self._random = Random(script.seed ^ 0x5EED)  # noqa: S311 - chance, not secrets
        self._defects: dict[str, None] = {}

    def run(self) -> Result:
        """Live through all days, or to the first breach; the result tells."""
        with self._watched(), self.lightning.over_commits():
            try:
                for day in range(self.script.days):
                    self._day(day * DAY)
                    self.result.days += len(self.script.trackers)
                    if not self.result.breaches:
                        self._judge()
                    if self.result.breaches:
                        break
            finally:
                self.lightning.clear()
                self.result.digest = self.digest() if not self.result.breaches else ""
                self.machine.stop()
        self.result.counts["requests"] = self.exchanges.total
        self.result.counts["crashes"] = self.lightning.struck + self.result.counts["terms"]
        return self.result

    # --- a day --------------------------------------------------------------------------------------------------------

    def _day(self, begin: float) -> None:
        while self.clock.monotonic() < begin + AWAKE:
            self._advance(self._random.choice((1.0, 30.0, 900.0, 1000.0, 1000.0, 1500.0)), begin + AWAKE)
            if self.clock.monotonic() >= self.faults.asleep_until:
                self._live(self.machine.tick)
        self._quieten()
        self._plan_law()
        self._rest(begin + EVENING)
        self._audit()  # before the night reads everything anew: what pulls have missed shows now
        self._rest(begin + DAY)

    def _rest(self, until: float) -> None:
        while self.clock.monotonic() < until:
            self._advance(self._random.choice((1500.0, 2400.0)), until)
            self._live(self.machine.tick)

    def _quieten(self) -> None:
        """End all troubles, once those that still wait have struck; what people meant to do today, they do now."""
        self._strike_armed()
        waiting, self._late = [step for _, step in self._late], []
        if faults := [step for step in waiting if step.sort == "fault"]:
            for step in faults:
                self._fire(step)
            self._live(self.machine.tick)
        self.faults.lift_all()
        for step in (step for step in waiting if step.sort == "people"):
            self._fire(step)

    def _advance(self, seconds: float, until: float) -> None:
        """Let time pass; what is due meanwhile happens."""
        end = min(self.clock.monotonic() + seconds, until)
        while self._steps and self._steps[0].at <= end:
            step = self._steps.popleft()
            self.clock.sleep(step.at - self.clock.monotonic())
            self.faults.lift_due()
            if step.late:
                self._late.append((self.exchanges.total + step.late, step))
            else:
                self._fire(step)
        self.clock.sleep(end - self.clock.monotonic())
        self.faults.lift_due()

    def _live(self, work: Callable[[], object]) -> None:
        """Let the daemon work; where it dies, it is started again a little later."""
        try:
            work()
        except BaseException:
            if not self.lightning.dead:
                raise
        asked = self.machine.progress.stopping
        if self.lightning.dead:
            self.site.journal.note(self.clock(), "fate", "crash:struck")
            self.lightning.clear()
            self.clock.sleep(self._random.choice((1, 10, 100)))
            self.machine.restart()
        if asked:
            self.result.counts["terms"] += 1
            self.machine.restart()

    def _strike_armed(self) -> None:
        """Let the daemon die between two ticks where the point has not come at which it was to die."""
        if self.lightning.armed:
            self.site.journal.note(self.clock(), "fate", "crash:resting")
            self.lightning.clear()
            self.lightning.struck += 1
            self.machine.restart()

    def _meanwhile(self, sent: Sent) -> None:
        """Let others act while a request is under way."""
        if not self._late or self.lightning.dead:
            return
        due = [step for at, step in self._late if at <= self.exchanges.total and not self._waits(step)]
        if due:
            self._late = [(at, step) for at, step in self._late if step not in due]
            with self.lightning.shelter():
                for step in due:
                    self._fire(step, sent)

    def _waits(self, step: Step) -> bool:
        """Whether a step cannot happen during an exchange: where a field's edit is known to be lost, or a clock's."""
        if step.kind in {"set_field", "drop_field"}:
            return self.site.trackers[step.tracker].kind == "jira-dc"
        return False

    def _fire(self, step: Step, sent: Sent | None = None) -> None:
        if step.sort == "crash":
            if step.kind == "term":
                self.machine.progress.stop()
            else:
                self._strike_armed()
                self.lightning.arm(step.kind, step.random().randint(1, 30))
            self.site.journal.note(self.clock(), "fate", f"crash:{step.kind}")
            return
        if step.sort == "fault":
            self.faults.strike(step)
            self.result.counts["faults"] += 1
            return
        with self.lightning.shelter():
            if step.kind in GOAL_KINDS:
                done = self.goals.act(step)
            elif step.kind.startswith("cli_"):
                done = self.kim.act(step)
            else:
                done = self.people.act(step, self._near(step, sent))
        self.result.counts["acts"] += done

    def _near(self, step: Step, sent: Sent | None) -> str:
        """Return the issue that is being written at this moment, if it is in the step's tracker."""
        if sent is None or sent.service != step.tracker or sent.method == "GET":
            return ""
        return next(
            (i for i in self.people.desks[step.tracker].issues() if self.people.named(step.tracker, i, sent)), ""
        )

    # --- judging ------------------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        self._quiet_law()
        self._audit()
        self.result.breaches += [Breach("L11", "the daemon", text) for text in self._defects]
        self.site.journal.quiet = len(self.site.journal.acts)
        self.exchanges.log.clear()

    def _audit(self) -> None:
        self.result.counts["audits"] += 1
        self.result.breaches += [Breach(each.law, str(each.subject), each.text) for each in self.audit(self.site)]

    def _plan_law(self) -> None:
        """L12: a dry run changes nothing, and plans what the round that follows it does for each tracker's issues."""
        self._live(lambda: None)  # a process that was asked to end does so first
        with self.clock.stopped():
            before, mark = self.machine.store.generation, len(self.exchanges.log)
            planned = self.machine.rehearse()
            asked = self.exchanges.log[mark:]
            del self.exchanges.log[mark:]  # what is judged by the log is what the daemon asked
            changed = self.machine.store.generation - before
            done = self.machine.round()
        wrong = [f"writes {sent.method} {sent.path}" for sent in asked if _writes(sent) or sent.service == "slack"]
        wrong += ["commits"] * bool(changed)
        wrong += differences(self.site, planned, done)
        self.result.breaches += [Breach("L12", "a dry run", each) for each in wrong[:3]]

    def _quiet_law(self) -> None:
        """L3: a second round at the same instant plans and writes nothing."""
        self.machine.round()
        with self.clock.stopped():
            before = self.machine.store.generation
            mark = len(self.exchanges.log)
            second = self.machine.round()
        writes = [sent for sent in self.exchanges.log[mark:] if _writes(sent)]
        for action in second.planned[:3]:
            self.result.breaches.append(Breach("L3", "second round", f"plans {action}"))
        for sent in writes[:3]:
            self.result.breaches.append(Breach("L3", "second round", f"writes {sent.method} {sent.path}"))
        self.result.counts["commits of a quiet round"] += self.machine.store.generation - before

    def _observe(self, report: PassReport) -> None:
        self.result.counts["passes" if report.kind == "pull" else "settles"] += 1
        self.result.counts[f"pass {report.outcome}"] += 1

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Take down every defect that the daemon logs, and no other line."""
        former = structlog.get_config()
        structlog.configure(processors=[self._logged], wrapper_class=structlog.make_filtering_bound_logger(40))
        try:
            yield
        finally:
            structlog.configure(**former)

    def _logged(self, _: Any, __: str, line: Any) -> Any:
        if line.get("event") == "defect" and not self.lightning.dead:
            self._defects.setdefault(f"{line.get('work')}: {traceback.format_exc(limit=-4)}")
        raise structlog.DropEvent

    def digest(self) -> str:
        """Return what this history was, in short: what happened, what was asked, and what the database holds."""
        whole = hashlib.sha256()
        for act in self.site.journal.acts:
            whole.update(f"{act}\n".encode())
        for sent in self.exchanges.log:
            whole.update(f"{sent}\n".encode())
        with closing(sqlite3.connect(self.site.database)) as database:
            for line in database.iterdump():
                if '"nightly"' not in line:  # it tells where the report lies: in a folder of this run's own
                    whole.update(line.replace(str(self.site.database.parent), "").encode())
        return whole.hexdigest()


def _writes(sent: Sent) -> bool:
    asking = sent.method == "GET" or sent.path.partition("?")[0].endswith(_QUESTIONS)
    return not asking and sent.service != "slack"


def live(script: Script, audit: Audit = no_audit) -> Result:
    """Live through a script in a folder of its own, in memory where that can be."""
    folder = Path(mkdtemp(prefix="vindaris-history-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        return History(script, folder, audit).run()
    finally:
        rmtree(folder, ignore_errors=True)
