from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from pydantic import ValidationError

from vindaris_connectors.jira.goal_mapping import GoalMapper, shown, span, status_of
from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_connectors.jira.texts import text_of
from vindaris_sync.domain.goals import Outcome, Status
from vindaris_sync.domain.models import IssueRef
from vindaris_sync.sdk.goals import StatedGoal, Unfit
from vindaris_sync.sdk.outcome_tables import Text, Unreadable, outcomes_in


def mapper(**settings: Any) -> GoalMapper:
    """Return a mapper whose named fields have their names as ids."""
    wanted = JiraGoalSettings.model_validate({"tracker": "main", "types": ["Epic"], **settings})
    return GoalMapper("main", wanted, {name: name for name in wanted.named_fields}, ("parent", "epic-link"))


def issue(**fields: Any) -> dict[str, Any]:
    """Return an epic as Jira prints it."""
    usual = {
        "updated": "2026-03-02T09:00:00.000+0000",
        "summary": "Pay by card",
        "status": {"name": "In Progress", "statusCategory": {"key": "indeterminate", "name": "In Progress"}},
    }
    return {"id": "10007", "key": "APP-7", "fields": {**usual, **fields}}


def goal(raw: dict[str, Any], **settings: Any) -> StatedGoal:
    """Return the issue as a goal."""
    found = mapper(**settings).stated(raw)
    assert isinstance(found, StatedGoal), found
    return found


def adf(*content: dict[str, Any]) -> dict[str, Any]:
    """Return a document."""
    return {"type": "doc", "version": 1, "content": list(content)}


def para(*texts: str) -> dict[str, Any]:
    """Return a paragraph."""
    return {"type": "paragraph", "content": [{"type": "text", "text": text} for text in texts]}


def table(*rows: tuple[str, ...]) -> dict[str, Any]:
    """Return a table whose first row is its head."""
    kinds = ["tableHeader", *["tableCell"] * (len(rows) - 1)]
    return {
        "type": "table",
        "content": [
            {"type": "tableRow", "content": [{"type": kind, "content": [para(cell)]} for cell in row]}
            for kind, row in zip(kinds, rows, strict=True)
        ],
    }


# --- what an issue states -------------------------------------------------------------------------------------------


def test_an_issue_is_a_goal_with_its_parts() -> None:
    """Each from the field that is usual for it."""
    found = goal(
        issue(
            description="h2. Why\n\nCards are *what* people use.",
            priority={"name": "High"},
            assignee={"displayName": "Ana", "name": "ana1"},
            parent={"id": "10001", "key": "APP-1"},
        )
    )
    assert (found.id, found.parent, found.stamp) == ("10007", "10001", "2026-03-02T09:00:00+00:00")
    assert (found.goal.key, found.goal.title, found.goal.owner) == ("APP-7", "Pay by card", "Ana")
    assert (found.goal.description, found.goal.priority) == ("Why\nCards are what people use.", "High")
    assert (found.goal.status, found.goal.period) == (Status.ACTIVE, None)
    assert found.goal.issue == IssueRef("main", "10007")


def test_the_sparsest_issue_is_a_goal() -> None:
    """Absent and null keys, a priority that says None."""
    found = goal(issue(description=None, priority={"name": "None"}, assignee=None))
    assert (found.goal.description, found.goal.priority, found.goal.owner, found.parent) == ("", None, None, "")


def test_fields_are_those_that_the_configuration_names() -> None:
    """Key, title and period from custom fields; an empty name leaves a part out."""
    raw = issue(Goal=" GROW-1 ", Label="Growth", Quarter={"value": "2026", "child": {"value": "Q4"}}, description="x")
    found = goal(raw, key="Goal", title="Label", period="Quarter", description="", owner="")
    assert (found.goal.key, found.goal.title) == ("GROW-1", "Growth")
    assert (found.goal.period, found.goal.description) == ("2026 / Q4", "")


def test_an_empty_key_field_is_told_with_its_way_out() -> None:
    """The issue's own key is no substitute for the one that was asked for."""
    found = mapper(key="Goal").stated(issue(Goal=None))
    assert found == Unfit(
        "10007", "APP-7", "field 'Goal' is empty: it holds the goal's key, fill it in", "2026-03-02T09:00:00+00:00"
    )


@pytest.mark.parametrize("fields", [{"status": None}, {"updated": 7}, {"description": 7}])
def test_an_issue_of_another_shape_is_unfit_and_no_error(fields: dict[str, Any]) -> None:
    """Whatever Jira prints, the other goals count."""
    assert isinstance(mapper().stated(issue(**fields)), Unfit)


def test_the_epic_link_tells_the_parents_key() -> None:
    """And the parent goes before."""
    assert goal(issue(**{"epic-link": "APP-1"})).parent == "APP-1"
    assert goal(issue(**{"epic-link": "APP-1", "parent": {"id": "5"}})).parent == "5"
    assert goal(issue(parent={"data": {"id": 6, "key": "APP-6"}})).parent == "6"


