"""Goals that no tracker states become issues in one, once; people's text around ours stays; work hangs below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import GOALS, Setup, Site, ok
from vindaris_connectors.github.homes import BEGIN, END
from vindaris_connectors.jira.homes import TITLE
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.homes import Errand, Home, KeepHome
from vindaris_sync.engine.context import Context
from vindaris_sync.sandbox import jira
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.store.homes import Hanging, StoredHome

STATED = tuple(replace(goal, source="goals", visibility="public") for goal in GOALS)
KINDS = {
    "cloud": (Setup(names=("jira",)), Home("jira", "OPS", "Epic", sources=frozenset({"goals"}))),
    "data-center": (Setup(names=("jira",), cloud=False), Home("jira", "OPS", "Epic", sources=frozenset({"goals"}))),
    "github": (Setup(names=("github",)), Home("github", "acme/api", sources=frozenset({"goals"}))),
}


@pytest.fixture(params=list(KINDS), ids=list(KINDS))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Give a company whose goals have their home in its one tracker."""
    setup, home = KINDS[request.param]
    made = Site(tmp_path, setup)
    made.goals.goals = STATED
    settle_in(made, home)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def desk(site: Site) -> Desk:
    """Give the desk of the one tracker."""
    return site.jira if "jira" in site.setup.names else site.github


def settle_in(site: Site, home: Home) -> None:
    """Let goals have their home there."""
    site.context = replace(site.context, home=home)


def home(site: Site, key: str) -> StoredHome:
    """Return where a goal is at home."""
    return site.store.homes()[site.goal(key)]


def count(site: Site) -> int:
    """Return how many issues there are in the place of homes."""
    if "jira" in site.setup.names:
        return sum(i.state.project.key == "OPS" and not i.deleted for i in site.jira.world.issues.values())
    return len(site.github.world.repository("acme/api").issues)


def body(site: Site, key: str) -> str:
    """Return what an issue says, as people read it."""
    if "github" in site.setup.names:
        place, number = site.github._at(key)  # noqa: SLF001 - where the desk finds its issues
        return str(site.github.world.issue(place, number).document()["body"] or "")
    issue = site.jira.world.find(key)
    assert issue is not None
    return str(issue.state.values.get("description") or "")


def write(site: Site, key: str, text: str) -> None:
    """Let a person write a whole text."""
    if "github" in site.setup.names:
        site.github.world.edit(*site.github._at(key), actor="mia", body=text)  # noqa: SLF001 - as above
    else:
        site.jira.alice.edit(key, description=text)


def parent(site: Site, key: str) -> str:
    """Return the key of the issue that this one hangs below; empty where it hangs nowhere."""
    if "github" in site.setup.names:
        world = site.github.world
        above = world.located(world.by_id.get(world.issue(*site.github._at(key)).parent or 0))  # noqa: SLF001
        return "" if above is None else f"{world.home(above).full_name}#{above.number}"
    issue = site.jira.world.find(key)
    assert issue is not None
    epic = site.jira.world.relative(issue.state.parent) if issue.state.parent is not None else None
    return epic.key if epic else ""


# --- issues that are goals ------------------------------------------------------------------------------------------


def test_each_goal_becomes_one_issue_that_says_what_it_is(site: Site, desk: Desk) -> None:
    """Title, status, parent and outcomes stand in it; the next passes ask for nothing."""
    before = count(site)
    ok(site.turn())
    assert count(site) == before + len(GOALS)
    place = home(site, "GROW-1")
    assert desk.title(place.key) == "GROW-1: Faster checkout"
    assert "conversion" in body(site, place.key)
    ok(site.turn(rounds=2))
    with site.requests() as counted:
        done = ok(site.turn())
    assert (done.planned, counted.writes) == ([], 0)
    assert count(site) == before + len(GOALS)
    site.sound()


def test_an_issue_that_is_a_goal_carries_it_and_is_asked_nothing(site: Site, desk: Desk) -> None:
    """It is no work: no review, no label; what a person hangs below it inherits the goal (R6)."""
    ok(site.turn(rounds=2))
    place = home(site, "GROW-1")
    child = desk.create("Pay by phone", place="OPS" if desk.tracker == "jira" else "acme/api", parent=place.key)
    ok(site.turn(minutes=30, rounds=2))
    assert site.serves(child) == "inherited GROW-1"
    assert desk.labels(place.key) == set()
    assert site.asks(place.key) == []


