"""The schema. Instants are microseconds since 1970 UTC, structures JSON text; what SQL can refuse, it refuses (L1).

Here stands what trackers and people say: issues with their links, exemptions and reviews, goals with their revisions.
What the daemon remembers of itself is in ``memory_tables``.
"""

from __future__ import annotations

from sqlalchemy import DDL, CheckConstraint, Index, UniqueConstraint, event

from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.models import LinkState, Presence, Provenance
from vindaris_sync.domain.records import Answer, Reason
from vindaris_sync.domain.work import Phase
from vindaris_sync.store import memory_tables as memory_tables  # noqa: PLC0414 - part of the schema
from vindaris_sync.store.columns import (
    Table,
    flag,
    identity,
    maybe_measure,
    maybe_number,
    maybe_words,
    measure,
    number,
    one_of,
    where,
    words,
)
from vindaris_sync.store.columns import schema as schema  # noqa: PLC0414 - what others ask this module for

_ASKED = "is_open AND answer IS NULL AND issue_id IS NOT NULL AND surface_at IS NOT NULL"
_BACKLOG = "is_open AND answer IS NULL AND issue_id IS NOT NULL AND surface_at IS NULL"


class IssueRow(Table, table=True):
    """What a tracker says about an issue, and what was decided about it.

    Only partial indexes lead with the tracker: a question about one tracker's few due issues is never answered by
    walking through all of its issues.
    """

    __tablename__ = "issue"
    __table_args__ = (
        UniqueConstraint("ext_id", "tracker", name="issue_identity"),
        one_of("presence", Presence),
        one_of("state", LinkState),
        one_of("timing", ("at_birth", "later", "unknown"), null=True),
        CheckConstraint(
            "due OR NOT tracked OR closed OR presence <> 'present' OR state <> 'unlinked' OR review_open",
            name="unlinked_is_reviewed",  # L1
        ),
        CheckConstraint("rule_id IS NULL OR state = 'linked'", name="ruled_is_linked"),  # L1
        Index("issue_key", "key", "tracker"),
        Index("issue_due", "tracker", "id", **where("due")),
        Index("issue_unwritten", "tracker", "id", **where("unwritten")),
        Index("issue_wake", "wake_at", **where("wake_at IS NOT NULL")),
        Index("issue_parent", "parent_id", **where("parent_id IS NOT NULL")),
        Index("issue_carrier", "carrier_id", **where("carrier_id IS NOT NULL")),
        Index("issue_moved", "moved_to", **where("moved_to IS NOT NULL")),
        Index("issue_rule", "rule_id", "closed", **where("rule_id IS NOT NULL")),
        Index("issue_review", "id", **where("review_open")),
        Index("issue_undefined", "tracker", **where("undefined <> '[]'")),
        Index("issue_orphan_id", "parent_tracker", "parent_ext", **where("parent_id IS NULL AND parent_ext <> ''")),
        Index("issue_orphan_key", "parent_tracker", "parent_key", **where("parent_id IS NULL AND parent_key <> ''")),
    )

    id: int = identity()
    tracker: str = words()
    ext_id: str = words()
    key: str = words()
    place: str = words()
    type: str = words()
    title: str = words()
    url: str = words()
    status: str = words()
    closed: bool = flag()
    declined: bool = flag()
    created: int = number()
    updated: int = number()
    author: str = words("")
    assignee: str = words("")
    estimate: float | None = maybe_measure()
    parent_tracker: str = words("")
    parent_ext: str = words("")
    parent_key: str = words("")
    observed: str = words("{}")
    traits: str = words("{}")
    digest: int = number()
    verified_at: int | None = maybe_number()
    parent_id: int | None = identity("issue.id", key=False, nullable=True, later=True)
    presence: str = words("present")
    presence_at: int = number()
    presence_reason: str = words("")
    moved_to: int | None = identity("issue.id", key=False, nullable=True)
    first_seen_at: int = number()
    backlog: bool = flag()
    # decided
    due: bool = flag(default=True)
    unwritten: bool = flag()
    decided: bool = flag()
    tracked: bool = flag(default=True)
    state: str = words("unlinked")
    carrier_id: int | None = identity("issue.id", key=False, nullable=True)
    rule_id: int | None = identity("rule.id", key=False, nullable=True)
    goals: str = words("[]")
    basis: str | None = maybe_words()
    suspect: bool = flag()
    parent_unknown: bool = flag()
    undecided_since: str = words("never")
    timing: str | None = maybe_words()
    by_machine: bool = flag()
    conflict: str | None = maybe_words()
    bases: str = words("{}")
    undefined: str = words("[]")
    refused: str = words("[]")
    label_stood: str = words("{}")
    wake_at: int | None = maybe_number()
    # its review
    review_open: bool = flag()
    review_at: int | None = maybe_number()
    times_opened: int = number(0)


