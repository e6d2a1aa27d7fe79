"""Which of many issues matter most: by the priority that stands on them, by their goals', by how long they wait."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from vindaris_sync.domain.text import UNRANKED, priority_rank

_NAMED = re.compile(r"\s*+prio(?:rity)?+(?>\s*+[:/_-]|(?=\s* )\s++)\s*+(.+)", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*p\d{1,2}\s*", re.IGNORECASE)

Urgency = tuple[tuple[int, str], tuple[int, str], datetime]
"""What sorts: the most urgent first, among equals the one that has waited longest."""


def stated_priority(labels: Iterable[str]) -> str:
    """Return the highest priority that a label states (``P1``, ``priority: high``, ``prio/2``); empty where none does.

    Other words are no priorities: a label ``high`` alone may mean anything.
    """
    found = (word for word in map(_word, labels) if word and priority_rank(word)[0] < UNRANKED)
    return min(found, key=priority_rank, default="")


def _word(label: str) -> str:
    if _NUMBERED.fullmatch(label):
        return label.strip()
    named = _NAMED.fullmatch(label)
    return named[1].strip() if named else ""


def urgency(stated: str, of_goals: Iterable[str], since: datetime) -> Urgency:
    """Return how urgent an issue is with a priority of its own, goals of these priorities, asked about since then."""
    return priority_rank(stated), min(map(priority_rank, of_goals), default=priority_rank("")), since
