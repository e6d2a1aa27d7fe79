"""Link rules over both trackers: what nobody said anything about serves a goal, and one question stands for it all."""

from __future__ import annotations

from tests.integration.engine.world import Site, ok
from vindaris_sync.domain import ruling
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.rules import Condition, Rule, Stated
from vindaris_sync.engine.findings import gather_findings

CHECKOUT = Stated("GROW-1", {Condition.TRACKER: ("jira",), Condition.COMPONENT: ("checkout",)})
V2 = Stated("GROW-1", {Condition.PLACE: ("acme/web",), Condition.MILESTONE: ("V2",)})
REVIEW = "goal-review"


def state_rules(site: Site, *rules: Stated) -> None:
    """Let these be the configured rules from the next start on."""
    site.rules = rules
    site.restart()


def rule(site: Site, number: int) -> Rule:
    """Return a rule as it is held."""
    return next(rule for rule in site.store.rule_book().rules if rule.id == number)


def asked(site: Site, number: int) -> list[str]:
    """Return the reasons for which a rule's review is open."""
    return [str(cause.key.reason) for cause in rule(site, number).causes if cause.answer is None]


def confirm(site: Site, number: int) -> None:
    """Let Kim say on the command line that a rule still leads to the right goal."""
    with site.store.transaction():
        book = site.context.book()
        seen = {goal.id: goal.revision for goal in book.goals.values()}
        told = site.context.teams.told_of(rule(site, number), site.store.places()).values()
        by = By("kim", "command line", "as before", site.clock())
        site.store.apply(ruling.confirm(rule(site, number), book, seen, told, by), "", site.clock())


def at_work(site: Site) -> tuple[str, str]:
    """Create an issue with a component in Jira and one with a milestone at GitHub."""
    app, web = site.jira.create("Pay by card"), site.github.create("Faster pages")
    site.jira.alice.edit(app, components=["Checkout"])
    site.github.world.edit("acme/web", int(web.rpartition("#")[2]), actor="mia", milestone="v2")
    return app, web


def test_a_component_and_a_milestone_link_and_nothing_is_written(site: Site) -> None:
    """Stated rules are decided from what was read already; issues show nothing of it, and nobody is asked (R1, R6)."""
    app, web = at_work(site)
    ok(site.turn(minutes=16))
    assert (site.serves(app), site.serves(web)) == ("unlinked", "unlinked")
    assert site.jira.labels(app) == {REVIEW}
    state_rules(site, CHECKOUT, V2)
    ok(site.turn())
    assert (site.serves(app), site.serves(web)) == ("linked GROW-1", "linked GROW-1")
    assert (site.record(app).rule, site.record(web).rule) == (1, 2)
    assert (site.jira.labels(app), site.github.labels(web)) == (set(), set())
    assert site.jira.field(app) is None
    assert site.record(app).timing is None
    with site.requests() as counted:
        assert ok(site.turn()).planned == []
    assert counted.writes == 0
    site.sound()


def test_a_changed_goal_is_asked_about_once_at_each_rule(site: Site) -> None:
    """Issues are suspect through their rule, without review or label; confirming the rule settles them all (R8)."""
    state_rules(site, CHECKOUT, V2)
    app, web = at_work(site)
    others = [site.jira.create(f"Pay with {each}") for each in ("cash", "points")]
    for other in others:
        site.jira.alice.edit(other, components=["Cart", "Checkout"])
    ok(site.turn())
    site.change_goal("GROW-1", title="Much faster checkout")
    ok(site.turn())
    assert (asked(site, 1), asked(site, 2)) == (["goal_changed"], ["goal_changed"])
    for key in (app, web, *others):
        assert (site.record(key).suspect, site.asks(key)) == (True, [])
    assert (site.jira.labels(app), site.github.labels(web)) == (set(), set())
    message = next(each for each in site.messages() if "GROW-1" in each.text)
    assert "rule:1" in message.text
    assert "3 issues · vindaris-sync review confirm rule:1" in message.text
    assert "rule:2" in message.text
    assert "rule:2" not in "".join(each.text for each in site.messages("platform"))
    confirm(site, 1)
    ok(site.turn())
    assert (asked(site, 1), asked(site, 2)) == ([], ["goal_changed"])
    assert [site.record(key).suspect for key in (app, web, *others)] == [False, True, False, False]
    confirm(site, 2)
    ok(site.turn())
    assert not site.record(web).suspect
    assert any(each.startswith("✓ GROW-1") for each in site.told())
    assert ok(site.turn()).planned == []
    site.sound()


