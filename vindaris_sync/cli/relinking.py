"""Answering every review about a goal at once: its work goes to another goal, for one reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

from vindaris_sync.app import open_store
from vindaris_sync.cli.choosing import Choice, Wanted
from vindaris_sync.cli.deciding import NEXT, answers
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.output import emit, note, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.naming import successors, the_goal
from vindaris_sync.store.store import Store

_BATCH = 500

Document = dict[str, Any]


def relink(  # noqa: PLR0913 - one parameter for each option
    config: Config, old: str, new: str | None, who: By, where: Collection[str] = (), *, dry_run: bool = False
) -> Document:
    """Link every issue that is asked about the goal ``old`` to ``new`` (None: to its successor), all or nothing.

    An issue that is ``old`` itself stays what it is. ``where``: only issues that fulfil these conditions
    (``choosing``). Returns what was done, or would be in a ``dry_run``. Rules that lead to ``old`` are named: they are
    changed in the configuration.
    """
    with open_store(config) as store, store.transaction():
        book = store.goal_book()
        left = the_goal(book, old)
        taken = the_goal(book, new) if new is not None else _successor(store, book, left)
        _refuse_unless_open(store, book, left, taken)
        moved: list[Document] = []

        def move(record: Record, _: Sequence[Record]) -> Plan:
            if book.is_itself(record.ref, left):
                return Plan((), ())
            moved.append({"issue": str(record.ref), "key": record.key, "title": record.title})
            return decisions.move(record, left, taken, book, who)

        asked = _fitting(config, store, old, where, store.asked_about(left))
        if dry_run:
            left_over = iter(asked)
            while ids := list(islice(left_over, _BATCH)):
                for record in store.view_records(ids).values():
                    move(record, ())
        else:
            answers(config, store).sweep(asked, move, who)
        rules = [rule.name for rule in store.rule_book().rules if rule.active and rule.link and rule.link.goal == left]
    keys = {"from": book.goals[left].key, "to": book.goals[taken].key}
    return {**keys, "why": who.why, "dry_run": dry_run, "issues": moved, "rules": rules, "next": NEXT}


def _fitting(config: Config, store: Store, goal: str, where: Collection[str], asked: Collection[int]) -> list[int]:
    if not where:
        return list(asked)
    choice = Choice(config, store, Wanted(goal=goal, where=tuple(where)))
    fitting = {record.id for record, _ in choice.records()}
    return [number for number in asked if number in fitting]


def _successor(store: Store, book: GoalBook, goal: int) -> int:
    key = successors(store).get(goal)
    if key is None:
        told = book.goals[goal].key
        raise Refusal(f"{told} names no successor that is open", advice="name the goal: --to GOAL")
    return the_goal(book, key)


def _refuse_unless_open(store: Store, book: GoalBook, left: int, taken: int) -> None:
    if left == taken:
        raise Refusal(f"{book.goals[left].key} is the goal that the work is on already")
    if book.goals[taken].closed:
        after = successors(store).get(taken)
        advice = f"its successor is {after}" if after else "name one that is open"
        raise Refusal(f"{book.goals[taken].key} is {book.goals[taken].status}", advice=advice)


def tell(done: Document, limit: int, *, as_json: bool) -> None:
    """Print what was done."""
    if as_json:
        emit(done)
        return
    moved = done["issues"]
    table(("issue", "title"), ((one["key"], one["title"]) for one in moved[:limit]))
    if len(moved) > limit:
        say(f"… and {len(moved) - limit:,} more")
    linked = f"would be linked to {done['to']}" if done["dry_run"] else f"linked to {done['to']} now"
    say(f"{counted(len(moved), 'issue')} asked about {done['from']}: {linked}")
    for rule in done["rules"]:
        say(f"{rule} leads to {done['from']} still: change its goal in the configuration, [[rules]]", style="yellow")
    if moved and not done["dry_run"]:
        note(f"kept; {NEXT}")
