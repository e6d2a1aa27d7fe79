"""Priority and status of goals on the issues that serve them, in labels and fields, on each kind of tracker."""

from __future__ import annotations

import pytest

from tests.integration.engine.desks import Desk, JiraDesk
from tests.integration.engine.world import BOTH, Setup, Site, ok
from vindaris_sync.domain.goals import Status
from vindaris_sync.sandbox.jira.model import SELECT
from vindaris_sync.sdk.settings import WriteBackSettings

FIELD = "Goal status"


def mirrors(site: Site, **shown: object) -> None:
    """Let the one tracker show priority and status from now on, as after a restart with other settings."""
    (name,) = site.setup.names
    surfaces = BOTH if name == "jira" or site.setup.github_field else ("label",)
    back = WriteBackSettings.model_validate({"surfaces": surfaces, "show_priority": "label:prio:", **shown})
    site.reconnect(name, write_back=back)


def test_priority_follows_the_goal_to_the_work(one: Site, desk: Desk) -> None:
    """It is on the issue and on what hangs below it, changes with the goal, and leaves foreign labels alone."""
    mirrors(one, show_status="label:goal-is-")
    epic = desk.epic("Images", "goal:COST-1", "frontend")
    story = desk.create("Smaller images", parent=epic)
    ok(one.turn(rounds=2))
    assert desk.labels(epic) == {"goal:COST-1", "frontend", "prio:high", "goal-is-active"}
    assert desk.labels(story) == {"prio:high", "goal-is-active"}
    one.change_goal("COST-1", priority="very low", status=Status.PROPOSED)
    ok(one.turn(rounds=2))
    assert desk.labels(story) == {"prio:very-low", "goal-is-proposed"}
    with one.requests() as counted:
        ok(one.turn())
    assert counted.writes == 0
    one.sound()


def test_a_persons_value_stays_and_says_nothing_of_the_goal(one: Site, desk: Desk) -> None:
    """It is neither overwritten nor adopted; where it is taken off, the goal's priority is shown again."""
    mirrors(one)
    key = desk.create("Images", "goal:COST-1")
    ok(one.turn())
    desk.add_label(key, "prio:someday")
    desk.remove_label(key, "prio:high")
    ok(one.turn())
    one.change_goal("COST-1", priority="P9")
    ok(one.turn(rounds=2))
    assert {label for label in desk.labels(key) if label.startswith("prio:")} == {"prio:someday"}
    assert one.serves(key) == "linked COST-1"
    desk.remove_label(key, "prio:someday")
    ok(one.turn(rounds=2))
    assert {label for label in desk.labels(key) if label.startswith("prio:")} == {"prio:P9"}
    one.sound()


@pytest.mark.parametrize("one", [Setup(names=("jira",)), Setup(names=("jira",), cloud=False)], indirect=True)
def test_a_field_shows_the_status(one: Site) -> None:
    """A field of its own beside the goal's; what a person chose in it stays, and the goal's options are not offered."""
    one.jira.world.add_field(FIELD, SELECT, options=[str(status) for status in Status])
    mirrors(one, show_status=f"field:{FIELD}")
    key, other = one.jira.create("Images", "goal:COST-1"), one.jira.create("Texts", "goal:COST-1")
    one.jira.alice.set_field(other, FIELD, "abandoned")
    ok(one.turn())
    assert (status_of(one.jira, key), status_of(one.jira, other)) == ("active", "abandoned")
    one.change_goal("COST-1", status=Status.ACHIEVED)
    ok(one.turn(rounds=2))
    assert (status_of(one.jira, key), status_of(one.jira, other)) == ("achieved", "abandoned")
    assert one.jira.field(key) == "COST-1"
    one.sound()


@pytest.mark.parametrize("one", [Setup(names=("github",))], indirect=True)
def test_an_organisations_field_shows_the_priority(one: Site, desk: Desk) -> None:
    """It is found by its name, and is no goal field for that."""
    one.github.world.create_field("acme", "Goal priority", "text", [])
    mirrors(one, show_priority="field:Goal priority")
    key = desk.create("Images", "goal:COST-1")
    ok(one.turn())
    layout = one.context.trackers["github"].connector.layout()
    [surface] = [each for each in layout.surfaces if each.mirrors]
    assert one.record(key).observed[surface.key] == ("high",)
    assert one.serves(key) == "linked COST-1"


def status_of(desk: JiraDesk, key: str) -> str | None:
    """Return what the field of the status shows."""
    field = desk.world.field(FIELD)
    assert field is not None
    option = desk._values(key).get(field.id)  # noqa: SLF001 - the desk of the tests
    return str(option.value) if option else None
