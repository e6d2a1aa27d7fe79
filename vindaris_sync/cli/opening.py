"""What every verb begins with: the configuration, logs, and the names in it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from vindaris_sync.cli import logs
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.options import VARIABLE, config_path
from vindaris_sync.cli.output import clean, err
from vindaris_sync.engine.progress import Progress

if TYPE_CHECKING:
    from vindaris_sync.config.settings import Config


def load_config(given: Path | None, *, quiet: bool = True) -> Config:
    """Return the checked configuration; logs go as it says from now on.

    ``quiet``: errors alone are logged, for verbs that tell people themselves what they did.
    """
    from vindaris_sync.config.load import load

    logs.configure("error")
    path = config_path(given)
    if not path.exists():
        raise Refusal(
            f"there is no configuration file at {path}",
            advice=f"name it with --config PATH or {VARIABLE}; config.example.toml is one to begin with",
        )
    config = load(path)
    logs.configure("error" if quiet else config.logging.level, config.logging.format)
    if not quiet:
        _warn(config, path)
    return config


def _warn(config: Config, path: Path) -> None:
    import structlog

    from vindaris_sync.config.permissions import loose

    for finding in loose(config, path):
        structlog.get_logger("vindaris_sync.cli").warning("permissions", found=finding.message, fix=finding.fix)


def known_tracker(config: Config, name: str) -> str:
    """Return ``name`` where it is a configured tracker; refuse it otherwise, naming those that are."""
    if name not in config.trackers:
        raise Refusal(f"there is no tracker {name!r}; there are {', '.join(config.trackers)}")
    return name


class _Shown(Progress):
    """Progress that somebody sees."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def beat(self, name: str) -> None:
        """Note a step and show it."""
        super().beat(name)
        self._show(name)


@contextmanager
def shown_progress(what: str) -> Iterator[Progress]:
    """Give progress whose steps are shown on standard error while the block runs, where that is a terminal.

    Ctrl-C and SIGTERM let the work end at its next step; a second one ends it at once.
    """
    console = err()
    if not console.is_terminal:
        progress = Progress()
        with stopped_by_signals(progress.stop):
            yield progress
        return
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    with Bars(SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn(), console=console,
              transient=True) as bars:  # fmt: skip
        task, steps = bars.add_task(what, total=None), dict[str, int]()

        def show(name: str) -> None:
            steps[name] = steps.get(name, 0) + 1
            done = ", ".join(f"{each}: {count}" for each, count in steps.items())
            bars.update(task, description=clean(f"{what}  {done}"))

        progress = _Shown(show)
        with stopped_by_signals(progress.stop):
            yield progress


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show on standard error that something takes a while, where that is a terminal."""
    console = err()
    if not console.is_terminal:
        yield
        return
    with console.status(clean(what)):
        yield


@contextmanager
def stopped_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM call ``stop`` while the block runs; a second one ends the process as it would have."""
    former = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _: FrameType | None) -> None:
        stop()
        signal.signal(number, former[number])  # the second one is not to be waited for

    for number in former:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