# --- status ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "resolution", "expected"),
    [
        ("new", None, Status.PROPOSED),
        ("indeterminate", None, Status.ACTIVE),
        ("done", "Done", Status.ACHIEVED),
        ("done", None, Status.ACHIEVED),
        ("done", "Won't Do", Status.ABANDONED),
        ("done", "Won\u2019t Fix", Status.ABANDONED),
        ("indeterminate", "Won't Do", Status.ACTIVE),
        ("undefined", None, Status.ACTIVE),
    ],
)
def test_a_status_means_what_its_category_and_resolution_say(
    category: str, resolution: str | None, expected: Status
) -> None:
    """What is done was achieved, unless it was dropped."""
    fields = {
        "status": {"name": "Any", "statusCategory": {"key": category}},
        "resolution": resolution and {"name": resolution},
    }
    assert status_of(fields, {}) is expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"parked": Status.ABANDONED}, Status.ABANDONED),
        ({"in progress": Status.PROPOSED}, Status.PROPOSED),
        ({"INDETERMINATE": Status.PROPOSED}, Status.PROPOSED),
        ({"Superseded": Status.ACHIEVED, "Parked": Status.ABANDONED}, Status.ACHIEVED),
        ({"Other": Status.ABANDONED}, Status.ACTIVE),
    ],
)
def test_the_configuration_says_otherwise(chosen: dict[str, Status], expected: Status) -> None:
    """By resolution, status, or category, in any case."""
    fields = {
        "status": {"name": "Parked", "statusCategory": {"key": "indeterminate", "name": "In Progress"}},
        "resolution": {"name": "Superseded"},
    }
    assert status_of(fields, chosen) is expected


# --- periods and values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-10-01", "2026-12-31", "2026-Q4"),
        ("2026-07-01", "2026-12-31", "2026-H2"),
        ("2026-01-01", "2026-12-31", "2026"),
        ("2026-04-01", "2027-03-31", "2026-04-01 to 2027-03-31"),
        ("2026-02-01", "2026-04-30", "2026-02-01 to 2026-04-30"),
        ("2026-10-02", "2026-12-31", "2026-10-02 to 2026-12-31"),
        ("2026-10-01T08:00:00.000+0000", "", "from 2026-10-01T08:00:00.000+0000"),
        ("", "2026-12-31", "until 2026-12-31"),
        ("", "", ""),
        ("spring", "autumn", "spring to autumn"),
    ],
)
def test_two_dates_are_a_period(first: str, last: str, expected: str) -> None:
    """By its usual name where it has one."""
    assert span(first, last) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, ""),
        (3, "3"),
        (2.5, "2.5"),
        (" two\nlines ", "two lines"),
        ({"value": "A", "child": {"value": "b"}}, "A / b"),
        ({"displayName": "Ana", "name": "ana1"}, "Ana"),
        ([{"name": "1.0"}, {"name": "1.1"}, None], "1.0, 1.1"),
        (adf(para("a"), para("b")), "a b"),
        ({"id": 7}, ""),
    ],
)
def test_a_field_of_any_type_shows_one_line(value: object, expected: str) -> None:
    """Options, people, versions, numbers, documents."""
    assert shown(value) == expected


# --- texts ------------------------------------------------------------------------------------------------------------


def test_wiki_markup_becomes_plain_text() -> None:
    """What is marked stays, its marks go."""
    text = (
        "h1. Why\r\n\r\n* *Cards* are [what|https://acme.example/a|b] people -hate- use\\\\\nnow_and_then, {{code}}\n"
        "----\n{quote}5 * 3 * 2 is \\*thirty\\*{quote} !chart.png|thumbnail! {color:red}soon{color}"
    )
    assert str(text_of(text)) == (
        "Why\nCards are what people hate use\nnow_and_then, code\n5 * 3 * 2 is *thirty*  soon"
    )


def test_a_document_becomes_plain_text() -> None:
    """Lists, cards, dates, mentions, code; what shows no text is left out."""
    document = adf(
        {"type": "heading", "attrs": {"level": 1}, "content": [{"type": "text", "text": "Why"}]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [para("one")]}, {"type": "listItem"}]},
        {
            "type": "paragraph",
            "content": [
                {"type": "mention", "attrs": {"id": "1", "text": "@ana"}},
                {"type": "text", "text": " until "},
                {"type": "date", "attrs": {"timestamp": "1767139200000"}},
                {"type": "hardBreak"},
                {"type": "inlineCard", "attrs": {"url": "https://acme.example"}},
                {"type": "emoji", "attrs": {"shortName": ":tada:"}},
            ],
        },
        {
            "type": "expand",
            "attrs": {"title": "x"},
            "content": [{"type": "codeBlock", "content": [{"type": "text", "text": "a\nb"}]}],
        },
        {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "7"}}]},
        {"type": "date", "attrs": {"timestamp": "soon"}},
    )
    assert str(text_of(document)) == "Why\none\n@ana until 2025-12-31\nhttps://acme.example:tada:\na\nb"


