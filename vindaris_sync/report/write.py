"""Reports on disk: each file is whole at any moment, whenever the writer is killed (rename over the old one)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from vindaris_sync.domain.findings import Findings
from vindaris_sync.domain.findings_json import from_json, to_json
from vindaris_sync.report.markdown import to_markdown
from vindaris_sync.report.page import to_html
from vindaris_sync.report.tables import goals_csv, issues_csv
from vindaris_sync.report.words import zone

_ENDINGS = (".html", ".md", ".json", "-issues.csv", "-goals.csv")
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.html|\.md|\.json|-issues\.csv|-goals\.csv)")
_UNFINISHED = ".report-*.tmp"


def write(findings: Findings, directory: Path, keep: int = 90) -> Path:
    """Write the report in every format as ``latest.*`` and under its local date; return the path of the dated page.

    The reports of the newest ``keep`` dates stay, older ones are deleted; other files are left alone. Raises
    ``OSError`` where the directory cannot be written; what was there before is intact then. A directory that is made
    is its owner's alone: titles stand in reports.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    date = findings.at.astimezone(zone(findings)).date().isoformat()
    texts = _rendered(findings)
    _replace_all(directory, {stem + ending: text for stem in (date, "latest") for ending, text in texts.items()})
    _prune(directory, keep)
    return directory / f"{date}.html"


def previous(directory: Path) -> Findings | None:
    """Return the findings of the last report in ``directory``; ``None`` without one or where it cannot be read."""
    try:
        return from_json((directory / "latest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _rendered(findings: Findings) -> dict[str, str]:
    forms = (to_html, to_markdown, to_json, issues_csv, goals_csv)
    return {ending: form(findings) for ending, form in zip(_ENDINGS, forms, strict=True)}


def _replace_all(directory: Path, files: Mapping[str, str]) -> None:
    """Write all files beside their places, then rename them, so that a kill leaves old or new and nothing between."""
    written: list[tuple[Path, Path]] = []
    try:
        for name, text in files.items():
            beside = directory / f".report-{uuid4().hex}.tmp"
            written.append((beside, directory / name))
            _write_through(beside, text)
        for beside, place in written:
            beside.replace(place)
    finally:
        for beside, _ in written:
            beside.unlink(missing_ok=True)
    _sync(directory)


def _write_through(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prune(directory: Path, keep: int) -> None:
    dated = {path: match[1] for path in directory.iterdir() if (match := _DATED.fullmatch(path.name))}
    kept = set(sorted(set(dated.values()), reverse=True)[:keep])
    for path in (*(path for path, date in dated.items() if date not in kept), *directory.glob(_UNFINISHED)):
        path.unlink(missing_ok=True)
