"""Contents, fingerprints, suspicion and the debounce window (R11)."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.changes import describe_change
from vindaris_sync.domain.goals import (
    MATERIAL,
    Goal,
    Outcome,
    Pending,
    Status,
    by_key,
    contents,
    differs,
    due,
    fingerprint,
)

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Z"]), min_size=1, max_size=8)
sentences = st.lists(words, min_size=1, max_size=5).map(" ".join)
numbers = st.none() | st.floats(-1e12, 1e12) | st.integers(-(10**12), 10**12).map(float)
outcomes = st.builds(Outcome, sentences, words, numbers, numbers, numbers)
goals = st.builds(
    Goal,
    st.just("G"),
    sentences,
    st.just("") | sentences,
    st.none() | st.just("P"),
    st.none() | words,
    st.sampled_from(Status),
    st.none() | words,
    st.none() | words,
    st.lists(outcomes, max_size=4).map(tuple),
)
materials = st.sets(st.sampled_from(MATERIAL))
spaces = st.sampled_from([" ", "  ", "\t", "\r\n", "\u00a0", "\n \n"])

ROOT = Goal("ROOT", "Root", priority="P1", period="2026-H1")
MIDDLE = Goal("MID", "Middle", parent="root", period="2026-Q2")
LEAF = Goal("LEAF", "Leaf", parent="MID", outcomes=(Outcome("p95 checkout", "s", 4, 2, 3),))


def of(goal: Goal, *others: Goal) -> dict[str, Any]:
    """Return a goal's contents among others."""
    return contents(goal, by_key([goal, *others]))


def change(a: Goal, b: Goal) -> str:
    """Return the line that says what changed."""
    return describe_change(of(a), of(b))


@given(goals, st.data())
def test_white_space_unicode_form_and_order_of_outcomes_change_no_fingerprint(goal: Goal, data: st.DataObject) -> None:
    """Saving the file from another editor is no edit."""

    def respelled(text: str) -> str:
        form: Literal["NFC", "NFD"] = data.draw(st.sampled_from(("NFC", "NFD")))
        return data.draw(spaces) + data.draw(spaces).join(unicodedata.normalize(form, text).split(" ")) + "\n"

    same = replace(
        goal,
        title=respelled(goal.title),
        description=respelled(goal.description),
        outcomes=tuple(data.draw(st.permutations([replace(o, metric=respelled(o.metric)) for o in goal.outcomes]))),
    )
    assert of(same) == of(goal)
    assert fingerprint(of(same)) == fingerprint(of(goal))
    assert describe_change(of(goal), of(same)) == ""


@given(goals, goals, materials)
def test_fingerprints_differ_exactly_when_material_fields_do_and_the_change_has_words(
    a: Goal, b: Goal, material: set[str]
) -> None:
    """Fingerprint, list of fields and the line for people never disagree."""
    before, after = of(a), of(b)
    changed = differs(before, after, material)
    assert set(changed) <= material
    assert (fingerprint(before, material) == fingerprint(after, material)) == (not changed)
    assert bool(describe_change(before, after, material)) == bool(changed)


@given(goals)
def test_contents_survive_being_stored_as_json(goal: Goal) -> None:
    """What comes back from the database has the same fingerprint."""
    stored = json.loads(json.dumps(of(goal)))
    assert stored == of(goal)
    assert fingerprint(stored) == fingerprint(of(goal))


def test_the_fingerprint_of_known_contents_never_changes() -> None:
    """Fingerprints are stored with links: another algorithm would make every link suspect."""
    assert fingerprint(of(LEAF, MIDDLE, ROOT)) == "8e4fe838a2bf6142331fb9c5048a49e0"
    assert fingerprint(of(LEAF, MIDDLE, ROOT), MATERIAL[::-1]) == "8e4fe838a2bf6142331fb9c5048a49e0"


def test_priority_and_period_come_from_the_nearest_ancestor_that_has_one_and_nothing_else_does() -> None:
    """R11: title, description, outcomes and owner are the goal's own."""
    resolved = of(LEAF, MIDDLE, ROOT)
    assert (resolved["priority"], resolved["period"]) == ("P1", "2026-Q2")
    assert (resolved["title"], resolved["description"]) == ("Leaf", "")


def test_an_ancestors_other_edits_leave_its_descendants_alone() -> None:
    """Only its priority and period are inherited."""
    edited = replace(ROOT, title="Renamed", description="new", outcomes=(Outcome("x"),))
    assert of(LEAF, MIDDLE, edited) == of(LEAF, MIDDLE, ROOT)
    raised = replace(ROOT, priority="P0")
    assert differs(of(LEAF, MIDDLE, ROOT), of(LEAF, MIDDLE, raised)) == ("priority",)


