"""Trackers paused and resumed by hand."""

from __future__ import annotations

from datetime import timedelta

from vindaris_sync.app import open_store
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.opening import known_tracker
from vindaris_sync.cli.output import emit, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.decisions import By
from vindaris_sync.engine.pausing import MEANING, pause, resume
from vindaris_sync.sdk.durations import parse_duration


def pause_one(config: Config, name: str, lasting: str | None, by: By, *, as_json: bool) -> None:
    """Pause a configured tracker and say what that means."""
    known_tracker(config, name)
    span = None if lasting is None else _span(lasting)
    with open_store(config, create=True) as store:
        made = pause(store, name, by, span)
    if as_json:
        emit({"tracker": name, "paused": made})
        return
    say(f"{name} is {made.told()}", style="bold")
    say(f"{MEANING[0].upper()}{MEANING[1:]}. Reviews can be answered all the same.")
    if made.until is None:
        say(f"It goes on with `vindaris-sync tracker resume {name}`.")


def resume_one(config: Config, name: str, by: By, *, as_json: bool) -> None:
    """Let a configured tracker go on."""
    known_tracker(config, name)
    with open_store(config) as store:
        ended = resume(store, name, by)
    if as_json:
        emit({"tracker": name, "resumed": ended})
    elif ended is None:
        say(f"{name} was not paused")
    else:
        say(f"{name} goes on; it was {ended.told()}")


def _span(text: str) -> timedelta:
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise Refusal(f"--for: {error}") from None
    if not span:
        raise Refusal("--for: a pause takes time", advice="`vindaris-sync tracker resume NAME` ends one")
    return span
