"""A pass: gather one tracker, decide, apply. Level-triggered: what a crash left undone is found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from vindaris_sync.domain.actions import Action, WriteBack
from vindaris_sync.domain.homes import KeepHome
from vindaris_sync.domain.menus import Publish
from vindaris_sync.domain.models import Address
from vindaris_sync.domain.work_items import LinkItem
from vindaris_sync.engine.census import count
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.courtesy import NextPull, put_next_pull, remember
from vindaris_sync.engine.deciding import decide_due
from vindaris_sync.engine.gather import pull, read_parents, verify
from vindaris_sync.engine.guarding import guard
from vindaris_sync.engine.homes import keep_homes
from vindaris_sync.engine.looking import look_again
from vindaris_sync.engine.publishing import publish
from vindaris_sync.engine.work import make_required, recover
from vindaris_sync.engine.work_items import link_work_items
from vindaris_sync.engine.writing import write_back
from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient
from vindaris_sync.sdk.governor import Urgency

log = structlog.get_logger("vindaris_sync.pass")

_WHOLE = {"pull", "compare"}  # passes that read what a tracker says of everything
_MOST_SETTLING = 4  # a refused surface leaves the others to be written; there are about so many on an issue


@dataclass(slots=True)
class PassReport:
    """What one pass did. ``outcome`` is ``ok``, ``later`` (a passing fault) or ``stopped`` (a person must act)."""

    pass_id: str
    tracker: str
    kind: str
    outcome: str = "ok"
    counts: Counter[str] = field(default_factory=Counter)
    actions: list[Action] = field(default_factory=list)
    writes: list[WriteBack] = field(default_factory=list)
    published: list[Publish] = field(default_factory=list)
    homes: list[KeepHome] = field(default_factory=list)
    linked: list[LinkItem] = field(default_factory=list)
    error: str = ""
    advice: str = ""
    retry_after: timedelta | None = None
    rests: bool = False
    """Whether it ended because we keep away (a limit, kept quota, an open breaker): that is no failure."""

    @property
    def planned(self) -> list[Action]:
        """Everything that changes something, remote writes last."""
        return [*self.actions, *self.writes, *self.published, *self.homes, *self.linked]


def run_pass(  # noqa: PLR0913 - the daemon's, the night's and a person's passes differ in these
    context: Context,
    name: str,
    *,
    busy: Collection[str] = (),
    repair: bool = False,
    first: Callable[[], None] | None = None,
    plan: Callable[[PassReport], NextPull] | None = None,
) -> PassReport:
    """Run one pass of the tracker ``name``; its failures end in the report, never in an exception (L11).

    ``busy`` are trackers whose pages are being recorded at this moment: their issues are left to their own pass.
    ``repair`` probes what was refused, and ``first`` is done before anything else of the pass (the nightly reading).
    ``plan`` says at its end when the tracker is asked again, which is kept for ``status``.
    """
    others = _ready(context, set(context.trackers) - set(busy) - {name})
    tracker = context.trackers[name]

    def steps(report: PassReport) -> None:
        if first is not None:
            first()
        _gather(context, tracker, report)
        _decide(context, tracker, report, others, repair=repair)
        _create(context, tracker, report, repair=repair)
        report.published = publish(context, tracker, report.counts, look=repair)
        report.homes = keep_homes(context, tracker, report.counts, look=repair)
        report.linked = link_work_items(context, tracker, report.counts, look=repair)

    return _run(context, tracker, "compare" if first else "pull", steps, plan)


def _ready(context: Context, names: Collection[str]) -> set[str]:
    """Return those of ``names`` that were reached before and have not stopped: others' troubles stay theirs.

    Their surfaces are known, so no request is made while deciding, and nobody waits for a tracker that does not answer
    (L11). In a restored database a tracker's issues are as of the backup until its own pass has read them; where too
    many of a tracker's issues are missing nothing is decided.
    """
    reached = {name for name in names if name in context.layouts} - context.store.restored_trackers()
    return {name for name in reached - context.store.missing() if not context.store.tracker(name).stopped_reason}


def settle(context: Context, name: str, others: Collection[str] = ()) -> PassReport:
    """Decide and write what other passes and people made due in the tracker ``name``, without pulling.

    Parents that issues of other trackers name here are read. What that makes due in ``others`` is decided, too.
    """
    tracker = context.trackers[name]

    def steps(report: PassReport) -> None:
        _decide(context, tracker, report, others)

    with tracker.conduct.urgent(Urgency.DECIDED):
        return _run(context, tracker, "settle", steps)


def look(context: Context, name: str, named: Sequence[Address]) -> PassReport:
    """Look again at the issues that ``named`` leads to, decide what is due in the tracker, and write it."""
    tracker = context.trackers[name]

    def steps(report: PassReport) -> None:
        if (ears := context.nudges.ears().get(name)) and ears.last:
            context.store.put_note(heard_note(name), ears.last.isoformat())
        look_again(context, tracker, named, report.counts)
        _decide(context, tracker, report)

    return _run(context, tracker, "look", steps)


def heard_note(tracker: str) -> str:
    """Return the name of the note that holds when the tracker itself told us of a change last, for other processes."""
    return f"heard {tracker}"


def _gather(context: Context, tracker: Tracker, report: PassReport) -> None:
    recover(context, tracker, report.counts)
    pull(context, tracker, report.counts)
    count(context, tracker, report.counts)


def _decide(
    context: Context, tracker: Tracker, report: PassReport, others: Collection[str] = (), *, repair: bool = False
) -> None:
    """Decide and write; nothing while too many of the tracker's issues are missing (fault 56).

    Parents are read last, since every reading before may name one: who is decided without is asked about no more.
    """
    if tracker.name in context.store.missing():
        report.counts["waiting until issues are back"] = context.store.due_count(tracker.name)
        return
    verify(context, tracker, report.counts)
    read_parents(context, tracker, report.counts)
    guard(context, tracker, report.counts)
    decided = decide_due(context, report.pass_id, tracker.name, others, repair=repair)
    report.counts += decided.counts
    report.actions, report.writes = decided.actions, decided.writes
    _write(context, tracker, report)


def _create(context: Context, tracker: Tracker, report: PassReport, *, repair: bool) -> None:
    """Create the work that goals require; nothing while too many of the tracker's issues are missing (fault 56)."""
    if tracker.name in context.store.missing():
        return
    if repair:
        context.store.retry_work(tracker.name)
    with tracker.conduct.urgent(Urgency.DECIDED):
        report.actions += make_required(context, tracker, report.counts, look=repair)


