"""Looking again at issues that were named: they are fetched and recorded as a page is, and no cursor moves (L7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, Moved, Presence, Present, Seen
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.gather import let_leave, watched_since
from vindaris_sync.store.seen import Listed


def look_again(context: Context, tracker: Tracker, named: Sequence[Address], counts: Counter[str]) -> None:
    """Fetch the issues that ``named`` leads to, in few requests, and record what they are now.

    Who named them is not believed: what the store does not know yet is recorded only where it is in scope, and where it
    is known since when its scope is watched, which the first full pull tells (R9).
    """
    store, connector = context.store, tracker.connector
    seen = list(connector.fetch(store.addressed(tracker.name, named)))
    counts["looked at"] += len(seen)
    issues = [each.issue for each in seen if isinstance(each, Present | Moved)]
    known = store.numbered(tracker.name, [issue.ref.id for issue in issues])
    here = {ext for ext, each in known.items() if each.presence == Presence.PRESENT}
    strange = [issue for issue in issues if issue.ref.id not in here and not issue.pull_request]
    inside = _inside(tracker, strange)
    since = watched_since(context, tracker.name)
    groups: dict[datetime | None, list[Seen]] = defaultdict(list)
    surfaces, now = connector.layout().surfaces, context.now()
    for each in seen:
        if isinstance(each, Gone | Hidden) or each.issue.ref.id in known.keys() - inside:
            groups[None].append(each)
        elif each.issue.ref.id in inside and (watched := _watched(each.issue, since)):
            groups[watched].append(each)
        else:
            counts["left aside"] += 1
    for watched, answers in groups.items():
        listed = Listed(watched) if watched else None
        store.record_seen(tracker.name, answers, surfaces, now, listed=listed, ahead=tracker.ahead)
    let_leave(context, tracker, [each.issue for each in seen if isinstance(each, Moved) and each.issue.ref.id in known])


def _inside(tracker: Tracker, issues: Sequence[Issue]) -> frozenset[str]:
    """Return which are in scope. In a place that the settings name an issue is; an index need not know it yet."""
    named = {place.casefold() for place in tracker.settings.named_places() or ()}
    sure = frozenset(issue.ref.id for issue in issues if issue.place.casefold() in named)
    doubtful = [issue for issue in issues if issue.ref.id not in sure]
    return sure | (tracker.connector.in_scope(doubtful) if doubtful else frozenset())


def _watched(issue: Issue, since: Mapping[str, datetime]) -> datetime | None:
    """Return since when the issue's scope is known whole: its place's, or that of the only scope."""
    by_place = {scope.casefold(): at for scope, at in since.items()}
    return by_place.get(issue.place.casefold()) or (next(iter(since.values())) if len(since) == 1 else None)
