from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vindaris_sync.domain.models import Traits
from vindaris_sync.domain.ranking import Aim, Baseline, Candidate, Evidence, Ground, Work, search

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CACHE = Aim(1, "G-1", "Faster cache", "Eviction must not block readers.")
LOGIN = Aim(2, "G-2", "Login without passwords", "People sign in with a key.")
DOCS = Aim(3, "G-3", "Documentation people trust")


def known(*aims: Aim) -> Baseline:
    """Return a baseline that knows ``aims``."""
    ranking = Baseline()
    for aim in aims:
        ranking.put(aim)
    return ranking


def work(title: str = "Something else", *, days: int = 0, author: str = "", assignee: str = "", **traits: str) -> Work:
    """Return an issue that was created so many days before ``NOW``."""
    folded = Traits(
        labels=frozenset(filter(None, [traits.get("label")])),
        components=frozenset(filter(None, [traits.get("component")])),
        milestone=traits.get("milestone", ""),
    )
    return Work(title, folded, author, assignee, NOW - timedelta(days=days))


def keys(found: tuple[Candidate, ...]) -> list[str]:
    """Return the candidates' keys, the best first."""
    return [each.key for each in found]


def test_words_of_title_description_and_siblings_find_a_goal() -> None:
    """An issue that shares words with a goal, or with what serves it already, has the goal as candidate."""
    ranking = known(CACHE, replace(LOGIN, work=(work("Passkey dialog flickers"),)), DOCS)
    assert keys(ranking.rank(work("Readers wait for eviction"), {}, 3)) == ["G-1"]
    found = ranking.rank(work("Dialog of the passkey is in English"), {}, 3)
    assert [(each.key, [str(why) for why in each.evidence]) for each in found] == [("G-2", ["words: passkey, dialog"])]


def test_nothing_in_common_is_no_candidate() -> None:
    """A goal that has nothing in common with an issue is never proposed, and without goals nothing is."""
    assert known(CACHE, LOGIN).rank(work("Zebra"), {}, 3) == ()
    assert Baseline().rank(work("Faster cache"), {Ground.PARENT: {1: 1}}, 3) == ()


@pytest.mark.parametrize(
    ("served", "asked", "said"),
    [
        (work(component="parser"), work("Zebra", component="parser"), "1 issue with component 'parser' serves it"),
        (work(label="ui"), work("Zebra", label="ui"), "1 issue with label 'ui' serves it"),
        (work(milestone="2.0"), work("Zebra", milestone="2.0"), "1 issue with milestone '2.0' serves it"),
        (work(author="mia"), work("Zebra", author="mia"), "1 issue by mia serves it"),
        (work(assignee="kim"), work("Zebra", assignee="kim"), "1 issue assigned to kim serves it"),
    ],
)
def test_what_an_issue_shares_with_work_is_evidence(served: Work, asked: Work, said: str) -> None:
    """A component, a label, a milestone and people point to the goals whose work shares them, in readable words."""
    (found,) = known(replace(CACHE, work=(served,)), LOGIN).rank(asked, {}, 3)
    assert (found.key, [str(why) for why in found.evidence]) == ("G-1", [said])


def test_the_number_of_issues_is_told() -> None:
    """Evidence says how many issues it rests on."""
    (found,) = known(replace(CACHE, work=(work(component="parser"),) * 3)).rank(
        work("Zebra", component="parser"), {}, 3
    )
    assert str(found.evidence[0]) == "3 issues with component 'parser' serve it"


def test_neighbours_outweigh_words() -> None:
    """What the parent or its other children serve goes before a goal that has the same words."""
    ranking = known(CACHE, LOGIN)
    found = ranking.rank(work("Faster cache"), {Ground.SIBLING: {2: 4}}, 3)
    assert keys(found) == ["G-2", "G-1"]
    assert str(found[0].evidence[0]) == "4 issues below the same parent serve it"
    assert str(ranking.rank(work("Zebra"), {Ground.PARENT: {2: 1}}, 3)[0].evidence[0]) == "its parent serves it"


def test_a_goal_named_in_the_title_comes_first() -> None:
    """The key of a goal in an issue's title, in any case, is the strongest word there is; a longer key is another."""
    ranking = known(CACHE, LOGIN)
    found = ranking.rank(work("[g-2] Faster cache for keys"), {}, 3)
    assert keys(found) == ["G-2", "G-1"]
    assert str(found[0].evidence[0]) == "its title names the goal"
    assert keys(ranking.rank(work("G-22 zebra"), {}, 3)) == []
    hosted = known(replace(CACHE, key="acme/web#7"), replace(LOGIN, key="Cost"))
    assert keys(hosted.rank(work("(acme/web#7) zebra"), {}, 3)) == ["acme/web#7"]
    assert keys(hosted.rank(work("cost/zebra"), {}, 3)) == ["Cost"]


