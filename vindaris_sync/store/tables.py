"""The schema. Instants are microseconds since 1970 UTC, structures JSON text; what SQL can refuse, it refuses (L1).

The first half is what trackers and people say: issues with their links, exemptions and reviews, goals with their
revisions. The second half is what the daemon remembers of itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlmodel import Field, SQLModel

from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.models import LinkState, Presence, Provenance
from vindaris_sync.domain.records import Answer, Reason

schema = MetaData()
"""Every table of the store."""

_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only where the type is INTEGER


class _Table(SQLModel):
    metadata = schema


def _id(references: str | None = None, *, key: bool = True, nullable: bool = False, later: bool = False) -> Any:  # noqa: ANN401 - as Field
    when = "DEFERRED" if later else None
    keys = [ForeignKey(references, deferrable=later or None, initially=when)] if references else []
    return Field(
        default=None,
        sa_type=_ID,
        primary_key=key,
        nullable=nullable,
        sa_column_args=keys,
        sa_column_kwargs={"autoincrement": "auto" if key and not references else False},
    )


def _text(default: str | None = None, *, key: bool = False) -> Any:  # noqa: ANN401 - as Field
    given = {} if default is None else {"server_default": text(f"'{default}'")}
    return Field(default=default or "", sa_type=Text, primary_key=key, nullable=False, sa_column_kwargs=given)


def _maybe_text() -> Any:  # noqa: ANN401 - as Field
    return Field(default=None, sa_type=Text, nullable=True)


def _flag(*, default: bool = False) -> Any:  # noqa: ANN401 - as Field
    return Field(default=default, nullable=False, sa_column_kwargs={"server_default": text(str(default).upper())})


def _number(default: int | None = None, *, key: bool = False) -> Any:  # noqa: ANN401 - as Field
    given = {} if default is None else {"server_default": text(str(default))}
    return Field(default=default or 0, sa_type=BigInteger, primary_key=key, nullable=False, sa_column_kwargs=given)


def _maybe_number() -> Any:  # noqa: ANN401 - as Field
    return Field(default=None, sa_type=BigInteger, nullable=True)


def _one_of(column: str, names: Any, *, null: bool = False) -> CheckConstraint:  # noqa: ANN401 - any StrEnum class
    allowed = f"{column} IN ({', '.join(repr(str(name)) for name in names)})"
    return CheckConstraint(f"{column} IS NULL OR {allowed}" if null else allowed, name=f"{column}_known")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# --- what trackers and people say -----------------------------------------------------------------------------------


class IssueRow(_Table, table=True):
    """What a tracker says about an issue, and what was decided about it.

    Only partial indexes lead with the tracker: a question about one tracker's few due issues is never answered by
    walking through all of its issues.
    """

    __tablename__ = "issue"
    __table_args__ = (
        UniqueConstraint("ext_id", "tracker", name="issue_identity"),
        _one_of("presence", Presence),
        _one_of("state", LinkState),
        _one_of("timing", ("at_birth", "later", "unknown"), null=True),
        CheckConstraint(
            "due OR NOT tracked OR closed OR presence <> 'present' OR state <> 'unlinked' OR review_open",
            name="unlinked_is_reviewed",  # L1
        ),
        Index("issue_key", "key", "tracker"),
        Index("issue_due", "tracker", "id", **_where("due")),
        Index("issue_unwritten", "tracker", "id", **_where("unwritten")),
        Index("issue_wake", "wake_at", **_where("wake_at IS NOT NULL")),
        Index("issue_parent", "parent_id", **_where("parent_id IS NOT NULL")),
        Index("issue_carrier", "carrier_id", **_where("carrier_id IS NOT NULL")),
        Index("issue_review", "id", **_where("review_open")),
        Index(
            "issue_orphan_id",
            "tracker",
            "parent_ext",
            **_where("parent_id IS NULL AND parent_ext <> ''"),
        ),
        Index(
            "issue_orphan_key",
            "tracker",
            "parent_key",
            **_where("parent_id IS NULL AND parent_key <> ''"),
        ),
    )

    id: int = _id()
    tracker: str = _text()
    ext_id: str = _text()
    key: str = _text()
    place: str = _text()
    type: str = _text()
    title: str = _text()
    url: str = _text()
    status: str = _text()
    closed: bool = _flag()
    created: int = _number()
    updated: int = _number()
    author: str = _text("")
    assignee: str = _text("")
    parent_ext: str = _text("")
    parent_key: str = _text("")
    observed: str = _text("{}")
    digest: int = _number()
    verified_at: int | None = _maybe_number()
    parent_id: int | None = _id("issue.id", key=False, nullable=True, later=True)
    presence: str = _text("present")
    presence_at: int = _number()
    presence_reason: str = _text("")
    moved_to: int | None = _id("issue.id", key=False, nullable=True)
    first_seen_at: int = _number()
    backlog: bool = _flag()
    # decided
    due: bool = _flag(default=True)
    unwritten: bool = _flag()
    decided: bool = _flag()
    tracked: bool = _flag(default=True)
    state: str = _text("unlinked")
    carrier_id: int | None = _id("issue.id", key=False, nullable=True)
    goals: str = _text("[]")
    basis: str | None = _maybe_text()
    suspect: bool = _flag()
    parent_unknown: bool = _flag()
    undecided_since: str = _text("never")
    timing: str | None = _maybe_text()
    by_machine: bool = _flag()
    conflict: str | None = _maybe_text()
    bases: str = _text("{}")
    undefined: str = _text("[]")
    refused: str = _text("[]")
    label_stamp: str = _text("{}")
    wake_at: int | None = _maybe_number()
    # its review
    review_open: bool = _flag()
    review_at: int | None = _maybe_number()
    times_opened: int = _number(0)


class AliasRow(_Table, table=True):
    """A key under which an issue was known before."""

    __tablename__ = "alias"
    key: str = _text(key=True)
    tracker: str = _text(key=True)
    issue_id: int = _id("issue.id", key=False)
    until: int = _number()


class GoalRow(_Table, table=True):
    """A goal as it is in force, its source's latest statement, and an edit that is no revision yet."""

    __tablename__ = "goal"
    __table_args__ = (UniqueConstraint("folded", name="goal_name"), _one_of("status", Status))
    id: int = _id()
    key: str = _text()
    folded: str = _text()
    title: str = _text()
    status: str = _text()
    content: str = _text()
    revision: int = _number()
    position: int = _number()
    missing_since: int | None = _maybe_number()
    pending: str | None = _maybe_text()


