"""From a click in the chat to the label in the tracker and the message that says who decided."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from tests.integration.engine.chat_room import Room
from tests.integration.engine.world import Site, ok
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Provenance
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.sandbox.faults import Fault


@pytest.fixture
def room(site: Site) -> Iterator[Room]:
    """Give #growth with buttons, in which two issues are asked about; one has words of a goal."""
    room = Room(site)
    yield room
    room.close()


def _ask(site: Site, *titles: str) -> list[str]:
    """Open issues that serve no goal, and let the team be told."""
    keys = [site.jira.create(title) for title in titles]
    ok(site.turn(minutes=16))
    ok(site.turn())
    return keys


def test_a_click_on_a_candidate_links_the_issue(site: Site, room: Room) -> None:
    """In the store at once, on the label with the next pass; the message and its thread say who decided what."""
    key, other = _ask(site, "Faster checkout by phone", "Something else")
    assert room.labels(key) == ["GROW-1 Faster checkout", "Other goal…", "Not goal work…"]
    assert room.press("Ann", "GROW-1 Faster checkout", key) == {}
    record = site.record(key)
    assert [(link.goal, link.provenance, link.who) for link in record.links] == [
        (site.goal("GROW-1"), Provenance.ACCEPTED, "Ann (Slack)")
    ]
    site.tell()
    assert site.told() == ["1 issue serves no goal"]
    assert f"✓ {key} linked to GROW-1 by Ann (Slack)" in room.text
    assert other in room.text
    site.clock.pass_(2)
    site.tell()
    assert room.thread == [f"Ann (Slack): {key} linked to GROW-1."]
    ok(site.turn())
    assert "goal:GROW-1" in site.jira.labels(key)
    assert site.asks(key) == []
    assert [(each.who, each.how) for each in site.store.history(issue=record.id) if each.event == "linked"] == [
        ("Ann (Slack)", "chat")
    ]
    site.sound()


def test_the_last_decision_resolves_the_message_and_stands_in_its_thread(site: Site, room: Room) -> None:
    """No pass is needed for people to see that nothing is left."""
    (key,) = _ask(site, "Faster checkout by phone")
    room.press("Ann", "GROW-1 Faster checkout", key)
    for _ in range(2):
        site.tell()
        site.clock.pass_(2)
    assert site.told() == ["✓ Every new issue serves a goal"]
    assert room.thread == [f"Ann (Slack): {key} linked to GROW-1."]
    ok(site.turn(rounds=3))
    assert site.told() == ["✓ Every new issue serves a goal"]
    assert len(room.thread) == 1


