"""What the state of a tracker means for the people who work in it, in words; and how long running work may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from vindaris_sync.domain.text import counted
from vindaris_sync.engine.pausing import MEANING, Pause
from vindaris_sync.engine.progress import Work
from vindaris_sync.sdk.breaker import Phase
from vindaris_sync.store.passes import PassFacts
from vindaris_sync.store.store import Store

_KNOWN = 20
_ENOUGH = 3
"""Passes that must have ended before anything is said of the next."""

_MEANWHILE = (
    "Labels and fields set there are not seen, and decisions made here are kept and written once it answers again."
)


@dataclass(frozen=True, slots=True)
class Told:
    """A tracker's state in one word, what it means for people, and what to do; ``well``: there is nothing to do."""

    state: str
    meaning: str
    fix: str = ""
    well: bool = False


def told(tracker: Mapping[str, Any]) -> Told:  # noqa: PLR0911 - one line for each state
    """Return what ``health.of_tracker`` found in words, the most serious first."""
    pause: Pause | None = tracker["paused"]
    if pause is not None:
        return Told("paused", f"It is {pause.told()}: {MEANING}.")
    if stopped := tracker["stopped"]:
        return Told("stopped", f"It cannot be used ({stopped['reason']}). {_MEANWHILE}", stopped["advice"])
    if missing := tracker["missing"]:
        gone = f"{missing['count']:,} of {missing['of']:,} issues are missing at once"
        fix = f"Give the account its access back. If they are gone: vindaris-sync review release {tracker['tracker']}"
        return Told("missing issues", f"{gone}, too many to be believed: nothing is decided or written there.", fix)
    if tracker["breaker"]["phase"] != Phase.CLOSED:
        failures = counted(tracker["breaker"]["failures"], "time")
        return Told("failing", f"It failed {failures} in a row and is left alone for a while. {_MEANWHILE}")
    if tracker["loaded_at"] is None:
        meaning = "Its issues are read for the first time. Nobody is asked anything before that has ended."
        return Told("loading", meaning, well=True)
    newest = tracker["last_pass"]
    if newest and newest["ended"] and newest["outcome"] != "ok":
        return Told("failing", f"The last pass failed: {newest['error']}. It is tried again. {_MEANWHILE}")
    if tracker["held"]:
        what = f"{counted(tracker['held'], 'removal')} came at once: a person should look whether they are meant."
        return Told("held", what, f"vindaris-sync review release {tracker['tracker']} shows them")
    return Told(
        "working", "What changes there is seen with the next pull; what is decided is written at once.", well=True
    )


@dataclass(frozen=True, slots=True)
class Running:
    """Work that runs: what, for how many seconds, how far it is, and how long it may take, as far as that is known."""

    name: str
    seconds: float
    steps: int
    silent: float
    estimate: str
    share: float | None = None


def running(store: Store, works: Sequence[Work]) -> tuple[Running, ...]:
    """Return the daemon's running work with an honest estimate: from passes that ended, or none with the reason."""
    return tuple(Running(each.name, each.seconds, each.steps, each.silent, *_estimate(store, each)) for each in works)


def _estimate(store: Store, work: Work) -> tuple[str, float | None]:
    kind, _, tracker = work.name.partition(" ")
    if kind != "pull" or not tracker:
        return "short work; no estimate", None
    census = store.census(tracker)
    facts = store.tracker(tracker)
    if facts.loaded_at is None:
        return "the first reading of everything: how much there is, is known at its end", None
    if census.began and census.known:
        return f"a census is under way: {census.listed:,} of about {census.known:,} issues counted", min(
            census.listed / census.known, 1.0
        )
    usual = _usual(store.passes(tracker, _KNOWN))
    if usual is None:
        return "too few passes have ended to say", None
    if work.seconds > usual.total_seconds():
        return f"longer than usual: half of the last ones took under {_span(usual)}", None
    return f"half of the last ones took under {_span(usual)}", work.seconds / max(usual.total_seconds(), 0.001)


def _usual(passes: Sequence[PassFacts]) -> timedelta | None:
    took = [each.ended - each.started for each in passes if each.ended and each.kind == "pull" and each.outcome == "ok"]
    return timedelta(seconds=median(each.total_seconds() for each in took)) if len(took) >= _ENOUGH else None


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 1:
        return "a second"
    return counted(round(seconds), "second") if seconds < 120 else counted(round(seconds / 60), "minute")  # noqa: PLR2004
