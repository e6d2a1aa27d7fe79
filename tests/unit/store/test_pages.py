from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.store.world import (
    LABEL,
    NOW,
    SURFACES,
    T,
    decide_unlinked,
    due,
    issue,
    opened,
    page,
    plan,
    put,
    record_of,
    state,
)
from vindaris_sync.domain.models import Address, LinkState, Moved, Page, Presence, Rejected
from vindaris_sync.store.errors import StoreError
from vindaris_sync.store.store import Store


def test_a_new_issue_is_due_unverified_and_undecided(store: Store) -> None:
    """What a page shows for the first time is kept as shown and waits for its first decision."""
    [number] = put(store, issue(1, labels=("Goal:G-1", "other"), fields={"field:f1": ("G-2",)}))
    record = record_of(store, number)
    assert due(store) == [number]
    assert (record.state, record.verified, record.presence) == (None, None, Presence.PRESENT)
    assert record.observed == {
        "field:f1": ("G-2",),
        "label:goal:": ("G-1",),
        "exempt:no-goal": (),
        "review:goal-review": (),
    }
    assert (record.key, record.title, record.updated) == ("acme/web#1", "A title", NOW)


def test_a_repeated_page_changes_nothing(store: Store) -> None:
    """Recording the same page again is no commit at all (L3)."""
    numbers = put(store, issue(1), issue(2, parent=Address(T, "id1")))
    decide_unlinked(store, *numbers)
    before = store.generation
    result = store.record_page(T, page(issue(1), issue(2, parent=Address(T, "id1"))), SURFACES, NOW)
    assert (result.new, result.changed, result.same) == (0, 0, 2)
    assert store.generation == before
    assert due(store) == []


def test_a_change_makes_due_and_unverified(store: Store) -> None:
    """A changed issue has to be decided anew, and what a list shows is not a direct read."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    result = store.record_page(T, page(issue(1, at=1, labels=("goal:G-1",))), SURFACES, NOW)
    assert (result.changed, due(store)) == (1, [number])
    assert record_of(store, number).observed[LABEL.key] == ("G-1",)
    assert record_of(store, number).verified is None


def test_the_same_stamp_with_other_content_is_a_change(store: Store) -> None:
    """Two edits within the tracker's resolution of a second are told apart by what they show."""
    [number] = put(store, issue(1))
    put(store, issue(1, title="Another title"))
    assert record_of(store, number).title == "Another title"


def test_an_older_observation_is_ignored(store: Store) -> None:
    """A lagging index never overwrites what is newer."""
    [number] = put(store, issue(1, at=5, title="new"))
    decide_unlinked(store, number)
    put(store, issue(1, at=1, title="old"))
    assert record_of(store, number).title == "new"
    assert due(store) == []


@pytest.mark.parametrize(
    ("held", "after", "taken"), [(5, 30, False), (5, 66, True), (9, 0, False), (11, 0, True), (1440, 0, True)]
)
def test_only_what_a_lag_explains_is_ignored(store: Store, held: int, after: int, *, taken: bool) -> None:
    """A stamp held for an hour, or one from the future, tells of a tracker or a clock that was set back."""
    [number] = put(store, issue(1, at=held, title="held"))
    now = NOW + timedelta(minutes=after)
    store.record_page(T, page(issue(1, at=-600, title="shown", closed=True)), SURFACES, now)
    shown = record_of(store, number)
    assert (shown.title, shown.closed) == (("shown", True) if taken else ("held", False))


def test_what_a_lag_explains_is_told_by_the_trackers_clock(store: Store) -> None:
    """Where ours is two years ahead, every stamp would have been held for long."""
    [number] = put(store, issue(1, at=5, title="held"))
    two_years = timedelta(days=730)
    store.record_page(T, page(issue(1, title="shown")), SURFACES, NOW + two_years, ahead=two_years)
    assert record_of(store, number).title == "held"


def test_of_duplicates_in_a_page_the_newest_counts(store: Store) -> None:
    """An issue that moves between pages while they are read comes twice."""
    [number, _] = put(store, issue(1, at=5, title="new"), issue(1, at=1, title="old"))
    assert record_of(store, number).title == "new"


def test_a_new_key_leaves_the_old_one_as_a_name(store: Store) -> None:
    """Keys change and people go on using the old ones (L6)."""
    [number] = put(store, issue(1))
    put(store, issue(1, at=1, key="acme/app#9", place="acme/app"))
    assert record_of(store, number).key == "acme/app#9"
    assert store.find("acme/web#1") == (number,)
    assert {event.event for event in store.history(issue=number)} == {"key_changed", "place_changed"}


def test_a_key_used_again_means_the_issue_that_has_it_now(store: Store) -> None:
    """The immutable id wins over a key that went to another issue."""
    [old] = put(store, issue(1))
    put(store, issue(1, at=1, key="acme/web#7"))
    [new] = put(store, issue(2, key="acme/web#1"))
    assert store.find("acme/web#1") == (new, old)


