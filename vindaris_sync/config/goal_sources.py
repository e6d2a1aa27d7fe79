"""What the block of a source of goals may hold; ``kind`` chooses which. Those of trackers are their connectors'."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vindaris_sync.config.paths import FilePath
from vindaris_sync.sdk.addresses import document_url
from vindaris_sync.sdk.goals import GoalSourceSettings
from vindaris_sync.sdk.settings import Duration, TokenValue

OWN_SOURCE = "goals"
"""What the file that ``[goals]`` names is called among the sources."""


def _feed_url(url: str) -> str:
    return document_url(url, wanted="the address of the feed, https://…", credentials="token")


class FilesSettings(GoalSourceSettings):
    """A file of goals, or a folder whose ``*.toml`` files are taken together."""

    kind: Literal["file"] = "file"
    path: FilePath


class FeedSettings(GoalSourceSettings):
    """A JSON document at an address, as docs/goal-feed.md tells."""

    kind: Literal["http"] = "http"
    url: Annotated[str, AfterValidator(_feed_url)]
    token: TokenValue | None = None
    """Sent as a bearer token; absent: none is."""
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=10))
    """How often it is asked; an unchanged document costs one conditional request."""


SOURCE_KINDS: dict[str, type[GoalSourceSettings]] = {"file": FilesSettings, "http": FeedSettings}
