"""Bounds on what one pass may do to people's trackers: labels per cause (R9), removals and absences at once (R2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from vindaris_sync.domain.actions import Silence, WriteBack
from vindaris_sync.domain.records import CauseKey

FOLLOWED = timedelta(days=7)
"""In which what was hidden or left the scope is asked about: it may have gone on elsewhere."""
_FEWEST_HELD = 20
_SHARE_HELD = 0.05


def limit_labels(
    writes: Sequence[WriteBack], limit: Callable[[int], int], standing: Callable[[CauseKey], int]
) -> tuple[list[WriteBack], list[Silence]]:
    """Return ``writes`` less the labels of causes that would label too many issues, and those causes silenced (R9).

    ``limit`` gives the limit that holds for an issue, ``standing`` how many issues a goal's cause stands on now. Causes
    without a subject (``unlinked`` for instance) are counted together. A label goes if any of its causes is within.
    """
    labelling = Counter(key for write in writes for key in write.causes)
    groups = {key: _group(key) for key in labelling}
    sizes = Counter[str]()
    for key, count in labelling.items():
        sizes[groups[key]] += count
    for key in labelling:
        if key.subject:
            sizes[groups[key]] = max(sizes[groups[key]], standing(key))
    kept: list[WriteBack] = []
    silenced: list[Silence] = []
    for write in writes:
        over = [key for key in write.causes if sizes[groups[key]] > limit(write.issue)]
        silenced += [Silence(write.issue, key) for key in over]
        if not write.causes or len(over) < len(write.causes):
            kept.append(write)
    return kept, silenced


def _group(key: CauseKey) -> str:
    return str(key) if key.subject else str(key.reason)


def removals_allowed(links: int) -> int:
    """Return how many of a tracker's ``links`` may vanish from it in one pass before a person must confirm (R2)."""
    return max(_FEWEST_HELD, int(links * _SHARE_HELD))


def missing_allowed(known: int, share: float) -> int:
    """Return how many of a tracker's ``known`` issues may be missing before a person must confirm (fault 56)."""
    return max(_FEWEST_HELD, int(known * share))
