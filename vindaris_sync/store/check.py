"""``db check``: what the schema cannot refuse, verified (L1)."""

from __future__ import annotations

from dataclasses import dataclass

from vindaris_sync.store.engine import Sql
from vindaris_sync.store.part import Part

_SHOWN = 5

_LAWS = {
    "unlinked_unreviewed": (
        "open issues are unlinked, decided and without an open review",
        (
            "SELECT key FROM issue WHERE NOT due AND tracked AND NOT closed AND presence = 'present' "
            "AND state = 'unlinked' AND NOT review_open"
        ),
    ),
    "review_flag": (
        "issues say otherwise than their causes whether a review is open",
        "SELECT key FROM issue WHERE review_open <> EXISTS (SELECT 1 FROM cause WHERE issue_id = issue.id AND is_open)",
    ),
    "undecided": (
        "issues are neither decided nor due",
        "SELECT key FROM issue WHERE NOT due AND NOT decided",
    ),
    "link_to_nothing": (
        "issues are linked to a goal that does not exist",
        "SELECT i.key FROM link l JOIN issue i ON i.id = l.issue_id WHERE l.goal_id NOT IN (SELECT id FROM goal)",
    ),
    "linked_and_exempt": (
        "issues are linked and exempt at once",
        "SELECT i.key FROM issue i JOIN exemption e ON e.issue_id = i.id JOIN link l ON l.issue_id = i.id",
    ),
    "state_unfounded": (
        "issues have a state that neither their links nor their carrier give",
        (
            "SELECT key FROM issue i WHERE NOT due AND decided AND tracked AND presence = 'present' AND ("
            "state = 'linked' AND goals = '[]' OR state = 'inherited' AND carrier_id IS NULL OR "
            "state = 'linked' AND carrier_id = id AND NOT EXISTS (SELECT 1 FROM link WHERE issue_id = i.id) OR "
            "state = 'exempt' AND NOT EXISTS (SELECT 1 FROM exemption WHERE issue_id = coalesce(i.carrier_id, i.id)))"
        ),
    ),
    "carrier_empty": (
        "issues are carried by one that has neither link nor exemption and is not due",
        (
            "SELECT i.key FROM issue i JOIN issue c ON c.id = i.carrier_id WHERE NOT i.due AND NOT c.due "
            "AND i.presence = 'present' AND NOT EXISTS (SELECT 1 FROM link WHERE issue_id = c.id) "
            "AND NOT EXISTS (SELECT 1 FROM exemption WHERE issue_id = c.id)"
        ),
    ),
    "goals_stale": (
        "issues do not have their carrier's goals",
        (
            "SELECT i.key FROM issue i JOIN issue c ON c.id = i.carrier_id WHERE NOT i.due AND NOT c.due "
            "AND NOT i.closed AND i.presence = 'present' AND i.tracked AND c.presence = 'present' AND c.tracked "
            "AND i.goals <> c.goals"
        ),
    ),
    "parent_unresolved": (
        "issues wait for a parent that is there",
        (
            "SELECT i.key FROM issue i JOIN issue p ON p.tracker = i.tracker AND p.ext_id = i.parent_ext "
            "WHERE i.parent_id IS NULL AND i.parent_ext <> '' AND p.id <> i.id"
        ),
    ),
    "no_revision": (
        "goals have no contents for the revision in force",
        (
            "SELECT key FROM goal g WHERE NOT EXISTS "
            "(SELECT 1 FROM goal_revision WHERE goal_id = g.id AND revision = g.revision)"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that must not be: which law, in words, how many, and the first few keys."""

    law: str
    message: str
    count: int
    examples: tuple[str, ...] = ()


class Checks(Part):
    """Verification of the whole store."""

    def check(self) -> tuple[Breach, ...]:
        """Verify the file, its references and what the schema cannot refuse; nothing found: all is well."""
        broken = self._db.integrity()
        found = [Breach("integrity", line, 1) for line in broken]
        if broken:
            return tuple(found)  # what a damaged file says of links means nothing
        with self._db.read() as sql:
            breaches = (_breach(sql, law) for law in _LAWS)
            return tuple(breach for breach in breaches if breach is not None)


def _breach(sql: Sql, law: str) -> Breach | None:
    message, query = _LAWS[law]
    count = int(sql.value(f"SELECT count(*) FROM ({query}) AS found"))  # noqa: S608 - fixed texts
    if not count:
        return None
    keys = sql.rows(f"{query} LIMIT {_SHOWN}")
    return Breach(law, f"{count} {message}", count, tuple(row[0] for row in keys))
