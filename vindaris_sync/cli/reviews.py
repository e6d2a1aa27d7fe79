"""Open link reviews, and what is held until somebody has looked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from vindaris_sync.app import open_store
from vindaris_sync.cli import deciding
from vindaris_sync.cli.choosing import Choice, Wanted
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.explaining import because, explained, in_line, links_of, shortly
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.cli.rules_shown import asked
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.records import Cause, GoalBook, Reason, Record
from vindaris_sync.domain.text import counted
from vindaris_sync.domain.work import GOAL_PREFIX
from vindaris_sync.engine.differences import Differences
from vindaris_sync.engine.naming import named_goals, successors, the_issue
from vindaris_sync.engine.told import covers
from vindaris_sync.engine.tracing import instant
from vindaris_sync.store.store import Store

_EXEMPT_DAYS = 90


@dataclass(slots=True)
class Listing:
    """The reviews found, and how many were left out as backlog."""

    found: list[dict[str, Any]] = field(default_factory=list)
    backlog: int = 0


def open_reviews(config: Config, wanted: Wanted) -> Listing:
    """Return the open reviews that are wanted, the oldest question first."""
    listing = Listing()
    with open_store(config) as store:
        book, choice, differences = store.goal_book(), Choice(config, store, wanted), Differences(store)
        after = {str(number): key for number, key in successors(store).items()}
        mutes = store.mutes(datetime.now(UTC))
        for record, causes in choice.records():
            shown = causes if wanted.backlog else [cause for cause in causes if cause.surface_at is not None]
            listing.backlog += not shown
            if shown:
                team = choice.teams.of_place(record.ref.tracker, record.place)
                goals = named_goals(book, record.goals)
                one = document(record, shown, team.name if team else "", goals)
                links = links_of(store, record) if any(cause.key.subject for cause in shown) else ()
                explained(one, shown, links, differences)
                muted = max((each.until for each in mutes if covers(each, record, team)), default=None)
                listing.found.append({**one, "successor": _successor(shown, after), "muted": muted})
        asked_rules = _rules(store, book, choice, differences)
        listing.found += ({**one, "successor": _successor(causes, after)} for causes, one in asked_rules)
        listing.found += _goals(store, book, choice)
    listing.found.sort(key=lambda one: (one["causes"][0]["opened"], one["issue"]))
    return listing


def _successor(causes: Sequence[Cause], after: Mapping[str, str]) -> str | None:
    """Return the goal that the work goes to where one of its goals is closed and names it."""
    closed = (cause.key.subject for cause in causes if cause.key.reason is Reason.GOAL_CLOSED)
    return next((after[goal] for goal in closed if goal in after), None)


def _rules(
    store: Store, book: GoalBook, choice: Choice, differences: Differences
) -> Iterator[tuple[Sequence[Cause], dict[str, Any]]]:
    """Yield the link rules that are asked about, with why; several teams may be."""
    for rule in store.rule_book().rules if not choice.about_issues else ():
        goal = rule.link.goal if rule.link else None
        causes = [cause for cause in rule.causes if cause.open and choice.asked(cause.key.reason)]
        told = choice.teams.told_of(rule, store.places()) if causes else {}
        if causes and choice.goal in (None, goal) and any(map(choice.told, told or [""])):
            one = {
                "issue": rule.name,
                "key": rule.name,
                "title": rule.stated.name,
                "place": "",
                "team": ", ".join(told),
                "goals": [book.goals[goal].key] if goal is not None else [],
                "causes": [asked(cause) for cause in sorted(causes, key=lambda cause: cause.opened)],
            }
            yield causes, explained(one, causes, (rule.link,) if rule.link else (), differences)


def _goals(store: Store, book: GoalBook, choice: Choice) -> Iterator[dict[str, Any]]:
    """Yield the goals that are asked about themselves: required work was dropped."""
    scopes = store.work_scopes()
    for goal, all_causes in store.goal_causes().items() if not choice.about_issues else ():
        causes = [cause for cause in all_causes if cause.open and choice.asked(cause.key.reason)]
        owners = {
            scope: choice.teams.of_place(*scope) for cause in causes if (scope := scopes.get((goal, cause.key.subject)))
        }
        told = sorted({team.name for team in owners.values() if team})
        if causes and choice.goal in (None, goal) and any(map(choice.told, told or [""])):
            facts = book.goals[goal]
            shown = [asked(cause) for cause in sorted(causes, key=lambda cause: cause.opened)]
            yield {
                "issue": f"{GOAL_PREFIX}{facts.key}",
                "key": f"{GOAL_PREFIX}{facts.key}",
                "title": facts.title,
                "place": "",
                "team": ", ".join(told),
                "goals": [facts.key],
                "causes": [{**each, "since": None, "change": "", "changes": ()} for each in shown],
                "successor": None,
            }


def document(record: Record, causes: Sequence[Cause], team: str, goals: str) -> dict[str, Any]:
    """Return an issue's review as JSON has it."""
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
        emit({"total": len(listing.found), "backlog": listing.backlog, "reviews": list(map(shortly, listing.found))})
        return
    table(("issue", "title", "team", "goal", "asked because", "since"), map(_row, listing.found[:limit]))
    more = f", {limit:,} of them shown; --limit shows more" if len(listing.found) > limit else ""
    say(f"{counted(len(listing.found), 'open review')}{more}")
    if muted := sum(bool(one.get("muted")) for one in listing.found):
        say(f"{muted:,} of them muted in chat; `status` says by whom and until when", style="dim")
    if listing.backlog:
        say(f"{listing.backlog:,} from before are left out; --backlog shows them", style="dim")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    causes = one["causes"]
    why = in_line("; ", (because(cause, shortly=True) for cause in causes))
    why.append(f"; its successor is {one['successor']}" if one["successor"] else "")
    why.append(f"; muted until {moment(one['muted'])}" if one.get("muted") else "")
    return one["key"], one["title"], one["team"], ", ".join(one["goals"]), why, moment(causes[0]["opened"])


