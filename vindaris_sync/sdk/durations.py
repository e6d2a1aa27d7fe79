"""Time spans as people write them in a configuration file."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PATTERN = re.compile(r"(?:\d+[dhms])+")


def parse_duration(value: object) -> timedelta:
    """Return the time span that ``value`` writes (``90s``, ``10m``, ``1h30m``); ``ValueError`` for anything else."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _PATTERN.fullmatch(value):
        message = f"write a time span like 30s, 10m, 2h or 7d, not {value!r}"
        raise ValueError(message)
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([dhms])", value)))


def format_duration(span: timedelta) -> str:
    """Return ``span`` in the largest units that show it exactly, to the second: ``1h30m``; nothing is ``0s``."""
    seconds, parts = int(span.total_seconds()), []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
