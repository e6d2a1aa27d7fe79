"""What is so: issues as their trackers hold them, messages as people see them, rows as the database's file has them.

Nothing of the product is imported: what trackers say is read from the sandbox's worlds, not through a connector, and
what is stored is read by plain SQL from the file, which is opened read-only.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.simulation.clock import EPOCH
from vindaris_sync.sandbox import github, jira

if TYPE_CHECKING:
    from tests.simulation.journal import Act
    from tests.simulation.site import Site, TrackerSite

PREFIX, EXEMPT, REVIEW, FIELD = "goal:", "no-goal", "goal-review", "Goal"
"""What is ours: the label prefix, the exempt label, the review label, and the goal field's name."""

Ref = tuple[str, str]
"""A tracker's name and an issue's immutable id there."""


def micros(at: datetime) -> int:
    """Return an instant as the database writes it: microseconds since 1970 UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def ours(label: str) -> bool:
    """Whether a label is one that we manage."""
    folded = label.casefold()
    return folded in (EXEMPT, REVIEW) or folded.startswith(PREFIX)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be: the law or rule, what it is about, and in words what is wrong."""

    law: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.law} {self.subject}: {self.text}"


# --- the trackers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touch:
    """A change that our own account made, as the tracker remembers it: of what, and the values put on and taken off."""

    at: datetime
    what: str
    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A value of the goal field that a person set at ``said`` and our account replaced at ``at``."""

    said: datetime
    at: datetime
    value: str
    by: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An issue as its tracker holds it now. ``home`` is the place in scope that it is in, as configured, or empty."""

    ref: Ref
    key: str
    place: str
    home: str
    kind: str
    title: str
    closed: bool
    parent: str
    labels: tuple[str, ...]
    field: tuple[str, ...]
    foreign: tuple[object, ...]
    """All that is not ours to change and that no act on another issue changes: texts, state, place, labels in order."""
    visible: bool = True
    pull: bool = False
    touches: tuple[Touch, ...] = ()
    overwrites: tuple[Overwrite, ...] = ()

    @property
    def goals(self) -> frozenset[str]:
        """The keys on goal labels, folded."""
        return frozenset(one.casefold()[len(PREFIX) :] for one in self.labels if one.casefold().startswith(PREFIX))

    def has(self, label: str) -> bool:
        """Whether a label is on, in any case."""
        return any(one.casefold() == label for one in self.labels)


def shown_issues(tracker: TrackerSite) -> dict[Ref, Shown]:
    """Return every issue of a tracker that exists, whoever may see it."""
    if isinstance(tracker.world, github.World):
        return {one.ref: one for one in _github(tracker, tracker.world)}
    return {one.ref: one for one in _jira(tracker, tracker.world)}


def _jira(tracker: TrackerSite, world: jira.World) -> Iterator[Shown]:
    account, goal = world.accounts[tracker.token], world.field(FIELD)
    for issue in world.issues.values():
        if issue.deleted:
            continue
        state, values = issue.state, issue.state.values
        option = values.get(goal.id) if goal else None
        place, parent = state.project.key, "" if state.parent is None else str(state.parent)
        foreign = (
            values.get("summary"), values.get("description"), values.get("assignee"), state.status.id, state.type.id,
            place, tuple(label for label in state.labels if not ours(label)),
        )  # fmt: skip
        yield Shown(
            ref=(tracker.name, str(state.id)),
            key=state.key,
            place=place,
            home=place if place in tracker.places else "",
            kind=state.type.name,
            title=str(values.get("summary") or ""),
            closed=state.status.category.key == "done",
            parent=parent,
            labels=state.labels,
            field=(str(option.value),) if option else (),
            foreign=foreign,
            visible=world.visible(issue, account),
            touches=tuple(_jira_touches(issue, account, goal.id if goal else "")),
            overwrites=tuple(_overwrites(issue, account, goal.id if goal else "")),
        )


def _jira_touches(issue: Any, account: jira.Account, goal: str) -> Iterator[Touch]:
    for history in issue.histories:
        if history.author is not account.user:
            continue
        at = EPOCH + timedelta(milliseconds=history.created)
        for change in history.changes:
            before, after = (set((side[1] or "").split()) for side in (change.before, change.after))
            name = "field" if change.field == goal else change.field
            yield Touch(at, name, frozenset(after - before), frozenset(before - after))


def _overwrites(issue: Any, account: jira.Account, goal: str) -> Iterator[Overwrite]:
    """Yield what we put in the place of people's values, less what we put back at once (R5).

    What they put back in the place where we had it last is nothing new: nobody can see that it was gone meanwhile.
    """
    said: datetime | None = None
    wrote = ""
    found: Overwrite | None = None
    for history in issue.histories:
        at, us = EPOCH + timedelta(milliseconds=history.created), history.author is account.user
        for change in (each for each in history.changes if each.field == goal):
            if found is not None and not (us and change.after[1] == found.value):
                yield found
            replaced = us and said is not None and change.before[1] != wrote
            found = Overwrite(said or at, at, change.before[1] or "", change.after[1] or "") if replaced else None
            said, wrote = (None, change.after[1]) if us else (at, wrote)
    if found is not None:
        yield found


