"""Goals are kept where people pick them, labels of repositories and options of fields; quietly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.engine.desks import JIRA_TOKEN
from tests.integration.engine.world import BOTH, GOALS, Setup, Site, ok
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.menus import Publish
from vindaris_sync.engine.context import Context
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.github.model import Label
from vindaris_sync.sdk.settings import WriteBackSettings

OPEN = tuple(replace(goal, visibility="public") for goal in GOALS)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Site]:
    """Give a company on GitHub that publishes public goals, its repositories being public."""
    made = Site(tmp_path, Setup(names=("github",)))
    made.goals.goals = OPEN
    _publish(made, "github", "label")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def desk_site(tmp_path: Path) -> Iterator[Site]:
    """Give a company on Jira Cloud that publishes goals, our account being an administrator."""
    made = Site(tmp_path, Setup(names=("jira",)))
    made.jira.world.accounts[JIRA_TOKEN].admin = True
    _publish(made, "jira", *BOTH)
    try:
        yield made
    finally:
        made.close()


def _publish(site: Site, name: str, *surfaces: str) -> None:
    site.reconnect(name, write_back=WriteBackSettings(surfaces=surfaces, publish_goals=True))


def labels(site: Site, place: str = "acme/web") -> dict[str, Label]:
    """Return a repository's goal labels."""
    defined = site.github.world.repository(place).labels.values()
    return {each.name: each for each in defined if each.name.startswith("goal:")}


def options(site: Site) -> list[tuple[str, bool]]:
    """Return the Goal field's options in order, and whether each can be picked."""
    field = site.jira.world.field("Goal")
    assert field is not None
    return [(option.value, not option.disabled) for option in field.contexts[0].options]


def told(site: Site, tracker: str) -> list[tuple[str, str]]:
    """Return what people are told to set right: what, and the fix."""
    return [(each.message, each.fix) for each in site.store.attention(tracker)]


# --- labels ----------------------------------------------------------------------------------------------------------


def test_every_goal_in_force_has_a_label_that_says_what_it_is(hub: Site) -> None:
    """Each repository has a label for each goal, described by its title, coloured by its status."""
    ok(hub.turn())
    for place in ("acme/web", "acme/api"):
        shown = labels(hub, place)
        assert {name: each.description for name, each in shown.items()} == {
            f"goal:{goal.key}": goal.title for goal in GOALS
        }
        assert {each.color for each in shown.values()} == {"5319e7"}
    hub.change_goal("GROW-1", status=Status.ACHIEVED)
    ok(hub.turn())
    assert labels(hub)["goal:GROW-1"].color == "0e8a16"


def test_nothing_changed_costs_no_request(hub: Site) -> None:
    """What was published is remembered: a pass in which no goal changed asks for no label."""
    ok(hub.turn(rounds=2))
    with hub.requests() as counted:
        done = ok(hub.turn())
    assert (done.planned, counted.writes) == ([], 0)
    assert not [asked for asked in counted.asked if "labels" in asked]


def test_a_private_title_never_reaches_a_public_repository(hub: Site) -> None:
    """There its key stands alone; in a private repository people read it. Closing the goal off redacts it (L9)."""
    hub.github.world.repository("acme/api").private = True
    ok(hub.turn())
    assert labels(hub)["goal:COST-1"].description == "Halve the hosting bill"
    hub.change_goal("COST-1", visibility="private")
    ok(hub.turn())
    assert labels(hub)["goal:COST-1"].description == ""
    assert labels(hub, "acme/api")["goal:COST-1"].description == "Halve the hosting bill"


def test_a_repository_that_became_public_is_redacted_when_it_is_looked_at(hub: Site) -> None:
    """GitHub's own word on the repository counts, at night at the latest."""
    hub.goals.goals = GOALS
    hub.github.world.repository("acme/web").private = True
    ok(hub.turn())
    assert labels(hub)["goal:COST-1"].description == "Halve the hosting bill"
    hub.github.world.repository("acme/web").private = False
    hub.night()
    assert labels(hub)["goal:COST-1"].description == ""