def test_a_persons_label_wins_over_the_rule_and_taken_off_the_rule_holds_again(site: Site) -> None:
    """What is explicit goes before every rule, here and on an ancestor; a new component changes what a rule gives."""
    state_rules(site, CHECKOUT)
    app, _ = at_work(site)
    epic = site.jira.epic("Everything about paying", "goal:COST-1")
    ok(site.turn())
    site.jira.add_label(app, "goal:SAFE-1")
    ok(site.turn())
    assert (site.serves(app), site.jira.field(app)) == ("linked SAFE-1", "SAFE-1")
    site.jira.remove_label(app, "goal:SAFE-1")
    site.jira.set_field(app, None)
    ok(site.turn(rounds=2))
    assert (site.serves(app), site.asks(app)) == ("linked GROW-1", [])
    site.jira.set_parent(app, epic)
    ok(site.turn(rounds=2))
    assert site.serves(app) == "inherited COST-1"
    site.jira.set_parent(app, None)
    site.jira.alice.edit(app, components=["Cart"])
    ok(site.turn(minutes=16, rounds=2))
    assert site.serves(app) == "unlinked"
    assert "unlinked" in site.asks(app)
    site.sound()


def test_a_goal_that_ends_asks_at_the_rule_and_a_dropped_rule_asks_nothing(site: Site) -> None:
    """Whoever takes the rule out of the configuration has answered; its issues are asked about then."""
    state_rules(site, CHECKOUT)
    app, _ = at_work(site)
    ok(site.turn())
    site.change_goal("GROW-1", status=Status.ABANDONED)
    ok(site.turn())
    assert (asked(site, 1), site.asks(app)) == (["goal_closed"], [])
    assert any("GROW-1" in each for each in site.told())
    state_rules(site)
    ok(site.turn(minutes=16))
    assert asked(site, 1) == []
    assert (site.serves(app), site.asks(app)) == ("unlinked", ["unlinked"])
    assert site.store.rule_book().rules[0].active is False
    site.sound()


def test_the_report_counts_what_rules_link_and_names_the_rule_that_is_asked(site: Site) -> None:
    """Linked is linked, by whatever; the rule stands in the list of suspects for all its issues."""
    state_rules(site, CHECKOUT)
    at_work(site)
    ok(site.turn())
    site.change_goal("GROW-1", title="Much faster checkout")
    ok(site.turn())
    found = gather_findings(site.context, None, "UTC")
    assert (found.coverage.linked, found.coverage.by_rule) == (1, 1)
    assert (found.suspect.total, [(line.key, line.title, line.goal) for line in found.suspect.lines]) == (
        1, [("rule:1", "tracker = jira, component = checkout", "GROW-1")],
    )  # fmt: skip
    assert [(row.reason, row.open) for row in found.reviews.open if row.reason == "goal_changed"] == [
        ("goal_changed", 1)
    ]
    goal = next(row for row in found.goals if row.key == "GROW-1")
    assert (goal.own.open, goal.suspect) == (1, 1)
    site.change_goal("GROW-1", status=Status.ABANDONED)
    ok(site.turn())
    assert gather_findings(site.context, None, "UTC").closed_goal_work.total == 1


def test_a_rule_whose_goal_comes_later_rests_until_then(site: Site) -> None:
    """The goal is stated, and the rule's issues are linked without anybody touching them."""
    state_rules(site, Stated("MOON-1", CHECKOUT.conditions))
    app, _ = at_work(site)
    ok(site.turn())
    assert site.serves(app) == "unlinked"
    moon = Goal("MOON-1", "Land on the moon")
    site.goals.goals = (*site.goals.goals, moon)
    ok(site.turn())
    assert site.serves(app) == "linked MOON-1"
    site.sound()
