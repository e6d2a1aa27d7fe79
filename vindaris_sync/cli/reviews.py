"""Open link reviews, and what is held until somebody has looked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from vindaris_sync.app import open_store, teams_of
from vindaris_sync.cli import deciding
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.finding import named_goals, successors, the_goal, the_issue
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.cli.rules_shown import asked
from vindaris_sync.cli.tracing import instant
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.records import Cause, GoalBook, Reason, Record
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.teams import Teams
from vindaris_sync.store.store import Store

_BATCH = 1000
_EXEMPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviews are asked for; None: any."""

    reason: str | None = None
    team: str | None = None
    goal: str | None = None
    backlog: bool = False


@dataclass(slots=True)
class Listing:
    """The reviews found, and how many were left out as backlog."""

    found: list[dict[str, Any]] = field(default_factory=list)
    backlog: int = 0


@dataclass(frozen=True, slots=True)
class _Filter:
    reason: Reason | None
    team: str | None
    goal: int | None
    backlog: bool


def open_reviews(config: Config, wanted: Wanted) -> Listing:
    """Return the open reviews that are wanted, the oldest question first."""
    teams, listing = teams_of(config), Listing()
    with open_store(config) as store:
        book = store.goal_book()
        goal = the_goal(book, wanted.goal) if wanted.goal else None
        chosen = _Filter(_reason(wanted.reason), _team(teams, wanted.team), goal, wanted.backlog)
        after = {str(number): key for number, key in successors(store).items()}
        for record in _all(store):
            team = teams.of_place(record.ref.tracker, record.place)
            causes = [cause for cause in record.causes if cause.open and _matches(cause, record, chosen)]
            if chosen.team is not None and (team is None or team.name != chosen.team):
                continue
            shown = causes if chosen.backlog else [cause for cause in causes if cause.surface_at is not None]
            listing.backlog += bool(causes) and not shown
            if shown:
                goals = named_goals(book, record.goals)
                document = _document(record, shown, team.name if team else "", goals)
                listing.found.append({**document, "successor": _successor(shown, after)})
        asked_rules = _rules(store, book, teams, chosen)
        listing.found += ({**one, "successor": _successor(causes, after)} for causes, one in asked_rules)
    listing.found.sort(key=lambda one: (one["causes"][0]["opened"], one["issue"]))
    return listing


def _successor(causes: Sequence[Cause], after: Mapping[str, str]) -> str | None:
    """Return the goal that the work goes to where one of its goals is closed and names it."""
    closed = (cause.key.subject for cause in causes if cause.key.reason is Reason.GOAL_CLOSED)
    return next((after[goal] for goal in closed if goal in after), None)


def _rules(
    store: Store, book: GoalBook, teams: Teams, chosen: _Filter
) -> Iterator[tuple[Sequence[Cause], dict[str, Any]]]:
    """Yield the link rules that are asked about, with why; several teams may be."""
    for rule in store.rule_book().rules:
        goal = rule.link.goal if rule.link else None
        causes = [cause for cause in rule.causes if cause.open and chosen.reason in (None, cause.key.reason)]
        told = teams.told_of(rule, store.places()) if causes else {}
        if causes and chosen.goal in (None, goal) and (chosen.team is None or chosen.team in told):
            yield causes, {
                "issue": rule.name,
                "key": rule.name,
                "title": rule.stated.name,
                "place": "",
                "team": ", ".join(told),
                "goals": [book.goals[goal].key] if goal is not None else [],
                "causes": [asked(cause) for cause in sorted(causes, key=lambda cause: cause.opened)],
            }


def _all(store: Store) -> Iterator[Record]:
    after = 0
    while ids := store.open_reviews(_BATCH, after):
        yield from store.view_records(ids).values()
        after = ids[-1]


def _reason(name: str | None) -> Reason | None:
    if name is None:
        return None
    try:
        return Reason(name.replace("-", "_"))
    except ValueError:
        raise Refusal(f"there is no reason {name!r}", advice=f"write one of {', '.join(Reason)}") from None


