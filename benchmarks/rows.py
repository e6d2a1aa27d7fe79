"""One row of the table: a name, a value with its unit, the bound it must keep, and whether it does."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

_HOLDS: dict[str, Callable[[float, float], bool]] = {"≥": operator.ge, "≤": operator.le, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class Row:
    """A measured value; ``bound`` is ``≥ 0.4`` for instance, empty for information."""

    name: str
    value: float
    unit: str
    bound: str = ""

    @property
    def holds(self) -> bool:
        """Whether the value keeps its bound."""
        if not self.bound:
            return True
        sign, _, number = self.bound.partition(" ")
        return _HOLDS[sign](self.value, float(number))


def publish(rows: Iterable[Row], path: Path) -> bool:
    """Print the table and write it as JSON; return whether every bound holds."""
    rows = tuple(rows)
    table = Table(title="vindaris-sync benchmarks")
    for heading in ("what", "value", "unit", "bound", ""):
        table.add_column(heading, justify="right" if heading in ("value", "bound") else "left")
    for row in rows:
        verdict = "" if not row.bound else "holds" if row.holds else "FAILS"
        table.add_row(row.name, f"{row.value:,.2f}".removesuffix(".00"), row.unit, row.bound, verdict)
    Console(width=110).print(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{**asdict(row), "holds": row.holds} for row in rows], indent=2) + "\n", "utf-8")
    return all(row.holds for row in rows)
