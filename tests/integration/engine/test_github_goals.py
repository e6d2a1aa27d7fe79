"""Goals that GitHub states, from the tracker to the link of each issue, while people go on working there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vindaris_sync.app import App, open_app
from vindaris_sync.cli.rules_shown import gather, tell
from vindaris_sync.config.load import load
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.models import LinkState
from vindaris_sync.domain.records import Record
from vindaris_sync.engine.goals import GoalsReport, refresh_goals
from vindaris_sync.engine.passes import run_round
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.github import Account, GitHub, World
from vindaris_sync.sandbox.server import Server

WEB, API, MIA = "acme/web", "acme/api", "mia"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Company:
    """One GitHub, one installation of the product, and one clock."""

    folder: Path
    now: datetime = START
    app: App | None = None

    def __post_init__(self) -> None:
        self.world = World(lambda: self.now)
        for name in (WEB, API):
            self.world.create_repository(name)
        self.world.grant("good", Account("vindaris-bot", limit=50_000))
        self.server = Server({"/github": GitHub(self.world)}, clock=lambda: self.now)

    def install(self, source: str) -> None:
        """Start the product with one source of goals, and let it look at everything."""
        (self.folder / "token").write_text("good")
        (self.folder / "token").chmod(0o600)
        config = self.folder / "vindaris.toml"
        config.write_text(
            f'state_dir = "{self.folder}"\n[goals]\ndebounce = "0s"\n'
            f'[trackers.hub]\nkind = "github"\nurl = "{self.server.url}/github"\ntoken = {{ file = "token" }}\n'
            f'repositories = ["{WEB}", "{API}"]\nwrite_interval = "0s"\n'
            f'[goal_sources.there]\nkind = "github"\ntracker = "hub"\n{source}\n'
            '[notify.log]\nkind = "log"\n[[teams]]\nname = "All"\nnotify = "log"\nscopes = ["hub:*"]\n'
        )
        self.app = open_app(load(config), now=lambda: self.now)
        self.turn()

    def turn(self, **later: float) -> GoalsReport:
        """Let time pass, then look at goals and issues until both have settled; return the first look."""
        assert self.app is not None
        self.now += timedelta(**(later or {"minutes": 6}))
        first = refresh_goals(self.app.context)
        for _ in range(2):
            run_round(self.app.context)
            refresh_goals(self.app.context)
        return first

    def goals(self) -> dict[str, tuple[str, Status]]:
        """Return the goals in force: title and status by key."""
        assert self.app is not None
        return {each.key: (each.title, each.status) for each in self.app.context.source.read().goals}

    def record(self, repo: str, number: int) -> Record:
        """Return what is held of an issue."""
        assert self.app is not None
        records = self.app.store.view_records(range(1, 1000)).values()
        return next(each for each in records if each.key == f"{repo}#{number}")

    def serves(self, repo: str, number: int) -> tuple[str, ...]:
        """Return the keys of the goals that an issue serves in effect."""
        assert self.app is not None
        book = self.app.store.goal_book().goals
        return tuple(book[goal].key for goal in self.record(repo, number).goals)

    def asked(self) -> set[str]:
        """Return why rules are asked about, each with its goal."""
        assert self.app is not None
        rules = self.app.store.rule_book().rules
        return {f"{rule.stated.goal}: {cause.key.reason}" for rule in rules for cause in rule.causes if cause.open}

    def issue(self, title: str = "work", repo: str = WEB, **values: object) -> int:
        """Open an issue; ``milestone`` by title."""
        milestone = values.pop("milestone", None)
        number = self.world.create_issue(repo, title, actor=MIA, **values)  # type: ignore[arg-type] # a person's words
        if milestone:
            self.world.edit(repo, number, actor=MIA, milestone=milestone)
        return number


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Open for business."""
    made = Company(tmp_path)
    with made.server:
        yield made
        if made.app is not None:
            made.app.close()


