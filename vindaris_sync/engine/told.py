"""Why was nobody told? When a team hears of a question, or why it does not, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vindaris_sync.domain.messages import Subject
from vindaris_sync.domain.models import Presence
from vindaris_sync.domain.muting import Mute
from vindaris_sync.domain.records import Cause, GoalBook, Reason, Record
from vindaris_sync.engine.silence import Silence
from vindaris_sync.engine.teams import Team
from vindaris_sync.engine.telling import KINDS
from vindaris_sync.store.store import Store

_WEEK = timedelta(days=6)
"""Within which a weekday says enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """When a team is told in chat; ``at`` None: it is not. ``why`` is empty where nothing holds it back."""

    at: datetime | None
    why: str = ""

    def words(self, team: Team | None, now: datetime) -> str:
        """Return it for people, in the team's own time: ``told at 09:00 on Monday: outside the working hours …``."""
        if self.at is None:
            return f"not told in chat: {self.why}"
        local = self.at.astimezone(team.zone if team else None)
        if self.at <= now:
            return f"told since {local:%Y-%m-%d %H:%M %Z}"
        today = local.date() == now.astimezone(local.tzinfo).date()
        day = "" if today else f" on {local:%A}" if self.at - now < _WEEK else f" on {local:%A, %Y-%m-%d}"
        return f"told at {local:%H:%M}{day}" + (f": {self.why}" if self.why else "")


def told(store: Store, record: Record, cause: Cause, team: Team | None, silence: Silence) -> Told:
    """Return when ``team`` is told that the issue asks ``cause``; in the past where its message shows it."""
    if (never := next(_never(record, cause, team), None)) is not None or team is None or cause.surface_at is None:
        return Told(None, never or "")
    if _shown(store, record, cause, team):
        return Told(cause.surface_at)
    at, why = cause.surface_at, "its grace is not over" if cause.surface_at > silence.now else ""
    muted = next((each for each in silence.mutes if each.about.issue == record.id and each.until > at), None)
    if muted is not None:
        at, why = max(at, muted.until), f"muted by {muted.who}: {muted.why}"
    hold = replace(silence, now=max(at, silence.now)).hold(team, KINDS[cause.key.reason], cause.key.subject)
    return Told(hold.until, hold.why) if hold else Told(at, why)


def _shown(store: Store, record: Record, cause: Cause, team: Team) -> bool:
    goal = store.goal_book().goals[int(cause.key.subject)].key if cause.key.subject else ""
    living = store.living(Subject(team.name, KINDS[cause.key.reason], goal).key, team.channel)
    return living is not None and living.open and str(record.ref) in living.members


def _never(record: Record, cause: Cause, team: Team | None) -> Iterator[str]:
    if team is None:
        yield "no team is configured for its place"
    if cause.answer is not None:
        yield "somebody has acknowledged it"
    if record.closed:
        yield "the issue is closed"
    if record.presence is not Presence.PRESENT:
        yield f"the issue is {record.presence}"
    if cause.key.reason not in KINDS:
        yield "somebody has asked for this review themselves"
    if cause.surface_at is None:
        yield "it was there before its place was tracked, and is counted in the report"
    if cause.key.reason is Reason.UNLINKED and record.parent_unknown:
        yield "its parent cannot be read, and may carry a link"


def muted_about(mute: Mute, store: Store, book: GoalBook) -> str:
    """Return what a mute is about: ``team Growth``, ``goal GROW-1``, ``APP-12``."""
    if mute.about.team is not None:
        return f"team {mute.about.team}"
    if mute.about.goal is not None:
        facts = book.goals.get(mute.about.goal)
        return f"goal {facts.key}" if facts else f"goal #{mute.about.goal}"
    number = mute.about.issue or 0
    record = store.view_records([number]).get(number)
    return record.key if record else f"issue #{number}"


def covers(mute: Mute, record: Record, team: Team | None) -> bool:
    """Return whether a mute keeps questions about the issue quiet: its own, its team's, or one of its goals'."""
    about = mute.about
    return about.issue == record.id or (team is not None and about.team == team.name) or about.goal in record.goals
