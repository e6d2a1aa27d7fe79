from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from tests.integration.engine.test_telling import World as Company
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import Exemption, Provenance
from vindaris_sync.domain.records import Record
from vindaris_sync.domain.rules import Condition, Stated
from vindaris_sync.domain.sayings import Confirm, Exempt, LinkTo
from vindaris_sync.engine.answering import Answers, Decided, Meant, Overtaken, seen_of
from vindaris_sync.sdk.errors import Refusal


class World(Company):
    """A company whose people answer through us."""

    @property
    def answers(self) -> Answers:
        return Answers.of(self.context)

    def by(self, who: str, why: str = "") -> By:
        return By(who, "page", why, self.clock())

    def ask(self, title: str = "Work", labels: tuple[str, ...] = ()) -> str:
        """Let somebody write an issue, and let it be read; return its key."""
        issue = self.tracker.create("APP", title, labels=list(labels))
        self.go(minutes=1)
        return self.tracker.issue(issue).key

    def change(self, key: str, title: str) -> None:
        """Let a goal change materially."""
        self.source.goals = tuple(replace(each, title=title) if each.key == key else each for each in self.source.goals)
        self.go(minutes=1)

    def record(self, key: str) -> Record:
        [number, *_] = self.context.store.find(key)
        return self.context.store.view_records([number])[number]

    def seen(self, key: str) -> str:
        return seen_of(self.record(key), self.context.book())

    def asks(self, key: str) -> list[str]:
        return sorted(str(cause.key.reason) for cause in self.record(key).causes if cause.answer is None)

    def labels(self, key: str) -> set[str]:
        return set(self.tracker.issue(self.record(key).ref.id).labels)

    def sound(self) -> None:
        assert list(self.context.store.check()) == []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.context.store.close()


def test_a_link_ends_the_question_at_once_and_stands_on_the_issue_after_the_next_pass(world: World) -> None:
    """Nobody is asked about what somebody has just decided, before any tracker was written."""
    key = world.ask()
    assert world.asks(key) == ["unlinked"]
    decided = world.answers.link(key, ["a"], world.by("ana", "it speeds up paying"))
    assert (decided.before, decided.after, decided.answered, decided.open) == ((), ("A",), ("unlinked",), ())
    assert world.asks(key) == []
    world.go(minutes=1)
    assert (world.labels(key), world.asks(key)) == ({"goal:A"}, [])
    [told, *_] = world.context.store.history(issue=world.record(key).id)
    assert (told.event, told.who, told.how, told.why) == ("linked", "ana", "page", "it speeds up paying")
    world.sound()


def test_a_suggestion_that_was_taken_is_known_as_such(world: World) -> None:
    """Links by suggestion and links by choice are told apart for ever."""
    key = world.ask()
    world.answers.link(key, ["A"], world.by("ana"), accepted=True)
    assert [link.provenance for link in world.record(key).links] == [Provenance.ACCEPTED]


def test_the_same_key_twice_is_one_decision(world: World) -> None:
    """A chat that repeats a click, or a form that is sent twice, hears the same answer again."""
    key = world.ask()
    first = world.answers.link(key, ["A"], world.by("ana"), key="click-1")
    again = world.answers.link(key, ["B"], world.by("ana"), key="click-1")
    assert again == first
    assert [link.goal for link in world.record(key).links] == [1]
    assert len([each for each in world.context.store.history(issue=world.record(key).id) if each.who == "ana"]) == 1


def test_what_somebody_else_decided_meanwhile_is_not_overwritten(world: World) -> None:
    """The second is told politely who was quicker, and with what."""
    key = world.ask()
    seen = world.seen(key)
    world.answers.link(key, ["A"], world.by("ana"), seen=seen)
    world.clock.advance(timedelta(minutes=3))
    with pytest.raises(Overtaken, match=f"{key}: ana linked it to A 3 minutes ago") as raised:
        world.answers.exempt(key, world.by("ben", "upkeep"), seen=seen)
    assert (raised.value.who, raised.value.advice) == ("ana", "nothing was changed; look at it again, then decide")
    assert [link.goal for link in world.record(key).links] == [1]


def test_what_was_changed_in_the_tracker_meanwhile_is_not_overwritten(world: World) -> None:
    """The tracker does not always tell who it was."""
    key = world.ask()
    seen = world.seen(key)
    world.tracker.add_label(world.record(key).ref.id, "goal:B")
    world.go(minutes=1)
    with pytest.raises(Overtaken, match="someone in mem linked it to B"):
        world.answers.link(key, ["A"], world.by("ben"), seen=seen)


def test_a_confirmation_holds_only_for_the_goal_that_was_seen(world: World) -> None:
    """A goal that changed again asks again; whoever looks then may confirm (R7)."""
    key = world.ask(labels=("goal:A",))
    world.change("A", "First, but faster")
    seen = world.seen(key)
    world.change("A", "First, but cheaper")
    with pytest.raises(Overtaken, match="has changed since you looked"):
        world.answers.confirm(key, world.by("ana"), seen=seen)
    assert world.asks(key) == ["goal_changed"]
    assert world.answers.confirm(key, world.by("ana"), seen=world.seen(key)).answered == ("goal_changed",)
    world.go(minutes=1)
    assert (world.asks(key), world.record(key).links[0].revision) == ([], 3)


