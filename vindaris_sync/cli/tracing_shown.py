"""A trace as text."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.outcomes_shown import outcome_line
from vindaris_sync.cli.output import moment, say, table
from vindaris_sync.cli.tracing_graph import dot, mermaid
from vindaris_sync.cli.tracing_tree import Bounds, drawn, nodes

Document = Mapping[str, Any]


def show(found: Document, bounds: Bounds) -> None:
    """Print a trace; ``bounds`` say how much of a goal's work."""
    if found["kind"] == "past":
        _past(found)
    elif found["kind"] == "issue":
        _issue(found)
    else:
        _goals(found, bounds)


def graph(found: Document, bounds: Bounds, *, mermaid_wanted: bool) -> None:
    """Print the trace of goals as a graph for other programs."""
    if "work" not in found:
        raise Refusal("only goals and outcomes are drawn", advice="trace the issue's goal, or goal:KEY")
    tree = nodes(found, bounds)
    sys.stdout.write(mermaid(tree) if mermaid_wanted else dot(tree))
    sys.stdout.flush()


def _issue(found: Document) -> None:
    _head(found["issue"])
    say(f"  {_state(found)}")
    carrier, rule = found["carrier"], found["rule"]
    for depth, above in enumerate(found["chain"], 1):
        carries = "   ← carries the link" if carrier and above["issue"] == carrier["issue"] else ""
        carries += "   ← fulfils the rule" if rule and above["issue"] == rule["fulfilled_by"]["issue"] else ""
        say(f"  {'   ' * (depth - 1)}└─ {above['key']}  {above['title']}{_closed(above)}{_away(found, above)}{carries}")
    if found["chain_end"]:
        say(f"  {'   ' * len(found['chain'])}└─ {found['chain_end']}", style="yellow")
    for link in found["links"]:
        by = f"{link['provenance']} by {link['who'] or 'unknown'}, {moment(link['at'])}"
        by = f"{rule['rule']}: {rule['name']}, {moment(link['at'])}" if rule else by
        if link["provenance"] == "goal":
            itself = found["is_goal"] == link["goal"]
            by = f"{'it' if itself else carrier['key']} is that goal, stated so since {moment(link['at'])}"
        say(
            f"  linked to {link['goal']} ({by}, at revision {link['revision']})"
            + (", suspect" if link["suspect"] else "")
        )
    if (exemption := found["exemption"]) is not None:
        until = f"until {moment(exemption.expires)}" if exemption.expires else "without end"
        say(f"  no goal work: {exemption.reason} ({exemption.author}, {moment(exemption.at)}, {until})")
    for goal in found["goals"]:
        _outcomes(goal)
    for cause in found["causes"]:
        backlog = ", backlog" if cause["backlog"] else ""
        answer = f", {cause['answer']}" if cause["answer"] else ""
        say(
            f"  review: {cause['reason']}: {cause['detail']} (since {moment(cause['opened'])}{backlog}{answer})",
            style="yellow",
        )
    _history(found["history"])


def _away(found: Document, above: Document) -> str:
    """Return in which tracker a parent is, where that is another one than the issue's."""
    tracker, own = (each["issue"].partition(":")[0] for each in (above, found["issue"]))
    return f" · in {tracker}" if tracker != own else ""


def _head(issue: Document) -> None:
    say(f"{issue['key']}  {issue['title']}", style="bold")
    there = "" if issue["presence"] == "present" else f" · {issue['presence'].replace('_', ' ')}"
    say(f"  {issue['issue']} · {issue['type']} in {issue['place']}{_closed(issue)}{there}", style="dim")


def _closed(issue: Document) -> str:
    return " · closed" if issue["closed"] else ""


def _state(found: Document) -> str:
    if found["due"]:
        return "not decided yet: the next pass does"
    if found["is_goal"] is not None:
        return f"it is the goal {found['is_goal']} itself"
    if found["state"] is None:
        return "not tracked"
    extra = [", its parent is unknown"] if found["parent_unknown"] else []
    extra += [", its type must carry a link itself"] if found["must_link"] and not found["links"] else []
    extra += [", suspect: its goal has changed since"] if found["suspect"] else []
    return f"state: {found['state']}{''.join(extra)}"


def _outcomes(goal: Document) -> None:
    facts = " · ".join(str(goal[name]) for name in ("status", "priority", "period") if goal[name])
    say(f"  goal {goal['key']}  {goal['title']} ({facts}, revision {goal['revision']})", style="bold")
    for outcome in goal["outcomes"]:
        say(f"     outcome: {outcome_line(outcome)}")
    for depth, above in enumerate(goal["parents"], 1):
        say(f"  {'   ' * depth}└─ {above['key']}  {above['title']}")
        for outcome in above["outcomes"]:
            say(f"  {'   ' * depth}      outcome: {outcome_line(outcome)}")


_STYLES = {"goal": "bold", "outcome": "magenta", "more": "dim"}


def _goals(found: Document, bounds: Bounds) -> None:
    if found["at"] is not None:
        say(f"as of {moment(found['at'])}", style="dim")
    if found["kind"] == "goal":
        _above(found["goal"])
    tree = nodes(found, bounds)
    for before, node in drawn(tree):
        say(f"{before}{node.text}", style=_STYLES.get(node.kind, "dim" if node.done else ""))
    if not found["work"]:
        say("  no work serves this goal" if found["kind"] == "goal" else "  no work serves these goals")
    elif any(node.kind == "more" for node in tree):
        say("  --all shows everything, --limit and --depth less or more", style="dim")
    _history(found.get("history", []))


def _above(goal: Document) -> None:
    for depth, above in enumerate(reversed(goal["parents"])):
        say(f"{'  ' * depth}{above['key']}  {above['title']}", style="dim")
        for outcome in above["outcomes"]:
            say(f"{'  ' * depth}   outcome: {outcome_line(outcome)}", style="dim")


def _past(found: Document) -> None:
    closed = ", closed" if found["closed"] else ""
    say(f"{found['issue']['key']}  {found['issue']['title']}{closed}, as of {moment(found['at'])}", style="bold")
    for depth, above in enumerate(found["chain"], 1):
        say(f"  {'   ' * (depth - 1)}└─ {above['key']}  {above['title']}")
    if found["rule"] is not None:
        say(f"  served {', '.join(found['links'])} by {found['rule']}")
    elif found["carrier"] is None:
        say("  it served no goal")
        return
    else:
        _past_link(found)
    for goal in found["goals"]:
        say(
            f"  {goal['key']}: {goal['contents']['title']} (revision {goal['revision']}, since {moment(goal['since'])})"
        )
        for outcome in goal["outcomes"]:
            say(f"     outcome: {outcome_line(outcome)}")


def _past_link(found: Document) -> None:
    through = "" if found["carrier"]["issue"] == found["issue"]["issue"] else f" through {found['carrier']['key']}"
    say(f"  served {', '.join(found['links'])}{through}")


def _history(events: list[Document]) -> None:
    rows = (
        (moment(each["at"]), each["event"], _change(each), each["who"] or each["how"], each["why"]) for each in events
    )
    table(("when", "what happened", "", "who", "why"), rows)


def _change(event: Document) -> str:
    before, after = (_plain(event[name]) for name in ("before", "after"))
    return f"{before or 'nothing'} → {after or 'nothing'}" if before != after else ""


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else ("" if not value else "(contents)")
