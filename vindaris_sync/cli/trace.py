"""``trace``: from an issue to its goal and its outcomes, and from a goal to all its work."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, complete_goal, examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "trace",
        epilog=examples(
            "vindaris-sync trace APP-12",
            "vindaris-sync trace acme/web#7 --history 50",
            "vindaris-sync trace GROW-1",
            "vindaris-sync trace APP-12 --at 2026-03-31",
        ),
    )(trace)


def trace(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[
        str,
        typer.Argument(
            metavar="REF-or-GOAL",
            autocompletion=complete_goal,
            help="An issue (key, former key, TRACKER:ID) or a goal (its key; goal:KEY where an issue has the same).",
        ),
    ],
    *,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="As it was then: 2026-03-31, or with a time.")
    ] = None,
    history: Annotated[int, typer.Option("--history", metavar="N", min=0, help="Newest events shown.")] = 10,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Issues of a goal shown as text.")] = 200,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Trace an issue to its goal, or a goal to all its work.

    JSON of an issue: kind "issue", issue {issue, key, title, place, type, presence, closed}, state, suspect, carrier,
    chain [nearest parent first], rule {rule, name, fulfilled_by} where a link rule gives the link,
    links [{goal, provenance, who, at, revision, suspect, primary}], exemption,
    goals [{key, title, status, revision, parents, outcomes}], causes [{reason, detail, opened, backlog, answer}],
    history [newest first]. With --at: at, issue, chain, carrier, rule, links, goals as they were then.

    JSON of a goal: kind "goal", goal, parents, children, outcomes, work [{issue, key, title, closed, state, suspect,
    review, carrier, rule}], totals, history.
    """
    from vindaris_sync.cli import tracing, tracing_shown
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.cli.output import emit

    found = tracing.traced(load_config(config), name, at=at, events=history)
    if as_json:
        emit(found)
    else:
        tracing_shown.show(found, limit)
