"""What everybody does in the trackers while the daemon lives and dies, and what must be so in the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.integration.daemon.company import Company
from tests.integration.engine.desks import Desk
from vindaris_sync.sandbox.github.access import Refused

PREFIX, EXEMPT, REVIEW = "goal:", "no-goal", "goal-review"
GOALS = ("GROW-1", "GROW-2", "COST-1", "SAFE-1")
MOST_PENDING = 10
TEAMS = ("backend", "design", "urgent")


@dataclass(slots=True)
class Work:
    """An issue, and what people want of it. ``goal`` is a goal's key, ``no-goal``, or empty."""

    key: str
    title: str
    goal: str = ""
    by: str = "label"
    """The surface on which the last person said so: ``label``, ``field`` or ``exempt``."""
    foreign: set[str] = field(default_factory=set)
    closed: bool = False

    @property
    def tracker(self) -> str:
        """The tracker it is in."""
        return "github" if "#" in self.key else "jira"

    @property
    def linked(self) -> bool:
        """Whether it is to serve a goal."""
        return self.goal not in {"", EXEMPT}

    @property
    def labels(self) -> set[str]:
        """All labels that must be on it while it is open."""
        ours = {f"{PREFIX}{self.goal}"} if self.linked else {self.goal or REVIEW}
        return self.foreign | ours


