"""Parents that texts name: only keys of known places, in two fixed ways, in time that follows the text's length."""

from __future__ import annotations

import string
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.references import LONGEST_BODY, NO_REFERENCES, References, completed
from vindaris_sync.sdk.settings import ParentReference

SETTINGS = ParentReference(tracker="jira", places=("APP", "ML-OPS", "acme/web"))
OWN = Address("hub", "node", "acme/api#7")


def named(title: str = "", body: str = "", settings: ParentReference = SETTINGS) -> str | None:
    """Return the key that a text names."""
    found = References(settings).parent(OWN, title, body)
    assert found is None or found == Address("jira", key=found.key)
    return found.key if found else None


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("APP-12: Faster cart", "APP-12"),
        ("[APP-12] Faster cart", "APP-12"),
        ("(app-012) Faster cart", "APP-12"),
        ("  APP-12 Faster cart", "APP-12"),
        ("APP-12", "APP-12"),
        ("ML-OPS-3, and more", "ML-OPS-3"),
        ("acme/web#5: Faster cart", "acme/web#5"),
        ("Faster cart (APP-12)", None),
        ("UTF-8: wrong names", None),
        ("APP-12a: a part number", None),
        ("APP-1.5: a version", None),
        ("APP-2026-11-22: a date", None),
        ("APP#12: not how that place writes", None),
        ("acme/web-5: not how that place writes", None),
        ("WEBAPP-12: another project", None),
        ("", None),
    ],
)
def test_a_title_names_a_parent_where_it_begins_with_its_key(title: str, key: str | None) -> None:
    """In any case, in brackets or not; only keys of the places that count."""
    assert named(title) == key


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("Parent: APP-12", "APP-12"),
        ("Some text.\r\n\r\n**parent**: APP-12 (the epic)\r\n", "APP-12"),
        ("- Parent: [APP-12](https://acme.example/browse/APP-12)", "APP-12"),
        ("Parent: https://acme.example/browse/APP-12", "APP-12"),
        ("> Parent: acme/web#4.", "acme/web#4"),
        ("Parent: none yet\nParent: APP-3", "APP-3"),
        ("<!-- write Parent: APP-1 -->\nParent: APP-2", "APP-2"),
        ("<!--\nParent: APP-1\n", None),
        ("The parent: APP-12", None),
        ("Parent: UTF-8", None),
        ("Parent:", None),
        ("See APP-12", None),
    ],
)
def test_a_body_names_a_parent_in_a_line_of_its_own(body: str, key: str | None) -> None:
    """``Parent: KEY``, as text or as a link; what a template shows in a comment does not count."""
    assert named(body=body) == key


def test_the_title_goes_before_the_body_and_each_only_where_it_is_asked_for() -> None:
    """``where`` says which of both is looked at."""
    assert named("APP-1: x", "Parent: APP-2") == "APP-1"
    only = {where: SETTINGS.model_copy(update={"where": (where,)}) for where in ("title", "body")}
    assert named("APP-1: x", "Parent: APP-2", only["body"]) == "APP-2"
    assert named("x", "Parent: APP-2", only["title"]) is None
    assert References(only["body"]).reads_body
    assert not References(only["title"]).reads_body


def test_an_issue_that_names_itself_has_no_parent() -> None:
    """It may say so in its own tracker: that is no circle, it is a heading."""
    own = Address("hub", "node", "APP-7")
    mine = ParentReference(tracker="hub", places=("APP",))
    assert References(mine).parent(own, "APP-7: x") is None
    assert References(mine).parent(own, "APP-8: x") == Address("hub", key="APP-8")


def test_without_settings_nothing_is_looked_for() -> None:
    """It is off until somebody says how parents are named."""
    assert not NO_REFERENCES
    assert NO_REFERENCES.parent(OWN, "APP-12: x", "Parent: APP-12") is None


def test_places_are_those_stated_else_those_of_the_other_block() -> None:
    """Nobody has to state them twice."""
    assert completed(SETTINGS, ("OPS",)).places == SETTINGS.places
    assert completed(ParentReference(tracker="jira"), ("OPS",)).places == ("OPS",)
    assert completed(ParentReference(tracker="jira"), None).places == ()


@given(st.text(), st.text())
def test_any_text_is_read(title: str, body: str) -> None:
    """Whatever strangers write, it names a parent or none."""
    assert named(title, body) is None or named(title, body)


@pytest.mark.parametrize(
    "body",
    [
        "<!--" * LONGEST_BODY,
        "Parent:" + "APP-" * LONGEST_BODY,
        "Parent: " * LONGEST_BODY,
        "\n".join(["Parent:"] * LONGEST_BODY),
    ],
    ids=["comments", "key", "words", "lines"],
)
def test_a_hostile_text_costs_no_more_than_its_length(body: str) -> None:
    """What is looked at is bounded, and nothing is looked at twice."""
    began = perf_counter()
    assert named(string.ascii_letters * 10_000, body) is None
    assert perf_counter() - began < 1
