from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.store.world import NOW, SURFACES, T, decide_unlinked, due, fresh, issue, put, record_of
from vindaris_sync.domain.models import Address, Presence
from vindaris_sync.store.store import Store

BY_ID = Address(T, "id1")
BY_KEY = Address(T, "", "acme/web#1")


@pytest.mark.parametrize("parent", [BY_ID, BY_KEY], ids=["id", "key"])
def test_a_parent_on_the_same_page_is_known_whatever_the_order(store: Store, parent: Address) -> None:
    """Children may come before their parents on a page."""
    child, above = put(store, issue(2, parent=parent), issue(1))
    assert record_of(store, child).parent == above
    with store.view() as view:
        assert view.children([above, child]) == {above: (child,), child: ()}


@pytest.mark.parametrize("parent", [BY_ID, BY_KEY], ids=["id", "key"])
def test_a_parent_that_arrives_later_is_found_by_those_who_wait(store: Store, parent: Address) -> None:
    """A child states a parent that is not known yet; when it comes, the child is decided anew."""
    [child] = put(store, issue(2, parent=parent))
    decide_unlinked(store, child)
    assert (record_of(store, child).parent, record_of(store, child).parent_stated) == (None, True)
    [above] = put(store, issue(1))
    assert record_of(store, child).parent == above
    assert due(store) == [child, above]


def test_a_parent_is_found_under_a_former_key(store: Store) -> None:
    """A renamed repository changes the keys of all parents."""
    [above] = put(store, issue(1))
    put(store, issue(1, at=1, key="acme/app#1"))
    [child] = put(store, issue(2, parent=BY_KEY))
    assert record_of(store, child).parent == above


def test_a_parent_that_takes_a_key_is_found_by_those_who_wait_for_it(store: Store) -> None:
    """An issue moved into scope keeps its id and gets the key that children state."""
    [above] = put(store, issue(1, key="other#5"))
    [child] = put(store, issue(2, parent=BY_KEY))
    assert record_of(store, child).parent is None
    put(store, issue(1, at=1))
    assert record_of(store, child).parent == above


def test_a_changed_parent_is_history_and_makes_due(store: Store) -> None:
    """Where an issue hangs decides what it serves."""
    above, other, child = put(store, issue(1), issue(3), issue(2, parent=BY_ID))
    decide_unlinked(store, above, other, child)
    put(store, issue(2, at=1, parent=Address(T, "id3")))
    assert (record_of(store, child).parent, due(store)) == (other, [child])
    [event] = store.history(issue=child)
    assert (event.event, event.before, event.after) == ("parent_changed", ["id1"], ["id3"])
    put(store, issue(2, at=2))
    assert record_of(store, child).parent is None
    assert not record_of(store, child).parent_stated


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"closed": True}, True), ({"place": "acme/app"}, True), ({"title": "x"}, False), ({"labels": ("x",)}, False)],
)
def test_what_may_matter_below_makes_children_due(store: Store, change: dict[str, bool], *, expected: bool) -> None:
    """Children are decided anew when their parent closes or moves, and not for a title."""
    above, child = put(store, issue(1), issue(2, parent=BY_ID))
    decide_unlinked(store, above, child)
    put(store, issue(1, at=1, **change))  # type: ignore[arg-type]
    assert (child in due(store)) is expected


def test_no_issue_is_its_own_parent(store: Store) -> None:
    """A tracker that says so is not followed in a circle."""
    [new] = put(store, issue(1, parent=BY_ID))
    assert record_of(store, new).parent is None
    [key] = put(store, issue(2, parent=Address(T, "", "acme/web#2")))
    assert record_of(store, key).parent is None
    put(store, issue(1, at=1, parent=BY_ID))
    assert record_of(store, new).parent is None


def test_parents_out_of_scope_are_context_and_are_adopted_by_children(store: Store) -> None:
    """What is known only because a tracked issue hangs on it says so; a page makes it present (R6)."""
    [child] = put(store, issue(2, parent=BY_ID))
    store.record_context(T, [issue(1)], SURFACES, NOW)
    above = store.by_id(T, ["id1"])["id1"]
    assert record_of(store, child).parent == above
    assert record_of(store, above).presence is Presence.CONTEXT
    assert record_of(store, above).verified == NOW
    store.record_context(T, [issue(1)], SURFACES, NOW)
    assert record_of(store, above).presence is Presence.CONTEXT
    put(store, issue(1))
    assert record_of(store, above).presence is Presence.PRESENT


def test_what_is_out_of_scope_needs_its_parent_for_those_below_it(store: Store) -> None:
    """Its own parent is asked for once something hangs below it, due or not, and no more once it is known (R6)."""
    [away] = put(store, issue(2, parent=BY_ID))
    store.record_absent({away: "moved to a project that is not tracked"}, Presence.OUT_OF_SCOPE, NOW)
    decide_unlinked(store, away)
    assert store.unread_parents(T) == []
    put(store, issue(3, parent=Address(T, "id2")))
    assert store.unread_parents(T) == [BY_ID]
    store.record_context(T, [issue(1)], SURFACES, NOW)
    assert store.unread_parents(T) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_arrival_never_matters(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """However pages cut and order a forest, every issue ends with the parent it states."""
    above = {number: data.draw(st.integers(0, number - 1)) for number in range(1, 8)}
    by_key = {number: data.draw(st.booleans()) for number in above}
    parents = {
        number: Address(T, "", f"acme/web#{parent}") if by_key[number] else Address(T, f"id{parent}")
        for number, parent in above.items()
        if parent
    }
    issues = data.draw(st.permutations([issue(number, parent=parents.get(number)) for number in above]))
    cut = data.draw(st.integers(0, len(issues)))
    with fresh(tmp_path_factory.mktemp("store")) as store:
        for part in (issues[:cut], issues[cut:], issues):
            put(store, *part)
        numbers = store.by_id(T, [f"id{number}" for number in above])
        for number, parent in above.items():
            assert record_of(store, numbers[f"id{number}"]).parent == (numbers[f"id{parent}"] if parent else None)
        assert [breach for breach in store.check() if breach.law != "undecided"] == []


def test_what_is_due_below_a_parent_that_is_gone_is_named(store: Store) -> None:
    """Only there: what hangs below nothing, below what is there, or is decided, need not be read for it."""
    above, _, child, other = put(store, issue(1), issue(3), issue(2, parent=BY_ID), issue(4, parent=Address(T, "id3")))
    assert store.left_behind([T]) == {}
    store.record_absent({above: "not found"}, Presence.GONE, NOW)
    assert store.left_behind([T]) == {child: Address(T, "id2", "acme/web#2")}
    assert store.left_behind(["elsewhere"]) == {}
    decide_unlinked(store, above, child, other)
    assert store.left_behind([T]) == {}
