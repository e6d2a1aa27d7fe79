"""Readings of outcomes, recorded by people and from files, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from vindaris_sync.app import open_store
from vindaris_sync.cli.deciding import login
from vindaris_sync.cli.exits import DONE, DRIFT, Refusal
from vindaris_sync.cli.outcomes_shown import outcome_line, provenance
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.cli.sheets import lines
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.readings import Reading, Series, metric_of
from vindaris_sync.engine.measured import outcome_document
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.engine.outcomes import NoOutcome, Stated, meant, readings, stated
from vindaris_sync.engine.tracing import instant
from vindaris_sync.store.store import Store

_ALL = 1_000_000
_SKEW = timedelta(minutes=10)
_COLUMNS = "the columns are metric,value,at,goal"
_BY_HAND, _BY_FILE = "command line", "csv"


@dataclass(frozen=True, slots=True)
class Row:
    """One value as it was given: for the metric of ``goal``, or of all goals that state it."""

    metric: str
    value: float
    at: str | None
    goal: str | None


@dataclass(slots=True)
class Imported:
    """What became of the rows of a file; ``recorded`` and ``known`` count readings."""

    rows: int = 0
    recorded: int = 0
    known: int = 0
    dry_run: bool = False
    refused: list[dict[str, Any]] = field(default_factory=list)


def record(config: Config, row: Row, who: str, *, as_json: bool) -> None:
    """Record one value, and say what is current now."""
    now = datetime.now(UTC)
    with open_store(config) as store:
        found = _readings(store, row, now, _BY_HAND, who)
        store.put_readings(found, now)
        told = [
            {"goal": each.goal.key, "metric": each.outcome.metric, "value": row.value, "at": reading.at,
             **_now(each, store.series().get(each.id, {}))}
            for each, reading in zip(_meant(store, row), found, strict=True)
        ]  # fmt: skip
    if as_json:
        emit({"recorded": told})
        return
    for each in told:
        say(f"{each['goal']}: {each['metric']} {each['value']:g} as of {moment(each['at'])}")
        if each["measured"] != each["at"]:
            since = provenance(each["how"], each["measured"])
            say(f"  current stays {each['current']:g}, which is newer ({since})", style="dim")


def _now(each: Stated, series: Series) -> dict[str, Any]:
    found = outcome_document(each.outcome, series)
    return {name: found[name] for name in ("current", "measured", "how")}


def _meant(store: Store, row: Row) -> tuple[Stated, ...]:
    goal = the_goal(store.goal_book(), row.goal) if row.goal else None
    return meant(stated(store), row.metric, goal)


def _readings(store: Store, row: Row, now: datetime, how: str, who: str) -> list[Reading]:
    at = _when(row.at, now)
    if at > now + _SKEW:
        raise Refusal(f"{row.at} is in the future", advice="record what was measured, when it was")
    if not isfinite(row.value):
        raise Refusal(f"{row.value} is no measured value")
    return readings(_meant(store, row), row.value, at, how, who or login())


def _when(at: str | None, now: datetime) -> datetime:
    """Return when a value was measured; today's date means now, for the day has not ended yet."""
    if at is None:
        return now
    found = instant(at)
    return now if found.time() == time.max and found - now < timedelta(days=1) and found > now else found


# --- files ------------------------------------------------------------------------------------------------------------


def import_file(config: Config, path: Path, who: str, *, dry_run: bool, as_json: bool) -> int:
    """Record the rows of a file, all of them or none; return the exit code."""
    rows, done, now = list(_rows(path)), Imported(dry_run=dry_run), datetime.now(UTC)
    done.rows = len(rows)
    with open_store(config) as store:
        held = {(goal, metric, each.at, each.value) for goal, series in store.series(_ALL).items()
                for metric, found in series.items() for each in found}  # fmt: skip
        fresh: list[Reading] = []
        for line, cells in rows:
            try:
                given = _readings(store, _row(cells), now, _BY_FILE, who)
            except (Refusal, NoOutcome, ValueError) as error:
                done.refused.append({"line": line, "reason": str(error)})
                continue
            new = [each for each in given if (each.goal, metric_of(each.metric), each.at, each.value) not in held]
            done.known += len(given) - len(new)
            fresh += new
        done.recorded = 0 if done.refused else len(fresh)
        if not (done.refused or dry_run):
            store.put_readings(fresh, now)
    _tell(done, as_json=as_json)
    return DRIFT if done.refused else DONE


def _tell(done: Imported, *, as_json: bool) -> None:
    if as_json:
        emit(done)
        return
    would = "would be recorded" if done.dry_run else "recorded"
    say(f"{done.rows:,} rows: {done.recorded:,} readings {would}, {done.known:,} were known already")
    table(("line", "why not"), ((each["line"], each["reason"]) for each in done.refused))
    if done.refused:
        note("nothing was recorded: correct these lines, and import the file again")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, cells by column) of a CSV file with a header; refuse what is none."""
    found = ((line, cells) for line, cells in lines(path) if cells)
    _, header = next(found, (0, []))
    columns = [name.casefold() for name in header]
    if missing := {"metric", "value", "at"} - set(columns):
        raise Refusal(f"{path}: the header lacks {', '.join(sorted(missing))}", advice=_COLUMNS)
    for line, cells in found:
        yield line, dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))


def _row(cells: dict[str, str]) -> Row:
    try:
        value = float(cells["value"])
    except ValueError:
        raise Refusal(f"{cells['value']!r} is no number") from None
    if not cells["at"]:
        raise Refusal("it is not said when it was measured")
    return Row(cells["metric"], value, cells["at"], cells.get("goal") or None)


# --- looking ----------------------------------------------------------------------------------------------------------


def listing(config: Config, *, as_json: bool) -> None:
    """Print all outcomes."""
    with open_store(config) as store:
        series, found = store.series(), stated(store)
    told = [{"goal": each.goal.key, **outcome_document(each.outcome, series.get(each.id, {}))} for each in found]
    if as_json:
        emit({"outcomes": told})
        return
    table(("goal", "outcome", "measured"), ([each["goal"], outcome_line(each), _since(each)] for each in told))
    if not told:
        say("No goal states an outcome yet: [[goal.outcome]] in the goals file does.")


def _since(each: dict[str, Any]) -> str:
    return provenance(each["how"], each["measured"]) if each["how"] else "never"


def show(config: Config, metric: str, goal: str | None, *, as_json: bool) -> None:
    """Print the series of a metric."""
    with open_store(config) as store:
        number = the_goal(store.goal_book(), goal) if goal else None
        known, wanted = stated(store), metric_of(metric)
        found = [each for each in known if metric_of(each.outcome.metric) == wanted and number in (None, each.id)]
        if not found:
            meant(known, metric, number)
        series = store.series(_ALL)
    told = [_document(each, series.get(each.id, {})) for each in found]
    if as_json:
        emit({"outcomes": told})
        return
    for each in told:
        say(f"{each['goal']}: {outcome_line(each)}", style="bold")
        rows = ((moment(one.at), f"{one.value:g}", one.how, one.who) for one in reversed(each["readings"]))
        table(("measured", "value", "how", "who"), rows)


def _document(each: Stated, series: Series) -> dict[str, Any]:
    found: Sequence[Reading] = series.get(metric_of(each.outcome.metric), ())
    return {"goal": each.goal.key, **outcome_document(each.outcome, series), "readings": list(found)}
