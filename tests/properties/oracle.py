"""What must be after a quiet round, worked out from the rules anew; it shares no code with what decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.properties.world import IGNORED_TYPE, MUST_TYPE, World, value
from vindaris_sync.domain.models import LinkState, Presence
from vindaris_sync.domain.records import Reason, Record
from vindaris_sync.domain.rules import Stated

_GONE = (Presence.GONE, Presence.MOVED)


@dataclass(frozen=True, slots=True)
class Decided:
    """What decides an issue: its state, its carrier, its goals (R6)."""

    state: LinkState
    carrier: Record | None
    goals: frozenset[int] = frozenset()
    unread: bool = False
    ruled: bool = False


class Oracle:
    """The rules, applied to one state of the store."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records: Mapping[int, Record] = {record.id: record for record in world.records()}
        self._stamps: dict[int, dict[int, int]] = {}

    def open(self) -> Iterator[Record]:
        """Yield the tracked open issues (R6)."""
        for record in self.records.values():
            if self.asks(record) and record.presence is Presence.PRESENT:
                yield record

    @staticmethod
    def asks(record: Record) -> bool:
        """Whether a review can be open at this issue; a hidden one keeps its question."""
        seen = record.presence in (Presence.PRESENT, Presence.HIDDEN)
        return seen and not record.closed and record.type != IGNORED_TYPE

    def chain(self, record: Record) -> list[Record]:
        """Return the ancestors, nearest first."""
        found: list[Record] = []
        while record.parent is not None and record.parent not in {one.id for one in found}:
            record = self.records[record.parent]
            found.append(record)
        return found

    def decided(self, record: Record) -> Decided:
        """Return what the nearest explicit link or exemption up the chain says (R6); some must have their own."""
        line = [record] if record.type == MUST_TYPE else [record, *self.chain(record)]
        for one in line:
            if one is not record and one.presence in _GONE:
                return Decided(LinkState.UNLINKED, None, unread=True)
            if one.explicit:
                own = LinkState.LINKED if one is record else LinkState.INHERITED
                exempt = value(one.explicit) == frozenset({0})
                goals = frozenset() if exempt else value(one.explicit)
                return Decided(LinkState.EXEMPT if exempt else own, one, goals)
        if one.parent_stated and record.type != MUST_TYPE:
            return Decided(LinkState.UNLINKED, None, unread=True)
        for one in line:
            goal = next((goal for goal in map(self._leads, self._fulfilled(one)) if goal is not None), None)
            if goal is not None:
                return Decided(LinkState.LINKED, None, frozenset({goal}), ruled=True)
        return Decided(LinkState.UNLINKED, None)

    def _fulfilled(self, record: Record) -> Iterator[Stated]:
        """Yield the rules that the issue itself fulfils, in their order."""
        shown = {"tracker": {record.ref.tracker}, "place": {record.place}, "label": record.traits.labels}
        for stated in self.world.rules:
            if all(set(map(str.casefold, values)) & set(map(str.casefold, shown[name]))
                   for name, values in stated.conditions.items()):  # fmt: skip
                yield stated

    def _leads(self, stated: Stated) -> int | None:
        return self.world.store.goal_book().by_key.get(stated.goal.casefold())

    def holder(self, record: Record, carrier: Record) -> Record:
        """Return where a question about the carrier's link is asked for ``record`` (R8)."""
        line = [record]
        for one in self.chain(record) if record.id != carrier.id else []:
            line += (
                [one] if one.id == carrier.id or one.type != MUST_TYPE else []
            )  # else it does not hang on the carrier
            if one.id == carrier.id:
                break
        return next(one for one in reversed(line) if self.asks(one))

    def suspect(self, goal: int, revision: int) -> bool:
        """Whether the goal's material contents in force differ from those of ``revision``; minor edits join (R11)."""
        if goal not in self._stamps:
            self._stamps[goal] = self._number(goal)
        stamps = self._stamps[goal]
        return stamps[revision] != stamps[max(stamps)]

    def _number(self, goal: int) -> dict[int, int]:
        """Return a number for each revision: two share one where their contents are equal, or joined by minor edits."""
        revisions = self.world.store.revisions(goal)
        contents = [{**one.contents, "status": None} for one in revisions]
        numbers = list(range(len(revisions)))
        for index, revision in enumerate(revisions):
            for other in range(index):
                if contents[other] == contents[index] or (revision.minor and other == index - 1):
                    former, now = numbers[index], numbers[other]
                    numbers = [now if number == former else number for number in numbers]
        return {revision.revision: number for revision, number in zip(revisions, numbers, strict=True)}


def asked(record: Record, reason: Reason, subject: str | None = None) -> bool:
    """Whether the issue's review is open for ``reason``, answered or not by an acknowledgement."""
    return any(
        cause.open and cause.key.reason is reason and subject in (None, cause.key.subject) for cause in record.causes
    )
