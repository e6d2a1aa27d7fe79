"""The JQL builder: values mean themselves, keys fit, a person's query stays within its parentheses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_connectors.jira import jql

_BMP = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])


def unquoted(text: str) -> str:
    """Read a JQL string as Jira does."""
    assert text[0] == text[-1] == '"'
    plain, place, inner = "", 0, text[1:-1]
    while place < len(inner):
        character = inner[place]
        assert character != '"', "an unescaped quote would end the string"
        if character != "\\":
            plain, place = plain + character, place + 1
        elif inner[place + 1] == "u":
            plain, place = plain + chr(int(inner[place + 2 : place + 6], 16)), place + 6
        else:
            plain += {"n": "\n", "r": "\r", "t": "\t"}.get(inner[place + 1], inner[place + 1])
            place += 2
    return plain


@given(st.text(_BMP))
def test_quoting_is_lossless(text: str) -> None:
    """A quoted text is one JQL string and means exactly the text."""
    assert unquoted(jql.quote(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_needs_no_control_characters(text: str) -> None:
    """Nothing unprintable stands in a query."""
    assert jql.quote(text).isprintable()


@pytest.mark.parametrize("key", ["APP", "A1", "OPS_2", "AND", "ORDER"])
def test_projects_are_quoted(key: str) -> None:
    """A project may be called like a word of JQL."""
    assert jql.projects([key]).text == f'project in ("{key}")'


@pytest.mark.parametrize("key", ["", "a", "app", "A", "1A", "APP-1", 'A" OR 1=1', "APP ", "ÄPP", "A\n"])
def test_what_is_no_project_key_is_refused(key: str) -> None:
    """Keys are checked by pattern, whatever quoting would do."""
    with pytest.raises(ValueError, match="no project key"):
        jql.projects([key])


@pytest.mark.parametrize(
    ("key", "project"), [("APP-12", "APP"), ("OPS_2-1", "OPS_2"), ("APP", ""), ("APP-0", ""), ("", "")]
)
def test_project_of_an_issue_key(key: str, project: str) -> None:
    """The project stands before the number."""
    assert jql.project_of(key) == project


def test_ids_and_keys_are_checked() -> None:
    """What is no id and no key never reaches a query."""
    assert jql.ids(["1", "22"]).text == "id in (1, 22)"
    assert jql.keys(["APP-1"]).text == 'key in ("APP-1")'
    for wrong in ([], ["1 OR 2"], ["-1"], ["\u0661"]):
        with pytest.raises(ValueError, match="numbers"):
            jql.ids(wrong)
    for wrong in ([], ["APP"], ['APP-1") OR key in ("X-1']):
        with pytest.raises(ValueError, match="look like"):
            jql.keys(wrong)


def test_instants_are_unquoted_milliseconds() -> None:
    """A quoted date would be in the account's time zone, to the minute."""
    instant = datetime(2024, 11, 29, 11, 31, 31, 999_999, UTC)
    assert jql.since("updated", instant).text == "updated >= 1732879891999"
    assert jql.since("updated", instant + timedelta(microseconds=1)).text == "updated >= 1732879892000"


@pytest.mark.parametrize("text", ["project = A OR project = B", "summary ~ 'a) OR (b'", r'summary ~ "\") OR ("'])
def test_written_query_stays_together(text: str) -> None:
    """What is joined to a person's query concerns all of it."""
    clause = jql.written(text) & jql.projects(["APP"])
    assert clause.text == f'({text}) AND project in ("APP")'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = 1) OR (b = 2", "parentheses"),
        ("(a = 1", "parentheses"),
        (")(", "parentheses"),
        ("a = 1 ORDER BY key", "ORDER BY"),
        ("a = 1 order  by key", "ORDER BY"),
        ('summary ~ "open', "quotation"),
        ("summary ~ 'open\\'", "quotation"),
        ("a = 1 \\", "quotation"),
    ],
)
def test_written_query_that_could_break_out_is_refused(text: str, reason: str) -> None:
    """Parentheses, quotations and an order of its own are refused with their reason."""
    with pytest.raises(ValueError, match=reason):
        jql.written(text)


def test_order_by_inside_a_string_is_no_order() -> None:
    """A text that holds the words is a text."""
    assert jql.written('summary ~ "order by"').text == '(summary ~ "order by")'


def test_alternatives_stay_together() -> None:
    """OR is put in parentheses, one alternative needs none, none is refused."""
    one, two = jql.ids(["1"]), jql.keys(["APP-2"])
    assert jql.either([one, two]).text == '(id in (1) OR key in ("APP-2"))'
    assert jql.either([one]) == one
    with pytest.raises(ValueError, match="nothing"):
        jql.either([])


def test_order() -> None:
    """A query is sorted ascending by the fields named."""
    assert jql.ids(["1"]).ordered("updated", "key") == "id in (1) ORDER BY updated ASC, key ASC"