def _github(tracker: TrackerSite, world: github.World) -> Iterator[Shown]:
    account = world.tokens[tracker.token]
    homes = {world.names[name.casefold()]: name for name in tracker.places}
    for repository in world.repositories.values():
        touches = _github_touches(repository, account.login)
        for issue in repository.issues.values():
            document = issue.document()
            labels = tuple(each["name"] for each in document["labels"])
            above = world.located(world.by_id.get(issue.parent or 0))
            kind = (document.get("type") or {}).get("name", "")
            foreign = (
                document["title"], document["body"], document["state"], document["assignees"], kind,
                repository.id, document["comments"], tuple(one for one in labels if not ours(one)),
            )  # fmt: skip
            yield Shown(
                ref=(tracker.name, issue.node_id),
                key=f"{repository.full_name}#{issue.number}",
                place=repository.full_name,
                home=homes.get(repository.id, ""),
                kind=kind,
                title=document["title"],
                closed=issue.state == "closed",
                parent=above.node_id if above else "",
                labels=labels,
                field=tuple(
                    str(each.get("single_select_option", {}).get("name") or each.get("value"))
                    for each in document.get("issue_field_values", [])
                ),
                foreign=foreign,
                visible=account.sees(repository),
                pull=issue.pull,
                touches=tuple(touches.get(issue.number, ())),
            )


def _github_touches(repository: Any, login: str) -> dict[int, list[Touch]]:
    found: dict[int, list[Touch]] = defaultdict(list)
    for event in repository.events:
        if event.actor != login:
            continue
        name = frozenset({str(event.extra.get("label", {}).get("name", ""))})
        on = name if event.kind == "labeled" else frozenset[str]()
        off = name if event.kind == "unlabeled" else frozenset[str]()
        what = "labels" if on or off else event.kind
        found[event.number].append(Touch(datetime.fromisoformat(event.created), what, on, off))
    return found


# --- the database -----------------------------------------------------------------------------------------------------

Row = Mapping[str, Any]
"""A row by its columns' names."""

