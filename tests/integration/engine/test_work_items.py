"""What is linked to a goal of Atlassian Goals is linked to it there, too; what people do there stays theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vindaris_sync.app import App, open_app
from vindaris_sync.cli.passes import go_round, lines_of
from vindaris_sync.config.load import load
from vindaris_sync.domain.work_items import LinkItem
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_pass, run_round
from vindaris_sync.engine.work_items import MOST
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.jira import JiraCloud, Person, World
from vindaris_sync.sandbox.jira.goals import AtlassianGoal
from vindaris_sync.sandbox.server import Server

BEFORE_A_CHANGE = 3
"""Questions that a new process asks the gateway before it changes something: which site, its goals, the one goal."""


@dataclass
class Site:
    """A site with Atlassian Goals, and our own state beside it."""

    folder: Path
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    extra: str = "write_links = true\n"
    projects: str = '["APP"]'
    world: World = field(init=False)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        """Make one project, one bot and one goal."""
        self.world = World(self)
        self.world.add_project("APP")
        self.bot = self.world.add_account("good", "bot@acme.example")
        self.alice = Person(self.world, self.world.user("alice"))
        self.goal = self.world.goals.create("Grow", state="on_track")
        self.other = self.world.goals.create("Shrink", state="on_track")

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now

    @contextmanager
    def serving(self) -> Iterator[Site]:
        """Serve it."""
        (self.folder / "token").write_text("good")
        (self.folder / "token").chmod(0o600)
        with Server({"/jira": JiraCloud(self.world)}, clock=self) as self.server:
            yield self

    def open(self) -> App:
        """Open the daemon's state, as after a restart."""
        config = self.folder / "vindaris.toml"
        config.write_text(
            f'state_dir = "{self.folder}"\n[trackers.main]\nkind = "jira"\nurl = "{self.server.url}/jira"\n'
            'email = "bot@acme.example"\ntoken = { file = "token" }\n'
            f"projects = {self.projects}\n"
            f'[goal_sources.atlas]\nkind = "atlassian-goals"\ntracker = "main"\n{self.extra}'
            '[notify.log]\nkind = "log"\n[[teams]]\nname = "All"\nnotify = "log"\nscopes = ["main:*"]\n'
        )
        return open_app(load(config), now=self)

    def work(self, title: str, *goals: str) -> str:
        """Create work that a person has linked to goals by labels."""
        return self.alice.create_issue("APP", title, labels=[f"goal:{goal}" for goal in goals])

    def relabel(self, key: str, *goals: str) -> None:
        """Let a person set the labels of an issue anew."""
        self.alice.edit(key, labels=[f"goal:{goal}" for goal in goals])

    def listed(self, goal: AtlassianGoal | None = None) -> list[str]:
        """Return the issues that a goal shows, by key, in the order in which they were linked."""
        found = [self.world.find(number) for number in (goal or self.goal).items]
        return [issue.state.key for issue in found if issue]

    def asked(self) -> int:
        """Return how many requests the gateway has had."""
        return self.server.requests.count(path="graphql")


def turn(app: App, site: Site, times: int = 1) -> list[LinkItem]:
    """Look at goals and issues, six minutes later; return what was done at the source."""
    done: list[LinkItem] = []
    for _ in range(times):
        site.now += timedelta(minutes=6)
        refresh_goals(app.context)
        done += [each for each in run_round(app.context).planned if isinstance(each, LinkItem)]
        refresh_goals(app.context)
    return done