def test_a_changed_goal_is_asked_about_at_its_home_and_one_that_ends_where_work_is_left(site: Site, desk: Desk) -> None:
    """One question for all that inherits; what ended cannot be worked on, but what hangs below can (R8)."""
    ok(site.turn(rounds=2))
    place = home(site, "GROW-1").key
    left = desk.create("Ask the bank", place=desk.other, parent=place)
    done = desk.create("Call the bank", place=desk.other, parent=place)
    desk.close(done)
    ok(site.turn(rounds=2))
    site.change_goal("GROW-1", title="Much faster checkout")
    ok(site.turn(rounds=2))
    assert (site.asks(place), site.asks(left)) == (["goal_changed"], [])
    desk.remove_label(place, "goal-review")
    site.change_goal("GROW-1", title="Much faster checkout", status=Status.ABANDONED)
    ok(site.turn(rounds=2))
    assert (site.asks(place), site.asks(left), site.asks(done)) == ([], ["goal_closed"], [])
    site.change_goal("GROW-1", title="Much faster checkout", status=Status.ACTIVE)
    ok(site.turn(rounds=2))
    assert (site.asks(place), site.asks(left)) == ([], [])


def test_what_changes_is_written_and_what_people_wrote_around_it_stays(site: Site, desk: Desk) -> None:
    """Only our section and our title follow the goal; the text around the section survives to the letter."""
    ok(site.turn())
    key = home(site, "GROW-1").key
    ours = body(site, key)
    if "github" in site.setup.names or not site.setup.cloud:
        write(site, key, f"Notes:\r\n\r\n* one  \r\n{ours.replace(chr(10), chr(13) + chr(10))}\n\n\ttail ü 🚀")
    site.change_goal("GROW-1", title="Much faster checkout", status=Status.ACHIEVED)
    ok(site.turn())
    after = body(site, key)
    assert "Much faster checkout" in after
    assert "achieved" in after
    assert desk.title(key) == "GROW-1: Much faster checkout"
    if "github" in site.setup.names or not site.setup.cloud:
        assert after.startswith("Notes:\r\n\r\n* one  \r\n")
        assert after.endswith("\n\n\ttail ü 🚀")


def test_a_section_that_a_person_changed_is_theirs(site: Site, desk: Desk) -> None:
    """Neither an edit inside it nor taking it out is undone, and a title that a person gave stays (L5)."""
    ok(site.turn())
    edited, emptied = home(site, "GROW-1").key, home(site, "COST-1").key
    write(site, edited, body(site, edited).replace("Faster checkout", "Fastest checkout"))
    write(site, emptied, "ours now")
    desk.retitle(emptied, "Hosting")
    texts = body(site, edited), body(site, emptied)
    site.change_goal("GROW-1", priority="P1")
    site.change_goal("COST-1", title="Halve all bills")
    ok(site.turn(rounds=3))
    site.night()
    assert (body(site, edited), body(site, emptied), desk.title(emptied)) == (*texts, "Hosting")
    assert home(site, "COST-1").kept == ("title", "section")


def test_killed_between_request_and_answer_it_is_still_one(site: Site) -> None:
    """The issue whose making was not answered is found by its mark, also by a new process."""
    before = count(site)
    path = r"/issue$" if "jira" in site.setup.names else r"/issues$"
    site.server.faults.add(Fault("reset", applied=True, method="POST", path=path, times=1))
    site.turn()
    kept = site.context.home
    site.restart()
    assert kept is not None
    settle_in(site, kept)
    ok(site.turn(minutes=10, rounds=3))
    assert count(site) == before + len(GOALS)
    assert len({each.key for each in site.store.homes().values()}) == len(GOALS)


def test_a_deleted_home_is_told_and_never_made_again(site: Site, desk: Desk) -> None:
    """Until a person asks for another one."""
    ok(site.turn(rounds=2))
    key = home(site, "SAFE-1").key
    desk.delete(key)
    before = count(site)
    ok(site.turn())
    site.night()
    site.change_goal("SAFE-1", title="Not one open door")
    ok(site.turn(rounds=3))
    assert count(site) == before
    assert home(site, "SAFE-1").gone
    (told,) = [each for each in site.store.attention(desk.tracker) if "SAFE-1" in each.subject]
    assert "vindaris-sync goal rehome SAFE-1" in told.fix
    assert site.store.forget_home(site.goal("SAFE-1"))
    ok(site.turn())
    assert count(site) == before + 1
    assert desk.title(home(site, "SAFE-1").key) == "SAFE-1: Not one open door"


