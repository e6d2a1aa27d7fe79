"""The contract of connectors that publish goals: menus are read as they stand, and changed as far as was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, cast

import pytest

from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.menus import Alter, Choice, Fate, Make, Menu, MenuChange, Offer, Sort, decide
from vindaris_sync.sdk.contract_truth import Fault, Suite, Truth, need
from vindaris_sync.sdk.protocol import Capability, Connector
from vindaris_sync.sdk.publishing import Publisher

_MANY = 500
_A_WHILE = timedelta(minutes=2)


class MenuTruth(Truth, Protocol):
    """A tracker with a menu of goals, at first without a choice that is ours."""

    def allow_menus(self, *, allowed: bool = True) -> None:
        """Let our account change menus, or no more."""
        ...

    def shown_choices(self) -> Mapping[str, Choice]:
        """Return what the first menu shows people now, by value."""
        ...

    def change_choice(self, value: str, changed: Choice, /) -> None:
        """Let a person make the choice look so, as far as the tracker's choices have looks; ``id`` is not looked at."""
        ...


def offer(number: int, key: str, status: Status = Status.ACTIVE, *, private: bool = False) -> Offer:
    """Return what a menu is to show of a goal."""
    return Offer(number, key, (), f"The title of {key}", status, private)


class MenuContract(Suite):
    """Publishing; a connector without the capability skips it."""

    def test_a_choice_is_made_once_and_stays_itself(self, tracker: Truth, connector: Connector) -> None:
        """What was made is on the menu under the id that was told; then there is nothing left to do."""
        menus, truth = _publisher(tracker, connector)
        made = {goal: choice.id for goal, choice in _publish(menus, [offer(1, "NEW-1"), offer(2, "NEW-2")]).items()}
        menu = _first(menus)
        assert {goal: _choice(menu, key).id for goal, key in ((1, "NEW-1"), (2, "NEW-2"))} == made
        assert {"NEW-1", "NEW-2"} <= truth.shown_choices().keys()
        assert not decide(menu, [offer(1, "NEW-1"), offer(2, "NEW-2")], {}, ("NEW-1", "NEW-2")).changes

    def test_a_closed_goal_looks_closed_and_stays(self, tracker: Truth, connector: Connector) -> None:
        """Its choice is retired or recoloured; nothing is deleted."""
        menus, truth = _publisher(tracker, connector)
        bases = _publish(menus, [offer(1, "NEW-1")])
        before = truth.shown_choices()
        _publish(menus, [offer(1, "NEW-1", Status.ABANDONED)], bases)
        after = truth.shown_choices()
        assert after.keys() == before.keys()
        assert after["NEW-1"] != before["NEW-1"]

    def test_nothing_else_is_touched(self, tracker: Truth, connector: Connector) -> None:
        """Choices that stand for nothing of ours stay as people left them (L4)."""
        menus, truth = _publisher(tracker, connector)
        _publish(menus, [offer(1, "THEIRS"), offer(2, "NEW-2")])
        theirs = truth.shown_choices()
        _publish(menus, [offer(3, "NEW-3"), offer(2, "NEW-2", Status.ACHIEVED)], {2: _choice(_first(menus), "NEW-2")})
        assert {name: each for name, each in truth.shown_choices().items() if name == "THEIRS"} == {
            "THEIRS": theirs["THEIRS"]
        }

    def test_what_a_person_has_just_changed_is_left_alone(self, tracker: Truth, connector: Connector) -> None:
        """Between our look and our change a person was faster: nothing is written over it (L5)."""
        menus, truth = _publisher(tracker, connector)
        _publish(menus, [offer(1, "NEW-1")])
        menu = _first(menus)
        seen = _choice(menu, "NEW-1")
        truth.change_choice("NEW-1", replace(seen, description="by a person", enabled=False))
        shown = truth.shown_choices()["NEW-1"]
        (outcome,) = menus.offer(menu, [Alter(1, seen, replace(seen, value="OTHER"))])
        assert outcome.fate is Fate.STALE
        assert truth.shown_choices()["NEW-1"] == shown

    def test_a_goal_that_was_renamed_keeps_its_choice(self, tracker: Truth, connector: Connector) -> None:
        """The choice is renamed in place, under the same id."""
        menus, truth = _publisher(tracker, connector)
        bases = _publish(menus, [offer(1, "NEW-1")])
        after = _publish(menus, [offer(1, "NEWER-1")], bases)
        assert after[1].id == bases[1].id
        assert "NEW-1" not in truth.shown_choices()
        assert "NEWER-1" in truth.shown_choices()

    def test_a_menu_is_sorted_where_it_has_an_order(self, tracker: Truth, connector: Connector) -> None:
        """The most urgent goals stand first, in order."""
        menus, truth = _publisher(tracker, connector)
        if not _first(menus).ordered:
            pytest.skip("this tracker's menus have no order")
        _publish(menus, [offer(1, "NEW-1"), offer(2, "NEW-2"), offer(3, "NEW-3")])
        list(menus.offer(_first(menus), [Sort(("NEW-3", "NEW-1", "NEW-2"))]))
        assert list(truth.shown_choices())[:3] == ["NEW-3", "NEW-1", "NEW-2"]

    def test_a_lost_answer_makes_nothing_twice(self, tracker: Truth, connector: Connector) -> None:
        """Whether the choice was made the next look tells; it is never made blindly again."""
        need(tracker, Fault.LOST_ANSWER)
        menus, truth = _publisher(tracker, connector)
        tracker.fail_next(Fault.LOST_ANSWER, writes_only=True)
        color = next(iter(_first(menus).palette.values()), "")
        change = Make(1, Choice("", "NEW-1", color=color))
        (outcome,) = menus.offer(_first(menus), [change])
        assert outcome.fate is Fate.FAILED
        tracker.heal()
        tracker.advance(_A_WHILE)
        assert not any(isinstance(each, Make) for each in decide(_first(menus), [offer(1, "NEW-1")], {}).changes)
        assert [name for name in truth.shown_choices() if name == "NEW-1"] == ["NEW-1"]

    def test_without_permission_nothing_changes_and_the_fix_is_told(self, tracker: Truth, connector: Connector) -> None:
        """Either the menu says that it is shut, or the change is refused; both name the way out."""
        menus, truth = _publisher(tracker, connector)
        truth.allow_menus(allowed=False)
        before = dict(truth.shown_choices())
        for menu in menus.menus():
            plan = decide(menu, [offer(1, "NEW-1")], {})
            fixes = [trouble.fix for trouble in plan.troubles]
            fixes += [each.advice for each in menus.offer(menu, plan.changes) if each.fate is Fate.REFUSED]
            assert any(fixes)
        assert truth.shown_choices() == before

    def test_many_goals_cost_few_reads(self, tracker: Truth, connector: Connector) -> None:
        """Looking at a menu of hundreds of choices is a matter of pages."""
        menus, _ = _publisher(tracker, connector)
        room = min(_MANY, (_first(menus).most or _MANY) - len(_first(menus).choices))
        offered = [offer(number, f"MANY-{number}") for number in range(room)]
        _publish(menus, offered)
        before = tracker.exchanges()
        menu = _first(menus)
        assert {f"MANY-{number}" for number in range(room)} <= {choice.value for choice in menu.choices}
        assert tracker.exchanges() - before < _MANY / 10
        assert not decide(menu, offered, {}, tuple(each.key for each in offered)).changes


def _publisher(tracker: Truth, connector: Connector) -> tuple[Publisher, MenuTruth]:
    if Capability.PUBLISH not in connector.capabilities:
        pytest.skip("this connector declares no PUBLISH")
    assert isinstance(connector, Publisher)
    truth = cast("MenuTruth", tracker)
    truth.allow_menus()
    menu = next(iter(connector.menus()), None)
    if menu is None or menu.shut is not None:
        pytest.skip("this tracker lets no program change its menus")
    return connector, truth


def _first(menus: Publisher) -> Menu:
    return next(iter(menus.menus()))


def _choice(menu: Menu, value: str) -> Choice:
    return next(choice for choice in menu.choices if choice.value == value)


def _publish(
    menus: Publisher, offered: Sequence[Offer], bases: Mapping[int, Choice] | None = None
) -> dict[int, Choice]:
    """Make the first menu show the goals, and return their choices."""
    menu = _first(menus)
    changes: Sequence[MenuChange] = decide(menu, offered, bases or {}).changes
    assert [each.fate for each in menus.offer(menu, changes)] == [Fate.DONE] * len(changes)
    menu = _first(menus)
    return {each.goal: choice for each in offered for choice in menu.choices if choice.value == each.key}
