"""Goals' issues in a memory tracker: our section between two marks of the body, and work below them as children."""

from __future__ import annotations

from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.homes import Attached, Page, Rewrite, Rewritten
from vindaris_sync.domain.menus import Fate
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.homes import same_text, section_between

BEGIN, END = "<goal>", "</goal>"
CHILDREN = 100
"""Children that one issue takes."""


def rewrite(tracker: MemoryTracker, wanted: Rewrite) -> Rewritten:
    """Change what is ours of the title and the body."""
    record = tracker.locate(wanted.address)
    if record is None:
        return Rewritten(Fate.REFUSED, reason="the issue cannot be seen any more", unseen=True)
    issue, kept = record.issue, []
    body = _body(tracker.bodies.get(issue.ref.id, ""), wanted.before, wanted.after)
    mine = wanted.before is None or issue.title == wanted.before.title
    if body is None:
        kept.append("section")
    if issue.title != wanted.after.title and not mine:
        kept.append("title")
    same = body in (None, tracker.bodies.get(issue.ref.id, "")) and (not mine or issue.title == wanted.after.title)
    if same:
        return Rewritten(Fate.DONE, tuple(kept))
    try:
        with tracker.faults.call("rewrite", issue.ref.id):
            if refusal := tracker.places[issue.place].refusal:
                return Rewritten(Fate.REFUSED, tuple(kept), refusal, "give our account write access")
            if body is not None:
                tracker.bodies[issue.ref.id] = body
            if mine and issue.title != wanted.after.title:
                tracker.edit_title(issue.ref.id, wanted.after.title)
    except Unknown as error:
        return Rewritten(Fate.FAILED, reason=str(error))
    return Rewritten(Fate.DONE, tuple(kept))


def attach(tracker: MemoryTracker, child: Address, parent: Address) -> Attached:
    """Hang ``child`` below ``parent`` where it hangs nowhere."""
    below, above = _id(tracker, child), _id(tracker, parent)
    now = tracker.issue(below).parent
    if now is not None:
        return Attached(Fate.DONE if now.id == above else Fate.STALE, reason="it has a parent")
    many = sum(each.issue.parent is not None and each.issue.parent.id == above for each in tracker.records())
    if many >= CHILDREN:
        return Attached(Fate.REFUSED, reason=f"it has {many} children", advice="close some of them", full=True)
    return _set(tracker, below, above)


def detach(tracker: MemoryTracker, child: Address, parent: Address) -> Attached:
    """Take ``child`` from below ``parent``, if it hangs there."""
    below, above = _id(tracker, child), _id(tracker, parent)
    now = tracker.issue(below).parent
    return _set(tracker, below, None) if now is not None and now.id == above else Attached(Fate.DONE)


def _set(tracker: MemoryTracker, below: str, above: str | None) -> Attached:
    try:
        with tracker.faults.call("attach", below):
            if refusal := tracker.places[tracker.issue(below).place].refusal:
                return Attached(Fate.REFUSED, reason=refusal, advice="give our account write access")
            tracker.set_parent(below, above)
    except Unknown as error:
        return Attached(Fate.FAILED, reason=str(error))
    return Attached(Fate.DONE)


def _id(tracker: MemoryTracker, address: Address) -> str:
    record = tracker.locate(address)
    if record is None:
        raise IssueRejected(f"{address.key} cannot be read")
    return record.issue.ref.id


def _body(body: str, before: Page | None, after: Page) -> str | None:
    parts, fresh = section_between(body, BEGIN, END), _section(after)
    if parts is None:
        return f"{body}{BEGIN}{fresh}{END}" if before is None and BEGIN not in body else None
    if not same_text(parts[1], fresh) and (before is None or not same_text(parts[1], _section(before))):
        return None
    return f"{parts[0]}{BEGIN}{fresh}{END}{parts[2]}"


def _section(page: Page) -> str:
    return "\n".join(line.replace("<", "&lt;") for line in page.lines)
