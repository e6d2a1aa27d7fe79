"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = {
    "sqlite": (
        (
            "CREATE TRIGGER history_update BEFORE UPDATE ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        ),
        (
            "CREATE TRIGGER history_delete BEFORE DELETE ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        ),
        (
            "CREATE TRIGGER pass_update BEFORE UPDATE ON pass WHEN OLD.ended IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'an ended pass is not changed'); END"
        ),
        "CREATE TRIGGER pass_delete BEFORE DELETE ON pass BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END",
        (
            "CREATE TRIGGER reading_update BEFORE UPDATE ON reading "
            "BEGIN SELECT RAISE(ABORT, 'readings are append-only'); END"
        ),
        (
            "CREATE TRIGGER reading_delete BEFORE DELETE ON reading "
            "BEGIN SELECT RAISE(ABORT, 'readings are append-only'); END"
        ),
    ),
}
"""What refuses changes to what happened (L10), by dialect."""

SEED = "INSERT INTO counter (name, value) VALUES ('generation', 0), ('goals', 0), ('work', 0)"


def upgrade() -> None:  # noqa: PLR0915 - one statement for each table and index
    """Make everything."""
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "token",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("digest", name="token_digest"),
    )
    op.create_table(
        "attention",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "source", "subject", "message"),
    )
    op.create_table(
        "census",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("scope", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("position", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("counted", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("listed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("found", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("scopes", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("known", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("missing_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.PrimaryKeyConstraint("tracker"),
    )
    op.create_table(
        "cursor",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "scope"),
    )
    op.create_table(
        "goal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('proposed', 'active', 'achieved', 'abandoned')", name="status_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folded", name="goal_name"),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("suspect", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("who", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.CheckConstraint("NOT suspect OR goal_id IS NOT NULL", name="suspect_has_goal"),
        sa.CheckConstraint(
            "(goal_id IS NULL) = (revision IS NULL) AND (goal_id IS NULL) = (fingerprint IS NULL)", name="rule_is_whole"
        ),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folded", name="rule_identity"),
    )
    op.create_table(
        "issue",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("ext_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("declined", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("assignee", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("estimate", sa.Double(), nullable=True),
        sa.Column("parent_tracker", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("parent_ext", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("parent_key", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("observed", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("traits", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True
        ),
        sa.Column("presence", sa.Text(), server_default=sa.text("'present'"), nullable=False),
        sa.Column("presence_at", sa.BigInteger(), nullable=False),
        sa.Column("presence_reason", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("moved_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("backlog", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("due", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("unwritten", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("decided", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("tracked", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'unlinked'"), nullable=False),
        sa.Column(
            "carrier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True
        ),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("goals", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("suspect", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("parent_unknown", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("undecided_since", sa.Text(), server_default=sa.text("'never'"), nullable=False),
        sa.Column("timing", sa.Text(), nullable=True),
        sa.Column("by_machine", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("conflict", sa.Text(), nullable=True),
        sa.Column("bases", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("undefined", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("refused", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("label_stood", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("review_open", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("review_at", sa.BigInteger(), nullable=True),
        sa.Column("times_opened", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "due OR NOT tracked OR closed OR presence <> 'present' OR state <> 'unlinked' OR review_open",
            name="unlinked_is_reviewed",
        ),
        sa.CheckConstraint("rule_id IS NULL OR state = 'linked'", name="ruled_is_linked"),
        sa.CheckConstraint(
            "presence IN ('present', 'context', 'out_of_scope', 'hidden', 'gone', 'moved')", name="presence_known"
        ),
        sa.CheckConstraint("state IN ('linked', 'inherited', 'exempt', 'unlinked')", name="state_known"),
        sa.CheckConstraint("timing IS NULL OR timing IN ('at_birth', 'later', 'unknown')", name="timing_known"),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["issue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["moved_to"],
            ["issue.id"],
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["issue.id"], initially="DEFERRED", deferrable=True),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["rule.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ext_id", "tracker", name="issue_identity"),
    )
    op.create_index(
        "issue_rule",
        "issue",
        ["rule_id", "closed"],
        unique=False,
        sqlite_where=sa.text("rule_id IS NOT NULL"),
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    )
    op.create_index(
        "issue_carrier",
        "issue",
        ["carrier_id"],
        unique=False,
        sqlite_where=sa.text("carrier_id IS NOT NULL"),
        postgresql_where=sa.text("carrier_id IS NOT NULL"),
    )
    op.create_index(
        "issue_due",
        "issue",
        ["tracker", "id"],
        unique=False,
        sqlite_where=sa.text("due"),
        postgresql_where=sa.text("due"),
    )
    op.create_index("issue_key", "issue", ["key", "tracker"], unique=False)
    op.create_index(
        "issue_moved",
        "issue",
        ["moved_to"],
        unique=False,
        sqlite_where=sa.text("moved_to IS NOT NULL"),
        postgresql_where=sa.text("moved_to IS NOT NULL"),
    )
    op.create_index(
        "issue_orphan_id",
        "issue",
        ["parent_tracker", "parent_ext"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NULL AND parent_ext <> ''"),
        postgresql_where=sa.text("parent_id IS NULL AND parent_ext <> ''"),
    )
    op.create_index(
        "issue_orphan_key",
        "issue",
        ["parent_tracker", "parent_key"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NULL AND parent_key <> ''"),
        postgresql_where=sa.text("parent_id IS NULL AND parent_key <> ''"),
    )
    op.create_index(
        "issue_parent",
        "issue",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "issue_undefined",
        "issue",
        ["tracker"],
        unique=False,
        sqlite_where=sa.text("undefined <> '[]'"),
        postgresql_where=sa.text("undefined <> '[]'"),
    )
    op.create_index(
        "issue_review",
        "issue",
        ["id"],
        unique=False,
        sqlite_where=sa.text("review_open"),
        postgresql_where=sa.text("review_open"),
    )
    op.create_index(
        "issue_unwritten",
        "issue",
        ["tracker", "id"],
        unique=False,
        sqlite_where=sa.text("unwritten"),
        postgresql_where=sa.text("unwritten"),
    )
    op.create_index(
        "issue_wake",
        "issue",
        ["wake_at"],
        unique=False,
        sqlite_where=sa.text("wake_at IS NOT NULL"),
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    )
    op.create_table(
        "message",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("living", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "channel"),
    )
    op.create_table(
        "note",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dedupe_key", name="outbox_subject"),
    )
    op.create_index("outbox_waiting", "outbox", ["due_at"], unique=False)
    op.create_table(
        "pass",
        sa.Column("pass_id", sa.Text(), nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("counts", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.PrimaryKeyConstraint("pass_id"),
    )
    op.create_index("pass_newest", "pass", ["tracker", "started", "pass_id"], unique=False)
    op.create_table(
        "place",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("called", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "place"),
    )
    op.create_table(
        "quarantine",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("ext_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "ext_id"),
    )
    op.create_table(
        "refusal",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "place", "surface"),
    )
    op.create_table(
        "unread",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("ext_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "ext_id", "key"),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), server_default=sa.text("('{}')"), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("report_date", "report", ["local_date"], unique=False)
    op.create_table(
        "run",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "local_date"),
    )
    op.create_table(
        "tracker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=True),
        sa.Column("last_ok_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_reason", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("stopped_advice", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("held_limit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "alias",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column(
            "issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("key", "tracker"),
    )
    op.create_table(
        "cause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("surface_at", sa.BigInteger(), nullable=True),
        sa.Column("labelled", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("lapsed", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("how", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "answer IS NULL OR answer IN ('confirmed', 'decided', 'moot', 'acknowledged')", name="answer_known"
        ),
        sa.CheckConstraint("is_open = (answer IS NULL OR answer = 'acknowledged')", name="open_is_unanswered"),
        sa.CheckConstraint(
            "CASE WHEN issue_id IS NULL THEN 0 ELSE 1 END + CASE WHEN rule_id IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN goal_id IS NULL THEN 0 ELSE 1 END = 1",
            name="asked_at_one",
        ),
        sa.CheckConstraint(
            "reason IN ('unlinked', 'goal_changed', 'goal_closed', 'parent_changed', "
            "'unknown_goal', 'conflict', 'requested', 'work_dropped')",
            name="reason_known",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["rule.id"],
        ),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.UniqueConstraint("issue_id", "reason", "subject", "fingerprint", name="cause_identity"),
    )
    op.create_index(
        "cause_of_goal",
        "cause",
        ["goal_id", "reason", "subject", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("goal_id IS NOT NULL"),
        postgresql_where=sa.text("goal_id IS NOT NULL"),
    )
    op.create_index(
        "cause_of_rule",
        "cause",
        ["rule_id", "reason", "subject", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("rule_id IS NOT NULL"),
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    )
    op.create_index(
        "cause_group",
        "cause",
        ["reason", "subject", "fingerprint"],
        unique=False,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    unanswered = "is_open AND answer IS NULL AND issue_id IS NOT NULL AND surface_at IS"
    for name, columns, surfaced in (
        ("cause_by_age", ["opened", "id"], "NOT NULL"),
        ("cause_by_goal", ["subject", "opened", "id"], "NOT NULL"),
        ("cause_by_reason", ["reason", "opened", "id"], "NOT NULL"),
        ("cause_of_backlog", ["opened", "id"], "NULL"),
    ):
        op.create_index(
            name,
            "cause",
            columns,
            unique=False,
            sqlite_where=sa.text(f"{unanswered} {surfaced}"),
            postgresql_where=sa.text(f"{unanswered} {surfaced}"),
        )
    op.create_table(
        "work",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("stated", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("phase", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("reason", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("advice", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.CheckConstraint("phase IN ('waiting', 'begun', 'made', 'refused')", name="phase_known"),
        sa.CheckConstraint("(phase = 'begun') = (begun IS NOT NULL)", name="begun_is_dated"),
        sa.CheckConstraint("(phase = 'made') = (issue_id IS NOT NULL)", name="made_is_an_issue"),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("goal_id", "folded", name="work_identity"),
        sa.UniqueConstraint("draft", name="work_mark"),
    )
    op.create_index(
        "work_issue",
        "work",
        ["issue_id"],
        unique=False,
        sqlite_where=sa.text("issue_id IS NOT NULL"),
        postgresql_where=sa.text("issue_id IS NOT NULL"),
    )
    op.create_index(
        "work_left",
        "work",
        ["tracker", "phase"],
        unique=False,
        sqlite_where=sa.text("phase <> 'made'"),
        postgresql_where=sa.text("phase <> 'made'"),
    )
    op.create_table(
        "contest",
        sa.Column(
            "issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("added", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("removed", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("pending", sa.Boolean(), server_default=sa.text("(TRUE)"), nullable=False),
        sa.Column("flips", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("wrote", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("found", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("issue_id", "surface"),
    )
    op.create_index("contest_age", "contest", ["last_at"], unique=False)
    op.create_index(
        "contest_aside",
        "contest",
        ["issue_id"],
        unique=False,
        sqlite_where=sa.text("until IS NOT NULL"),
        postgresql_where=sa.text("until IS NOT NULL"),
    )
    op.create_table(
        "exemption",
        sa.Column(
            "issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("issue_id"),
    )
    op.create_table(
        "goal_alias",
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("folded"),
    )
    op.create_table(
        "goal_issue",
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("ext_id", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("goal_id"),
    )
    op.create_index("goal_of_issue", "goal_issue", ["tracker", "ext_id"], unique=False)
    op.create_table(
        "goal_revision",
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("contents", sa.Text(), nullable=False),
        sa.Column("minor", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("goal_id", "revision"),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("how", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("goal_revision", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("after", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("pass_id", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["rule.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "history_rule",
        "history",
        ["rule_id"],
        unique=False,
        sqlite_where=sa.text("rule_id IS NOT NULL"),
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    )
    op.create_index(
        "history_flow",
        "history",
        ["at"],
        unique=False,
        sqlite_where=sa.text("event IN ('closed', 'linked')"),
        postgresql_where=sa.text("event IN ('closed', 'linked')"),
    )
    op.create_index(
        "history_goal",
        "history",
        ["goal_id", "at"],
        unique=False,
        sqlite_where=sa.text("goal_id IS NOT NULL"),
        postgresql_where=sa.text("goal_id IS NOT NULL"),
    )
    op.create_index(
        "history_issue",
        "history",
        ["issue_id"],
        unique=False,
        sqlite_where=sa.text("issue_id IS NOT NULL"),
        postgresql_where=sa.text("issue_id IS NOT NULL"),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reading_series", "reading", ["goal_id", "metric", "at"], unique=False)
    op.create_table(
        "link",
        sa.Column(
            "issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "provenance IN ('born', 'adopted', 'chosen', 'accepted', 'rule', 'goal')", name="provenance_known"
        ),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("issue_id", "goal_id"),
    )
    op.create_index("link_goal", "link", ["goal_id", "issue_id"], unique=False)
    op.create_table(
        "choice",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("menu", sa.Text(), nullable=False),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("base", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("kept", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("tracker", "menu", "goal_id"),
    )
    op.create_table(
        "home",
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("ext_id", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("key", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=True),
        sa.Column("page", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("kept", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("refused", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("crowded", sa.Boolean(), server_default=sa.text("(FALSE)"), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.PrimaryKeyConstraint("goal_id"),
    )
    op.create_table(
        "mute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN team IS NULL THEN 0 ELSE 1 END + CASE WHEN goal_id IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN issue_id IS NULL THEN 0 ELSE 1 END = 1",
            name="mutes_one",
        ),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "mute_running",
        "mute",
        ["until"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "attachment",
        sa.Column(
            "issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "above_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["above_id"],
            ["issue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("issue_id"),
    )
    op.create_table(
        "work_item",
        sa.Column(
            "issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("goal_ext", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"],
            ["goal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.PrimaryKeyConstraint("issue_id", "goal_id"),
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("goal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("said", sa.Text(), server_default=sa.text("('{}')"), nullable=False),
        sa.Column("was", sa.Text(), server_default=sa.text("('{}')"), nullable=False),
        sa.Column("became", sa.Text(), server_default=sa.text("('[]')"), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"]),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"]),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("answer_age", "answer", ["at"], unique=False)
    op.create_index("answer_batch", "answer", ["batch"], unique=False)
    for name, column, holds in (
        ("answer_goal", "goal_id", "goal_id IS NOT NULL"),
        ("answer_issue", "issue_id", "issue_id IS NOT NULL"),
        ("answer_key", "key", "key <> ''"),
        ("answer_rule", "rule_id", "rule_id IS NOT NULL"),
    ):
        op.create_index(
            name,
            "answer",
            [column],
            unique=False,
            sqlite_where=sa.text(holds),
            postgresql_where=sa.text(holds),
        )
    for statement in APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)
    op.execute(SEED)
