"""From configured blocks to sources of goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from vindaris_sync.config.goal_sources import OWN_SOURCE, FeedSettings, FilesSettings
from vindaris_sync.sdk.goals import GoalSource, GoalSourceSettings, TrackerGoalSettings
from vindaris_sync.sources.feed import FeedGoals
from vindaris_sync.sources.files import FileGoals

Stated = Callable[[str, TrackerGoalSettings], GoalSource]
"""Makes the source of a block whose goals a tracker states: it needs the tracker's connection."""


def sources_of(
    own: Path | None,
    blocks: Mapping[str, GoalSourceSettings],
    longest: int,
    now: Callable[[], datetime],
    by_tracker: Stated | None = None,
) -> dict[str, GoalSource]:
    """Return the sources by name: ``own``, the file that ``[goals]`` names, first, then the blocks in their order.

    ``longest`` is how many characters of a key fit beside the label prefix. Without ``by_tracker`` the goals that
    trackers state are left out.
    """
    alone = not blocks
    found: dict[str, GoalSource] = {OWN_SOURCE: FileGoals(own, longest, alone)} if own is not None else {}
    for name, block in blocks.items():
        if not isinstance(block, TrackerGoalSettings):
            found[name] = _source(name, block, longest, now)
        elif by_tracker is not None:
            found[name] = by_tracker(name, block)
    return found


def _source(name: str, block: GoalSourceSettings, longest: int, now: Callable[[], datetime]) -> GoalSource:
    match block:
        case FilesSettings():
            return FileGoals(block.path, longest, alone=False)
        case FeedSettings():
            return FeedGoals(name, block, now)
        case _:
            raise NotImplementedError(block.kind)