@pytest.mark.parametrize(
    "edit",
    [
        {"owner": "somebody else"},
        {"status": Status.ACHIEVED},
        {"key": "LEAF2", "was": ("LEAF",)},
        {"visibility": "public"},
        {"minor_revision": 3},
        {"material": ("title",)},
        {"outcomes": (Outcome("p95 checkout", "s", 4, 2, 2.5),)},
    ],
)
def test_an_immaterial_edit_makes_no_link_suspect(edit: dict[str, Any]) -> None:
    """Owner, status, key, visibility and an outcome's current value are no material fields."""
    assert differs(of(LEAF, MIDDLE, ROOT), of(replace(LEAF, **edit), MIDDLE, ROOT)) == ()


@pytest.mark.parametrize(
    ("field", "edit"),
    [
        ("title", {"title": "leaf"}),
        ("description", {"description": "more"}),
        ("parent", {"parent": "ROOT", "period": "2026-Q2"}),
        ("priority", {"priority": "P0"}),
        ("period", {"period": "2026-Q3"}),
        ("outcomes", {"outcomes": (Outcome("p95 checkout", "s", 4, 1, 3),)}),
    ],
)
def test_each_material_field_makes_links_suspect_only_while_it_is_chosen(field: str, edit: dict[str, Any]) -> None:
    """Today's choice of material fields decides, also over revisions stored before."""
    before, after = of(LEAF, MIDDLE, ROOT), of(replace(LEAF, **edit), MIDDLE, ROOT)
    assert differs(before, after) == (field,)
    assert differs(before, after, set(MATERIAL) - {field}) == ()


def test_renaming_a_parent_changes_no_child() -> None:
    """The child may name its parent by the old or by the new key."""
    renamed = replace(MIDDLE, key="CENTRE", was=("MID",))
    assert of(LEAF, renamed, ROOT) == of(LEAF, MIDDLE, ROOT)
    assert of(replace(LEAF, parent="centre"), renamed, ROOT) == of(LEAF, MIDDLE, ROOT)


def test_equal_numbers_are_equal_however_they_are_written() -> None:
    """2 and 2.0, and the two zeros, are no edit; what is no number is unknown."""
    one = Goal("G", "t", outcomes=(Outcome("m", "", 2, 0.0, None),))
    two = Goal("G", "t", outcomes=(Outcome("m", "", 2.0, -0.0, None),))
    assert fingerprint(of(one)) == fingerprint(of(two))
    assert of(Goal("G", "t", outcomes=(Outcome("m", "", float("nan")),)))["outcomes"][0]["baseline"] is None


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        ({"priority": "P1"}, "priority none → P1"),
        ({"title": "Bough"}, "title 'Leaf' → 'Bough'"),
        ({"description": "long story"}, "description changed"),
        ({"parent": None}, "parent mid → none"),
        ({"outcomes": (Outcome("p95 checkout", "s", 4, 1.5),)}, "target of 'p95 checkout' 2 s → 1.5 s"),
        ({"outcomes": (Outcome("p95 checkout", "s", 4),)}, "target of 'p95 checkout' 2 s → none"),
        (
            {"outcomes": (Outcome("p95 checkout", "ms", 4, 2),)},
            "unit of 'p95 checkout' s → ms",
        ),
        ({"outcomes": ()}, "outcome 'p95 checkout' dropped"),
        (
            {"outcomes": (*LEAF.outcomes, Outcome("churn", "%", 5, 3)), "period": "2027"},
            "new outcome 'churn', target 3 %; period none → 2027",
        ),
    ],
)
def test_a_change_is_told_in_one_line(edit: dict[str, Any], line: str) -> None:
    """The line names the field and shows old and new where they are short enough to help."""
    assert change(LEAF, replace(LEAF, **edit)) == line


def test_a_long_title_is_clipped_in_the_line() -> None:
    """Chat and tables hold one line."""
    line = change(LEAF, replace(LEAF, title="x" * 500))
    assert len(line) < 120
    assert line.endswith("…'")


@pytest.mark.parametrize(
    ("first", "last", "debounce", "expected"),
    [
        (0, 0, 10, False),
        (-9, -9, 10, False),
        (-10, -10, 10, True),
        (-30, -9, 10, False),
        (-60, -1, 10, True),
        (-59, -59, 600, False),
        (-60, -60, 600, True),
        (0, 0, 0, True),
    ],
)
def test_an_edit_becomes_a_revision_after_quiet_or_an_hour(
    first: int, last: int, debounce: int, *, expected: bool
) -> None:
    """The window starts again with each edit, but an hour is the longest anybody waits."""
    pending = Pending(of(LEAF), T0 + first * MINUTE, T0 + last * MINUTE)
    assert due(pending, debounce * MINUTE, T0) is expected
