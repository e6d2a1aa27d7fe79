"""The contract of connectors whose tracker can be the home of goals: ours alone is rewritten, no parent replaced."""

from __future__ import annotations

from typing import Protocol, cast

import pytest

from vindaris_sync.domain.homes import Attached, Means, Page, Rewrite
from vindaris_sync.domain.menus import Fate
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.contract_truth import Ability, Fault, Suite, Truth, address_of, fetch_one, need
from vindaris_sync.sdk.homes import Homing
from vindaris_sync.sdk.protocol import Capability, Connector

_FIRST = Page("G-1: Grow", ("G-1: Grow", "Status: active"))
_SECOND = Page("G-1: Grow a lot", ("G-1: Grow a lot", "Status: achieved"))
_HOSTILE = Page("G-1: <b> & {x}", ("--> <!-- {panel} [a|b] *b* _i_ @all #1 \\ `c` </goal>", "- 1. x"))


class HomeTruth(Truth, Protocol):
    """A tracker whose issues say something."""

    def body(self, id_: str, /) -> str:
        """Return what an issue says, as text."""
        ...

    def write_body(self, id_: str, text: str, /) -> None:
        """Let a person write all of it anew."""
        ...


class HomeContract(Suite):
    """Goals' issues; a connector without the capability skips it."""

    def test_our_section_is_put_below_and_then_kept(self, tracker: Truth, connector: Connector) -> None:
        """What people wrote stands above it; the second text replaces the first, and the same once more is nothing."""
        homing, truth, home = _home(tracker, connector)
        truth.write_body(home.id, "Why we do this.")
        assert homing.rewrite(Rewrite(home, None, _FIRST)).fate is Fate.DONE
        assert truth.body(home.id).startswith("Why we do this.")
        assert "Status: active" in truth.body(home.id)
        assert homing.rewrite(Rewrite(home, _FIRST, _SECOND)).fate is Fate.DONE
        assert truth.title(home.id) == _SECOND.title
        assert "Status: active" not in truth.body(home.id)
        shown, writes = truth.body(home.id), tracker.write_exchanges()
        assert homing.rewrite(Rewrite(home, _SECOND, _SECOND)).kept == ()
        assert truth.body(home.id) == shown
        assert tracker.write_exchanges() == writes

    def test_a_lost_answer_leaves_one_section(self, tracker: Truth, connector: Connector) -> None:
        """What was applied is found: trying again puts nothing there twice."""
        need(tracker, Fault.LOST_ANSWER)
        homing, truth, home = _home(tracker, connector)
        tracker.fail_next(Fault.LOST_ANSWER, writes_only=True)
        homing.rewrite(Rewrite(home, None, _FIRST))
        tracker.heal()
        assert homing.rewrite(Rewrite(home, None, _FIRST)).fate is Fate.DONE
        assert truth.body(home.id).count("Status: active") == 1

    def test_what_a_person_took_out_stays_out(self, tracker: Truth, connector: Connector) -> None:
        """Section and title are theirs once they changed them (L5)."""
        homing, truth, home = _home(tracker, connector)
        homing.rewrite(Rewrite(home, None, _FIRST))
        truth.write_body(home.id, "mine")
        truth.edit_title(home.id, "my title")
        outcome = homing.rewrite(Rewrite(home, _FIRST, _SECOND))
        assert (outcome.fate, set(outcome.kept)) == (Fate.DONE, {"section", "title"})
        assert (truth.body(home.id), truth.title(home.id)) == ("mine", "my title")

    def test_hostile_lines_are_text(self, tracker: Truth, connector: Connector) -> None:
        """Whatever a goal says cannot end our section, and what was written is recognised."""
        homing, truth, home = _home(tracker, connector)
        homing.rewrite(Rewrite(home, None, _HOSTILE))
        assert homing.rewrite(Rewrite(home, _HOSTILE, _SECOND)).kept == ()
        assert "panel" not in truth.body(home.id)
        assert "Status: achieved" in truth.body(home.id)

    def test_a_deleted_home_is_told(self, tracker: Truth, connector: Connector) -> None:
        """There is nothing to be rewritten, which is no passing failure."""
        need(tracker, Ability.DELETE)
        homing, _, home = _home(tracker, connector)
        tracker.delete(home.id)
        assert homing.rewrite(Rewrite(home, None, _FIRST)).unseen

    def test_work_hangs_below_once(self, tracker: Truth, connector: Connector) -> None:
        """Twice is once; taken off, it hangs nowhere, and taking off what hangs nowhere is nothing."""
        homing, _, home = _home(tracker, connector)
        child = _work(tracker, connector)
        for _ in range(2):
            outcome = homing.attach(child, home)
            assert (outcome.fate, outcome.means) == (Fate.DONE, Means.PARENT)
        assert _above(connector, child) in (home.id, home.key)
        for _ in range(2):
            assert homing.detach(child, home).fate is Fate.DONE
        assert _above(connector, child) == ""

    def test_nobodys_parent_is_replaced(self, tracker: Truth, connector: Connector) -> None:
        """What hangs elsewhere stays there, whoever hung it, and is not taken from there either."""
        homing, _, home = _home(tracker, connector)
        other = tracker.create(tracker.places[0], "theirs")
        child = address_of(connector, tracker, tracker.create(tracker.places[0], "work", parent=other))
        assert homing.attach(child, home).fate is Fate.STALE
        assert homing.detach(child, home).fate is Fate.DONE
        assert _above(connector, child) in (other, tracker.key(other))

    def test_an_unanswered_attachment_is_found_again(self, tracker: Truth, connector: Connector) -> None:
        """It was applied or not; asking again comes to the same."""
        need(tracker, Fault.LOST_ANSWER)
        homing, _, home = _home(tracker, connector)
        child = _work(tracker, connector)
        tracker.fail_next(Fault.LOST_ANSWER, writes_only=True)
        outcome: Attached = homing.attach(child, home)
        tracker.heal()
        assert outcome.fate in (Fate.FAILED, Fate.DONE)
        assert homing.attach(child, home).fate is Fate.DONE
        assert _above(connector, child) in (home.id, home.key)


def _home(tracker: Truth, connector: Connector) -> tuple[Homing, HomeTruth, Address]:
    if Capability.HOME not in connector.capabilities:
        pytest.skip("this connector declares no HOME")
    assert isinstance(connector, Homing)
    home = address_of(connector, tracker, tracker.create(tracker.places[0], "a home"))
    return connector, cast("HomeTruth", tracker), home


def _work(tracker: Truth, connector: Connector) -> Address:
    """Return an issue that hangs nowhere, of a type that hangs below others."""
    above = tracker.create(tracker.places[0], "somewhere")
    id_ = tracker.create(tracker.places[0], "work", parent=above)
    tracker.set_parent(id_, None)
    return address_of(connector, tracker, id_)


def _above(connector: Connector, child: Address) -> str:
    parent = fetch_one(connector, child).parent
    return "" if parent is None else parent.id or parent.key
