"""Every kind of channel over real sockets: what people see, within each service's limits, whatever comes in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.integration.notify.places import EDITING, KINDS, NOW, SEARCHING, TOKEN, Place
from tests.integration.notify.test_slack import Clock, Team
from tests.security.corpus import HOSTILE
from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.domain.models import Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import ChannelUnusable
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.errors import Transient, Unknown, VindarisError

SUBJECT = Subject("Growth", Kind.UNLINKED)
PAGE = "https://goals.acme.example/inbox?team=growth"


@pytest.fixture(params=list(KINDS))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with KINDS[request.param](Clock()) as place:
        yield place
        place.channel.close()


editing = pytest.mark.parametrize("place", EDITING, indirect=True)
searching = pytest.mark.parametrize("place", SEARCHING, indirect=True)
one_way = pytest.mark.parametrize("place", [kind for kind in KINDS if kind not in EDITING], indirect=True)


def _team(place: Place) -> Team:
    return Team(place.channel, place.clock)


@editing
def test_a_list_is_one_message_from_its_first_issue_to_its_last(place: Place) -> None:
    """Edited in place as things change, resolved at the end, and a new message for a new episode."""
    team = _team(place)
    for titles in (("one",), ("one", "two"), ("two",), ()):
        team.tell(*titles)
    assert place.heads() == ["✓ Every new issue serves a goal"]
    assert len(place.messages[0].edits) == 3
    team.tell("three")
    assert place.heads() == ["✓ Every new issue serves a goal", "1 issue serves no goal"]


@editing
def test_a_message_that_a_person_deleted_is_posted_anew(place: Place) -> None:
    """While something is open people see it, once."""
    team = _team(place)
    team.tell("one")
    place.world.delete("growth", place.messages[0].id)
    team.tell("one", "two")
    assert place.heads() == ["2 issues serve no goal"]


@editing
def test_a_new_days_addition_continues_the_old_message(place: Place) -> None:
    """Monday's first addition notifies; Friday's message says that it goes on below."""
    team = _team(place)
    team.tell("one")
    place.clock.now += timedelta(days=3)
    team.tell("one", "two")
    assert place.heads() == ["↓ 2 issues serve no goal", "2 issues serve no goal"]


def test_telling_the_same_again_changes_nothing(place: Place) -> None:
    """A second look at an unchanged list is no request at all (L3)."""
    team = _team(place)
    team.tell("one")
    before, asked = place.world.view(), len(place.server.requests.entries())
    team.tell("one")
    assert (place.world.view(), len(place.server.requests.entries())) == (before, asked)


@one_way
def test_where_nothing_can_be_edited_each_change_is_a_new_message(place: Place) -> None:
    """The last one says that nothing is left."""
    team = _team(place)
    for titles in (("one",), ("one", "two"), ()):
        team.tell(*titles)
    assert place.heads() == ["1 issue serves no goal", "2 issues serve no goal", "✓ Every new issue serves a goal"]


def test_hostile_titles_arrive_as_text(place: Place) -> None:
    """No mention, no markup, no link but the issue's own; every word of a stranger is read as it was written."""
    for number, title in enumerate(HOSTILE):
        items = [Item(str(number), title, title, "https://tracker.acme.example/APP-1", note=title)]
        place.channel.post(
            compose(SUBJECT, items, NOW, about=title, footer=one_line(title, 300), link=PAGE), str(number) * 32
        )
    for title, shown in zip(HOSTILE, place.shown(), strict=True):
        assert shown.alive == []
        assert {link.partition("?")[0] for link in shown.links} <= {
            "https://tracker.acme.example/APP-1",
            PAGE.partition("?")[0],
        }
        assert _bare(one_line(title, 140))[:100] in _bare(shown.words)


def _bare(words: str) -> str:
    return "".join(words.replace("\u200b", "").split())


