"""The laws, asserted on a world that has come to rest."""

from __future__ import annotations

from datetime import timedelta

from tests.properties.oracle import Oracle, asked
from tests.properties.people import People
from tests.properties.world import EXEMPT, EXEMPT_DAYS, MIRROR, NAMING, NO_GOAL, PREFIX, REVIEW, World, value
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Issue, IssueRef, LinkState, Presence
from vindaris_sync.domain.records import Reason, Record


def all_laws(world: World, people: People) -> set[IssueRef]:
    """Assert every law that a state can show; return the issues on which both sides show the same."""
    oracle = Oracle(world)
    breaches = world.store.check()
    assert breaches == (), breaches
    structural(oracle)
    suspects(oracle)
    rules_are_asked(oracle)
    people.notice()
    nothing_missed(world, people, oracle)
    humans_win(world, people, oracle)
    labels_say_what_is_asked(world, oracle)
    priorities_are_shown(world, oracle)
    return surfaces_agree(world, oracle)


def structural(oracle: Oracle) -> None:
    """L1: every tracked open issue is in the one state that follows from the links, and is asked if it has none."""
    for record in oracle.open():
        decided = oracle.decided(record)
        assert record.tracked, record
        assert record.state is decided.state, (record, decided)
        assert frozenset(record.goals) == decided.goals, (record, decided)
        assert record.carrier == (decided.carrier and decided.carrier.id), (record, decided)
        assert record.parent_unknown == decided.unread, (record, decided)
        assert (record.rule is not None) == decided.ruled, (record, decided)
        assert asked(record, Reason.UNLINKED) == (record.state is LinkState.UNLINKED), record


def suspects(oracle: Oracle) -> None:
    """L2: whoever stands on a goal that changed since is suspect, and somebody is asked; nobody else is."""
    rules = {
        rule.id: (rule.link,) if rule.link and rule.active else () for rule in oracle.world.store.rule_book().rules
    }
    wanted: set[tuple[int, str]] = set()
    for record in oracle.open():
        decided = oracle.decided(record)
        links = decided.carrier.links if decided.carrier else rules[record.rule] if record.rule else ()
        changed = {str(link.goal) for link in links if oracle.suspect(link.goal, link.revision)}
        assert record.suspect == bool(changed), record
        if decided.carrier is not None:
            wanted |= {(oracle.holder(record, decided.carrier).id, goal) for goal in changed}
    for record in oracle.open():
        is_asked = {
            cause.key.subject for cause in record.causes if cause.open and cause.key.reason is Reason.GOAL_CHANGED
        }
        assert is_asked == {goal for holder, goal in wanted if holder == record.id}, record


def rules_are_asked(oracle: Oracle) -> None:
    """R8: a rule whose goal changed is asked about once, whatever it links; so is one whose goal is closed."""
    goals = oracle.world.store.goal_book().goals
    for rule in oracle.world.store.rule_book().rules:
        asked_now = {cause.key.reason for cause in rule.causes if cause.open}
        wanted = set()
        if rule.active and rule.link is not None:
            wanted |= {Reason.GOAL_CHANGED} if oracle.suspect(rule.link.goal, rule.link.revision) else set()
            wanted |= {Reason.GOAL_CLOSED} if goals[rule.link.goal].closed else set()
        answered = {cause.key.reason for cause in rule.causes if not cause.open}
        assert asked_now == wanted - answered, rule


def nothing_missed(world: World, people: People, oracle: Oracle) -> None:
    """L7 and L6: everything visible is in the store as it is; what is not seen was not forgotten."""
    held = {record.ref: record for record in oracle.records.values()}
    for tracker in world.trackers.values():
        for one in tracker.records():
            ref = one.issue.ref
            if one.hidden or ref in people.unsure:
                continue
            assert ref in held, (ref, "L7: missed")
            record = held[ref]
            told = (record.key, record.place, record.type, record.title, record.closed)
            issue = one.issue
            assert told == (issue.key, issue.place, issue.type, issue.title, issue.closed), (record, issue)
            assert record.presence is Presence.PRESENT, record
            assert record.parent_stated == (issue.parent is not None or _names_a_parent(issue)), record


def _names_a_parent(issue: Issue) -> bool:
    return issue.ref.tracker == "west" and issue.title.startswith(NAMING.places)


