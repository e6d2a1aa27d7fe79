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
            "vindaris-sync trace outcome:NRR --depth 1",
            "vindaris-sync trace GROW-1 --at 2026-10-01",
            "vindaris-sync trace GROW-1 --all --dot | dot -Tsvg > growth.svg",
            "vindaris-sync trace GROW-1 --mermaid",
        ),
    )(trace)


def trace(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[
        str,
        typer.Argument(
            metavar="REF-or-GOAL",
            autocompletion=complete_goal,
            help="An issue (key, former key, TRACKER:ID), a goal (its key; goal:KEY where an issue has the same), or "
            "outcome:METRIC.",
        ),
    ],
    *,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="As it was then: 2026-03-31, or with a time.")
    ] = None,
    history: Annotated[int, typer.Option("--history", metavar="N", min=0, help="Newest events shown.")] = 10,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="About how many issues are shown.")] = 200,
    depth: Annotated[
        int | None, typer.Option("--depth", metavar="N", min=0, help="Levels shown below a goal; default: all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show all goals and issues, none summed up.")] = False,
    as_dot: Annotated[bool, typer.Option("--dot", help="Print a graph for Graphviz.")] = False,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a flowchart for Mermaid.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Trace an issue up to its goal and outcomes, or a goal or an outcome down to all its work.

    Output is the share of linked work that is done, by count, and by estimate where the tracker has one; outcome is
    what was measured, on its way from baseline to target. With --at: as of then, as the history tells.

    JSON of an issue: kind "issue", issue {issue, key, title, place, type, presence, closed}, state, must_link, suspect,
    carrier, chain [nearest parent first], chain_end (why it is not whole: a circle, a parent that is gone or was never
    read), rule {rule, name, fulfilled_by} where a link rule gives the link,
    links [{goal, provenance, who, at, revision, suspect, primary}], exemption,
    goals [{key, title, status, revision, parents, outcomes}], causes [{reason, detail, opened, backlog, answer}],
    history [newest first]. With --at: at, issue, closed, chain, carrier, rule, links, goals as they were then.

    JSON of a goal or an outcome: kind "goal" or "outcome", at, goal {…, parents}, children, history (of a goal), metric
    (of an outcome), goals [{key, title, parent, depth, status, priority, period, revision, outcomes [{metric, unit,
    baseline, target, current, progress, measured, how, trend}], output {own, below {issues, done, share}, estimates
    [{unit, done, total, issues, share}]}}], work [{issue, key, title, url, place, type, presence, closed, estimate,
    state, goals, parent, suspect, review, rule, carrier}], totals. Nothing is left out or summed up in it.
    """
    from vindaris_sync.app import open_store
    from vindaris_sync.cli import tracing_shown
    from vindaris_sync.cli.exits import Refusal
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.cli.output import emit
    from vindaris_sync.cli.tracing_tree import Bounds
    from vindaris_sync.engine.tracing import instant, traced

    if as_json + as_dot + as_mermaid > 1:
        raise Refusal("choose one of --json, --dot and --mermaid")
    loaded, moment = load_config(config), None if at is None else instant(at)
    with open_store(loaded) as store:
        found = traced(store, loaded.trackers, name, at=moment, events=history)
    bounds = Bounds(depth, None if everything else limit)
    if as_json:
        emit(found)
    elif as_dot or as_mermaid:
        tracing_shown.graph(found, bounds, mermaid_wanted=as_mermaid)
    else:
        tracing_shown.show(found, bounds)