def test_what_a_person_wrote_on_a_label_stays(hub: Site) -> None:
    """A description that a person edited is theirs, whatever becomes of the goal's title; the colour is still ours."""
    ok(hub.turn())
    world = hub.github.world
    world.edit_label("acme/web", "goal:GROW-1", {"description": "ask Ann first"}, actor="mia")
    hub.change_goal("GROW-1", title="Much faster checkout", status=Status.ABANDONED)
    ok(hub.turn())
    shown = labels(hub)["goal:GROW-1"]
    assert (shown.description, shown.color) == ("ask Ann first", "bfbfbf")
    assert labels(hub, "acme/api")["goal:GROW-1"].description == "Much faster checkout"
    hub.night()
    assert labels(hub)["goal:GROW-1"].description == "ask Ann first"
    kept = {(each.menu, each.kept) for each in hub.store.choices("github") if each.kept}
    assert kept == {("acme/web label:goal:", ("description",))}


def test_a_label_that_a_person_deleted_is_not_made_again(hub: Site) -> None:
    """Nobody fights over it; what is written onto an issue makes it anew when it is needed."""
    ok(hub.turn())
    hub.github.world.delete_label("acme/web", "goal:SAFE-1", actor="mia")
    hub.night()
    hub.change_goal("GROW-1", title="Much faster checkout")
    ok(hub.turn())
    assert "goal:SAFE-1" not in labels(hub)
    assert labels(hub)["goal:GROW-1"].description == "Much faster checkout"


def test_labels_that_are_not_ours_are_not_touched(hub: Site) -> None:
    """Others' labels keep their looks, and a look of a goal's label that somebody chose before us is theirs (L4)."""
    world = hub.github.world
    world.create_label("acme/web", "bug", "d73a4a", "Something is wrong")
    world.create_label("acme/web", "goals", "ededed")
    world.create_label("acme/web", "goal:GROW-2", "ff0000", "mine")
    world.create_label("acme/web", "goal:COST-1")
    before = [(each.name, each.color, each.description) for each in world.repository("acme/web").labels.values()][:3]
    ok(hub.turn())
    after = [(each.name, each.color, each.description) for each in world.repository("acme/web").labels.values()]
    assert before == [each for each in after if each in before]
    assert labels(hub)["goal:COST-1"].description == "Halve the hosting bill"


@pytest.mark.parametrize("title", ["🚀" * 100, "x" * 300, "👩‍👩‍👧‍👦 " * 40, "\u202eevil\x1b[31m <!channel> " * 20])
def test_a_title_of_any_characters_fits(hub: Site, title: str) -> None:
    """At most 100 characters however they are counted, on one line, without steering."""
    hub.goals.goals = (Goal("EMOJI", title, visibility="public"),)
    ok(hub.turn())
    shown = labels(hub)["goal:EMOJI"].description
    assert shown
    assert len(shown.encode("utf-16-le")) <= 200
    assert shown.endswith("…")
    assert not {"\u202e", "\x1b", "\n"} & set(shown)


def test_five_hundred_goals_come_in_portions(hub: Site) -> None:
    """No pass is held up by more than two hundred changes; at the end all are there, and then nothing is asked."""
    hub.goals.goals = tuple(Goal(f"G-{number}", f"Goal {number}", visibility="public") for number in range(500))
    sizes = []
    for _ in range(8):
        ok(hub.turn())
        sizes.append(len(labels(hub)) + len(labels(hub, "acme/api")))
    assert [after - before for before, after in zip([0, *sizes], sizes, strict=False)] == [200] * 5 + [0] * 3
    with hub.requests() as counted:
        ok(hub.turn())
    assert not [asked for asked in counted.asked if "labels" in asked]


