"""The world behind a Jira site: its issues, what may be seen of them, and the one way in which they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any

from vindaris_sync.sandbox.core import Clock, Weather, system_clock
from vindaris_sync.sandbox.jira.goals import Goals
from vindaris_sync.sandbox.jira.index import Index
from vindaris_sync.sandbox.jira.model import (
    Account,
    Change,
    Component,
    Event,
    History,
    Issue,
    IssueLink,
    IssueType,
    Option,
    Priority,
    Project,
    Resolution,
    State,
    Status,
    Stranger,
    User,
)
from vindaris_sync.sandbox.jira.site import Site

MAX_DIGITS = 18
"""Of an id, so that it stays within 64 bits."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_STOOD_STILL = 1000
"""How many edits of one issue a clock that stands still tells apart; stamps further ahead of it were made before."""


def millis(instant: datetime) -> int:
    """Return an aware instant as whole epoch milliseconds."""
    return (instant - EPOCH) // _MILLISECOND


class World(Site):
    """Everything that a site knows. One world may be served as Cloud and as Data Center at the same time.

    Clock and weather are the world's, so both deployments share them; a fault that shall strike only one of them
    needs two worlds.
    Whoever changes it holds ``lock``; the acts of ``Person`` and the services do.
    """

    def __init__(self, clock: Clock = system_clock, weather: Weather | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.weather = weather or Weather()
        self.lock = RLock()
        self.issues: dict[int, Issue] = {}
        self.keys: dict[str, int] = {}
        self.strangers: dict[int, Stranger] = {}
        self.links: dict[str, IssueLink] = {}
        self.index = Index()
        self.listeners: list[Callable[[Event], None]] = []
        self.goals = Goals(self)
        """What Atlassian Goals holds beside the site."""
        self.mails = 0
        """How many notification mails the site has sent: one for each change that was not made quietly."""
        self._issue_ids = count(10_001)
        self._history_ids = count(10_001)

    # What is there, and who may see it

    def now(self) -> int:
        """Return what the site's clock shows, in epoch milliseconds."""
        return millis(self.weather.now(self.clock))

    def settle(self) -> Index:
        """Return the search index as of now, less its lag."""
        self.index.settle(millis(self.clock() - self.weather.index_lag))
        return self.index

    def find(self, ref: str | int) -> Issue | None:
        """Return the issue with that id or key, also by a key that it had before it was moved; deleted ones too."""
        text = str(ref)
        plain = text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
        id_ = int(text) if plain else self.keys.get(text.upper())
        return self.issues.get(id_) if id_ is not None else None

    def seen(self, ref: str | int, account: Account | None) -> Issue | None:
        """Return the issue if it exists and ``account`` may see it; nobody (an anonymous request) sees none."""
        issue = self.find(ref)
        return issue if issue is not None and self.visible(issue, account) else None

    def visible(self, issue: Issue, account: Account | None) -> bool:
        """Whether a read of this issue by ``account`` succeeds."""
        return (
            account is not None
            and not issue.deleted
            and account.sees(issue.state.project)
            and issue.state.id not in account.hidden_issues
        )

    def link(self, kind: str, inward: int, outward: int) -> IssueLink:
        """Link two issues; the same link twice is one."""
        wanted = (kind, inward, outward)
        same = (each for each in self.links.values() if (each.type, each.inward, each.outward) == wanted)
        link = next(same, None) or IssueLink(self.new_id(), *wanted)
        self.links[link.id] = link
        return link

    # How it changes

    def admit(self, state: State) -> Issue:
        """Take in an issue as it stands, without history, event or delay: how dumps are loaded."""
        issue = self.issues[state.id] = Issue(state)
        self.keys[state.key] = state.id
        state.project.last_number = max(state.project.last_number, state.number)
        self._issue_ids = count(max(state.id + 1, next(self._issue_ids)))
        self.index.put(state)
        return issue

    def birth(self, project: Project, parent: int | None, values: Mapping[str, Any], actor: User) -> Issue:
        """Create an issue with the next number of its project; its history is empty, only the event tells values."""
        now = self.now()
        project.last_number += 1
        key = f"{project.key}-{project.last_number}"
        full = {"creator": actor, "reporter": actor, **values, "project": project}
        state = State(next(self._issue_ids), key, project.last_number, project, now, now, parent, full)
        issue = self.issues[state.id] = Issue(state)
        self.keys[key] = state.id
        first = tuple(Change(i, told(None), told(v)) for i, v in full.items() if i not in _UNTOLD_AT_BIRTH and v)
        self._tell(Event("created", actor, state, History(next(self._history_ids), actor, now, first)), state)
        return issue

    def change(self, issue: Issue, actor: User, values: Mapping[str, Any], *, quiet: bool = False) -> History | None:
        """Set fields of an issue as one entry of its history; what already shows the value is no change.

        ``parent`` takes an issue id or None, ``project`` gives the issue the next key of the target. ``updated``
        grows with every change, even when the clock stands still, and goes back with a clock that is set back. Returns
        None when nothing changed.
        """
        old = issue.state
        new = self._with(old, values)
        changes = tuple(self._changes(old, new))
        if not changes:
            return None
        new = replace(new, updated=self._stamp(old.updated))
        history = History(next(self._history_ids), actor, new.updated, changes)
        issue.histories.append(history)
        issue.state = new
        self.mails += not quiet
        self._tell(Event("updated", actor, new, history), new)
        return history

    def _stamp(self, last: int) -> int:
        """Return the clock; the next millisecond where it has stood still since ``last``, so that edits are told apart.

        Jira stamps with its clock, whatever the issue showed before: a clock that was set back takes stamps back.
        """
        now = self.now()
        return now if last - now > _STOOD_STILL else max(now, last + 1)

    def rewrite(self, issue: Issue, values: Mapping[str, Any]) -> None:
        """Change what an issue shows without a trace: no history, no ``updated``, as an administrator's act does."""
        issue.state = replace(issue.state, values={**issue.state.values, **values})
        self._tell(None, issue.state)

    def withdraw(self, issue: Issue, actor: User | None = None, *, deleted: bool) -> None:
        """Take an issue out of every search: deleted for good, or archived."""
        issue.deleted, issue.archived = issue.deleted or deleted, not deleted
        issue.state = replace(issue.state, listed=False)
        self._tell(Event("deleted", actor, issue.state) if deleted and actor else None, issue.state)

    def _with(self, old: State, values: Mapping[str, Any]) -> State:
        parent = values.get("parent", old.parent)
        rest = {key: value for key, value in values.items() if key != "parent"}
        new = replace(old, parent=parent, values={**old.values, **rest})
        project: Project = new.values["project"]
        if project is not old.project:
            project.last_number += 1
            key = f"{project.key}-{project.last_number}"
            self.keys[key] = old.id
            new = replace(new, project=project, key=key, number=project.last_number)
        return new

    def _changes(self, old: State, new: State) -> list[Change]:
        changes = [
            Change(id_, before, after)
            for id_, value in new.values.items()
            if id_ not in _UNTOLD and (before := told(old.values.get(id_))) != (after := told(value))
        ]
        if old.parent != new.parent:
            changes.append(Change("parent", self._named(old.parent), self._named(new.parent)))
        if old.key != new.key:
            changes.append(Change("Key", (None, old.key), (None, new.key)))
        return changes

    def _named(self, id_: int | None) -> tuple[str | None, str | None]:
        other = None if id_ is None else self.relative(id_)
        return (None, None) if other is None else (str(other.id), other.key)

    def relative(self, id_: int) -> State | Stranger | None:
        """Return what is known of another issue: its state, or what a loaded child said of it."""
        issue = self.issues.get(id_)
        return self.strangers.get(id_) if issue is None else None if issue.deleted else issue.state

    def _tell(self, event: Event | None, state: State) -> None:
        self.index.note(millis(self.clock()), state)
        if event is not None:
            for listener in self.listeners:
                listener(event)


_UNTOLD = frozenset({"resolutiondate"})
_UNTOLD_AT_BIRTH = frozenset({"resolutiondate", "creator", "project", "issuetype"})


def told(value: object) -> tuple[str | None, str | None]:
    """Return (id, text) of a field's value as a changelog prints it."""
    shown: tuple[str | None, str | None]
    match value:
        case None | () | "":
            shown = None, None
        case Status() | IssueType() | Priority() | Resolution() | Project():
            shown = value.id, value.name
        case User():
            shown = value.key, value.display_name
        case Option():
            shown = value.id, value.value
        case tuple() if isinstance(value[0], Component):
            shown = None, ", ".join(component.name for component in value)
        case tuple() if isinstance(value[0], Option):
            shown = f"[{', '.join(o.id for o in value)}]", ",".join(o.value for o in value)
        case tuple():
            shown = None, " ".join(map(str, value))
        case _:
            shown = None, str(value)
    return shown