def serves(app: App, key: str) -> tuple[tuple[str, ...], bool]:
    """Return what an issue serves in effect, and whether a rule says so."""
    goals = app.store.goal_book().goals
    record = next(each for each in app.store.view_records(range(1, 200)).values() if each.key == key)
    return tuple(goals[goal].key for goal in record.goals), record.rule is not None


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Serve a site."""
    with Site(tmp_path).serving() as made:
        yield made


def test_what_is_linked_is_linked_there_and_unlinked_with_the_link(site: Site) -> None:
    """Our own work item never becomes a rule that outlives the link; a quiet pass asks nothing of the gateway."""
    key = site.work("Pay by card", "ACME-1")
    with site.open() as app:
        assert [each.linked for each in turn(app, site)] == [True]
        assert site.listed() == [key]
        assert turn(app, site, 3) == []
        assert serves(app, key) == (("ACME-1",), False)
        assert app.store.rule_book().rules == ()
        before = site.asked()
        run_round(app.context)
        assert site.asked() == before
        site.relabel(key)
        done = turn(app, site)
        assert [each.linked for each in done] == [False]
        assert site.listed() == []
        assert app.store.rule_book().rules == ()
        for _ in range(3):
            assert turn(app, site) == []
            assert serves(app, key) == ((), False)


def test_a_link_that_moves_to_another_goal_moves_there(site: Site) -> None:
    """Off one goal, onto the other; what people linked to either stays."""
    key, theirs = site.work("Pay by card", "ACME-1"), site.work("Theirs")
    site.world.goals.link(site.goal, theirs)
    with site.open() as app:
        turn(app, site, 2)
        assert site.listed() == [theirs, key]
        site.relabel(key, "ACME-2")
        turn(app, site, 2)
        assert (site.listed(), site.listed(site.other)) == ([theirs], [key])


def test_what_a_person_linked_first_stays_theirs(site: Site) -> None:
    """It is not linked twice, and not taken off with the label."""
    key = site.work("Pay by card", "ACME-1")
    site.world.goals.link(site.goal, key)
    with site.open() as app:
        assert turn(app, site, 2) == []
        site.relabel(key)
        assert turn(app, site, 2) == []
        assert site.listed() == [key]
        assert serves(app, key) == (("ACME-1",), True)


def test_what_a_person_unlinked_stays_unlinked_until_the_link_changes(site: Site) -> None:
    """Also after a restart. Linked there again by a person it is theirs; set anew on the issue, it is ours again."""
    key = site.work("Pay by card", "ACME-1")
    with site.open() as app:
        turn(app, site)
        site.world.goals.link(site.goal, key, linked=False)
        assert turn(app, site, 2) == []
    with site.open() as app:
        assert turn(app, site, 3) == []
        assert site.listed() == []
        assert serves(app, key) == (("ACME-1",), False)
        site.relabel(key)
        turn(app, site, 2)
        site.relabel(key, "ACME-1")
        turn(app, site, 2)
        assert site.listed() == [key]


def test_what_a_person_links_again_is_not_taken_off(site: Site) -> None:
    """They took off what we had linked, and linked it themselves later."""
    key = site.work("Pay by card", "ACME-1")
    with site.open() as app:
        turn(app, site)
        site.world.goals.link(site.goal, key, linked=False)
        turn(app, site, 2)
        site.world.goals.link(site.goal, key)
        turn(app, site)
        site.relabel(key)
        assert turn(app, site, 2) == []
        assert site.listed() == [key]


def test_an_issue_that_is_hidden_was_not_unlinked(site: Site) -> None:
    """It is not listed for us; once it can be read again it is still ours to take off (L6)."""
    key = site.work("Pay by card", "ACME-1")
    issue = site.world.find(key)
    assert issue is not None
    with site.open() as app:
        turn(app, site)
        site.bot.hidden_issues.add(issue.state.id)
        turn(app, site, 3)
        site.bot.hidden_issues.clear()
        turn(app, site)
        site.relabel(key)
        turn(app, site, 2)
        assert site.listed() == []


@pytest.mark.parametrize("linked", [True, False])
def test_a_lost_answer_is_found_out_and_not_repeated(site: Site, *, linked: bool) -> None:
    """Linking and unlinking; the daemon is started anew in between."""
    key = site.work("Pay by card", "ACME-1")
    if not linked:
        with site.open() as app:
            turn(app, site, 2)
        site.relabel(key)
    site.server.faults.add(Fault("status", status=503, applied=True, path="graphql", skip=BEFORE_A_CHANGE, times=1))
    with site.open() as app:
        turn(app, site)
        assert site.listed() == ([key] if linked else [])
    with site.open() as app:
        assert turn(app, site, 2) == []
        assert serves(app, key) == ((("ACME-1",), False) if linked else ((), False))
        site.relabel(key)
        turn(app, site, 2)
        assert site.listed() == []


def test_a_missing_permission_is_told_and_tried_at_night(site: Site) -> None:
    """One request, one thing to be set right; the pass is well, and the next one does not ask again."""
    key = site.work("Pay by card", "ACME-1")
    site.world.goals.readers.add(site.bot.user.account_id)
    with site.open() as app:
        turn(app, site)
        (told,) = app.store.attention("main")
        assert "permission to edit this goal" in told.message
        before = site.asked()
        report = run_pass(app.context, "main")
        assert (report.outcome, site.asked()) == ("ok", before)
        site.world.goals.readers.clear()
        assert turn(app, site) == []
        run_pass(app.context, "main", repair=True)
        assert site.listed() == [key]
        assert app.store.attention("main") == ()


def test_a_pass_links_so_many_and_the_next_goes_on(site: Site) -> None:
    """Nothing is left in the end, and nothing is linked twice."""
    keys = [site.work(f"work {number}", "ACME-1") for number in range(MOST + 5)]
    with site.open() as app:
        assert len(turn(app, site)) == MOST
        assert len(turn(app, site)) == 5
        assert sorted(site.listed()) == sorted(keys)


def test_nothing_is_written_unless_asked_for(site: Site) -> None:
    """It is off by default."""
    site.extra = ""
    site.work("Pay by card", "ACME-1")
    with site.open() as app:
        assert turn(app, site, 2) == []
        assert site.listed() == []


def test_a_plan_shows_what_would_be_linked_and_writes_nothing(site: Site) -> None:
    """A run does the same then (L12)."""
    key = site.work("Pay by card", "ACME-1")
    with site.open() as app:
        site.now += timedelta(minutes=6)
        refresh_goals(app.context)
        dry = replace(app.context, writes=False)
        app.context, kept = dry, app.context
        went = go_round(app, ())
        app.context = kept
        assert [(each.key, each.text) for each in lines_of(app, went) if each.action == "link_item"] == [
            (key, "link to ACME-1 in atlas")
        ]
        [planned] = [each for each in went.round.planned if isinstance(each, LinkItem)]
        assert site.listed() == []
        assert turn(app, site) == [planned]
        assert site.listed() == [key]


def test_unlinking_that_is_not_permitted_is_made_up_for(site: Site) -> None:
    """Until the night it stays there, as our own word: the issue serves nothing."""
    key = site.work("Pay by card", "ACME-1")
    with site.open() as app:
        turn(app, site, 2)
        site.relabel(key)
        site.world.goals.readers.add(site.bot.user.account_id)
        turn(app, site, 2)
        assert (site.listed(), serves(app, key)) == ([key], ((), False))
        site.world.goals.readers.clear()
        run_pass(app.context, "main", repair=True)
        assert site.listed() == []
        turn(app, site)
        assert serves(app, key) == ((), False)


def test_one_goal_that_refuses_stops_no_other(site: Site) -> None:
    """It was deleted there just now: that is told with the issue's key, once."""
    with site.open() as app:
        turn(app, site)
        refused, taken = site.work("Pay by card", "ACME-1"), site.work("Pay by cheque", "ACME-2")
        site.world.goals.delete(site.goal)
        run_round(app.context)
        assert site.listed(site.other) == [taken]
        (told,) = app.store.attention("main")
        assert told.message.startswith(f"{refused}: it is not linked to its goal in Atlassian Goals: Goal not found")
        before = site.asked()
        run_round(app.context)
        run_round(app.context)
        assert site.asked() == before


def test_what_we_repeat_brings_no_project_into_what_people_state(site: Site) -> None:
    """The rule of people's own links stays as it was, and is not said to have changed."""
    site.world.add_project("OPS")
    theirs = site.alice.create_issue("OPS", "Theirs")
    site.world.goals.link(site.goal, theirs)
    site.projects = '["APP", "OPS"]'
    with site.open() as app:
        turn(app, site)
        before = [each.stated for each in app.store.rule_book().rules]
        key = site.work("Pay by card", "ACME-1")
        turn(app, site, 3)
        assert site.listed() == [theirs, key]
        assert [each.stated for each in app.store.rule_book().rules] == before != []