class GoalAliasRow(_Table, table=True):
    """A former key of a goal."""

    __tablename__ = "goal_alias"
    folded: str = _text(key=True)
    goal_id: int = _id("goal.id", key=False)


class GoalRevisionRow(_Table, table=True):
    """What a goal's contents were from a moment on."""

    __tablename__ = "goal_revision"
    goal_id: int = _id("goal.id")
    revision: int = _number(key=True)
    contents: str = _text()
    minor: bool = _flag()
    at: int = _number()


class LinkRow(_Table, table=True):
    """An issue's explicit link to a goal."""

    __tablename__ = "link"
    __table_args__ = (
        _one_of("provenance", Provenance),
        Index("link_goal", "goal_id"),
    )
    issue_id: int = _id("issue.id")
    goal_id: int = _id("goal.id")
    is_primary: bool = _flag()
    provenance: str = _text()
    who: str = _text()
    at: int = _number()
    revision: int = _number()
    fingerprint: str = _text()


class ExemptionRow(_Table, table=True):
    """A statement that an issue is not goal work."""

    __tablename__ = "exemption"
    issue_id: int = _id("issue.id")
    reason: str = _text()
    author: str = _text()
    at: int = _number()
    expires: int | None = _maybe_number()


class CauseRow(_Table, table=True):
    """A cause of an issue's review. A cause that comes back after it was moot is the same row, opened once more."""

    __tablename__ = "cause"
    __table_args__ = (
        UniqueConstraint("issue_id", "reason", "subject", "fingerprint", name="cause_identity"),
        _one_of("reason", Reason),
        _one_of("answer", Answer, null=True),
        CheckConstraint("is_open = (answer IS NULL OR answer = 'acknowledged')", name="open_is_unanswered"),
        Index("cause_group", "reason", "subject", "fingerprint", **_where("is_open")),
    )
    id: int = _id()
    issue_id: int = _id("issue.id", key=False)
    reason: str = _text()
    subject: str = _text("")
    fingerprint: str = _text("")
    opened: int = _number()
    surface_at: int | None = _maybe_number()
    labelled: bool = _flag(default=True)
    is_open: bool = _flag(default=True)
    answer: str | None = _maybe_text()
    answered_at: int | None = _maybe_number()
    who: str = _text("")
    how: str = _text("")
    detail: str = _text("")
    times: int = _number(1)


class HistoryRow(_Table, table=True):
    """Who did what, when, why, by which means; never changed (L10)."""

    __tablename__ = "history"
    __table_args__ = (
        Index("history_issue", "issue_id", **_where("issue_id IS NOT NULL")),
        Index("history_goal", "goal_id", **_where("goal_id IS NOT NULL")),
    )
    id: int = _id()
    at: int = _number()
    issue_id: int | None = _id("issue.id", key=False, nullable=True)
    goal_id: int | None = _id("goal.id", key=False, nullable=True)
    event: str = _text()
    who: str = _text("")
    how: str = _text("")
    why: str = _text("")
    goal_revision: int | None = _maybe_number()
    before: str = _text("[]")
    after: str = _text("[]")
    pass_id: str = _text("")


