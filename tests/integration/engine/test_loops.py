"""Somebody fights for our field or label: we give in, say so once, and everything else goes on (fault 59)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import Setup, Site, ok, written
from vindaris_sync.domain.contest import REST
from vindaris_sync.sandbox import github
from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.faults import Fault

TOLD = "Somebody keeps undoing what is written on 1 issue"
Bot = Callable[[], None]


def _stubborn(desk: Desk, key: str, *, field: str, label: str) -> Bot:
    """Return two machines at odds: one wants the field to name a goal, the other the label to name another."""

    def act() -> None:
        if desk.field(key) != field:
            desk.set_field(key, field)
        elif f"goal:{label}" not in desk.labels(key):
            for old in desk.labels(key):
                if old.startswith("goal:"):
                    desk.remove_label(key, old)
            desk.add_label(key, f"goal:{label}")

    return act


def _fight(site: Site, bot: Bot, rounds: int) -> list[int]:
    """Let the bot act before each of ``rounds`` rounds; return how much was written in each."""
    counts = []
    for _ in range(rounds):
        site.clock.pass_(minutes=1)
        bot()
        counts.append(written(site.turn(minutes=2)))
    return counts


@pytest.mark.parametrize(
    ("service", "site"),
    [("jira", Setup(names=("jira",))), ("github", Setup(names=("github",), github_field=True))],
    indirect=["site"],
)
def test_two_machines_at_odds_are_left_alone(site: Site, service: str) -> None:
    """After the limit nothing more is written to the issue; it is said once, others are served, a day ends it."""
    desk: Desk = site.jira if service == "jira" else site.github
    key = desk.create("Pay by phone")
    bot = _stubborn(desk, key, field="GROW-1", label="GROW-2")
    counts = _fight(site, bot, 18)
    limit = site.context.trackers[service].settings.write_back.loop_limit
    assert sum(map(bool, counts)) <= 2 * (limit + 1) + 1
    assert counts[-3:] == [0, 0, 0]
    (aside,) = site.store.asides()
    assert (aside.key, aside.flips) == (key, limit + 1)
    assert site.told().count(TOLD) == 1
    other = desk.create("Pay by watch", "goal:GROW-1")
    ok(site.turn(rounds=2))
    assert (site.serves(other), desk.field(other)) == ("linked GROW-1", "GROW-1")
    with site.requests() as counted:
        ok(site.turn(rounds=3))
    assert counted.writes == 0
    site.sound()
    site.clock.pass_(seconds=REST.total_seconds())
    done = ok(site.turn(rounds=2))
    assert site.store.asides() == ()
    assert written(done) == 0
    assert f"✓ {'Every issue is written to again'}" in site.told()
    assert (desk.field(key), f"goal:{desk.field(key)}" in desk.labels(key)) == ("GROW-2", True)


class _Stripping(github.GitHub):
    """A GitHub on which a bot takes every goal label off the moment it was put on."""

    def answer(self, request: Request) -> Response:
        """Answer, then let the bot act."""
        response = super().answer(request)
        asked = re.fullmatch(r"/repos/(.+)/issues/(\d+)/labels", request.path)
        if request.method == "POST" and asked:
            place, number = asked[1], int(asked[2])
            for label in self.world.issue(place, number).document()["labels"]:
                if label["name"].startswith("goal:"):
                    self.world.remove_label(place, number, label["name"], actor="tidy-bot")
        return response


@pytest.mark.parametrize("site", [Setup(hub=_Stripping)], indirect=True)
def test_a_label_that_is_stripped_at_once_is_not_written_for_ever(site: Site) -> None:
    """A bot faster than our reading back: the write is tried a few times, then the issue is left alone."""
    key = site.github.create("Pay by phone")
    ok(site.turn())
    place, number = key.rsplit("#", 1)
    site.link(key, "GROW-1")
    with site.requests() as counted:
        for _ in range(20):
            site.clock.pass_(minutes=2)
            site.round()
    posts = [asked for asked in counted.asked if asked == f"github POST /repos/{place}/issues/{number}/labels"]
    assert len(posts) == site.context.trackers["github"].settings.write_back.loop_limit + 1
    assert [aside.key for aside in site.store.asides()] == [key]
    assert site.serves(key) == "linked GROW-1"
    site.sound()


def test_a_person_who_changes_their_mind_is_no_loop(site: Site) -> None:
    """Ten changes within an hour, each of which we follow, contradict nothing that we wrote."""
    key = site.jira.create("Pay by phone")
    for goal in ("GROW-1", "GROW-2") * 5:
        site.jira.set_field(key, goal)
        ok(site.turn(minutes=3))
        assert site.serves(key) == f"linked {goal}"
    assert site.store.asides() == ()
    assert site.jira.labels(key) == {"goal:GROW-2"}


def test_a_person_resumes_what_was_left_alone(site: Site) -> None:
    """Released, the issue is written again in the next pass, and counted anew."""
    key = site.jira.create("Pay by phone")
    _fight(site, _stubborn(site.jira, key, field="GROW-1", label="GROW-2"), 18)
    record = site.record(key)
    assert record.id in site.store.aside("jira")
    site.link(key, "COST-1")
    ok(site.turn())
    assert site.jira.field(key) != "COST-1"
    site.store.release_aside([record.id], site.clock())
    ok(site.turn(rounds=2))
    assert (site.jira.field(key), site.jira.labels(key)) == ("COST-1", {"goal:COST-1"})
    assert site.store.asides() == ()


def test_answers_that_get_lost_are_nobodys_fight(site: Site) -> None:
    """Twelve writes in a row that were neither answered nor applied set nothing aside."""
    key = site.github.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    site.server.faults.add(Fault("status", "github", status=502, method="POST", path="/labels$"))
    for _ in range(12):
        site.turn(minutes=2)
    assert site.store.asides() == ()
    site.server.faults.clear()
    site.clock.pass_(seconds=timedelta(hours=1).total_seconds())
    ok(site.turn(rounds=2))
    assert "goal:GROW-1" in site.github.labels(key)
