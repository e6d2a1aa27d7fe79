"""Inheritance across trackers: issues at GitHub that name an epic in Jira serve what it serves (R6)."""

from __future__ import annotations

from tests.integration.engine.world import Site, ok

IN_JIRA = {"tracker": "jira", "places": ["APP", "OPS"]}
REVIEW = "goal-review"


def configured(site: Site, **more: object) -> None:
    """Let issues at GitHub name their parents in Jira, from now on."""
    site.reconnect("github", parent_reference={**IN_JIRA, **more})


def say(site: Site, key: str, body: str) -> None:
    """Write an issue's body."""
    place, _, number = key.rpartition("#")
    site.github.world.edit(place, int(number), actor="mia", body=body)


def test_what_names_an_epic_inherits_from_it(site: Site) -> None:
    """By title, by a line of the body, and further down through sub-issues; nothing is written onto any of them."""
    epic = site.jira.epic("Checkout", "goal:GROW-1")
    titled, said = site.github.create(f"{epic}: Faster cart"), site.github.create("Fewer clicks")
    say(site, said, f"As agreed.\n\nParent: {epic}\n")
    below = site.github.create("Measure it", parent=said)
    configured(site)
    ok(site.turn())
    assert [site.serves(key) for key in (titled, said, below)] == ["inherited GROW-1"] * 3
    assert site.record(below).carrier == site.record(epic).id
    site.change_goal("GROW-1", title="Much faster checkout")
    ok(site.turn())
    assert (site.asks(epic), site.asks(titled)) == (["goal_changed"], [])
    assert site.github.labels(titled) == set()
    with site.requests() as counted:
        assert ok(site.turn()).planned == []
    assert counted.writes == 0
    site.sound()


def test_what_was_read_before_is_read_again_once_references_count(site: Site) -> None:
    """Who turns them on need not wait for the night; who turns them off neither."""
    epic = site.jira.epic("Checkout", "goal:GROW-1")
    titled = site.github.create(f"{epic}: Faster cart")
    ok(site.turn())
    assert site.serves(titled) == "unlinked"
    configured(site)
    ok(site.turn())
    assert site.serves(titled) == "inherited GROW-1"
    site.reconnect("github")
    ok(site.turn())
    assert site.serves(titled) == "unlinked"
    site.sound()


def test_the_trackers_own_parent_goes_first(site: Site) -> None:
    """What GitHub's hierarchy says is no matter of wording."""
    epic = site.jira.epic("Checkout", "goal:GROW-1")
    above = site.github.create("Costs", "goal:COST-1")
    child = site.github.create(f"{epic}: Faster cart", parent=above)
    configured(site)
    ok(site.turn())
    assert site.serves(child) == "inherited COST-1"
    site.github.set_parent(child, None)
    ok(site.turn())
    assert site.serves(child) == "inherited GROW-1"
    assert site.asks(child) == ["parent_changed"]


def test_another_parent_in_another_tracker_is_asked_about_where_the_goal_changed(site: Site) -> None:
    """Re-parenting is told from relinking, across trackers too; an answer settles it (R7)."""
    one, other, same = (
        site.jira.epic(*told) for told in (("A", "goal:GROW-1"), ("B", "goal:COST-1"), ("C", "goal:COST-1"))
    )
    child = site.github.create(f"{one}: Faster cart")
    configured(site)
    ok(site.turn())
    site.github.retitle(child, f"{other}: Faster cart")
    ok(site.turn())
    assert (site.serves(child), site.asks(child)) == ("inherited COST-1", ["parent_changed"])
    assert REVIEW in site.github.labels(child)
    site.github.remove_label(child, REVIEW)
    ok(site.turn())
    assert site.asks(child) == []
    site.github.retitle(child, f"{same}: Faster cart")
    ok(site.turn())
    assert (site.serves(child), site.asks(child)) == ("inherited COST-1", [])


def test_a_parent_that_is_out_of_scope_is_read_by_its_own_tracker(site: Site) -> None:
    """Within one round, and never again while nothing changes: the other tracker's credential is used, not ours."""
    site.jira.world.add_project("CORE", "Core")
    epic = site.jira.alice.create_issue("CORE", "Platform", "Epic", labels=["goal:SAFE-1"])
    child = site.github.create(f"{epic}: No root")
    configured(site, places=["CORE"])
    ok(site.turn())
    assert site.serves(child) == "inherited SAFE-1"
    assert site.record(epic).presence == "context"
    with site.requests() as counted:
        ok(site.turn())
    assert not any("bulkfetch" in each for each in counted.asked)