@pytest.mark.parametrize("fault", [Fault("reset", applied=True), Fault("status", status=502, applied=True)])
def test_a_label_whose_answer_was_lost_is_made_once(hub: Site, fault: Fault) -> None:
    """Killed or cut between request and answer: the next look finds it, and it is ours from then on."""
    hub.server.faults.add(replace(fault, method="POST", path=r"/labels$", times=1))
    hub.turn()
    hub.restart()
    _publish(hub, "github", "label")
    ok(hub.turn(rounds=2))
    assert len(labels(hub)) == len(GOALS)
    hub.change_goal("GROW", title="Grow a lot")
    ok(hub.turn())
    assert labels(hub)["goal:GROW"].description == "Grow a lot"


def test_a_renamed_goal_keeps_its_label(hub: Site) -> None:
    """The label is renamed once in each repository, and stays on every issue that carries it."""
    ok(hub.turn())
    key = hub.github.create("Pay by phone", "goal:GROW-2")
    ok(hub.turn())
    hub.goals.goals = (*OPEN[:2], replace(OPEN[2], key="LANG-1", was=("GROW-2",)), *OPEN[3:])
    ok(hub.turn(rounds=2))
    assert hub.serves(key) == "linked LANG-1"
    assert hub.github.labels(key) == {"goal:LANG-1"}
    assert "goal:LANG-1" in labels(hub, "acme/api")


def test_an_archived_repository_is_told_once_and_the_other_is_served(hub: Site) -> None:
    """One attention with the fix; nothing else fails; set right, it goes."""
    hub.github.world.archive("acme/web", actor="mia", archived=True)
    ok(hub.turn(rounds=2))
    assert labels(hub) == {}
    assert len(labels(hub, "acme/api")) == len(GOALS)
    ((message, fix),) = [each for each in told(hub, "github") if "lacks" in each[0]]
    assert message.startswith("the repository is archived; it lacks ")
    assert "unarchive" in fix
    hub.github.world.archive("acme/web", actor="mia", archived=False)
    hub.night()
    assert len(labels(hub)) == len(GOALS)
    assert not [each for each in told(hub, "github") if "lacks" in each[0]]


def test_a_plan_is_what_a_run_does(hub: Site) -> None:
    """A dry run reads and tells the same changes that a run then makes (L12)."""
    hub.round()
    hub.change_goal("GROW-1", title="Much faster checkout")
    hub.goals.goals = (*hub.goals.goals, Goal("NEW-1", "New", visibility="public"))
    hub.clock.pass_(minutes=2)
    real = hub.context
    dry = Context(real.store, real.trackers, real.source, real.teams, now=hub.clock, writes=False)
    with hub.requests() as counted:
        hub.context = dry
        planned = hub.round().planned
        hub.context = real
    assert counted.writes == 0
    changes = [each for each in planned if isinstance(each, Publish)]
    assert len(changes) == 4  # two repositories, a title and a new goal
    assert [each for each in ok(hub.round()).planned if isinstance(each, Publish)] == changes


# --- options ---------------------------------------------------------------------------------------------------------


def test_options_follow_the_goals_in_order_of_priority(desk_site: Site) -> None:
    """The most urgent first, children by their parent's priority; a closed one cannot be picked and stays where set."""
    site = desk_site
    key = site.jira.create("Pay by phone")
    site.jira.set_field(key, "SAFE-1")
    ok(site.turn())
    assert [value for value, _ in options(site)] == ["COST-1", "GROW", "GROW-1", "GROW-2", "SAFE-1"]
    site.goals.goals = (*site.goals.goals, Goal("URGENT", "At once", priority="P0"))
    site.change_goal("SAFE-1", status=Status.ABANDONED)
    ok(site.turn())
    assert options(site)[:2] == [("URGENT", True), ("COST-1", True)]
    assert ("SAFE-1", False) in options(site)
    assert site.jira.field(key) == "SAFE-1"
    assert site.serves(key) == "linked SAFE-1"
    with site.requests() as counted:
        ok(site.turn())
    assert not [asked for asked in counted.asked if "option" in asked]