def expiry(config: Config, refs: Sequence[str], until: str | None, days: int | None) -> datetime:
    """Return when exemptions end: the date given, else the days given, else the first tracker's ``exempt_days``."""
    ends = expiries(config, until, days)
    if until is not None or days is not None:
        return ends(None)
    with open_store(config) as store:
        return min((ends(the_issue(store, ref)) for ref in refs), default=ends(None))


def expiries(config: Config, until: str | None, days: int | None) -> Callable[[Record | None], datetime]:
    """Return what tells when an issue's exemption ends: at the date, after the days, else as its tracker says."""
    now = datetime.now(UTC)
    if until is not None and days is not None:
        raise Refusal("give either --until or --days")
    fixed = None if until is None else instant(until)
    if fixed is not None and fixed <= now:
        raise Refusal(f"{until} is over already")

    def ends(record: Record | None) -> datetime:
        tracker = config.trackers.get(record.ref.tracker) if record is not None else None
        stated = days or (tracker.write_back.exempt_days if tracker is not None else _EXEMPT_DAYS)
        return fixed or now + timedelta(days=stated)

    return ends


def release(config: Config, tracker: str, *, yes: bool, as_json: bool) -> None:
    """Show what is held and, once a person agrees, let it count."""
    held = deciding.held(config, tracker, release=False)
    if not as_json:
        table(("issue", "title"), ((one["key"], one["title"]) for one in held["held"]))
        say(f"{counted(len(held['held']), 'removal')} held in {tracker}")
        if missing := held["missing"]:
            gone = f"{missing['count']:,} of {missing['of']:,} issues are missing"
            say(f"{gone} from {tracker} since {moment(missing['since'])}")
        for key, count in held["shown"].items():
            say(f"{counted(count, 'issue')} would show the priority or status that {key} has now")
    waits = held["held"] or held["missing"] or held["shown"]
    if waits and not yes:
        if as_json or not sys.stdin.isatty():
            raise Refusal("nobody is there to be asked", advice="look at the list, then add --yes")
        typer.confirm("Is that right?", abort=True, err=True)
    if waits:
        held["released"] = deciding.held(config, tracker, release=True)["released"]
        note("released; they count in the next pass, and the tracker is asked about each issue that is missing")
    if as_json:
        emit(held)
