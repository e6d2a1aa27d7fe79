"""Definitions that people rename, delete and make again: no edit, said once with the fix, repaired on return (R2)."""

from __future__ import annotations

import pytest

from tests.integration.engine.world import GOALS, VARIANTS, Setup, Site, ok
from vindaris_sync.sandbox.faults import Fault

ONLY_GITHUB, ONLY_JIRA = [Setup(names=("github",))], [Setup(names=("jira",))]


def attention(site: Site, tracker: str) -> list[str]:
    """Return what chat has said is to be set right in a tracker."""
    return [line for line in site.told() if line.lstrip("✓ ").startswith(tracker) and "set right" in line]


def later(site: Site, hours: float = 7) -> None:
    """Let hours go by, and all trackers be looked at."""
    site.clock.pass_(hours=hours)
    ok(site.turn(rounds=2))


def nightfall(site: Site) -> None:
    """Let the night compare everything, and tell."""
    site.clock.pass_(hours=7)
    site.night()
    ok(site.turn(rounds=2))


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_renamed_label_unlinks_nothing_and_is_said(site: Site) -> None:
    """goal:GROW-1 becomes goal:grow-one in the settings: links stay, and the lost label is named with the way back."""
    keys = [site.github.create(f"Step {number}", "goal:GROW-1") for number in range(3)]
    ok(site.turn(rounds=2))
    site.github.world.rename_label("acme/web", "goal:GROW-1", "goal:grow-one", actor="mia")
    site.clock.pass_(hours=1)
    for key in keys:
        site.github.world.edit("acme/web", int(key.partition("#")[2]), actor="mia", title="Step on")
    ok(site.turn(rounds=2))
    assert {site.serves(key) for key in keys} == {"linked GROW-1"}
    (lost,) = site.store.attention("github")
    assert lost.subject == "acme/web"
    assert "the label goal:grow-1" in lost.message
    assert "3 issues" in lost.message
    assert attention(site, "github") == ["github: 1 thing is to be set right"]
    assert {tuple(site.asks(key)) for key in keys} == {("unknown_goal",)}


