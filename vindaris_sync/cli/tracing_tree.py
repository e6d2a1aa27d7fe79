"""What of a trace from goals downwards is shown: nodes in the order of a tree, summed up where there are many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from vindaris_sync.cli.outcomes_shown import outcome_line
from vindaris_sync.cli.output import clean
from vindaris_sync.domain.text import counted, percent

Document = Mapping[str, Any]
Kind = Literal["goal", "outcome", "issue", "more"]

_TITLE = 90
_LEAST = 3
"""Issues shown of a goal that has so many, however many goals there are."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is shown: ``depth`` levels below what was asked for, and about so many issues; None: all of them."""

    depth: int | None = None
    issues: int | None = 200


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that is shown, below the node ``above`` (empty: a root). ``done``: a finished issue, a closed goal."""

    id: str
    above: str
    depth: int
    kind: Kind
    text: str
    done: bool = False


def nodes(found: Document, bounds: Bounds) -> list[Node]:
    """Return what is shown of the goals and the work of a trace, parents first."""
    return list(_Selection(found, bounds).nodes())


@dataclass(slots=True)
class _Selection:
    """Chooses what is shown; what is left out is counted where it would have stood."""

    found: Document
    bounds: Bounds
    own: dict[str, list[Document]] = field(default_factory=lambda: defaultdict(list))
    """Issues by the goal they serve."""

    def __post_init__(self) -> None:
        for issue in self.found["work"]:
            for goal in issue["goals"]:
                self.own[goal].append(issue)

    def nodes(self) -> Iterator[Node]:
        goals = self.found["goals"]
        below: dict[str, list[Document]] = defaultdict(list)
        for goal in goals:
            if goal["depth"]:
                below[goal["parent"]].append(goal)
        waiting: list[tuple[Document, str]] = [(goal, "") for goal in reversed(goals) if not goal["depth"]]
        while waiting:
            goal, above = waiting.pop()
            name = f"goal:{goal['key']}"
            yield Node(name, above, goal["depth"], "goal", goal_text(goal), goal["status"] in ("achieved", "abandoned"))
            yield from self._outcomes(goal, name)
            yield from self._issues(goal, name)
            shown, silent = self._worth_showing(below[goal["key"]], goal["depth"])
            waiting += [(child, name) for child in reversed(shown)]
            if silent:
                yield Node(f"more:{name}", name, goal["depth"] + 1, "more", _left(silent))

    def _outcomes(self, goal: Document, above: str) -> Iterator[Node]:
        for number, outcome in enumerate(goal["outcomes"]):
            text = f"outcome: {outcome_line(outcome)}"
            yield Node(f"outcome:{number}:{above}", above, goal["depth"] + 1, "outcome", text)

    def _worth_showing(self, goals: Sequence[Document], depth: int) -> tuple[list[Document], list[Document]]:
        """Return the goals that are shown, and those that are counted: too deep, or many without any work."""
        if self.bounds.depth is not None and depth >= self.bounds.depth:
            return [], list(goals)
        if self.bounds.issues is None:
            return list(goals), []
        idle = [goal for goal in goals if not goal["output"]["below"]["issues"] and not goal["outcomes"]]
        if len(idle) <= _LEAST:
            return list(goals), []
        return [goal for goal in goals if goal not in idle], idle

    def _issues(self, goal: Document, name: str) -> Iterator[Node]:
        work = self.own[goal["key"]]
        within = {issue["issue"] for issue in work}
        children: dict[str, list[Document]] = defaultdict(list)
        for issue in sorted(work, key=lambda each: each["closed"]):
            children[issue["parent"] if issue["parent"] in within else ""].append(issue)
        left, room = {issue["issue"]: issue for issue in work}, self._room()
        waiting = [(issue, name, goal["depth"] + 1) for issue in reversed(children[""])]
        while waiting and (room is None or len(work) - len(left) < room):
            issue, above, depth = waiting.pop()
            if issue["issue"] not in left or (self.bounds.depth is not None and depth > self.bounds.depth):
                continue
            del left[issue["issue"]]
            own = f"{name}/{issue['issue']}"
            yield Node(own, above, depth, "issue", issue_text(issue), issue["closed"])
            waiting += [(child, own, depth + 1) for child in reversed(children[issue["issue"]])]
        if left:
            yield Node(f"rest:{name}", name, goal["depth"] + 1, "more", _rest(list(left.values())))

    def _room(self) -> int | None:
        if self.bounds.issues is None:
            return None
        return max(_LEAST, self.bounds.issues // max(sum(1 for each in self.own.values() if each), 1))


def goal_text(goal: Document) -> str:
    """Return a goal in one line, with its output: ``GROW-1  Faster checkout (P1) · 3 of 10 done, 30 %``."""
    facts = [goal["status"] if goal["status"] != "active" else "", goal["priority"] or "", goal["period"] or ""]
    about = f" ({', '.join(filter(None, facts))})" if any(facts) else ""
    return f"{goal['key']}  {clean(goal['title'], _TITLE)}{about} · {output_text(goal['output'])}"


def output_text(output: Document) -> str:
    """Return the output of a goal: with all below it, by count, and by estimate where there is one."""
    work = output["below"]
    if not work["issues"]:
        return "no work"
    parts = [f"{work['done']:,} of {work['issues']:,} done, {percent(work['share'])}"]
    parts += [
        f"{each['done']:,.6g} of {each['total']:,.6g} {each['unit']}, {percent(each['share'])} "
        f"({each['issues']:,} estimated)"
        for each in output["estimates"]
    ]
    return " · ".join(parts)


def issue_text(issue: Document) -> str:
    """Return an issue in one line: ``APP-12  Pay by card · closed · through APP-7``."""
    there = issue["presence"].replace("_", " ") if issue["presence"] != "present" else ""
    through = issue["rule"] or ""
    asked = ", ".join([*issue["review"], *(["suspect"] if issue["suspect"] else [])])
    facts = ("closed" if issue["closed"] else "", issue["state"], there, through, asked)
    return " · ".join((f"{issue['key']}  {clean(issue['title'], _TITLE)}", *filter(None, facts)))


def _rest(issues: Sequence[Document]) -> str:
    done = sum(1 for issue in issues if issue["closed"])
    return f"… and {counted(len(issues), 'more issue')}, {done:,} done"


def _left(goals: Sequence[Document]) -> str:
    issues = sum(goal["output"]["below"]["issues"] for goal in goals)
    work = "without work" if not issues else f"with {counted(issues, 'issue')}"
    return f"… and {counted(len(goals), 'more goal')} {work}"


def drawn(tree: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """Yield each node with the lines that hang it into the tree, in front of its text."""
    last = {node.above: node.id for node in tree}
    open_at: list[str] = []
    depth_of: dict[str, int] = {"": -1}
    for node in tree:
        depth = depth_of[node.id] = depth_of[node.above] + 1
        ends = last[node.above] == node.id
        if not depth:
            open_at = []
            yield "", node
            continue
        open_at = open_at[: depth - 1]
        yield "".join(open_at) + ("└─ " if ends else "├─ "), node
        open_at.append("   " if ends else "│  ")
