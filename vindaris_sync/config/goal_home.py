"""Which tracker is the home of goals that no tracker states."""

from __future__ import annotations

from pydantic import Field

from vindaris_sync.sdk.settings import Settings


class HomeSettings(Settings):
    """Each goal from a file or a document becomes one issue in ``place`` of ``tracker``, made once and kept."""

    tracker: str
    """The name of a ``[trackers.NAME]`` block."""
    place: str = Field(min_length=1)
    """Project or owner/repository."""
    type: str = ""
    """The type of these issues, *Epic* for instance; Jira needs one."""
    attach: bool = True
    """Whether linked issues without a parent are hung below their goal's issue."""
