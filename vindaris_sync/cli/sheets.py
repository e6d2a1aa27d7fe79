"""Spreadsheets that people hand over: lines of CSV with comma, semicolon or tab between the cells."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from vindaris_sync.cli.exits import Refusal

_LARGEST = 16 * 1024 * 1024


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and cells, without the space around them; an empty line has none.

    ``-`` is standard input. Raises ``Refusal`` where it is no CSV in UTF-8, or of more than 16 MiB.
    """
    if str(path) == "-":
        content = sys.stdin.buffer.read(_LARGEST + 1)
    else:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Refusal(f"{path}: more than {_LARGEST // 1024**2} MiB", advice="give it in several parts")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"{path}: no valid UTF-8 at byte {error.start}", advice="save it as CSV UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refusal(f"{path}: no valid CSV: {error}") from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)