def test_two_at_once_are_one_decision_and_one_polite_answer(world: World) -> None:
    """Whoever is second hears who was first."""
    key = world.ask()
    seen, answers, together = world.seen(key), world.answers, Barrier(2)

    def decide(who: str, goal: str) -> str:
        together.wait()
        try:
            return answers.link(key, [goal], world.by(who), seen=seen).after[0]
        except Overtaken as late:
            return f"late: {late.who}"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(decide, ["ana", "ben"], ["A", "B"]))
    assert told in (["A", "late: ana"], ["B", "late: ben"])


# --- taking back ------------------------------------------------------------------------------------------------------

Act = Callable[[World, str], Decided]
DECISIONS: dict[str, tuple[tuple[str, ...], Act]] = {
    "link": ((), lambda world, key: world.answers.link(key, ["B"], world.by("ana"))),
    "relink": (("goal:A",), lambda world, key: world.answers.link(key, ["B"], world.by("ana"))),
    "exempt": ((), lambda world, key: world.answers.exempt(key, world.by("ana", "upkeep"))),
    "exempt a linked one": (("goal:A",), lambda world, key: world.answers.exempt(key, world.by("ana", "upkeep"))),
    "confirm": (("goal:A",), lambda world, key: world.answers.confirm(key, world.by("ana"))),
    "unlink": (("goal:A",), lambda world, key: world.answers.unlink(key, world.by("ana"))),
}


