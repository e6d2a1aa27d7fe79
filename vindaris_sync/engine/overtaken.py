"""What a person saw of a review, as a short token, and what is said where it was another one since."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Exemption
from vindaris_sync.domain.records import Cause, GoalBook, Record, value_text
from vindaris_sync.domain.rules import Rule
from vindaris_sync.domain.text import counted, one_line
from vindaris_sync.sdk.errors import VindarisError
from vindaris_sync.store.lookup import Event
from vindaris_sync.store.store import Store

_DIGITS = 12
_SAID = {
    "linked": "linked it to {after}",
    "unlinked": "took its link off",
    "exempted": "said that it is no goal work",
    "exemption_expired": "let its exemption end",
    "confirmed": "confirmed it",
    "undone": "took a decision back",
    "linked_by_rule": "linked it to {after} by a rule",
    "left_rule": "took it from under a rule",
}
"""What events of the history say of a decision."""
_LOOKED_AT = 50


class Overtaken(VindarisError):
    """Somebody decided, or a goal changed, after the person had looked: nothing was changed. It says who did what.

    ``key`` is the issue's; ``who`` is empty where no person is known, and ``at`` None where nobody decided.
    """

    def __init__(self, key: str, message: str, *, who: str = "", at: datetime | None = None) -> None:
        super().__init__(f"{key}: {message}", advice="nothing was changed; look at it again, then decide")
        self.key = key
        self.who = who
        self.at = at


def seen_of(record: Record, book: GoalBook) -> str:
    """Return what a person sees of an issue's review, as at most 64 ASCII characters.

    It changes with the explicit decision, with what is asked, and with the revisions of the goals it serves (R7).
    """
    explicit = record.explicit
    until = explicit.expires if isinstance(explicit, Exemption) else None
    goals = [link.goal for link in record.links] or list(record.goals)
    parts = (value_text(explicit), until), _asked(record.causes), [(goal, book.goals[goal].revision) for goal in goals]
    return ".".join(map(_short, parts))


def seen_of_rule(rule: Rule, book: GoalBook) -> str:
    """Return the same of a link rule's review."""
    goal = (rule.link.goal, book.goals[rule.link.goal].revision) if rule.link else None
    return ".".join(map(_short, (rule.stated.goal, _asked(rule.causes), goal)))


def _asked(causes: tuple[Cause, ...]) -> list[str]:
    return sorted(str(cause.key) for cause in causes if cause.answer is None)


def _short(what: object) -> str:
    return hashlib.sha256(repr(what).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def refuse_if_overtaken(store: Store, record: Record, book: GoalBook, seen: str, now: datetime) -> None:
    """Raise ``Overtaken`` where ``seen`` is not what the issue's review is now; empty: the person looked at nothing."""
    present = seen_of(record, book)
    if not seen or seen == present:
        return
    explicit, asked, _ = (old == new for old, new in zip(_parts(seen), _parts(present), strict=True))
    if not explicit or (not asked and not _asked(record.causes)):
        raise overtaken(store, record, now)
    if not asked:
        raise Overtaken(record.key, "what it is asked has changed since you looked")
    goals = ", ".join(book.goals[goal].key for goal in record.goals) or "its goal"
    raise Overtaken(record.key, f"{goals} has changed since you looked")


def _parts(token: str) -> tuple[str, str, str]:
    first, _, rest = token.partition(".")
    second, _, third = rest.partition(".")
    return first, second, third


def overtaken(store: Store, record: Record, now: datetime) -> Overtaken:
    """Return who decided last on the issue, and what."""
    last = next((each for each in store.history(issue=record.id, limit=_LOOKED_AT) if each.event in _SAID), None)
    if last is None:
        return Overtaken(record.key, "it was answered since you looked")
    return Overtaken(record.key, f"{_did(last)} {ago(now - last.at)}", who=last.who, at=last.at)


def _did(event: Event) -> str:
    after = ", ".join(one_line(str(each), 60) for each in event.after) or "no goal"
    return f"{one_line(event.who, 60) or 'somebody'} {_SAID[event.event].format(after=after)}"


def ago(span: timedelta) -> str:
    """Return how long ago something was: ``just now``, ``3 minutes ago``, ``2 hours ago``, ``12 days ago``."""
    minutes = span // timedelta(minutes=1)
    for unit, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= unit:
            return f"{counted(minutes // unit, name)} ago"
    return "just now"