def humans_win(world: World, people: People, oracle: Oracle) -> None:
    """L5: what a person said last is so, unless a person is being asked which of two was meant."""
    for record in oracle.records.values():
        expected = people.expected.get(record.ref)
        if expected is None or record.presence is not Presence.PRESENT or _hidden(world, record):
            continue
        if record.ref in people.unnoticed:
            continue
        if expected.value == EXEMPT and world.clock() - expected.at >= timedelta(days=EXEMPT_DAYS):
            continue
        explicit = value(record.explicit)
        assert expected.holds(explicit) or _conflict(record), (expected, record)


def labels_say_what_is_asked(world: World, oracle: Oracle) -> None:
    """R10: the review label is on exactly where somebody is to be told something now."""
    for record in oracle.records.values():
        if not _writable(world, record, f"review:{REVIEW}"):
            continue
        asks = oracle.asks(record) and any(
            cause.answer is None
            and cause.labelled
            and cause.surface_at is not None
            and cause.surface_at <= world.clock()
            and not (record.parent_unknown and cause.key.reason is Reason.UNLINKED)
            for cause in record.causes
        )
        issue = world.trackers[record.ref.tracker].issue(record.ref.id)
        assert (REVIEW in map(fold, issue.labels)) == asks, (record, issue)


def priorities_are_shown(world: World, oracle: Oracle) -> None:
    """Open work shows the priority of the goal that it serves first of all, and none where that has none."""
    goals = world.store.goal_book().goals
    for record in oracle.open():
        if record.parent_unknown or not _writable(world, record):
            continue
        labels = world.trackers[record.ref.tracker].issue(record.ref.id).labels
        shown = {label[len(MIRROR) :] for label in labels if fold(label).startswith(MIRROR)}
        priority = goals[record.goals[0]].priority if record.goals else ""
        assert shown == ({priority} if priority else set()), (record, labels)


def surfaces_agree(world: World, oracle: Oracle) -> set[IssueRef]:
    """R1, R3: every surface shows what S looks like on it; return the issues of which that is known."""
    agreed: set[IssueRef] = set()
    for record in oracle.open():
        if _conflict(record) or record.undefined or not _writable(world, record):
            continue
        issue = world.trackers[record.ref.tracker].issue(record.ref.id)
        if _unknown_key(world, issue):
            continue
        _agrees(world, record, issue)
        agreed.add(record.ref)
    return agreed


def _agrees(world: World, record: Record, issue: Issue) -> None:
    explicit = value(record.explicit)
    names = {goal.id: fold(goal.goal.key) for goal in world.store.goals()}
    goals = {names[goal] for goal in explicit - EXEMPT}
    labels = {fold(label) for label in issue.labels}
    shown = {label[len(PREFIX) :] for label in labels if label.startswith(PREFIX)}
    assert shown == goals, (record, issue, "the label")
    assert (NO_GOAL in labels) == (explicit == EXEMPT), (record, issue, "the exempt label")
    for raw in issue.fields.values() if record.ref.tracker == "east" else ():
        assert set(map(fold, raw)) <= goals, (record, issue, "the field")
        assert bool(raw) == bool(goals), (record, issue, "the field")


def _writable(world: World, record: Record, surface: str = "") -> bool:
    """Return whether we may write on the issue, as far as we know, and know it as it is."""
    refused = {surface for place, surface in world.store.refused(record.ref.tracker) if place == record.place}
    return (
        record.presence is Presence.PRESENT
        and not _hidden(world, record)
        and not (surface in refused | record.refused if surface else refused | record.refused)
        and not any(key == surface or not surface for key, _ in record.undefined)
    )


def _hidden(world: World, record: Record) -> bool:
    tracker = world.trackers[record.ref.tracker]
    try:
        return tracker.record(record.ref.id).hidden
    except KeyError:
        return True


def _conflict(record: Record) -> bool:
    return record.conflict is not None


def _unknown_key(world: World, issue: Issue) -> bool:
    raw = [label[len(PREFIX) :] for label in issue.labels if fold(label).startswith(PREFIX)]
    raw += [one for values in issue.fields.values() for one in values]
    return any(fold(one) not in world.names for one in raw)
