"""The work that goals require, and what became of each item."""

from __future__ import annotations

import sys
from typing import Any

import typer

from vindaris_sync.app import open_app
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.output import emit, note, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.requirements import filled
from vindaris_sync.domain.text import counted
from vindaris_sync.domain.work import Phase, Work, values_of
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.engine.work import agenda, standing, unfit
from vindaris_sync.engine.work import release as let_be_created
from vindaris_sync.store.work import MadeIssue

Document = dict[str, Any]


def gather(context: Context, goal: int | None) -> list[Document]:
    """Return every item, or those of one goal, in the order in which goals are stated."""
    made, keys = context.store.work_issues(), context.book().goals
    why: dict[int, tuple[str, str, str]] = {}
    for name in context.trackers:
        found = agenda(context, name)
        why |= {work.id: ("waiting", reason, "") for work, reason in found.waiting}
        why |= {work.id: ("waiting", "it is created in the next pass", "") for work in found.create}
        why |= {each.work.id: ("refused", each.reason, each.fix) for each in found.blocked}
    stands = standing(context)
    works = [work for work in context.store.works() if goal in (None, work.goal)]
    return [
        {
            "goal": keys[work.goal].key,
            "id": work.item.id,
            "tracker": work.tracker,
            "place": work.place,
            "title": filled(work.item.title, values_of(stands[work.goal].goal, public=False)),
            **_became(context, work, made.get(work.id), why.get(work.id)),
            "stated": work.stated,
            "who": work.who,
        }
        for work in works
    ]


def _became(context: Context, work: Work, made: MadeIssue | None, why: tuple[str, str, str] | None) -> Document:
    """Return what became of an item: its state, its issue, and why it is so."""
    if made is not None:
        return {"state": made.state, "key": made.key, "url": made.url, "reason": work.note, "fix": ""}
    if work.phase is Phase.BEGUN:
        state = ("unsure", "it may have been created already: that is looked for", "")
    elif why is not None:
        state = why
    else:
        blocked = unfit(context, work)
        state = ("refused", blocked.reason, blocked.fix) if blocked else ("waiting", "it is no longer stated", "")
    return {"state": state[0], "key": None, "url": None, "reason": state[1], "fix": state[2]}


def show(config: Config, goal: str | None, *, as_json: bool) -> None:
    """Print the items."""
    with open_app(config) as app:
        number = the_goal(app.context.book(), goal) if goal else None
        found = gather(app.context, number)
    if as_json:
        emit({"items": found})
        return
    _say(found)


def _say(found: list[Document]) -> None:
    rows = ((one["goal"], one["id"], f"{one['tracker']}:{one['place']}", one["title"], _told(one)) for one in found)
    table(("goal", "item", "in", "title", "what became of it"), rows)
    if not found:
        say(
            "No work is required: [[goal.requires]] in the goals states some, `vindaris-sync work create` asks for one."
        )
    for fix in dict.fromkeys(one["fix"] for one in found if one["fix"]):
        note(f"advice: {fix}", style="")


def _told(one: Document) -> str:
    left_out = f", {one['reason']}" if one["key"] and one["reason"] else ""
    dropped = "" if one["stated"] else ", no longer required"
    return f"{one['key']} {one['state']}{left_out}{dropped}" if one["key"] else f"{one['state']}: {one['reason']}"


def release(config: Config, name: str, *, yes: bool, as_json: bool) -> None:
    """Let the items be created that wait for being many."""
    with open_app(config) as app:
        held = agenda(app.context, name)
        waiting = [one for one in gather(app.context, None) if one["tracker"] == name and one["state"] == "waiting"]
        if held.held and not as_json:
            _say(waiting)
        if held.held and not yes:
            if as_json or not sys.stdin.isatty():
                raise Refusal("nobody is there to be asked", advice="look at `work list`, then add --yes")
            typer.confirm(
                f"Is it right that {counted(held.held, 'issue')} are created in {name}?", abort=True, err=True
            )
        released = let_be_created(app.context, name) if held.held else 0
    if as_json:
        emit({"tracker": name, "released": released})
    else:
        say(
            f"{counted(released, 'item')} may be created; the next passes do it"
            if released
            else "Nothing waits for that."
        )


def retry(config: Config, name: str, *, as_json: bool) -> None:
    """Let what was refused be tried again."""
    with open_app(config) as app:
        retried = app.store.retry_work(name)
    if as_json:
        emit({"tracker": name, "retried": retried})
    else:
        say(f"{counted(retried, 'item')} to be tried again in the next pass" if retried else "Nothing was refused.")