def test_a_document_nested_without_end_is_refused() -> None:
    """It is no error of ours: the issue is unfit."""
    node = para("deep")
    for _ in range(300):
        node = {"type": "blockquote", "content": [node]}
    assert isinstance(mapper().stated(issue(description=adf(node))), Unfit)


def test_what_is_no_text_is_refused() -> None:
    """A number is no description."""
    with pytest.raises(ValueError, match="a text was expected, not list"):
        text_of([])


# --- outcomes ---------------------------------------------------------------------------------------------------------

WIKI = """Before
||Key result||Target||Baseline||Current||Note||
|orders on [day one|https://x.example/a]|60 %|22|1,041.5|x|
|*NRR*|110|98,5|tbd| |
| | | | | |
After"""
ADF = adf(
    para("Before"),
    table(
        ("Key result", "Target", "Baseline", "Current", "Note"),
        ("orders on day one", "60 %", "22", "1,041.5", "x"),
        ("NRR", "110", "98,5", "tbd", ""),
        ("", "", "", "", ""),
    ),
    para("After"),
)


@pytest.mark.parametrize("description", [WIKI, ADF], ids=["wiki markup", "document"])
def test_a_table_in_the_description_states_outcomes(description: object) -> None:
    """In both forms alike, columns in any order, a unit behind the number; the table is no part of the text."""
    found = goal(issue(description=description)).goal
    assert found.outcomes == (
        Outcome("orders on day one", "%", 22.0, 60.0, 1041.5),
        Outcome("NRR", "", 98.5, 110.0, None),
    )
    assert found.description == "Before\nAfter"


def test_other_tables_are_text() -> None:
    """A table without metric and target, and every table where none is wanted."""
    assert outcomes_in(text_of("||Who||When||\n|Ana|now|"))[0] == ()
    found = goal(issue(description=WIKI), outcome_table=False).goal
    assert found.outcomes == ()
    assert "NRR | 110 | 98,5 | tbd | " in found.description
    assert outcomes_in(Text())[0] == ()


@pytest.mark.parametrize("number", ["many", "1.2.3", "1,2,3", "--5", "9" * 400])
def test_a_number_that_is_none_is_told_with_its_place(number: str) -> None:
    """The goal is unfit, and people read where to look."""
    found = mapper().stated(issue(description=f"||Metric||Target||\n|NRR|110|\n|churn|{number}|"))
    assert isinstance(found, Unfit)
    assert found.reason == (
        f"description, table of outcomes, row 2: Target {number[:40]!r} is no number: "
        "write one, 98.5 or 98.5 %, or leave it empty"
    )


def test_a_row_without_a_metric_is_told() -> None:
    """Nobody could say what its number measures."""
    with pytest.raises(Unreadable, match="row 1: Metric is empty"):
        outcomes_in(text_of("||Metric||Target||\n| |110|"))


def test_outcomes_stand_in_number_fields() -> None:
    """One without any value is none; text in a field is read as in a table."""
    wanted = [
        {"metric": "NRR", "unit": "%", "target": "Target", "current": "Now"},
        {"metric": "churn", "target": "Churn"},
    ]
    found = goal(issue(Target=110, Now="98.5 %", Churn=None), outcomes=wanted).goal
    assert found.outcomes == (Outcome("NRR", "%", None, 110.0, 98.5),)
    assert isinstance(mapper(outcomes=wanted).stated(issue(Churn={"value": "x"})), Unfit)


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [{}, {"types": ["Epic"], "jql": "project = APP"}, {"types": ["Epic"], "period": ["a", "b", "c"]}]
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any]) -> None:
    """Either types or a query, and one field or two for the period."""
    with pytest.raises(ValidationError):
        JiraGoalSettings.model_validate({"tracker": "main", **settings})


def test_a_query_is_checked_like_a_trackers() -> None:
    """It is joined with others."""
    with pytest.raises(ValidationError, match="leave out ORDER BY"):
        JiraGoalSettings.model_validate({"tracker": "main", "jql": "type = Epic order by rank"})


@pytest.mark.parametrize("piece", ["*a ", "[a", "!a.png", "{{a ", "|a", "{quote", "||a", "_-+"])
def test_hostile_markup_costs_time_in_proportion(piece: str) -> None:
    """A quarter of a million characters of markup that never ends are read in a moment."""
    started = process_time()
    text_of(piece * (250_000 // len(piece)))
    assert process_time() - started < 5