class AliasRow(Table, table=True):
    """A key under which an issue was known before."""

    __tablename__ = "alias"
    key: str = words(key=True)
    tracker: str = words(key=True)
    issue_id: int = identity("issue.id", key=False)
    until: int = number()


class GoalRow(Table, table=True):
    """A goal as it is in force, its source's latest statement, and an edit that is no revision yet."""

    __tablename__ = "goal"
    __table_args__ = (UniqueConstraint("folded", name="goal_name"), one_of("status", Status))
    id: int = identity()
    key: str = words()
    folded: str = words()
    title: str = words()
    status: str = words()
    content: str = words()
    revision: int = number()
    position: int = number()
    missing_since: int | None = maybe_number()
    pending: str | None = maybe_words()


class GoalAliasRow(Table, table=True):
    """A former key of a goal."""

    __tablename__ = "goal_alias"
    folded: str = words(key=True)
    goal_id: int = identity("goal.id", key=False)


class GoalRevisionRow(Table, table=True):
    """What a goal's contents were from a moment on."""

    __tablename__ = "goal_revision"
    goal_id: int = identity("goal.id")
    revision: int = number(key=True)
    contents: str = words()
    minor: bool = flag()
    at: int = number()


class ReadingRow(Table, table=True):
    """What a goal's outcome was measured at, and when; never changed: a correction is a later row of that instant."""

    __tablename__ = "reading"
    __table_args__ = (Index("reading_series", "goal_id", "metric", "at"),)
    id: int = identity()
    goal_id: int = identity("goal.id", key=False)
    metric: str = words()
    at: int = number()
    value: float = measure()
    how: str = words()
    who: str = words("")
    noted_at: int = number()


class GoalIssueRow(Table, table=True):
    """The issue that is a goal itself, and the revision that what hangs below it was confirmed against."""

    __tablename__ = "goal_issue"
    __table_args__ = (Index("goal_of_issue", "tracker", "ext_id"),)
    goal_id: int = identity("goal.id")
    tracker: str = words()
    ext_id: str = words()
    confirmed: int = number()
    since: int = number()


class LinkRow(Table, table=True):
    """An issue's explicit link to a goal."""

    __tablename__ = "link"
    __table_args__ = (
        one_of("provenance", Provenance),
        Index("link_goal", "goal_id", "issue_id"),
    )
    issue_id: int = identity("issue.id")
    goal_id: int = identity("goal.id")
    is_primary: bool = flag()
    provenance: str = words()
    who: str = words()
    at: int = number()
    revision: int = number()
    fingerprint: str = words()


class RuleRow(Table, table=True):
    """A link rule as it is or was configured, and the goal's revision that it was last confirmed against."""

    __tablename__ = "rule"
    __table_args__ = (
        UniqueConstraint("folded", name="rule_identity"),
        CheckConstraint(
            "(goal_id IS NULL) = (revision IS NULL) AND (goal_id IS NULL) = (fingerprint IS NULL)", name="rule_is_whole"
        ),
        CheckConstraint("NOT suspect OR goal_id IS NOT NULL", name="suspect_has_goal"),
    )
    id: int = identity()
    position: int = number()
    folded: str = words()
    conditions: str = words()
    goal: str = words()
    active: bool = flag(default=True)
    suspect: bool = flag()
    goal_id: int | None = identity("goal.id", key=False, nullable=True)
    who: str = words("")
    at: int = number()
    revision: int | None = maybe_number()
    fingerprint: str | None = maybe_words()


class ExemptionRow(Table, table=True):
    """A statement that an issue is not goal work."""

    __tablename__ = "exemption"
    issue_id: int = identity("issue.id")
    reason: str = words()
    author: str = words()
    at: int = number()
    expires: int | None = maybe_number()


