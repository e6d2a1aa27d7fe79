"""Items of required work in the store: what is stated, how far each is, and who may begin it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.store.world import NOW, SURFACES, T, issue, put
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.models import Address, Gone, Moved
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.domain.work import Phase, Work
from vindaris_sync.store.store import Store

API = Requirement("api", T, "acme/web", "API")
LATER = NOW + timedelta(hours=1)


def _state(store: Store, *items: Requirement, at: object = NOW, **goal: object) -> None:
    stated = Goal("G-1", "Faster", requires=items, **goal)  # type: ignore[arg-type] # any field
    store.put_goals([stated], at)  # type: ignore[arg-type] # an instant
    store.put_required([stated], at)  # type: ignore[arg-type] # an instant


def _one(store: Store) -> Work:
    (work,) = store.works()
    return work


def test_an_edit_rests_anew_and_lifts_a_refusal(store: Store) -> None:
    """What is stated again without a change does neither."""
    _state(store, API)
    assert store.begin_work(_one(store), 1, NOW)
    store.end_work(_one(store), "no such type", "name another")
    _state(store, API, at=LATER)
    assert (_one(store).phase, _one(store).reason, _one(store).since) == (Phase.REFUSED, "no such type", NOW)
    _state(store, replace(API, place="acme/api"), at=LATER)
    assert (_one(store).phase, _one(store).reason, _one(store).since) == (Phase.WAITING, "", LATER)
    assert _one(store).place == "acme/api"


def test_only_one_process_begins(store: Store) -> None:
    """The other one is told; what is begun stays where it was begun until its end is known."""
    _state(store, API)
    work = _one(store)
    assert store.begin_work(work, 1, NOW)
    assert not store.begin_work(work, 1, NOW)
    _state(store, replace(API, place="acme/api"), at=LATER)
    assert (_one(store).phase, _one(store).place, _one(store).item.place) == (Phase.BEGUN, "acme/web", "acme/api")
    store.end_work(_one(store))
    assert (_one(store).phase, _one(store).place, _one(store).begun) == (Phase.WAITING, "acme/api", None)


@pytest.mark.parametrize("begun", [False, True])
def test_what_is_no_longer_stated_is_forgotten_unless_it_may_be_there(store: Store, *, begun: bool) -> None:
    """What was begun is forgotten once it surely was not made."""
    _state(store, API)
    work = _one(store)
    if begun:
        store.begin_work(work, 1, NOW)
    _state(store)
    assert [each.stated for each in store.works()] == [False] * begun
    store.end_work(work)
    assert store.works() == ()


def test_an_issue_stays_its_items_whatever_becomes_of_both(store: Store) -> None:
    """Moved to another id it is followed; stated again it is the same item; deleted it is dropped while required."""
    (number,) = put(store, issue(1))
    _state(store, API)
    store.begin_work(_one(store), 1, NOW)
    store.work_made(_one(store), number, "created without label x")
    _state(store)
    assert (_one(store).stated, store.dropped_work()) == (False, ())
    _state(store, API)
    moved = issue(1, at=9, key="acme/api#6", place="acme/api", ext_id="id1-new")
    store.record_seen(T, [Moved(Address(T, "id1", "acme/web#1"), moved)], SURFACES, LATER)
    assert store.work_issues()[_one(store).id].key == "acme/api#6"
    assert store.work_scopes() == {(1, "api"): (T, "acme/api")}
    store.record_seen(T, [Gone(Address(T, "id1-new", "acme/api#6"), "deleted")], SURFACES, LATER)
    (dropped,) = store.dropped_work()
    assert (dropped.item, dropped.key, dropped.happened) == ("api", "acme/api#6", "deleted")
    assert store.work_issues()[_one(store).id].state == "deleted"
    _state(store, API, status=Status.ACHIEVED)
    assert store.dropped_work() == ()


def test_a_key_that_is_used_again_makes_another_mark(store: Store) -> None:
    """A former goal's issue is never taken for the new one's."""
    _state(store, API)
    renamed = Goal("G-2", "Faster", was=("G-1",), requires=(API,))
    store.put_goals([renamed], NOW)
    store.put_required([renamed], NOW)
    fresh = Goal("G-1", "Other", requires=(API,))
    renamed = replace(renamed, was=())
    store.put_goals([renamed, fresh], LATER)
    store.put_required([renamed, fresh], LATER)
    assert [(work.goal, work.draft) for work in store.works()] == [(1, "g-1/api"), (2, "g-1/api~2")]
    assert store.works("elsewhere") == ()


def test_asked_by_hand_an_item_stays_until_it_is_dropped(store: Store) -> None:
    """The goals do not take it away; a second person gets the same one; once stated it is the goal's."""
    _state(store)
    goal = Goal("G-1", "Faster")
    first = store.put_asked(1, goal, API, "kim", NOW)
    assert store.put_asked(1, goal, replace(API, title="Other"), "pat", LATER) == first
    _state(store)
    assert _one(store).who == "kim"
    store.drop_asked(first)
    assert store.works() == ()
    store.put_asked(1, goal, API, "kim", NOW)
    _state(store, API)
    assert _one(store).who == ""
