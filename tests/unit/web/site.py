"""The page over a store with a tracker in memory: asked in process, as a browser on this machine would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Cookies, Response

from vindaris_connectors.memory.tracker import MemoryTracker, trackers
from vindaris_sync.app import App, open_app
from vindaris_sync.config.load import load
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_pass
from vindaris_sync.web.app import build
from vindaris_sync.web.page import Page

HERE = ("127.0.0.1", 50000)
NOTHING: Mapping[str, str] = {}
ADDRESS = "http://127.0.0.1:8330"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes as quickly as can be: what is tested is not how long guessing takes."""

CONFIG = """
state_dir = "state"
[trackers.mem]
kind = "memory"
tracker = "{name}"
grace = "0s"
[notify.quiet]
kind = "log"
[[teams]]
name = "Growth"
scopes = ["mem:*"]
notify = "quiet"
[page]
{page}
"""

GOALS = """
[[goal]]
key = "GROW"
title = "Grow the business"
priority = "P1"
[[goal]]
key = "CHECKOUT"
title = "Faster checkout"
parent = "GROW"
"""


@dataclass(slots=True)
class Clock:
    """Time that moves when a test says so, and by ``step`` whenever somebody looks."""

    at: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)
    step: timedelta = timedelta()

    def __call__(self) -> datetime:
        self.at += self.step
        return self.at

    def on(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass(slots=True)
class Browser:
    """Asks an application in process, from ``peer``, and keeps cookies as a browser does."""

    application: FastAPI
    address: str = ADDRESS
    peer: tuple[str, int] = HERE
    cookies: Cookies = field(default_factory=Cookies)

    def ask(self, method: str, path: str, *, follow: bool = False, **how: Any) -> Response:
        async def talk() -> Response:
            transport = ASGITransport(self.application, client=self.peer)
            async with AsyncClient(transport=transport, base_url=self.address, cookies=self.cookies) as client:
                answer = await client.request(method, path, follow_redirects=follow, **how)
                self.cookies = client.cookies
                return answer

        return asyncio.run(talk())

    def get(self, path: str, **how: Any) -> Response:
        return self.ask("GET", path, **how)

    def post(self, path: str, form: dict[str, Any] | None = None, *, on: str = "/", **how: Any) -> Response:
        """Send a form as a person does who has opened the page ``on``, with that page's token."""
        return self.ask("POST", path, data={"csrf": self.token(on), **(form or {})}, **how)

    def token(self, on: str = "/") -> str:
        """Return the token of the forms on a page, wherever that leads."""
        found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', self.get(on, follow=True).text)
        assert found, f"{on} has no token"
        return found[1]


@dataclass(slots=True)
class Site:
    """What an application works with, a tracker, and a browser on the daemon's machine that looks at it."""

    app: App
    tracker: MemoryTracker
    clock: Clock
    page: Page
    browser: Browser

    def pull(self) -> None:
        """Let the daemon take over goals and issues, decide and write."""
        refresh_goals(self.app.context)
        for name in self.app.context.trackers:
            run_pass(self.app.context, name)

    def get(self, path: str, **how: Any) -> Response:
        return self.browser.get(path, **how)

    def post(self, path: str, form: dict[str, Any] | None = None, **how: Any) -> Response:
        return self.browser.post(path, form, **how)

    def another(self, **how: Any) -> Browser:
        """Return another browser, with nothing in it."""
        return Browser(self.browser.application, **{"address": self.browser.address, **how})


@contextmanager
def open_site(
    folder: Path, page: str = "", *, address: str = ADDRESS, extra: str = "", environ: Mapping[str, str] = NOTHING
) -> Iterator[Site]:
    """Give a site whose files are in ``folder``; ``page`` is what its ``[page]`` states, ``extra`` further tables."""
    name = f"site-{folder}"
    (folder / "state").mkdir()
    (folder / "vindaris.toml").write_text(CONFIG.format(name=name, page=page) + extra, "utf-8")
    (folder / "goals.toml").write_text(GOALS, "utf-8")
    clock = Clock()
    trackers[name] = MemoryTracker(name, clock=clock, precision=timedelta())
    with open_app(load(folder / "vindaris.toml", environ), now=clock) as app:
        made = Page(app.context, app.channels, app.config)
        yield Site(app, trackers[name], clock, made, Browser(build(made), address))
    del trackers[name]
