"""``demo``: the whole main job on sandbox trackers, with an invented company."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "demo",
        epilog=examples(
            "vindaris-sync demo                        stay and watch people work; Ctrl-C ends it",
            "vindaris-sync demo --once                 stop after the summary",
            "vindaris-sync demo --directory ./demo     keep database, goals and reports there",
            "vindaris-sync demo --port 8330           serve the page there",
        ),
    )(demo)


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the summary.")] = False,
    directory: Annotated[
        Path | None,
        typer.Option(
            help="Where configuration, database, goals and reports go: a directory that is empty or not there yet. "
            "Default: a fresh one among the temporary files.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's port on this machine; 0: any that is free.")
    ] = 0,
    acts: Annotated[int, typer.Option(hidden=True, min=0, help="Stop after so many acts; 0: never.")] = 0,
    seed: Annotated[int, typer.Option(hidden=True, help="Of what people do, and when.")] = 7,
) -> None:
    """See the main job at work: an invented company in sandbox trackers, one full pass, and what came of it.

    Nothing leaves this machine. Jira, GitHub and Slack are look-alikes on a loopback port; configuration, connectors,
    database, chat messages and report are the real ones. Without --once it stays up: people act, and the daemon reacts.
    Its page and the look-alikes' own can be opened in a browser.
    """
    with ended_by_sigterm():
        try:
            from vindaris_sync.cli.demo_show import play  # takes a second or two: Ctrl-C may come before it is there

            code = play(directory, once=once, port=port, acts=acts, seed=seed)
        except KeyboardInterrupt:
            code = 0
    raise typer.Exit(code)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM be what Ctrl-C is; while the daemon runs, it takes both itself."""
    former = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
