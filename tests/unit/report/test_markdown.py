import re
from dataclasses import replace

import pytest

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.findings import Findings, GoalChange, GoalRow, IssueLine, Listing
from vindaris_sync.domain.findings_json import from_json, to_json
from vindaris_sync.domain.wording import compare, visible
from vindaris_sync.report import to_html, to_markdown
from vindaris_sync.report.markdown import SHOWN, escape


def test_the_report_tells_the_night(night: Findings) -> None:
    """The same facts as the page: coverage, goals, decisions, and what was not checked."""
    text = to_markdown(night)
    for fact in (
        "# Goal report, 22 November 2026",
        "- **gitlab-labs**: stopped: the token was refused (401) (since 20 November 2026, 19:30)",
        "| linked | 171 | 27 % | +5 |",
        "Created from a goal: **41**.",
        "- **GROW-PRICE** One price that people understand without a call (P0 · 2026-Q4 · Mara Lindqvist)",
        "## Work on closed goals (7)",
        "| [OPS-211](<https://tracker.example/OPS/0>) |",
        "Trials that convert: 11.2 %, 8 → 16 %, 40 %",
        "- LEGACY: active → achieved.",
        "19 opened, 26 closed (14 confirmed, 9 decided, 3 moot).",
        "| Two different answers | 2 | 3 days |",
        "| label missing | github-acme | 4 | 4 |  |",
        "Nothing to do: in sync 4,312",
        f"and {56 - SHOWN + 8} more",
    ):
        assert fact in text


def test_every_table_has_as_many_cells_as_its_header(night: Findings) -> None:
    """No title breaks a table, whatever it holds."""
    cells = re.compile(r"(?<!\\)\|")
    width = 0
    for line in to_markdown(night).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        width = width or len(cells.findall(line))
        assert len(cells.findall(line)) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("<img src=x> &lt;", r"\<img src=x\> \&lt;"),
        ("**b** `c` ~~d~~ _e_ $f$", r"\*\*b\*\* \`c\` \~\~d\~\~ \_e\_ \$f\$"),
        ("back\\slash", r"back\\slash"),
        ("two\n# lines", "two # lines"),
        ("@team see #12 at https://x.example", "@\u2060team see #\u206012 at https:\u2060//x.example"),
        ("gnp\u202eexe", "gnpexe"),
    ],
)
def test_strangers_text_is_no_markup(text: str, shown: str) -> None:
    """Markup, HTML, addresses, mentions and steering arrive as text."""
    assert escape(text) == shown


def test_a_link_is_made_only_of_a_clean_web_address(empty_night: Findings) -> None:
    """An address that could end its own brackets is left out."""
    lines = (
        IssueLine("A-1", "t", "https://x.example/>)(evil"),
        IssueLine("A-2", "t", "javascript:alert(1)"),
        IssueLine("A-3", "t", "https://x.example/a|b"),
    )
    text = to_markdown(replace(empty_night, conflicts=Listing(3, lines)))
    assert "](" not in text


def test_a_night_without_anything_is_short(empty_night: Findings) -> None:
    """Sections without content are left out."""
    text = to_markdown(empty_night)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Coverage", "Reviews"]


def test_a_goals_depth_is_seen(first_night: Findings) -> None:
    """Children are indented under their parents, and a goal that its source lost says so."""
    goals = (GoalRow("A", "a"), GoalRow("B", "b", depth=1, missing=True))
    text = to_markdown(replace(first_night, goals=goals))
    assert "| &nbsp;&nbsp;&nbsp;&nbsp;**B** b | missing from its source |" in text


def test_what_rules_link_is_told_apart_where_there_is_any(night: Findings) -> None:
    """Linked by a rule is linked; how much of it is so stands beside."""
    assert "by a rule" not in to_markdown(night)
    ruled = replace(night, coverage=replace(night.coverage, by_rule=12))
    assert "Of the linked, 12 are by a rule. Of the unlinked" in to_markdown(ruled)
    assert "Of the linked, 12 are by a rule." in to_html(ruled)


def test_what_changed_in_a_goal_is_marked_and_survives_json(night: Findings, hostile: str) -> None:
    """What went is struck out and what came is bold, whatever the words try."""
    pieces = visible(compare(f"Grow fast {hostile}", f"Grow faster {hostile}"))
    changed = replace(night, goal_changes=(GoalChange("GROW", "Grow", 1, 3, 2, (Changed("title", pieces),)),))
    assert from_json(to_json(changed)) == changed
    text = to_markdown(from_json(to_json(changed)))
    assert "**GROW** Grow, revision 1 → 3, 2 links to confirm:" in text
    assert "- title: Grow ~~fast~~ **faster** \\<script\\>" in text
