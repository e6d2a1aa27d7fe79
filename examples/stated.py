"""What converters have in common: goals of any tool, written as a goals file or as a feed.

A goal is a mapping with the keys that docs/goal-feed.md names; ``key`` and ``title`` are required.
"""

from __future__ import annotations

import gzip
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Goal = dict[str, Any]

_KEY_LENGTH = 45
"""Characters of a key that fit into a GitHub label beside the usual prefix ``goal:``."""


def arguments(about: str, source: str) -> Namespace:
    """Return what was asked for: ``source``, a file or ``-``, and ``feed``, whether JSON is wanted."""
    parser = ArgumentParser(description=about)
    parser.add_argument("source", help=f"{source}; - reads standard input")
    parser.add_argument("--feed", action="store_true", help="write JSON for a source of kind http, not a goals file")
    return parser.parse_args()


def lines_of(source: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file with one JSON object a line, compressed (``.gz``) or not."""
    with sys.stdin.buffer if source == "-" else Path(source).open("rb") as stream:
        lines = gzip.GzipFile(fileobj=stream) if source.endswith(".gz") else stream
        for line in lines:
            yield json.loads(line)


def one_line(text: str) -> str:
    """Return a text with its white space collapsed."""
    return " ".join(text.split())


def slug(text: str, longest: int = 24) -> str:
    """Return a text as a part of a key: lower-case letters, digits and dashes."""
    kept = "".join(char if char.isalnum() and char.isascii() else " " for char in text.lower())
    return "-".join(kept.split())[:longest].strip("-")


def write(goals: Iterable[Goal], *, feed: bool) -> None:
    """Print the goals; those whose key another one has get a number behind it, told on standard error."""
    told = list(_unique(goals))
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a text stream
    if feed:
        json.dump({"schema": 1, "goals": told}, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    for goal in told:
        sys.stdout.write("[[goal]]\n")
        sys.stdout.writelines(_lines(goal))
        for outcome in goal.get("outcomes", ()):
            sys.stdout.write("[[goal.outcome]]\n")
            sys.stdout.writelines(_lines(outcome))


def _unique(goals: Iterable[Goal]) -> Iterator[Goal]:
    seen: dict[str, int] = {}
    for goal in goals:
        key = goal["key"][:_KEY_LENGTH]
        count = seen[key.casefold()] = seen.get(key.casefold(), 0) + 1
        if count > 1:
            sys.stderr.write(f"{key} is used twice; {goal['title']!r} becomes {key}.{count}\n")
            key = f"{key[: _KEY_LENGTH - 3]}.{count}"
        yield {**goal, "key": key}


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if name != "outcomes" and value not in (None, ""):
            yield f"{name} = {_toml(value)}\n"


def _toml(value: Any) -> str:  # noqa: ANN401 - what TOML holds
    """Return a value as TOML has it; its basic strings are those of JSON, DEL aside."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
