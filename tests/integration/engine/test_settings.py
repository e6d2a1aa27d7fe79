"""Settings that change between two starts of the daemon: what was decided under the former ones is decided anew."""

from __future__ import annotations

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import Site, ok
from vindaris_sync.sdk.settings import WriteBackSettings


def test_write_back_that_is_switched_on_later_writes_what_was_decided_before(one: Site, desk: Desk) -> None:
    """A team that looks first and writes later finds its links on the issues."""
    [name] = one.setup.names
    surfaces = one.context.trackers[name].settings.write_back.surfaces
    one.reconnect(name, write_back=WriteBackSettings(surfaces=surfaces, enabled=False))
    key = desk.create("Pay by phone")
    ok(one.turn())
    one.link(key, "GROW-1")
    ok(one.turn(rounds=2))
    assert (one.serves(key), desk.labels(key)) == ("linked GROW-1", set())
    one.reconnect(name)
    ok(one.turn())
    assert desk.labels(key) == {"goal:GROW-1"}
    with one.requests() as counted:
        assert ok(one.turn()).planned == []
    assert counted.writes == 0
    one.sound()


def test_a_type_that_is_ignored_from_now_on_asks_nothing_and_is_asked_again_when_it_is_not(one: Site) -> None:
    """Tracked is what the settings say now (R6), also of issues that nobody touches any more."""
    [name] = one.setup.names
    desk = one.jira if name == "jira" else one.github
    key = desk.create("Tidy up")
    ok(one.turn(minutes=30, rounds=2))
    assert one.asks(key) == ["unlinked"]
    assert "goal-review" in desk.labels(key)
    kind = one.record(key).type
    one.reconnect(name, ignore_types=[kind])
    ok(one.turn(rounds=2))
    assert (one.asks(key), desk.labels(key)) == ([], set())
    one.reconnect(name)
    ok(one.turn(rounds=2))
    assert (one.asks(key), desk.labels(key)) == (["unlinked"], {"goal-review"})
    one.sound()
