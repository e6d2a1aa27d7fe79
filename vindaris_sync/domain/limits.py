"""Bounds on what one pass may do to people's trackers: labels per cause (R9), removals at once (R2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vindaris_sync.domain.actions import WriteBack
from vindaris_sync.domain.models import SurfaceKind

_FEWEST_HELD = 20
_SHARE_HELD = 0.05


def limit_labels(
    writes: Sequence[WriteBack], groups: Mapping[int, Sequence[str]], limit: int
) -> tuple[list[WriteBack], set[int]]:
    """Return the writes less those of causes that would label more than ``limit`` issues, and the issues left out (R9).

    ``groups`` names, per issue, the causes for which it would get the label; a write goes if any group is within.
    """
    sizes: dict[str, int] = {}
    adding = [write for write in writes if write.surface.kind is SurfaceKind.REVIEW and write.add]
    for write in adding:
        for group in groups.get(write.issue, ()):
            sizes[group] = sizes.get(group, 0) + 1
    over = {
        write.issue
        for write in adding
        if (names := groups.get(write.issue, ())) and all(sizes[name] > limit for name in names)
    }
    kept = [w for w in writes if not (w.issue in over and w.surface.kind is SurfaceKind.REVIEW and w.add)]
    return kept, over


def removals_allowed(links: int) -> int:
    """Return how many of a tracker's ``links`` may vanish from it in one pass before a person must confirm (R2)."""
    return max(_FEWEST_HELD, int(links * _SHARE_HELD))