def _write(context: Context, tracker: Tracker, report: PassReport) -> None:
    """Write to this tracker; what was decided for others stays due and is theirs to write."""
    if not (context.writes and report.writes):
        return
    own = context.store.trackers_of(write.issue for write in report.writes)
    mine = [write for write in report.writes if own[write.issue] == tracker.name]
    with tracker.conduct.urgent(Urgency.DECIDED):
        refusals = write_back(context, tracker, mine, report.counts)
    for refusal in refusals:
        log.warning("refused", tracker=tracker.name, key=refusal.write.address.key, reason=refusal.reason)


def _run(
    context: Context,
    tracker: Tracker,
    kind: str,
    steps: Callable[[PassReport], None],
    plan: Callable[[PassReport], NextPull] | None = None,
) -> PassReport:
    report = PassReport(str(context.new_id()), tracker.name, kind)
    started, asked = context.now(), tracker.conduct.requests
    with context.lock(tracker.name):
        context.store.begin_pass(report.pass_id, tracker.name, kind, started)
        try:
            if paused := tracker.conduct.paused:
                raise NotNow(paused)
            context.meet(tracker.name)
            steps(report)
            if kind in _WHOLE:
                _end_restored(context, tracker.name)
            tracker.conduct.succeeded()
        except Transient as error:
            report.outcome, report.error, report.retry_after = "later", str(error), error.retry_after
            report.rests = isinstance(error, NotNow)
            _count_failure(context, tracker, report)
        except TrackerUnusable as error:
            report.outcome, report.error, report.advice = "stopped", str(error), error.advice
            context.store.stop(tracker.name, error.reason, f"{error}. {error.advice}".strip(), context.now())
        _note_clock(context, tracker)
        _end(context, tracker, report, tracker.conduct.requests - asked, plan)
    _say(report, context.now() - started)
    return report


def _count_failure(context: Context, tracker: Tracker, report: PassReport) -> None:
    """Let the breaker know that the tracker failed; while it is open, nobody asks."""
    now = context.now()
    if not report.rests:
        tracker.conduct.failed(now)
    until = tracker.conduct.breaker.until
    if until is not None and until > now:
        report.retry_after = max(until - now, report.retry_after or timedelta())


