"""The Rust project's goals as goals: each period is a goal, and so is each of its flagships.

Input: one JSON object a line with ``id``, ``period``, ``title``, ``metadata`` and ``summary``.

    python examples/project_goals.py rust_project_goals.jsonl.gz --feed > goals.json
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from stated import Goal, arguments, lines_of, one_line, slug, write

_STATUS = {"Accepted": "active", "Proposed": "proposed", "Not accepted": "abandoned"}


def goals(stated: Iterable[dict[str, Any]]) -> Iterator[Goal]:
    """Yield periods and flagships, each before what is below it, and then the goals."""
    told = list(stated)
    for period in dict.fromkeys(each["period"] for each in told):
        yield {"key": period, "title": f"Rust in {period}", "period": period}
    flagships = {_flagship(each): each for each in told if _flagship(each)}
    for key, each in flagships.items():
        yield {
            "key": key,
            "title": each["metadata"]["flagship"],
            "parent": each["period"],
            "period": each["period"],
            "priority": "P0",
        }
    yield from map(_goal, told)


def _flagship(each: dict[str, Any]) -> str:
    name = each["metadata"].get("flagship")
    return f"{each['period']}/{slug(name)}" if name and not _is_flagship(each) else ""


def _is_flagship(each: dict[str, Any]) -> bool:
    """Return whether the goal is a flagship itself, as the earlier periods say it."""
    return str(each["metadata"].get("flagship")).casefold() == "yes"


def _goal(each: dict[str, Any]) -> Goal:
    return {
        "key": each["id"],
        "title": one_line(each["title"] or each["id"].rpartition("/")[2].replace("-", " ")),
        "description": one_line(each.get("summary") or ""),
        "parent": _flagship(each) or each["period"],
        "status": _STATUS.get(each["metadata"].get("status"), "proposed"),
        "period": each["period"],
        "priority": "P0" if _is_flagship(each) else None,
        "owner": each["metadata"].get("point of contact"),
    }


if __name__ == "__main__":
    given = arguments("The Rust project's goals as goals.", "one JSON object a line, .jsonl or .jsonl.gz")
    write(goals(lines_of(given.source)), feed=given.feed)
