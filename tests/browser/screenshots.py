"""``make screenshots``: the pictures in the documents, of the demo's company, so that they show what there is.

Run it after a change that people see, look at each picture, and commit them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from tests.browser.larkmoor import larkmoor
from tests.browser.seeing import Eyes, Scheme, chromium, opened

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 150_000
"""Bytes of a picture."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: which place is shown (as the company names it), how, and what is done there before."""

    place: str
    size: tuple[int, int] = (1100, 820)
    scheme: Scheme = "light"
    keys: tuple[str, ...] = ()


SHOTS = {
    "inbox": Shot("by priority", keys=("j",)),
    "inbox-dark": Shot("inbox", (390, 820), "dark"),
    "goal": Shot("goal"),
    "trace": Shot("trace"),
    "report": Shot("report"),
}
"""By the name of the file below ``docs/images``, without its ending."""


def main() -> int:
    """Make every picture; return the exit code."""
    if not (place := chromium()):
        print("no Chromium: apt-get install chromium, or CHROMIUM=PATH", file=sys.stderr)  # noqa: T201 - a command
        return 2
    IMAGES.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(prefix="vindaris-pictures-") as folder,
        larkmoor(Path(folder)) as company,
        opened(place) as browser,
        Eyes(browser, IMAGES) as eyes,
    ):
        places = company.places()
        for name, shot in SHOTS.items():
            page = eyes.person(company.url + places[shot.place], size=shot.size, scheme=shot.scheme)
            _take(eyes, page, name, shot)
    return 0


def _take(eyes: Eyes, page: Page, name: str, shot: Shot) -> None:
    for key in shot.keys:
        page.keyboard.press(key)
    eyes.keep(page, name, whole=False)
    size = (IMAGES / f"{name}.png").stat().st_size
    print(f"docs/images/{name}.png  {size:,} bytes")  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