TABLES = (
    "issue", "alias", "goal", "goal_alias", "goal_revision", "link", "exemption", "cause", "history", "tracker",
    "cursor", "place", "refusal", "quarantine", "outbox", "message", "run", "report", "note", "counter", "pass",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Books:
    """Every row of the database, by table; ``faults`` are what SQLite finds wrong with the file itself."""

    tables: Mapping[str, tuple[Row, ...]]
    faults: tuple[str, ...]
    generation_beside: int
    """What the file beside the database says; -1 where there is none."""

    def __getitem__(self, table: str) -> tuple[Row, ...]:
        """Return a table's rows in the order of their numbers."""
        return self.tables[table]


def books_of(path: Path) -> Books:
    """Return what the database's file holds, read without writing to it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        tables = {
            name: tuple(dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid"))
            for name in TABLES
        }
        faults = [str(row[0]) for row in connection.execute("PRAGMA quick_check") if row[0] != "ok"]
        faults += [f"{row[0]} {row[1]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")]
    beside = path.with_name(path.name + ".generation")
    generation = int(beside.read_text("ascii")) if beside.exists() else -1
    return Books(tables, tuple(faults), generation)


# --- both, side by side -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Scene:
    """Everything that an audit looks at, at one moment."""

    site: Site
    now: int
    truth: dict[Ref, Shown]
    books: Books
    held: dict[Ref, Row]
    """The issues' rows by what identifies them."""
    by_number: dict[int, Row]
    links: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    exempt: dict[int, Row] = field(default_factory=dict)
    causes: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    history: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    acts: dict[Ref, list[Act]] = field(default_factory=lambda: defaultdict(list))
    goals: dict[int, Row] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    """Goals by every name they have or had, folded."""
    last_night: datetime = EPOCH
    """When the last nightly comparison that ended well began, by the world's clock."""
    unsure: set[Ref] = field(default_factory=set)
    """Issues of which something happened since then that only a night finds out."""
    late: set[Ref] = field(default_factory=set)
    """Those that were deleted while an index lagged for long: no pull reads back to what that changed below them."""
    unsure_places: set[Ref] = field(default_factory=set)
    """The same of places, as (tracker, place in scope as configured)."""

    def explicit(self, number: int) -> frozenset[int]:
        """Return what the store holds an issue linked to: goals, or 0 for "not goal work"."""
        return frozenset({0}) if number in self.exempt else frozenset(row["goal_id"] for row in self.links[number])

    def chain(self, row: Row) -> list[Row]:
        """Return the ancestors that the store knows, nearest first; a circle ends where it closes."""
        found, seen = [], {row["id"]}
        while row["parent_id"] is not None and row["parent_id"] not in seen:
            row = self.by_number[row["parent_id"]]
            seen.add(row["id"])
            found.append(row)
        return found

    def doubtful(self, ref: Ref) -> bool:
        """Whether only the next night finds out how the issue is."""
        shown = self.truth.get(ref)
        return ref in self.unsure or (shown is not None and (ref[0], shown.home) in self.unsure_places)

    def pairs(self) -> Iterator[tuple[Shown, Row]]:
        """Yield the issues in scope that we may see and that the store holds as present, each from both sides."""
        for ref, shown in self.truth.items():
            row = self.held.get(ref)
            if shown.home and shown.visible and not shown.pull and row is not None and row["presence"] == "present":
                yield shown, row

    def open(self) -> Iterator[tuple[Shown, Row]]:
        """Yield those of them that are open on both sides, and of which the store may be sure."""
        for shown, row in self.pairs():
            if not shown.closed and not row["closed"] and not self.doubtful(shown.ref):
                yield shown, row

    def goal(self, name: str) -> int | None:
        """Return the goal that a raw value names: the whole value, or its first word."""
        folded = name.strip().casefold()
        return self.names.get(folded) or self.names.get(folded.partition(" ")[0])


def scene_of(site: Site) -> Scene:
    """Look at everything once."""
    books = books_of(site.database)
    truth = {ref: shown for tracker in site.trackers.values() for ref, shown in shown_issues(tracker).items()}
    held = {(row["tracker"], row["ext_id"]): row for row in books["issue"]}
    by_number = {row["id"]: row for row in books["issue"]}
    scene = Scene(site, micros(site.clock()), truth, books, held, by_number)
    for table, index in (("link", scene.links), ("cause", scene.causes), ("history", scene.history)):
        for row in books[table]:
            index[row["issue_id"]].append(row)
    scene.exempt = {row["issue_id"]: row for row in books["exemption"]}
    scene.goals = {row["id"]: row for row in books["goal"]}
    scene.names = {row["folded"]: row["goal_id"] for row in books["goal_alias"]}
    scene.names |= {row["folded"]: row["id"] for row in books["goal"]}
    for act in site.journal.acts:
        scene.acts[act.tracker, act.issue].append(act)
    _find_doubts(scene)
    return scene


_OF_ISSUES = {"move", "transfer", "delete", "reparent"}
_OF_PLACES = {"hide", "show", "rename_repository", "fault:vanish"}
_OF_DEFINITIONS = {"rename_label", "delete_label_definition", "restore_label_definition"}
"""Acts and faults after which an issue, a place, or what shows a goal is sure to be known once a night has passed."""
_LAG, _LATE = timedelta(minutes=20), timedelta(hours=2)
"""How old an index is that lags for long, and how long it does: what it shows too late is found at night only."""


def _find_doubts(scene: Scene) -> None:
    runs = [row for row in scene.books["run"] if row["kind"] == "nightly" and row["ended"] is not None]
    if nights := [row["started"] for row in runs if row["started"] <= scene.now]:  # the machine's clock may be wrong
        scene.last_night = EPOCH + timedelta(microseconds=max(nights))
    lags = [(act.tracker, act.at) for act in scene.site.journal.acts if act.kind == "fault:index_lag_long"]
    for act in scene.site.journal.acts:
        if act.at < scene.last_night or not act.tracker:
            continue
        if any(where == act.tracker and -_LAG < act.at - since < _LATE for where, since in lags):
            scene.unsure.add((act.tracker, act.issue))
            scene.late |= {(act.tracker, act.issue)} if act.kind == "delete" else set()
        if act.kind in _OF_ISSUES:
            scene.unsure |= {(act.tracker, act.issue), (act.tracker, act.detail.get("new", act.issue))}
        elif act.kind in _OF_PLACES and act.issue:
            scene.unsure.add((act.tracker, act.issue))
        elif act.kind in _OF_PLACES:
            tracker, place = scene.site.trackers[act.tracker], act.detail.get("place", "")
            known = place in tracker.places  # else it is a new name, or all of them
            scene.unsure_places |= {(act.tracker, home) for home in tracker.places if not known or home == place}
        elif act.kind in _OF_DEFINITIONS:
            scene.unsure |= set(_showing(scene, act))


def _showing(scene: Scene, act: Act) -> Iterator[Ref]:
    """Yield the issues that may show what was renamed, deleted or made: a goal's label or option, or another label."""
    names = [act.detail.get(name, "").removeprefix(PREFIX) for name in ("value", "new")]
    goals = {goal for name in names if (goal := scene.goal(name)) is not None}
    everywhere = any(name.casefold() in (EXEMPT, REVIEW) for name in names)
    for ref, shown in scene.truth.items():
        row = scene.held.get(ref)
        linked = scene.explicit(row["id"]) if row is not None else frozenset()
        values = {value.casefold() for value in (*shown.goals, *shown.field)}
        if ref[0] == act.tracker and (everywhere or goals & linked or values & {name.casefold() for name in names}):
            yield ref


def parsed(text: str | None) -> Any:
    """Return what a column holds as JSON; ``None`` where it is empty."""
    return None if text is None else json.loads(text)
