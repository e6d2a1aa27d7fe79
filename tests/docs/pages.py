"""The documents, and what can be read out of them: links, commands, configurations, names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "connectors" / "README.md",
    ROOT / "examples" / "README.md",
)
"""Every document of the project."""

SOURCES = tuple(sorted([*(ROOT / "vindaris_sync").rglob("*.py"), *(ROOT / "connectors").rglob("*.py")]))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    """Return the page's path as people write it, for test ids."""
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path | str) -> str:
    """Return a page's text."""
    return (ROOT / page).read_text("utf-8")


def blocks(text: str, *languages: str) -> Iterator[str]:
    """Yield the fenced blocks in one of the ``languages``."""
    for language, block in _FENCE.findall(text):
        if language in languages:
            yield block


def spans(text: str) -> Iterator[str]:
    """Yield what stands in `single backticks` outside of fenced blocks."""
    yield from _SPAN.findall(_FENCE.sub("", text))


def shell_lines(text: str) -> Iterator[str]:
    """Yield the commands of shell blocks, each part of a pipe by itself."""
    for block in blocks(text, "sh"):
        for line in block.splitlines():
            yield from parts(line)


def parts(line: str) -> Iterator[str]:
    """Yield the commands of a line, without its comment and redirections."""
    for part in re.split(r"\s+#|\s{3,}", line.strip())[0].split(" | "):
        yield part.partition(" > ")[0].strip()


def links(text: str) -> Iterator[str]:
    """Yield the targets of links that do not leave the repository."""
    for target in _LINK.findall(_FENCE.sub("", text)):
        if "://" not in target:
            yield target


def anchors(text: str) -> set[str]:
    """Return what headings are called in links, as GitHub makes them."""
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        kept = "".join(c for c in heading.lower() if c in " -_" or unicodedata.category(c)[0] in "LN")
        found.add(kept.strip().replace(" ", "-"))
    return found


def rows(text: str, *first: str) -> list[list[str]]:
    """Return the cells of the table whose header begins with ``first``."""
    lines = iter(text.splitlines())
    for line in lines:
        if _cells(line)[: len(first)] == list(first):
            next(lines)
            break
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append(_cells(line))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