def test_a_label_that_was_renamed_and_put_on_anew_can_be_taken_off(site: Site) -> None:
    """Its definition is younger than the agreement on it, but it was seen on the issue: who takes it off has edited."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.clock.pass_(minutes=10)
    site.github.world.rename_label("acme/web", "goal:GROW-1", "goal:grow-one", actor="mia")
    site.github.add_label(key, "goal:GROW-1")
    site.github.remove_label(key, "goal:grow-one")
    ok(site.turn(rounds=2))
    assert site.serves(key) == "linked GROW-1"
    site.github.remove_label(key, "goal:GROW-1")
    ok(site.turn(rounds=2))
    assert site.serves(key) == "unlinked"


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_renamed_label_is_found_at_night_and_the_goal_shown_again(site: Site) -> None:
    """No stamp grows when a label is renamed: the night finds it, keeps the links, and shows them as before."""
    keys = [site.github.create(f"Step {number}", "goal:GROW-1") for number in range(3)]
    ok(site.turn(rounds=2))
    site.github.world.rename_label("acme/web", "goal:GROW-1", "goal:grow-one", actor="mia")
    nightfall(site)
    assert {site.serves(key) for key in keys} == {"linked GROW-1"}
    assert all(site.github.labels(key) >= {"goal:GROW-1", "goal:grow-one"} for key in keys)
    assert "3 issues name goals that do not exist" in site.told()
    before = site.told()
    nightfall(site)
    assert [line for line in site.told() if line not in before] == []


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_label_renamed_back_asks_nothing_any_more(site: Site) -> None:
    """Before the night could make it anew, somebody renames it back: all is as it was."""
    key = site.github.create("Step", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.github.world.rename_label("acme/web", "goal:GROW-1", "goal:grow-one", actor="mia")
    site.clock.pass_(hours=1)
    site.github.world.edit("acme/web", int(key.partition("#")[2]), actor="mia", title="Step on")
    ok(site.turn(rounds=2))
    assert site.serves(key) == "linked GROW-1"
    site.github.world.rename_label("acme/web", "goal:grow-one", "goal:GROW-1", actor="mia")
    nightfall(site)
    assert (site.serves(key), site.asks(key)) == ("linked GROW-1", [])
    assert site.store.attention("github") == ()
    site.sound()


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_label_renamed_back_says_nothing_against_what_was_set_meanwhile(site: Site) -> None:
    """Its goal comes back on issues on which somebody has set another one since: that one stays (L5)."""
    key = site.github.create("Step", "goal:GROW-1")
    number = int(key.partition("#")[2])
    ok(site.turn(rounds=2))
    site.github.world.rename_label("acme/web", "goal:GROW-1", "goal:grow-one", actor="mia")
    site.clock.pass_(hours=1)
    site.github.world.add_label("acme/web", number, "goal:GROW-2", actor="mia")
    ok(site.turn(rounds=2))
    site.github.world.rename_label("acme/web", "goal:grow-one", "goal:GROW-1", actor="mia")
    site.clock.pass_(hours=1)
    site.github.world.edit("acme/web", number, actor="mia", title="Step on")
    ok(site.turn(rounds=2))
    assert (site.serves(key), site.github.labels(key)) == ("linked GROW-2", {"goal:GROW-2"})


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_deleted_label_is_made_anew_at_night_and_said_once(site: Site) -> None:
    """Nobody took it off: the link stays, chat names it, the night puts it back, and chat is content."""
    key = site.github.create("Step", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.github.drop_definition("GROW-1")
    site.clock.pass_(hours=1)
    site.github.world.edit("acme/web", int(key.partition("#")[2]), actor="mia", title="Step on")
    ok(site.turn(rounds=2))
    assert site.serves(key) == "linked GROW-1"
    assert attention(site, "github") == ["github: 1 thing is to be set right"]
    nightfall(site)
    assert site.github.labels(key) == {"goal:GROW-1"}
    assert site.store.attention("github") == ()
    assert attention(site, "github") == ["✓ github: nothing is left to be set right"]


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_deleted_label_that_is_put_on_again_replaces_what_came_in_its_place(site: Site) -> None:
    """Where another goal was set meanwhile, the goal whose label was deleted is no part of what was agreed on (L5)."""
    key = site.github.create("Step", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.github.drop_definition("GROW-1")
    for name in ("GROW-2", "GROW-1"):
        site.clock.pass_(hours=1)
        site.github.world.add_label("acme/web", int(key.partition("#")[2]), f"goal:{name}", actor="mia")
        ok(site.turn(rounds=2))
        assert (site.serves(key), site.github.labels(key)) == (f"linked {name}", {f"goal:{name}"})


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_label_that_we_made_anew_before_anybody_looked_is_no_edit(site: Site) -> None:
    """A deleted label comes back by our writing it elsewhere: it is another one, and was taken off by nobody (R2)."""
    key, other = site.github.create("Step", "goal:GROW-1"), site.github.create("Another step")
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=1)
    site.github.drop_definition("GROW-1")
    site.restart()
    site.link(other, "GROW-1")
    ok(site.turn(rounds=2))
    assert (site.github.labels(key), site.github.labels(other)) == (set(), {"goal:GROW-1"})
    nightfall(site)
    assert (site.serves(key), site.asks(key)) == ("linked GROW-1", [])
    assert site.github.labels(key) == {"goal:GROW-1"}
    site.sound()


@pytest.mark.parametrize("site", ONLY_JIRA, indirect=True)
def test_a_renamed_option_unlinks_nothing(site: Site) -> None:
    """GROW-1 is renamed in the field's settings: every issue shows the new name, the label still says the goal."""
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    assert site.jira.field(key) == "GROW-1"
    site.jira.alice.rename_option("Goal", "GROW-1", "Faster checkout")
    nightfall(site)
    assert site.serves(key) == "linked GROW-1"
    assert site.jira.labels(key) >= {"goal:GROW-1"}
    assert "option grow-1" in site.store.attention("jira")[0].message
    site.jira.alice.rename_option("Goal", "Faster checkout", "GROW-1")
    nightfall(site)
    assert (site.serves(key), site.jira.field(key), site.asks(key)) == ("linked GROW-1", "GROW-1", [])
    assert site.store.attention("jira") == ()


