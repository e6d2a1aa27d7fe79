"""Work from goals over sockets: created once, born linked, left to people, asked about where it was dropped."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.engine.desks import GITHUB_TOKEN, Desk
from tests.integration.engine.world import GOALS, Counted, Setup, Site, ok
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.sandbox.faults import Fault


def _require(site: Site, *items: Requirement, goal: str = "GROW-1", **changed: object) -> None:
    """Let the goal's source require these items."""
    goals = site.goals.goals
    site.goals.goals = tuple(
        replace(each, requires=items, **changed) if each.key == goal else each  # type: ignore[arg-type] # any field
        for each in goals
    )


def _item(site: Site, id_: str = "api", title: str = "Build the API of {goal.key}", **more: str) -> Requirement:
    name = site.setup.names[0]
    return Requirement(id_, name, "APP" if name == "jira" else "acme/web", title, **more)  # type: ignore[arg-type] # texts


def _rested(site: Site, rounds: int = 3) -> None:
    """Let what is stated rest, and everything follow from it."""
    site.round()
    site.clock.pass_(minutes=11)
    for _ in range(rounds):
        ok(site.turn())


def _creations(counted: Counted) -> list[str]:
    return [each for each in counted.asked if re.search(r"POST .*(/issue|/issues)$", each)]


def _made(site: Site, title: str) -> list[str]:
    """Return the keys of the issues with this title, as the tracker has them."""
    if "jira" in site.setup.names:
        issues = site.jira.world.issues.values()
        return [each.state.key for each in issues if each.state.values["summary"] == title and not each.deleted]
    return [
        f"{repository.full_name}#{issue.number}"
        for repository in site.github.world.repositories.values()
        for issue in repository.issues.values()
        if issue.document()["title"] == title
    ]


def test_required_work_is_created_once_and_born_linked(one: Site, desk: Desk) -> None:
    """It shows its goal in the request that makes it; nothing is created or written again."""
    _require(one, _item(one, labels=("backend",), body="For {goal.title}"))  # type: ignore[arg-type] # labels
    with one.requests() as counted:
        _rested(one)
    (key,) = _made(one, "Build the API of GROW-1")
    assert len(_creations(counted)) == 1
    assert desk.labels(key) == {"backend", "goal:GROW-1"}
    assert one.serves(key) == "linked GROW-1"
    (link,) = one.record(key).links
    assert (link.provenance, link.revision, one.record(key).timing) == (Provenance.BORN, 1, "at_birth")
    assert one.asks(key) == []
    with one.requests() as counted:
        ok(one.turn(rounds=2))
    assert counted.writes == 0
    one.sound()


def test_nothing_is_created_while_the_text_is_fresh(one: Site) -> None:
    """What is created stays: an item rests after its last edit, though its goal is in force at once."""
    _require(one, _item(one, title="Half a ti"))
    ok(one.turn(minutes=1))
    _require(one, _item(one, title="Half a title, finished"))
    ok(one.turn(minutes=8))
    assert _made(one, "Half a ti") == _made(one, "Half a title, finished") == []
    ok(one.turn(minutes=11))
    assert len(_made(one, "Half a title, finished")) == 1
    assert _made(one, "Half a ti") == []


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.ABANDONED])
def test_a_goal_that_is_not_worked_for_creates_nothing(one: Site, status: Status) -> None:
    """Neither before it was decided on, nor after its end; it does once it is active."""
    _require(one, _item(one), status=status)
    _rested(one)
    assert _made(one, "Build the API of GROW-1") == []
    _require(one, _item(one), status=Status.ACTIVE)
    _rested(one)
    assert len(_made(one, "Build the API of GROW-1")) == 1


def test_items_hang_under_one_another_and_under_issues(one: Site, desk: Desk) -> None:
    """A parent is created first; an issue's key names one that is there."""
    epic = desk.epic("Checkout")
    ok(one.turn())
    _require(one, _item(one, "ui", "UI", parent="api"), _item(one, "api", "API", parent=epic))
    if "jira" in one.setup.names:
        story = {"type": "Sub-task"}
        _require(one, _item(one, "ui", "UI", parent="api", **story), _item(one, "api", "API", parent=epic))
    _rested(one)
    (api,), (ui,) = _made(one, "API"), _made(one, "UI")
    assert one.record(api).parent == one.record(epic).id
    assert one.record(ui).parent == one.record(api).id
    assert [work.note for work in one.store.works()] == ["", ""]


