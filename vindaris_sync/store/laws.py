"""What must hold in the store beyond what the schema refuses: each law with its question, its fix, and its repair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vindaris_sync.store.changes import touch_goals
from vindaris_sync.store.codec import dump, load
from vindaris_sync.store.portable import IMPORTED
from vindaris_sync.store.rules import SUSPECT
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.tables import HIGHEST_GIVEN

Repair = Callable[[Sql, tuple[int, ...], int], None]
"""Mends the rows with these numbers, as of an instant in microseconds; no decision of a person is ever taken away."""

RUN_REPAIR = "stop the daemon, then `vindaris-sync db repair`"
ASK_A_BACKUP = "stop the daemon, then `vindaris-sync db restore` the newest backup"


@dataclass(frozen=True, slots=True)
class Law:
    """``query`` asks for (number, key) of the rows that break it."""

    message: str
    query: str
    repair: Repair | None = None
    fix: str = RUN_REPAIR


def _decide_anew(sql: Sql, found: tuple[int, ...], _: int) -> None:
    sql.run_in("UPDATE issue SET due = TRUE WHERE id IN ({})", found)


def _count_causes(sql: Sql, found: tuple[int, ...], _: int) -> None:
    sql.run_in(
        "UPDATE issue SET due = TRUE, review_open = EXISTS (SELECT 1 FROM cause WHERE issue_id = issue.id AND is_open) "
        "WHERE id IN ({})",
        found,
    )


def _count_rules_causes(sql: Sql, found: tuple[int, ...], _: int) -> None:
    sql.run_in(f"UPDATE rule SET suspect = {SUSPECT} WHERE id IN ({{}})", found)  # noqa: S608 - a fixed text


def _find_parent(sql: Sql, found: tuple[int, ...], _: int) -> None:
    sql.run_in(
        "UPDATE issue SET due = TRUE, parent_id = (SELECT p.id FROM issue p WHERE p.tracker = issue.parent_tracker "
        "AND p.ext_id = issue.parent_ext) WHERE id IN ({})",
        found,
    )


def _state_contents(sql: Sql, found: tuple[int, ...], now: int) -> None:
    """Take the contents as they were stated last: what was confirmed against others is asked about."""
    rows = list(sql.rows_in("SELECT id, revision, content FROM goal WHERE id IN ({})", found))
    sql.many(
        "INSERT INTO goal_revision (goal_id, revision, contents, at) VALUES (?, ?, ?, ?)",
        [(goal, revision, dump(load(content)["resolved"]), now) for goal, revision, content in rows],
    )
    sql.run_in("UPDATE issue SET due = TRUE WHERE id IN (SELECT issue_id FROM link WHERE goal_id IN ({}))", found)
    touch_goals(sql)


def _tell_links(sql: Sql, found: tuple[int, ...], now: int) -> None:
    sql.many(_TELL.format("issue_id"), [(now, issue, "what it serves was found without a history") for issue in found])


def _tell_revisions(sql: Sql, found: tuple[int, ...], now: int) -> None:
    rows = list(
        sql.rows_in(
            "SELECT r.goal_id, r.revision FROM goal_revision r WHERE r.goal_id IN ({}) AND NOT EXISTS "
            "(SELECT 1 FROM history h WHERE h.goal_id = r.goal_id AND h.goal_revision = r.revision)",
            found,
        )
    )
    text = _TELL.format("goal_id").replace("why)", "why, goal_revision)").replace("?)", "?, ?)")
    sql.many(text, [(now, goal, "a revision was found without a history", revision) for goal, revision in rows])


def _account_for(sql: Sql, found: tuple[int, ...], now: int) -> None:
    """Say in the history that something is missing from it, and where; this cannot be brought back."""
    after = ", ".join(str(each) for each in found[:20])
    sql.run(
        "INSERT INTO history (at, event, who, how, why) VALUES (?, 'repaired', 'vindaris-sync', 'repair', ?)",
        (now, f"rows of the history are missing after {after}"),
    )
    last = int(sql.value("SELECT max(id) FROM history"))
    sql.run(
        "INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (IMPORTED, dump(last)),
    )


_TELL = "INSERT INTO history (at, {}, event, who, how, why) VALUES (?, ?, 'repaired', 'vindaris-sync', 'repair', ?)"
_KNOWN = f"coalesce((SELECT CAST(value AS INTEGER) FROM note WHERE name = '{IMPORTED}'), 0)"  # noqa: S608 - a fixed name
_LINKED = "EXISTS (SELECT 1 FROM link WHERE issue_id = i.id)"
_EXEMPT = "EXISTS (SELECT 1 FROM exemption WHERE issue_id = i.id)"

LAWS: Mapping[str, Law] = {
    "unlinked_unreviewed": Law(
        "open issues are unlinked, decided and without an open review",
        "SELECT id, key FROM issue WHERE NOT due AND tracked AND NOT closed AND presence = 'present' "
        "AND state = 'unlinked' AND NOT review_open",
        _decide_anew,
    ),
    "review_flag": Law(
        "issues say otherwise than their causes whether a review is open",
        "SELECT id, key FROM issue WHERE review_open <> "
        "EXISTS (SELECT 1 FROM cause WHERE issue_id = issue.id AND is_open)",
        _count_causes,
    ),
    "undecided": Law(
        "issues are neither decided nor due",
        "SELECT id, key FROM issue WHERE NOT due AND NOT decided",
        _decide_anew,
    ),
    "link_to_nothing": Law(
        "issues are linked to a goal that does not exist",
        "SELECT i.id, i.key FROM link l JOIN issue i ON i.id = l.issue_id WHERE l.goal_id NOT IN (SELECT id FROM goal)",
        fix=ASK_A_BACKUP,
    ),
    "linked_and_exempt": Law(
        "issues are linked and exempt at once",
        "SELECT DISTINCT i.id, i.key FROM issue i "
        "JOIN exemption e ON e.issue_id = i.id JOIN link l ON l.issue_id = i.id",
        fix="people must say which one holds: `vindaris-sync link set` or `vindaris-sync review exempt`",
    ),
    "state_unfounded": Law(
        "issues have a state that neither their links, their carrier nor a rule give",
        "SELECT id, key FROM issue i WHERE NOT due AND decided AND tracked AND presence = 'present' AND ("
        "state = 'linked' AND (goals = '[]' OR carrier_id IS NULL AND rule_id IS NULL) OR "
        "state = 'inherited' AND carrier_id IS NULL OR "
        "state = 'linked' AND carrier_id = id AND NOT EXISTS (SELECT 1 FROM link WHERE issue_id = i.id) OR "
        "state = 'exempt' AND NOT EXISTS (SELECT 1 FROM exemption WHERE issue_id = coalesce(i.carrier_id, i.id)))",
        _decide_anew,
    ),
    "links_unheeded": Law(
        "issues have links, or an exemption, that say otherwise than their state",
        "SELECT id, key FROM issue i WHERE NOT due AND decided AND tracked AND NOT closed "  # noqa: S608 - fixed texts
        "AND presence = 'present' AND NOT EXISTS "
        "(SELECT 1 FROM goal_issue g WHERE g.tracker = i.tracker AND g.ext_id = i.ext_id) AND ("
        f"{_LINKED} AND NOT {_EXEMPT} AND (state <> 'linked' OR coalesce(carrier_id, 0) <> id "
        "OR length(goals) - length(replace(goals, ',', '')) + 1 <> (SELECT count(*) FROM link WHERE issue_id = i.id) "
        "OR EXISTS (SELECT 1 FROM link l WHERE l.issue_id = i.id AND "
        "replace(replace(i.goals, '[', ','), ']', ',') NOT LIKE '%,' || l.goal_id || ',%')) OR "
        f"{_EXEMPT} AND NOT {_LINKED} AND (state <> 'exempt' OR coalesce(carrier_id, 0) <> id))",
        _decide_anew,
    ),
    "carrier_empty": Law(
        "issues are carried by one that has neither link nor exemption, is no goal and is not due",
        "SELECT i.id, i.key FROM issue i JOIN issue c ON c.id = i.carrier_id WHERE NOT i.due AND NOT c.due "
        "AND i.presence = 'present' AND NOT EXISTS (SELECT 1 FROM link WHERE issue_id = c.id) "
        "AND NOT EXISTS (SELECT 1 FROM exemption WHERE issue_id = c.id) AND NOT EXISTS "
        "(SELECT 1 FROM goal_issue g WHERE g.tracker = c.tracker AND g.ext_id = c.ext_id)",
        _decide_anew,
    ),
    "rule_unfounded": Law(
        "issues are under a rule that is not in force, leads elsewhere, or stands beside a carrier",
        "SELECT i.id, i.key FROM issue i JOIN rule r ON r.id = i.rule_id WHERE NOT i.due AND i.tracked "
        "AND i.presence = 'present' AND (NOT r.active OR r.goal_id IS NULL OR i.carrier_id IS NOT NULL "
        "OR i.goals <> '[' || r.goal_id || ']')",
        _decide_anew,
    ),
    "rule_suspect": Law(
        "rules say otherwise than their causes whether they are suspect",
        f"SELECT id, 'rule:' || id FROM rule WHERE suspect <> {SUSPECT}",  # noqa: S608 - a fixed text
        _count_rules_causes,
    ),
    "goals_stale": Law(
        "issues do not have their carrier's goals",
        "SELECT i.id, i.key FROM issue i JOIN issue c ON c.id = i.carrier_id WHERE NOT i.due AND NOT c.due "
        "AND NOT i.closed AND i.presence = 'present' AND i.tracked AND c.presence = 'present' AND c.tracked "
        "AND i.goals <> c.goals",
        _decide_anew,
    ),
    "parent_unresolved": Law(
        "issues wait for a parent that is there",
        "SELECT i.id, i.key FROM issue i JOIN issue p ON p.tracker = i.parent_tracker AND p.ext_id = i.parent_ext "
        "WHERE i.parent_id IS NULL AND i.parent_ext <> '' AND p.id <> i.id",
        _find_parent,
    ),
    "no_revision": Law(
        "goals have no contents for the revision in force",
        "SELECT id, key FROM goal g WHERE NOT EXISTS "
        "(SELECT 1 FROM goal_revision WHERE goal_id = g.id AND revision = g.revision)",
        _state_contents,
    ),
    "revision_untold": Law(
        "goals have revisions of which the history says nothing",
        "SELECT DISTINCT g.id, g.key FROM goal_revision r JOIN goal g ON g.id = r.goal_id WHERE NOT EXISTS "
        "(SELECT 1 FROM history h WHERE h.goal_id = r.goal_id AND h.goal_revision = r.revision)",
        _tell_revisions,
    ),
    "link_untold": Law(
        "issues are linked or exempt, and the history says nothing of them",
        "SELECT id, key FROM issue i WHERE (EXISTS (SELECT 1 FROM link WHERE issue_id = i.id) "
        "OR EXISTS (SELECT 1 FROM exemption WHERE issue_id = i.id)) "
        "AND NOT EXISTS (SELECT 1 FROM history WHERE issue_id = i.id)",
        _tell_links,
    ),
    "history_gap": Law(
        "gaps are in the history: rows were deleted",  # its end is known by the highest number that was ever given
        "SELECT h.id, 'after row ' || h.id FROM history h "  # noqa: S608 - a fixed text
        f"WHERE h.id >= {_KNOWN} AND h.id < (SELECT max(id) FROM history) "
        "AND NOT EXISTS (SELECT 1 FROM history n WHERE n.id = h.id + 1) "
        f"UNION ALL SELECT 0, 'before row ' || min(id) FROM history HAVING min(id) > 1 AND {_KNOWN} = 0 "
        "UNION ALL SELECT coalesce(max(id), 0), 'after row ' || coalesce(max(id), 0) FROM history "
        f"HAVING coalesce(max(id), 0) < {HIGHEST_GIVEN}",
        _account_for,
        "look at the newest backup (`vindaris-sync db restore`) first: what is missing cannot be made again. "
        "Else `vindaris-sync db repair` notes the gap in the history",
    ),
}


def breaking(sql: Sql, law: Law) -> tuple[int, ...]:
    """Return the numbers of all rows that break ``law``."""
    return tuple(row[0] for row in sql.rows(law.query))