@pytest.mark.parametrize("site", [Setup(names=("jira",)), Setup(names=("jira",), cloud=False)], indirect=True)
def test_an_option_that_was_deleted_and_made_anew_was_taken_off_by_nobody(site: Site) -> None:
    """The field offers GROW-1 as before and shows it nowhere: histories tell it from what somebody emptied (R2)."""
    stays, emptied = site.jira.create("Pay by phone"), site.jira.create("Pay by post")
    ok(site.turn())
    for key in (stays, emptied):
        site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=1)
    site.jira.set_field(emptied, None)
    site.jira.drop_definition("GROW-1")
    site.jira.alice.add_option("Goal", "GROW-1")
    site.jira.retitle(stays, "Pay by phone, too")
    ok(site.turn(rounds=2))
    assert (site.serves(stays), site.asks(stays)) == ("linked GROW-1", [])
    assert site.serves(emptied).startswith("unlinked")
    nightfall(site)
    assert site.jira.field(stays) == "GROW-1"
    site.sound()


@pytest.mark.parametrize("site", ONLY_JIRA, indirect=True)
def test_a_conflict_outlives_the_option_that_one_side_shows(site: Site) -> None:
    """Linked to one goal here, set to another there; the other's option is made anew: nobody has decided (R2, R4)."""
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    site.link(key, "GROW-2")
    site.jira.set_field(key, "COST-1")
    ok(site.turn(rounds=2))
    assert (site.serves(key), site.asks(key)) == ("linked GROW-2", ["conflict"])
    site.clock.pass_(hours=1)
    site.jira.drop_definition("COST-1")
    site.jira.alice.add_option("Goal", "COST-1")
    nightfall(site)
    assert (site.serves(key), site.asks(key)) == ("linked GROW-2", ["conflict"])
    site.sound()


@pytest.mark.parametrize("site", ONLY_JIRA, indirect=True)
def test_what_is_found_empty_when_a_write_is_tried_again_is_asked_about_like_any_other(site: Site) -> None:
    """No stamp tells of a deleted option; whoever is read again because a write of ours failed shows it first (R2)."""
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=1)
    site.server.faults.add(Fault("status", "jira", 500, path="/issue/bulkfetch", times=9))
    site.change_goal("GROW-1", title="Much faster checkout")
    site.turn()
    site.server.faults.clear()
    site.jira.drop_definition("GROW-1")
    site.jira.alice.add_option("Goal", "GROW-1")
    ok(site.turn(minutes=20, rounds=2))
    assert (site.serves(key), site.asks(key)) == ("linked GROW-1", ["goal_changed"])
    nightfall(site)
    assert site.jira.field(key) == "GROW-1"
    site.sound()


@pytest.mark.parametrize("site", ONLY_JIRA, indirect=True)
def test_a_removed_field_leaves_the_label_and_is_repaired_when_it_is_back(site: Site) -> None:
    """The Goal field is deleted: said once with the fix, the label goes on; made again, it shows the goals again."""
    keys = [site.jira.create(f"Step {number}") for number in range(3)]
    ok(site.turn())
    for key in keys:
        site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    later(site)
    site.jira.alice.delete_field("Goal")
    later(site)
    assert {site.serves(key) for key in keys} == {"linked GROW-1"}
    assert attention(site, "jira") == ["jira: 1 thing is to be set right"]
    (gone,) = site.store.attention("jira")
    assert gone.fix == "create the field 'Goal'"
    site.link(keys[0], "GROW-2")
    ok(site.turn(rounds=2))
    assert site.jira.labels(keys[0]) == {"goal:GROW-2"}
    site.jira.world.add_field("Goal", options=[goal.key for goal in GOALS])
    later(site)
    ok(site.turn(rounds=2))
    assert [site.jira.field(key) for key in keys] == ["GROW-2", "GROW-1", "GROW-1"]
    assert attention(site, "jira") == ["✓ jira: nothing is left to be set right"]


