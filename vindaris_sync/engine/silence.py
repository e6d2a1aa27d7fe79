"""Why somebody is not told now, and when they will be: mutes, working hours, and people's own doings of this minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vindaris_sync.domain.living import Voice
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.muting import Mute
from vindaris_sync.domain.reviews import OWN_DOING
from vindaris_sync.engine.teams import Team
from vindaris_sync.store.outbox import Waiting
from vindaris_sync.store.store import Store

_FAR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Hold:
    """What notifies is held back ``until`` then; ``why`` in words for people."""

    until: datetime
    why: str
    voice: Voice = Voice.LATER


@dataclass(frozen=True, slots=True)
class Silence:
    """What holds messages back at one instant."""

    now: datetime
    mutes: tuple[Mute, ...]
    decided: Mapping[tuple[str, str], datetime]
    """Where people decided through us in the last minute: tracker and place, and when last."""

    @classmethod
    def at(cls, store: Store, now: datetime) -> Silence:
        """Return what the store knows of it at ``now``."""
        return cls(now, store.mutes(now), store.decided_since(now - OWN_DOING, now))

    def hold(self, team: Team, kind: Kind, goal: str = "") -> Hold | None:
        """Return what holds the team's messages of ``kind`` (about ``goal``, its number) back; None where nothing does.

        ``until`` is an instant of the team's working time that is in no mute.
        """
        muted = [each for each in self.mutes if _about(each, team, goal)]
        until = max((each.until for each in muted), default=self.now)
        working = team.hours.next(until) if team.hours and kind not in team.urgent else until
        if working == self.now:
            return None
        if muted:
            last = max(muted, key=lambda each: each.until)
            return Hold(working or until + _FAR, f"muted by {last.who}: {last.why}")
        return Hold(working or until + _FAR, f"outside the working hours of team {team.name}")

    def hold_of(self, team: Team) -> Hold | None:
        """Return what holds the team's ordinary messages back."""
        return self.hold(replace(team, urgent=frozenset()), Kind.UNLINKED)

    def own_doing(self, rows: Iterable[Waiting]) -> Hold | None:
        """Return until when nothing is sent because people know: they decided there themselves within a minute.

        Only fresh changes are held back, and once: what waited for a time of its own, or was held back before, goes on.
        """
        rows = tuple(rows)
        fresh = all(row.announce.due <= row.created for row in rows)
        decided = any((row.announce.tracker, row.announce.place) in self.decided for row in rows)
        until = max((row.created for row in rows), default=self.now) + OWN_DOING
        if not (fresh and decided and until > self.now):
            return None
        return Hold(until, "somebody has just decided it", Voice.SOFTLY)


def _about(mute: Mute, team: Team, goal: str) -> bool:
    return mute.about.team == team.name or (mute.about.goal is not None and str(mute.about.goal) == goal)
