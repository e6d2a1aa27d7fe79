"""Against which revisions of changed goals the links were confirmed that are asked about."""

from __future__ import annotations

from dataclasses import dataclass

from vindaris_sync.store.part import Part

_ASKED = "cause.is_open AND cause.answer IS NULL AND cause.reason = 'goal_changed'"
_ISSUES = (
    "SELECT link.goal_id, link.revision, issue.tracker, issue.place, count(*), NULL FROM cause "  # noqa: S608 - fixed texts
    "JOIN issue ON issue.id = cause.issue_id JOIN (SELECT issue_id, goal_id, revision FROM link UNION ALL "
    "SELECT i.id, g.goal_id, g.confirmed FROM goal_issue g JOIN issue i ON i.tracker = g.tracker "
    "AND i.ext_id = g.ext_id) AS link ON link.issue_id = issue.carrier_id "
    f"WHERE {_ASKED} AND cause.subject = CAST(link.goal_id AS TEXT)"
)
_RULES = (
    "SELECT rule.goal_id, rule.revision, '', '', 1, rule.id FROM cause JOIN rule ON rule.id = cause.rule_id "  # noqa: S608 - fixed texts
    f"WHERE {_ASKED} AND cause.subject = CAST(rule.goal_id AS TEXT) AND rule.goal_id = coalesce(?, rule.goal_id) "
    "ORDER BY 1, 2, 3, 4"
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Reviews that are open since a goal changed, and the revision that their links were confirmed against.

    ``rule`` is the number of the link rule that is asked; then there is no tracker and no place.
    """

    goal: int
    revision: int
    tracker: str
    place: str
    count: int
    rule: int | None = None


class Confirmations(Part):
    """What changed goals are compared with."""

    def confirmed(self, goal: int | None = None) -> tuple[Confirmed, ...]:
        """Return the open questions about changed goals (or one) by confirmed revision and place; rules one by one."""
        text = f"{_ISSUES} AND link.goal_id = coalesce(?, link.goal_id) GROUP BY 1, 2, 3, 4 UNION ALL {_RULES}"
        with self._db.read() as sql:
            return tuple(Confirmed(*row) for row in sql.rows(text, (goal, goal)))