def test_a_parent_named_by_a_former_key_or_in_another_case_is_found_and_asked_for_once(site: Site) -> None:
    """It moved away before anybody here saw it: the tracker knows where it is, and from then on we do."""
    site.jira.world.add_project("CORE", "Core")
    epic = site.jira.epic("Checkout", "goal:GROW-1")
    moved = site.jira.move(epic, "CORE")
    above = site.github.create("Costs", "goal:COST-1", place="acme/api")
    former, other = site.github.create(f"{epic}: Faster cart"), site.jira.create("Smaller images")
    site.jira.alice.edit(other, description="Parent: " + above.replace("acme", "Acme"))
    site.reconnect("jira", parent_reference={"tracker": "github", "places": ["Acme/api"]})
    configured(site)
    ok(site.turn())
    assert (site.serves(former), site.record(former).parent) == ("inherited GROW-1", site.record(moved).id)
    assert site.serves(other) == "inherited COST-1"
    assert site.store.trackers_due(site.clock()) == []
    with site.requests() as counted:
        assert ok(site.turn()).planned == []
    assert not any("graphql" in each or "bulkfetch" in each for each in counted.asked)
    site.sound()


def test_a_parent_that_is_found_later_settles_what_waited(site: Site) -> None:
    """Until then its child is unlinked without being told: the question may answer itself. Asked once a day."""
    child = site.github.create("APP-40: Faster cart")
    configured(site)
    ok(site.turn(minutes=30))
    assert (site.serves(child), site.record(child).parent_unknown) == ("unlinked", True)
    assert site.github.labels(child) == set()
    with site.requests() as counted:
        ok(site.turn())
    assert not any("bulkfetch" in each for each in counted.asked)
    while (epic := site.jira.epic("Checkout", "goal:GROW-1")) != "APP-40":
        assert int(epic.rpartition("-")[2]) < 40
    ok(site.turn())
    assert site.serves(child) == "inherited GROW-1"
    site.sound()


def test_a_parent_that_moves_keeps_its_children_and_one_that_is_deleted_leaves_them_without(site: Site) -> None:
    """The key in the text stays as it was; Jira's former key leads on. What is gone carries nothing (R6)."""
    epic = site.jira.epic("Checkout", "goal:GROW-1")
    child = site.github.create(f"{epic}: Faster cart")
    configured(site)
    ok(site.turn())
    moved = site.jira.move(epic, "OPS")
    ok(site.turn())
    assert site.serves(child) == "inherited GROW-1"
    late = site.github.create(f"{epic}: Named as it was called before")
    ok(site.turn())
    assert site.serves(late) == "inherited GROW-1"
    site.jira.delete(moved)
    site.night()
    assert (site.serves(child), site.record(child).parent_unknown) == ("unlinked", True)
    assert site.asks(child) == ["unlinked"]
    site.sound()


def circle(site: Site) -> tuple[str, str]:
    """Return an epic at Jira and an issue at GitHub, each of which names the other as its parent."""
    epic = site.jira.epic("Checkout")
    child = site.github.create(f"{epic}: Faster cart")
    site.jira.retitle(epic, f"{child}: Checkout")
    site.reconnect("jira", parent_reference={"tracker": "github", "places": ["acme/web"]})
    configured(site)
    return epic, child


def test_a_circle_through_both_trackers_is_survived(site: Site) -> None:
    """Each names the other: nobody's goal is made up, and an explicit link in it still counts."""
    epic, child = circle(site)
    ok(site.turn())
    assert (site.serves(epic), site.serves(child)) == ("unlinked", "unlinked")
    assert site.record(child).parent_unknown
    with site.requests() as counted:
        assert ok(site.turn()).planned == []
    assert counted.writes == 0
    site.jira.add_label(epic, "goal:GROW-1")
    ok(site.turn())
    assert (site.serves(epic), site.serves(child)) == ("linked GROW-1", "inherited GROW-1")
    site.sound()


def test_a_circle_of_closed_issues_comes_to_rest(site: Site) -> None:
    """Each lets what hangs below it be decided anew, and so the other; that ends, and nothing of it stays due (L3)."""
    epic, child = circle(site)
    site.jira.close(epic)
    site.github.close(child)
    ok(site.turn(rounds=2))
    site.jira.add_label(epic, "urgent")
    ok(site.turn())
    assert site.store.trackers_due(site.clock()) == []
    site.sound()


def test_a_description_in_jira_names_a_parent_at_github(site: Site) -> None:
    """The other way round: as text or as a document, whichever the API's version prints."""
    above = site.github.create("Costs", "goal:COST-1")
    child = site.jira.create("Smaller images")
    site.jira.alice.edit(child, description=f"Why: it is slow.\n\nParent: {above}")
    site.reconnect("jira", parent_reference={"tracker": "github", "places": ["acme/web"]})
    ok(site.turn())
    assert site.serves(child) == "inherited COST-1"
