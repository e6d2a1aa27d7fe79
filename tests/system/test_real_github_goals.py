"""Real milestones and real tracking issues as goals: what the product makes of them, against what is known."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vindaris_sync.app import App, open_app
from vindaris_sync.config.load import load
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_round
from vindaris_sync.sandbox.github import Account, GitHub, World
from vindaris_sync.sandbox.server import Server

DATA = Path(os.environ.get("VINDARIS_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
DUMP = "github/rust-lang__rust-dev-00001-15000.jsonl.gz"
MILESTONES, TRACKING = "goals/rust_issue_to_milestone_dev.csv", "goals/rust_issue_to_tracking_dev.csv"
REPOSITORY = "rust-lang/rust"
OTHERS = 40
"""One of so many issues that no truth speaks of is there too."""

pytestmark = [
    pytest.mark.skipif(
        not all((DATA / name).exists() for name in (DUMP, MILESTONES, TRACKING)), reason=f"no real data in {DATA}"
    ),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("real github goals"),
]


def truth(name: str) -> list[tuple[int, str, bool]]:
    """Return the known rows: an issue's number, the key of its goal, and whether it is a pull request."""
    milestones = name == MILESTONES
    goal, pull = ("milestone_number", "is_pr") if milestones else ("tracking_issue", "issue_is_pr")
    mark = "#M" if milestones else "#"
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return [(int(row["issue"]), f"{REPOSITORY}{mark}{row[goal]}", row[pull] == "1") for row in csv.DictReader(file)]


@dataclass(frozen=True, slots=True)
class Place:
    """A served GitHub that holds the real issues, and where its configurations are."""

    world: World
    server: Server
    folder: Path

    def open(self, name: str, source: str) -> App:
        """Return the product with one source of goals, after it has read everything once."""
        (self.folder / name).mkdir()
        token = self.folder / "token"
        token.write_text("good")
        token.chmod(0o600)
        config = self.folder / f"{name}.toml"
        config.write_text(
            f'state_dir = "{self.folder / name}"\n'
            f'[trackers.hub]\nkind = "github"\nurl = "{self.server.url}/github"\ntoken = {{ file = "token" }}\n'
            f'repositories = ["{REPOSITORY}"]\n'
            f'[goal_sources.{name}]\nkind = "github"\ntracker = "hub"\n{source}\n'
            '[notify.log]\nkind = "log"\n[[teams]]\nname = "All"\nnotify = "log"\nscopes = ["hub:*"]\n',
            "utf-8",
        )
        app = open_app(load(config))
        assert refresh_goals(app.context).problems == ()
        for _ in range(2):
            assert [each.outcome for each in run_round(app.context).reports] == ["ok"]
            refresh_goals(app.context)
        return app


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve all issues that a truth speaks of, the tracking issues, and some of the others."""
    known = {number for name in (MILESTONES, TRACKING) for number, _, _ in truth(name)}
    known |= {int(key.rpartition("#")[2]) for _, key, _ in truth(TRACKING)}
    world = World()
    world.grant("good", Account("vindaris-bot"))
    with gzip.open(DATA / DUMP) as lines:
        world.load(REPOSITORY, [line for at, line in enumerate(lines) if _number(line) in known or at % OTHERS == 0])
    with Server({"/github": GitHub(world)}) as server:
        yield Place(world, server, tmp_path_factory.mktemp("goals"))


def _number(line: bytes) -> int:
    return int(json.loads(line)["number"])


def effective(app: App) -> dict[int, tuple[str, ...]]:
    """Return the goals that each tracked issue serves in effect, by the issue's number."""
    store = app.store
    goals = {number: facts.key for number, facts in store.goal_book().goals.items()}
    records = store.view_records(range(1, 20_000))
    return {
        int(each.key.rpartition("#")[2]): tuple(goals[goal] for goal in each.goals)
        for each in records.values()
        if each.tracked
    }


def judged(app: App, name: str) -> Counter[str]:
    """Return how many rows are right and wrong, and why others are neither."""
    shown = effective(app)
    above = {goal.key: goal.parent for goal in app.context.source.read().goals}
    known: dict[int, set[str]] = {}
    for number, key, _ in truth(name):
        known.setdefault(number, set()).add(key)
    return Counter(_judged(number, key, shown, above, known[number]) for number, key, _ in truth(name))


def _judged(
    number: int, key: str, shown: dict[int, tuple[str, ...]], above: dict[str, str | None], known: set[str]
) -> str:
    if key not in above:
        return "no goal: not labelled as one"
    if above.get(f"{REPOSITORY}#{number}") == key:
        return "right: a goal below it"
    if number not in shown:
        return "not tracked: a pull request"
    if not shown[number]:
        return "unknown: not in a list"
    if shown[number] == (key,):
        return "right"
    return "in two lists: serves the other goal" if set(shown[number]) <= known else "wrong"


def test_every_real_milestone_is_the_goal_of_what_is_in_it(place: Place) -> None:
    """12 milestones, 1,490 issues in them: 1,485 linked to theirs, none to another; the other 5 are pull requests."""
    with place.open("milestones", "milestones = true") as app:
        pulls = sum(pull for *_, pull in truth(MILESTONES))
        assert judged(app, MILESTONES) == {"right": 1485, "not tracked: a pull request": pulls}
        known = {number for number, _, _ in truth(MILESTONES)}
        in_none = [goals for number, goals in effective(app).items() if number not in known]
        assert len(in_none) > 100
        assert not any(in_none)


def test_real_tracking_issues_are_the_goals_of_what_they_list(place: Place) -> None:
    """By their labels and the lists in their bodies: of 210 known rows 119 right, none wrong.

    44 rows are of issues that nobody labelled as goals; 34 were found in comments, in prose or in the child's own
    text, of which lists know nothing.
    """
    with place.open("tracking", 'labels = ["metabug", "C-tracking-issue"]\nlists = true') as app:
        assert judged(app, TRACKING) == {
            "right": 117,
            "right: a goal below it": 2,
            "in two lists: serves the other goal": 2,
            "unknown: not in a list": 34,
            "not tracked: a pull request": 11,
            "no goal: not labelled as one": 44,
        }
