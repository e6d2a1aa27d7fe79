"""OKRs that are kept as Markdown pages as goals: a page is a goal, objectives are below it, key results are outcomes.

Input: pages whose headings are teams, whose numbered items are objectives, and whose items below those are key results;
what follows ``=>`` is what became of one. A tar archive holds many pages.

    python examples/okrs.py okrs.tar.gz > goals.d/okrs.toml
    python examples/okrs.py - < 2026-Q4.md > goals.toml
"""

from __future__ import annotations

import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from stated import Goal, arguments, one_line, slug, write

_LONGEST = 160
_DONE = re.compile(r"\W*(done|yes|complete|achieved|shipped)", re.IGNORECASE)
_AMOUNT = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)\s?([%xkM])?(?![\w-])")
_DATES = re.compile(r"from (\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)")


def goals(name: str, text: str) -> Iterator[Goal]:
    """Yield the goals of one page, ``name`` being what it is called; nothing for a page without objectives."""
    objectives = list(_objectives(text))
    if not objectives:
        return
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    title = _plain(heading[1]) if heading else name
    root = slug(title.removesuffix("OKRs"), 16).upper() or slug(name, 16).upper()
    dates = _DATES.search(text)
    period = f"{dates[1]}..{dates[2]}" if dates else None
    yield {"key": root, "title": title, "period": period}
    for number, (team, objective, results) in enumerate(objectives, 1):
        yield {
            "key": f"{root}-{number}",
            "title": objective,
            "parent": root,
            "owner": team,
            "period": period,
            "outcomes": list(_outcomes(results)),
        }


def _objectives(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (team, objective, its key results as they are written)."""
    team, objective, results = "", "", list[str]()
    for line in text.splitlines():
        heading = re.match(r"##+ (.+)", line)
        item = re.match(r"(\s*)(?:\d+\.|[-*]) +(.+)", line)
        if heading or (item and not item[1]):
            if objective:
                yield team, objective, results
            objective, results = "", []
        if heading:
            team = _plain(heading[1])
        elif item and item[1]:
            results.append(item[2])
        elif item and re.match(r"\d+\.", line):
            objective = _plain(re.split(r"\s*=+>", item[2])[0])[:_LONGEST]
    if objective:
        yield team, objective, results


def _outcomes(results: list[str]) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for text in results:
        stated, *rest = re.split(r"\s*=+>", text, maxsplit=1)
        became = "".join(rest)
        metric = _plain(stated)[:_LONGEST]
        if metric and metric.casefold() not in seen:
            seen.add(metric.casefold())
            yield {"metric": metric, **_measured(metric, became)}


def _measured(metric: str, became: str) -> dict[str, Any]:
    """Return unit, baseline, target and current: of an amount that is named, else of whether it is done."""
    if _DONE.match(became) or not (amount := _AMOUNT.search(metric)):
        done = 1 if _DONE.match(became) else 0 if became.strip() else None
        return {"unit": "done", "baseline": 0, "target": 1, "current": done}
    found = _AMOUNT.search(_plain(became))
    current = _value(found[1]) if found and found[2] == amount[2] else None
    return {"unit": amount[2] or "", "baseline": 0, "target": _value(amount[1]), "current": current}


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def _plain(text: str) -> str:
    """Return Markdown without links, emphasis and HTML, and without the words that only say what kind of item it is."""
    text = re.sub(r"\[([^]]*)\](?:\([^)]*\)|\[[^]]*\])?", r"\1", text)
    text = re.sub(r"<[^>]*>|[*_`]+", "", text)
    text = one_line(text)
    return one_line(re.sub(r"^(?:OBJECTIVE|KR\d*|Objective)\s*:\s*", "", text))


def _pages(source: str) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of one page, or of all pages in an archive that have OKRs in their titles."""
    if source == "-":
        yield "goals", sys.stdin.read()
    elif ".tar" in source:
        with tarfile.open(source) as archive:
            for member in sorted(archive, key=lambda each: each.name):
                if member.name.endswith(".md") and (file := archive.extractfile(member)):
                    text = file.read().decode("utf-8")
                    if re.match(r"# .*OKRs?\b", text):
                        yield PurePosixPath(member.name).stem, text
    else:
        yield Path(source).stem, Path(source).read_text("utf-8")


if __name__ == "__main__":
    given = arguments("OKRs on Markdown pages as goals.", "a page, .md, or an archive of pages, .tar.gz")
    write((goal for page in _pages(given.source) for goal in goals(*page)), feed=given.feed)
