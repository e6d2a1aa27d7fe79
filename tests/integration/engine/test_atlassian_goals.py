"""Goals of Atlassian Goals, from the site to the link of each issue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from vindaris_sync.app import App, open_app
from vindaris_sync.config.load import load
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_round
from vindaris_sync.sandbox.jira import JiraCloud, Person, World
from vindaris_sync.sandbox.server import Server


class Clock:
    """One clock for all."""

    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.now


def turn(app: App, clock: Clock) -> None:
    """Let goals and issues be looked at until both have settled."""
    clock.now += timedelta(minutes=6)
    for _ in range(2):
        assert refresh_goals(app.context).problems == ()
        run_round(app.context)
    refresh_goals(app.context)


def serves(app: App) -> dict[str, tuple[str, ...]]:
    """Return what each issue serves in effect."""
    goals = app.store.goal_book().goals
    records = app.store.view_records(range(1, 100)).values()
    return {each.key: tuple(goals[goal].key for goal in each.goals) for each in records}


def test_a_linked_work_item_and_what_is_below_it_serve_the_goal(tmp_path: Path) -> None:
    """Linked and unlinked in Atlassian Goals; nothing is written onto the issue."""
    clock = Clock()
    world = World(clock)
    world.add_project("APP")
    world.add_account("good", "bot@acme.example")
    alice = Person(world, world.user("alice"))
    epic = alice.create_issue("APP", "Checkout", "Epic")
    story = alice.create_issue("APP", "Pay by card", "Story", parent=epic)
    other = alice.create_issue("APP", "Tidy up")
    goal = world.goals.create("Grow", state="on_track")
    world.goals.link(goal, epic)
    (tmp_path / "token").write_text("good")
    (tmp_path / "token").chmod(0o600)
    config = tmp_path / "vindaris.toml"
    with Server({"/jira": JiraCloud(world)}, clock=clock) as server:
        config.write_text(
            f'state_dir = "{tmp_path}"\n[trackers.main]\nkind = "jira"\nurl = "{server.url}/jira"\n'
            'email = "bot@acme.example"\ntoken = { file = "token" }\nprojects = ["APP"]\n'
            '[goal_sources.atlas]\nkind = "atlassian-goals"\ntracker = "main"\n'
            '[notify.log]\nkind = "log"\n[[teams]]\nname = "All"\nnotify = "log"\nscopes = ["main:*"]\n'
        )
        with open_app(load(config), now=clock) as app:
            turn(app, clock)
            assert serves(app) == {epic: ("ACME-1",), story: ("ACME-1",), other: ()}
            world.goals.link(goal, epic, linked=False)
            world.goals.link(goal, other)
            turn(app, clock)
            assert serves(app) == {epic: (), story: (), other: ("ACME-1",)}
            for key in (epic, story, other):
                found = world.find(key)
                assert found is not None
                assert not [label for label in found.state.values.get("labels", ()) if label.startswith("goal:")]