@pytest.mark.parametrize("settled", [False, True], ids=["at once", "after a pass"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_that_is_taken_back_leaves_everything_as_it_was(
    world: World, decision: str, *, settled: bool
) -> None:
    """Link, provenance, revision, question and the tracker's labels; the history tells of both."""
    labels, act = DECISIONS[decision]
    key = world.ask(labels=labels)
    world.change("A", "First, but faster")
    before, shown = world.record(key), world.labels(key)
    decided = act(world, key)
    if settled:
        world.go(minutes=1)
    done = world.answers.undo(decided.answer, world.by("ben"))
    assert (done.refused, done.decided[0].after) == ((), decided.before)
    now = world.record(key)
    assert (now.explicit, now.by_machine, now.conflict) == (before.explicit, before.by_machine, before.conflict)
    assert {str(cause.key.reason) for cause in before.causes} <= set(world.asks(key))
    world.go(minutes=1)
    now = world.record(key)
    assert (now.explicit, now.state, now.goals, now.suspect) == (
        before.explicit, before.state, before.goals, before.suspect,
    )  # fmt: skip
    assert [(cause.key, cause.opened, cause.answer) for cause in now.causes] == [
        (cause.key, cause.opened, cause.answer) for cause in before.causes
    ]
    assert world.labels(key) == shown
    events = [(each.event, each.who) for each in world.context.store.history(issue=now.id)]
    assert events[0] == ("undone", "ben")
    assert events[1][1] == "ana"
    world.sound()


def test_a_decision_can_be_taken_back_for_ten_minutes(world: World) -> None:
    """After that it is decided anew, as anything else."""
    key = world.ask()
    decided = world.answers.link(key, ["A"], world.by("ana"))
    world.clock.advance(timedelta(minutes=10, seconds=1))
    with pytest.raises(Refusal, match="ten minutes"):
        world.answers.undo(decided.answer, world.by("ana"))
    assert [link.goal for link in world.record(key).links] == [1]


def test_only_what_still_holds_is_taken_back(world: World) -> None:
    """Not what another person, here or in the tracker, has decided since, and nothing twice."""
    one, two, three = world.ask("One"), world.ask("Two"), world.ask("Three")
    first = world.answers.link(one, ["A"], world.by("ana"))
    world.answers.link(one, ["B"], world.by("ben"))
    assert [str(each) for each in world.answers.undo(first.answer, world.by("ana")).refused] == [
        f"{one}: ben has decided again since"
    ]
    second = world.answers.link(two, ["A"], world.by("ana"))
    world.go(minutes=1)
    world.tracker.remove_label(world.record(two).ref.id, "goal:A")
    world.go(minutes=1)
    [late] = world.answers.undo(second.answer, world.by("ana")).refused
    assert "someone in mem took its link off" in str(late)
    third = world.answers.link(three, ["A"], world.by("ana"))
    assert world.answers.undo(third.answer, world.by("ana")).refused == ()
    assert "ana has taken it back already" in str(world.answers.undo(third.answer, world.by("ben")).refused[0])


def test_a_settled_conflict_is_taken_back_only_before_the_tracker_was_written(world: World) -> None:
    """What a person had set there is gone after that, and cannot be given back."""
    key = world.ask(labels=("goal:A",))
    conflicting(world, key)
    decided = world.answers.link(key, ["A"], world.by("ana"))
    assert world.asks(key) == []
    assert world.answers.undo(decided.answer, world.by("ana")).refused == ()
    assert world.asks(key) == ["conflict"]
    decided = world.answers.link(key, ["A"], world.by("ana"))
    world.go(minutes=1)
    assert world.labels(key) == {"goal:A"}
    assert world.answers.undo(decided.answer, world.by("ana")).decided == ()


def conflicting(world: World, key: str) -> None:
    """Let both sides be changed differently between two passes."""
    world.answers.link(key, ["B"], world.by("kim"))
    issue = world.record(key).ref.id
    world.tracker.remove_label(issue, "goal:A")
    world.tracker.add_label(issue, "no-goal")
    world.go(minutes=1)
    assert "conflict" in world.asks(key)


# --- many, rules, refusals --------------------------------------------------------------------------------------------


def test_many_are_answered_at_once_and_taken_back_at_once(world: World) -> None:
    """Who was overtaken in one of them has decided all the others."""
    keys = [world.ask(f"Work {number}") for number in range(4)]
    meant = [Meant(key, world.seen(key)) for key in keys]
    world.answers.exempt(keys[2], world.by("ben", "upkeep"))
    done = world.answers.each(meant, LinkTo(("A",)), world.by("ana"), "form-1")
    assert [each.key for each in done.decided] == [keys[0], keys[1], keys[3]]
    assert [str(each) for each in done.refused] == [f"{keys[2]}: ben said that it is no goal work just now"]
    assert world.answers.each(meant, LinkTo(("A",)), world.by("ana"), "form-1").decided == done.decided
    taken = world.answers.undo(done.answer, world.by("ana"))
    assert [each.key for each in taken.decided] == [keys[0], keys[1], keys[3]]
    assert [world.asks(key) for key in keys] == [["unlinked"], ["unlinked"], [], ["unlinked"]]


def test_all_or_nothing_is_all_or_nothing(world: World) -> None:
    """One that cannot be answered so leaves the others as they are."""
    one, two = world.ask("One"), world.ask("Two")
    with pytest.raises(Refusal, match="no issue is called 'APP-99'"):
        world.answers.every([Meant(one), Meant("APP-99"), Meant(two)], LinkTo(("A",)), world.by("ana"))
    assert (world.asks(one), world.asks(two)) == (["unlinked"], ["unlinked"])


def test_a_rule_is_confirmed_and_that_is_taken_back(world: World) -> None:
    """The rule asks again, about the same revision."""
    world.context = replace(world.context, link_rules=(Stated("A", {Condition.PLACE: ("APP",)}),))
    key = world.ask()
    world.change("A", "First, but faster")
    [rule] = world.context.store.rule_book().rules
    assert [cause.answer for cause in rule.causes] == [None]
    decided = world.answers.confirm(rule.name, world.by("ana"))
    assert (decided.answered, decided.open) == (("goal_changed",), ())
    assert world.answers.undo(decided.answer, world.by("ana")).refused == ()
    [again] = world.context.store.rule_book().rules
    assert (again.link, [cause.answer for cause in again.causes]) == (rule.link, [None])
    world.go(minutes=1)
    assert world.record(key).suspect


@pytest.mark.parametrize(
    ("saying", "why"),
    [
        (LinkTo(("NONE",)), "no goal is called"),
        (LinkTo(("A", "B")), "serves one goal only"),
        (LinkTo(()), "no goal is named"),
        (Confirm(), "no confirmation answers"),
        (Exempt(), "say why"),
    ],
)
def test_what_cannot_be_said_of_an_issue_is_refused_with_the_reason(
    world: World, saying: LinkTo | Confirm | Exempt, why: str
) -> None:
    """And nothing is kept."""
    key = world.ask()
    with pytest.raises(Refusal, match=why):
        world.answers.every([Meant(key)], saying, world.by("ana"))
    assert world.asks(key) == ["unlinked"]


def test_an_exemption_ends_when_the_tracker_says_where_nobody_does(world: World) -> None:
    """``exempt_days``; a day that is over is refused."""
    key = world.ask()
    with pytest.raises(Refusal, match="is over already"):
        world.answers.exempt(key, world.by("ana", "upkeep"), until=world.clock() - timedelta(days=1))
    world.answers.exempt(key, world.by("ana", "upkeep"))
    exempt = world.record(key).explicit
    assert isinstance(exempt, Exemption)
    assert exempt.expires == world.clock() + timedelta(days=90)


def test_the_token_of_what_was_seen_is_short_and_plain(world: World) -> None:
    """It fits the value of a button of any chat, and says nothing that a stranger could read."""
    key = world.ask(labels=("goal:A",))
    seen = world.seen(key)
    assert seen.isascii()
    assert len(seen) <= 64
    world.source.goals = (*world.source.goals, Goal("C", "Third"))
    world.go(minutes=1)
    assert world.seen(key) == seen, "other goals do not matter"
