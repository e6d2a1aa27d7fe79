"""Living messages against the sandbox's Slack over real sockets: asserted is what people see in the channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from vindaris_sync.domain.living import Edit, Living, Nothing, Post, Step, advanced, begun, next_step, not_sent
from vindaris_sync.domain.messages import Content, Item, Kind, Subject, compose
from vindaris_sync.domain.models import Level
from vindaris_sync.domain.quiet import WEEKDAYS, Hours
from vindaris_sync.notify import Channel, ChannelUnusable, MessageGone, deliver, slack_blocks
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_webhook import SlackWebhookChannel
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sandbox.slack import Message, Slack, World
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.secret import Secret

BERLIN = Hours(ZoneInfo("Europe/Berlin"), days=WEEKDAYS)
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOSTILE = "<!channel> <@U123> @here <https://evil.example|click> *bold* `code`"


@dataclass
class Clock:
    """The instant that both sides believe in; it moves only when told."""

    now: datetime = FRIDAY

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Team:
    """One team's alert as the relay keeps it: what is stored survives, what is only in hand does not."""

    channel: Channel
    clock: Clock
    stored: Living | None = None
    subject: Subject = field(default_factory=lambda: Subject("Growth", Kind.UNLINKED))

    def tell(self, *titles: str) -> None:
        """Bring the message up to date with a list, in the relay's order: store the attempt, deliver, store."""
        items = [Item(title, f"APP-{number}", title) for number, title in enumerate(titles)]
        content = compose(self.subject, items, self.clock.now)
        while not isinstance(step := self._step(content), Nothing):
            self._carry_out(step, content)
        self.stored = advanced(self.stored, step, content, "", self.clock.now)

    def _step(self, content: Content) -> Step:
        editable = Ability.EDIT in self.channel.abilities
        return next_step(self.stored, content, self.clock.now, BERLIN, editable=editable)

    def _carry_out(self, step: Step, content: Content) -> None:
        self.stored = begun(self.stored, step, self.clock.now)
        try:
            self.stored = deliver(self.channel, step, content, self.stored, self.clock.now)
        except (Transient, ChannelUnusable) as error:
            if self.stored and not isinstance(error, Unknown):
                self.stored = not_sent(self.stored, self.clock.now)
            raise


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    world = World(clock)
    world.create_channel("random")
    world.create_channel("growth")
    world.tokens["xoxb-sandbox-token"] = "goalbot"
    return world


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with Server({"/slack": Slack(world)}) as server:
        yield server


@pytest.fixture
def team(server: Server, clock: Clock) -> Iterator[Team]:
    channel = SlackChannel("growth", "#growth", Secret("xoxb-sandbox-token"), f"{server.url}/slack/api")
    yield Team(channel, clock)
    channel.close()


def _seen(world: World) -> list[Message]:
    return world.channels["growth"].messages


def _texts(world: World) -> list[str]:
    return [message.text.splitlines()[0] for message in _seen(world)]


def test_a_list_is_one_message_from_its_first_issue_to_its_last(team: Team, world: World) -> None:
    """Edited in place as things change, marked resolved at the end, and a new one only for a new episode."""
    for titles in (("one",), ("one", "two"), ("two",), ()):
        team.tell(*titles)
    assert _texts(world) == ["✓ Every new issue serves a goal"]
    assert [edit["text"].splitlines()[0] for edit in _seen(world)[0].edits] == [
        *("1 issue serves no goal", "2 issues serve no goal", "1 issue serves no goal")
    ]
    team.tell()
    team.tell("three")
    assert _texts(world) == ["✓ Every new issue serves a goal", "1 issue serves no goal"]


def test_telling_the_same_again_changes_nothing(team: Team, world: World) -> None:
    """A second look at an unchanged list makes no request that people could notice (L3)."""
    team.tell("one")
    before = world.view()
    team.tell("one")
    assert world.view() == before


def test_a_new_days_addition_is_a_new_message(team: Team, world: World, clock: Clock) -> None:
    """Monday's first addition notifies; Friday's message says that it goes on below."""
    team.tell("one")
    clock.now += timedelta(days=3)
    team.tell("one", "two")
    team.tell("one", "two", "three")
    assert _texts(world) == ["↓ 2 issues serve no goal", "3 issues serve no goal"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=429, path="chat.update", times=1),
        Fault("status", status=500, path="chat.update", times=1),
    ],
)
def test_a_new_message_is_not_sent_again_where_only_the_old_ones_mark_failed(
    server: Server, team: Team, world: World, clock: Clock, fault: Fault
) -> None:
    """The limit comes between both: what was sent is recognised, and the mark is made up for (L8)."""
    team.tell("one")
    clock.now += timedelta(days=3)
    server.faults.add(fault)
    with pytest.raises(Transient):
        team.tell("one", "two")
    clock.now += timedelta(minutes=2)
    team.tell("one", "two")
    assert _texts(world) == ["↓ 2 issues serve no goal", "2 issues serve no goal"]


