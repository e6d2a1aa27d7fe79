"""Outcomes as programs read them, and what is shown to people is made from."""

from __future__ import annotations

from typing import Any

from vindaris_sync.domain.goals import Outcome, outcome_progress
from vindaris_sync.domain.readings import Series, metric_of, sparkline


def outcome_document(outcome: Outcome, series: Series) -> dict[str, Any]:
    """Return an outcome with how far it has come, 0 at the baseline and 1 at the target, and its newest reading.

    ``trend`` are its latest readings, drawn.
    """
    found = series.get(metric_of(outcome.metric), ())
    return {
        "metric": outcome.metric,
        "unit": outcome.unit,
        "baseline": outcome.baseline,
        "target": outcome.target,
        "current": outcome.current,
        "progress": outcome_progress(outcome),
        "measured": found[-1].at if found else None,
        "how": found[-1].how if found else None,
        "trend": sparkline([each.value for each in found]),
    }
