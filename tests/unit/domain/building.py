"""Small builders for the records that decisions look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vindaris_sync.domain.actions import (
    CloseCause,
    OpenCause,
    Plan,
    SetBases,
    SetConflict,
    SetExplicit,
    SetState,
    StandFor,
    Wake,
    WriteBack,
)
from vindaris_sync.domain.decide import decide
from vindaris_sync.domain.models import (
    Base,
    Exemption,
    IssueRef,
    Layout,
    Link,
    Presence,
    Provenance,
    Raw,
    Surface,
    SurfaceKind,
)
from vindaris_sync.domain.records import Answer, CauseKey, GoalBook, GoalFacts, Policy, Record, Situation, Stood
from vindaris_sync.domain.rules import NO_RULES, Condition, Rule, RuleBook, Stated

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIELD = Surface(SurfaceKind.FIELD, "10001", single=True)
LABEL = Surface(SurfaceKind.LABEL, "goal:")
EXEMPT = Surface(SurfaceKind.EXEMPT, "no-goal")
REVIEW = Surface(SurfaceKind.REVIEW, "goal-review")
LAYOUT = Layout((FIELD, LABEL, EXEMPT, REVIEW))
A, B, C = 1, 2, 3


def book(**changes: GoalFacts) -> GoalBook:
    """Return a book of the goals A, B and C, revision 1 each; ``changes`` replaces one by its key."""
    facts = {key: GoalFacts(i, key, f"Goal {key}", "active", 1, {1: f"{key}1"}) for i, key in enumerate("ABC", 1)}
    facts |= changes
    return GoalBook({one.id: one for one in facts.values()}, {one.key.casefold(): one.id for one in facts.values()})


def link(goal: int, *, primary: bool = True, revision: int = 1) -> Link:
    """Return a link confirmed at ``revision``."""
    return Link(
        goal, Provenance.ADOPTED, "someone", NOW - timedelta(days=9), revision, f"{'?ABC'[goal]}{revision}", primary
    )


def rule(number: int, goal: int | None, *, revision: int = 1, **conditions: str | tuple[str, ...]) -> Rule:
    """Return a rule that leads to ``goal``, confirmed at ``revision``; None: it rests."""
    given = {Condition(name): (asked,) if isinstance(asked, str) else asked for name, asked in conditions.items()}
    key = "?ABC"[goal] if goal else "NONE"
    given_link = replace(link(goal, revision=revision), provenance=Provenance.RULE) if goal else None
    return Rule(number, Stated(key, given), given_link)


def exemption(expires: datetime | None = None) -> Exemption:
    """Return an exemption by label."""
    return Exemption("label", "unknown", NOW - timedelta(days=9), expires)


def base(*raw: str, place: str = "APP") -> Base:
    """Return a base agreed in ``place`` a day ago."""
    return Base(raw, place, "Story", NOW - timedelta(days=1))


def shows(*, field: str = "", labels: Sequence[str] = (), exempt: bool = False, review: bool = False) -> dict[str, Raw]:
    """Return an observation of all four surfaces."""
    return {
        FIELD.key: (field,) if field else (),
        LABEL.key: tuple(labels),
        EXEMPT.key: ("no-goal",) if exempt else (),
        REVIEW.key: ("goal-review",) if review else (),
    }


def record(number: int = 1, **changes: Any) -> Record:
    """Return a present open issue, an hour old, that shows nothing and was never decided."""
    given: dict[str, Any] = {
        "id": number,
        "ref": IssueRef("jira", str(number)),
        "key": f"APP-{number}",
        "place": "APP",
        "type": "Story",
        "title": "A story",
        "closed": False,
        "created": NOW - timedelta(hours=1),
        "updated": NOW,
        "presence": Presence.PRESENT,
        "parent": None,
        "parent_stated": False,
        "observed": shows(),
        "verified": NOW,
        "undefined": frozenset(),
        "bases": {},
        "explicit": (),
        "by_machine": False,
        "conflict": None,
        "state": None,
        "carrier": None,
        "goals": (),
        "basis": None,
        "causes": (),
        "label_stood": Stood(),
        "backlog": False,
    }
    return Record(**(given | changes))


def agreed(**shown: Any) -> dict[str, Any]:
    """Return ``observed`` and ``bases`` that agree on what is shown."""
    observed = shows(**shown)
    return {"observed": observed, "bases": {key: base(*raw) for key, raw in observed.items()}}


@dataclass
class World:
    """A store in a dict: it answers a decision's questions and applies its plans."""

    issues: dict[int, Record]
    goals: GoalBook = field(default_factory=book)
    policy: Policy = field(default_factory=lambda: Policy(LAYOUT))
    now: datetime = NOW
    writes: list[WriteBack] = field(default_factory=list)
    rules: RuleBook = NO_RULES

    @classmethod
    def of(cls, *records: Record, **options: Any) -> World:
        return cls({one.id: one for one in records}, **options)

    def records(self, ids: Iterable[int]) -> Mapping[int, Record]:
        return {i: self.issues[i] for i in ids if i in self.issues}

    def children(self, ids: Iterable[int]) -> Mapping[int, Sequence[int]]:
        return {i: [r.id for r in self.issues.values() if r.parent == i] for i in ids}

    def links_of(self, tracker: str) -> int:
        return sum(len(r.links) for r in self.issues.values() if r.ref.tracker == tracker)

    def labelled(self, key: CauseKey) -> int:
        return sum(cause.key == key for r in self.issues.values() for cause in r.causes)

    @property
    def situation(self) -> Situation:
        return Situation(self.goals, {"jira": self.policy}, self.now, self.rules)

    def decide(self, *ids: int) -> Plan:
        """Decide the issues and put what follows into the dict; writes are kept, not carried out."""
        plan = decide(ids or sorted(self.issues), self, self.situation)
        self.apply(plan)
        self.writes = list(plan.writes)
        return plan

    def apply(self, plan: Plan) -> None:
        """Put what a plan says into the dict."""
        for action in plan.actions:
            self._apply(action)

    def write(self) -> None:
        """Carry out the planned writes as a tracker would, and record what it shows then."""
        self.now += timedelta(minutes=1)
        for write in self.writes:
            issue = self.issues[write.issue]
            taken = {raw.casefold() for raw in write.remove}
            kept = tuple(raw for raw in issue.observed[write.surface.key] if raw.casefold() not in taken)
            raw = tuple(sorted({*kept, *write.add}))
            bases = dict(issue.bases) | {write.surface.key: Base(raw, issue.place, issue.type, self.now)}
            self.see(write.issue, bases=bases, observed=dict(issue.observed) | {write.surface.key: raw})
        self.writes = []

    def see(self, number: int, **changes: Any) -> None:
        """Let the issue be read directly with ``changes``."""
        changes = {"updated": self.now, "verified": self.now} | changes
        self.issues[number] = replace(self.issues[number], **changes)

    def person(self, number: int, **shown: Any) -> None:
        """Let a person change what the issue shows."""
        self.now += timedelta(minutes=1)
        self.see(number, observed=shows(**shown))

    def _apply(self, action: object) -> None:  # noqa: C901 - one line for each kind of action
        if not hasattr(action, "issue"):
            return
        issue = self.issues[action.issue]
        match action:
            case SetExplicit(explicit=explicit, by_machine=machine):
                issue = replace(issue, explicit=explicit, by_machine=machine)
            case SetBases(bases=bases):
                issue = replace(issue, bases=dict(issue.bases) | dict(bases))
            case SetConflict(conflict=conflict):
                issue = replace(issue, conflict=conflict)
            case SetState():
                names = ("state", "carrier", "goals", "basis", "tracked", "parent_unknown", "suspect", "rule")
                changes = {name: getattr(action, name) for name in names}
                changes |= {"undecided_since": action.undecided_since, "timing": action.timing}
                issue = replace(issue, **changes)
            case OpenCause(cause=cause):
                kept = tuple(one for one in issue.causes if one.key != cause.key)
                issue = replace(issue, causes=(*kept, cause))
            case CloseCause(key=key, answer=answer):
                kept = tuple(one for one in issue.causes if one.key != key)
                if answer in (Answer.CONFIRMED, Answer.ACKNOWLEDGED):
                    kept = (*kept, *(replace(one, answer=answer) for one in issue.causes if one.key == key))
                issue = replace(issue, causes=kept)
            case WriteBack(causes=causes, revisions=revisions) if causes:
                issue = replace(issue, label_stood=Stood(frozenset(causes), revisions))
            case StandFor(stood=stood):
                issue = replace(issue, label_stood=stood)
            case Wake(at=at):
                issue = replace(issue, wake_at=at)
        self.issues[action.issue] = issue