class People:
    """Everybody. One seed is one sequence of acts, as far as the daemon's own pace allows it."""

    def __init__(self, company: Company, random: Random) -> None:
        self.company, self.random = company, random
        self.works: list[Work] = []
        self.acts = 0
        self._number = 0
        self._pending: list[Work] = []

    def act(self) -> None:
        """Do one thing."""
        acts: tuple[Callable[[], bool], ...] = (
            self._relink, self._relink, self._drop, self._exempt, self._stick, self._retitle, self._turn,
        )  # fmt: skip
        if self.random.random() < 0.4 or self._too_fast() or not self.random.choice(acts)():
            self.create()
        self.acts += 1

    def _too_fast(self) -> bool:
        """Whether so many edits are unanswered that more of them might be held until a person confirms them (R2)."""
        if len(self._pending) > MOST_PENDING:
            self._pending = [work for work in self._pending if not work.closed and not self.settled(work)]
        return len(self._pending) > MOST_PENDING

    def desk(self, work: Work) -> Desk:
        """Return where an issue is looked at."""
        return self.company.github if work.tracker == "github" else self.company.jira

    def settled(self, work: Work) -> bool:
        """Whether the daemon has recorded what people want of an open issue, and all its surfaces show it."""
        desk = self.desk(work)
        if desk.labels(work.key) != work.labels or desk.field(work.key) != shown(work):
            return False
        return goals_kept(self.company.database, work.tracker, work.key) == [work.goal]

    # --- acts: each returns whether there was anything to do -----------------------------------------------------

    def create(self, goal: str | None = None, tracker: str | None = None) -> Work:
        """Open an issue, with or without a goal (anybody's guess unless given), with or without others' labels."""
        random = self.random
        desks: list[Desk] = [self.company.jira, self.company.jira, self.company.github]
        desk = next((each for each in desks if each.tracker == tracker), random.choice(desks))
        self._number += 1
        goal = random.choice([*GOALS, "", "", "", EXEMPT]) if goal is None else goal
        work = Work("", f"Work {self._number}", goal, "exempt" if goal == EXEMPT else "label")
        work.foreign = {random.choice(TEAMS)} if random.random() < 0.5 else set()
        by_field = work.linked and desk.tracker == "jira" and random.random() < 0.5
        ours = set() if by_field or not goal else {goal if goal == EXEMPT else f"{PREFIX}{goal}"}
        place = random.choice([desk.place, desk.other])
        work.key = desk.create(work.title, *sorted(work.foreign | ours), place=place)
        if by_field:
            work.by = "field"
            desk.set_field(work.key, goal)
        self.works.append(work)
        return work

    def _one(self, fits: Callable[[Work], bool]) -> Work | None:
        """Return a random open issue that fits."""
        works = [work for work in self.works if not work.closed]
        return next(filter(fits, self.random.sample(works, len(works))), None)

    def _relink(self) -> bool:
        """Say that an issue serves another goal; on two surfaces at once nobody says different things."""
        work = self._one(lambda work: self.settled(work) or (work.linked and work.by != "exempt"))
        if work is None:
            return False
        if self.settled(work):
            work.by = self.random.choice(["label", "field"] if work.tracker == "jira" else ["label"])
        goal = self.random.choice([goal for goal in GOALS if goal != work.goal])
        desk = self.desk(work)
        if work.by == "field":
            desk.set_field(work.key, goal)
        else:
            desk.add_label(work.key, f"{PREFIX}{goal}")
            for label in sorted(desk.labels(work.key)):
                if label.startswith(PREFIX) and label != f"{PREFIX}{goal}":
                    self._take_off(work, label)
        work.goal = goal
        self._pending.append(work)
        return True

    def _drop(self) -> bool:
        """Say that an issue serves no goal after all."""
        work = self._one(lambda work: work.linked and self.settled(work))
        if work is None:
            return False
        work.by = self.random.choice(["label", "field"] if work.tracker == "jira" else ["label"])
        if work.by == "field":
            self.desk(work).set_field(work.key, None)
        else:
            self._take_off(work, f"{PREFIX}{work.goal}")
        work.goal = ""
        self._pending.append(work)
        return True

    def _exempt(self) -> bool:
        """Say that an issue is no goal's work."""
        work = self._one(lambda work: work.goal != EXEMPT and self.settled(work))
        if work is None:
            return False
        self.desk(work).add_label(work.key, EXEMPT)
        work.goal, work.by = EXEMPT, "exempt"
        self._pending.append(work)
        return True

    def _stick(self) -> bool:
        """Put a label on that is none of the daemon's business, or take one off."""
        work = self._one(lambda _: True)
        if work is None:
            return False
        label = self.random.choice(TEAMS)
        if label in work.foreign:
            self._take_off(work, label)
            work.foreign.discard(label)
        else:
            self.desk(work).add_label(work.key, label)
            work.foreign.add(label)
        return True

    def _retitle(self) -> bool:
        work = self._one(lambda _: True)
        if work is None:
            return False
        work.title += " again"
        self.desk(work).retitle(work.key, work.title)
        return True

    def _turn(self) -> bool:
        """Close an issue on which all is said, or open a closed one again."""
        shut = [work for work in self.works if work.closed]
        if shut and self.random.random() < 0.5:
            work = self.random.choice(shut)
            self.desk(work).reopen(work.key)
            work.closed = False
            return True
        found = self._one(self.settled)
        if found is None:
            return False
        self.desk(found).close(found.key)
        found.closed = True
        return True

    def _take_off(self, work: Work, label: str) -> None:
        with suppress(Refused):  # the daemon was faster
            self.desk(work).remove_label(work.key, label)


def goals_kept(database: Path, tracker: str, key: str) -> list[str]:
    """Return what is stored for an issue, nothing while something is left to do about it."""
    query = """
        SELECT coalesce((SELECT g.key FROM link l JOIN goal g ON g.id = l.goal_id WHERE l.issue_id = i.id),
                        (SELECT 'no-goal' FROM exemption e WHERE e.issue_id = i.id), '')
        FROM issue i WHERE i.tracker = ? AND i.key = ? AND NOT i.due AND NOT i.unwritten AND i.conflict IS NULL
    """
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as sql:
        return [str(kept) for (kept,) in sql.execute(query, (tracker, key))]


def shown(work: Work) -> str | None:
    """Return what the goal field must show."""
    return work.goal if work.linked and work.tracker == "jira" else None
