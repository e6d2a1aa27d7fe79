"""What strangers may read: where they do, a private goal is its key and nothing else (L9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from vindaris_sync.domain.goals import Goal

_SHORTEST = 3  # a title shorter than this tells nothing, and would be found everywhere


def as_told(text: str) -> str:
    """Return ``text`` as it is: where only the organisation reads."""
    return text


def for_strangers(goals: Iterable[Goal]) -> Callable[[str], str]:
    """Return what puts the key in place of every private goal's title that stands in a text, in any case and spacing.

    It is the last line, for texts that quote other texts (an issue named after its goal, a refusal that repeats what
    was sent); what we word ourselves leaves private titles out to begin with.
    """
    keys = {" ".join(goal.title.split()): goal.key for goal in goals if goal.private}
    titles = sorted((title for title in keys if len(title) >= _SHORTEST), key=len, reverse=True)
    if not titles:
        return as_told
    patterns = (r"\s+".join(map(re.escape, title.split())) for title in titles)
    found = re.compile("|".join(rf"(?<!\w)({pattern})(?!\w)" for pattern in patterns), re.IGNORECASE)

    def told(text: str) -> str:
        return found.sub(lambda match: keys[titles[(match.lastindex or 1) - 1]], text)

    return told
