"""L1 to L12 under anything that people, time, trackers and lightning do, in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.properties.laws import all_laws
from tests.properties.people import People
from tests.properties.stating import Operator
from tests.properties.world import EXEMPT, EXEMPT_DAYS, IGNORED_TYPE, MUST_TYPE, PREFIX, World
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Action
from vindaris_sync.domain.goals import Goal, Status, fold
from vindaris_sync.domain.models import IssueRef, Provenance
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import Round, run_round
from vindaris_sync.sdk.errors import Transient, Unknown

TRACKERS = st.sampled_from(["east", "west"])
PLACES = st.sampled_from(["APP", "OPS"])
NAMES = st.sampled_from(["A", "B", "C", "b", "D", "ZZZ"])
"""Goal keys as people write them: known, in another case, not known yet, never known."""
ISSUES = st.integers(0, 9)
SPANS = st.sampled_from([0, 1, 61, 360, 1_200, 7_200, 90_000])
"""Seconds: within a stamp's precision, past an index lag, past the overlap, past grace, past an exemption."""


class Laws(Operator):
    """Two trackers, three goals, and everybody at once."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.world = World(Path(self._folder.name))
        self.people = People(self.world)
        self.world.refresh()
        self._retired: list[Goal] = []

    def teardown(self) -> None:
        """Come to rest once more, and give everything up."""
        try:
            self.settle(rehearse=True)
        finally:
            self.world.close()
            self._folder.cleanup()

    @initialize(
        first=st.lists(st.tuples(TRACKERS, PLACES, st.none() | NAMES, st.booleans()), min_size=2, max_size=6),
        pulled=st.booleans(),
    )
    def begin(self, first: list[tuple[str, str, str | None, bool]], pulled: bool) -> None:  # noqa: FBT001 - drawn
        """Begin with some issues, which are backlog where they were pulled before anything happens."""
        for tracker, place, name, below in first:
            self.create(tracker, place, [name] if name else [], below=1 if below else 0)
        if pulled:
            self.world.clock.advance(timedelta(days=1))
            self.settle()

    def _pick(self, number: int) -> IssueRef:
        live = self.people.live()
        return live[number % len(live)]

    # --- issues ------------------------------------------------------------------------------------------------------

    @rule(tracker=TRACKERS, place=PLACES, labels=st.lists(NAMES, max_size=2, unique_by=str.casefold), below=ISSUES)
    def create(self, tracker: str, place: str, labels: list[str], below: int) -> None:
        """Create an issue, perhaps with goals, perhaps below another."""
        above = [ref for ref in self.people.live() if ref.tracker == tracker]
        parent = above[below % len(above)].id if above and below % 2 else ""
        self.people.create(tracker, place, ("bug", *(PREFIX + name for name in labels)), parent)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, name=NAMES)
    def add_goal(self, issue: int, name: str) -> None:
        """Put a goal label on."""
        ref = self._pick(issue)
        self.people.add_goal(ref, name)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, name=NAMES)
    def remove_goal(self, issue: int, name: str) -> None:
        """Take a goal label off."""
        ref = self._pick(issue)
        self.people.remove_goal(ref, name)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, name=st.none() | NAMES)
    def set_field(self, issue: int, name: str | None) -> None:
        """Set or empty the field."""
        ref = self._pick(issue)
        self.people.set_field(ref, name)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, on=st.booleans())
    def exempt(self, issue: int, on: bool) -> None:  # noqa: FBT001 - drawn
        """Put the exempt label on, or take it off."""
        ref = self._pick(issue)
        self.people.exempt(ref, on=on)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, on=st.booleans())
    def review(self, issue: int, on: bool) -> None:  # noqa: FBT001 - drawn
        """Put the review label on, or take it off."""
        ref = self._pick(issue)
        self.people.review(ref, on=on)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, act=st.sampled_from(["title", "label", "close", "reopen", "type", "altitude"]))
    def edit(self, issue: int, act: str) -> None:
        """Change something that is not ours."""
        ref = self._pick(issue)
        tracker = self.people.tracker(ref)
        if act in ("type", "altitude"):
            other = IGNORED_TYPE if act == "type" else MUST_TYPE
            kind = "Task" if tracker.issue(ref.id).type == other else other
            self.people.displace(ref, lambda tracker: tracker.set_type(ref.id, kind))
            return
        {
            "title": lambda: tracker.edit_title(ref.id, tracker.issue(ref.id).title + "!"),
            "label": lambda: tracker.add_label(ref.id, "urgent"),
            "close": lambda: tracker.close(ref.id),
            "reopen": lambda: tracker.reopen(ref.id),
        }[act]()

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, above=ISSUES)
    def set_parent(self, issue: int, above: int) -> None:
        """Hang an issue under an older one, or under none."""
        ref, parent = self._pick(issue), self._pick(above)
        older = parent.tracker == ref.tracker and int(parent.id) < int(ref.id)
        self.people.tracker(ref).set_parent(ref.id, parent.id if older else None)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, above=st.none() | ISSUES)
    def name_parent(self, issue: int, above: int | None) -> None:
        """Let a title begin with the key of an issue in the other tracker, of none that ever was, or with none."""
        ref, east = self._pick(issue), [each for each in self.people.live() if each.tracker == "east"]
        named = [self.people.tracker(each).issue(each.id).key for each in east]
        key = "" if above is None else named[above % len(named)] if named and above % 3 else "APP-777"
        self.people.tracker(ref).edit_title(ref.id, f"{key}: work" if key else "work")

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, place=PLACES)
    def move(self, issue: int, place: str) -> None:
        """Move an issue to another place."""
        ref = self._pick(issue)
        if self.people.tracker(ref).issue(ref.id).place != place:
            self.people.displace(ref, lambda tracker: tracker.move(ref.id, place))

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, place=PLACES, keep=st.booleans(), noticed=st.booleans())
    def transfer(self, issue: int, place: str, keep: bool, noticed: bool) -> None:  # noqa: FBT001 - drawn
        """Transfer an issue: another id, perhaps without its labels."""
        self.people.transfer(self._pick(issue), place, keep_labels=keep)
        if noticed:
            self.world.look()

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, act=st.sampled_from(["hide", "show", "delete"]))
    def withdraw(self, issue: int, act: str) -> None:
        """Hide an issue from us, show it again, or delete it."""
        ref = self._pick(issue)
        self.people.unsure.add(ref)
        self.people.forget_unseen(ref)
        getattr(self.people.tracker(ref), act)(ref.id)

    # --- the trackers as a whole -------------------------------------------------------------------------------------

    @rule(tracker=TRACKERS, place=PLACES, refuses=st.booleans())
    def refuse(self, tracker: str, place: str, refuses: bool) -> None:  # noqa: FBT001 - drawn
        """Refuse all writes in a place, or take them again."""
        there = self.world.trackers[tracker]
        (there.refuse_writes if refuses else there.accept_writes)(place)

    @rule(tracker=TRACKERS, label=st.sampled_from(["goal:A", "goal:B", "no-goal", "goal-review"]))
    def delete_label(self, tracker: str, label: str) -> None:
        """Delete a label's definition: every issue loses it."""
        for ref in self.people.live():
            if ref.tracker == tracker:
                self.people.forget_unseen(ref)
        self.world.trackers[tracker].delete_label(label)
        self.people.remember()

    @rule(act=st.sampled_from(["remove_field", "add_field", "take_field_off", "put_field_on"]), place=PLACES)
    def change_field(self, act: str, place: str) -> None:
        """Change where the field works; that leaves no trace on the issues, so a night reads it before the next."""
        tracker = self.world.trackers["east"]
        for ref in self.people.live():
            if ref.tracker == "east":
                self.people.forget_unseen(ref)
        if act.endswith("field"):
            if tracker.field_exists == (act == "remove_field"):
                getattr(tracker, act)()
        elif tracker.places[place].has_field == (act == "take_field_off"):
            getattr(tracker, act)(place)
        self.people.remember()
        self._calm()
        self.night()

    # --- decisions through us ----------------------------------------------------------------------------------------

    def _decide(self, issue: int, wanted: frozenset[int] | None, decision: Callable[..., Any]) -> None:
        ref = self._pick(issue)
        if not self.world.store.by_id(ref.tracker, [ref.id]):
            return
        self.people.decided(ref, wanted)
        self.world.decide(ref, decision)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, name=st.sampled_from(["A", "B", "C"]))
    def link(self, issue: int, name: str) -> None:
        """Link an issue on the command line."""
        goal = self.world.goal(name)

        def decision(record: Record, book: GoalBook, by: decisions.By) -> Any:
            return decisions.link(record, [goal], book, by, Provenance.CHOSEN)

        self._decide(issue, frozenset({goal}), decision)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES)
    def unlink(self, issue: int) -> None:
        """Take the link off on the command line."""
        self._decide(issue, frozenset(), decisions.unlink)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES)
    def exempt_here(self, issue: int) -> None:
        """Exempt an issue on the command line."""
        until = self.world.clock() + timedelta(days=EXEMPT_DAYS)
        self._decide(issue, EXEMPT, lambda record, book, by: decisions.exempt(record, until, book, by))

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES)
    def confirm(self, issue: int) -> None:
        """Confirm what is shown."""

        def decision(record: Record, book: GoalBook, by: decisions.By) -> Any:
            seen = {goal.id: goal.revision for goal in book.goals.values()}
            chain = [] if record.type == MUST_TYPE else self.world.chain(record)
            return decisions.confirm(record, chain, book, seen, by)

        self._decide(issue, None, decision)

    # --- goals -------------------------------------------------------------------------------------------------------

    def _edit(self, name: str, **changes: Any) -> None:
        goals = self.world.source.goals
        self.world.source.goals = tuple(
            replace(goal, **changes) if self.world.names[fold(goal.key)] == name else goal for goal in goals
        )
        self.world.refresh()

    @rule(name=st.sampled_from("ABC"), word=st.sampled_from(["Grow", "Fast", "Far"]), minor=st.booleans())
    def retitle(self, name: str, word: str, minor: bool) -> None:  # noqa: FBT001 - drawn
        """Edit a goal's title, perhaps as a minor edit."""
        coming = self.world.store.goal_book().goals[self.world.goal(name)].revision + 1
        self._edit(name, title=word, minor_revision=coming if minor else None)

    @rule(name=st.sampled_from("ABC"), priority=st.sampled_from([None, "high", "low"]))
    def prioritise(self, name: str, priority: str | None) -> None:
        """Edit a goal's priority, which goals below it take over."""
        self._edit(name, priority=priority)

    @rule(name=st.sampled_from("ABC"), owner=st.sampled_from(["kim", "pat"]))
    def entrust(self, name: str, owner: str) -> None:
        """Give a goal another owner, which matters to no link."""
        self._edit(name, owner=owner)

    @rule(name=st.sampled_from("ABC"), status=st.sampled_from(Status))
    def restate(self, name: str, status: Status) -> None:
        """Close a goal, or open it again."""
        self._edit(name, status=status)

    @precondition(lambda self: any(goal.key == "B" for goal in self.world.source.goals))
    @rule()
    def rename(self) -> None:
        """Rename a goal; its former key still means it."""
        self.world.names[fold("BEST")] = "B"
        self._edit("B", key="BEST", was=("B",))

    @rule()
    def retire(self) -> None:
        """Take a goal out of the source, or put it back: it stays in force as missing."""
        there = [goal for goal in self.world.source.goals if self.world.names[fold(goal.key)] == "B"]
        if there:
            self._retired = there
            self.world.source.goals = tuple(goal for goal in self.world.source.goals if goal not in there)
        else:
            self.world.source.goals += tuple(self._retired)
        self.world.refresh()

    @precondition(lambda self: "d" not in self.world.names)
    @rule()
    def add(self) -> None:
        """Add a goal whose key people may have used before."""
        for ref in self.people.live():
            if any("d" in shown for shown in self.people.shown(ref).values()):
                self.people.expected.pop(ref, None)
        self.world.names["d"] = "D"
        self.world.source.goals += (Goal("D", "Dare"),)
        self.world.refresh()

    # --- time, faults, lightning -------------------------------------------------------------------------------------

    @rule(seconds=SPANS)
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.world.clock.advance(timedelta(seconds=seconds))

    @rule(tracker=TRACKERS, writes=st.booleans(), answered=st.booleans(), times=st.integers(1, 3))
    def fault(self, tracker: str, writes: bool, answered: bool, times: int) -> None:  # noqa: FBT001 - drawn
        """Let the next exchanges fail in passing."""
        kind = Unknown if writes else Transient
        self.world.trackers[tracker].faults.fail_next(
            lambda: kind("no answer"), times=times, writes_only=writes, answered=answered
        )

    @rule(tracker=TRACKERS, seconds=st.sampled_from([0, 60, 120]))
    def lag(self, tracker: str, seconds: int) -> None:
        """Let the tracker's lists lag behind."""
        self.world.trackers[tracker].index_lag = timedelta(seconds=seconds)

    @rule(points=st.integers(1, 60))
    def lightning(self, points: int) -> None:
        """Let the process die some steps from now."""
        self.world.lightning.strike_after(points)

    @precondition(lambda self: self.people.live())
    @rule(issue=ISSUES, name=NAMES, after=st.integers(0, 4))
    def race(self, issue: int, name: str, after: int) -> None:
        """Let somebody put a goal on while we are reading."""
        ref = self._pick(issue)

        def act() -> None:
            if ref in self.people.live():
                self.people.add_goal(ref, name)

        self.world.races.extend([*((lambda: None) for _ in range(after)), act])

    @rule()
    def round(self) -> None:
        """Run a round, whatever comes of it."""
        self.world.round()
        self.people.remember()

    @rule()
    def night(self) -> None:
        """Look at everything anew."""
        self.world.night()

    @rule(rehearse=st.booleans(), force=st.booleans())
    def settle(self, rehearse: bool = False, force: bool = False) -> None:  # noqa: FBT001, FBT002 - drawn
        """Let everything come to rest, and hold it to the laws."""
        world = self.world
        self._calm()
        if force:
            world.run(lambda: refresh_goals(world.context, promote_all=True))
        if rehearse:
            self._rehearsed()
        else:
            world.round()
        for tracker in world.trackers.values():
            tracker.faults.write_calls = 0
        again = world.round()
        assert again is not None
        assert again.planned == [], "L3: a second round has nothing to do"
        assert not any(tracker.faults.write_calls for tracker in world.trackers.values()), "L3: it writes nothing"
        self.people.settled(all_laws(world, self.people))

    def _calm(self) -> None:
        world = self.world
        world.lightning.clear()
        world.races.clear()
        for tracker in world.trackers.values():
            hooks = list(tracker.faults.on_call)
            tracker.faults.clear()
            tracker.faults.on_call.extend(hooks)
            tracker.index_lag = timedelta()

    def _rehearsed(self) -> None:
        """L12: a dry run on a copy plans exactly what the real round then does."""
        world = self.world
        with world.rehearsal() as context:
            refresh_goals(context)
            planned = run_round(context)
        done = world.round()
        assert done is not None
        for name in world.trackers:
            assert _of(name, planned, world) == _of(name, done, world), "L12: plan = apply"


def _of(tracker: str, what: Round, world: World) -> set[str]:
    """Return what the round planned for the tracker's issues until its own pull had ended, in whichever pass."""
    own = {record.id for record in world.records() if record.ref.tracker == tracker}
    planned: list[Action] = []
    for report in what.reports:
        planned += report.planned
        if report.tracker == tracker and report.kind == "pull":
            break
    return {repr(action) for action in planned if getattr(action, "issue", None) in own}


TestLaws = Laws.TestCase