def test_a_thousand_issues_are_ten_lines_and_a_way_to_the_rest(place: Place) -> None:
    """As long as titles, keys and addresses may be, the service takes the message."""
    items = [
        Item(
            str(number),
            f"KEY-{number}" + "x" * 70,
            "*_[<@#" * 40,
            "https://t.acme.example/" + "y" * 1_900,
            "_note" * 30,
        )
        for number in range(1000)
    ]
    place.channel.post(compose(SUBJECT, items, NOW, most=place.channel.max_items, link=PAGE), "k" * 32)
    (shown,) = place.shown()
    listed = shown.words.count("KEY-")
    assert 1 <= listed <= 10
    assert f"and {1000 - listed} more" in shown.words
    assert PAGE in shown.links


@searching
def test_a_message_whose_answer_was_lost_is_found_and_not_sent_twice(place: Place) -> None:
    """The process ends between sending and storing; the next one goes on with the same message (L8)."""
    team = _team(place)
    place.server.faults.add(Fault("reset", path=place.posts, method="POST", times=1, applied=True))
    with pytest.raises(Unknown):
        team.tell("one")
    place.channel.close()
    place.clock.now += timedelta(minutes=20)
    team.channel = place.channel = place.again()
    team.tell("one", "two")
    assert place.heads() == ["2 issues serve no goal"]


def test_where_nothing_was_sent_it_is_sent_once(place: Place) -> None:
    """A service that fails before it takes the message is tried again."""
    team = _team(place)
    place.server.faults.add(Fault("status", status=503, path=place.posts, method="POST", times=1))
    with pytest.raises(Transient):
        team.tell("one")
    place.clock.now += timedelta(minutes=1)
    team.tell("one")
    assert place.heads() == ["1 issue serves no goal"]


def test_a_limit_is_waited_for(place: Place) -> None:
    """How long, the service says; nothing is lost."""
    team = _team(place)
    headers = {"Retry-After": "90"}
    place.server.faults.add(Fault("status", status=429, path=place.posts, method="POST", times=1, headers=headers))
    with pytest.raises(Transient) as caught:
        team.tell("one")
    assert caught.value.retry_after == timedelta(seconds=90)
    team.tell("one")
    assert len(place.messages) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_a_refusal_stops_the_channel_with_advice(place: Place, status: int) -> None:
    """A person must act; neither the text nor the advice tells a secret."""
    place.server.faults.add(Fault("status", status=status, body="go away"))
    with pytest.raises(ChannelUnusable) as caught:
        place.channel.post(compose(SUBJECT, [Item("1", "A", "t")], NOW), "k" * 32)
    assert caught.value.advice
    assert TOKEN not in str(caught.value) + caught.value.advice
    assert place.server.url.rpartition(":")[2] not in str(caught.value)


def test_a_check_posts_nothing(place: Place) -> None:
    """It names the channel and says what it found, or that only a message could tell."""
    findings = place.channel.check()
    assert {finding.level for finding in findings} == {Level.OK}
    assert {finding.subject for finding in findings} == {"notify.growth"}
    assert place.messages == []


def test_a_service_that_is_down_is_later_and_its_address_is_not_told(place: Place) -> None:
    """No connection at all is tried again."""
    place.server.stop()
    content = compose(SUBJECT, [Item("1", "A", "t")], NOW)
    with pytest.raises(VindarisError) as caught:
        place.channel.post(content, "k" * 32)
    assert isinstance(caught.value, Transient)
    assert "127.0.0.1" not in str(caught.value)


def test_threads_hold_history(place: Place) -> None:
    """A line goes to the message's thread, not to the channel; where there are no threads, the channel says so."""
    if Ability.THREADS not in place.channel.abilities:
        with pytest.raises(NotImplementedError):
            place.channel.reply("1", "Ada linked APP-1 to GROW", "k" * 32)
        return
    reference = place.channel.post(compose(SUBJECT, [Item("1", "A", "t")], NOW), "k" * 32)
    for number in range(2):
        place.channel.reply(reference, f"Ada linked *APP-{number}* to GROW @everyone", str(number) * 32)
    lines = [line for line in place.thread() if "Ada linked" in line.words]
    assert [line.words for line in lines] == [f"Ada linked *APP-{number}* to GROW @everyone" for number in range(2)]
    assert [line.alive for line in lines] == [[], []]
    place.channel.reply(reference, "again", "1" * 32, repeated=True)
    assert "again" not in " ".join(line.words for line in place.thread())
