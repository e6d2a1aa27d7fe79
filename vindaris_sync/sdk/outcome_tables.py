"""Outcomes as people write them into a goal's description: a table whose head names a metric and a target. Pure.

The same in every tracker, however its texts are marked up: a connector makes a ``Text`` of lines and tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from vindaris_sync.domain.goals import Outcome, fold

Table = tuple[tuple[str, ...], ...]
"""Rows of cells, each of them plain text; a header row is a row like others."""

_COLUMNS = {
    "metric": "metric", "outcome": "metric", "key result": "metric", "measure": "metric",
    "unit": "unit", "baseline": "baseline", "start": "baseline", "from": "baseline",
    "target": "target", "to": "target", "current": "current", "now": "current", "actual": "current",
}  # fmt: skip
"""What a column's head may say, folded, and what it means."""

_NUMBER = re.compile(r"([+-]?\d[\d,. \u00a0\u202f]*+|[+-]?\.\d++)\s*+(\D*+)")
VALUES = ("baseline", "target", "current")
"""An outcome's values."""


class Unreadable(ValueError):
    """A part of a goal that cannot be read; the text names the place and the way out."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text: lines and tables in their order."""

    blocks: tuple[str | Table, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables."""
        return tuple(block for block in self.blocks if not isinstance(block, str))

    def without(self, table: Table) -> Text:
        """Return the text less this one of its tables."""
        return Text(tuple(block for block in self.blocks if block is not table))

    def __str__(self) -> str:
        lines = (block if isinstance(block, str) else "\n".join(map(" | ".join, block)) for block in self.blocks)
        return "\n".join(line for line in lines if line.strip())


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
    for name in VALUES:
        values[name], unit = amount_in(cells.get(name, ""), f"{place}: {name.capitalize()}")
        units.append(unit)
    return Outcome(cells["metric"], next(filter(None, units), ""), **values)


def amount_in(text: str, place: str) -> tuple[float | None, str]:
    """Return the number that ``text`` begins with and the unit behind it: ``98.5 %``, ``1,200 users``, ``-``.

    Raises ``Unreadable`` with ``place`` where it is none.
    """
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