def test_a_home_that_moved_or_was_closed_goes_on(site: Site, desk: Desk) -> None:
    """It is followed to its new place, and closing it ends nothing: the goal ends where it is stated."""
    ok(site.turn(rounds=2))
    desk.close(home(site, "SAFE-1").key)
    moved = desk.move(home(site, "GROW-2").key, desk.place)
    site.night()
    site.change_goal("GROW-2", title="Even more languages")
    site.change_goal("SAFE-1", title="Not one open door")
    ok(site.turn(rounds=2))
    assert desk.title(moved) == "GROW-2: Even more languages"
    assert desk.title(home(site, "SAFE-1").key) == "SAFE-1: Not one open door"
    assert site.context.book().goals[site.goal("SAFE-1")].status == Status.ACTIVE


def test_without_permission_one_message_tells_and_all_else_goes_on(site: Site, desk: Desk) -> None:
    """Nothing is tried again before the night; then, allowed, they are made."""
    for name in (desk.place, desk.other):
        desk_lock(site, name, locked=True)
    ok_or_later = site.turn()
    assert ok_or_later.reports
    assert site.store.homes()[site.goal("GROW")].ref is None
    assert any("home of GROW" in each.subject for each in site.store.attention(desk.tracker))
    with site.requests() as counted:
        site.turn()
    assert counted.writes == 0
    for name in (desk.place, desk.other):
        desk_lock(site, name, locked=False)
    site.night()
    ok(site.turn(minutes=10, rounds=2))
    assert all(each.ref for each in site.store.homes().values())
    assert not [each for each in site.store.attention(desk.tracker) if "home of" in each.subject]


def desk_lock(site: Site, place: str, *, locked: bool) -> None:
    """Make a place read-only for us, or writable again."""
    if "github" in site.setup.names:
        site.github.world.archive(place, actor="mia", archived=locked)
        return
    project = site.jira.world.project(place)
    assert project is not None
    (account,) = site.jira.world.accounts.values()
    (account.read_only.add if locked else account.read_only.discard)(project.id)


def test_a_plan_is_what_a_run_does(site: Site) -> None:
    """A dry run makes nothing and tells what a run then makes (L12)."""
    before = count(site)
    site.clock.pass_(minutes=2)
    real = site.context
    site.context = Context(
        real.store, real.trackers, real.source, real.teams, now=site.clock, writes=False, home=real.home
    )
    with site.requests() as counted:
        planned = [each for each in site.round().planned if isinstance(each, KeepHome)]
    site.context = real
    assert (count(site), counted.writes) == (before, 0)
    assert [each.errand for each in planned] == [Errand.CREATE] * len(GOALS)
    done = [each for each in ok(site.round()).planned if isinstance(each, KeepHome)]
    assert done[: len(GOALS)] == planned


# --- where strangers read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["github"], indirect=True)
def test_a_private_goal_has_no_home_where_strangers_read_and_one_that_became_private_is_redacted(site: Site) -> None:
    """Its title leaves title and section; a new private goal is refused a home there, which one message tells (L9)."""
    site.goals.goals = (*STATED, Goal("SECRET-1", "Buy Umbrella Corp", source="goals"))
    ok(site.turn())
    assert site.goal("SECRET-1") not in site.store.homes()
    assert any("1 goal is private" in each.message for each in site.store.attention("github"))
    key = home(site, "COST-1").key
    site.change_goal("COST-1", visibility="private")
    ok(site.turn())
    assert site.github.title(key) == "COST-1"
    assert "hosting" not in body(site, key)
    everything = site.github.world.repository("acme/api").issues.values()
    assert not any("Umbrella" in each.doc.decode() for each in everything)


