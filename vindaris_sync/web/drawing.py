"""The geometry of the pages' charts: numbers in, coordinates out; templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

WIDTH = 600.0
HEIGHT = 140.0
MOST = 240
"""Points drawn of a line; of more every so manieth, the last one always."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A line within ``WIDTH`` and ``HEIGHT``: its path, its points, and what its lower and upper edge mean."""

    path: str
    points: tuple[tuple[float, float], ...]
    low: float
    high: float
    target: float | None = None
    """How far down a target's line is."""


def chart(
    at: Sequence[datetime],
    values: Sequence[float | None],
    *,
    low: float | None = None,
    high: float | None = None,
    target: float | None = None,
) -> Chart | None:
    """Return values over time as a line, with gaps where a value is None; None where there is nothing to draw.

    The edges are ``low`` and ``high``, or what is least and most, a ``target`` among it.
    """
    known = [each for each in values if each is not None]
    if not known:
        return None
    reach = [*known, *([] if target is None else [target])]
    floor = min(reach) if low is None else low
    high = max(reach) if high is None else high
    if high == floor:  # a line that is level lies in the middle, unless the lower edge is stated
        floor, high = (floor - 1 if low is None else floor), high + 1
    chosen = _thinned(len(at))
    begin, length = at[0], (at[-1] - at[0]).total_seconds() or 1.0
    placed = [
        (
            round((at[n] - begin).total_seconds() / length * WIDTH, 1),
            None if (v := values[n]) is None else _y(v, floor, high),
        )
        for n in chosen
    ]
    return Chart(
        _path(placed),
        tuple((x, y) for x, y in placed if y is not None),
        floor,
        high,
        None if target is None else _y(target, floor, high),
    )


def _y(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low)
    return round(HEIGHT * (1 - min(max(share, 0.0), 1.0)), 1)


def _thinned(count: int) -> list[int]:
    step = max(ceil(count / MOST), 1)
    return sorted({*range(0, count, step), count - 1})


def _path(points: Sequence[tuple[float, float | None]]) -> str:
    parts: list[str] = []
    pen = "M"
    for x, y in points:
        if y is None:
            pen = "M"
            continue
        parts.append(f"{pen}{x},{y}")
        pen = "L"
    return " ".join(parts)