# --- what the daemon remembers of itself ------------------------------------------------------------------------------


class TrackerRow(_Table, table=True):
    """A configured tracker and how it is doing."""

    __tablename__ = "tracker"
    name: str = _text(key=True)
    kind: str = _text("")
    loaded_at: int | None = _maybe_number()
    last_ok_at: int | None = _maybe_number()
    stopped_reason: str = _text("")
    stopped_advice: str = _text("")
    stopped_at: int | None = _maybe_number()
    held: str = _text("[]")
    held_limit: int = _number(0)


class CursorRow(_Table, table=True):
    """Where a scope's next pull resumes."""

    __tablename__ = "cursor"
    tracker: str = _text(key=True)
    scope: str = _text(key=True)
    value: str = _text()
    updated_at: int = _number()


class PlaceRow(_Table, table=True):
    """When a place was first seen; issues created before are backlog."""

    __tablename__ = "place"
    tracker: str = _text(key=True)
    place: str = _text(key=True)
    first_seen_at: int = _number()


class RefusalRow(_Table, table=True):
    """A surface that a place does not let us write."""

    __tablename__ = "refusal"
    tracker: str = _text(key=True)
    place: str = _text(key=True)
    surface: str = _text(key=True)
    reason: str = _text()
    advice: str = _text("")
    at: int = _number()


class QuarantineRow(_Table, table=True):
    """An item that could not be mapped, set aside."""

    __tablename__ = "quarantine"
    tracker: str = _text(key=True)
    ext_id: str = _text(key=True)
    key: str = _text()
    reason: str = _text()
    excerpt: str = _text("")
    first_at: int = _number()
    last_at: int = _number()
    tries: int = _number(1)


class PassRow(_Table, table=True):
    """A pass; written at its start and once more at its end, never again."""

    __tablename__ = "pass"
    pass_id: str = _text(key=True)
    tracker: str = _text()
    kind: str = _text()
    started: int = _number()
    ended: int | None = _maybe_number()
    outcome: str = _text("")
    counts: str = _text("{}")
    error: str = _text("")


class OutboxRow(_Table, table=True):
    """A subject whose list has changed since it was last told. ``change`` counts, so that none is lost in between."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key", name="outbox_subject"),
        Index("outbox_waiting", "due_at"),
    )
    id: int = _id()
    dedupe_key: str = _text()
    subject: str = _text()
    created: int = _number()
    due_at: int = _number()
    change: int = _number(1)
    attempts: int = _number(0)
    last_error: str = _text("")


class MessageRow(_Table, table=True):
    """A living message: what is remembered of it per subject and channel."""

    __tablename__ = "message"
    subject: str = _text(key=True)
    channel: str = _text(key=True)
    living: str = _text()


class UnreadRow(_Table, table=True):
    """A parent that an issue names and that cannot be read; it is asked for again at night."""

    __tablename__ = "unread"
    tracker: str = _text(key=True)
    ext_id: str = _text(key=True)
    key: str = _text(key=True)
    reason: str = _text()
    at: int = _number()


class NoteRow(_Table, table=True):
    """A small fact under a name: why the goals were refused, when a tracker is asked again."""

    __tablename__ = "note"
    name: str = _text(key=True)
    value: str = _text()


class RunRow(_Table, table=True):
    """Work that is done once per local date."""

    __tablename__ = "run"
    kind: str = _text(key=True)
    local_date: str = _text(key=True)
    started: int = _number()
    ended: int | None = _maybe_number()


class ReportRow(_Table, table=True):
    """A reconciliation report's findings and where it lies."""

    __tablename__ = "report"
    id: int = _id()
    at: int = _number()
    local_date: str = _text()
    findings: str = _text()
    path: str = _text("")


class CounterRow(_Table, table=True):
    """Numbers that only grow: ``generation`` counts commits, ``goals`` is the generation that last changed a goal."""

    __tablename__ = "counter"
    name: str = _text(key=True)
    value: int = _number(0)


APPEND_ONLY = {
    "history_update": "CREATE TRIGGER history_update BEFORE UPDATE ON history "
    "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
    "history_delete": "CREATE TRIGGER history_delete BEFORE DELETE ON history "
    "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
    "pass_update": "CREATE TRIGGER pass_update BEFORE UPDATE ON pass WHEN OLD.ended IS NOT NULL "
    "BEGIN SELECT RAISE(ABORT, 'an ended pass is not changed'); END",
    "pass_delete": "CREATE TRIGGER pass_delete BEFORE DELETE ON pass "
    "BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END",
}
"""SQLite's triggers behind L10, by name; another dialect gets its own beside these."""

SEED = "INSERT INTO counter (name, value) VALUES ('generation', 0), ('goals', 0)"

for _statement in (*APPEND_ONLY.values(), SEED):
    event.listen(schema, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