@pytest.mark.parametrize("site", ["github"], indirect=True)
def test_hostile_titles_are_text(site: Site) -> None:
    """No mention, no markup, no end of our section comes from a goal."""
    title = f"{END} @acme/all #1 <!-- [x](https://evil.example) **b** {BEGIN}"
    site.goals.goals = (
        Goal("EVIL", title, description=f"- [ ] {END}\n@everyone", source="goals", visibility="public"),
    )
    ok(site.turn())
    shown = body(site, home(site, "EVIL").key)
    assert (shown.count(BEGIN), shown.count(END)) == (1, 1)
    assert "@acme" not in shown
    assert "#1" not in shown
    site.change_goal("EVIL", priority="P1")
    ok(site.turn())
    assert "P1" in body(site, home(site, "EVIL").key)


@pytest.mark.parametrize("site", ["cloud"], indirect=True)
def test_a_document_around_our_expand_is_sent_back_as_it_was_read(site: Site) -> None:
    """What people wrote in the editor keeps its structure, whatever nodes it is made of."""
    ok(site.turn())
    key = home(site, "GROW-1").key
    issue = site.jira.world.find(key)
    assert issue is not None
    document: dict[str, Any] = issue.state.values["description"].document
    panel = {
        "type": "panel",
        "attrs": {"panelType": "info"},
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "why", "marks": [{"type": "strong"}]}]}],
    }
    rich = {**document, "content": [panel, *document["content"], {"type": "rule"}, panel]}
    site.jira.alice.edit(key, description=jira_document(rich))
    site.change_goal("GROW-1", priority="P1")
    ok(site.turn())
    after = site.jira.world.find(key)
    assert after is not None
    content = after.state.values["description"].document["content"]
    assert [content[0], *content[2:]] == [panel, {"type": "rule"}, panel]
    assert content[1]["attrs"]["title"] == TITLE
    assert "P1" in str(content[1])


def jira_document(document: dict[str, Any]) -> object:
    """Return a text as the editor writes it."""
    from vindaris_sync.sandbox.jira.adf import Rich

    return Rich.of(document)


# --- what hangs below -------------------------------------------------------------------------------------------------


def test_linked_work_without_a_parent_hangs_below_its_goal(site: Site, desk: Desk) -> None:
    """It shows in the tracker's own hierarchy; nothing about who serves what changes (R6)."""
    ok(site.turn(rounds=2))
    key, epic = desk.create("Pay by phone", "goal:GROW-1"), desk.epic("Theirs")
    child = desk.create("A step", "goal:GROW-1", parent=epic)
    ok(site.turn(rounds=3))
    assert parent(site, key) == home(site, "GROW-1").key
    assert parent(site, child) == epic
    assert site.serves(key) == "linked GROW-1"
    assert site.asks(key) == []
    with site.requests() as counted:
        done = ok(site.turn())
    assert (done.planned, counted.writes) == ([], 0)
    site.sound()


def test_work_follows_its_link(site: Site, desk: Desk) -> None:
    """Another goal: another parent. No goal: no parent of ours, and a question, as if it had never hung there."""
    ok(site.turn(rounds=2))
    key, other = desk.create("Pay by phone", "goal:GROW-1"), desk.create("Pay by cash", "goal:GROW-1")
    ok(site.turn(rounds=3))
    site.link(key, "COST-1")
    desk.remove_label(other, "goal:GROW-1")
    if desk.tracker == "jira":
        desk.set_field(other, None)
    ok(site.turn(minutes=20, rounds=4))
    assert parent(site, key) == home(site, "COST-1").key
    assert parent(site, other) == ""
    assert site.serves(other) == "unlinked"
    assert site.asks(other) == ["unlinked"]
    assert site.asks(key) == []


def test_what_a_person_took_off_or_hung_elsewhere_stays_so(site: Site, desk: Desk) -> None:
    """Nobody fights over a parent (L5)."""
    ok(site.turn(rounds=2))
    off, away = desk.create("Pay by phone", "goal:GROW-1"), desk.create("Pay by cash", "goal:GROW-1")
    epic = desk.epic("Theirs")
    ok(site.turn(rounds=3))
    desk.set_parent(off, None)
    desk.set_parent(away, epic)
    ok(site.turn(rounds=2))
    site.night()
    site.link(off, "GROW-1")
    ok(site.turn(rounds=3))
    assert (parent(site, off), parent(site, away)) == ("", epic)
    site.link(away, "COST-1")
    ok(site.turn(rounds=3))
    assert parent(site, away) == epic