def test_an_older_message_that_was_deleted_needs_no_mark(team: Team, world: World, clock: Clock) -> None:
    """A new day's message goes out although nobody can be told that the old one goes on."""
    team.tell("one")
    world.delete("growth", _seen(world)[0].ts)
    clock.now += timedelta(days=3)
    team.tell("one", "two")
    assert _texts(world) == ["2 issues serve no goal"]


def test_a_hostile_title_is_read_as_it_was_written(team: Team, world: World) -> None:
    """No mention, link or markup stands in what people see."""
    team.tell(HOSTILE)
    (message,) = _seen(world)
    (element,) = message.blocks[1]["elements"][0]["elements"]
    assert [part["type"] for part in element["elements"]] == ["text", "text"]
    assert element["elements"][1]["text"].strip() == HOSTILE
    assert "<" not in message.text


@pytest.mark.parametrize("later", [timedelta(minutes=2), timedelta(days=-730)], ids=["later", "clock set back"])
def test_a_crash_after_posting_leaves_one_message(team: Team, world: World, clock: Clock, later: timedelta) -> None:
    """Killed between sending and storing (faults 4, 14): the message is recognised by its key and shown anew."""
    content = compose(team.subject, [Item("one", "APP-0", "one")], clock.now)
    step = next_step(None, content, clock.now, BERLIN)
    assert isinstance(step, Post)
    team.stored = begun(None, step, clock.now)
    deliver(team.channel, step, content, team.stored, clock.now)  # what it returns is lost
    clock.now += later
    team.tell("one", "two")
    assert _texts(world) == ["2 issues serve no goal"]
    assert team.stored.open
    team.tell()
    assert _texts(world) == ["✓ Every new issue serves a goal"]


def test_a_crash_before_posting_loses_nothing(team: Team, world: World, clock: Clock) -> None:
    """The attempt was stored and nothing sent: it is looked for, not found, and sent once."""
    content = compose(team.subject, [Item("one", "APP-0", "one")], clock.now)
    step = next_step(None, content, clock.now, BERLIN)
    assert isinstance(step, Post)
    team.stored = begun(None, step, clock.now)
    clock.now += timedelta(minutes=2)
    team.tell("one")
    team.tell("one")
    assert _texts(world) == ["1 issue serves no goal"]
    assert "may repeat" not in str(_seen(world)[0].blocks)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset", path="chat.postMessage", applied=True, times=1),
        Fault("truncate", path="chat.postMessage", times=1),
        Fault("html", path="chat.postMessage", applied=True, times=1),
        Fault("status", path="chat.postMessage", status=502, applied=True, times=1),
    ],
    ids=lambda fault: fault.kind,
)
def test_an_answer_that_was_lost_does_not_double_the_message(
    team: Team, world: World, server: Server, fault: Fault
) -> None:
    """The post was applied and its answer never came whole: the next try finds it."""
    server.faults.add(fault)
    with pytest.raises(Unknown):
        team.tell("one")
    team.clock.now += timedelta(minutes=1)
    team.tell("one")
    assert _texts(world) == ["1 issue serves no goal"]


@pytest.mark.parametrize("titles", [(), ("one", "two")], ids=["resolved", "edited"])
def test_an_edit_whose_answer_was_lost_is_not_taken_for_one_that_was_never_made(
    team: Team, world: World, server: Server, titles: tuple[str, ...]
) -> None:
    """The list is as it was told before by the time of the next try: the message, which has changed, is set right."""
    team.tell("one")
    server.faults.add(Fault("reset", path="chat.update", applied=True, times=1))
    with pytest.raises(Transient):
        team.tell(*titles)
    assert _texts(world) != ["1 issue serves no goal"]
    team.tell("one")
    assert _texts(world) == ["1 issue serves no goal"]


def test_a_crash_after_an_edit_leaves_no_message_that_is_wrong(team: Team, world: World, clock: Clock) -> None:
    """Killed between an edit and its storing (fault 4): what the message shows is not taken for what is stored."""
    team.tell("one")
    content = compose(team.subject, [Item("one", "APP-0", "one"), Item("two", "APP-1", "two")], clock.now)
    step = next_step(team.stored, content, clock.now, BERLIN)
    assert isinstance(step, Edit)
    team.stored = begun(team.stored, step, clock.now)
    deliver(team.channel, step, content, team.stored, clock.now)  # what it returns is lost
    team.tell("one")
    assert _texts(world) == ["1 issue serves no goal"]


def test_a_deleted_message_is_posted_anew(team: Team, world: World) -> None:
    """While something is open people see it, even where somebody deleted the message; else it stays away."""
    team.tell("one")
    world.delete("growth", _seen(world)[0].ts)
    team.tell("one", "two")
    assert _texts(world) == ["2 issues serve no goal"]
    world.delete("growth", _seen(world)[0].ts)
    team.tell()
    assert _texts(world) == []
    assert team.stored is not None
    assert not team.stored.open


def test_a_message_is_found_again_though_our_clock_was_years_ahead(team: Team, world: World, clock: Clock) -> None:
    """What was sent before a crash is recognised by its key, whatever our clock said then (faults 4, 14)."""
    team.tell("one")
    (message,) = _seen(world)
    key = message.metadata["event_payload"]["key"]
    found = team.channel.find(key, clock.now + timedelta(days=700))
    assert found == f"{world.channel('growth').id}:{message.ts}"
    assert not team.channel.find("another", clock.now + timedelta(days=700))


