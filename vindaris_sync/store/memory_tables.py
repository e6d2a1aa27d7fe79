"""The tables of what the daemon remembers of itself: trackers, passes, chats, and work done."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from vindaris_sync.store.columns import Table, flag, identity, maybe_number, maybe_words, number, where, words


class TrackerRow(Table, table=True):
    """A configured tracker and how it is doing."""

    __tablename__ = "tracker"
    name: str = words(key=True)
    kind: str = words("")
    loaded_at: int | None = maybe_number()
    last_ok_at: int | None = maybe_number()
    stopped_reason: str = words("")
    stopped_advice: str = words("")
    stopped_at: int | None = maybe_number()
    held: str = words("[]")
    held_limit: int = number(0)


class ContestRow(Table, table=True):
    """What we wrote on an issue's surface lately, how often that was undone, and until when it is set aside for it."""

    __tablename__ = "contest"
    __table_args__ = (
        Index("contest_age", "last_at"),
        Index("contest_aside", "issue_id", **where("until IS NOT NULL")),
    )
    issue_id: int = identity("issue.id")
    surface: str = words(key=True)
    added: str = words("[]")
    removed: str = words("[]")
    pending: bool = flag(default=True)
    flips: str = words("[]")
    wrote: str = words("")
    found: str = words("")
    last_at: int = number()
    since: int | None = maybe_number()
    until: int | None = maybe_number()


class CursorRow(Table, table=True):
    """Where a scope's next pull resumes."""

    __tablename__ = "cursor"
    tracker: str = words(key=True)
    scope: str = words(key=True)
    value: str = words()
    updated_at: int = number()


class AttentionRow(Table, table=True):
    """Something to be set right in a tracker; ``source`` noticed it: check, pull, write, publish, home, work items."""

    __tablename__ = "attention"
    tracker: str = words(key=True)
    source: str = words(key=True)
    subject: str = words(key=True)
    message: str = words(key=True)
    fix: str = words("")
    at: int = number()
    shown: bool = flag()


class CensusRow(Table, table=True):
    """How far a tracker's census is, what the last one found, and how many issues are missing without a reason."""

    __tablename__ = "census"
    tracker: str = words(key=True)
    began_at: int | None = maybe_number()
    done: str = words("[]")
    scope: str = words("")
    position: str = words("")
    counted: str = words("")
    listed: int = number(0)
    ended_at: int | None = maybe_number()
    found: str = words("{}")
    scopes: str = words("[]")
    error: str = words("")
    failed_at: int | None = maybe_number()
    missing: int = number(0)
    known: int = number(0)
    missing_at: int | None = maybe_number()
    accepted: bool = flag()


class PlaceRow(Table, table=True):
    """When a place was first seen; issues created before are backlog.

    ``called`` is its name in the configuration, where that is another one: a renamed place stays its team's.
    """

    __tablename__ = "place"
    tracker: str = words(key=True)
    place: str = words(key=True)
    first_seen_at: int = number()
    called: str = words("")


class RefusalRow(Table, table=True):
    """A surface that a place does not let us write."""

    __tablename__ = "refusal"
    tracker: str = words(key=True)
    place: str = words(key=True)
    surface: str = words(key=True)
    reason: str = words()
    advice: str = words("")
    at: int = number()


class ChoiceRow(Table, table=True):
    """A goal's label or option in a menu, as we wanted it last (``base``), and what a person changed there."""

    __tablename__ = "choice"
    tracker: str = words(key=True)
    menu: str = words(key=True)
    goal_id: int = identity("goal.id")
    base: str = words("{}")
    kept: str = words("[]")


class HomeRow(Table, table=True):
    """The issue that is a goal's home, and what we wrote there last; ``ext_id`` empty: it is being made."""

    __tablename__ = "home"
    goal_id: int = identity("goal.id")
    tracker: str = words()
    place: str = words()
    ext_id: str = words("")
    key: str = words("")
    attempted_at: int | None = maybe_number()
    page: str = words("{}")
    kept: str = words("[]")
    refused: str = words("")
    gone: bool = flag()
    crowded: bool = flag()
    number: int = number(1)


class AttachmentRow(Table, table=True):
    """An issue that we hang below a goal's home, or that a person took from there."""

    __tablename__ = "attachment"
    issue_id: int = identity("issue.id")
    goal_id: int = identity("goal.id", key=False)
    above_id: int = identity("issue.id", key=False)
    means: str = words()
    state: str = words()


class WorkItemRow(Table, table=True):
    """An issue that we link to a goal at the goal's source, or that people have linked or unlinked there."""

    __tablename__ = "work_item"
    issue_id: int = identity("issue.id")
    goal_id: int = identity("goal.id")
    source: str = words()
    goal_ext: str = words()
    state: str = words()
    reason: str = words("")
    at: int = number()