def test_the_cursor_is_kept_with_its_page_or_not_at_all(store: Store) -> None:
    """A page that cannot be recorded whole leaves cursor and issues as they were (L7)."""
    put(store, issue(1), cursor="c1")
    broken = replace(issue(3), title=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.record_page(T, page(issue(2), broken, cursor="c2"), SURFACES, NOW)
    assert store.cursors(T) == {"acme/web": "c1"}
    assert store.by_id(T, ["id1", "id2", "id3"]).keys() == {"id1"}


def test_cursors_are_kept_by_scope(store: Store) -> None:
    """Each repository resumes where its own last page ended."""
    store.record_page(T, page(issue(1), cursor="a", scope="acme/web"), SURFACES, NOW)
    store.record_page(T, page(issue(2, place="acme/app"), cursor="b", scope="acme/app"), SURFACES, NOW)
    assert store.cursors(T) == {"acme/web": "a", "acme/app": "b"}


def test_rejected_items_are_set_aside_until_they_can_be_mapped(store: Store) -> None:
    """One bad item never keeps its page's others away, and returns by itself (L11)."""
    rejected = Rejected("id9", "acme/web#9", "no title", "{…}")
    result = store.record_page(T, Page("acme/web", (issue(1),), "c1", (rejected,)), SURFACES, NOW)
    assert (result.new, result.rejected) == (1, 1)
    [aside] = store.quarantine(T)
    assert (aside.ext_id, aside.reason, aside.tries) == ("id9", "no title", 1)
    before = store.generation
    store.record_page(T, Page("acme/web", (issue(1),), "c1", (rejected,)), SURFACES, NOW)
    assert store.generation == before
    put(store, issue(9))
    assert store.quarantine() == ()


def test_issues_older_than_their_places_first_sight_are_backlog(store: Store) -> None:
    """Backlog is what existed before the place was looked at; what is created later is not (R9)."""
    [old] = put(store, issue(1))
    fresh = replace(issue(2), created=NOW + timedelta(minutes=1))
    [new] = put(store, fresh)
    assert (record_of(store, old).backlog, record_of(store, new).backlog) == (True, False)


def test_what_was_created_in_the_second_of_the_first_sight_is_new(store: Store) -> None:
    """GitHub tells whole seconds: an issue made after the first look of that second would never be asked about."""
    seen = NOW + timedelta(milliseconds=700)
    made = replace(issue(2), created=NOW.replace(microsecond=0))
    store.record_page(T, page(made), SURFACES, seen)
    [number] = store.by_id(T, [made.ref.id]).values()
    assert not record_of(store, number).backlog


def test_a_new_place_in_a_scope_that_is_known_whole_has_no_backlog_of_its_own(store: Store) -> None:
    """A repository that was empty, or got another name, is seen since its scope was: only what is older is backlog."""
    since = NOW - timedelta(hours=1)
    old, new = (replace(issue(n), created=since + timedelta(minutes=n - 2)) for n in (1, 3))
    store.record_page(T, page(old, new), SURFACES, NOW, watched=since)
    numbers = store.by_id(T, ["id1", "id3"])
    assert [record_of(store, numbers[each]).backlog for each in ("id1", "id3")] == [True, False]


def test_closing_and_reopening_is_history(store: Store) -> None:
    """What was open when can be told later."""
    [number] = put(store, issue(1))
    put(store, issue(1, at=1, closed=True))
    put(store, issue(1, at=2))
    assert [event.event for event in store.history(issue=number)] == ["reopened", "closed"]
    assert [event.event for event in store.history(issue=number, until=NOW - timedelta(days=1))] == []


def test_no_text_breaks_the_store(store: Store) -> None:
    """Hostile texts are kept as text (fault 49)."""
    title = "Robert'); DROP TABLE issue;-- \u202e {} ? %s 🎯 " + "x" * 200_000
    [number] = put(store, issue(1, title=title))
    assert record_of(store, number).title == title


def test_what_the_configuration_calls_a_place_is_kept_and_what_is_asked_there_is_told_anew(store: Store) -> None:
    """Issues known before are decided anew, and both teams' lists change: the former's and the new one's (L8)."""
    [number] = put(store, issue(1))
    asked = plan(opened(number, surface_at=NOW), state(number, LinkState.UNLINKED), decided=[number])
    store.apply(asked, "p", NOW)
    store.keep_called(T, {"acme/web": "Acme/Web"}, NOW)
    assert (store.called()[T, "acme/web"], due(store)) == ("acme/web", [])
    drain(store)
    store.keep_called(T, {"acme/web": "acme/old"}, NOW)
    assert (store.called()[T, "acme/web"], due(store)) == ("acme/old", [number])
    assert drain(store) == {"acme/web", "*"}
    store.apply(plan(decided=[number]), "p", NOW)
    generation = store.generation
    store.keep_called(T, {"acme/web": "acme/old"}, NOW)
    assert store.generation == generation
    store.keep_called(T, {"acme/web": "acme/web"}, NOW)
    assert (store.called()[T, "acme/web"], drain(store)) == ("acme/web", {"acme/web", "acme/old"})


def test_a_new_name_was_first_seen_when_the_former_one_was(store: Store) -> None:
    """What is created there while it is read directly alone, and turns up on a list only later, is no backlog (R9)."""
    put(store, issue(1))
    moved = replace(issue(1), place="acme/shop", key="acme/shop#1", called="acme/web")
    later = NOW + timedelta(hours=1)
    store.record_seen(T, [Moved(Address(T, moved.ref.id, "acme/web#1"), moved)], SURFACES, later)
    assert store.called()[T, "acme/shop"] == "acme/web"
    made = NOW + timedelta(minutes=30)
    new = replace(issue(2), created=made, updated=made, place="acme/shop", key="acme/shop#2", called="acme/web")
    store.record_page(T, page(new), SURFACES, later)
    assert not record_of(store, 2).backlog


def drain(store: Store) -> set[str]:
    """Take everything out of the outbox; return the places that it was about."""
    waiting = store.outbox(NOW + timedelta(days=1))
    for each in waiting:
        store.delivered(each)
    return {each.announce.place for each in waiting}
