"""The figures of one night that trends are drawn from: few, stable names, so that years of them are read at once."""

from __future__ import annotations

from collections.abc import Mapping

from vindaris_sync.domain.findings import Findings

_DAY = 86_400


def night_of(findings: Findings) -> Mapping[str, float | None]:
    """Return a report's figures by name; None where there is nothing to measure.

    ``coverage``: the share of open work that serves a goal. ``born``: of the links whose birth is known, the share that
    came with the issue. ``oldest``: for how many days the longest waiting review waits. ``waiting``: open reviews.
    ``drift``: differences found between trackers and record; ``left``: those that were not repaired.
    """
    oldest = [row.oldest for row in findings.reviews.open if row.oldest is not None]
    found = sum(row.found for row in findings.drift)
    return {
        "coverage": findings.coverage.share,
        "open": findings.coverage.total,
        "unlinked": findings.coverage.unlinked,
        "born": findings.birth.share,
        "waiting": findings.reviews.waiting,
        "oldest": round((findings.at - min(oldest)).total_seconds() / _DAY, 2) if oldest else 0,
        "suspect": findings.suspect.total,
        "drift": found,
        "left": found - sum(row.repaired for row in findings.drift),
    }
