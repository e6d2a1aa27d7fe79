"""Work from goals: required items become issues, each exactly once; what was dropped is asked about at the goal.

The intent is stored before the request. Where its end is not known, the tracker's own list is looked at, from when
lists show what was made then; only what is surely not there is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from vindaris_sync.domain.actions import Action, CreateWork
from vindaris_sync.domain.decisions import By, born
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Address, Finding, Issue, Level, Present, SurfaceKind
from vindaris_sync.domain.requirements import filled
from vindaris_sync.domain.text import one_line
from vindaris_sync.domain.work import (
    SETTLED,
    Phase,
    Stands,
    Work,
    not_yet,
    parents_first,
    values_of,
)
from vindaris_sync.engine import work_left
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.gather import watched_since
from vindaris_sync.sdk.creating import Creates
from vindaris_sync.sdk.errors import IssueRejected, Transient, Unknown
from vindaris_sync.sdk.protocol import OVERLAP, Capability
from vindaris_sync.store.seen import Listed

log = structlog.get_logger("vindaris_sync.work")

WAITS = "waits for "
"""How the reason begins for which an item waits that needs another one first."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """An item that is not created as it is stated: why, and the fix."""

    work: Work
    reason: str
    fix: str = ""


@dataclass(slots=True)
class Agenda:
    """What a pass does about one tracker's items: create these, in this order; the others wait, or cannot be."""

    create: list[Work] = field(default_factory=list)
    waiting: list[tuple[Work, str]] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    held: int = 0
    """How many would be created, were they not too many at once."""


def released(tracker: str) -> str:
    """Return the name of the note that holds the items that a person has agreed to, though they were many."""
    return f"work released {tracker}"


# --- what is to be done -----------------------------------------------------------------------------------------------


def agenda(context: Context, name: str) -> Agenda:
    """Return what a pass of the tracker ``name`` would do about work that goals require, as things stand."""
    found = Agenda()
    works = [work for work in context.store.works(name) if work.stated]
    if not works:
        return found
    stands, planned = standing(context), set[int]()
    known = _by_name(context) if any(work.item.parent for work in works) else {}
    for work in parents_first(works):
        if work.phase is Phase.BEGUN:
            found.waiting.append((work, "it may have been created already: that is looked for"))
        elif work.phase is Phase.REFUSED:
            found.blocked.append(Blocked(work, work.reason, work.advice))
        elif why := not_yet(work, stands[work.goal], context.time(), context.rules.debounce):
            found.waiting.append((work, why))
        elif blocked := unfit(context, work):
            found.blocked.append(blocked)
        elif _above(context, work, known, planned) is None:
            found.waiting.append((work, f"{WAITS}{work.item.parent}"))
        else:
            found.create.append(work)
            planned.add(work.id)
    _limit(context, name, found)
    return found


def standing(context: Context) -> dict[int, Stands]:
    """Return the goals as required work looks at them."""
    return {
        stored.id: Stands(stored.goal, stored.pending is not None, stored.missing_since is not None)
        for stored in context.store.goals()
    }


def unfit(context: Context, work: Work) -> Blocked | None:
    """Return why an item can be created nowhere, as far as that is known without asking the tracker."""
    tracker = context.trackers.get(work.tracker)
    if tracker is None:
        known = ", ".join(context.trackers)
        return Blocked(work, f"there is no tracker {work.tracker!r}", f"write one of {known}")
    places, back = tracker.settings.named_places(), tracker.settings.write_back
    if Capability.CREATE not in tracker.connector.capabilities:
        return Blocked(work, f"nothing can be created in {work.tracker}", "name another tracker")
    if not back.enabled:
        return Blocked(work, f"nothing is written to {work.tracker}", "set write_back.enabled = true there")
    if places is not None and fold(work.place) not in map(fold, places):
        return Blocked(work, f"{work.place} is not tracked by {work.tracker}", f"write one of {', '.join(places)}")
    ours = (back.review_label, back.exempt_label)
    for label in work.item.labels:
        if fold(label).startswith(fold(back.label_prefix)) or fold(label) in map(fold, ours):
            return Blocked(work, f"the label {label} says something about goals", "leave it out: the goal's own is set")
    return None


Named = Mapping[tuple[int, str], Work]
"""All items by goal and folded id."""


def _by_name(context: Context) -> Named:
    return {(work.goal, fold(work.item.id)): work for work in context.store.works()}


def _above(context: Context, work: Work, known: Named, planned: Collection[int] = frozenset()) -> Address | str | None:
    """Return where the issue hangs, empty for nowhere; None while what it hangs under is not there.

    What is ``planned`` to be created before it in the same pass will be there.
    """
    wanted = work.item.parent
    above = known.get((work.goal, fold(wanted))) if wanted else None
    if not wanted:
        return ""
    if above is None:
        found = context.store.find(wanted, work.tracker)[:1]
        return context.store.addresses(found).get(found[0]) if found else None
    if above.issue is None:
        return "" if above.id in planned else None
    return context.store.addresses([above.issue]).get(above.issue)


