"""The geometry of the page's charts: numbers in, coordinates out; the template draws them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vindaris_sync.domain.findings import Ages, Coverage, Point
from vindaris_sync.domain.leading import Birth

STATES = ("linked", "inherited", "exempt", "unlinked")
WIDTH = 1000.0
HEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: ``x`` and ``width`` of ``WIDTH``, ``share`` of 1."""

    name: str
    count: int
    share: float
    x: float
    width: float


def stacked(coverage: Coverage) -> tuple[Segment, ...]:
    """Return the link states side by side; they fill the bar, and an empty state has no width."""
    total = coverage.total or 1
    segments: list[Segment] = []
    x = 0.0
    for name in STATES:
        count = getattr(coverage, name)
        width = count / total * WIDTH
        segments.append(Segment(name, count, count / total, round(x, 2), round(width, 2)))
        x += width
    return tuple(segments)


def line(points: Sequence[Point]) -> str:
    """Return the share over time as an SVG path within ``WIDTH`` and ``HEIGHT``, by date; gaps where it is unknown."""
    first, last = points[0].at, points[-1].at
    length = (last - first).total_seconds() or 1.0
    parts: list[str] = []
    pen = "M"
    for point in points:
        share = point.coverage.share
        if share is None:
            pen = "M"
            continue
        x = (point.at - first).total_seconds() / length * WIDTH
        parts.append(f"{pen}{x:.1f},{HEIGHT * (1 - share):.1f}")
        pen = "L"
    return " ".join(parts)


def spark(values: Sequence[float]) -> str:
    """Return values as an SVG path within ``WIDTH`` and ``HEIGHT``, evenly spaced, the lowest at the bottom."""
    low, high = min(values), max(values)
    span, step = (high - low) or 1.0, WIDTH / max(len(values) - 1, 1)
    points = (f"{number * step:.1f},{HEIGHT * (1 - (value - low) / span):.1f}" for number, value in enumerate(values))
    return "M" + " L".join(points)


def births(birth: Birth) -> tuple[Segment, ...]:
    """Return how links came to be side by side; they fill the bar, what is unknown left out."""
    known = birth.created + birth.at_birth + birth.later or 1
    segments: list[Segment] = []
    x = 0.0
    for name, count in (("created", birth.created), ("at_birth", birth.at_birth), ("later", birth.later)):
        width = count / known * WIDTH
        segments.append(Segment(name, count, count / known, round(x, 2), round(width, 2)))
        x += width
    return tuple(segments)


def bars(ages: Ages) -> tuple[tuple[str, int, float], ...]:
    """Return how long things wait as (words, count, width of ``WIDTH``); the longest bar is full."""
    rows = (
        ("under a day", ages.day),
        ("1 to 6 days", ages.week),
        ("7 to 29 days", ages.month),
        ("30 days and more", ages.older),
    )
    most = max(count for _, count in rows) or 1
    return tuple((words, count, round(count / most * WIDTH, 1)) for words, count in rows)


def clamped(share: float | None) -> float:
    """Return a share as a width within the track; nothing where it is unknown."""
    return round(min(max(share or 0.0, 0.0), 1.0) * WIDTH, 1)