def test_an_issue_serves_the_milestone_that_it_is_in(company: Company) -> None:
    """In, out, and into another one; nothing is written onto it."""
    company.world.create_milestone(WEB, "v1", actor=MIA, due_on="2026-06-30T07:00:00Z", description="All of it.")
    company.world.create_milestone(WEB, "v2", actor=MIA)
    number, other = company.issue(milestone="v1"), company.issue(repo=API)
    company.install("milestones = true")
    assert company.goals() == {f"{WEB}#M1": ("v1", Status.ACTIVE), f"{WEB}#M2": ("v2", Status.ACTIVE)}
    assert company.serves(WEB, number) == (f"{WEB}#M1",)
    assert company.record(WEB, number).state is LinkState.LINKED
    assert company.record(API, other).state is LinkState.UNLINKED
    company.world.edit(WEB, number, actor=MIA, milestone="v2")
    company.turn()
    assert company.serves(WEB, number) == (f"{WEB}#M2",)
    company.world.edit(WEB, number, actor=MIA, milestone=None)
    company.turn()
    assert company.record(WEB, number).state is LinkState.UNLINKED
    assert not any(label.startswith("goal:") for label in company.world.issue(WEB, number).labels)


def test_a_milestone_under_another_title_is_the_same_goal(company: Company) -> None:
    """Issues that still show the old title serve it as before; the edit of the goal is asked about."""
    company.world.create_milestone(WEB, "v1", actor=MIA)
    number = company.issue(milestone="v1")
    company.install("milestones = true")
    company.world.edit_milestone(WEB, 1, actor=MIA, title="Spring")
    company.turn()
    assert company.goals() == {f"{WEB}#M1": ("Spring", Status.ACTIVE)}
    assert company.serves(WEB, number) == (f"{WEB}#M1",)
    assert company.asked() == {f"{WEB}#M1: goal_changed"}


def test_a_milestone_that_is_closed_asks_about_its_open_work_alone(company: Company) -> None:
    """One whose issues are all closed is over, and nobody is asked."""
    for title in ("v1", "v2"):
        company.world.create_milestone(WEB, title, actor=MIA)
    company.issue(milestone="v1")
    done = company.issue(milestone="v2")
    company.world.close(WEB, done, actor=MIA)
    company.install("milestones = true")
    for number in (1, 2):
        company.world.edit_milestone(WEB, number, actor=MIA, state="closed")
    company.turn()
    assert company.asked() == {f"{WEB}#M1: goal_closed"}
    company.world.close(WEB, 1, actor=MIA)
    company.turn()
    assert company.asked() == set()


def test_a_renamed_repository_keeps_goals_and_links(company: Company) -> None:
    """Keys follow the name, the former ones stay aliases, and no issue is unlinked meanwhile."""
    company.world.create_milestone(WEB, "v1", actor=MIA)
    number = company.issue(milestone="v1")
    company.install("milestones = true")
    assert company.app is not None
    (before,) = company.app.store.goal_book().goals
    company.world.rename_repository(WEB, "shop", actor=MIA)
    company.turn()
    book = company.app.store.goal_book()
    assert {number: facts.key for number, facts in book.goals.items()} == {before: "acme/shop#M1"}
    assert book.find(f"{WEB}#M1") == before
    records = company.app.store.view_records(range(1, 100)).values()
    assert [each.goals for each in records if each.key.endswith(f"#{number}")] == [(before,)]


def test_what_a_tracking_issue_lists_serves_it(company: Company) -> None:
    """Across repositories; what is taken off the list is unlinked, and nothing else is decided anew."""
    first, second, far, prose = company.issue(), company.issue(), company.issue(repo=API), company.issue()
    body = f"As #{prose} says:\n\n- [ ] #{first}\n- [x] {API}#{far}\n```\n- #{second}\n```\n"
    goal = company.issue("Faster", body=body, labels=("goal",))
    company.install('labels = "goal"\nlists = true')
    key = f"{WEB}#{goal}"
    assert company.serves(WEB, goal) == (key,)
    assert (company.serves(WEB, first), company.serves(API, far)) == ((key,), (key,))
    assert company.serves(WEB, second) == company.serves(WEB, prose) == ()
    company.world.edit(WEB, goal, actor=MIA, body=f"- [ ] #{second}\n- [x] {API}#{far}\n")
    company.turn()
    assert (company.serves(WEB, second), company.serves(API, far)) == ((key,), (key,))
    assert company.record(WEB, first).state is LinkState.UNLINKED


def test_a_goal_that_is_transferred_stays_the_same_goal(company: Company) -> None:
    """GitHub gives it another id and number; links to it stay, and nobody is asked."""
    goal = company.issue("Faster", labels=("goal",))
    for name in (WEB, API):
        company.world.ensure_labels(company.world.repository(name), ["goal"])
    below = company.issue(parent=(WEB, goal))
    company.install('labels = "goal"')
    assert company.app is not None
    (before,) = company.app.store.goal_book().goals
    number = company.world.transfer(WEB, goal, API, actor=MIA)
    report = company.turn()
    assert report.problems == ()
    book = company.app.store.goal_book()
    assert {each: facts.key for each, facts in book.goals.items()} == {before: f"{API}#{number}"}
    company.turn()
    assert company.serves(WEB, below) == (f"{API}#{number}",)
    assert company.asked() == set()