@pytest.mark.parametrize("site", ONLY_JIRA, indirect=True)
def test_a_field_off_the_screen_is_said_with_the_fix(site: Site) -> None:
    """A write is refused: chat says why and how to put it right, once, and that it is right again (fault 42)."""
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.jira.alice.remove_field_from_screen("Goal", "APP")
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    assert site.jira.labels(key) == {"goal:GROW-1"}
    assert attention(site, "jira") == ["jira: 1 thing is to be set right"]
    assert "screen" in site.store.attention("jira")[0].fix
    nightfall(site)
    assert len(attention(site, "jira")) == 1
    site.jira.alice.add_field_to_screen("Goal", "APP")
    nightfall(site)
    assert site.jira.field(key) == "GROW-1"
    assert attention(site, "jira") == ["✓ jira: nothing is left to be set right"]


@pytest.mark.parametrize("site", ONLY_JIRA, indirect=True)
def test_a_missing_option_is_said_with_the_fix(site: Site) -> None:
    """The account may not add options: the label carries the goal, chat names the option to add (fault 42)."""
    site.jira.world.accounts["jira-token-123456"].admin = False
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.jira.alice.delete_option("Goal", "GROW-1")
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    assert site.jira.labels(key) == {"goal:GROW-1"}
    (said,) = site.store.attention("jira")
    assert "GROW-1" in said.fix
    assert attention(site, "jira") == ["jira: 1 thing is to be set right"]
    site.jira.alice.add_option("Goal", "GROW-1")
    nightfall(site)
    assert site.jira.field(key) == "GROW-1"
    assert site.store.attention("jira") == ()


@pytest.mark.parametrize("service", ["jira", "github"])
def test_a_changed_prefix_is_no_edit(site: Site, service: str) -> None:
    """``label_prefix`` is another one after a restart: nothing is unlinked, links are shown under it, old ones stay."""
    desk = site.jira if service == "jira" else site.github
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    back = site.settings(service).write_back
    site.reconnect(service, write_back=back.model_copy(update={"label_prefix": "serves:", "surfaces": ("label",)}))
    nightfall(site)
    ok(site.turn(rounds=2))
    assert (site.serves(key), site.asks(key)) == ("linked GROW-1", [])
    assert desk.labels(key) == {"goal:GROW-1", "serves:GROW-1"}
    site.sound()


@pytest.mark.parametrize("site", [VARIANTS["cloud"], VARIANTS["data-center"]], ids=["cloud", "dc"], indirect=True)
@pytest.mark.parametrize("seen", [False, True])
def test_a_field_that_was_lost_on_the_way_there_and_back_was_emptied_by_nobody(site: Site, *, seen: bool) -> None:
    """Whether it was found away or not: the place is the one in which it was agreed on, and it is shown again (R2)."""
    key, emptied = site.jira.create("Away and back"), site.jira.create("Decided against")
    ok(site.turn())
    for each in (key, emptied):
        site.link(each, "GROW-1")
    ok(site.turn(rounds=2))
    site.jira.world.add_project("LAB")
    goal = site.jira.world.field("Goal")
    assert goal is not None
    goal.contexts[0].projects = {project.id for project in site.jira.world.projects.values() if project.key != "LAB"}
    away = [site.jira.move(each, "LAB") for each in (key, emptied)]
    if seen:
        later(site)
    key, emptied = (site.jira.move(each, "APP") for each in away)
    assert site.jira.field(key) is None
    site.jira.set_field(emptied, "GROW-1")
    site.jira.set_field(emptied, None)
    ok(site.turn(rounds=2))
    assert (site.serves(key), site.asks(key), site.jira.field(key)) == ("linked GROW-1", [], "GROW-1")
    assert site.serves(emptied) == "unlinked"
    assert site.store.attention("jira") == ()
    site.sound()