def test_an_assignee_is_set(one: Site) -> None:
    """By the name that the tracker knows the person under."""
    if "github" in one.setup.names:
        one.github.world.user("ana")
    else:
        one.jira.world.user("ana")
    _require(one, _item(one, title="For Ana", assignee="ana"))
    _rested(one)
    (key,) = _made(one, "For Ana")
    (number,) = one.store.find(key)
    with one.store._db.read() as sql:  # noqa: SLF001 - no decision looks at who does it
        assert sql.value("SELECT assignee FROM issue WHERE id = ?", (number,)).lower() == "ana"


def test_what_people_edit_is_left_alone(one: Site, desk: Desk) -> None:
    """Neither a new text of the requirement, nor its end, touches the issue; another id is other work."""
    _require(one, _item(one, title="First"))
    _rested(one)
    (key,) = _made(one, "First")
    desk.retitle(key, "Renamed by a person")
    _require(one, _item(one, title="Second"))
    _rested(one)
    assert desk.title(key) == "Renamed by a person"
    assert _made(one, "Second") == []
    _require(one, _item(one, "other", title="Third"))
    _rested(one)
    assert len(_made(one, "Third")) == 1
    assert one.serves(key) == "linked GROW-1"


def test_dropped_work_is_asked_about_at_its_goal(one: Site, desk: Desk) -> None:
    """Deleted or declined, it is not created again: one message, one question, answered for the goal as it is."""
    _require(one, _item(one, "api", "API"), _item(one, "ui", "UI"), _item(one, "docs", "Docs"))
    _rested(one)
    (api,), (ui,), (docs,) = _made(one, "API"), _made(one, "UI"), _made(one, "Docs")
    _decline(one, api)
    desk.close(docs)
    ok(one.turn(rounds=2))
    assert _asked(one) == ["api"]
    assert any("GROW-1" in line and "dropped" in line for line in one.told())
    desk.delete(ui)
    one.night()
    ok(one.turn(rounds=2))
    assert _asked(one) == ["api", "ui"]
    assert _made(one, "UI") == []
    found = gather_findings(one.context, None, "UTC").dropped
    assert [(line.key, line.goal, line.note) for line in found.lines] == [
        (api, "GROW-1", "api was closed without being done"),
        (ui, "GROW-1", "ui was deleted"),
    ]
    desk.reopen(api)
    ok(one.turn(rounds=2))
    assert _asked(one) == ["ui"]
    _require(one, _item(one, "api", "API"), _item(one, "docs", "Docs"))
    _rested(one)
    assert _asked(one) == []
    assert len(_made(one, "API")) == 1
    one.sound()


def _decline(site: Site, key: str) -> None:
    if "jira" in site.setup.names:
        site.jira.alice.close(key, "Won't Do")
    else:
        place, _, number = key.rpartition("#")
        site.github.world.close(place, int(number), actor="mia", reason="not_planned")


def _asked(site: Site) -> list[str]:
    goal = site.goal("GROW-1")
    return sorted(cause.key.subject for cause in site.store.goal_causes().get(goal, ()) if cause.open)


def test_a_missing_permission_is_told_and_tried_again_at_night(one: Site, desk: Desk) -> None:
    """It says what to do, nobody is asked again and again, and once it is right the work is created."""
    _require(one, _item(one, title="Later"))
    desk.lock()
    _rested(one)
    name = one.setup.names[0]
    told = [each for each in one.store.attention(name) if each.subject == "GROW-1 api"]
    assert len(told) == 1
    assert told[0].fix
    with one.requests() as counted:
        ok(one.turn(rounds=2))
    assert _creations(counted) == []
    desk.lock(locked=False)
    one.night()
    ok(one.turn())
    assert len(_made(one, "Later")) == 1
    assert [each for each in one.store.attention(name) if each.subject == "GROW-1 api"] == []


