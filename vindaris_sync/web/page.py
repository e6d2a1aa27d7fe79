"""What pages work with: the daemon's surroundings, nothing global."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from vindaris_sync.config.settings import Config
from vindaris_sync.engine.clicks import Clicks
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.picture import Pictures
from vindaris_sync.notify.hearing import Hearing
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.store.store import Store
from vindaris_sync.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Page:
    """The store and the daemon's parts as every page sees them; one for the life of an application."""

    context: Context
    channels: Mapping[str, Channel]
    config: Config
    hearings: Mapping[str, Hearing] = field(default_factory=dict)
    """What listens to chats, by the name of the channel."""
    clicks: Clicks | None = None
    """What decides on what they heard."""
    pictures: Pictures = field(init=False)
    """Everything in numbers, as pages show it."""
    metrics: Metrics = field(init=False)
    """What passes and visitors did, for Prometheus; begins at zero."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pictures", Pictures(self.context))
        object.__setattr__(self, "metrics", Metrics(self.context))

    @property
    def store(self) -> Store:
        """What is kept; safe from every thread."""
        return self.context.store

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self.context.now()


def _of(request: Request) -> Page:
    found: Page = request.app.state.page
    return found


ThePage = Annotated[Page, Depends(_of)]
"""Of a route's function: the page's surroundings."""
