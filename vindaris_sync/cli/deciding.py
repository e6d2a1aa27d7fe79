"""A person's decisions on the command line, and what is said of them; the trackers follow in the next pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from typing import Any

from vindaris_sync.app import open_store, teams_of
from vindaris_sync.cli.exits import DONE, DRIFT, Refusal
from vindaris_sync.cli.output import emit, note, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.sayings import Saying
from vindaris_sync.engine import showing
from vindaris_sync.engine.answering import UNDO_WITHIN, Answers, Decided, Done, Meant
from vindaris_sync.store.store import Store

NEXT = "written to the tracker in the next pass"
"""What follows a decision."""


def by(who: str, how: str, why: str = "") -> By:
    """Return who decides: the name given, else the login name."""
    return By(who or login(), how, why, datetime.now(UTC))


def login() -> str:
    """Return who is logged in."""
    try:
        return getuser()
    except (KeyError, OSError):  # a user id without a name, in a container for instance
        return "somebody"


def answers(config: Config, store: Store) -> Answers:
    """Return what takes decisions here as everywhere."""
    return Answers(store, config.trackers, teams_of(config), lambda: datetime.now(UTC))


def decide(config: Config, refs: Sequence[str], saying: Saying, who: By) -> tuple[Decided, ...]:
    """Say the same of issues, and confirm where rules lead and what goals require; all of it is kept, or nothing."""
    with open_store(config) as store:
        return answers(config, store).every(map(Meant, refs), saying, who)


def tell(found: Sequence[Decided], *, as_json: bool) -> None:
    """Print what was decided, and what happens next."""
    if as_json:
        emit({"decided": found, "next": NEXT})
        return
    for one in found:
        say(f"{one.key}: {_told(one)}")
    if any(one.changed for one in found):
        note(f"kept; {NEXT}. Within ten minutes it can be taken back: vindaris-sync review undo")


def undo(config: Config, answer: int | None, who: By) -> Done:
    """Take back what was decided under the number ``answer``, or what the same person decided last."""
    with open_store(config) as store:
        if answer is None:
            last = store.batches_since(who.who, who.at - UNDO_WITHIN, 1)
            if not last:
                raise Refusal(
                    f"{who.who} has decided nothing in the last ten minutes",
                    advice="what somebody else decided is taken back by its number, or with --who",
                )
            answer = last[0].first.batch
        return answers(config, store).undo(answer, who)


def tell_undone(done: Done, *, as_json: bool) -> int:
    """Print what was taken back, and what has changed since and stays; return the exit code."""
    if as_json:
        emit({"answer": done.answer, "undone": done.decided, "left": [str(each) for each in done.refused]})
    else:
        for one in done.decided:
            say(f"{one.key}: {_told(one)}; taken back")
        for error in done.refused:
            say(f"{error}; left as it is", style="yellow")
        if done.decided:
            note(NEXT)
    return DRIFT if done.refused else DONE


def _told(one: Decided) -> str:
    parts: list[str] = []
    if one.before != one.after:
        parts.append(f"{_shown(one.before)} → {_shown(one.after)}")
    elif one.changed:
        parts.append(f"{_shown(one.after)}, confirmed")
    if one.answered:
        parts.append(f"answered {', '.join(one.answered)}")
    return "; ".join(parts) or "nothing changed"


def _shown(goals: Sequence[str]) -> str:
    return ", ".join(goals) or "no link of its own"


def held(config: Config, tracker: str, *, release: bool) -> dict[str, Any]:
    """Return the removals that are held in ``tracker``, and how many issues are missing from it.

    ``release``: let them count; the next census asks the tracker about each issue that is missing.
    """
    with open_store(config) as store:
        found, facts = store.held_list(tracker, 10_000), store.census(tracker)
        released = store.release(tracker) if release else ()
        accepted = store.accept_missing(tracker, datetime.now(UTC)) if release else 0
        shown = showing.waiting(store, tracker)
        let = showing.release(store, tracker) if release else 0
    issues = [
        {"issue": f"{one.tracker}:{one.id}", "key": one.key, "title": one.title, "url": one.url} for one in found.items
    ]
    missing = {"count": facts.missing, "of": facts.known, "since": facts.since} if facts.missing else None
    number = len(released) + accepted + let
    return {"tracker": tracker, "held": issues, "missing": missing, "shown": shown, "released": number}
