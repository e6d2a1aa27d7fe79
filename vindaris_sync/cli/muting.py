"""Mutes: asked for, ended and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from vindaris_sync.app import open_store, teams_of
from vindaris_sync.cli.output import emit, moment, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.muting import Muted
from vindaris_sync.engine.muting import mute, unmute
from vindaris_sync.engine.naming import the_goal, the_issue
from vindaris_sync.engine.silence import Silence
from vindaris_sync.engine.teams import Teams
from vindaris_sync.engine.told import muted_about
from vindaris_sync.engine.tracing import instant
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.store.store import Store

Chosen = tuple[str | None, str | None, str | None]
"""A team's name, a goal's key, an issue; exactly one of them."""

_SHOWN = 10


def _about(config: Config, store: Store, chosen: Chosen) -> Muted:
    team, goal, ref = chosen
    if sum(each is not None for each in chosen) != 1:
        raise Refusal("name one of an issue, --team and --goal")
    if team is not None:
        known = {each.casefold(): each for each in teams_of(config).teams}
        if team.casefold() not in known:
            raise Refusal(f"there is no team {team!r}", advice=f"there are: {', '.join(known.values())}")
        return Muted(team=known[team.casefold()])
    if goal is not None:
        return Muted(goal=the_goal(store.goal_book(), goal))
    return Muted(issue=the_issue(store, ref or "").id)


def ends(until: str | None, days: int | None, now: datetime) -> datetime:
    """Return when a mute ends: at the date, or after the days."""
    if (until is None) == (days is None):
        raise Refusal("say how long: --until DATE or --days N")
    return instant(until) if until is not None else now + timedelta(days=days or 0)


def ask(config: Config, chosen: Chosen, until: datetime, by: By, *, as_json: bool) -> None:
    """Keep a mute, and say until when it holds."""
    with open_store(config) as store:
        made = mute(store, _about(config, store, chosen), until, by)
        document = {"about": muted_about(made, store, store.goal_book()), "until": made.until, "who": made.who,
                    "why": made.why}  # fmt: skip
    if as_json:
        emit({"muted": document})
        return
    say(f"{document['about']} is muted until {moment(made.until)}; it stays counted, and is told then")


def end(config: Config, chosen: Chosen, by: By, *, as_json: bool) -> None:
    """End a mute, and say whether there was one."""
    with open_store(config) as store:
        ended = unmute(store, _about(config, store, chosen), by)
    if as_json:
        emit({"ended": ended})
        return
    say("the mute is over; what it held back is told now" if ended else "nothing was muted there")


def running(store: Store, now: datetime) -> list[dict[str, Any]]:
    """Return what is muted now, as JSON has it."""
    book = store.goal_book()
    return [
        {"about": muted_about(each, store, book), "until": each.until, "who": each.who, "why": each.why, "at": each.at}
        for each in store.mutes(now)
    ]


def resting(store: Store, teams: Teams, now: datetime) -> list[dict[str, Any]]:
    """Return the teams to which nothing but what is urgent is sent now, until when and why."""
    silence = Silence.at(store, now)
    holds = {name: silence.hold_of(team) for name, team in teams.teams.items()}
    zones = {name: team.zone for name, team in teams.teams.items()}
    return [
        {"team": name, "until": hold.until.astimezone(zones[name]), "why": hold.why}
        for name, hold in holds.items()
        if hold is not None
    ]


def gather(config: Config, store: Store) -> dict[str, Any]:
    """Return what is muted, and which teams are told nothing now."""
    now = datetime.now(UTC)
    return {"muted": running(store, now), "quiet": resting(store, teams_of(config), now)}


def tell(muted: Sequence[dict[str, Any]], quiet: Sequence[dict[str, Any]]) -> None:
    """Print it; nothing where nobody is spared anything."""
    for each in quiet:
        say(f"team {each['team']}: told at {each['until']:%H:%M on %A, %Y-%m-%d}: {each['why']}")
    for each in muted[:_SHOWN]:
        say(f"muted until {moment(each['until'])}: {each['about']}, by {each['who']}: {each['why']}", style="yellow")
    if len(muted) > _SHOWN:
        say(f"  … and {len(muted) - _SHOWN:,} more muted; --json shows all")
