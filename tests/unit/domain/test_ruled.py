"""Issues under link rules, decided; and the review that a rule itself has (R6, R8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.unit.domain.building import NOW, A, B, World, agreed, book, link, record, rule
from vindaris_sync.domain.actions import Action, Announce, AnswerRule, AskRule, ConfirmRule, OpenCause, SetExplicit
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.decisions import confirm as confirm_issue
from vindaris_sync.domain.models import LinkState, Provenance, Traits
from vindaris_sync.domain.records import Answer, Cause, CauseKey, GoalFacts, Reason
from vindaris_sync.domain.rules import Rule, RuleBook
from vindaris_sync.domain.ruling import ask, confirm

CHECKOUT = Traits(components=frozenset({"checkout"}))
BY_COMPONENT = rule(1, A, component="Checkout")
CHANGED = book(A=GoalFacts(1, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
KIM = By("kim", "command line", "still right", NOW)


def test_an_issue_under_a_rule_is_linked_without_review_link_or_write() -> None:
    """The rule is never written onto the issue, and says nothing of when the issue was linked (R1, timing)."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()), rules=RuleBook((BY_COMPONENT,)))
    plan = world.decide()
    issue = world.issues[1]
    assert (issue.state, issue.goals, issue.rule, issue.carrier) == (LinkState.LINKED, (A,), 1, None)
    assert (issue.timing, issue.explicit, issue.causes) == (None, (), ())
    assert plan.writes == ()
    assert world.decide().empty


def test_an_issue_that_no_longer_fulfils_its_rule_is_asked_about() -> None:
    """It is unlinked again, as if the rule had never been."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()), rules=RuleBook((BY_COMPONENT,)))
    world.decide()
    world.see(1, traits=Traits())
    world.decide()
    assert world.issues[1].state is LinkState.UNLINKED
    assert world.issues[1].rule is None
    assert [cause.key.reason for cause in world.issues[1].causes] == [Reason.UNLINKED]


def test_a_rule_answers_what_unlinked_issues_were_asked() -> None:
    """Once a rule links an issue, its review is closed."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()))
    world.decide()
    assert world.issues[1].causes
    world.rules = RuleBook((BY_COMPONENT,))
    world.decide()
    assert world.issues[1].causes == ()


def test_a_persons_link_goes_before_the_rule_and_the_rule_holds_again_without_it() -> None:
    """The label in the tracker links; taken off, the rule's link is back, and nobody is asked."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()), rules=RuleBook((BY_COMPONENT,)))
    world.decide()
    world.person(1, labels=("B",))
    world.decide()
    world.write()
    assert (world.issues[1].goals, world.issues[1].rule) == ((B,), None)
    world.decide()
    world.person(1)
    world.decide()
    assert (world.issues[1].goals, world.issues[1].rule, world.issues[1].causes) == ((A,), 1, ())


def test_what_hangs_below_is_looked_at_again_when_a_rule_links_its_parent() -> None:
    """A child that fulfils no rule is linked through its parent's."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()), record(2, parent=1, parent_stated=True, **agreed()))
    world.decide()
    world.rules = RuleBook((BY_COMPONENT,))
    assert world.decide(1).descend == (1,)
    world.decide(2)
    assert (world.issues[2].state, world.issues[2].goals, world.issues[2].rule) == (LinkState.LINKED, (A,), 1)


def test_a_link_equal_to_the_rules_is_not_redundant() -> None:
    """A rule is no ancestor: that it leads elsewhere one day asks nothing at an issue with a link of its own."""
    world = World.of(
        record(1, traits=CHECKOUT, explicit=(link(A),), **agreed(field="A", labels=("A",))),
        rules=RuleBook((BY_COMPONENT,)),
    )
    world.decide()
    world.rules = RuleBook((rule(1, B, component="Checkout"),))
    plan = world.decide()
    assert not [action for action in plan.actions if isinstance(action, OpenCause)]


