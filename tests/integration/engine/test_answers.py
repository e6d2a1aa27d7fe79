from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.integration.engine.test_telling import World
from vindaris_sync.domain.goals import Goal


def test_a_confirmation_is_told_as_one_in_the_report(tmp_path: Path) -> None:
    """The cause stands no more once its link is confirmed; that a person confirmed it stays known (L10)."""
    world = World(tmp_path)
    try:
        issue = world.tracker.create("APP", "Work", labels=["goal:B"])
        world.go(minutes=1)
        began = world.clock()
        world.source.goals = (world.source.goals[0], Goal("B", "Second, but faster"))
        world.go(minutes=1)
        assert "goal-review" in world.tracker.issue(issue).labels
        world.tracker.remove_label(issue, "goal-review")
        world.go(minutes=1)
        world.go(minutes=1)
        assert world.context.store.review_flow(began - timedelta(seconds=1)).answers == {"confirmed": 1}
        world.source.goals = (world.source.goals[0], Goal("B", "Second"))
        world.go(minutes=1)
        world.source.goals = (world.source.goals[0], Goal("B", "Second, but faster"))
        world.go(minutes=1)
        assert world.context.store.open_causes() == (), "it was confirmed against these contents"
    finally:
        world.context.store.close()
