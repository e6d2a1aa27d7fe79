"""One round over the trackers as a person asks for it: goals, every tracker once, alerts; and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vindaris_sync.app import App
from vindaris_sync.cli import planned
from vindaris_sync.cli.exits import DONE, DRIFT, UNUSABLE, USAGE
from vindaris_sync.cli.output import note, say, table
from vindaris_sync.domain.actions import Action, AskRule, OpenCause, SetExplicit
from vindaris_sync.domain.records import GoalBook
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import PassReport, Round, run_round
from vindaris_sync.engine.relay import relay

_COLUMNS = ("pulled", "new", "changed", "quarantined", "written", "refused", "stale", "failed")


@dataclass(frozen=True, slots=True)
class Went:
    """How a round went: the goals' problems and new revisions, the passes, and how many alerts were sent."""

    problems: tuple[str, ...]
    revised: tuple[str, ...]
    round: Round
    alerts: int = 0
    asked: tuple[Action, ...] = ()
    """What the goals' changes ask link rules."""

    def code(self, *, drift: bool) -> int:
        """Return the exit code; ``drift``: something to do is told by it."""
        if self.round.unusable:
            return UNUSABLE
        if self.problems:
            return USAGE
        return DRIFT if drift and self.to_do else DONE

    @property
    def to_do(self) -> bool:
        """Whether anything would be changed anywhere."""
        return bool(self.revised or self.asked or self.round.planned)


def go_round(app: App, trackers: Sequence[str]) -> Went:
    """Take goals over, run one pass of each tracker (or of ``trackers``) and, where we write at all, tell in chat."""
    context = app.context
    goals = refresh_goals(context)
    names = context.book().goals
    done = run_round(context, trackers)
    alerts = relay(context, app.channels) if context.writes else 0
    return Went(goals.problems, tuple(names[goal].key for goal in goals.revised), done, alerts, goals.asked)


def plan_document(went: Went, found: Sequence[planned.Line]) -> dict[str, Any]:
    """Return a plan as JSON has it."""
    return {
        "in_sync": not went.to_do,
        "goals": {"problems": went.problems, "revised": went.revised},
        "trackers": [_tracker(report) for report in went.round.reports],
        "actions": [line.document() for line in found],
    }


def run_document(went: Went) -> dict[str, Any]:
    """Return a round that was run as JSON has it."""
    return {
        "goals": {"problems": went.problems, "revised": went.revised},
        "trackers": [_tracker(report) for report in went.round.reports],
        "alerts": went.alerts,
    }


def _tracker(report: PassReport) -> dict[str, Any]:
    return {
        "tracker": report.tracker,
        "kind": report.kind,
        "outcome": report.outcome,
        "error": report.error,
        "advice": report.advice,
        "counts": dict(sorted(report.counts.items())),
    }


def lines_of(app: App, went: Went) -> list[planned.Line]:
    """Return the round's actions in words."""
    goals: GoalBook = app.context.book()
    return planned.lines(_executed(app, went), app.store, goals)


def _executed(app: App, went: Went) -> list[Action]:
    """Return the actions that a run carries out: a tracker's writes are its own pass's, as that decided them last."""
    own = {report.tracker for report in went.round.reports}
    writes = {(each.issue, each.surface.key): each for report in went.round.reports for each in report.writes}
    trackers = app.store.trackers_of(issue for issue, _ in writes)
    rest = [action for report in went.round.reports for action in report.actions]
    reports = went.round.reports
    published = [each for report in reports for each in report.published]
    homes = [each for report in reports for each in report.homes]
    linked = [each for report in reports for each in report.linked]
    return [
        *went.asked,
        *rest,
        *(each for each in writes.values() if trackers[each.issue] in own),
        *published,
        *homes,
        *linked,
    ]


def show_plan(went: Went, found: Sequence[planned.Line], *, everything: bool) -> None:
    """Print what a run would do."""
    if went.revised:
        say(f"Ask again about changed goals: {', '.join(went.revised)}", style="bold")
    planned.show(found, everything=everything)
    if not went.to_do and not went.round.unusable:
        say("In sync: there is nothing to do.")
    _show_waiting(went)
    show_troubles(went)


def show_run(went: Went) -> None:
    """Print what a run has done, one row for each tracker."""
    shown = [name for name in _COLUMNS if any(report.counts[name] for report in went.round.reports)]
    shown = shown or ["pulled"]
    table(("tracker", "pass", "outcome", *shown, "decided"), (_row(report, shown) for report in went.round.reports))
    opened = sum(isinstance(action, OpenCause | AskRule) for action in (*went.asked, *went.round.planned))
    changed = sum(isinstance(action, SetExplicit) for action in went.round.planned)
    say(f"links changed: {changed:,}; questions opened: {opened:,}; alerts sent: {went.alerts:,}")
    created = sum(report.counts["work created"] for report in went.round.reports)
    refused = sum(report.counts["work refused"] for report in went.round.reports)
    if created or refused:
        say(
            f"work created: {created:,}"
            + (f"; refused: {refused:,}, vindaris-sync work list says why" if refused else "")
        )
    published = sum(report.counts["publishing done"] for report in went.round.reports)
    homes = sum(report.counts["homes done"] + report.counts["hanging done"] for report in went.round.reports)
    if published or homes:
        say(f"goals' labels and options changed: {published:,}; changes to goals' issues and below them: {homes:,}")
    linked = sum(report.counts["work items linked"] for report in went.round.reports)
    unlinked = sum(report.counts["work items withdrawn"] for report in went.round.reports)
    if linked or unlinked:
        say(f"where goals are kept, work items linked: {linked:,}; unlinked: {unlinked:,}")
    _show_waiting(went)
    if went.revised:
        say(f"goals with a new revision: {', '.join(went.revised)}")
    show_troubles(went)


def _row(report: PassReport, shown: Sequence[str]) -> tuple[object, ...]:
    counts: Mapping[str, int] = report.counts
    return (
        report.tracker,
        report.kind,
        report.outcome,
        *(f"{counts.get(name, 0):,}" for name in shown),
        f"{counts.get('decided', 0):,}",
    )


def _show_waiting(went: Went) -> None:
    if waiting := sum(report.counts["work waiting"] for report in went.round.reports):
        say(f"Required work that waits: {waiting:,}; vindaris-sync work list says for what", style="dim")


def show_troubles(went: Went) -> None:
    """Print on standard error what did not work, and what to do about it."""
    for problem in went.problems:
        note(f"goals refused, the last good ones stay in force: {problem}", style="red")
    for report in went.round.unusable:
        note(f"{report.tracker} {report.outcome}: {report.error}", style="red")
        if report.advice:
            note(f"advice: {report.advice}", style="")
