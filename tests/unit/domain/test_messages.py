from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vindaris_sync.domain.messages import Item, Kind, State, Subject, compose, continued, digest

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UNLINKED = Subject("Growth", Kind.UNLINKED)


def _item(number: int, **parts: Any) -> Item:
    return Item(f"jira:{number}", f"APP-{number}", f"Title {number}", since=NOW - timedelta(days=number), **parts)


def test_a_list_says_how_many_there_are_and_how_many_are_not_shown() -> None:
    """The headline counts the whole list, of which only the first lines are shown."""
    content = compose(UNLINKED, [_item(1), _item(2)], NOW, members=["jira:1", "jira:2", "jira:3"], most=1)
    assert content.headline == "3 issues serve no goal"
    assert [line.key for line in content.lines] == ["APP-2"]
    assert (content.total, content.more, content.state) == (3, 2, State.OPEN)
    assert "no goal" not in content.footer
    assert content.footer


def test_one_issue_is_told_in_the_singular() -> None:
    """One issue is no issues."""
    assert compose(UNLINKED, [_item(1)], NOW).headline == "1 issue serves no goal"


def test_urgent_items_come_first_and_who_waits_longest_among_equals() -> None:
    """A reader sees what matters most, not what happens to be new."""
    items = [_item(3), _item(2), _item(9, priority="low"), _item(8, priority="P0")]
    assert [line.key for line in compose(UNLINKED, items, NOW).lines] == ["APP-8", "APP-9", "APP-3", "APP-2"]


def test_a_line_tells_priority_note_and_age() -> None:
    """What stands beside a title is short and in a fixed order."""
    (line,) = compose(UNLINKED, [_item(3, priority="P1", note="target 15 → 10")], NOW).lines
    assert line.note == "P1 · target 15 → 10 · 3 days"


def test_an_empty_list_is_resolved_and_asks_nothing() -> None:
    """Nothing left: the message says so and has no advice."""
    content = compose(UNLINKED, [], NOW)
    assert (content.state, content.footer, content.lines) == (State.RESOLVED, "", ())
    assert content.headline == "Every new issue serves a goal"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_words_for_both_states(kind: Kind) -> None:
    """Each kind names what it is about, opened and resolved, without a place left to fill."""
    subject = Subject("Growth", kind, "GROW")
    for items in ([], [_item(1)], [_item(1), _item(2)]):
        headline = compose(subject, items, NOW).headline
        assert headline
        assert "{" not in headline


def test_a_hostile_title_cannot_break_the_words_around_it() -> None:
    """Braces, line breaks and steering in what a goal is called stay text, and the headline keeps its end."""
    subject = Subject("Growth", Kind.SUSPECT, "G")
    headline = compose(subject, [_item(1)], NOW, about="{n}\n\u202e" + "x" * 500).headline
    assert headline.startswith("{n} xxx")
    assert headline.endswith("has changed: 1 issue to confirm")


def test_the_digest_changes_exactly_with_what_is_visible() -> None:
    """The same list later on the same day looks the same; another title does not; hidden members do not count."""
    content = compose(UNLINKED, [_item(1)], NOW)
    assert digest(compose(UNLINKED, [_item(1)], NOW + timedelta(minutes=5))) == digest(content)
    assert digest(compose(UNLINKED, [_item(1, note="moved")], NOW)) != digest(content)
    assert digest(compose(UNLINKED, [_item(1)], NOW + timedelta(days=1))) != digest(content)


def test_a_lone_surrogate_has_a_digest() -> None:
    """Even a broken address in an item does not stop the message."""
    assert digest(compose(UNLINKED, [Item("a", "A", "t", url="https://x/\ud800")], NOW))


def test_a_continued_message_keeps_its_headline_only() -> None:
    """The old message points on instead of repeating the list."""
    older = continued(compose(UNLINKED, [_item(1)], NOW))
    assert (older.state, older.lines, older.headline) == (State.CONTINUED, (), "1 issue serves no goal")


def test_subjects_with_separators_in_their_names_do_not_collide() -> None:
    """Keys tell subjects apart whatever teams and goals are called."""
    assert Subject('a","b', Kind.SUSPECT, "c").key != Subject("a", Kind.SUSPECT, 'b","c').key
