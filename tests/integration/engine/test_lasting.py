"""Whether links last, as the night finds it over two trackers: circles, lost parents, exemptions, goals that end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.integration.engine.test_across import configured
from tests.integration.engine.world import Site, ok
from vindaris_sync.domain import decisions
from vindaris_sync.domain.findings import Findings, Listing
from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.domain.lasting import CatchAll, catch_alls, ended, nothing_attached, over_budget
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.engine.teams import Team, Teams

REVIEW = "goal-review"


def found(site: Site, **changed: object) -> Findings:
    """Return what a report says now."""
    return gather_findings(replace(site.context, **changed), None, "UTC")  # type: ignore[arg-type] # any field


def notes(listing: Listing) -> dict[str, str]:
    """Return what a list says, by issue."""
    return {line.key: line.note for line in listing.lines}


def test_circles_and_lost_parents_are_reported_by_name(site: Site) -> None:
    """A circle once, through both trackers; an unread and a deleted parent with why; those below are counted only."""
    epic, doomed = site.jira.epic("Checkout"), site.jira.epic("Doomed")
    child = site.github.create(f"{epic}: Faster cart")
    site.jira.retitle(epic, f"{child}: Checkout")
    lost, orphan = site.github.create("APP-999: Lost"), site.github.create(f"{doomed}: Orphan")
    below = site.github.create("Below", parent=lost)
    site.reconnect("jira", parent_reference={"tracker": "github", "places": ["acme/web"]})
    configured(site)
    ok(site.turn())
    site.jira.delete(doomed)
    site.night()
    listing = found(site).parents
    said = notes(listing)
    circle = next(note for note in said.values() if "circle" in note)
    assert circle in {
        f"its parents go round in a circle: {epic} → {child} → {epic}",
        f"its parents go round in a circle: {child} → {epic} → {child}",
    }
    assert said[lost].startswith("its parent APP-999 in jira: ")
    assert said[orphan] == f"its parent {doomed} is gone"
    assert below not in said
    assert (listing.total, len(said)) == (3, 3)
    site.sound()
    site.jira.retitle(epic, "Checkout")
    ok(site.turn())
    assert not any("circle" in note for note in notes(found(site).parents).values())


def test_exemptions_are_listed_with_reason_author_and_end(site: Site) -> None:
    """By label and by command; what is asked again soonest comes first; one that expired is asked about anew (R10)."""
    labelled, said = site.jira.create("Upgrade", "no-goal"), site.github.create("Legal duty")
    ok(site.turn())
    soon = site.clock() + timedelta(days=3)
    site.decide(said, lambda record, book, by: decisions.exempt(record, soon, book, by))
    ok(site.turn())
    listing = found(site).exemptions
    assert [line.key for line in listing.lines] == [said, labelled]
    assert notes(listing)[said] == f"said so (kim), until {soon.date()}"
    assert notes(listing)[labelled].startswith("by label, until ")
    ok(site.turn(minutes=3 * 24 * 60 + 20))
    assert (site.serves(said), site.asks(said)) == ("unlinked", ["unlinked"])
    assert site.github.labels(said) == {REVIEW}
    assert [line.key for line in found(site).exemptions.lines] == [labelled]


def test_a_team_over_its_budget_is_reported_and_nothing_is_undone(site: Site) -> None:
    """Two of three are exempt where one in ten was agreed; the exemptions stand."""
    exempt = [site.jira.create(f"Chore {each}", "no-goal") for each in (1, 2)]
    site.jira.create("Cart", "goal:GROW-1")
    ok(site.turn())
    teams = Teams.of(
        [
            replace(site.context.teams.teams["Growth"], exempt_share=0.1),
            Team("Platform", ("jira:*", "github:*"), "platform", exempt_share=0.1),
        ]
    )
    [over] = over_budget(found(site, teams=teams))
    assert (over.name, over.coverage.exempt, over.coverage.total) == ("Growth", 2, 3)
    ok(site.turn())
    assert [site.exempt(key) for key in exempt] == [True, True]


def test_a_goal_that_holds_nearly_everything_is_a_catch_all(site: Site) -> None:
    """By links, by inheritance, over both trackers; once it is closed it is something else."""
    configured(site)
    epic = site.jira.epic("Everything", "goal:GROW")
    for number in range(4):
        site.github.create(f"{epic}: Part {number}")
    site.jira.create("Cart", "goal:GROW-1")
    ok(site.turn())
    rules = replace(site.context.rules, catch_all=CatchAll(0.5, 5))
    assert [(goal.key, goal.own.open) for goal in catch_alls(found(site, rules=rules))] == [("GROW", 5)]
    assert catch_alls(found(site)) == ()
    site.change_goal("GROW", status=Status.ABANDONED)
    assert catch_alls(found(site, rules=rules)) == ()


def test_a_goal_that_ends_asks_where_links_are_held_and_says_what_was_done(site: Site) -> None:
    """Its epic in Jira is asked, once for all below it at GitHub; chat offers the successor (R8)."""
    site.goals.goals = (*site.goals.goals, Goal("NEXT", "What comes then"))
    configured(site)
    epic = site.jira.epic("Checkout", "goal:GROW-1")
    children = [site.github.create(f"{epic}: Part {number}") for number in range(3)]
    site.github.close(children[0])
    ok(site.turn())
    site.change_goal("GROW-1", status=Status.ACHIEVED, successor="NEXT")
    ok(site.turn())
    assert (site.asks(epic), [site.asks(each) for each in children]) == (["goal_closed"], [[], [], []])
    [message] = [each.text for each in site.messages() if "is closed" in each.text]
    assert "1 issue was finished for it" in message
    assert "move it to NEXT, its successor" in message
    [row] = ended(found(site))
    assert (row.key, row.own.open, row.own.closed, row.successor) == ("GROW-1", 3, 1, "NEXT")
    site.jira.close(epic)
    ok(site.turn())
    assert [site.asks(each) for each in children] == [[], ["goal_closed"], ["goal_closed"]]


def test_a_goal_whose_last_issue_was_finished_short_of_its_target_has_nothing_attached(site: Site) -> None:
    """Its outcome stands between baseline and target: the work is done, and the goal is not."""
    only = site.jira.create("Cart", "goal:GROW-1")
    ok(site.turn())
    assert nothing_attached(found(site)) == ()
    site.jira.close(only)
    ok(site.turn())
    assert [goal.key for goal in nothing_attached(found(site))] == ["GROW-1"]
    site.change_goal("GROW-1", outcomes=(Outcome("conversion", "%", 2.0, 3.0, 3.1),))
    assert nothing_attached(found(site)) == ()