def where_above(context: Context, work: Work) -> Address | str | None:
    """Return where an item's issue hangs, empty for nowhere; None while what it hangs under is not there."""
    above = context.store.item_named(work.goal, work.item.parent) if work.item.parent else None
    return _above(context, work, {(above.goal, fold(above.item.id)): above} if above else {})


def _limit(context: Context, name: str, found: Agenda) -> None:
    """Create no more than the tracker's limit; where more are stated at once, none that nobody has agreed to."""
    limit = context.trackers[name].settings.write_back.create_limit
    agreed = frozenset(context.store.note(released(name)) or ())
    fresh = [work for work in found.create if work.draft not in agreed and not work.who]
    if len(fresh) > limit:
        found.held = len(fresh)
        waiting = {work.id for work in fresh}
        found.create = [work for work in found.create if work.id not in waiting]
        found.waiting += [(work, "more are required at once than are created unasked") for work in fresh]
    found.waiting += [(work, "it is created in one of the next passes") for work in found.create[limit:]]
    del found.create[limit:]


def release(context: Context, name: str) -> int:
    """Let the items of a tracker be created that wait for being many; return how many."""
    waiting = [work for work in context.store.works(name) if work.stated and work.phase is Phase.WAITING]
    found = agenda(context, name)
    with context.store.transaction():
        context.store.put_note(released(name), sorted(work.draft for work in waiting))
        context.store.look_through_work()
    return found.held


# --- doing it ---------------------------------------------------------------------------------------------------------


def recover(context: Context, tracker: Tracker, counts: Counter[str]) -> None:
    """Find out what became of creations whose end nobody saw; what surely was not made may be made again."""
    begun = context.store.begun_work(tracker.name)
    connector = tracker.connector
    if not begun or not context.writes or not isinstance(connector, Creates):
        return
    for place in sorted({work.place for work in begun}):
        works = {work.draft: work for work in begun if work.place == place}
        since = min(work.begun for work in works.values() if work.begun) - OVERLAP
        found = _listed(connector, place, works, since)
        if found is None:
            continue
        for draft, work in works.items():
            if draft in found:
                counts["work found"] += _found(context, tracker, work)
            elif work.begun is None or abs(context.time() - work.begun) >= SETTLED:
                context.store.end_work(work)


def _listed(connector: Creates, place: str, works: Mapping[str, Work], since: datetime) -> frozenset[str] | None:
    """Return which items were created after all; None where the place cannot be looked at now."""
    try:
        return connector.drafted(place, works.keys(), since)
    except IssueRejected as error:
        log.warning("work not looked for", place=place, reason=str(error))
        return None


def _found(context: Context, tracker: Tracker, work: Work) -> int:
    """Record an item that was created though nobody saw it; return how many."""
    try:
        issue = tracker.connector.create(draft_of(context, tracker, work))
    except IssueRejected as error:  # what was made cannot be read: asked again in the next pass
        log.warning("work not readable", tracker=tracker.name, item=work.draft, reason=str(error))
        return 0
    _keep(context, tracker, work, issue)
    return 1


def make_required(context: Context, tracker: Tracker, counts: Counter[str], *, look: bool = False) -> list[Action]:
    """Create what goals require of this tracker now, and tell what cannot be created; return what is (or would be).

    Where nothing was left to create, and no goal, item or time has made a difference since, nothing is looked through,
    but with ``look``.
    """
    stamp = work_left.stamp(context, tracker)
    if not look and (left := work_left.left(context, tracker.name, stamp)) is not None:
        counts["work waiting"] += left
        return []
    found = agenda(context, tracker.name)
    actions = _make(context, tracker, counts, found)
    counts["work waiting"] += len(found.waiting)
    context.store.put_work_findings(tracker.name, _findings(context, tracker.name, found), context.now())
    if context.writes and not found.create:
        work_left.note(context, tracker.name, stamp, [work for work, _ in found.waiting])
    return actions


def _make(context: Context, tracker: Tracker, counts: Counter[str], found: Agenda) -> list[Action]:
    actions: list[Action] = []
    for work in found.create:
        if context.writes and where_above(context, work) is None:
            continue  # what it hangs under was refused in this very pass
        actions.append(_action(context, work))
        if context.writes:
            context.beat(tracker.name)
            made = create_now(context, tracker, work)
            counts["work created" if isinstance(made, Issue) else "work refused"] += 1
            if isinstance(made, Blocked):
                found.blocked.append(made)
    return actions