class CauseRow(Table, table=True):
    """A cause of an issue's, a rule's or a goal's review; one that comes back after it was moot is the same row."""

    __tablename__ = "cause"
    __table_args__ = (
        UniqueConstraint("issue_id", "reason", "subject", "fingerprint", name="cause_identity"),
        one_of("reason", Reason),
        one_of("answer", Answer, null=True),
        CheckConstraint("is_open = (answer IS NULL OR answer = 'acknowledged')", name="open_is_unanswered"),
        CheckConstraint(
            "CASE WHEN issue_id IS NULL THEN 0 ELSE 1 END + CASE WHEN rule_id IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN goal_id IS NULL THEN 0 ELSE 1 END = 1",
            name="asked_at_one",  # R8
        ),
        Index(
            "cause_of_rule", "rule_id", "reason", "subject", "fingerprint", unique=True, **where("rule_id IS NOT NULL")
        ),
        Index(
            "cause_of_goal", "goal_id", "reason", "subject", "fingerprint", unique=True, **where("goal_id IS NOT NULL")
        ),
        Index("cause_group", "reason", "subject", "fingerprint", **where("is_open")),
        Index("cause_by_age", "opened", "id", **where(_ASKED)),
        Index("cause_by_reason", "reason", "opened", "id", **where(_ASKED)),
        Index("cause_by_goal", "subject", "opened", "id", **where(_ASKED)),
        Index("cause_of_backlog", "opened", "id", **where(_BACKLOG)),
    )
    id: int = identity()
    issue_id: int | None = identity("issue.id", key=False, nullable=True)
    rule_id: int | None = identity("rule.id", key=False, nullable=True)
    goal_id: int | None = identity("goal.id", key=False, nullable=True)
    reason: str = words()
    subject: str = words("")
    fingerprint: str = words("")
    opened: int = number()
    surface_at: int | None = maybe_number()
    labelled: bool = flag(default=True)
    is_open: bool = flag(default=True)
    answer: str | None = maybe_words()
    lapsed: bool = flag()
    answered_at: int | None = maybe_number()
    who: str = words("")
    how: str = words("")
    detail: str = words("")
    times: int = number(1)


class WorkRow(Table, table=True):
    """Work that a goal requires, or that was asked for by hand: what is stated of it, and what became of it."""

    __tablename__ = "work"
    __table_args__ = (
        UniqueConstraint("goal_id", "folded", name="work_identity"),
        UniqueConstraint("draft", name="work_mark"),
        one_of("phase", Phase),
        CheckConstraint("(phase = 'begun') = (begun IS NOT NULL)", name="begun_is_dated"),
        CheckConstraint("(phase = 'made') = (issue_id IS NOT NULL)", name="made_is_an_issue"),
        Index("work_left", "tracker", "phase", **where("phase <> 'made'")),
        Index("work_issue", "issue_id", **where("issue_id IS NOT NULL")),
    )
    id: int = identity()
    goal_id: int = identity("goal.id", key=False)
    folded: str = words()
    draft: str = words()
    tracker: str = words()
    place: str = words()
    content: str = words()
    since: int = number()
    stated: bool = flag(default=True)
    who: str = words("")
    phase: str = words("waiting")
    begun: int | None = maybe_number()
    revision: int | None = maybe_number()
    issue_id: int | None = identity("issue.id", key=False, nullable=True)
    reason: str = words("")
    advice: str = words("")
    note: str = words("")


class HistoryRow(Table, table=True):
    """Who did what, when, why, by which means; never changed (L10)."""

    __tablename__ = "history"
    __table_args__ = (
        Index("history_issue", "issue_id", **where("issue_id IS NOT NULL")),
        Index("history_goal", "goal_id", "at", **where("goal_id IS NOT NULL")),
        Index("history_rule", "rule_id", **where("rule_id IS NOT NULL")),
        Index("history_flow", "at", **where("event IN ('closed', 'linked')")),
        {"sqlite_autoincrement": True},  # a number is never given twice, or it would hide that a row was deleted
    )
    id: int = identity()
    at: int = number()
    issue_id: int | None = identity("issue.id", key=False, nullable=True)
    goal_id: int | None = identity("goal.id", key=False, nullable=True)
    rule_id: int | None = identity("rule.id", key=False, nullable=True)
    event: str = words()
    who: str = words("")
    how: str = words("")
    why: str = words("")
    goal_revision: int | None = maybe_number()
    before: str = words("[]")
    after: str = words("[]")
    pass_id: str = words("")


APPEND_ONLY = {
    "history_update": "CREATE TRIGGER history_update BEFORE UPDATE ON history "
    "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
    "history_delete": "CREATE TRIGGER history_delete BEFORE DELETE ON history "
    "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
    "pass_update": "CREATE TRIGGER pass_update BEFORE UPDATE ON pass WHEN OLD.ended IS NOT NULL "
    "BEGIN SELECT RAISE(ABORT, 'an ended pass is not changed'); END",
    "pass_delete": "CREATE TRIGGER pass_delete BEFORE DELETE ON pass "
    "BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END",
    "reading_update": "CREATE TRIGGER reading_update BEFORE UPDATE ON reading "
    "BEGIN SELECT RAISE(ABORT, 'readings are append-only'); END",
    "reading_delete": "CREATE TRIGGER reading_delete BEFORE DELETE ON reading "
    "BEGIN SELECT RAISE(ABORT, 'readings are append-only'); END",
}
"""SQLite's triggers behind L10, by name; another dialect gets its own beside these."""

HIGHEST_GIVEN = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'history'), 0)"
"""The highest number that a row of the history ever had, as SQLite keeps it; another dialect has its own sequence."""

SEED = "INSERT INTO counter (name, value) VALUES ('generation', 0), ('goals', 0), ('work', 0)"

for _statement in (*APPEND_ONLY.values(), SEED):
    event.listen(schema, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
