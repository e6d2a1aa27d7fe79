"""What people do in the trackers and on the command line, and what each of them may expect of it (L5).

An expectation is kept per issue: what the last person said about its goal. It is dropped where nobody can tell what
was meant (an edit taken back before we could see it, an edit on an issue that was moved at the same time).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.properties.world import EXEMPT, NO_GOAL, PREFIX, REVIEW, World, value
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import IssueRef, Presence

Value = frozenset[int]
Shown = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the last person said: the link is, has or lacks this."""

    how: str
    value: Value
    at: datetime

    def holds(self, explicit: Value) -> bool:
        """Whether the link ``explicit`` honours it."""
        return {
            "is": explicit == self.value,
            "has": self.value <= explicit,
            "lacks": not self.value & explicit,
        }[self.how]


class People:
    """Everybody, with what they expect."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.expected: dict[IssueRef, Expected] = {}
        self.undecided: set[IssueRef] = set()
        """Issues with an act that no quiet round has followed yet."""
        self.moved: set[IssueRef] = set()
        """Issues whose place or type changed since what they show was last agreed on."""
        self.unsure: set[IssueRef] = set()
        """Issues that were hidden: lists do not tell when they are shown again."""
        self.transferred: dict[IssueRef, IssueRef] = {}
        """The former id of issues that have a new one: that they belong together, only the former one tells."""
        self.unnoticed: set[IssueRef] = set()
        """Transferred issues that the store does not know as such: what they show is taken for what they showed."""
        self._unseen: Counter[IssueRef] = Counter()
        self._settled: dict[IssueRef, Value] = {}
        self._displayed: dict[IssueRef, dict[str, set[frozenset[str]]]] = defaultdict(lambda: defaultdict(set))

    # --- looking --------------------------------------------------------------------------------------------------

    def tracker(self, ref: IssueRef) -> MemoryTracker:
        """Return the tracker of an issue."""
        return self.world.trackers[ref.tracker]

    def live(self) -> list[IssueRef]:
        """Return all issues there are, oldest first."""
        return [record.issue.ref for tracker in self.world.trackers.values() for record in tracker.records()]

    def shown(self, ref: IssueRef) -> Shown:
        """Return what the issue shows on each of our surfaces, folded."""
        tracker = self.tracker(ref)
        issue = tracker.issue(ref.id)
        labels = {fold(label) for label in issue.labels}
        shown = {
            "label": frozenset(one[len(PREFIX) :] for one in labels if one.startswith(PREFIX)),
            "exempt": frozenset(labels & {NO_GOAL}),
        }
        return shown | {key: frozenset(map(fold, raw)) for key, raw in issue.fields.items()}

    def remember(self) -> None:
        """Note what all issues show: whoever goes back to it has not visibly edited anything."""
        for ref in self.live():
            for key, shown in self.shown(ref).items():
                self._displayed[ref][key].add(shown)

    def notice(self) -> None:
        """Note which transfers the store knows of."""
        presence = {record.ref: record.presence for record in self.world.records()}
        self.unnoticed = {
            ref
            for ref in self.unnoticed
            if any(presence.get(former, Presence.MOVED) is not Presence.MOVED for former in self.formers(ref))
        }

    def settled(self, agreed: set[IssueRef]) -> None:
        """Everything visible was read and decided; on ``agreed`` both sides show the same."""
        for ref in self.live():
            if self.tracker(ref).record(ref.id).hidden:
                continue
            self.undecided.discard(ref)
            del self._unseen[ref]
            self._displayed[ref].clear()
        self.moved -= agreed
        self._settled = {record.ref: value(record.explicit) for record in self.world.records()}
        self.remember()

    # --- acts in a tracker ------------------------------------------------------------------------------------------

    def edit(self, ref: IssueRef, act: Callable[[MemoryTracker], None], expected: Expected | None) -> None:
        """Let somebody change what an issue shows."""
        before = self.shown(ref)
        act(self.tracker(ref))
        shown = self.shown(ref)
        changed = [key for key in shown if shown[key] != before.get(key)]
        if not changed:
            return
        taken_back = any(shown[key] in self._displayed[ref][key] for key in changed)
        lost = expected is not None and expected.how == "lacks" and (ref in self.moved or self._mistyped(ref))
        self._expect(ref, None if taken_back or lost or ref in self.unnoticed else expected)
        self.undecided.add(ref)
        self._unseen[ref] += 1
        self.remember()

    def _mistyped(self, ref: IssueRef) -> bool:
        """Whether the issue shows a key that no goal has: a goal that it replaces is kept (R3)."""
        shown = frozenset[str]().union(*(keys for key, keys in self.shown(ref).items() if key != "exempt"))
        return bool(shown - self.world.names.keys())

    def _expect(self, ref: IssueRef, expected: Expected | None) -> None:
        if expected is None:
            self.expected.pop(ref, None)
        else:
            self.expected[ref] = expected

    def _says(self, how: str, name: str | None) -> Expected | None:
        known = name is not None and fold(name) in self.world.names
        goals = {self.world.goal(name)} if known and name is not None else None
        return None if goals is None else Expected(how, frozenset(goals), self.world.clock())

    def create(self, tracker: str, place: str, labels: tuple[str, ...], parent: str = "") -> IssueRef:
        """Create an issue; somebody who gives it one goal expects it to be linked."""
        ref = IssueRef(tracker, self.world.trackers[tracker].create(place, "work", labels=labels, parent=parent))
        said = [label[len(PREFIX) :] for label in labels if label.startswith(PREFIX)]
        self._expect(ref, self._says("has", said[-1]) if said else None)
        self.undecided.add(ref)
        self.remember()
        return ref

    def add_goal(self, ref: IssueRef, name: str) -> None:
        """Put a goal label on."""
        self.edit(ref, lambda tracker: tracker.add_label(ref.id, PREFIX + name), self._says("has", name))

    def remove_goal(self, ref: IssueRef, name: str) -> None:
        """Take a goal label off."""
        self.edit(ref, lambda tracker: tracker.remove_label(ref.id, PREFIX + name), self._says("lacks", name))

    def set_field(self, ref: IssueRef, name: str | None) -> None:
        """Set or empty the field, where it works."""
        tracker = self.tracker(ref)
        key = f"field:{tracker.field_id}"
        fields = tracker.issue(ref.id).fields
        if key not in fields:
            return
        before = next(iter(fields[key]), None)
        expected = self._says("has", name) if name else self._says("lacks", before)
        self.edit(ref, lambda tracker: tracker.set_field(ref.id, name), expected)

    def exempt(self, ref: IssueRef, *, on: bool) -> None:
        """Put the exempt label on, or take it off."""
        expected = Expected("is" if on else "lacks", EXEMPT, self.world.clock())
        label = NO_GOAL.upper() if on else NO_GOAL
        self.edit(ref, lambda tracker: (tracker.add_label if on else tracker.remove_label)(ref.id, label), expected)

    def review(self, ref: IssueRef, *, on: bool) -> None:
        """Put the review label on, or take it off; what that answers depends on what was asked."""
        tracker = self.tracker(ref)
        (tracker.add_label if on else tracker.remove_label)(ref.id, REVIEW)
        if not on:
            self.expected.pop(ref, None)

    def displace(self, ref: IssueRef, act: Callable[[MemoryTracker], None]) -> None:
        """Let somebody move an issue, or change its type: what it loses by that nobody has taken off."""
        act(self.tracker(ref))
        self.moved.add(ref)
        self.forget_unseen(ref)
        self.remember()

    def transfer(self, ref: IssueRef, place: str, *, keep_labels: bool) -> IssueRef:
        """Transfer an issue: it goes on under a new id."""
        new = IssueRef(ref.tracker, self.tracker(ref).transfer(ref.id, place, keep_labels=keep_labels))
        expected = self.expected.pop(ref, None)
        if expected is not None and ref not in self.undecided:
            self.expected[new] = expected
        self.moved.add(new)
        self.transferred[new] = ref
        self.unnoticed.add(new)
        self.unsure |= {ref, new}
        self.remember()
        return new

    def formers(self, ref: IssueRef) -> list[IssueRef]:
        """Return the former ids of an issue, latest first."""
        found: list[IssueRef] = []
        while ref in self.transferred:
            ref = self.transferred[ref]
            found.append(ref)
        return found

    def forget_unseen(self, ref: IssueRef) -> None:
        """Expect nothing of what was said about an issue since it was last read in peace."""
        if ref in self.undecided:
            self.expected.pop(ref, None)

    # --- decisions through us -----------------------------------------------------------------------------------------

    def decided(self, ref: IssueRef, wanted: Value | None) -> None:
        """Note that somebody decided through us that the link be ``wanted`` (None: nobody can tell).

        Who goes back to what both sides agreed on last has changed nothing that an edit in the tracker yields to. Of
        several edits that were not read yet, one may be read after another has become a conflict, and end it (R4).
        """
        back = wanted in (value(self.world.record(ref).explicit), self._settled.get(ref, frozenset()))
        if wanted is None or back or self._unseen[ref] > 1 or ref in self.unnoticed:
            self.expected.pop(ref, None)
            return
        self.expected[ref] = Expected("is", wanted, self.world.clock())
        self.undecided.add(ref)