def test_issues_are_suspect_through_their_rule_and_nobody_is_asked_there() -> None:
    """The goal has changed: the rule's review asks once, the issues' do not."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()), rules=RuleBook((BY_COMPONENT,)), goals=CHANGED)
    world.decide()
    assert world.issues[1].suspect
    assert world.issues[1].causes == ()
    assert world.writes == []


def test_confirming_at_an_issue_under_a_rule_makes_the_link_its_own() -> None:
    """It is a person's link from then on, and the rule's no more (R8)."""
    issue = record(1, traits=CHECKOUT)
    plan = confirm_issue(issue, [], CHANGED, {A: 2}, KIM, rules=RuleBook((BY_COMPONENT,)))
    (action,) = plan.actions
    assert isinstance(action, SetExplicit)
    assert isinstance(action.explicit, tuple)
    own = action.explicit[0]
    assert (own.goal, own.provenance, own.who, own.revision) == (A, Provenance.CHOSEN, "kim", 2)


def test_the_review_label_taken_off_under_a_rule_makes_the_link_a_persons_own() -> None:
    """Somebody asked for a review and then said that what the issue shows is right, at the goal as it stood (R10)."""
    world = World.of(record(1, traits=CHECKOUT, **agreed()), rules=RuleBook((BY_COMPONENT,)), goals=CHANGED)
    world.decide()
    world.person(1, review=True)
    world.decide()
    assert [cause.key.reason for cause in world.issues[1].causes] == [Reason.REQUESTED]
    world.person(1)
    world.decide()
    own = world.issues[1].links[0]
    assert (own.goal, own.provenance, own.who, own.revision) == (A, Provenance.ADOPTED, "someone in jira", 2)
    assert (world.issues[1].rule, world.issues[1].suspect) == (None, False)
    world.write()
    assert world.decide().writes == ()


# --- the rule's own review -----------------------------------------------------------------------------------------


def asked(rule_: Rule, actions: list[Action]) -> Rule:
    """Return the rule as it is once the actions are kept."""
    causes = {cause.key: cause for cause in rule_.causes}
    for action in actions:
        match action:
            case AskRule(cause=cause):
                causes[cause.key] = cause
            case AnswerRule(key=key, answer=Answer.CONFIRMED):
                causes[key] = replace(causes[key], answer=Answer.CONFIRMED)
            case AnswerRule(key=key):
                del causes[key]
            case ConfirmRule(link=confirmed):
                rule_ = replace(rule_, link=confirmed)
            case _:
                assert isinstance(action, Announce)
    return replace(rule_, causes=tuple(causes.values()))


def test_a_changed_goal_opens_one_question_at_the_rule_and_tells_its_teams() -> None:
    """It is asked once, however often it is looked at."""
    actions = list(ask(BY_COMPONENT, CHANGED, [("jira", "APP"), ("jira", "*")], NOW))
    key = CauseKey(Reason.GOAL_CHANGED, "1", "r2")
    assert actions == [
        AskRule(1, Cause(key, NOW, NOW, labelled=False, detail="A changed since revision 1")),
        Announce("jira", "APP", Reason.GOAL_CHANGED, "1", NOW),
        Announce("jira", "*", Reason.GOAL_CHANGED, "1", NOW),
    ]
    assert list(ask(asked(BY_COMPONENT, actions), CHANGED, [], NOW + timedelta(days=1))) == []


def test_a_confirmation_answers_for_the_revision_that_was_seen() -> None:
    """A newer revision is asked about anew; one that was seen is settled."""
    suspect = asked(BY_COMPONENT, list(ask(BY_COMPONENT, CHANGED, [], NOW)))
    settled = asked(suspect, list(confirm(suspect, CHANGED, {A: 2}, [("jira", "*")], KIM).actions))
    assert settled.link is not None
    assert (settled.link.revision, settled.link.fingerprint) == (2, "A2")
    settled = asked(settled, lapsed := list(ask(settled, CHANGED, [("jira", "*")], NOW)))
    assert [type(action) for action in lapsed] == [AnswerRule]  # it stands no more; nobody is told twice
    assert list(ask(settled, CHANGED, [], NOW)) == []
    again = book(A=GoalFacts(1, "A", "Goal A", "active", 3, {1: "A1", 2: "A2", 3: "A3"}))
    stale = confirm(asked(settled, list(ask(settled, again, [], NOW))), again, {A: 2}, [], KIM)
    assert stale.empty


def test_a_revert_leaves_nothing_to_ask_at_the_rule() -> None:
    """Contents as they were confirmed are not suspect (R11)."""
    suspect = asked(BY_COMPONENT, list(ask(BY_COMPONENT, CHANGED, [], NOW)))
    reverted = book(A=GoalFacts(1, "A", "Goal A", "active", 3, {1: "A1", 2: "A2", 3: "A1"}))
    actions = list(ask(suspect, reverted, [("jira", "*")], NOW))
    assert [type(action) for action in actions] == [AnswerRule, Announce]
    assert asked(suspect, actions).causes == ()


def test_a_closed_goal_is_asked_about_at_the_rule_until_somebody_confirms() -> None:
    """Kept on purpose it is not asked again; reopened, the answer is void."""
    closed = book(A=GoalFacts(1, "A", "Goal A", "achieved", 1, {1: "A1"}))
    open_ = asked(BY_COMPONENT, list(ask(BY_COMPONENT, closed, [], NOW)))
    assert [cause.key for cause in open_.causes] == [CauseKey(Reason.GOAL_CLOSED, "1", "achieved")]
    kept = asked(open_, list(confirm(open_, closed, {A: 1}, [], KIM).actions))
    assert list(ask(kept, closed, [], NOW)) == []
    assert asked(kept, list(ask(kept, book(), [], NOW))).causes == ()


def test_a_rule_that_rests_asks_nothing_and_has_nothing_to_confirm() -> None:
    """There is no goal that could have changed."""
    resting = rule(1, None, component="Checkout")
    assert list(ask(resting, CHANGED, [("jira", "*")], NOW)) == []
    assert confirm(resting, CHANGED, {}, [], KIM).empty


def test_a_rule_that_is_configured_no_more_asks_nothing() -> None:
    """Its open question is moot, and whoever was asked hears of it."""
    suspect = asked(BY_COMPONENT, list(ask(BY_COMPONENT, CHANGED, [], NOW)))
    actions = list(ask(replace(suspect, active=False), CHANGED, [("jira", "*")], NOW))
    assert [type(action) for action in actions] == [AnswerRule, Announce]
