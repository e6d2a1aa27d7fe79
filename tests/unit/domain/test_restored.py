"""What the store holds may be a backup's: the tracker's word is taken where both differ (fault 57)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.domain.building import (
    EXEMPT,
    FIELD,
    LABEL,
    LAYOUT,
    NOW,
    REVIEW,
    A,
    B,
    C,
    World,
    agreed,
    base,
    exemption,
    link,
    record,
    shows,
)
from vindaris_sync.domain.decide import removed
from vindaris_sync.domain.models import Exemption, LinkState
from vindaris_sync.domain.records import Cause, CauseKey, Policy, Reason, Record, Stood

RESTORED = Policy(LAYOUT, restored=True)
SEVERAL = Policy(replace(LAYOUT, several_goals=True), restored=True)


def world(one: Record, policy: Policy = RESTORED) -> World:
    made = World.of(one, policy=policy)
    made.decide()
    return made


def goals_of(made: World) -> list[int]:
    return [each.goal for each in made.issues[1].links]


def planned(made: World) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {write.surface.key: (write.add, write.remove) for write in made.writes}


def asked(made: World) -> set[Reason]:
    return {cause.key.reason for cause in made.issues[1].causes if cause.open}


@pytest.mark.parametrize("policy", [RESTORED, SEVERAL])
def test_a_link_yields_to_what_was_set_since_the_backup(policy: Policy) -> None:
    """Both sides differ from what was agreed: no conflict, the tracker's goal is adopted and nothing overwritten."""
    one = record(
        explicit=(link(B),),
        observed=shows(field="C", labels=["C"]),
        bases=agreed(field="A", labels=["A"])["bases"],
    )
    made = world(one, policy)
    assert (goals_of(made), asked(made), made.issues[1].conflict, planned(made)) == ([C], set(), None, {})
    ordinary = world(one, replace(policy, restored=False))
    assert Reason.CONFLICT in asked(ordinary)


def test_a_link_yields_to_an_exemption_and_an_exemption_to_a_link() -> None:
    """One value is shown on two kinds of surface; whichever was set since the backup holds."""
    linked = record(explicit=(link(B),), observed=shows(exempt=True), bases=agreed(field="A", labels=["A"])["bases"])
    made = world(linked)
    assert isinstance(made.issues[1].explicit, Exemption)
    assert planned(made) == {}
    exempt = record(
        explicit=exemption(), observed=shows(field="C", labels=["C"]), bases=agreed(field="A", labels=["A"])["bases"]
    )
    made = world(exempt)
    assert (goals_of(made), planned(made)) == ([C], {})


def test_a_removal_since_the_backup_is_taken_over() -> None:
    """What nobody shows any more is no link, whatever the backup says; whoever took it off is asked a minute later."""
    made = world(record(explicit=(link(B),), observed=shows(), bases=agreed(field="A", labels=["A"])["bases"]))
    assert (made.issues[1].state, planned(made)) == (LinkState.UNLINKED, {})
    made.now += timedelta(minutes=1)
    made.decide()
    assert set(planned(made)) == {REVIEW.key}


def test_an_exemption_that_has_expired_since_the_backup_holds_while_its_label_stands() -> None:
    """It may have been given anew: the label is not taken off, and the exemption runs from now."""
    over = record(explicit=exemption(NOW - timedelta(days=1)), **agreed(exempt=True))
    made = world(over)
    held = made.issues[1].explicit
    assert isinstance(held, Exemption)
    assert held.expires == NOW + timedelta(days=90)
    assert planned(made) == {}
    assert EXEMPT.key in planned(world(over, Policy(LAYOUT)))


def test_an_exemption_whose_label_we_took_off_since_the_backup_ends() -> None:
    """Both say that it is over."""
    one = record(explicit=exemption(NOW - timedelta(days=1)), observed=shows(), bases=agreed(exempt=True)["bases"])
    made = world(one)
    assert (made.issues[1].state, set(planned(made))) == (LinkState.UNLINKED, {REVIEW.key})


def test_a_choice_that_the_tracker_does_not_contradict_is_written() -> None:
    """Where the tracker shows what was agreed, what was decided at the time of the backup is still to be written."""
    made = world(record(explicit=(link(B),), **agreed(field="A", labels=["A"])))
    assert planned(made) == {FIELD.key: (("B",), ("A",)), LABEL.key: (("B",), ("A",))}


def test_a_review_label_that_is_off_answers_nothing() -> None:
    """We may have taken it off ourselves since the backup: what is open stays open, and the label is put on again."""
    bases = agreed(field="A", labels=["A"])["bases"] | {REVIEW.key: base("goal-review")}
    one = record(
        explicit=(link(A),), observed=shows(field="A", labels=["A"]), bases=bases, causes=(requested(),),
        label_stood=Stood(frozenset({requested().key})), state=LinkState.LINKED, tracked=True,
    )  # fmt: skip
    made = world(one)
    assert asked(made) == {Reason.REQUESTED}
    assert planned(made) == {REVIEW.key: (("goal-review",), ())}
    assert asked(world(one, Policy(LAYOUT))) == set()
    assert not removed(one, made.situation)
    assert removed(one, replace(made.situation, policies={"jira": Policy(LAYOUT)}))


def requested() -> Cause:
    return Cause(CauseKey(Reason.REQUESTED, "", "then"), NOW - timedelta(days=2), NOW - timedelta(days=2))


def test_a_review_label_that_is_on_is_no_request_where_something_is_asked_anyway() -> None:
    """We may have put it on since the backup, for what is found to be asked now."""
    made = world(record(created=NOW - timedelta(days=1), observed=shows(review=True)))
    assert (asked(made), planned(made)) == ({Reason.UNLINKED}, {})


def test_a_review_label_that_nothing_explains_is_a_persons_request() -> None:
    """It is never taken off unasked."""
    made = world(record(explicit=(link(A),), **(agreed(field="A", labels=["A"]) | {"observed": shows(
        field="A", labels=["A"], review=True)})))  # fmt: skip
    assert (asked(made), planned(made)) == ({Reason.REQUESTED}, {})
