"""The memory connector's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vindaris_sync.sdk.settings import TrackerSettings


class MemorySettings(TrackerSettings):
    """``[trackers.NAME]`` with ``kind = "memory"``."""

    kind: Literal["memory"] = "memory"
    tracker: str = ""
    """Name of the ``MemoryTracker`` in ``tracker.trackers``; empty: the configured name itself."""
    places: tuple[str, ...] = ()
    """Places in scope; empty: all."""
    page_size: int = Field(100, ge=1, le=1000)
    """Issues a page."""
    track_pull_requests: bool = False
    """Whether pull requests are tracked like issues."""

    unit: str = ""
    """The unit of estimates; empty: issues have none."""

    @property
    def estimate_unit(self) -> str:
        """The unit of estimates."""
        return self.unit

    def named_places(self) -> tuple[str, ...] | None:
        """Return the places in scope; ``None`` where all are."""
        return self.places or None
