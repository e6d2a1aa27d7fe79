"""Outcomes whose values stand in number fields of goals' issues. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vindaris_connectors.jira.goal_settings import OutcomeFields
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.sdk.outcome_tables import VALUES, Unreadable, amount_in


def outcomes_of(fields: Mapping[str, Any], wanted: Sequence[OutcomeFields], ids: Mapping[str, str]) -> list[Outcome]:
    """Return the outcomes whose values stand in fields; one without any value is none. Raises ``Unreadable``."""
    found = []
    for each in wanted:
        values = {
            name: _field_value(fields.get(ids[field]), f"field {field!r}")
            for name in VALUES
            if (field := getattr(each, name))
        }
        if any(value is not None for value in values.values()):
            found.append(Outcome(each.metric, each.unit, **values))
    return found


def _field_value(value: object, place: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        return amount_in(value, place)[0]
    raise Unreadable(f"{place} holds no number: name a number field in outcomes")
