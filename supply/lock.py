"""The locked dependencies, as ``make lock`` wrote them."""

from __future__ import annotations

import re
from pathlib import Path

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pinned(requirements: Path) -> dict[str, str]:
    """Return every locked package of a requirements file with its version, by normalised name (PEP 503)."""
    return {normal(name): version for name, version in _PIN.findall(requirements.read_text("utf-8"))}


def normal(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
