"""Goals' homes, and what we have hung below them: what was wanted last, so that people's changes are told from ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.homes import Means, Page
from vindaris_sync.domain.models import Address, Finding, IssueRef, Raw
from vindaris_sync.store.changes import touch_goals
from vindaris_sync.store.codec import dump, load, load_ids, maybe_instant, maybe_micros, to_micros
from vindaris_sync.store.goal_issues import follow
from vindaris_sync.store.part import Part
from vindaris_sync.store.publishing import put_troubles

_SOURCE = "home"
_HOME = "goal_id, tracker, place, ext_id, key, attempted_at, page, kept, refused, gone, crowded, number"


class Hanging(StrEnum):
    """How it stands with work below a home."""

    INTENDED = "intended"
    """We are about to hang it there; after a crash nobody knows."""
    ATTACHED = "attached"
    DECLINED = "declined"
    """A person took it off, and it stays off."""
    REFUSED = "refused"
    """The tracker did not take it; it is tried again at night."""


@dataclass(frozen=True, slots=True)
class StoredHome:
    """A goal's home: ``ref`` None while it is not known to be there; ``page`` is what we wrote there last."""

    goal: int
    tracker: str
    place: str
    ref: IssueRef | None = None
    key: str = ""
    attempted: datetime | None = None
    page: Page | None = None
    kept: Raw = ()
    refused: str = ""
    """Why the tracker does not take what is wanted; empty: it does."""
    gone: bool = False
    """Whether the issue was deleted; it is not made again."""
    crowded: bool = False
    """Whether it takes no more children."""
    number: int = 1
    """Which of the goal's homes it is: a person may ask for another one."""

    @property
    def address(self) -> Address:
        """Where the issue is."""
        return Address(self.tracker, self.ref.id if self.ref else "", self.key)


@dataclass(frozen=True, slots=True)
class Hung:
    """What we hung below a home, by the rows of both issues, and where the issue hangs now."""

    issue: int
    goal: int
    above: int
    means: Means
    state: Hanging
    parent: int | None
    parent_stated: bool
    serves: int | None
    """The goal of its own link, the primary one; None where it has none of its own."""


