"""A private goal's title is for the organisation alone: where strangers read, its key stands for it (L9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.engine.test_telling import World
from vindaris_connectors.github.publishing import LABEL_COLORS, LONGEST
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.menus import Make, Menu, decide, offers
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.models import Finding, Level, Surface, SurfaceKind
from vindaris_sync.domain.visibility import for_strangers
from vindaris_sync.domain.work import values_of
from vindaris_sync.engine.teams import Team, Teams

SECRET = "Buy Umbrella Corp before June"


@pytest.fixture(params=[True, False], ids=["public channel", "our own channel"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Give a team whose channel strangers read, or only we."""
    made = World(tmp_path)
    team = replace(made.context.teams.teams["Growth"], public=request.param)
    made.context = replace(made.context, teams=Teams.of([team]))
    made.source.goals = (Goal("A", "First", visibility="public"), Goal("B", SECRET, priority="P1"))
    made.go(minutes=1)
    yield made
    made.context.store.close()


def shown(world: World) -> str:
    """Return all that the channel shows; ``members`` is never shown."""
    contents = [{**asdict(each), "members": []} for each in world.board.shown.values()]
    return json.dumps(contents, default=str, ensure_ascii=False)


def test_no_message_tells_strangers_a_private_title(world: World) -> None:
    """Not when it changes, is closed, goes missing, fails, is quoted by an issue, nor in the summary of the night."""
    public = world.context.teams.teams["Growth"].public
    for number in range(3):
        world.tracker.create("APP", f"Step {number}", labels=["goal:B"])
    world.tracker.create("APP", f"{SECRET.upper()}: first talks", labels=["goal:A"])
    world.tracker.create("APP", f"About {SECRET}")
    world.go(minutes=30)
    world.source.goals = (
        replace(world.source.goals[0], title="First of all"),
        replace(world.source.goals[1], period="H2"),
    )
    world.go(minutes=30)
    finding = Finding(Level.ERROR, "labels", f"Jira refuses {SECRET}", "shorten it")
    world.context.store.put_remarks("mem", [finding], world.clock())
    world.go(minutes=1)
    world.source.goals = (world.source.goals[0], replace(world.source.goals[1], status=Status.ABANDONED))
    world.go(minutes=1)
    world.night()
    world.source.goals = (world.source.goals[0],)
    world.go(minutes=1)
    told = shown(world)
    assert {content.subject.kind for content in world.board.shown.values()} >= {
        Kind.SUSPECT,
        Kind.CLOSED_GOAL,
        Kind.UNLINKED,
        Kind.ATTENTION,
        Kind.NIGHTLY,
    }
    assert "First of all" in told
    assert (SECRET.casefold() in told.casefold()) is not public
    assert '"B' in told


def test_an_own_channel_is_the_default() -> None:
    """Nobody is a stranger in a channel unless the configuration says so."""
    assert not Team("Growth", ("mem:*",), "board").public


# --- properties ---------------------------------------------------------------------------------------------------

titles = st.text(st.characters(categories=("L", "N", "P", "Zs", "So")), min_size=3, max_size=140).filter(
    lambda text: len(" ".join(text.split())) >= 3
)
goals = st.lists(
    st.builds(
        Goal,
        st.integers(0, 10**6).map("K-{}".format),
        titles,
        status=st.sampled_from(Status),
        visibility=st.sampled_from(["public", "private"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda goal: goal.key,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(goals, st.booleans())
def test_a_public_menu_shows_titles_of_public_goals_alone(stated: list[Goal], public: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever titles hold: described are exactly those that its readers may read."""
    menu = Menu("p", "p", Surface(SurfaceKind.LABEL, "goal:"), (), public, LABEL_COLORS, LONGEST)
    plan = decide(menu, offers(dict(enumerate(stated, 1))), {})
    for change in plan.changes:
        assert isinstance(change, Make)
        goal = stated[change.goal - 1]
        assert bool(change.choice.description) == (not public or not goal.private)
        assert len(change.choice.description.encode("utf-16-le")) <= 2 * LONGEST


@settings(max_examples=60, deadline=None)
@given(goals)
def test_no_text_quotes_a_private_title_to_strangers(stated: list[Goal]) -> None:
    """A title that stands in another text, with whatever spaces, is its key there; without private goals texts stay."""
    told = for_strangers(stated)
    text = " · ".join(f"see {goal.title.replace(' ', '  ')}, please" for goal in stated)
    shown = " ".join(told(text).split())
    for goal in stated:
        title = " ".join(goal.title.split())
        others = " ".join(f"see {each.key} {each.title}, please ·" for each in stated if each is not goal)
        if goal.private:
            assert title not in shown or title in others
    if not any(goal.private for goal in stated):
        assert told(text) == text


@settings(max_examples=60, deadline=None)
@given(goals)
def test_what_a_template_may_say_of_a_private_goal_to_strangers_is_its_key(stated: list[Goal]) -> None:
    """Bodies and titles of work are made of these values alone."""
    for goal in stated:
        if goal.private:
            assert set(values_of(goal, public=True).values()) == {goal.key}
