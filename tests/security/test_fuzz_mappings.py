"""Hostile items through every mapping: set aside or mapped, no escape, no neighbour harmed (L11, FAULTS 49)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple
from random import Random, SystemRandom
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.security import corpus
from tests.security.mutations import STRANGE, changed, damaged, encoded, tried
from tests.unit.domain import building
from vindaris_connectors.github.mapping import ManagedField, identify
from vindaris_connectors.github.mapping import Mapper as GithubMapper
from vindaris_connectors.jira.mapping import Mapper as JiraMapper
from vindaris_connectors.memory.mapping import named
from vindaris_sync.domain.models import Issue
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.mapping import Mapped, decode, map_items
from vindaris_sync.sdk.references import References
from vindaris_sync.sdk.settings import ParentReference

REFERS = References(ParentReference(tracker="far", places=("APP", "acme/web")))
GITHUB = GithubMapper("hub", (ManagedField(1, "IF_1", "Goal", "acme", "single_select", ("G-1",)),), references=REFERS)
JIRA = JiraMapper(
    "site", "https://acme.example", {"customfield_10001": "field:x", "labels": "field:y"}, references=REFERS
)
SERVER = JiraMapper("site", "https://acme.example", {"customfield_10001": "field:x"}, "customfield_10101")
Map = Callable[[Sequence[Any]], Mapped]


def rest(items: Sequence[Any]) -> Mapped:
    return map_items(items, GITHUB.from_rest, identify)


def graph(items: Sequence[Any]) -> Mapped:
    return map_items(items, GITHUB.from_graph, lambda item: (str(item["id"]), ""))


MAPPINGS: dict[str, tuple[Map, Callable[[], Sequence[Any]]]] = {
    "github rest": (rest, lambda: corpus.invented("github")),
    "github graphql": (graph, corpus.nodes),
    "jira cloud": (JIRA.page, lambda: corpus.invented("jira cloud")),
    "jira data center": (SERVER.page, lambda: corpus.invented("jira data center")),
}
REAL: dict[str, tuple[Map, Sequence[Any]]] = {
    "github rest": (rest, corpus.REAL_GITHUB),
    "jira cloud": (JIRA.page, corpus.REAL_JIRA),
    "jira data center": (SERVER.page, corpus.REAL_JIRA),
}


def storable(issue: Issue) -> bool:
    """Return whether every text of an issue is a text, and one that every database takes."""
    texts = [issue.key, issue.title, issue.url, issue.status, issue.type, issue.place, issue.author, issue.assignee]
    texts += [*issue.labels, *issue.components, issue.milestone, issue.ref.id]
    texts += [issue.parent.key] if issue.parent else []
    texts += [text for values in issue.fields.values() for text in values]
    return all(type(text) is str and clean(text) == text for text in texts)


def check(mapped: Mapped, mend: Mapped, place: int, total: int) -> None:
    """Hold that the mutated item is accounted for, and that all others are as they were."""
    assert len(mapped.issues) + len(mapped.rejected) + mapped.skipped == total
    untouched = [issue for at, issue in enumerate(mend.issues) if at != place]
    assert [issue for issue in mapped.issues if issue in untouched] == untouched
    assert all(map(storable, mapped.issues))
    for aside in mapped.rejected:
        assert aside.id
        assert aside.reason
        assert len(aside.excerpt) <= 400
        assert clean("".join(map(str, astuple(aside)))) == "".join(map(str, astuple(aside)))


def decided(mapped: Mapped) -> None:
    """Decide what was mapped, once where nobody has set anything, and once where it was linked before (L11)."""
    for explicit in ((), (building.link(building.A),)):
        records = (
            building.record(
                number,
                **{name: getattr(issue, name) for name in ("key", "place", "type", "title", "closed")},
                **{name: getattr(issue, name) for name in ("created", "updated", "author")},
                explicit=explicit,
                observed=building.shows(labels=issue.labels),
            )
            for number, issue in enumerate(mapped.issues)
        )
        building.World.of(*records).decide()


def mutated(map_: Map, items: Sequence[Any], count: int, seed: int) -> Counter[str]:
    """Send ``count`` mutations through the decoder and the mapping; return what became of them."""
    random, outcomes = Random(seed), Counter[str]()  # noqa: S311 - a seed is one history
    whole = map_(items)
    assert len(whole.issues) == len(items), whole.rejected
    for _ in range(count):
        at = random.randrange(len(items))
        page = [*items[:at], changed(items[at], random), *items[at + 1 :]]
        try:
            read = decode(encoded(page))
        except ValueError:  # a bomb: refused whole, which its own test shows
            outcomes["refused"] += 1
            continue
        mapped = map_(read)
        check(mapped, whole, at, len(items))
        decided(mapped)
        outcomes["set aside" if mapped.rejected else "mapped"] += 1
    return outcomes


@pytest.mark.parametrize("name", MAPPINGS)
def test_fuzz_invented_items(name: str) -> None:
    """Dropped keys, wrong types, deep nesting, huge strings and numbers, lone surrogates, NaN, strange instants."""
    map_, items = MAPPINGS[name]
    seed = SystemRandom().randrange(1 << 32)
    outcomes = mutated(map_, items(), tried(300), seed)
    print(f"{name}: seed {seed}, inputs {outcomes.total()} {dict(outcomes)}, escapes 0")  # noqa: T201 - shown with -s
    assert outcomes["set aside"]
    assert outcomes["mapped"]


@pytest.mark.parametrize("name", REAL)
def test_fuzz_real_items(name: str) -> None:
    """The same with what real trackers print, whose shapes nobody invented."""
    map_, paths = REAL[name]
    if missing := [path for path in paths if not path.exists()]:
        pytest.skip(f"the real data is not in {missing[0]}")
    random = Random(1)  # noqa: S311 - a sample
    items = [item for item in corpus.real(paths, 100) if map_([item]).issues]
    assert len(items) >= 50
    outcomes = Counter[str]()
    for turn in range(tried(100) // 10):
        outcomes += mutated(map_, random.sample(items, 4), 10, turn)
    print(f"{name}, real: inputs {outcomes.total()} {dict(outcomes)}, escapes 0")  # noqa: T201 - as above


def test_every_real_item_is_mapped_or_set_aside_by_itself() -> None:
    """Unchanged, real items are issues, or left out on purpose; none is lost and none stops the others."""
    for map_, paths in REAL.values():
        if missing := [path for path in paths if not path.exists()]:
            pytest.skip(f"the real data is not in {missing[0]}")
        items = corpus.real(paths, 300)
        mapped = map_(items)
        assert len(mapped.issues) + len(mapped.rejected) + mapped.skipped == len(items)
        assert all(map(storable, mapped.issues))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", MAPPINGS)
def test_fuzz_any_value_at_any_key(name: str) -> None:
    """Whatever stands at one key of an item, and whatever an item is, the others stay."""
    map_, items = MAPPINGS[name]
    first, *rest_ = items()
    whole = map_(items())

    @settings(max_examples=tried(60), derandomize=False, database=None)
    @given(key=st.sampled_from(sorted(first)), value=_JSON | st.sampled_from(STRANGE))
    def holds(key: str, value: object) -> None:
        for odd in ({**first, key: value}, value):
            try:
                page = decode(encoded([odd, *rest_]))
            except ValueError:  # a bomb, refused whole
                continue
            mapped = map_(page)
            check(mapped, whole, 0, len(items()))
            decided(mapped)

    holds()


def test_fuzz_bodies() -> None:
    """Cut, doubled and misspelt bodies are documents or a ``ValueError``, in bounded depth and time."""
    random, read = Random(7), 0  # noqa: S311 - a sample
    bodies = [encoded(items()) for _, items in MAPPINGS.values()]
    count = tried(400)
    for _ in range(count):
        try:
            document = decode(damaged(random.choice(bodies), random))
        except ValueError:
            continue
        read += 1
        if isinstance(document, list):
            for map_, _ in MAPPINGS.values():
                mapped = map_(document)
                assert len(mapped.issues) + len(mapped.rejected) + mapped.skipped == len(document)
    print(f"bodies: inputs {count}, read {read}, escapes 0")  # noqa: T201 - as above
    assert read


def test_fuzz_the_memory_connector_takes_names_only() -> None:
    """The reference connector's mapping renames; what it is given is typed already."""
    (issue, *_) = JIRA.page(corpus.invented("jira cloud")).issues
    for name in ("a", "\ud800", "x" * 10_000):
        assert named(issue, name).ref.tracker == name
