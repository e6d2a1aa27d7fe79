"""Writes that a tracker does not take, or whose answer is lost: said once, remembered, made once."""

from __future__ import annotations

import pytest

from tests.integration.engine.world import Setup, Site, ok, outcome
from vindaris_sync.domain import decisions
from vindaris_sync.sandbox.faults import Fault

MANY = 12


@pytest.mark.parametrize("names", [("jira",), ("github",)], ids=["read-only project", "archived repository"])
def test_a_place_that_refuses_writes_is_tried_once_and_probed_at_night(
    names: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Said once with the fix and planned no more; others are written; the nightly probe lifts it (fault 60)."""
    site = Site(tmp_path_factory.mktemp("site"), Setup(names=names))
    try:
        ok(site.turn())
        desk = site.jira if names == ("jira",) else site.github
        shut = [desk.create(f"Step {number}") for number in range(MANY)]
        free = desk.create("Elsewhere", place=desk.other)
        ok(site.turn())
        desk.lock()
        for key in (*shut, free):
            site.link(key, "COST-1")
        with site.requests() as counted:
            ok(site.turn())
        assert desk.labels(free) == {"goal:COST-1"}
        assert [desk.labels(key) for key in shut] == [set()] * MANY
        assert [site.serves(key) for key in shut] == ["linked COST-1"] * MANY
        assert counted.writes <= 24  # two surfaces, a few in flight each, however many issues; two messages tell of it
        assert {refusal.place for refusal in site.store.refusals()} == {desk.place}
        assert all(refusal.advice for refusal in site.store.refusals())
        with site.requests() as counted:
            done = ok(site.turn())
        assert (done.planned, counted.writes) == ([], 0)
        site.night()
        assert site.store.refusals() != ()
        assert [desk.labels(key) for key in shut] == [set()] * MANY
        desk.lock(locked=False)
        site.night()
        ok(site.turn(rounds=2))
        assert [desk.labels(key) for key in shut] == [{"goal:COST-1"}] * MANY
        assert site.store.refusals() == ()
        site.sound()
    finally:
        site.close()


def test_a_field_that_is_not_on_the_screen_leaves_the_label(site: Site) -> None:
    """The next rung: the label carries the goal, the refusal tells how to put the field on the screen (fault 42)."""
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.jira.alice.remove_field_from_screen("Goal", "APP")
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    assert (site.jira.labels(key), site.jira.field(key)) == ({"goal:GROW-1"}, None)
    (refusal,) = site.store.refusals()
    assert "screen" in refusal.advice
    assert ok(site.turn()).planned == []
    site.jira.alice.add_field_to_screen("Goal", "APP")
    site.night()
    ok(site.turn())
    assert site.jira.field(key) == "GROW-1"
    assert site.store.refusals() == ()


def test_an_issue_full_of_labels_is_left_alone_by_itself(site: Site) -> None:
    """A hundred labels are GitHub's limit: that issue is refused, its neighbours are written."""
    full = site.github.create("Everything", *(f"topic-{number}" for number in range(100)))
    other = site.github.create("One step")
    ok(site.turn())
    site.link(full, "GROW-1")
    site.link(other, "GROW-1")
    ok(site.turn())
    assert "goal:GROW-1" in site.github.labels(other)
    assert len(site.github.labels(full)) == 100
    assert site.record(full).refused == {"label:goal:"}
    assert site.store.refusals() == ()
    assert ok(site.turn()).planned == []
    site.clock.pass_(minutes=10)
    site.github.remove_label(full, "topic-1")
    ok(site.turn())
    site.night()
    ok(site.turn())
    assert "goal:GROW-1" in site.github.labels(full)


@pytest.mark.parametrize("service", ["jira", "github"])
@pytest.mark.parametrize("kind", ["reset", "timeout"])
def test_a_write_whose_answer_was_lost_is_not_repeated(site: Site, service: str, kind: str) -> None:
    """It was applied and nobody told us: the reading back finds it, and it is made once (fault 41)."""
    desk = site.jira if service == "jira" else site.github
    key = desk.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    method, path = ("PUT", "/issue/") if service == "jira" else ("POST", "/labels$")
    site.server.faults.add(
        Fault(kind, service, method=method, path=path, times=1, applied=True, seconds=0)  # type: ignore[arg-type]
    )
    with site.requests() as counted:
        site.turn()
    sent = [asked for asked in counted.asked if f" {method} " in asked and "/issue" in asked]
    assert len(sent) == 1
    ok(site.turn(rounds=2))
    assert "goal:GROW-1" in desk.labels(key)
    with site.requests() as counted:
        assert ok(site.turn()).planned == []
    assert counted.writes == 0


def test_a_first_value_that_was_written_and_never_read_back_is_ours(site: Site) -> None:
    """What is decided before it is seen stands, and what we wrote meanwhile is no edit of a person (R5)."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    site.server.faults.add(Fault("status", "jira", path="issue/bulkfetch$", skip=1))
    assert outcome(site.round(), "jira").outcome == "later"
    assert site.jira.field(key) == "GROW-1"
    site.decide(key, decisions.unlink)
    site.server.faults.clear()
    ok(site.turn(rounds=3))
    assert (site.serves(key), site.jira.field(key)) == ("unlinked", None)
    assert "goal:GROW-1" not in site.jira.labels(key)
