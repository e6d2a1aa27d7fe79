"""Creating one issue from a goal by hand, the way that a pass goes; and the form that people fill in themselves."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from vindaris_sync.app import App, open_app, rehearsal
from vindaris_sync.cli.deciding import login
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.opening import busy, known_tracker
from vindaris_sync.cli.output import emit, note, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.requirements import PLACEHOLDERS, Requirement, unknown_placeholders
from vindaris_sync.domain.text import one_line
from vindaris_sync.domain.work import SETTLED, Phase, Stands, Work
from vindaris_sync.engine.context import Tracker
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.engine.work import Blocked, create_now, draft_of, recover, standing, unfit, where_above
from vindaris_sync.sdk.creating import Creates
from vindaris_sync.sdk.errors import IssueRejected, Transient


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for on the command line."""

    goal: str
    where: str
    title: str
    type: str = ""
    body: str = ""
    labels: tuple[str, ...] = ()
    parent: str = ""
    assignee: str = ""
    item: str = ""

    def requirement(self, config: Config, item: str) -> Requirement:
        """Return it as an item; refuse what no item may be."""
        name, colon, place = self.where.partition(":")
        if not colon or not place:
            raise Refusal(
                f"--in {self.where}: no place is named", advice="write TRACKER:PLACE, jira-main:APP for instance"
            )
        for text in (self.title, self.body):
            if unknown := unknown_placeholders(text):
                known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
                raise Refusal(
                    f"there is no placeholder {{{unknown[0]}}}", advice=f"there are {known}; doubled braces stay"
                )
        if any(char.isspace() for char in item):
            raise Refusal(f"--id {item!r}: a name has no spaces")
        return Requirement(
            item, known_tracker(config, name), place, one_line(self.title, 255), self.type, self.body, self.labels,
            self.assignee, self.parent,
        )  # fmt: skip


def body_of(text: str, file: Path | None) -> str:
    """Return what an issue says: ``text``, or what stands in ``file``."""
    if file is None:
        return text
    if text:
        raise Refusal("--body and --body-file both say what it says", advice="leave one of them out")
    return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")


def create(config: Config, asked: Asked, who: str, *, dry_run: bool, as_json: bool) -> None:
    """Create the issue, or show what it would be."""
    if not asked.title.strip():
        raise Refusal("the title is empty")
    if dry_run:
        _show_draft(config, asked, as_json=as_json)
        return
    item = asked.requirement(config, asked.item or uuid4().hex[:12])
    with busy("creating"), open_app(config) as app:
        tracker, stands = _open(app, asked, item)
        store, context = app.store, app.context
        number = the_goal(context.book(), asked.goal)
        with context.lock(tracker.name):
            work = store.put_asked(number, stands.goal, item, who or login(), context.now())
            found = _brought_about(app, tracker, work)
        document = _document(app, stands.goal.key, found, created=work.phase is not Phase.MADE)
    if as_json:
        emit(document)
        return
    verb = "created for" if document["created"] else "was created before for"
    say(f"{document['key']} {verb} {document['goal']}: {document['url']}")
    if document["note"]:
        note(f"{document['note']}", style="yellow")


def _open(app: App, asked: Asked, item: Requirement) -> tuple[Tracker, Stands]:
    """Return the tracker and the goal; refuse a goal that is closed."""
    number = the_goal(app.context.book(), asked.goal)
    stands = standing(app.context)[number]
    if stands.goal.status.closed:
        advice = "name a goal that is worked for"
        raise Refusal(f"{stands.goal.key} is {stands.goal.status}: nothing is created for it", advice=advice)
    return app.context.trackers[item.tracker], stands


def _brought_about(app: App, tracker: Tracker, work: Work) -> Work:
    """Return the item once its issue is there; refuse what cannot be created, and keep nothing of it."""
    store, context = app.store, app.context
    if work.phase is Phase.BEGUN:
        context.meet(tracker.name)
        recover(context, tracker, Counter())
        work = store.item(work.id)
    if work.phase is Phase.MADE:
        return work
    if work.phase is Phase.BEGUN:
        begun = work.begun or context.now()
        advice = f"it is looked for; ask again after {begun + SETTLED:%H:%M} UTC"
        raise Transient(
            f"{work.item.id} may have been created at {begun:%H:%M} UTC, and is not to be seen yet", advice=advice
        )
    blocked = unfit(context, work) or _without_parent(app, work)
    if blocked is None:
        made = create_now(context, tracker, work)
        blocked = made if isinstance(made, Blocked) else None
        if made is None:
            raise Transient(f"{work.item.id} is being created by another process", advice="ask again in a moment")
    if blocked is not None:
        store.drop_asked(work)
        raise Refusal(blocked.reason, advice=blocked.fix)
    return store.item(work.id)


def _without_parent(app: App, work: Work) -> Blocked | None:
    if where_above(app.context, work) is not None:
        return None
    advice = "name an issue that was pulled, by its key, or an item that was created"
    return Blocked(work, f"there is no {work.item.parent} to hang it under", advice)


def _document(app: App, goal: str, work: Work, *, created: bool) -> dict[str, Any]:
    made = app.store.work_issues()[work.id]
    return {
        "created": created,
        "goal": goal,
        "id": work.item.id,
        "tracker": work.tracker,
        "place": work.place,
        "key": made.key,
        "url": made.url,
        "note": work.note,
    }


def _drafted(app: App, asked: Asked, item: Requirement) -> Draft:
    tracker, stands = _open(app, asked, item)
    number, now = the_goal(app.context.book(), asked.goal), app.context.now()
    work = app.store.put_asked(number, stands.goal, item, login(), now)
    if (blocked := unfit(app.context, work)) is not None:
        raise Refusal(blocked.reason, advice=blocked.fix)
    return draft_of(app.context, tracker, work)


def _show_draft(config: Config, asked: Asked, *, as_json: bool) -> None:
    item = asked.requirement(config, asked.item or "a-new-one")
    with busy("looking"), rehearsal(config) as app:
        draft = _drafted(app, asked, item)
    if as_json:
        emit({"draft": draft})
        return
    parent = draft.parent.key if draft.parent else ""
    told = {
        "title": draft.title,
        "type": draft.type or "the usual one",
        "labels": ", ".join(draft.labels),
        "fields": ", ".join(f"{key} = {value}" for key, value in draft.fields.items()),
        "parent": parent,
        "assignee": draft.assignee,
    }
    say(f"would be created in {item.tracker}:{draft.place}", style="bold")
    for name, value in told.items():
        if value:
            say(f"  {name:<9} {value}")
    for line in draft.body.splitlines():
        say(f"  | {line}")


def template(config: Config, asked: Asked, file: str, *, as_json: bool) -> None:
    """Print the address of the tracker's form."""
    item = asked.requirement(config, "a-new-one")
    with busy("looking"), rehearsal(config) as app:
        tracker = app.context.trackers[item.tracker]
        if not isinstance(tracker.connector, Creates):
            raise Refusal(f"{item.tracker} has no form for new issues")
        try:
            url = tracker.connector.form(_drafted(app, asked, item), file)
        except IssueRejected as error:
            raise Refusal(str(error), advice=error.advice) from None
    if as_json:
        emit({"url": url})
    else:
        sys.stdout.write(f"{url}\n")
