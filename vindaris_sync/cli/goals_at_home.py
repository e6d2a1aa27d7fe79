"""Homes of goals, as a person changes them."""

from __future__ import annotations

from vindaris_sync.app import open_store
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.finding import the_goal
from vindaris_sync.cli.output import emit, say
from vindaris_sync.config.settings import Config


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