def _end(
    context: Context,
    tracker: Tracker,
    report: PassReport,
    requests: int,
    plan: Callable[[PassReport], NextPull] | None,
) -> None:
    """Keep how the pass ended, how we stand with the tracker, and when it is asked again, in one transaction."""
    report.counts.update({"requests": requests} if requests else {})
    with context.store.transaction():
        if report.outcome == "ok":
            context.store.resume(tracker.name, context.now())
        context.store.end_pass(report.pass_id, report.outcome, report.counts, context.now(), report.error)
        remember(context.store, tracker.name, tracker.conduct, requests, context.now())
        if plan is not None:
            put_next_pull(context.store, tracker.name, plan(report))


def _end_restored(context: Context, name: str) -> None:
    """Trust a restored database again for a tracker that was read; one that is configured no more is not waited for."""
    marked = context.store.restored_trackers()
    if name in marked:
        context.store.end_restored(name, *(marked - context.trackers.keys()))
        log.warning("restored: the tracker's word was taken", tracker=name)


def _note_clock(context: Context, tracker: Tracker) -> None:
    """Remember and tell once when our clock and the tracker's went apart, and when they agree again."""
    off, known = tracker.clock.astray, context.store.note(clock_note(tracker.name))
    if (off is None) == (known is None):
        return
    context.store.put_note(clock_note(tracker.name), None if off is None else round(off.total_seconds()))
    if off is None:
        log.info("clocks agree again", tracker=tracker.name)
    else:
        advice = "set this machine's clock; acts that depend on time pause until then"
        log.warning("clocks differ", tracker=tracker.name, ahead_seconds=round(off.total_seconds()), advice=advice)


def clock_note(tracker: str) -> str:
    """Return the name of the note that holds by how many seconds we were found ahead of the tracker's clock."""
    return f"clock {tracker}"


def _say(report: PassReport, took: timedelta) -> None:
    """Write the pass's one canonical log line."""
    line = log.info if report.outcome == "ok" else log.warning
    line(
        "pass",
        pass_id=report.pass_id,
        tracker=report.tracker,
        kind=report.kind,
        outcome=report.outcome,
        seconds=round(took.total_seconds(), 3),
        **{name.replace(" ", "_"): count for name, count in sorted(report.counts.items()) if count},
        **({"error": report.error} if report.error else {}),
    )


@dataclass(frozen=True, slots=True)
class Round:
    """Every tracker once, and what they made due in one another."""

    reports: tuple[PassReport, ...]

    @property
    def planned(self) -> list[Action]:
        """Everything that changes something, in order."""
        return [action for report in self.reports for action in report.planned]

    @property
    def unusable(self) -> list[PassReport]:
        """The passes that did not end well."""
        return [report for report in self.reports if report.outcome != "ok"]


def _named_first(context: Context, names: list[str]) -> list[str]:
    """Return the trackers whose issues others name as parents before those others: what they name is then known."""
    references = (tracker.settings.parent_reference for tracker in context.trackers.values())
    named = {reference.tracker for reference in references if reference}
    return sorted(names, key=lambda name: name not in named)


def _wanted_above(context: Context, names: Collection[str]) -> list[str]:
    """Return those of the trackers in which a parent is to be read that an issue of another one names."""
    return [name for name in sorted(names) if context.store.unread_parents(name)]


def run_round(context: Context, names: Collection[str] = ()) -> Round:
    """Run one pass of each tracker (or of ``names``), then settle what they made due in one another."""
    chosen = _named_first(context, list(names) or list(context.trackers))
    for name in chosen:  # so that a first round decides like any other (L12)
        with suppress(Transient, TrackerUnusable), context.lock(name):  # its own pass will tell what is wrong
            context.meet(name)
    reports = [run_pass(context, name) for name in chosen]
    well = {report.tracker for report in reports if report.outcome == "ok"}
    reports += [settle(context, name, _ready(context, well - {name})) for name in _wanted_above(context, well)]
    well -= {report.tracker for report in reports if report.outcome != "ok"}
    for _ in range(_MOST_SETTLING if context.writes else 0):
        due = well.intersection(context.store.trackers_due(context.waking()))
        if not due:
            break
        settled = [settle(context, name) for name in chosen if name in due]
        well -= {report.tracker for report in settled if report.outcome != "ok"}
        reports += settled
    return Round(tuple(reports))
