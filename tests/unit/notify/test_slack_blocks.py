from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.messages import Content, Item, Kind, State, Subject, compose, continued
from vindaris_sync.domain.wording import compare, visible
from vindaris_sync.notify.parts import web_link
from vindaris_sync.notify.slack_blocks import MAX_ITEMS, body, escape

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOSTILE = "<!channel> <@U123> @here <https://evil.example|click> *bold* _it_ `code` & \u202egnp.exe :tada:"


def _content(*items: Item) -> Content:
    return compose(Subject("Growth", Kind.UNLINKED), items, NOW, link="https://sync.example/")


def _texts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") in ("text", "plain_text", "mrkdwn", "link", "user", "broadcast", "usergroup", "channel"):
            yield node
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def test_a_hostile_title_stands_only_where_nothing_is_markup() -> None:
    """Titles, keys and notes are raw text elements: no mention, link, markup or emoji can come of them."""
    message = body(_content(Item("a", HOSTILE, HOSTILE, note=HOSTILE)))
    found = list(_texts(message["blocks"]))
    assert {node["type"] for node in found} <= {"text", "plain_text", "link"}
    assert [node["url"] for node in found if node["type"] == "link"] == ["https://sync.example/"]
    assert all(node["emoji"] is False for node in found if node["type"] == "plain_text")
    assert any("<!channel> <@U123> @here <https://evil.example|click> *bold*" in node["text"] for node in found)
    assert "\u202e" not in str(message)


def test_the_fall_back_text_is_escaped() -> None:
    """Notifications and old clients show the text, in which only escaped brackets are safe."""
    text = body(_content(Item("a", "APP-1", HOSTILE)))["text"]
    assert "<" not in text
    assert ">" not in text
    assert "&lt;!channel&gt;" in text
    assert "&amp;" in text
    assert escape("&lt;") == "&amp;lt;"


@pytest.mark.parametrize("url", ["javascript:x", "slack://open", "", "https://x/\u202e", "https://x/" + "y" * 3000])
def test_only_web_addresses_become_links(url: str) -> None:
    """An issue with another address is shown by its key alone."""
    assert web_link(url) == ""
    nodes = list(_texts(body(replace(_content(Item("a", "APP-1", "t", url)), link=""))["blocks"]))
    assert not [node for node in nodes if node["type"] == "link"]
    assert {"type": "text", "text": "APP-1", "style": {"bold": True}} in nodes


def test_the_largest_message_stays_within_slacks_limits() -> None:
    """The most items with the longest texts fit into header, blocks and text."""
    long = "w" * 5000
    items = [Item(str(n), f"K{n}{long}", long, "https://x.example/" + "u" * 1900, long) for n in range(MAX_ITEMS)]
    content = compose(
        Subject(long, Kind.SUSPECT, long), items, NOW, members=map(str, range(10_000)), about=long, most=MAX_ITEMS
    )
    message = body(replace(content, headline=long), repeated=True)
    assert len(message["blocks"]) <= 50
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    assert len(message["text"]) <= 4000
    assert all(len(node["text"]) <= 3000 for node in _texts(message["blocks"]))
    assert sum(len(node["text"]) for node in _texts(message["blocks"])) <= 13_000


def test_states_look_different() -> None:
    """A reader tells a resolved and a continued message from an open one at a glance."""
    content = _content(Item("a", "APP-1", "t"))
    heads = [body(each)["blocks"][0]["text"]["text"] for each in (content, _content(), continued(content))]
    assert heads == ["1 issue serves no goal", "✓ Every new issue serves a goal", "↓ 1 issue serves no goal"]


def test_a_possible_repetition_says_so() -> None:
    """Where an earlier attempt may have arrived, the reader is told."""
    assert "may repeat" in str(body(_content(), repeated=True)["blocks"])
    assert "may repeat" not in str(body(_content())["blocks"])


def test_figures_are_listed() -> None:
    """A summary's figures stand in blocks and in the text."""
    content = Content(Subject("G", Kind.NIGHTLY, "d"), State.OPEN, "h", facts=(("Drift", "9 found"),))
    message = body(content)
    assert "Drift: 9 found" in message["text"]
    assert [node["text"] for node in _texts(message["blocks"])] == ["h", "Drift: ", "9 found"]


def test_a_change_is_shown_word_by_word_and_nothing_in_it_is_markup() -> None:
    """What went is struck out, what came is bold; the fall-back text has marks."""
    pieces = visible(compare(f"Grow fast {HOSTILE}", f"Grow faster {HOSTILE}"))
    content = replace(_content(Item("a", "APP-1", "t")), changes=(Changed("Since revision 1, title", pieces),), link="")
    nodes = list(_texts(body(content)["blocks"]))
    assert {"type": "text", "text": "fast", "style": {"strike": True}} in nodes
    assert {"type": "text", "text": "faster", "style": {"bold": True}} in nodes
    assert {node["type"] for node in nodes} <= {"text", "plain_text"}
    assert "\u202e" not in str(nodes)
    text = body(content)["text"]
    assert "Since revision 1, title: Grow [-fast-] {+faster+} &lt;!channel&gt;" in text
    assert "<" not in text


@pytest.mark.parametrize(("mention", "users"), [("U012AB3CD", ["U012AB3CD"]), ("S012AB3CD", []), ("ana", []), ("", [])])
def test_one_person_is_mentioned_and_never_a_group(mention: str, users: list[str]) -> None:
    """Only the id of a person becomes a mention, as an element of its own; the text beside it holds none."""
    message = body(replace(_content(Item("a", "APP-1", "Work")), mention=mention))
    found = list(_texts(message["blocks"]))
    assert [node["user_id"] for node in found if node["type"] == "user"] == users
    assert not {node["type"] for node in found} & {"usergroup", "broadcast"}
    assert "<@" not in message["text"]