def test_a_chat_that_was_down_for_a_day_shows_one_message(team: Team, world: World, clock: Clock) -> None:
    """Nothing is lost and nothing comes in a burst (fault 50)."""
    world.archive("growth")
    for hours in range(24):
        clock.now += timedelta(hours=1)
        with pytest.raises(ChannelUnusable, match="is_archived"):
            team.tell(*(f"issue {number}" for number in range(hours + 1)))
    world.archive("growth", archived=False)
    clock.now += timedelta(hours=1)
    team.tell("issue 1", "issue 2")
    assert _texts(world) == ["2 issues serve no goal"]
    assert "may repeat" not in str(_seen(world)[0].blocks)


def test_slack_says_when_to_come_back(server: Server, world: World, clock: Clock) -> None:
    """A channel takes a message a second; the pause it names reaches the relay."""
    world.strict_rate = True
    channel = SlackChannel("growth", "#growth", Secret("xoxb-sandbox-token"), f"{server.url}/slack/api")
    Team(channel, clock).tell("one")
    with pytest.raises(Transient) as caught:
        Team(channel, clock, subject=Subject("Growth", Kind.CONFLICT)).tell("two")
    assert caught.value.retry_after == timedelta(seconds=1)
    channel.close()


def test_a_bad_token_is_told_with_advice(server: Server, clock: Clock) -> None:
    """On posting and on the check, and the token is in neither text (L9)."""
    channel = SlackChannel("growth", "#growth", Secret("xoxb-revoked-token"), f"{server.url}/slack/api")
    with pytest.raises(ChannelUnusable) as caught:
        Team(channel, clock).tell("one")
    (finding,) = channel.check()
    assert (caught.value.reason, finding.level) == ("credentials", Level.ERROR)
    assert "revoked-token" not in f"{caught.value} {finding}"
    channel.close()


def test_the_check_finds_bot_and_channel(team: Team, world: World) -> None:
    """A doctor's look posts nothing."""
    assert [finding.level for finding in team.channel.check()] == [Level.OK]
    assert _seen(world) == []


def test_a_webhook_posts_only_when_the_list_changed(server: Server, world: World, clock: Clock) -> None:
    """It cannot edit: an addition and the end are a message each, a day gone by is none."""
    channel = SlackWebhookChannel("growth", Secret(f"{server.url}/slack{world.create_hook('growth')}"))
    team = Team(channel, clock)
    for titles in (("one",), ("one",), ("one", "two"), (), ()):
        clock.now += timedelta(days=1)
        team.tell(*titles)
    assert _texts(world) == [*("1 issue serves no goal", "2 issues serve no goal", "✓ Every new issue serves a goal")]
    assert _seen(world)[0].blocks
    channel.close()


def test_an_interrupted_webhook_says_that_it_may_repeat_itself(server: Server, world: World, clock: Clock) -> None:
    """Nobody can ask a webhook what arrived, so at worst there is one marked duplicate (fault 4)."""
    channel = SlackWebhookChannel("growth", Secret(f"{server.url}/slack{world.create_hook('growth')}"))
    content = compose(Subject("Growth", Kind.UNLINKED), [Item("one", "APP-0", "one")], clock.now)
    step = next_step(None, content, clock.now, BERLIN, editable=False)
    assert isinstance(step, Post)
    team = Team(channel, clock, begun(None, step, clock.now))
    deliver(channel, step, content, team.stored, clock.now)
    clock.now += timedelta(minutes=1)
    team.tell("one")
    assert len(_seen(world)) == 2
    assert "may repeat" in str(_seen(world)[1].blocks)
    assert "may repeat" not in str(_seen(world)[0].blocks)
    assert next_step(team.stored, content, clock.now, BERLIN, editable=False) == Nothing(
        "nothing was added or resolved"
    )
    channel.close()


def test_a_thread_holds_a_line_once_however_often_it_is_sent(team: Team, world: World) -> None:
    """An attempt whose end is unknown is looked for in the thread; what strangers wrote stays text."""
    team.tell("one")
    assert team.stored is not None
    reference, growth = team.stored.reference, world.channels["growth"]
    team.channel.reply(reference, f"Ann linked {HOSTILE}", "k1")
    team.channel.reply(reference, f"Ann linked {HOSTILE}", "k1", repeated=True)
    team.channel.reply(reference, "Ben confirmed APP-2", "k2", repeated=True)
    said = [reply.text for reply in growth.thread(growth.messages[0].ts)]
    assert said == [f"Ann linked {slack_blocks.escape(HOSTILE)}", "Ben confirmed APP-2"]
    assert len(growth.messages) == 1


def test_a_thread_of_a_deleted_message_is_gone(team: Team, world: World) -> None:
    """Nothing is said into the channel instead."""
    team.tell("one")
    assert team.stored is not None
    world.delete("growth", _seen(world)[0].ts)
    with pytest.raises(MessageGone):
        team.channel.reply(team.stored.reference, "a line", "k")
    assert _seen(world) == []
