"""Outcomes as goals' issues state them: a table in the description, or number fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from vindaris_connectors.jira.goal_settings import OutcomeFields
from vindaris_connectors.jira.texts import Table, Text
from vindaris_sync.domain.goals import Outcome, fold

_COLUMNS = {
    "metric": "metric", "outcome": "metric", "key result": "metric", "measure": "metric",
    "unit": "unit", "baseline": "baseline", "start": "baseline", "from": "baseline",
    "target": "target", "to": "target", "current": "current", "now": "current", "actual": "current",
}  # fmt: skip
"""What a column's head may say, folded, and what it means."""

_NUMBER = re.compile(r"([+-]?\d[\d,. \u00a0\u202f]*|[+-]?\.\d+)\s*(\D*)")
_VALUES = ("baseline", "target", "current")


class Unreadable(ValueError):
    """A part of a goal that cannot be read; the text names the place and the way out."""


def outcomes_in(text: Text) -> tuple[tuple[Outcome, ...], Text]:
    """Return the outcomes of the first table whose head names a metric and a target, and the text without that table.

    Raises ``Unreadable``.
    """
    for table in text.tables:
        columns = _columns(table)
        if {"metric", "target"} <= set(columns):
            return tuple(_rows(table, columns)), text.without(table)
    return (), text


def _columns(table: Table) -> list[str]:
    return [_COLUMNS.get(fold(cell), "") for cell in (table[0] if table else ())]


def _rows(table: Table, columns: Sequence[str]) -> Iterator[Outcome]:
    for number, row in enumerate(table[1:], 1):
        cells = {name: cell for name, cell in zip(columns, row, strict=False) if name}
        if any(cells.values()):
            yield _outcome(cells, f"description, table of outcomes, row {number}")


def _outcome(cells: Mapping[str, str], place: str) -> Outcome:
    if not cells.get("metric"):
        raise Unreadable(f"{place}: Metric is empty: say what is measured")
    values, units = {}, [cells.get("unit", "")]
    for name in _VALUES:
        values[name], unit = _amount(cells.get(name, ""), f"{place}: {name.capitalize()}")
        units.append(unit)
    return Outcome(cells["metric"], next(filter(None, units), ""), **values)


def _amount(text: str, place: str) -> tuple[float | None, str]:
    """Return the number that ``text`` begins with and the unit behind it: ``98.5 %``, ``1,200 users``, ``-``."""
    if text in ("", "-", "?", "–", "—", "n/a", "N/A", "tbd", "TBD"):  # noqa: RUF001 - what people write
        return None, ""
    found = _NUMBER.fullmatch(text.strip())
    value = None if found is None else _number(found[1])
    if found is None or value is None:
        raise Unreadable(f"{place} {text[:40]!r} is no number: write one, 98.5 or 98.5 %, or leave it empty")
    return value, found[2].strip()


def _number(text: str) -> float | None:
    """Return a number as people write it: ``1,200.5``, ``1 200``, ``98,5``; None where it could be two of them."""
    digits = re.sub(r"[ \u00a0\u202f]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif digits.count(",") == 1 and "." not in digits:
        digits = digits.replace(",", ".")
    try:
        value = float(digits)
    except ValueError:
        return None
    return value if isfinite(value) else None


def outcomes_of(fields: Mapping[str, Any], wanted: Sequence[OutcomeFields], ids: Mapping[str, str]) -> list[Outcome]:
    """Return the outcomes whose values stand in fields; one without any value is none. Raises ``Unreadable``."""
    found = []
    for each in wanted:
        values = {
            name: _field_value(fields.get(ids[field]), f"field {field!r}")
            for name in _VALUES
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
        return _amount(value, place)[0]
    raise Unreadable(f"{place} holds no number: name a number field in outcomes")
