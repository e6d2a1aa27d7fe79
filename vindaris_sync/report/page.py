"""The report as one self-contained page: no script, nothing loaded from elsewhere, readable on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from vindaris_sync.domain.findings import Findings, Point, Slice
from vindaris_sync.domain.goals import outcome_progress
from vindaris_sync.domain.text import counted, percent, points, signed
from vindaris_sync.report import charts, words
from vindaris_sync.report.folds import folds
from vindaris_sync.report.lasting import remarks

SHOWN = 10
"""Issues shown of each list; the tables hold all of them."""

PARTS = 25
"""Teams, trackers or places shown of each."""

_KINDS = "team tracker place"
_LONGEST_URL = 2000


def to_html(findings: Findings) -> str:
    """Return the page; whatever strangers wrote stands in it as text, and links lead to web pages only."""
    return _template().render(
        f=findings,
        zone=words.zone(findings),
        moved=_moved(findings),
        trend=(*findings.trend, Point(findings.at, findings.coverage)),
        groups=tuple(_groups(findings)),
        folds=folds(findings.goals),
        remarks=remarks(findings),
        shown=SHOWN,
        parts=PARTS,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("vindaris_sync.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, charts=charts, outcome_progress=outcome_progress)
    environment.filters.update(
        percent=percent, points=points, signed=signed, counted=counted, title=words.title, web=web_link, n=_number
    )
    return environment.get_template("page.html.j2")


def _number(number: int) -> str:
    return f"{number:,}"


def web_link(url: str) -> str:
    """Return ``url`` where it leads to a web page, else an empty text; no other scheme is ever linked."""
    fits = url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL and url.isprintable()
    return url if fits and " " not in url else ""


def _moved(findings: Findings) -> dict[str, Any]:
    return dict(findings.change.numbers) if findings.change else {}


def _groups(findings: Findings) -> Iterator[tuple[str, tuple[Slice, ...], int]]:
    """Yield each kind of part, teams first, with its parts, the most unlinked first, and how many are left out."""
    for kind in sorted({each.kind for each in findings.slices}, key=_KINDS.find):
        rows = sorted(
            (each for each in findings.slices if each.kind == kind),
            key=lambda each: (-each.coverage.unlinked, each.name),
        )
        yield kind, tuple(rows[:PARTS]), len(rows[PARTS:])
