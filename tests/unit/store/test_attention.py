"""What is to be set right: told when it appears, when it is over, and not again while it stands."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.store.world import NOW, T
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.store.store import Store

FIELD = Finding(Level.ERROR, "field Goal", "there is no field 'Goal'", "create the field 'Goal'")
BULK = Finding(Level.WARNING, "bulk change", "not granted", "grant it")
NAME = Finding(Level.WARNING, "acme/web", "it is called acme/shop now", "write acme/shop")


def told(store: Store) -> bool:
    """Take what is announced off the outbox, and return whether there was anything."""
    waiting = store.outbox(NOW + timedelta(days=30))
    return [store.delivered(each) for each in waiting] != []


def stands(store: Store) -> list[str]:
    """Return the subjects of what is to be set right."""
    return [each.subject for each in store.attention(T)]


def test_what_is_wrong_is_announced_once_and_when_it_is_over(store: Store) -> None:
    """A second look that finds the same says nothing; one that finds nothing says so once."""
    store.put_findings(T, [FIELD], NOW)
    assert (stands(store), told(store)) == (["field Goal"], True)
    store.put_findings(T, [FIELD], NOW + timedelta(hours=6))
    assert (stands(store), told(store)) == (["field Goal"], False)
    assert store.attention(T)[0].since == NOW
    store.put_findings(T, [Finding(Level.OK, "field Goal", "found")], NOW + timedelta(hours=12))
    assert (stands(store), told(store)) == ([], True)
    store.put_findings(T, [], NOW + timedelta(hours=18))
    assert not told(store)


def test_warnings_of_the_first_look_are_the_set_up_and_later_ones_are_news(store: Store) -> None:
    """Bulk change was never granted; the repository's new name is news."""
    store.put_findings(T, [BULK, FIELD], NOW)
    assert (stands(store), told(store)) == (["field Goal"], True)
    store.put_findings(T, [BULK, NAME], NOW + timedelta(hours=6))
    assert (stands(store), told(store)) == (["acme/web"], True)
    store.put_findings(T, [BULK], NOW + timedelta(hours=12))
    assert (stands(store), told(store)) == ([], True)
    store.put_findings(T, [BULK], NOW + timedelta(hours=18))
    assert not told(store)


def test_figures_that_change_make_no_new_thing(store: Store) -> None:
    """The clock differs by another minute: the same thing, in new words."""
    store.put_findings(T, [Finding(Level.ERROR, "clock", "differs by 0:11:03", "set it")], NOW)
    (before,) = store.attention(T)
    store.put_findings(T, [Finding(Level.ERROR, "clock", "differs by 0:12:47", "set it")], NOW + timedelta(hours=6))
    (after,) = store.attention(T)
    assert (after.id, after.since, after.message) == (before.id, before.since, "differs by 0:12:47")
    store.put_findings(T, [Finding(Level.WARNING, "rate limit", "9 of 5000 left")], NOW + timedelta(hours=12))
    assert stands(store) == ["rate limit"]


def test_a_warning_of_the_set_up_stays_untold_when_its_figures_change(store: Store) -> None:
    """What was there from the start is not news for having another number."""
    store.put_findings(T, [Finding(Level.WARNING, "token", "it ends in 13 days")], NOW)
    store.put_findings(T, [Finding(Level.WARNING, "token", "it ends in 12 days")], NOW + timedelta(days=1))
    assert (stands(store), told(store)) == ([], False)


def test_a_remark_is_told_once_and_forgotten_after_a_while(store: Store) -> None:
    """A repository was made anew: once in the list, however often a pull says it, and off it a week later."""
    store.put_remarks(T, [NAME], NOW)
    assert (stands(store), told(store)) == (["acme/web"], True)
    store.put_remarks(T, [NAME], NOW + timedelta(minutes=2))
    assert not told(store)
    store.forget_remarks(T, NOW + timedelta(days=6), timedelta(days=7))
    assert (stands(store), told(store)) == (["acme/web"], False)
    store.forget_remarks(T, NOW + timedelta(days=8), timedelta(days=7))
    assert (stands(store), told(store)) == ([], True)
