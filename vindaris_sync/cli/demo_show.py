"""The demo from curtain to curtain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vindaris_sync.cli import demo_live, demo_summary, logs
from vindaris_sync.cli.demo_stage import prepared, staged
from vindaris_sync.cli.demo_story import tell
from vindaris_sync.cli.exits import DONE
from vindaris_sync.cli.opening import busy
from vindaris_sync.cli.output import say


def play(directory: Path | None, *, once: bool, port: int, acts: int, seed: int) -> int:
    """Play the demo in ``directory``; return the exit code; Ctrl-C ends it at any time, and well."""
    place = prepared(directory)
    with _logged_to(place / "demo.log"):
        try:
            code = _played(place, once=once, port=port, acts=acts, seed=seed)
        except KeyboardInterrupt:
            code, once = DONE, False
    if not once:
        say(f"Goodbye. The trackers are gone; database, goals and report stay in {place}", style="bold")
    return code


def _played(place: Path, *, once: bool, port: int, acts: int, seed: int) -> int:
    with staged(place, port) as stage:
        with busy("founding a company, and a week of its work"):
            shown = tell(stage)
        demo_summary.show(stage, shown)
        return DONE if once else demo_live.live(stage, acts=acts, seed=seed)


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """Let logs go to a file instead of standard error, which is where people watch."""
    logs.configure("info", "json")
    root = logging.getLogger()
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(root.handlers[0].formatter)
    former, root.handlers[:] = list(root.handlers), [handler]
    try:
        yield
    finally:
        root.handlers[:] = former
        handler.close()
