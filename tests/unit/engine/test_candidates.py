from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.store.world import NOW, T, explicit, issue, link, plan, put, state, url
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.models import Address, LinkState
from vindaris_sync.domain.ranking import Candidate
from vindaris_sync.engine.candidates import Candidates
from vindaris_sync.store.store import Store

CACHE = Goal("G-1", "Faster cache")
LOGIN = Goal("G-2", "Login without passwords")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store with two goals."""
    with Store.open(url(tmp_path)) as fresh:
        fresh.put_tracker(T, "github")
        fresh.put_goals([CACHE, LOGIN], NOW)
        yield fresh


def numbers(store: Store) -> dict[str, int]:
    """Return the goals' numbers by key."""
    return {each.goal.key: each.id for each in store.goals()}


def linked(store: Store, number: int, key: str) -> None:
    """Link an issue to a goal, as a person's decision and the pass after it do."""
    goal = numbers(store)[key]
    actions = (explicit(number, (link(goal),)), state(number, LinkState.LINKED, goals=(goal,), carrier=number))
    store.apply(plan(*actions, decided=[number]), "p1", NOW)


def freed(store: Store, number: int) -> None:
    """Take the link off again."""
    actions = (explicit(number, (), "link_removed"), state(number, LinkState.EXEMPT))
    store.apply(plan(*actions, decided=[number]), "p2", NOW)


def said(candidates: Candidates, *issues: int) -> list[dict[str, list[str]]]:
    """Return, per issue, the evidence by the candidates' keys."""
    found = candidates.of(issues)
    return [{each.key: [str(why) for why in each.evidence] for each in found[number]} for number in issues]


def test_candidates_come_from_goals_and_from_what_serves_them(store: Store) -> None:
    """Words of goals and of linked issues, and what has the same author or parent, make candidates."""
    parent, served, beside, asked = put(
        store,
        issue(1, title="Epic"),
        replace(issue(2, title="Passkey dialog flickers"), author="mia"),
        issue(3, title="Zebra", parent=Address(T, "id1")),
        replace(issue(4, title="Passkey is lost"), author="mia", parent=Address(T, "id1")),
    )
    linked(store, served, "G-2")
    linked(store, beside, "G-1")
    found = said(Candidates(store), asked, parent)
    assert found[0] == {
        "G-1": ["1 issue below the same parent serves it"],
        "G-2": ["1 issue by mia serves it", "words: passkey"],
    }
    assert found[1] == {}


def test_what_changed_since_is_followed(store: Store) -> None:
    """Goals that close, open or change their words, links that come and go: the next question is answered by them."""
    served, asked = put(store, issue(1, title="Passkey dialog"), issue(2, title="Passkey in the cache"))
    candidates = Candidates(store)
    assert said(candidates, asked) == [{"G-1": ["words: cache"]}]
    linked(store, served, "G-2")
    assert said(candidates, asked)[0]["G-2"] == ["words: passkey"]
    linked(store, served, "G-1")
    assert said(candidates, asked) == [{"G-1": ["words: cache, passkey"]}]
    freed(store, served)
    assert said(candidates, asked) == [{"G-1": ["words: cache"]}]
    store.put_goals([replace(CACHE, status=Status.ACHIEVED), replace(LOGIN, title="Passkey for all")], NOW)
    assert said(candidates, asked) == [{"G-2": ["words: passkey"]}]
    store.put_goals([CACHE], NOW)  # the other one is missing now
    assert said(candidates, asked) == [{"G-1": ["words: cache"]}]


def test_following_is_the_same_as_beginning_anew(store: Store) -> None:
    """After any changes, what follows them and what begins anew answer alike."""
    issues = put(store, *(issue(number, title=f"Part {number % 5} of the cache") for number in range(1, 31)))
    follows = Candidates(store)
    for step, number in enumerate(issues):
        linked(store, number, "G-1" if step % 3 else "G-2")
        if step % 4 == 0:
            freed(store, issues[step // 2])
        assert follows.of(issues, 5) == Candidates(store).of(issues, 5)


def test_nothing_is_read_where_nothing_changed(store: Store) -> None:
    """A second question reads the issues asked about and no goal's work, however many goals there are."""
    (asked,) = put(store, issue(1, title="cache"))
    steps: dict[int, int] = {}
    for count in (5, 200):
        store.put_goals([Goal(f"G-{number}", f"cache {number}") for number in range(count)], NOW)
        candidates = Candidates(store)
        candidates.of([asked])
        with store.metered() as meter:
            candidates.of([asked])
        steps[count] = meter.steps
    assert steps[200] <= steps[5] * 1.2


def test_a_follower_that_fell_far_behind_begins_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more has happened than is worth following, all is read again, and the answer is the same."""
    monkeypatch.setattr("vindaris_sync.engine.candidates._CAUGHT_UP", 2)
    issues = put(store, *(issue(number, title=f"Passkey {number}") for number in range(1, 9)))
    candidates = Candidates(store)
    candidates.of(issues)
    for number in issues[:-1]:
        linked(store, number, "G-2")
    assert candidates.of(issues) == Candidates(store).of(issues)
    assert [each.key for each in candidates.of(issues)[issues[-1]]] == ["G-2"]


def test_hostile_titles_cost_no_more_than_others(store: Store) -> None:
    """Of a title of 200,000 characters only the beginning is held, asked or shown as evidence."""
    served, asked = put(store, issue(1, title="passkey " * 25_000), issue(2, title="passkey\u202e " * 25_000))
    linked(store, served, "G-2")
    (found,) = Candidates(store).of([asked])[asked]
    assert found.key == "G-2"
    assert str(found.evidence[0]) == "words: passkey"
    assert all(len(work.title) <= 300 for work in store.newest_on([found.goal], 30)[found.goal].work)


def test_unknown_issues_are_left_out_and_search_needs_none(store: Store) -> None:
    """A number that no issue has is left out; goals are found by what a person types."""
    candidates = Candidates(store)
    assert candidates.of([4711]) == {}
    assert _keys(candidates.search("log")) == ["G-2"]
    assert _keys(candidates.search("", 1)) == ["G-1"]


def _keys(found: Sequence[Candidate]) -> list[str]:
    return [each.key for each in found]