def test_two_people_at_once_get_one_decision_and_one_polite_answer(site: Site, room: Room) -> None:
    """Whoever comes second is told alone who was quicker."""
    (key,) = _ask(site, "Faster checkout in more languages")
    assert {"GROW-1 Faster checkout", "GROW-2 More languages"} <= set(room.labels(key))
    payloads = [
        room.people.pressed("Ann", "growth", "GROW-1 Faster checkout", near=key),
        room.people.pressed("Ben", "growth", "GROW-2 More languages", near=key),
    ]
    both = Barrier(2)

    def press(payload: dict[str, object]) -> None:
        both.wait()
        room.hear(payload)

    threads = [Thread(target=press, args=(payload,)) for payload in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (link,) = site.record(key).links
    winner, loser = ("Ann", "Ben") if link.goal == site.goal("GROW-1") else ("Ben", "Ann")
    assert link.who == f"{winner} (Slack)"
    assert room.whispers(winner) == []
    (told,) = room.whispers(loser)
    assert f"{winner} (Slack) linked it to" in told
    assert "nothing was changed" in told


def test_a_click_that_is_delivered_again_decides_once(site: Site, room: Room) -> None:
    """Also after a restart in between: the same click is answered as before."""
    (key,) = _ask(site, "Faster checkout by phone")
    payload = room.people.pressed("Ann", "growth", "GROW-1 Faster checkout", near=key)
    room.hear(payload)
    site.restart()
    site.clock.pass_(1)  # another signature
    room.hear(payload)
    events = [each.event for each in site.store.history(issue=site.record(key).id)]
    assert events.count("linked") == 1
    assert room.whispers("Ann") == []


def test_a_stale_button_decides_nothing(site: Site, room: Room) -> None:
    """The label was set in the tracker since the message was shown: people's edit stands."""
    (key,) = _ask(site, "Faster checkout by phone")
    payload = room.people.pressed("Ann", "growth", "GROW-1 Faster checkout", near=key)
    site.jira.add_label(key, "goal:COST-1")
    site.clock.pass_(60)
    ok(site.round())
    room.hear(payload)
    assert site.serves(key) == "linked COST-1"
    assert "nothing was changed" in room.whispers("Ann")[0]


def test_another_goal_is_searched_and_chosen_in_a_dialog(site: Site, room: Room) -> None:
    """With the reason, which the history and the thread keep."""
    (key,) = _ask(site, "Rack and cooling")
    room.press("Ann", "Choose a goal…", key)
    assert key in str(room.people.modal("Ann").document)
    found = room.people.search("Ann", "hosting")
    assert [each["text"]["text"] for each in found] == ["COST-1 Halve the hosting bill"]
    assert room.submit("Ann", goal=found[0], why="Power is half of it") == {"response_action": "clear"}
    assert site.serves(key) == "unlinked"
    site.turn()
    assert site.serves(key) == "linked COST-1"
    assert room.thread == [f'Ann (Slack): {key} linked to COST-1. "Power is half of it"']


def test_no_goal_work_is_said_with_a_reason_until_when(site: Site, room: Room) -> None:
    """The exempt label follows; the exemption ends by itself."""
    (key,) = _ask(site, "Renew the certificate")
    room.press("Ben", "Not goal work…", key)
    thirty = {"text": {"type": "plain_text", "text": "in 30 days", "emoji": False}, "value": "30"}
    assert room.submit("Ben", reason="Keeps the lights on", days=thirty) == {"response_action": "clear"}
    ok(site.turn())
    assert site.exempt(key)
    assert "no-goal" in site.jira.labels(key)
    assert room.thread == [f'Ben (Slack): {key} exempt: not goal work. "Keeps the lights on"']
    ok(site.turn(minutes=31 * 24 * 60, rounds=2))
    assert not site.exempt(key)


def test_a_suspect_link_is_confirmed_for_what_was_shown(site: Site, room: Room) -> None:
    """The message shows the difference; once the goal changes again, the button of before confirms nothing."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn())
    site.change_goal("GROW-1", title="Fastest checkout")
    ok(site.turn())
    assert "Fastest" in room.text
    assert room.labels(key) == ["Still right", "Other goal…", "Not goal work…"]
    stale = room.people.pressed("Ann", "growth", "Still right", near=key)
    site.change_goal("GROW-1", title="Instant checkout")
    room.hear(stale)
    assert "changed since you looked" in room.whispers("Ann")[0]
    ok(site.turn())
    room.press("Ben", "Still right", key)
    site.tell()
    assert site.asks(key) == []
    assert "confirmed on GROW-1 by Ben (Slack)" in room.text


def test_a_decision_is_taken_back_with_undo_for_ten_minutes(site: Site, room: Room) -> None:
    """The question is asked again, the label goes, and the thread says both; later the button is gone."""
    key, _ = _ask(site, "Faster checkout by phone", "Something else")
    room.press("Ann", "GROW-1 Faster checkout", key)
    ok(site.turn())
    assert "goal:GROW-1" in site.jira.labels(key)
    room.press("Ben", "Undo", "by Ann")
    ok(site.turn(rounds=2))
    assert "goal:GROW-1" not in site.jira.labels(key)
    assert site.told() == ["2 issues serve no goal"]
    assert [line.partition(":")[0] for line in room.thread] == ["Ann (Slack)", "Ben (Slack)"]
    room.press("Ann", "GROW-1 Faster checkout", key)
    ok(site.turn())
    assert "Undo" in str(room.message.blocks)
    ok(site.turn(minutes=11))
    assert "Undo" not in str(room.message.blocks)
    assert "linked to GROW-1 by Ann" in room.text


def test_a_message_that_took_too_long_to_offer_undo_does_not_offer_it_for_ever(
    site: Site, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ten minutes end while the chat is asked to show the button: it is gone with the next round."""
    key, _ = _ask(site, "Faster checkout by phone", "Something else")
    room.press("Ann", "GROW-1 Faster checkout", key)
    site.clock.pass_(minutes=10, seconds=-2)
    show = SlackChannel.update

    def slowly(self: SlackChannel, reference: str, content: Content) -> None:
        site.clock.pass_(3)
        show(self, reference, content)

    monkeypatch.setattr(SlackChannel, "update", slowly)
    site.tell()
    assert "Undo" in str(room.message.blocks)
    site.tell()
    assert "Undo" not in str(room.message.blocks)


def test_who_may_not_decide_is_told_so_and_sees_no_goals(site: Site) -> None:
    """Neither by a button nor in a dialog nor by a search."""
    room = Room(site, deciders=("U-somebody-else",))
    (key,) = _ask(site, "Faster checkout by phone")
    room.press("Ann", "GROW-1 Faster checkout", key)
    room.press("Ann", "Not goal work…", key)
    assert len(room.whispers("Ann")) == 2
    assert "may not decide" in room.whispers("Ann")[0]
    with pytest.raises(LookupError):
        room.people.modal("Ann")
    assert site.record(key).links == ()
    room.close()


def test_a_tracker_that_is_down_keeps_nobody_from_deciding(site: Site, room: Room) -> None:
    """The decision is kept, the message shows it at once, and the label follows when the tracker is back."""
    (key,) = _ask(site, "Faster checkout by phone")
    site.server.faults.add(Fault("status", "jira", status=503))
    room.press("Ann", "GROW-1 Faster checkout", key)
    site.tell()
    assert site.told() == ["✓ Every new issue serves a goal"]
    site.turn()
    assert site.told() == ["✓ Every new issue serves a goal"]
    site.server.faults.clear()
    ok(site.turn(minutes=30, rounds=2))
    assert "goal:GROW-1" in site.jira.labels(key)


def test_a_chat_that_is_down_loses_no_line_of_the_thread_and_repeats_none(site: Site, room: Room) -> None:
    """Whatever fails between, and over a restart."""
    keys = _ask(site, "Faster checkout by phone", "Faster checkout at the till", "Something else")
    room.press("Ann", "GROW-1 Faster checkout", keys[0])
    site.server.faults.add(Fault("reset", "slack", path="/api/chat.postMessage", times=1))
    site.tell()
    site.restart()
    room.press("Ben", "GROW-1 Faster checkout", keys[1])
    for _ in range(4):
        site.clock.pass_(60)
        site.tell()
    assert room.thread == [f"Ann (Slack): {keys[0]} linked to GROW-1.", f"Ben (Slack): {keys[1]} linked to GROW-1."]


def test_many_decisions_are_counted_in_one_line(site: Site, room: Room) -> None:
    """A thread is no log of a mass change: ten lines, and how many more."""
    keys = _ask(site, *(f"Faster checkout {number}" for number in range(12)), "Left")
    site.server.faults.add(Fault("status", "slack", status=503))
    answers = room.clicks.answers
    for key in keys[:12]:
        answers.link(key, ["GROW-1"], By("Ann (page)", "page", "", site.clock()))
        site.clock.pass_(1)
    ok(site.turn())
    site.server.faults.clear()
    ok(site.turn(minutes=40))
    assert len(room.thread) == 11
    assert room.thread[-1] == "2 more decisions, which the history holds."


def test_hostile_titles_stand_as_text_on_buttons_and_in_dialogs(site: Site, room: Room) -> None:
    """No mention, no markup, nothing that Slack refuses."""
    hostile = "<!channel> faster checkout \u202e *x* " + "y" * 200
    site.change_goal("GROW-1", title=f"Faster checkout <!here> {'z' * 300}")
    (key,) = _ask(site, hostile)
    labels = room.labels(key)
    assert len(labels) > 1
    assert all(len(label) <= 75 for label in labels)
    assert "<!channel>" not in room.text
    room.press("Ann", "Other goal…", key)
    assert "mrkdwn" not in str(room.people.modal("Ann").document)
    assert room.people.search("Ann", "checkout")
    room.press("Ann", labels[0], key)
    assert site.record(key).links