def test_what_a_person_did_lately_counts_more() -> None:
    """Of two goals that an author works on, the one with the newer work comes first."""
    old, new = work(author="mia", days=300), work(author="mia", days=2)
    ranking = known(replace(CACHE, work=(old, old)), replace(LOGIN, work=(new,)))
    assert keys(ranking.rank(work("Zebra", author="mia"), {}, 3)) == ["G-2", "G-1"]


def test_what_most_goals_share_tells_nothing() -> None:
    """A word or a label that is found at more than half of many goals is no evidence for any."""
    many = [Aim(number, f"G-{number}", f"Platform part{number}", work=(work(label="bug"),)) for number in range(20)]
    ranking = known(*many)
    assert ranking.rank(work("Platform breaks", label="bug"), {}, 3) == ()
    assert keys(ranking.rank(work("Platform part7 breaks", label="bug"), {}, 3)) == ["G-7"]


def test_a_word_that_says_little_of_an_issue_is_no_candidate() -> None:
    """One usual word of a long title is no reason among many goals; among few goals anything in common is shown."""
    many = [Aim(number, f"G-{number}", f"Part{number} update" if number % 3 else "Other") for number in range(20)]
    long = work("update quails zebras okapis lemurs tapirs ibises newts")
    assert known(*many).rank(long, {}, 3) == ()
    assert len(known(*many[:6]).rank(long, {}, 3)) == 3
    assert keys(known(*many).rank(work("Part7 update"), {}, 1)) == ["G-7"]


def test_the_order_does_not_depend_on_how_it_was_learnt() -> None:
    """Whatever was put, replaced and dropped before, equal knowledge gives equal candidates, in the order of keys."""
    words = ["cache", "login", "docs", "parser", "queue", "index", "shard", "token"]
    chance = random.Random(7)  # noqa: S311 - made data
    aims = [
        Aim(n, f"G-{n}", " ".join(chance.choices(words, k=3)), work=tuple(work(chance.choice(words)) for _ in range(3)))
        for n in range(1, 40)
    ]
    asked = work("cache index of the parser", author="mia", label="ui")
    plain, stirred = known(*aims), known(*reversed(aims))
    for aim in chance.sample(aims, 20):
        stirred.put(replace(aim, title="queue", work=(work("token", label="ui", author="mia"),)))
        stirred.drop(aim.id)
        stirred.put(aim)
    stirred.drop(9999)
    assert stirred.rank(asked, {}, 10) == plain.rank(asked, {}, 10)
    twins = known(replace(CACHE, id=5, key="B"), replace(CACHE, id=4, key="a"))
    assert keys(twins.rank(work("cache"), {}, 2)) == ["a", "B"]


def test_a_goal_that_was_dropped_or_renamed_is_not_found_as_before() -> None:
    """Dropped goals are no candidates, and a goal is not found by a key that it had before it was put again."""
    ranking = known(replace(CACHE, work=(work(label="ui"),)), LOGIN)
    ranking.drop(1)
    assert ranking.rank(work("G-1 faster cache", label="ui"), {Ground.PARENT: {1: 1}}, 3) == ()
    ranking.put(replace(LOGIN, key="H-2"))
    assert keys(ranking.rank(work("G-2"), {}, 3)) == []
    assert keys(ranking.rank(work("H-2"), {}, 3)) == ["H-2"]


def test_hostile_evidence_is_one_bounded_line() -> None:
    """What strangers named a label is told as one visible line without steering characters."""
    said = str(Evidence(Ground.LABEL, "a\u202eb\n" + "x" * 200_000, 1))
    assert len(said) < 120
    assert "\n" not in said
    assert "\u202e" not in said


def test_search_by_key_by_beginnings_and_by_words() -> None:
    """A typed key finds its goal first, beginnings of words find titles, other words what the ranking finds."""
    aims = [CACHE, LOGIN, DOCS, Aim(4, "G-11", "Cached pages")]
    ranking = known(*aims)
    assert keys(search(aims, ranking, "g-1", 5)) == ["G-1", "G-11"]
    assert keys(search(aims, ranking, "cach", 5)) == ["G-1", "G-11"]
    assert keys(search(aims, ranking, "pass log", 5)) == ["G-2"]
    assert keys(search(aims, ranking, "sign in with a key", 5)) == ["G-2"]
    assert keys(search(aims, ranking, "", 2)) == ["G-1", "G-11"]
    assert search(aims, ranking, "zebra.*", 5) == ()
    assert keys(search(aims, ranking, "cache " * 100_000, 5)) == ["G-1", "G-11"]
