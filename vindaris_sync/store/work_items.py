"""Links of issues at their goals' sources that we made, so that they are told from people's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Address, Finding
from vindaris_sync.domain.work_items import OURS, Standing
from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.part import Part
from vindaris_sync.store.publishing import put_troubles

LAG = timedelta(minutes=5)
"""How long a reading may show what was before our last write."""

_FROM = "FROM work_item w JOIN issue i ON i.id = w.issue_id WHERE w.source = ?"
_LINK = "(SELECT 1 FROM link l WHERE l.issue_id = w.issue_id AND l.goal_id = w.goal_id)"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An issue at a goal of ``source``; ``standing`` None: nothing was tried yet."""

    issue: int
    goal: int
    address: Address
    standing: Standing | None = None
    source: str = ""
    goal_ext: str = ""
    """The source's id of the goal."""
    wanted: bool = True
    """Whether the issue is still linked to the goal."""
    reason: str = ""


class WorkItems(Part):
    """What we linked at goals' sources."""

    def unlisted(self, tracker: str, goals: Collection[int]) -> tuple[WorkItem, ...]:
        """Return open work of the tracker with an own link to one of the goals, for which nothing was tried yet."""
        text = (
            "SELECT l.goal_id, l.issue_id, i.ext_id, i.key FROM link l JOIN issue i ON i.id = l.issue_id "
            "WHERE i.tracker = ? AND i.presence = 'present' AND i.tracked AND NOT i.closed AND NOT i.due "
            "AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.issue_id = l.issue_id AND w.goal_id = l.goal_id) "
            "AND l.goal_id IN ({})"
        )
        with self._db.read() as sql:
            rows = sorted(map(tuple, sql.rows_in(text, goals, tracker)))
        return tuple(WorkItem(issue, goal, Address(tracker, ext, key)) for goal, issue, ext, key in rows)

    def unsettled(self, source: str) -> tuple[WorkItem, ...]:
        """Return what is to be asked about or taken off; what is hidden waits (L6)."""
        return self._items(
            source,
            f"AND i.presence <> 'hidden' AND w.state IN ('intended', 'linked', 'missing') "
            f"AND (w.state <> 'linked' OR NOT EXISTS {_LINK})",
        )

    def refused_items(self, source: str) -> tuple[WorkItem, ...]:
        """Return what the source did not take, or did not let go."""
        return self._items(source, "AND w.state IN ('refused', 'kept')")

    def _items(self, source: str, where: str) -> tuple[WorkItem, ...]:
        text = (
            f"SELECT w.issue_id, w.goal_id, i.tracker, i.ext_id, i.key, w.state, w.goal_ext, EXISTS {_LINK}, w.reason "
            f"{_FROM} {where} ORDER BY w.goal_id, w.issue_id"
        )
        with self._db.read() as sql:
            rows = sql.rows(text, (source,))
        return tuple(
            WorkItem(issue, goal, Address(tracker, ext, key), Standing(state), source, goal_ext, bool(wanted), reason)
            for issue, goal, tracker, ext, key, state, goal_ext, wanted, reason in rows
        )

    def our_work_items(self, source: str) -> dict[str, dict[str, str]]:
        """Return the issues whose links at the source are our own, by goal, each with its place; all by their ids."""
        states = ", ".join(f"'{state}'" for state in sorted(OURS))
        text = f"SELECT w.goal_ext, i.ext_id, i.place {_FROM} AND w.state IN ({states})"
        found: dict[str, dict[str, str]] = {}
        with self._db.read() as sql:
            for goal, ext, place in sql.rows(text, (source,)):
                found.setdefault(goal, {})[ext] = place
        return found

    def places_of(self, tracker: str, ids: Collection[str]) -> frozenset[str]:
        """Return the places of those issues that are known."""
        text = "SELECT DISTINCT place FROM issue WHERE tracker = ? AND ext_id IN ({})"
        with self._db.read() as sql:
            return frozenset(row[0] for row in sql.rows_in(text, ids, tracker))

    def put_work_item(self, item: WorkItem, standing: Standing, now: datetime, reason: str = "") -> WorkItem:
        """Remember how it stands; returned as it is then."""
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO work_item (issue_id, goal_id, source, goal_ext, state, reason, at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (issue_id, goal_id) DO UPDATE SET source = excluded.source, "
                "goal_ext = excluded.goal_ext, state = excluded.state, reason = excluded.reason, at = excluded.at",
                (item.issue, item.goal, item.source, item.goal_ext, str(standing), reason, to_micros(now)),
            )
        return replace(item, standing=standing, reason=reason)

    def end_work_items(self, source: str) -> None:
        """Forget what was left to people or refused where the link is gone; what is wanted again need not go."""
        gone = f"source = ? AND state IN ('people', 'refused') AND NOT EXISTS {_LINK}"
        again = f"source = ? AND state = 'kept' AND EXISTS {_LINK}"
        with self._db.write() as sql:
            sql.run(f"DELETE FROM work_item AS w WHERE {gone}", (source,))  # noqa: S608 - fixed texts
            sql.run(f"UPDATE work_item AS w SET state = 'linked' WHERE {again}", (source,))  # noqa: S608 - fixed texts

    def retry_work_items(self, source: str) -> None:
        """Forget what the source refused: it is tried again."""
        with self._db.write() as sql:
            sql.run("DELETE FROM work_item WHERE source = ? AND state = 'refused'", (source,))
            sql.run("UPDATE work_item SET state = 'linked', reason = '' WHERE source = ? AND state = 'kept'", (source,))

    def note_work_items(self, source: str, listed: Mapping[str, Collection[str]], now: datetime) -> None:
        """Record what a reading of the source shows: issues by goal, by their ids; a goal left out says nothing.

        What we linked and is not shown is to be asked about; what we took off and is shown no more is forgotten.
        """
        text = f"SELECT w.issue_id, w.goal_id, w.goal_ext, w.state, w.at, i.ext_id, i.presence {_FROM}"
        before = to_micros(now - LAG)
        missing, settled = [], []
        with self._db.write() as sql:
            for issue, goal, goal_ext, state, at, ext, presence in sql.rows(
                f"{text} AND w.state IN ('linked', 'withdrawn')", (source,)
            ):
                shown = ext in listed.get(goal_ext, ())
                if state == Standing.WITHDRAWN and (at <= before or not shown):
                    settled.append((issue, goal))
                elif state == Standing.LINKED and not shown and at <= before and presence == "present":
                    missing += [(issue, goal)] if goal_ext in listed else []
            sql.many("DELETE FROM work_item WHERE issue_id = ? AND goal_id = ?", settled)
            if missing or settled:
                sql.run("DELETE FROM note WHERE name = ?", (settled_note(source),))
            sql.many("UPDATE work_item SET state = 'missing' WHERE issue_id = ? AND goal_id = ?", missing)

    def put_work_item_troubles(self, tracker: str, source: str, troubles: Collection[Finding], now: datetime) -> None:
        """Let ``troubles`` be all that a person should set right about links at the source."""
        with self._db.write() as sql:
            put_troubles(sql, tracker, f"work items {source}", tuple(troubles), now)


def settled_note(source: str) -> str:
    """Return the name of the note that holds as of when nothing was left to do at the source."""
    return f"work items settled {source}"
