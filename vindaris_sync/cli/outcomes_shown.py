"""Outcomes as people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vindaris_sync.cli.output import moment
from vindaris_sync.domain.readings import STATED
from vindaris_sync.domain.text import percent


def outcome_line(outcome: Mapping[str, Any]) -> str:
    """Return an outcome in one line: ``checkout conversion 2.9 of 3.5 % (from 2.1): 57 %  ▁▃█``."""
    amounts = {
        name: "?" if outcome[name] is None else f"{outcome[name]:g}" for name in ("baseline", "current", "target")
    }
    text = f"{outcome['metric']} {amounts['current']} of {amounts['target']} {outcome['unit']}".strip()
    trend = f"  {outcome['trend']}" if len(outcome["trend"]) > 1 else ""
    return f"{text} (from {amounts['baseline']}): {percent(outcome['progress'])}{trend}"


def provenance(how: str, at: Any) -> str:  # noqa: ANN401 - an instant, or none
    """Return by which means a value came, and when."""
    return f"{'stated by its source' if how == STATED else how}, {moment(at)}"
