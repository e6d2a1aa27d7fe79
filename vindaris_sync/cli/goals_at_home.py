"""Where goals are shown in trackers: their homes, as a person changes them, and what people keep there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vindaris_sync.app import open_store
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.output import emit, say
from vindaris_sync.config.settings import Config
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.store.store import Store


def rehome(config: Config, name: str, *, as_json: bool) -> None:
    """Let the next pass make another home for a goal; refuse it where the goal has none."""
    with open_store(config) as store:
        book = store.goal_book()
        number = the_goal(book, name)
        key, held = book.goals[number].key, store.homes().get(number)
        if held is None or not store.forget_home(number):
            raise Refusal(f"{key} has no home; [goals.home] tells where goals become issues, see docs/publishing.md")
    if as_json:
        emit({"rehomed": key, "former": held.key})
    else:
        say(f"{key} gets another issue in the next pass" + (f"; {held.key} is left to you." if held.key else "."))


def where_shown(store: Store, goal: int) -> dict[str, Any]:
    """Return the goal's home, and what people changed where it is published, which stays so."""
    held = store.homes().get(goal)
    kept = {
        f"{tracker} {each.menu}": each.kept
        for tracker in sorted(store.trackers())
        for each in store.choices(tracker)
        if each.goal == goal and each.kept
    }
    if held is not None and held.kept:
        kept[held.key] = held.kept
    return {"home": held.key if held is not None and not held.gone else None, "kept": kept}


def say_where(goal: Mapping[str, Any]) -> None:
    """Print the same for people."""
    if goal["home"]:
        say(f"  its issue: {goal['home']}")
    for where, names in goal["kept"].items():
        say(f"  {where}: {', '.join(names)} as a person left it")