def test_drafts_and_issues_of_a_board_are_goals(company: Company) -> None:
    """Priority, status and period from the board's fields; a draft that becomes an issue stays the same goal."""
    board = company.world.create_board("acme", "Goals")
    company.world.add_board_field(board, "Priority", "SINGLE_SELECT", ("P0", "P1"))
    company.world.add_board_field(board, "Quarter", "ITERATION", ("2026-Q2",))
    number = company.issue("Faster")
    work = company.issue(parent=(WEB, number))
    company.world.put_on_board(board, WEB, number, Status="In Progress", Priority="P0", Quarter="2026-Q2")
    item = company.world.draft_on_board(board, "Cheaper", "Why.", actor=MIA, Status="Done")
    company.install(f'project = "{board}"\nperiod = "field:Quarter"')
    assert company.app is not None
    stated = {each.key: each for each in company.app.context.source.read().goals}
    faster = stated[f"{WEB}#{number}"]
    assert (faster.priority, faster.period, faster.status) == ("P0", "2026-Q2", Status.ACTIVE)
    (draft,) = stated.keys() - {faster.key}
    assert draft.startswith(f"{board}#D")
    assert (stated[draft].title, stated[draft].status) == ("Cheaper", Status.ACHIEVED)
    assert company.serves(WEB, work) == (faster.key,)
    known = company.app.store.goal_book().find(draft)
    issue = company.world.convert_draft(board, item, API, actor=MIA)
    company.turn()
    book = company.app.store.goal_book()
    assert book.find(f"{API}#{issue}") == book.find(draft) == known


@pytest.mark.parametrize("source", ["milestones = true", 'labels = "goal"', 'project = "acme/1"'])
def test_a_source_that_fails_closes_nothing(company: Company, source: str) -> None:
    """What was stated last stays in force, and one problem says why."""
    company.world.create_milestone(WEB, "v1", actor=MIA)
    number = company.issue("Faster", labels=("goal",), milestone="v1")
    company.world.put_on_board(company.world.create_board("acme", "Goals"), WEB, number)
    company.install(source)
    before = company.goals()
    assert len(before) == 1
    refusal = {"message": "Resource not accessible by personal access token"}
    company.server.faults.add(Fault("status", status=403, body=refusal, path="graphql", times=100))
    report = company.turn()
    assert len(report.problems) == 1
    assert report.problems[0].startswith("there (hub): ")
    assert company.goals() == before
    company.server.faults.clear()
    assert company.turn(hours=1).problems == ()


def test_the_list_of_rules_shows_those_that_link_open_work(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before those of the configuration; the others are counted."""
    for title in ("v1", "v2", "v3"):
        company.world.create_milestone(WEB, title, actor=MIA)
    company.issue(milestone="v2")
    company.install('milestones = true\n[[rules]]\ngoal = "nowhere"\nlabel = "bug"')
    assert company.app is not None
    found = gather(company.app.config)
    shown = [(each["goal"], each["source"], each["linked"]) for each in found]
    assert shown == [
        (f"{WEB}#M1", "there", 0), (f"{WEB}#M2", "there", 1), (f"{WEB}#M3", "there", 0), ("nowhere", None, 0)
    ]  # fmt: skip
    capsys.readouterr()
    tell(found, as_json=False)
    said = capsys.readouterr().out
    assert "in the milestone, says there" in said
    assert f"{WEB}#M1" not in said
    assert "2 rules more, stated at goals, link no open issue." in said


def test_nothing_new_costs_one_request_for_all_repositories(company: Company) -> None:
    """However many goals there are."""
    for repo in (WEB, API):
        for number in range(40):
            company.issue(f"goal {number}", repo=repo, labels=("goal",))
    company.install('labels = ["goal", "target"]')
    assert company.app is not None
    company.now += timedelta(minutes=6)
    company.server.requests.clear()
    refresh_goals(company.app.context)
    assert [(each.method, each.path) for each in company.server.requests.entries()] == [("POST", "/graphql")]