class AnswerRow(Table, table=True):
    """What a person decided lately through us, by which means, and what takes it back; rows of one ``batch`` together.

    ``said`` is what the person was told; ``was`` what stood before, ``became`` the explicit decision that was made.
    """

    __tablename__ = "answer"
    __table_args__ = (
        Index("answer_batch", "batch"),
        Index("answer_age", "at"),
        Index("answer_key", "key", **where("key <> ''")),
        Index("answer_issue", "issue_id", **where("issue_id IS NOT NULL")),
        Index("answer_rule", "rule_id", **where("rule_id IS NOT NULL")),
        Index("answer_goal", "goal_id", **where("goal_id IS NOT NULL")),
    )
    id: int = identity()
    batch: int = number()
    key: str = words("")
    issue_id: int | None = identity("issue.id", key=False, nullable=True)
    rule_id: int | None = identity("rule.id", key=False, nullable=True)
    goal_id: int | None = identity("goal.id", key=False, nullable=True)
    at: int = number()
    who: str = words()
    how: str = words()
    why: str = words("")
    said: str = words("{}")
    was: str = words("{}")
    became: str = words("[]")
    undone_at: int | None = maybe_number()
    undone_by: str = words("")


class QuarantineRow(Table, table=True):
    """An item that could not be mapped, set aside."""

    __tablename__ = "quarantine"
    tracker: str = words(key=True)
    ext_id: str = words(key=True)
    key: str = words()
    reason: str = words()
    excerpt: str = words("")
    first_at: int = number()
    last_at: int = number()
    tries: int = number(1)


class PassRow(Table, table=True):
    """A pass; written at its start and once more at its end, never again."""

    __tablename__ = "pass"
    __table_args__ = (Index("pass_newest", "tracker", "started", "pass_id"),)
    pass_id: str = words(key=True)
    tracker: str = words()
    kind: str = words()
    started: int = number()
    ended: int | None = maybe_number()
    outcome: str = words("")
    counts: str = words("{}")
    error: str = words("")


class OutboxRow(Table, table=True):
    """A subject whose list has changed since it was last told. ``change`` counts, so that none is lost in between."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key", name="outbox_subject"),
        Index("outbox_waiting", "due_at"),
    )
    id: int = identity()
    dedupe_key: str = words()
    subject: str = words()
    created: int = number()
    due_at: int = number()
    change: int = number(1)
    attempts: int = number(0)
    last_error: str = words("")


class MessageRow(Table, table=True):
    """A living message: what is remembered of it per subject and channel."""

    __tablename__ = "message"
    subject: str = words(key=True)
    channel: str = words(key=True)
    living: str = words()


class MuteRow(Table, table=True):
    """Silence that a person asked for, about a team, a goal or an issue; kept when it is over (L10)."""

    __tablename__ = "mute"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN team IS NULL THEN 0 ELSE 1 END + CASE WHEN goal_id IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN issue_id IS NULL THEN 0 ELSE 1 END = 1",
            name="mutes_one",
        ),
        Index("mute_running", "until", **where("ended_at IS NULL")),
    )
    id: int = identity()
    team: str | None = maybe_words()
    goal_id: int | None = identity("goal.id", key=False, nullable=True)
    issue_id: int | None = identity("issue.id", key=False, nullable=True)
    at: int = number()
    until: int = number()
    who: str = words()
    how: str = words()
    why: str = words()
    ended_at: int | None = maybe_number()
    ended_by: str = words("")


class UnreadRow(Table, table=True):
    """A parent that an issue names and that cannot be read; it is asked for again at night."""

    __tablename__ = "unread"
    tracker: str = words(key=True)
    ext_id: str = words(key=True)
    key: str = words(key=True)
    reason: str = words()
    at: int = number()


class NoteRow(Table, table=True):
    """A small fact under a name: why the goals were refused, when a tracker is asked again."""

    __tablename__ = "note"
    name: str = words(key=True)
    value: str = words()


class RunRow(Table, table=True):
    """Work that is done once per local date."""

    __tablename__ = "run"
    kind: str = words(key=True)
    local_date: str = words(key=True)
    started: int = number()
    ended: int | None = maybe_number()


class ReportRow(Table, table=True):
    """A reconciliation report: the figures that trends are drawn from, all its findings, and where it lies."""

    __tablename__ = "report"
    __table_args__ = (Index("report_date", "local_date"),)
    id: int = identity()
    at: int = number()
    local_date: str = words()
    figures: str = words("{}")
    findings: str = words()
    path: str = words("")


class TokenRow(Table, table=True):
    """A program's token for the page, by the SHA-256 of its 32 random bytes."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("digest", name="token_digest"),)
    name: str = words(key=True)
    digest: str = words()
    scope: str = words()
    created: int = number()
    expires: int | None = maybe_number()
    used: int | None = maybe_number()


class CounterRow(Table, table=True):
    """Numbers that only grow: ``generation`` counts commits, ``goals`` is the generation that last changed a goal."""

    __tablename__ = "counter"
    name: str = words(key=True)
    value: int = number(0)