class Homes(Part):
    """The homes of goals."""

    def homes(self) -> dict[int, StoredHome]:
        """Return all homes, by goal."""
        with self._db.read() as sql:
            rows = sql.rows(f"SELECT {_HOME} FROM home ORDER BY goal_id")  # noqa: S608 - fixed names
        return {row[0]: _home(row) for row in rows}

    def at_home(self, goals: Sequence[Goal]) -> tuple[Goal, ...]:
        """Return the goals, each with the issue that is its home, where it has one and is not stated as an issue."""
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT g.key, h.tracker, h.ext_id FROM home h JOIN goal g ON g.id = h.goal_id "
                "WHERE h.ext_id <> '' AND NOT h.gone"
            )
        refs = {row[0]: IssueRef(row[1], row[2]) for row in rows}
        return tuple(
            replace(goal, issue=refs[goal.key]) if goal.issue is None and goal.key in refs else goal for goal in goals
        )

    def intend_home(self, home: StoredHome) -> None:
        """Note that a home is about to be made."""
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO home (goal_id, tracker, place, attempted_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (goal_id) DO UPDATE SET tracker = excluded.tracker, place = excluded.place, "
                "attempted_at = excluded.attempted_at",
                (home.goal, home.tracker, home.place, maybe_micros(home.attempted)),
            )

    def put_home(self, home: StoredHome) -> None:
        """Remember how a home stands."""
        page = dump({"title": home.page.title, "lines": home.page.lines}) if home.page else "{}"
        values = (
            home.tracker, home.place, home.ref.id if home.ref else "", home.key, maybe_micros(home.attempted), page,
            dump(home.kept), home.refused, home.gone, home.crowded, home.goal,
        )  # fmt: skip
        with self._db.write() as sql:
            sql.run(
                "UPDATE home SET tracker = ?, place = ?, ext_id = ?, key = ?, attempted_at = ?, page = ?, kept = ?, "
                "refused = ?, gone = ?, crowded = ? WHERE goal_id = ?",
                values,
            )

    def home_made(self, home: StoredHome, goal: Goal, now: datetime) -> None:
        """Remember that a home is there; from now on the issue is the goal, and no work that would be asked about."""
        with self._db.write() as sql:
            self.put_home(home)
            follow(sql, {home.goal: replace(goal, issue=home.ref)}, to_micros(now))

    def forget_home(self, goal: int) -> bool:
        """Forget a goal's home, so that it gets another one; False where it has none."""
        with self._db.write() as sql:
            touch_goals(sql)
            sql.run("DELETE FROM attachment WHERE goal_id = ?", (goal,))
            anew = (
                "UPDATE home SET ext_id = '', key = '', page = '{}', kept = '[]', refused = '', gone = FALSE, "
                "crowded = FALSE, attempted_at = NULL, number = number + 1 WHERE goal_id = ?"
            )
            return bool(sql.run(anew, (goal,)))

    def put_home_troubles(self, tracker: str, troubles: Sequence[Finding], now: datetime) -> None:
        """Let ``troubles`` be all that a person should set right about homes in the tracker."""
        with self._db.write() as sql:
            put_troubles(sql, tracker, _SOURCE, troubles, now)

    # --- what hangs below -----------------------------------------------------------------------------------------

    def hung(self) -> tuple[Hung, ...]:
        """Return what we hung below homes, or tried to."""
        text = (
            "SELECT a.issue_id, a.goal_id, a.above_id, a.means, a.state, i.parent_id, i.parent_ext, i.parent_key, "
            "i.carrier_id, i.goals FROM attachment a JOIN issue i ON i.id = a.issue_id ORDER BY a.issue_id"
        )
        with self._db.read() as sql:
            rows = sql.rows(text)
        return tuple(
            Hung(
                issue, goal, above, Means(means), Hanging(state), parent, bool(ext or key),
                next(iter(load_ids(goals)), None) if carrier == issue else None,
            )
            for issue, goal, above, means, state, parent, ext, key, carrier, goals in rows
        )  # fmt: skip

    def loose(self, tracker: str, most: int) -> tuple[tuple[int, int], ...]:
        """Return open work of the tracker that hangs nowhere, with the goal of its own link, which has a home."""
        text = (
            "SELECT DISTINCT i.id, i.goals FROM home h JOIN link l ON l.goal_id = h.goal_id "
            "JOIN issue i ON i.id = l.issue_id WHERE h.tracker = ? AND h.ext_id <> '' AND NOT h.gone AND NOT h.crowded "
            "AND i.tracker = ? AND i.presence = 'present' AND i.tracked AND NOT i.closed AND i.carrier_id = i.id "
            "AND i.parent_ext = '' AND i.parent_key = '' AND NOT i.due "
            "AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.issue_id = i.id) ORDER BY i.id"
        )
        with self._db.read() as sql:
            homed = {row[0] for row in sql.rows("SELECT goal_id FROM home WHERE ext_id <> '' AND NOT gone")}
            rows = sql.rows(text, (tracker, tracker))
        found = ((row[0], next(iter(load_ids(row[1])), None)) for row in rows)
        return tuple([(issue, goal) for issue, goal in found if goal in homed and goal is not None][:most])

    def rows_of(self, tracker: str, ids: Sequence[str]) -> dict[str, int]:
        """Return the rows of issues, by the tracker's ids."""
        query = "SELECT ext_id, id FROM issue WHERE tracker = ? AND ext_id IN ({})"
        with self._db.read() as sql:
            return {row[0]: row[1] for row in sql.rows_in(query, ids, tracker)}

    def put_hung(self, issue: int, goal: int, above: int, means: Means, state: Hanging) -> None:
        """Remember how it stands with one issue."""
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO attachment (issue_id, goal_id, above_id, means, state) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (issue_id) DO UPDATE SET goal_id = excluded.goal_id, above_id = excluded.above_id, "
                "means = excluded.means, state = excluded.state",
                (issue, goal, above, str(means), str(state)),
            )

    def forget_hung(self, issues: Sequence[int]) -> None:
        """Forget that we hung these; what was masked by it counts again."""
        with self._db.write() as sql:
            sql.run_in("DELETE FROM attachment WHERE issue_id IN ({})", issues)
            sql.run_in("UPDATE issue SET due = TRUE WHERE id IN ({})", issues)

    def retry_homes(self) -> None:
        """Forget what homes refused: it is tried again."""
        with self._db.write() as sql:
            sql.run("DELETE FROM attachment WHERE state = 'refused'")
            sql.run("UPDATE home SET refused = '', crowded = FALSE WHERE refused <> '' OR crowded")


def _home(row: Sequence[object]) -> StoredHome:
    goal, tracker, place, ext, key, attempted, page, kept, refused, gone, crowded, number = row
    stored = load(str(page))
    return StoredHome(
        goal=int(str(goal)),
        tracker=str(tracker),
        place=str(place),
        ref=IssueRef(str(tracker), str(ext)) if ext else None,
        key=str(key),
        attempted=maybe_instant(attempted if isinstance(attempted, int) else None),
        page=Page(stored["title"], tuple(stored["lines"])) if stored else None,
        kept=tuple(load(str(kept))),
        refused=str(refused),
        gone=bool(gone),
        crowded=bool(crowded),
        number=int(str(number)),
    )
