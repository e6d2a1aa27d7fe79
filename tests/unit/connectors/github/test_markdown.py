"""GitHub's Markdown: tables, code, and the issues that lists name."""

from __future__ import annotations

import pytest

from vindaris_connectors.github.markdown import MOST, listed, text_of
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.sdk.outcome_tables import outcomes_in

ROOT = "https://github.com"


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (None, ()),
        ("", ()),
        ("prose about #1", ()),
        ("- [ ] #1", ("a/b#1",)),
        ("* [x] #1: with words\n+ #2\n3. #3\n4) and #4, #5", tuple(f"a/b#{n}" for n in range(1, 6))),
        ("  - nested #7\n\t- deeper #8", ("a/b#7", "a/b#8")),
        ("- ~~#9~~ done", ("a/b#9",)),
        ("- c/d#3 and c/d.e#4", ("c/d#3", "c/d.e#4")),
        ("- #1\n- #1 again", ("a/b#1",)),
        ("- #0012", ("a/b#12",)),
        (f"- {ROOT}/c/d/issues/3\n- {ROOT}/c/d/pull/4#issuecomment-1", ("c/d#3", "c/d#4")),
        ("- https://elsewhere.example/c/d/issues/3", ()),
        ("- word#1 a/b/c#2 /#3 &#39; #x", ()),
        ("- `#1` and ``#2``", ()),
        ("```\n- #1\n```\n- #2", ("a/b#2",)),
        ("~~~~\n- #1\n~~~\n- #2\n~~~~\n- #3", ("a/b#3",)),
        ("```never closed\n- #1", ()),
        ("-#1\n-- #2\n1.#3", ()),
        ("- #12345678901", ()),
    ],
)
def test_lists_name_issues(body: str | None, keys: tuple[str, ...]) -> None:
    """In list items alone, by number, by repository or by link; never in code."""
    assert listed(body, "a/b", ROOT) == keys


def test_a_long_list_is_bounded() -> None:
    """The first so many count."""
    assert len(listed("\n".join(f"- #{n}" for n in range(1, 2 * MOST)), "a/b", ROOT)) == MOST


def test_a_hostile_line_takes_no_time() -> None:
    """Patterns do not backtrack over what looks like the beginning of everything."""
    for text in (
        "- " + "https://" * 3000,
        "- " + "a/" * 20_000,
        "|" * 20_000,
        "- " + "`" * 10_001,
        "- " + "-|" * 9_000,
    ):
        assert listed(text, "a/b", ROOT) == ()
        assert text_of(f"{text}\n{text}").tables == ()


@pytest.mark.parametrize(
    "table",
    [
        "| Metric | Unit | Baseline | Target | Current |\n|---|---|--:|:-:|---|\n| NRR | % | 98 | **110** | 101.5 |",
        "Metric | Unit | Baseline | Target | Current\n--- | --- | --- | --- | ---\nNRR | % | 98 | `110` | 101.5",
        "|metric|start|to|now|\n|-|-|-|-|\n|NRR|98 %|110 %|101.5 %|",
    ],
)
def test_a_table_states_outcomes(table: str) -> None:
    """With or without bars at its ends, in any order of columns; the text goes on without it."""
    outcomes, text = outcomes_in(text_of(f"Before.\n\n{table}\n\nAfter."))
    assert outcomes == (Outcome("NRR", "%", 98.0, 110.0, 101.5),)
    assert str(text) == "Before.\nAfter."


@pytest.mark.parametrize(
    "body",
    [
        "| Metric | Target |\n| NRR | 110 |",
        "| Metric | Target |\n|---|\n| NRR | 110 |",
        "```\n| Metric | Target |\n|---|---|\n| NRR | 110 |\n```",
        "| Name | Value |\n|---|---|\n| NRR | 110 |",
    ],
)
def test_what_is_no_table_of_outcomes_is_text(body: str) -> None:
    """Without a rule, with another number of columns, in code, under other heads."""
    assert outcomes_in(text_of(body))[0] == ()


def test_a_bar_in_a_cell_is_written_with_a_backslash() -> None:
    """As GitHub has it."""
    outcomes, _ = outcomes_in(text_of("| Metric | Target |\n|---|---|\n| a \\| b | 1 |"))
    assert outcomes[0].metric == "a | b"
