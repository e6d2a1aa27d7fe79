"""A team's list: each issue once, what matters most first."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.store.world import NOW, T, issue, opened, plan, put, state
from vindaris_sync.domain.actions import OpenCause
from vindaris_sync.domain.models import LinkState
from vindaris_sync.domain.muting import Mute, Muted
from vindaris_sync.domain.records import Cause, CauseKey, Reason
from vindaris_sync.store.lists import AskedList
from vindaris_sync.store.store import Store

MOVED = CauseKey(Reason.PARENT_CHANGED, "", "1:1>2:2")
OUTDONE = CauseKey(Reason.PARENT_CHANGED, "", "own:1>2")
LATER = NOW + timedelta(minutes=1)


def listed(store: Store, most: int = 10) -> AskedList:
    return store.asked([(T, "acme/web")], (), Reason.PARENT_CHANGED, "", LATER, most)


def test_an_issue_with_two_causes_of_one_kind_stands_on_the_list_once(store: Store) -> None:
    """With the question that has waited longest; the other takes no other issue's line, nor is it counted."""
    twice, once = put(store, issue(1), issue(2))
    asked = (opened(twice, MOVED, NOW), OpenCause(twice, Cause(OUTDONE, LATER, LATER)), opened(once, MOVED, NOW))
    states = (state(twice, LinkState.LINKED), state(once, LinkState.LINKED))
    store.apply(plan(*asked, *states, decided=(twice, once)), "p", NOW)
    assert [(each.key, each.since) for each in listed(store, 2).items] == [("acme/web#1", NOW), ("acme/web#2", NOW)]
    store.mute(Mute(0, Muted(issue=twice), NOW, NOW + timedelta(days=1), "ann", "web", "later"))
    assert ([each.key for each in listed(store).items], listed(store).muted) == (["acme/web#2"], 1)