def _team(teams: Teams, name: str | None) -> str | None:
    if name is None:
        return None
    found = next((each for each in teams.teams if each.casefold() == name.casefold()), None)
    if found is None:
        raise Refusal(f"there is no team {name!r}; there are {', '.join(teams.teams) or 'none'}")
    return found


def _matches(cause: Cause, record: Record, chosen: _Filter) -> bool:
    if chosen.reason is not None and cause.key.reason is not chosen.reason:
        return False
    return chosen.goal is None or chosen.goal in record.goals or cause.key.subject == str(chosen.goal)


def _document(record: Record, causes: Sequence[Cause], team: str, goals: str) -> dict[str, Any]:
    return {
        "issue": str(record.ref),
        "key": record.key,
        "title": record.title,
        "place": record.place,
        "team": team,
        "goals": [] if goals == "-" else goals.split(", "),
        "causes": [
            {
                "reason": str(cause.key.reason),
                "detail": cause.detail,
                "opened": cause.opened,
                "backlog": cause.surface_at is None,
                "answer": str(cause.answer) if cause.answer else None,
            }
            for cause in sorted(causes, key=lambda cause: cause.opened)
        ],
    }


def show(listing: Listing, limit: int, *, as_json: bool) -> None:
    """Print the reviews."""
    if as_json:
        emit({"total": len(listing.found), "backlog": listing.backlog, "reviews": listing.found})
        return
    table(("issue", "title", "team", "goal", "asked because", "since"), map(_row, listing.found[:limit]))
    more = f", {limit:,} of them shown; --limit shows more" if len(listing.found) > limit else ""
    say(f"{counted(len(listing.found), 'open review')}{more}")
    if listing.backlog:
        say(f"{listing.backlog:,} from before are left out; --backlog shows them", style="dim")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    causes = one["causes"]
    why = "; ".join(f"{cause['reason']}: {cause['detail']}" for cause in causes)
    why += f"; its successor is {one['successor']}" if one["successor"] else ""
    return one["key"], one["title"], one["team"], ", ".join(one["goals"]), why, moment(causes[0]["opened"])


def expiry(config: Config, refs: Sequence[str], until: str | None, days: int | None) -> datetime:
    """Return when an exemption ends: the date given, else the days given, else the tracker's ``exempt_days``."""
    now = datetime.now(UTC)
    if until is not None and days is not None:
        raise Refusal("give either --until or --days")
    if until is not None:
        found = instant(until)
        if found <= now:
            raise Refusal(f"{until} is over already")
        return found
    if days is None:
        with open_store(config) as store:
            trackers = [config.trackers.get(the_issue(store, ref).ref.tracker) for ref in refs]
        days = min((each.write_back.exempt_days for each in trackers if each is not None), default=_EXEMPT_DAYS)
    return now + timedelta(days=days)


def release(config: Config, tracker: str, *, yes: bool, as_json: bool) -> None:
    """Show what is held and, once a person agrees, let it count."""
    held = deciding.held(config, tracker, release=False)
    if not as_json:
        table(("issue", "title"), ((one["key"], one["title"]) for one in held["held"]))
        say(f"{counted(len(held['held']), 'removal')} held in {tracker}")
        if missing := held["missing"]:
            gone = f"{missing['count']:,} of {missing['of']:,} issues are missing"
            say(f"{gone} from {tracker} since {moment(missing['since'])}")
    waits = held["held"] or held["missing"]
    if waits and not yes:
        if as_json or not sys.stdin.isatty():
            raise Refusal("nobody is there to be asked", advice="look at the list, then add --yes")
        typer.confirm("Is it right that these are gone?", abort=True, err=True)
    if waits:
        held["released"] = deciding.held(config, tracker, release=True)["released"]
        note("released; they count in the next pass, and the tracker is asked about each issue that is missing")
    if as_json:
        emit(held)