def test_a_type_that_is_not_there_is_refused_until_the_item_is_edited(one: Site) -> None:
    """The reason names it; a corrected item is created."""
    _require(one, _item(one, title="Typed", type="Storyy"))
    _rested(one)
    (told,) = one.store.attention(one.setup.names[0])
    assert "Storyy" in told.message or "type" in told.message
    assert told.fix
    _require(one, _item(one, title="Typed", type="Bug"))
    _rested(one)
    (key,) = _made(one, "Typed")
    assert one.record(key).type == "Bug"


def test_too_many_at_once_wait_for_a_person(one: Site) -> None:
    """None of them is created before somebody agrees; then as many a pass as are allowed."""
    name = one.setup.names[0]
    back = one.context.trackers[name].settings.write_back.model_copy(update={"create_limit": 2})
    one.reconnect(name, write_back=back)
    _require(one, *(_item(one, f"i{number}", f"Item {number}") for number in range(3)))
    _rested(one)
    assert [_made(one, f"Item {number}") for number in range(3)] == [[], [], []]
    assert any("3 issues are required at once" in each.message for each in one.store.attention(name))
    from vindaris_sync.engine.work import release

    assert release(one.context, name) == 3
    ok(one.turn())
    assert sum(len(_made(one, f"Item {number}")) for number in range(3)) == 2
    ok(one.turn())
    assert sum(len(_made(one, f"Item {number}")) for number in range(3)) == 3
    assert one.store.attention(name) == ()


@pytest.mark.parametrize("site", [Setup(names=("github",))], indirect=True)
def test_a_private_goal_is_its_key_alone_where_everybody_reads(site: Site) -> None:
    """A template that names the title says no more than the key in a public repository (L9)."""
    _require(site, _item(site, title="Work on {goal.title}", body="{goal.description}"), description="secret")
    _rested(site)
    (key,) = _made(site, "Work on GROW-1")
    place, _, number = key.rpartition("#")
    text = str(site.github.world.issue(place, int(number)).document())
    assert "Faster checkout" not in text
    assert "secret" not in text


LOST = Fault("status", status=502, applied=True, times=1)
CUT = Fault("reset", applied=True, times=1)
NEVER = Fault("status", status=502, applied=False, times=1)


@pytest.mark.parametrize("fault", [LOST, CUT, NEVER], ids=["lost", "cut", "never-applied"])
def test_a_creation_whose_answer_was_lost_makes_one_issue(one: Site, fault: Fault) -> None:
    """It is looked for, and made again only when it is surely not there; a restart in between changes nothing."""
    service = one.setup.names[0]
    path = r"/issue$" if service == "jira" else r"/issues$"
    _require(one, _item(one, title="Once"))
    one.round()
    one.clock.pass_(minutes=11)
    one.server.faults.add(replace(fault, service=service, method="POST", path=path))
    one.turn()
    one.restart()
    for _ in range(8):
        one.turn()
    (key,) = _made(one, "Once")
    assert one.record(key).links[0].provenance is Provenance.BORN
    one.sound()


def test_two_trackers_get_their_own_items(site: Site) -> None:
    """One goal may require work in several trackers."""
    _require(
        site,
        Requirement("api", "jira", "APP", "API"),
        Requirement("ui", "github", "acme/web", "UI"),
        Requirement("gone", "gitlab", "acme/web", "Nowhere"),
    )
    _rested(site)
    assert [each.key for each in GOALS][1] == "GROW-1"
    assert {work.item.id: str(work.phase) for work in site.store.works()} == {
        "api": "made",
        "ui": "made",
        "gone": "waiting",
    }
    assert GITHUB_TOKEN


def test_what_is_created_is_planned(tmp_path: Path) -> None:
    """A dry run shows the creation and makes nothing (L12)."""
    site = Site(tmp_path, Setup(names=("jira",)))
    try:
        ok(site.turn())
        _require(site, _item(site, title="Planned"))
        site.round()
        site.clock.pass_(minutes=11)
        dry = replace(site.context, writes=False)
        site.context, real = dry, site.context
        planned = [type(action).__name__ for action in site.round().planned]
        assert planned.count("CreateWork") == 1
        assert _made(site, "Planned") == []
        site.context = real
    finally:
        site.close()
