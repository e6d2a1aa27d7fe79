"""What a person does at a screen: opens pages in a size and a scheme, presses keys, looks; axe looks as well."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # states no types
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

Scheme = Literal["light", "dark"]
DESK, PHONE = (1100, 800), (390, 844)
"""Widths and heights of screens, in CSS pixels."""

PATIENCE = 30_000
"""Milliseconds within which what is waited for must be seen."""

GRAVE = frozenset({"serious", "critical"})
"""What axe may not find."""

_SQUEEZED = """
() => [...document.querySelectorAll("main *")].filter((each) => {
  const wide = each.getBoundingClientRect().width;
  return !each.children.length && each.textContent.trim().length > 12 && wide > 1 && wide < 40;
}).map((each) => each.textContent.trim())
"""


def chromium() -> str:
    """Return where the browser is; empty where there is none."""
    place = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return place if Path(place).exists() else ""


@contextmanager
def opened(place: str) -> Iterator[Browser]:
    """Give the browser at ``place``; root may not use its sandbox, and needs none for our own pages."""
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=alone)
        try:
            yield browser
        finally:
            browser.close()


@dataclass  # without slots: the browser keeps its own attribute on whoever listens
class Eyes:
    """Opens pages, each as a person of their own; at the end nothing may have been said on a console."""

    browser: Browser
    place: Path
    said: list[str] = field(default_factory=list)
    _closing: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.close()
        assert error or not self.said, self.said  # a breach of the content security policy is said there

    def person(
        self, url: str, *, scheme: Scheme = "light", size: tuple[int, int] = DESK, script: bool = True, **how: Any
    ) -> Page:
        """Return a page that shows ``url`` to somebody with a browser of their own."""
        context = self.browser.new_context(
            color_scheme=scheme, viewport={"width": size[0], "height": size[1]}, java_script_enabled=script,
            locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce", **how,
        )  # fmt: skip
        self._closing.callback(context.close)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(url)
        return page

    def keep(self, page: Page, name: str, *, whole: bool = True) -> None:
        """Keep a picture of what is seen."""
        self.place.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=self.place / f"{name}.png", full_page=whole)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not re.search(r"status of 4\d\d", message.text):
            self.said.append(message.text)


def barriers(page: Page) -> list[str]:
    """Return what keeps people from using a page, as far as axe finds it: rule, gravity, elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {'; '.join(node['html'][:160] for node in each['nodes'][:4])}"
        for each in found
        if each["impact"] in GRAVE
    ]


def overflows(page: Page) -> bool:
    """Return whether a page is wider than its screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def squeezed(page: Page) -> list[str]:
    """Return texts that are so narrow that they are read letter by letter."""
    found: list[str] = page.evaluate(_SQUEEZED)
    return [f"squeezed: {each}" for each in found]