def create_now(context: Context, tracker: Tracker, work: Work) -> Issue | Blocked | None:
    """Create one item: return its issue, or why the tracker does not take it; None where somebody else is at it.

    Raises ``Unknown`` where it may have been created, and ``TrackerUnusable``: then it is looked for in the next pass.
    After another ``Transient`` nothing was, and it is tried again.
    """
    revision = context.book().goals[work.goal].revision
    if not context.store.begin_work(work, revision, context.now()):
        return None
    try:
        issue = tracker.connector.create(draft_of(context, tracker, work))
    except Unknown:
        raise
    except Transient:
        context.store.end_work(work)
        raise
    except IssueRejected as refusal:
        context.store.end_work(work, str(refusal), refusal.advice)
        log.warning("work refused", tracker=tracker.name, item=work.draft, reason=str(refusal))
        return Blocked(work, str(refusal), refusal.advice)
    _keep(context, tracker, context.store.item(work.id), issue)
    return issue


def draft_of(context: Context, tracker: Tracker, work: Work) -> Draft:
    """Return the item as its tracker is asked for it: filled in, and showing its goal from the first moment."""
    goal = context.store.goal_stated(work.goal)
    item = work.item
    public = goal.private and isinstance(tracker.connector, Creates) and tracker.connector.public(work.place)
    values = values_of(goal, public=public)
    layout = context.layouts.get(tracker.name) or context.meet(tracker.name)
    refused = {surface for place, surface in context.store.refused(tracker.name) if place == work.place}
    labels, fields = list(item.labels), {}
    for surface in layout.surfaces:
        if surface.key in layout.broken or surface.key in refused or surface.mirrors:
            continue
        if surface.kind is SurfaceKind.LABEL:
            labels.append(surface.id + goal.key)
        elif surface.kind is SurfaceKind.FIELD:
            fields[surface.key] = goal.key
    above = where_above(context, work)
    return Draft(
        id=work.draft,
        place=work.place,
        type=item.type,
        title=one_line(filled(item.title, values), 255),
        body=filled(item.body, values),
        labels=tuple(labels),
        fields=fields,
        parent=above if isinstance(above, Address) else None,
        assignee=item.assignee,
    )


def _keep(context: Context, tracker: Tracker, work: Work, issue: Issue) -> None:
    """Record the issue, its link, and that the item is that issue, all at once."""
    store, now, name = context.store, context.now(), tracker.name
    surfaces = tracker.connector.layout().surfaces
    watched = max(watched_since(context, name).values(), default=None)
    address = Address(name, issue.ref.id, issue.key)
    book = context.book()
    goal = book.goals[work.goal]
    by = By(work.who or "vindaris-sync", "command line" if work.who else "required", _why(work), issue.created)
    with store.transaction():
        store.record_seen(name, [Present(address, issue)], surfaces, now, listed=Listed(watched), ahead=tracker.ahead)
        number = store.by_id(name, [issue.ref.id])[issue.ref.id]
        record = store.view_records([number])[number]
        store.apply(born(record, work.goal, work.revision or goal.revision, book, by), "", now)
        store.mark_due([number])
        store.work_made(work, number, _left_out(context, work, issue))
    log.info("work created", tracker=name, key=issue.key, goal=goal.key, item=work.item.id)


def _why(work: Work) -> str:
    return f"created as {work.item.id}"


def _left_out(context: Context, work: Work, issue: Issue) -> str:
    """Return what of the item the tracker took without setting it."""
    shown = set(map(fold, issue.labels))
    missing = [f"label {label}" for label in work.item.labels if fold(label) not in shown]
    if work.item.type and fold(work.item.type) != fold(issue.type):
        missing.append(f"type {work.item.type}")
    if work.item.assignee and not issue.assignee:
        missing.append(f"assignee {work.item.assignee}")
    if work.item.parent and issue.parent is None and isinstance(where_above(context, work), Address):
        missing.append(f"parent {work.item.parent}")
    return f"created without {', '.join(missing)}" if missing else ""


def _action(context: Context, work: Work) -> CreateWork:
    goal = context.store.goal_stated(work.goal)
    title = filled(work.item.title, values_of(goal, public=False))
    item = work.item
    return CreateWork(work.goal, item.id, work.tracker, work.place, item.type, one_line(title, 255), item.parent)


def _findings(context: Context, name: str, found: Agenda) -> Iterator[Finding]:
    keys = {number: facts.key for number, facts in context.book().goals.items()}
    for each in found.blocked:
        work = each.work
        subject = f"{keys[work.goal]} {work.item.id}"
        yield Finding(Level.ERROR, subject, f"not created in {work.place}: {each.reason}", each.fix)
    if found.held:
        message = f"{found.held:,} issues are required at once; none is created before a person agrees"
        fix = f"vindaris-sync work list shows them, vindaris-sync work release {name} lets them be created"
        yield Finding(Level.WARNING, "required work", message, fix)
