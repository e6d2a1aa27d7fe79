"""The demo's summary: one calm page on what the pass found and did, at most 100 columns wide."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from vindaris_sync.cli.demo_pass import PassSeen, Row, seen
from vindaris_sync.cli.demo_stage import INSTALLED, Stage
from vindaris_sync.cli.demo_story import Shown
from vindaris_sync.cli.output import clean, out
from vindaris_sync.domain.findings import Findings, GoalRow
from vindaris_sync.domain.findings_json import from_json
from vindaris_sync.domain.goals import Outcome, outcome_progress
from vindaris_sync.domain.merge import Result
from vindaris_sync.domain.text import counted, percent
from vindaris_sync.sandbox.slack import Message

WIDEST = 100
_EXAMPLES = 2
_BAR = 8
_NARROW = 92  # below it, outcomes leave their metric out


def screen() -> Console:
    """Return the console of standard output, no wider than people read; a pipe is as wide as a page."""
    console = out()
    piped = not console.is_terminal and "COLUMNS" not in os.environ
    console.width = WIDEST if piped else min(console.width, WIDEST)
    return console


def show(stage: Stage, shown: Shown) -> None:
    """Print the summary."""
    console = screen()
    report = stage.app.store.last_report()
    findings = from_json(report.findings) if report else Findings(stage.today)
    what = seen(shown, stage.app.store)
    for part in (
        _title(stage),
        _pulled(stage, shown),
        _merged(what, shown),
        _reviews(what, findings),
        _coverage(findings, console.width),
        _chat(stage),
    ):
        console.print(part)
    _show_places(console, stage, report.path if report else "")


def section(title: str, *parts: RenderableType) -> RenderableType:
    """Return parts under a heading."""
    return Group(Text(title, style="bold cyan"), *(Padding.indent(part, 2) for part in parts), Text())


def _grid(*columns: Mapping[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0), expand=False)
    for column in columns:
        table.add_column(**{"no_wrap": True, "overflow": "ellipsis", **column})
    return table


# --- the parts ----------------------------------------------------------------------------------------------------


def _title(stage: Stage) -> RenderableType:
    company, goals = stage.company, stage.app.context.book().goals
    line = Text("Larkmoor Provisions", style="bold")
    line.append("  an invented wholesaler of fine food", style="dim")
    facts = (
        f"{counted(company.count(), 'issue')} and {company.pulls()} pull requests in 2 Jira projects and 2 GitHub "
        f"repositories, {len(goals)} goals. vindaris-sync was switched on {INSTALLED.days} days ago. Last night the "
        "daemon stood still while people went on working; this is the pass that catches up."
    )
    return Group(line, Text(facts, style="dim"), Text())


def _pulled(stage: Stage, shown: Shown) -> RenderableType:
    right = {"justify": "right"}
    table = _grid({}, right, right, right, right, right, right)
    table.show_header = True
    for column, name in zip(
        table.columns, ("", "first day", "pulled now", "new", "changed", "read again", "written"), strict=True
    ):
        column.header = Text(name, style="dim")
    for name in stage.app.context.trackers:
        reports = [report for report in shown.round.reports if report.tracker == name]
        counts = [
            sum(report.counts[key] for report in reports) for key in ("pulled", "new", "changed", "fetched", "written")
        ]
        table.add_row(Text(name, style="bold"), f"{shown.first[name]:,}", *(f"{count:,}" for count in counts))
    skipped = f"{stage.company.pulls()} pull requests are left out."
    quiet = " A second pass found nothing to do." if shown.quiet else ""
    return section("Pulled, and written back", table, Text(skipped + quiet, style="dim"))


def _merged(what: PassSeen, shown: Shown) -> RenderableType:
    means = {
        Result.IN_SYNC: "looked at, and nothing to do",
        Result.WRITE_BACK: "decided here: ",
        Result.ADOPT: "set by people there: ",
    }
    lines = [_line(row, 17, Text(means.get(Result(row.name), "")) + _examples(row, ", ")) for row in what.merged]
    changed = f"Goals with a new revision: {', '.join(shown.revised)}." if shown.revised else "No goal has changed."
    return section("What we hold against what the trackers show", *lines, Text(changed, style="dim"))


def _reviews(what: PassSeen, findings: Findings) -> RenderableType:
    backlog = Row("older than day one", findings.coverage.backlog)
    lines = [_line(row, 32, _examples(row, "  ")) for row in what.opened]
    lines.append(_line(backlog, 32, Text("listed, not labelled one by one", style="dim")))
    answers = ", ".join(f"{count} {answer}" for answer, count in sorted(what.closed.items()))
    waiting = f"{findings.reviews.waiting:,} are open in all. Closed by this pass: {answers or 'none'}."
    return section("Reviews opened, and why", *lines, Text(waiting, style="dim"))


def _line(row: Row, wide: int, rest: Text) -> Text:
    """Return one line: the name, the number, and as much of ``rest`` as there is room for."""
    line = Text(f"{row.name:<{wide}}", style="bold", no_wrap=True, overflow="ellipsis", end="")
    return Text.assemble(line, (f"{row.count:>3}  ", ""), rest, no_wrap=True, overflow="ellipsis")


def _examples(row: Row, between: str) -> Text:
    parts = [Text.assemble((clean(key), "cyan"), f" {clean(text, 70)}") for key, text in row.examples[:_EXAMPLES]]
    return Text(between).join(parts)


def _coverage(findings: Findings, width: int) -> RenderableType:
    table = _grid({"ratio": 1}, {}, {"justify": "right"}, {}, {"justify": "right"})
    table.expand = True
    table.show_header = True
    for column, name in zip(table.columns, ("", "output", "done", "outcome", ""), strict=True):
        column.header = Text(name, style="dim")
    for goal in findings.goals:
        table.add_row(*_goal(goal, wide=width >= _NARROW))
    c = findings.coverage
    states = f"{c.linked} linked, {c.inherited} inherited, {c.exempt} exempt, {c.unlinked} unlinked"
    line = Text.assemble((f"{percent(c.share)} of {c.total} open issues serve a goal: ", "bold"), states)
    return section("Coverage by goal: work done beside the outcome that it is for", table, line)


def _goal(goal: GoalRow, *, wide: bool) -> Sequence[RenderableType]:
    name = Text("  " * goal.depth) + Text(goal.key, style="bold")
    if goal.status != "active":
        name.append(f"  {goal.status}", style="yellow")
    elif goal.idle:
        name.append(f"  {goal.priority} without work", style="red")
    name.append(f"  {clean(goal.title)}")
    work = goal.below
    output = _bar(work.done, "green"), f"{work.closed}/{work.total}" if work.total else "–"  # noqa: RUF001 - a dash
    if not goal.outcomes:
        return name, *output, Text(), ""
    outcome = goal.outcomes[0]
    return name, *output, _bar(outcome_progress(outcome), "magenta"), _measured(outcome, wide=wide)


def _measured(outcome: Outcome, *, wide: bool) -> str:
    values = (outcome.baseline, outcome.current, outcome.target)
    baseline, current, target = ("?" if value is None else f"{value:,g}" for value in values)
    return f"{current} {outcome.unit}".rstrip() + f" ({baseline} → {target})" if wide else f"{current} → {target}"


def _bar(share: float | None, style: str) -> Text:
    full = round(min(max(share or 0.0, 0.0), 1.0) * _BAR)
    return Text("█" * full, style=style) + Text("░" * (_BAR - full), style="dim")


def _chat(stage: Stage) -> RenderableType:
    channel = stage.company.slack.channels["storefront"]
    told = sum(len(each.messages) for each in stage.company.slack.channels.values())
    chosen = next((message for message in reversed(channel.messages) if "no goal" in message.text.split("\n")[0]), None)
    if chosen is None:
        return Text()
    edits = f", edited {counted(len(chosen.edits), 'time')}" if chosen.edits else ""
    panel = Panel(_message(chosen), box=box.ROUNDED, title=f"#{channel.name}", title_align="left", border_style="dim")
    rest = Text(
        f"One living message for each subject{edits}; {told} messages in {len(stage.company.slack.channels)} channels.",
        style="dim",
    )
    return section("What the team reads in chat", panel, rest)


def _message(message: Message) -> Text:
    """Return a message as Slack shows it: its first line is the header."""
    head, *lines = [clean(line, 300) for line in html.unescape(message.text).splitlines()]
    return Text("\n").join([Text(head, style="bold"), *(Text(line) for line in lines if line)])


def _show_places(console: Console, stage: Stage, report: str) -> None:
    """Print where things lie, one line each, which the terminal wraps itself, so that they can be copied."""
    console.print(Text("Where things lie", style="bold cyan"))
    for name, value in _where(stage, report):
        console.print(Text.assemble(("  " + f"{name:<13}", "dim"), clean(value, 1000)), soft_wrap=True)
    console.print()


def _where(stage: Stage, report: str) -> Iterable[tuple[str, str]]:
    yield "report", report
    yield "goals", str(stage.goals.path)
    yield "trackers", f"{stage.server.url}/jira  {stage.server.url}/github"
    yield "look closer", f"{_program()} trace {stage.company.named['doors']} -c {stage.config}"


def _program() -> str:
    """Return how this program was called, so that what is shown can be copied."""
    called = sys.argv[0]
    return called if called.endswith("vindaris-sync") else "vindaris-sync"
