"""Whom and what the demo's teammates know: which issues fit an act, and what store and trackers say of an issue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from vindaris_sync.cli.demo_stage import Stage
from vindaris_sync.domain.records import Reason, Record
from vindaris_sync.sandbox.company import Desk
from vindaris_sync.sandbox.company.company import PEOPLE, PROJECTS, REPOSITORIES

REVIEW, EXEMPT, PREFIX = "goal-review", "no-goal", "goal:"

TITLES = (
    "Suggest a second delivery day",
    "Crates with a window",
    "Order by voice from the cold room",
    "Split an order between two kitchens",
    "Warn before the last slot is gone",
    "Standing orders for the weekend",
    "Weigh returned crates at the door",
    "Compare two price lists side by side",
    "Show who drives today",
    "Late basket: add to an order until six",
    "Retry stock counts after a timeout",
    "Mark allergens in search results",
    "Quiet hours for delivery calls",
    "Cache the catalogue at the edge",
    "Photos of every van's loading order",
    "A *very* <urgent> fix for `everyone` 🚨 <!channel>",
)


@dataclass(slots=True)
class Cast:
    """What the teammates go by. The trackers say what shows; the store says what is asked."""

    stage: Stage
    random: Random
    titles: int = 0
    """How many issues were opened."""

    def pick(self, fits: Callable[[Record], bool]) -> Record | None:
        """Return one of the open issues that ``fits``; None where there is none."""
        found = [record for record in self.everything() if fits(record)]
        return self.random.choice(found) if found else None

    def everything(self) -> Iterator[Record]:
        """Yield every open tracked issue."""
        store = self.stage.app.store
        ids = [issue for name in self.stage.app.context.trackers for issue in store.ids(name).values()]
        for record in store.view_records(sorted(ids)).values():
            if record.tracked and not record.closed:
                yield record

    def asks(self, record: Record) -> bool:
        """Return whether its review is open and its label shows it."""
        return any(cause.answer is None for cause in record.causes) and REVIEW in self.labels(record.key)

    def asked(self, *reasons: Reason) -> str | None:
        """Return an issue that carries the review label for one of ``reasons`` and nothing else."""
        found = self.pick(lambda r: self.asks(r) and self.open_reasons(r) <= set(reasons))
        return found.key if found else None

    def linked(self, *, epic: bool = False, jira: bool = False) -> str | None:
        """Return an issue with a link of its own that nothing is asked about; of ``jira`` alone where that is said."""
        epics = self.epics()

        def fits(record: Record) -> bool:
            calm = len(record.links) == 1 and not self.open_reasons(record) and REVIEW not in self.labels(record.key)
            return calm and (record.key in epics) is epic and not (jira and "/" in record.key)

        found = self.pick(fits)
        return found.key if found else None

    def inherits(self, record: Record) -> bool:
        """Return whether an issue in Jira has its goal from above, and nothing is asked about it."""
        return not record.links and bool(record.goals) and not self.open_reasons(record) and "/" not in record.key

    def epics(self) -> Sequence[str]:
        """Return the epics that serve a goal."""
        names = ("onepage", "opening", "finding", "routes", "cold", "returns")
        return [self.stage.company.named[name] for name in names]

    def open_reasons(self, record: Record) -> set[Reason]:
        """Return for what a review is open and unanswered."""
        return {cause.key.reason for cause in record.causes if cause.answer is None}

    def reasons(self, key: str) -> set[Reason]:
        """Return for what a review of ``key`` is open now."""
        record = self.record(key)
        return self.open_reasons(record) if record else set()

    def record(self, key: str) -> Record | None:
        """Return what the store holds of ``key`` now."""
        store = self.stage.app.store
        found = store.find(key)
        return store.view_records(found[:1])[found[0]] if found else None

    def held(self, key: str) -> Record:
        """Return what the store holds of an issue that it knows."""
        record = self.record(key)
        assert record is not None, key  # noqa: S101 - it was picked from the store
        return record

    def known(self, key: str) -> bool:
        """Return whether the store knows it under this key, with a goal."""
        record = self.record(key)
        return record is not None and record.key == key and record.present and bool(record.goals)

    def shows(self, key: str, goal: str) -> bool:
        """Return whether it shows this goal and no other, by label too."""
        return (
            self.desk(key).goals(key) == {goal} and PREFIX + goal in self.labels(key) and self._field_agrees(key, goal)
        )

    def _field_agrees(self, key: str, goal: str) -> bool:
        return "/" in key or self.stage.company.field(key) == goal

    def labels(self, key: str) -> frozenset[str]:
        """Return the labels that the tracker shows."""
        return self.desk(key).labels(key)

    def desk(self, key: str) -> Desk:
        """Return where an issue or a place is worked on."""
        return self.stage.company.desk(key)

    def goal_set(self, key: str, goal: str, who: str) -> Callable[[], object]:
        """Return the act of stating the goal."""
        return lambda: self.desk(key).set_goal(key, goal, who)

    def who(self) -> str:
        """Return somebody."""
        return self.random.choice(PEOPLE)

    def place(self) -> str:
        """Return a project or a repository."""
        return self.random.choice([*PROJECTS, *REPOSITORIES])

    def goal(self) -> str:
        """Return a goal that work may serve."""
        return self.random.choice(("GROWTH", "ONBOARD", "SEARCH", "FRESH", "ROUTES", "TRUST"))

    def title(self) -> str:
        """Return a title for a new issue, each once before they repeat."""
        self.titles += 1
        return TITLES[(self.titles - 1) % len(TITLES)]