@pytest.mark.parametrize("site", ["cloud", "github"], indirect=True)
def test_what_was_hung_without_an_answer_is_still_ours(site: Site, desk: Desk) -> None:
    """Killed between request and answer: it hangs there once, and follows its link as all that we hung."""
    ok(site.turn(rounds=2))
    key = desk.create("Pay by phone", "goal:GROW-1")
    if desk.tracker == "jira":
        desk.set_field(key, "GROW-1")  # nothing is left to be written but the parent
    method, path = ("PUT", r"/issue/\d+$") if desk.tracker == "jira" else ("POST", r"/sub_issues$")
    site.server.faults.add(Fault("status", status=502, applied=True, method=method, path=path, times=1))
    kept = site.context.home
    site.turn()
    assert parent(site, key) == home(site, "GROW-1").key
    assert [each.state for each in site.store.hung() if each.issue == site.record(key).id] == [Hanging.INTENDED]
    site.restart()
    assert kept is not None
    settle_in(site, kept)
    ok(site.turn(rounds=2))
    assert [each.state for each in site.store.hung() if each.issue == site.record(key).id] == [Hanging.ATTACHED]
    site.link(key, "COST-1")
    ok(site.turn(rounds=3))
    assert parent(site, key) == home(site, "COST-1").key


@pytest.mark.parametrize("site", ["github"], indirect=True)
def test_a_repository_that_cannot_be_seen_proves_no_deletion(site: Site) -> None:
    """Hidden homes are left as they are, and go on when they are seen again (L6)."""
    ok(site.turn(rounds=2))
    key = home(site, "GROW-1").key
    site.github.world.hide("github-token-123456", "acme/api")
    site.change_goal("GROW-1", title="Much faster checkout")
    site.turn()
    site.night()
    assert not home(site, "GROW-1").gone
    site.github.world.hide("github-token-123456", "acme/api", hidden=False)
    site.turn()
    site.night()
    ok(site.turn(minutes=10, rounds=2))
    assert site.github.title(key) == "GROW-1: Much faster checkout"


@pytest.mark.parametrize("site", ["github"], indirect=True)
def test_a_home_with_a_hundred_children_takes_no_more_and_says_so(site: Site) -> None:
    """GitHub's limit is told once; links are kept all the same."""
    ok(site.turn(rounds=2))
    keys = [site.github.create(f"Step {number}", "goal:GROW-1") for number in range(103)]
    ok(site.turn(rounds=6))
    hung = [key for key in keys if parent(site, key)]
    assert len(hung) == 100
    assert all(site.serves(key) == "linked GROW-1" for key in keys)
    assert any("takes no more children" in each.message for each in site.store.attention("github"))
    with site.requests() as counted:
        ok(site.turn())
    assert counted.writes == 0


@pytest.mark.parametrize("site", ["cloud", "github"], indirect=True)
def test_homes_hang_below_the_homes_of_their_parents_where_the_tracker_allows(site: Site) -> None:
    """On GitHub as sub-issues; an epic below an epic is linked on Jira."""
    ok(site.turn(rounds=3))
    above, below = home(site, "GROW"), home(site, "GROW-1")
    if "github" in site.setup.names:
        assert parent(site, below.key) == above.key
    else:
        links = {(link.inward, link.outward) for link in site.jira.world.links.values()}
        ends = tuple(int(each.ref.id) for each in (above, below) if each.ref)
        assert ends in links
    assert isinstance(site.jira.world, jira.World)


@pytest.mark.parametrize("site", ["github"], indirect=True)
def test_five_hundred_goals_settle_in_by_and_by(site: Site) -> None:
    """Fifty a pass, each once, and then silence."""
    site.goals.goals = tuple(
        Goal(f"G-{number}", f"Goal {number}", source="goals", visibility="public") for number in range(120)
    )
    work = [site.github.create(f"Step {number}", f"goal:G-{number}") for number in range(60)]
    before = count(site)
    ok(site.turn(rounds=7))
    assert count(site) == before + 120
    assert all(parent(site, key) for key in work)
    with site.requests() as counted:
        done = ok(site.turn())
    assert (done.planned, counted.writes) == ([], 0)
