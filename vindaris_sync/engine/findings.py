"""The findings of a night, gathered from the store; how they look is the report's business."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from vindaris_sync.domain.findings import (
    Ages,
    Coverage,
    DriftRow,
    Findings,
    GoalRow,
    IssueLine,
    Listing,
    NotChecked,
    ReviewRow,
    Reviews,
    Slice,
    TrackerRow,
    ages,
    rolled_up,
)
from vindaris_sync.domain.goals import Goal, by_key, parent_of
from vindaris_sync.domain.leading import Birth, Measured
from vindaris_sync.domain.readings import Series, metric_of
from vindaris_sync.domain.records import Reason
from vindaris_sync.domain.succession import successor_of
from vindaris_sync.engine.changed import goal_changes
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.dropped import dropped_lines
from vindaris_sync.engine.leading import Born, born, priorities, retrofit_bursts
from vindaris_sync.engine.pausing import MEANING, pauses
from vindaris_sync.engine.standing import Standing, Standings, standings
from vindaris_sync.engine.told import muted_about
from vindaris_sync.store.figures import Noted, Tally

_LINES = 50
"""Issues named in a list; the number always tells all of them."""


def gather_findings(
    context: Context,
    since: datetime | None,
    timezone: str,
    drift: Iterable[DriftRow] = (),
    not_checked: Iterable[NotChecked] = (),
) -> Findings:
    """Return what the store holds now, and what happened since the last report (``since``; None: ever)."""
    store, now, where = context.store, context.now(), ZoneInfo(timezone)
    period = since or datetime(1970, 1, 2, tzinfo=now.tzinfo)
    tallies, counts = store.tallies(), store.pass_counts(period)
    coverage = coverage_of(tallies)
    stand, links = standings(store, now, context.unit_of), born(context, now, where)
    goals = goal_rows(context, stand, links, coverage.total)
    return Findings(
        at=now,
        since=since,
        timezone=timezone,
        coverage=coverage,
        slices=tuple(slices_of(context, tallies)),
        goals=goals,
        birth=links.all,
        finished=stand.finished,
        priorities=priorities(goals, store.goals(), stand, coverage.unlinked + coverage.exempt),
        births=links.rows,
        bursts=retrofit_bursts(context, now, where),
        unlinked=_listing(context, *store.causes(Reason.UNLINKED, _LINES, fresh=True)),
        closed_goal_work=_closed_goal_work(context),
        suspect=_suspects(context),
        goal_changes=goal_changes(context),
        suspect_ages=_ages(context, Reason.GOAL_CHANGED, now),
        reviews=_reviews(context, period, now),
        conflicts=_listing(context, *store.causes(Reason.CONFLICT, _LINES)),
        unknown_goals=_listing(context, *store.causes(Reason.UNKNOWN_GOAL, _LINES)),
        drift=tuple(drift),
        quarantined=_quarantined(context),
        exemptions=_listing(context, *store.exemptions(_LINES)),
        muted=_muted(context, now),
        parents=_listing(context, *store.astray(_LINES)),
        dropped=_dropped(context),
        parent_unknown=store.parents_unknown(),
        not_checked=(*not_checked, *_unchecked(context)),
        trackers=tuple(_trackers(context, counts)),
        skipped=_skipped(counts.values()),
    )


# --- coverage -----------------------------------------------------------------------------------------------------


def coverage_of(tallies: Iterable[Tally]) -> Coverage:
    """Return the open tracked issues by link state."""
    counts: Counter[str] = Counter()
    for tally in tallies:
        counts["due" if tally.due else tally.state] += tally.count
        if tally.backlog and not tally.due:
            counts["backlog"] += tally.count
        if tally.ruled and not tally.due:
            counts["by_rule"] += tally.count
    return Coverage(**counts)


def slices_of(context: Context, tallies: Sequence[Tally]) -> Iterable[Slice]:
    """Return the coverage of each team, tracker and place."""
    groups: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    teams = context.owners()
    for tally in tallies:
        team = teams.of_place(tally.tracker, tally.place)
        groups["team", team.name if team else "no team"].append(tally)
        groups["tracker", tally.tracker].append(tally)
        groups["place", f"{tally.tracker}:{tally.place}"].append(tally)
    budgets = {("team", team.name): team.exempt_share for team in context.teams.teams.values()}
    return [
        Slice(kind, name, coverage_of(group), budgets.get((kind, name)))
        for (kind, name), group in sorted(groups.items())
    ]


# --- goals --------------------------------------------------------------------------------------------------------


def goal_rows(context: Context, stand: Standings, links: Born, total: int) -> tuple[GoalRow, ...]:
    """Return the goals as a tree, parents first; ``total`` is how many open issues there are."""
    goals, series = context.store.goals(), context.store.series()
    known = by_key(stored.goal for stored in goals)
    held = context.rules.catch_all.held({goal: standing.work.open for goal, standing in stand.goals.items()}, total)
    return rolled_up(
        GoalRow(
            key=stored.goal.key,
            title=stored.goal.title,
            status=str(stored.goal.status),
            priority=stored.goal.priority or "",
            period=stored.goal.period or "",
            owner=stored.goal.owner or "",
            parent=above.key if (above := parent_of(stored.goal, known)) else "",
            own=standing.work,
            outcomes=stored.goal.outcomes,
            suspect=standing.suspect,
            missing=stored.missing_since is not None,
            efforts=tuple(standing.efforts.values()),
            nearby=standing.nearby,
            finished=standing.finished,
            birth=links.goals.get(stored.id, Birth()),
            series=tuple(_measured(stored.goal, series.get(stored.id, {}))),
            catch_all=stored.id in held and not stored.goal.status.closed,
            successor=_successor(stored.goal, known),
        )
        for stored in goals
        for standing in [stand.goals.get(stored.id, Standing())]
    )


def _successor(goal: Goal, known: Mapping[str, Goal]) -> str:
    after = successor_of(goal, known) if goal.status.closed else None
    return after.key if after else ""


def _measured(goal: Goal, series: Series) -> Iterator[Measured]:
    for outcome in goal.outcomes:
        if len(found := series.get(metric_of(outcome.metric), ())) > 1:
            at, values = tuple(each.at for each in found), tuple(each.value for each in found)
            yield Measured(outcome.metric, at, values, found[-1].how)


def _muted(context: Context, now: datetime) -> Listing:
    """Return what people do not want to be told of for a time; it counts everywhere else all the same."""
    mutes, book = context.store.mutes(now), context.book()
    lines = (
        IssueLine(muted_about(each, context.store, book), each.why, since=each.at,
                  note=f"by {each.who}, until {each.until:%Y-%m-%d %H:%M} UTC")
        for each in mutes[:_LINES]
    )  # fmt: skip
    return Listing(len(mutes), tuple(lines))


def _dropped(context: Context) -> Listing:
    lines = tuple(dropped_lines(context))
    return Listing(len(lines), lines[:_LINES])


def _closed_goal_work(context: Context) -> Listing:
    closed = [goal.id for goal in context.book().goals.values() if goal.closed]
    return _listing(context, *context.store.on_goals(closed, _LINES))


# --- lists --------------------------------------------------------------------------------------------------------


def _listing(context: Context, total: int, noted: Iterable[Noted]) -> Listing:
    goals = context.book().goals
    return Listing(
        total,
        tuple(
            IssueLine(
                one.key, one.title, one.url, one.tracker, one.place, goals[one.goal].key if one.goal else "", one.since,
                one.note,
            )
            for one in noted
        ),
    )  # fmt: skip


def _suspects(context: Context) -> Listing:
    """Return what stands on suspect links, and who is asked: rules, each for all that it links, then issues."""
    goals, listing = context.book().goals, _listing(context, *context.store.suspects(_LINES))
    rules = tuple(
        IssueLine(rule.name, rule.stated.name, goal=goals[rule.link.goal].key, since=cause.opened, note=cause.detail)
        for rule in context.store.rule_book().rules
        for cause in rule.causes
        if rule.link is not None and cause.open and cause.key.reason is Reason.GOAL_CHANGED
    )
    return Listing(listing.total, (*rules, *listing.lines)[:_LINES])


def _quarantined(context: Context) -> Listing:
    items = context.store.quarantine()
    lines = (
        IssueLine(one.key or one.ext_id, "", tracker=one.tracker, since=one.first_at, note=one.reason) for one in items
    )
    return Listing(len(items), tuple(lines)[:_LINES])


# --- reviews ------------------------------------------------------------------------------------------------------


def _ages(context: Context, reason: str, now: datetime) -> Ages:
    return ages((opened for kind, opened in context.store.open_causes() if kind == reason), now)


def _reviews(context: Context, since: datetime, now: datetime) -> Reviews:
    flow = context.store.review_flow(since)
    by_reason: dict[str, list[datetime]] = defaultdict(list)
    for reason, opened in context.store.open_causes():
        by_reason[reason].append(opened)
    rows = tuple(
        ReviewRow(reason, len(opened), ages(opened, now), min(opened)) for reason, opened in sorted(by_reason.items())
    )
    return Reviews(flow.opened, sum(flow.answers.values()), flow.answers, rows)


# --- trackers -----------------------------------------------------------------------------------------------------


def _trackers(context: Context, counts: dict[str, Counter[str]]) -> Iterable[TrackerRow]:
    held = pauses(context.store, context.now())
    for name, facts in context.store.trackers().items():
        if name not in context.trackers:
            continue
        did = counts.get(name, Counter())
        stopped = "stopped" if facts.stopped_reason else "held" if facts.held else "ok"
        stopped = "paused" if name in held else stopped
        yield TrackerRow(
            name=name,
            kind=facts.kind,
            state=stopped if facts.loaded_at else "loading",
            issues=context.store.present_count(name),
            pulled=did["pulled"],
            written=did["written"],
            refused=did["refused"],
            last_pull=facts.last_ok_at,
            note=f"{held[name].told()}; {MEANING}" if name in held else facts.stopped_advice,
        )


def _unchecked(context: Context) -> Iterable[NotChecked]:
    for name, facts in context.store.trackers().items():
        if name in context.trackers and facts.held:
            why = f"{len(facts.held)} links vanished at once and wait for a person"
            yield NotChecked(name, why, issues=len(facts.held))
    for one in context.store.asides():
        if one.tracker in context.trackers:
            yield NotChecked(f"{one.tracker} {one.key}", f"left alone: {one.why}", issues=1)
    for name in context.trackers:
        for each in context.store.attention(name):
            yield NotChecked(f"{name} {each.subject}", f"{each.message}. {each.fix}".strip(" ."))
    for work in context.store.works():
        if work.stated and work.issue is None and work.tracker not in context.trackers:
            yield NotChecked(f"required work {work.draft}", f"there is no tracker {work.tracker!r}")


def _skipped(counts: Iterable[Counter[str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update({name[5:]: count for name, count in each.items() if name.startswith("skip ")})
    return dict(total)
