"""Standard output and standard error: text for people in which nothing of a stranger's is markup, and JSON."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # emoji families and Persian words need them
_PIPED_WIDTH = 180


def out() -> Console:
    """Return the console of standard output as it is now."""
    return _console(stderr=False)


def err() -> Console:
    """Return the console of standard error as it is now."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from vindaris_sync.cli.console import PipedConsole

    # no markup, no emoji codes, no highlighting: titles come from trackers, where strangers write
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return PipedConsole(file=stream, markup=False, emoji=False, highlight=False, width=width)


def clean(text: object, longest: int = 200, *, strip: bool = True) -> str:
    """Return ``text`` as one visible line of at most ``longest`` characters, without anything that steers a terminal.

    Control characters (escape sequences begin with one), bidirectional overrides and lone surrogates are taken out.
    """
    line = " ".join(str(text).split()) if strip else str(text).expandtabs(4)
    kept = "".join(char for char in line if char in _JOINERS or unicodedata.category(char) not in _UNSEEN)
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def say(text: str = "", *, style: str = "") -> None:
    """Print one line for people on standard output; lines longer than the terminal are wrapped by it."""
    out().print(clean(text, 2000, strip=False), style=style or None, soft_wrap=True)


def say_text(text: Text, *, indent: int = 0) -> None:
    """Print one line that is made of clean parts, each in its own style."""
    from rich.text import Text

    out().print(Text(" " * indent).append_text(text), soft_wrap=True)


def note(text: str, *, style: str = "dim") -> None:
    """Print one line on standard error: what is said beside the result."""
    err().print(clean(text, 2000, strip=False), style=style, soft_wrap=True)


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], *, title: str = "") -> None:
    """Print a table on standard output, every cell cleaned; nothing where there are no rows.

    A cell that is a ``Text`` is clean already.
    """
    from rich.table import Table
    from rich.text import Text

    made: Table = Table(box=None, pad_edge=False, title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else clean(cell) for cell in row))
    if made.row_count:
        out().print(made)


def emit(document: object) -> None:
    """Print ``document`` as JSON on standard output, in ASCII, so that no terminal can be steered by it."""
    sys.stdout.write(json.dumps(encoded(document), indent=2) + "\n")
    sys.stdout.flush()


def encoded(value: Any) -> Any:  # noqa: ANN401, PLR0911 - JSON has no narrower type; one line for each kind
    """Return ``value`` in JSON's types: dataclasses as objects, instants in ISO 8601, time spans in seconds."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: encoded(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encoded(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((encoded(each) for each in value), key=str)
    if isinstance(value, list | tuple):
        return [encoded(each) for each in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def moment(instant: datetime | None) -> str:
    """Return an instant for people, in UTC to the minute; a dash for none."""
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "-"