def test_how_people_sorted_the_options_stays_until_goals_change(desk_site: Site) -> None:
    """An order that a person made is not undone every night; a new priority sorts anew."""
    site = desk_site
    ok(site.turn())
    field = site.jira.world.field("Goal")
    assert field is not None
    field.contexts[0].options.reverse()
    by_hand = options(site)
    site.night()
    assert options(site) == by_hand
    site.change_goal("SAFE-1", priority="P0")
    ok(site.turn())
    assert next(iter(options(site))) == ("SAFE-1", True)


def test_an_option_that_a_person_disabled_stays_disabled(desk_site: Site) -> None:
    """It is a person's decision not to offer a goal (L5)."""
    site = desk_site
    ok(site.turn())
    field = site.jira.world.field("Goal")
    assert field is not None
    next(option for option in field.contexts[0].options if option.value == "GROW").disabled = True
    site.night()
    assert ("GROW", False) in options(site)


def test_without_permission_one_message_tells_and_all_else_goes_on(desk_site: Site) -> None:
    """No administrator: what is missing is named with the fix, links are written, and nothing is tried every pass."""
    site = desk_site
    site.jira.world.accounts[JIRA_TOKEN].admin = False
    site.goals.goals = (*GOALS, Goal("NEW-1", "New"))
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    ((message, fix),) = told(site, "jira")
    assert message == "the account may not change its options; it lacks NEW-1"
    assert "Administer Jira" in fix
    assert site.jira.field(key) == "GROW-1"
    with site.requests() as counted:
        ok(site.turn())
    assert not [asked for asked in counted.asked if "/context" in asked]
    site.jira.world.accounts[JIRA_TOKEN].admin = True
    site.night()
    assert ("NEW-1", True) in options(site)
    assert not [each for each in told(site, "jira") if "NEW-1" in each[0]]


@pytest.mark.parametrize("site", [Setup(names=("jira",), cloud=False)], indirect=True)
def test_data_center_says_what_to_add_by_hand(site: Site) -> None:
    """Its API changes no options: the message names what is missing, project by project."""
    _publish(site, "jira", *BOTH)
    site.goals.goals = (*GOALS, Goal("NEW-1", "New"))
    ok(site.turn())
    ((message, fix),) = [each for each in told(site, "jira") if "option" in each[0]]
    assert message == "Jira Data Center lets no program change a field's options; it lacks NEW-1"
    assert fix == "add options by hand, or take publish_goals out"


def test_only_contexts_of_our_projects_are_filled(desk_site: Site) -> None:
    """A context that holds for somebody else's project is none of our business."""
    site = desk_site
    world = site.jira.world
    field = world.field("Goal")
    assert field is not None
    other = world.add_project("HR", "People")
    field.contexts[0].projects = {project.id for project in world.projects.values() if project.key != "HR"}
    theirs = world.add_context(field, "for HR", [other])
    world.add_option(theirs, "SECRET")
    site.goals.goals = (*GOALS, Goal("NEW-1", "New"))
    ok(site.turn())
    assert ("NEW-1", True) in options(site)
    assert [option.value for option in theirs.options] == ["SECRET"]


@pytest.mark.parametrize("site", [Setup(names=("github",), github_field=True)], indirect=True)
def test_an_issue_field_of_an_organisation_has_an_option_for_each_goal(site: Site) -> None:
    """Options keep their ids and with them the issues' values; new ones come in order of priority."""
    _publish(site, "github", *BOTH)
    site.goals.goals = (Goal("URGENT", "At once", priority="P0"), *OPEN)
    key = site.github.create("Pay by phone")
    site.github.set_field(key, "GROW-1")
    ok(site.turn())
    (field,) = site.github.world.organisations["acme"].fields
    assert [option.name for option in field.options] == ["URGENT", "COST-1", "GROW", "GROW-1", "GROW-2", "SAFE-1"]
    assert field.options[3].description == "Faster checkout"
    assert site.github.field(key) == "GROW-1"
    site.goals.goals = tuple(Goal(f"G-{number}", f"Goal {number}") for number in range(120))
    ok(site.turn())
    assert len(field.options) == 6
    assert any("it holds 100 goals" in message for message, _ in told(site, "github"))
