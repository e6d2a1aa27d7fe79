"""What Jira alone can do to a writer: bulk edits, screens, options, permissions, and people who are quicker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.contract.jira_truth import TOKEN, JiraTruth
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import (
    Address,
    Change,
    Done,
    Failed,
    Issue,
    Level,
    Overridden,
    Refused,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sandbox.core import Request, Response, Service
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.jira import LABELS, MULTI_SELECT, TEXT, JiraCloud, Person
from vindaris_sync.sdk.contract_truth import pull, shown
from vindaris_sync.sdk.errors import IssueRejected
from vindaris_sync.sdk.protocol import Capability, Connector, Loss, Missing
from vindaris_sync.sdk.settings import WriteBackSettings

if TYPE_CHECKING:
    from threading import RLock

    from vindaris_sync.sandbox.core import Outbox, Weather


class Meddler:
    """A service between the wire and the site: once ``path`` has been answered, ``act`` happens, one time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.weather: Weather = service.weather
        self.lock: RLock = service.lock
        self.outbox: Outbox = service.outbox
        self.path = ""
        self.act: Callable[[], object] | None = None

    @property
    def base_url(self) -> str:
        """Where the site is reached."""
        return self._service.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._service.base_url = url

    def answer(self, request: Request) -> Response:
        """Answer, then meddle."""
        response = self._service.answer(request)
        if self.act is not None and request.path.endswith(self.path):
            act, self.act = self.act, None
            act()
        return response


@contextmanager
def meddled() -> Iterator[tuple[JiraTruth, Meddler]]:
    """Serve a fresh Cloud site; yield it, and who meddles there."""
    meddlers: list[Meddler] = []

    def around(service: Service) -> Meddler:
        meddlers.append(Meddler(service))
        return meddlers[0]

    with JiraTruth(cloud=True, around=around).serving() as cloud:
        yield cloud, meddlers[0]


@pytest.fixture(params=[True, False], ids=["cloud", "data-center"])
def tracker(request: pytest.FixtureRequest) -> Iterator[JiraTruth]:
    """Return a fresh site, in both deployments."""
    with JiraTruth(cloud=request.param).serving() as truth:
        yield truth


@pytest.fixture
def cloud() -> Iterator[JiraTruth]:
    """Return a fresh Cloud site."""
    with JiraTruth(cloud=True).serving() as truth:
        yield truth


def surfaces(connector: Connector) -> dict[SurfaceKind, Surface]:
    """Return the surfaces by kind."""
    return {one.kind: one for one in connector.layout().surfaces if not one.mirrors}


def plan(connector: Connector, issues: Sequence[Issue], *changes: Change) -> list[Write]:
    """Return the same write for each issue, expecting what it shows."""
    return [Write(_address(connector, issue), changes, shown(connector, issue)) for issue in issues]


def _address(connector: Connector, issue: Issue) -> Address:
    return Address(connector.name, issue.ref.id, issue.key)


def known(
    tracker: JiraTruth, connector: Connector, count: int, place: str = "APP", labels: Sequence[str] = ()
) -> list[Issue]:
    """Create issues and return them as pulled, a minute later."""
    ids = [tracker.create(place, f"issue {number}", labels=labels) for number in range(count)]
    issues = pull(connector).issues
    tracker.advance(timedelta(minutes=1))
    tracker.server.requests.clear()
    return [issues[id_] for id_ in ids]


def kinds(outcomes: Sequence[Written]) -> Counter[str]:
    """Count the outcomes by kind."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


def goal(connector: Connector, add: str = "", remove: str = "") -> tuple[Change, ...]:
    """Return a change of both goal surfaces."""
    on = surfaces(connector)
    values = (add,) if add else (), (remove,) if remove else ()
    return Change(on[SurfaceKind.FIELD], *values), Change(on[SurfaceKind.LABEL], *values)


# --- bulk


def test_equal_changes_are_one_bulk_edit(cloud: JiraTruth) -> None:
    """M links of V values cost a bulk edit and a poll for each value, and reads by the hundred; nobody gets a mail."""
    connector = cloud.connect()
    issues = known(cloud, connector, 250)
    mails = cloud.world.mails
    writes = [
        *plan(connector, issues[:150], *goal(connector, "G-1")),
        *plan(connector, issues[150:], *goal(connector, "G-2")),
    ]
    outcomes = list(connector.write(writes[::2] + writes[1::2]))
    assert kinds(outcomes) == {"Done": 250}
    count = cloud.server.requests.count
    assert count(path="/bulk/issues/fields$") == 2
    assert count(path="/bulk/queue/") == 2
    assert count(path="/issue/bulkfetch$") == 3 + 3
    assert count(path="/changelog/bulkfetch$") == 1
    assert count(method="PUT") == 0
    assert cloud.exchanges() <= 2 + 2 + 6 + 1 + 4
    assert cloud.world.mails == mails
    assert Capability.BULK_WRITE in connector.capabilities
    connector.close()


def test_more_than_a_thousand_are_split(cloud: JiraTruth) -> None:
    """A value on 1,100 issues costs two bulk edits."""
    connector = cloud.connect()
    issues = known(cloud, connector, 1100)
    label = Change(surfaces(connector)[SurfaceKind.LABEL], ("G-1",))
    assert kinds(list(connector.write(plan(connector, issues, label)))) == {"Done": 1100}
    assert cloud.server.requests.count(path="/bulk/issues/fields$") == 2
    connector.close()


def test_slow_bulk_edit_is_waited_for(cloud: JiraTruth) -> None:
    """A task that runs for a while is asked for its end, with growing pauses."""
    assert isinstance(cloud.service, JiraCloud)
    cloud.service.bulk.duration = timedelta(seconds=40)
    connector = cloud.connect()
    issues = known(cloud, connector, 5)
    assert kinds(list(connector.write(plan(connector, issues, *goal(connector, "G-1"))))) == {"Done": 5}
    assert 3 < cloud.server.requests.count(path="/bulk/queue/") < 15
    connector.close()


def test_endless_bulk_edit_is_given_up(cloud: JiraTruth) -> None:
    """A task that does not end leaves its issues in doubt; nothing is sent again."""
    assert isinstance(cloud.service, JiraCloud)
    cloud.service.bulk.duration = timedelta(days=1)
    connector = cloud.connect()
    issues = known(cloud, connector, 5)
    outcomes = list(connector.write(plan(connector, issues, *goal(connector, "G-1"))))
    assert kinds(outcomes) == {"Failed": 5}
    assert cloud.write_exchanges() == 1
    connector.close()


def test_lost_answer_of_a_bulk_edit(cloud: JiraTruth) -> None:
    """A bulk edit whose answer was lost is not repeated; reading back tells what it did."""
    connector = cloud.connect()
    issues = known(cloud, connector, 5)
    cloud.server.faults.add(Fault("reset", path="/bulk/issues/fields$", applied=True))
    assert kinds(list(connector.write(plan(connector, issues, *goal(connector, "G-1"))))) == {"Done": 5}
    assert cloud.write_exchanges() == 1
    connector.close()


def test_without_the_permission_each_issue_is_put(tracker: JiraTruth) -> None:
    """Without bulk permission, and on Data Center, M links are M PUTs; the reads stay batched."""
    tracker.account.bulk_change = False
    connector = tracker.connect()
    issues = known(tracker, connector, 60)
    assert kinds(list(connector.write(plan(connector, issues, *goal(connector, "G-1"))))) == {"Done": 60}
    count = tracker.server.requests.count
    assert count(method="PUT") == 60
    assert count(path="/bulk/issues") == 0
    assert tracker.exchanges() - 60 <= 5
    assert Capability.BULK_WRITE not in connector.capabilities
    connector.close()


def test_failed_part_of_a_bulk_edit_is_tried_singly(cloud: JiraTruth) -> None:
    """Issues a bulk edit fails for are tried by themselves; the others are done (L11)."""
    connector = cloud.connect()
    issues = known(cloud, connector, 6) + known(cloud, connector, 2, "OPS")
    cloud.alice.remove_field_from_screen("Goal", "OPS")
    outcomes = list(connector.write(plan(connector, issues, *goal(connector, "G-1"))))
    assert kinds(outcomes) == {"Done": 6, "Refused": 2}
    assert cloud.server.requests.count(method="PUT") <= 2
    connector.close()


# --- refusals


def test_field_off_the_screen_is_refused_for_the_place(tracker: JiraTruth) -> None:
    """A field that is not on the screen is refused once for the whole place, with the fix; other places go on."""
    tracker.account.bulk_change = False
    connector = tracker.connect(in_flight=2)
    bad, good = known(tracker, connector, 20), known(tracker, connector, 3, "OPS")
    tracker.alice.remove_field_from_screen("Goal", "APP")
    field = Change(surfaces(connector)[SurfaceKind.FIELD], ("G-1",))
    outcomes = list(connector.write(plan(connector, [*bad, *good], field)))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert kinds(outcomes) == {"Refused": 20, "Done": 3}
    assert all(outcome.place_wide and outcome.surface == field.surface.key for outcome in refused)
    assert "Goal" in refused[0].advice
    assert "APP" in refused[0].advice
    assert tracker.server.requests.count(method="PUT") <= 3 + 3
    connector.close()


@pytest.mark.parametrize("count", [1, 8])
def test_missing_option_is_added_by_an_administrator(cloud: JiraTruth, count: int) -> None:
    """Where the account administers Jira, a goal that the field does not offer becomes an option, once."""
    cloud.account.admin = True
    connector = cloud.connect()
    issues = known(cloud, connector, count)
    field = Change(surfaces(connector)[SurfaceKind.FIELD], ("NEW-1",))
    assert kinds(list(connector.write(plan(connector, issues, field)))) == {"Done": count}
    assert cloud.field_value(issues[0].ref.id) == "NEW-1"
    assert cloud.server.requests.count(method="POST", path="/option$") == 1
    connector.close()


@pytest.mark.parametrize("count", [1, 8])
def test_missing_option_is_refused_with_advice(tracker: JiraTruth, count: int) -> None:
    """Where the option cannot be added, the goal is refused on the field alone, not the place."""
    connector = tracker.connect(in_flight=1)
    issues = known(tracker, connector, count)
    field = Change(surfaces(connector)[SurfaceKind.FIELD], ("NEW-1",))
    outcomes = list(connector.write(plan(connector, issues, field)))
    assert kinds(outcomes) == {"Refused": count}
    (refused, *_) = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert not refused.place_wide
    assert "NEW-1" in refused.advice
    assert tracker.server.requests.count(method="PUT") == 1
    connector.close()


def test_read_only_project_is_refused_for_the_place(tracker: JiraTruth) -> None:
    """Without Edit issues a project is refused as a whole, with the permission to give; the link is another's."""
    connector = tracker.connect()
    issues, others = known(tracker, connector, 4), known(tracker, connector, 2, "OPS")
    tracker.alice.lock_project("APP", TOKEN)
    outcomes = list(connector.write(plan(connector, [*issues, *others], *goal(connector, "G-1"))))
    assert kinds(outcomes) == {"Refused": 4, "Done": 2}
    (refused, *_) = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused.place_wide
    assert "Edit issues" in refused.advice
    connector.close()


@pytest.mark.parametrize("key", ["two words", "x" * 300])
def test_impossible_label_is_never_sent(tracker: JiraTruth, key: str) -> None:
    """A label that Jira can never hold is refused without a request; others of the batch are written."""
    connector = tracker.connect()
    one, two = known(tracker, connector, 2)
    label = surfaces(connector)[SurfaceKind.LABEL]
    writes = [*plan(connector, [one], Change(label, (key,))), *plan(connector, [two], Change(label, ("G-1",)))]
    assert kinds(list(connector.write(writes))) == {"Refused": 1, "Done": 1}
    assert tracker.write_exchanges() == 1
    connector.close()


def test_switched_off_writes_nothing(tracker: JiraTruth) -> None:
    """With write_back.enabled = false every write is refused without a request."""
    connector = tracker.connect(write_back=WriteBackSettings(enabled=False))
    issues = known(tracker, connector, 2)
    label = Change(surfaces(connector)[SurfaceKind.LABEL], ("G-1",))
    assert kinds(list(connector.write(plan(connector, issues, label)))) == {"Refused": 2}
    assert tracker.exchanges() == 0
    connector.close()


# --- people who are quicker (R5)


@pytest.mark.parametrize("by_our_account", [False, True], ids=["a person", "by hand with our account"])
@pytest.mark.parametrize("many", [1, 5])
def test_edit_between_our_read_and_our_write_is_put_back(many: int, *, by_our_account: bool) -> None:
    """What a person set between our read and our write is found in the changelog, put back, and told as overridden.

    The value tells whether a step was ours: people may use our account by hand.
    """
    with meddled() as (cloud, meddler):
        connector = cloud.connect()
        issues = known(cloud, connector, many, labels=["goal:G-1", "bug"])
        if by_our_account:
            cloud.alice = Person(cloud.world, cloud.account.user)
        first = issues[0].ref.id

        def quicker() -> None:
            cloud.advance(timedelta(seconds=1))
            cloud.set_field(first, "G-9")
            cloud.remove_label(first, "goal:G-1")
            cloud.add_label(first, "goal:G-9")
            cloud.advance(timedelta(seconds=1))

        on = surfaces(connector)
        changes = Change(on[SurfaceKind.FIELD], ("G-2",)), Change(on[SurfaceKind.LABEL], ("G-2",), ("G-1",))
        writes = plan(connector, issues, *changes)
        meddler.path, meddler.act = "/issue/bulkfetch", quicker
        outcomes = list(connector.write(writes))
        (overridden,) = [outcome for outcome in outcomes if isinstance(outcome, Overridden)]
        assert kinds(outcomes) == Counter({"Overridden": 1, "Done": many - 1})
        assert overridden.write.address.id == first
        assert cloud.field_value(first) == "G-9"
        assert sorted(cloud.labels(first)) == ["bug", "goal:G-9"]
        assert observed(connector, overridden.issue) == ("G-9",)
        connector.close()


def test_edit_before_a_write_whose_answer_was_lost_is_put_back() -> None:
    """An edit that our write replaced is found though nobody knows from the answer that it was made."""
    with meddled() as (cloud, meddler):
        connector = cloud.connect()
        issues = known(cloud, connector, 1)
        first = issues[0].ref.id

        def quicker() -> None:
            cloud.advance(timedelta(seconds=1))
            cloud.set_field(first, "G-9")

        cloud.server.faults.add(Fault("status", status=502, method="PUT", times=1, applied=True))
        meddler.path, meddler.act = "/issue/bulkfetch", quicker
        change = Change(surfaces(connector)[SurfaceKind.FIELD], ("G-2",))
        assert kinds(list(connector.write(plan(connector, issues, change)))) == {"Overridden": 1}
        assert cloud.field_value(first) == "G-9"
        connector.close()


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unanswered"])
@pytest.mark.parametrize("many", [1, 5])
def test_edit_between_our_write_and_its_reading_back_is_theirs(many: int, *, answered: bool) -> None:
    """What a person puts back at once looks as before our write: the changelog tells that it was made in between."""
    with meddled() as (cloud, meddler):
        connector = cloud.connect()
        on = surfaces(connector)[SurfaceKind.FIELD]
        for one in known(cloud, connector, many):
            cloud.set_field(one.ref.id, "G-1")
        cloud.advance(timedelta(minutes=1))
        issues = list(pull(connector).issues.values())
        first = issues[0].ref.id

        def after_it() -> None:
            cloud.advance(timedelta(seconds=1))
            cloud.set_field(first, "G-1")

        if not answered:
            path = "/issue/[0-9]+$" if many == 1 else "/bulk/issues/fields$"
            cloud.server.faults.add(Fault("status", status=502, path=path, applied=True))
        meddler.path, meddler.act = "/changelog/bulkfetch", after_it
        outcomes = list(connector.write(plan(connector, issues, Change(on, remove=("G-1",)))))
        assert kinds(outcomes) == {"Done": many}
        (undone,) = [each for each in outcomes if isinstance(each, Done) and each.undone]
        assert undone.undone.keys() == {on.key}
        assert undone.undone[on.key] < undone.issue.updated
        assert observed(connector, undone.issue) == ("G-1",)
        assert cloud.field_value(first) == "G-1"
        connector.close()


def test_edit_between_two_requests_of_our_write_is_theirs() -> None:
    """The field was undone before the review label was put on: each surface counts from when it was written itself."""
    with meddled() as (cloud, meddler):
        connector = cloud.connect()
        (issue,) = known(cloud, connector, 1)
        id_ = issue.ref.id

        def in_between() -> None:
            cloud.advance(timedelta(seconds=1))
            cloud.set_field(id_, None)

        review = surfaces(connector)[SurfaceKind.REVIEW]
        changes = (*goal(connector, "G-1"), Change(review, (review.id,)))
        meddler.path, meddler.act = f"/issue/{id_}", in_between
        (done,) = connector.write(plan(connector, [issue], *changes))
        assert isinstance(done, Done)
        assert observed(connector, done.issue) == ()
        assert sorted(cloud.labels(id_)) == ["goal-review", "goal:G-1"]
        connector.close()


def observed(connector: Connector, issue: Issue) -> tuple[str, ...]:
    """Return what the field shows."""
    return shown(connector, issue)[surfaces(connector)[SurfaceKind.FIELD].key]


def test_successive_writes_override_nobody(cloud: JiraTruth) -> None:
    """Our own earlier writes are never taken for a person's."""
    connector = cloud.connect()
    for count in (1, 5):
        issues = known(cloud, connector, count)
        for add, remove in (("G-1", ""), ("G-2", "G-1"), ("G-3", "G-2"), ("", "G-3")):
            outcomes = list(connector.write(plan(connector, issues, *goal(connector, add, remove))))
            assert kinds(outcomes) == {"Done": count}, (add, outcomes)
            issues = [outcome.issue for outcome in outcomes if isinstance(outcome, Done)]
    connector.close()


def test_goal_and_review_label_go_apart(tracker: JiraTruth) -> None:
    """The goal and the review label are two entries of the issue's history."""
    connector = tracker.connect()
    (issue,) = known(tracker, connector, 1)
    review = surfaces(connector)[SurfaceKind.REVIEW]
    changes = (*goal(connector, "G-1"), Change(review, (review.id,)))
    assert kinds(list(connector.write(plan(connector, [issue], *changes)))) == {"Done": 1}
    assert len(tracker.issue(issue.ref.id).histories) == 2
    connector.close()


# --- other kinds of fields


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("kind", [MULTI_SELECT, LABELS, TEXT])
def test_every_kind_of_field(tracker: JiraTruth, kind: str, count: int) -> None:
    """A multi-select, a labels field and a text field are written, changed and emptied; foreign values stay."""
    tracker.world.add_field("Aim", kind, options=["G-1", "G-2", "theirs"] if kind == MULTI_SELECT else ())
    connector = tracker.connect(write_back=WriteBackSettings(surfaces=("field:Aim",)))
    on = surfaces(connector)[SurfaceKind.FIELD]
    assert on.single == (kind == TEXT)
    issues = known(tracker, connector, count)
    foreign: tuple[str, ...] = () if on.single else ("theirs",)
    for issue in issues if foreign else ():
        tracker.alice.set_field(issue.ref.id, "Aim", list(foreign))
    issues = list(pull(connector).issues.values())
    for add, remove in (("G-1", ""), ("G-2", "G-1"), ("", "G-2")):
        change = Change(on, (add,) if add else (), (remove,) if remove else ())
        outcomes = list(connector.write(plan(connector, issues, change)))
        assert kinds(outcomes) == {"Done": count}, outcomes
        issues = [outcome.issue for outcome in outcomes if isinstance(outcome, Done)]
        assert {issue.fields[on.key] for issue in issues} == {tuple(sorted((*foreign, *((add,) if add else ()))))}
    connector.close()


def test_defined_options(tracker: JiraTruth) -> None:
    """An option that was deleted is no longer defined; labels always are; a field that is gone defines nothing."""
    connector = tracker.connect()
    known(tracker, connector, 1)
    on = surfaces(connector)
    assert set(connector.defined("APP", on[SurfaceKind.LABEL], ["G-1", "X"])) == {"G-1", "X"}
    assert set(connector.defined("APP", on[SurfaceKind.FIELD], ["G-1", "G-2", "X"])) == {"G-1", "G-2"}
    tracker.alice.delete_option("Goal", "G-1")
    assert set(connector.defined("APP", on[SurfaceKind.FIELD], ["G-1", "G-2"])) == {"G-2"}
    tracker.alice.delete_field("Goal")
    connector.check()
    assert not connector.defined("APP", on[SurfaceKind.FIELD], ["G-1", "G-2"])
    connector.close()


def test_a_value_that_vanished_with_its_option_was_taken_off_by_nobody(tracker: JiraTruth) -> None:
    """Deleted and made anew, the option leaves the field empty: only the issue that somebody emptied is named."""
    connector = tracker.connect()
    on = surfaces(connector)[SurfaceKind.FIELD]
    issues = known(tracker, connector, 3)
    for issue in issues:
        tracker.set_field(issue.ref.id, "G-1")
    agreed = list(pull(connector).issues.values())
    missing = [Missing(_address(connector, one), on, "G-1", one.updated) for one in agreed]
    tracker.advance(timedelta(minutes=1))
    tracker.set_field(missing[0].address.id, None)
    tracker.set_field(missing[1].address.id, None)
    tracker.set_field(missing[1].address.id, "G-1")
    tracker.alice.delete_option("Goal", "G-1")
    tracker.alice.add_option("Goal", "G-1")
    expected = (Loss.TAKEN_OFF, Loss.UNDEFINED, Loss.UNDEFINED)
    assert connector.losses(missing) == dict(zip(missing, expected, strict=True))
    connector.close()


def test_a_field_that_a_move_emptied_was_taken_off_by_nobody(tracker: JiraTruth) -> None:
    """There and back again: the history names the place with it; what somebody empties after that is taken off."""
    connector = tracker.connect()
    on = surfaces(connector)[SurfaceKind.FIELD]
    issues = known(tracker, connector, 2)
    for issue in issues:
        tracker.set_field(issue.ref.id, "G-1")
    agreed = list(pull(connector).issues.values())
    missing = [Missing(_address(connector, one), on, "G-1", one.updated) for one in agreed]
    home, away = tracker.places
    project = tracker.world.project(home)
    assert project is not None
    tracker.goal.contexts[0].projects = {project.id}
    for one in missing:
        tracker.advance(timedelta(minutes=1))
        tracker.alice.move(one.address.id, away)
        tracker.alice.move(one.address.id, home)
    tracker.advance(timedelta(minutes=1))
    tracker.set_field(missing[1].address.id, "G-1")
    tracker.set_field(missing[1].address.id, None)
    assert connector.losses(missing) == dict(zip(missing, (Loss.MOVED, Loss.TAKEN_OFF), strict=True))
    connector.close()


# --- layout, preflight, drafts


def test_layout_and_its_troubles(tracker: JiraTruth) -> None:
    """A field that is missing, ambiguous or of another kind is a broken surface, and a finding with its fix."""
    tracker.world.add_field("Twice", TEXT)
    tracker.world.add_field("Twice", TEXT)
    tracker.world.add_field("Long", "com.atlassian.jira.plugin.system.customfieldtypes:textarea")
    wanted = ("field:goal", "label", "field:Nowhere", "field:Twice", "field:Long")
    connector = tracker.connect(write_back=WriteBackSettings(surfaces=wanted))
    layout = connector.layout()
    assert [one.key for one in layout.surfaces][:2] == [f"field:{tracker.goal.id}", "label:goal:"]
    assert layout.broken == {"field:Nowhere", "field:Twice", "field:Long"}
    errors = {finding.subject: finding.fix for finding in connector.check() if finding.level is Level.ERROR}
    assert errors.keys() == {"field Nowhere", "field Twice", "field Long"}
    assert all(errors.values())
    connector.close()


@pytest.mark.parametrize(
    ("spoil", "subject"),
    [
        (lambda t: t.alice.lock_project("APP", TOKEN), "project APP"),
        (lambda t: t.alice.hide_project("OPS", TOKEN), "project OPS"),
        (lambda t: t.alice.remove_field_from_screen("Goal", "APP"), "screen APP"),
        (lambda t: t.server.faults.add(Fault("clock_skew", seconds=1200)), "clock"),
        (lambda t: t.alice.delete_field("Goal"), "field Goal"),
        (lambda t: setattr(t.account, "expired", True), "jira"),
    ],
    ids=["read-only", "hidden", "screen", "clock", "field", "expired"],
)
def test_preflight_finds(tracker: JiraTruth, spoil: Callable[[JiraTruth], object], subject: str) -> None:
    """Each thing an operator can get wrong is one error with its fix; a sound site has none."""
    connector = tracker.connect()
    known(tracker, connector, 1)
    assert not [finding for finding in connector.check() if finding.level is Level.ERROR]
    spoil(tracker)
    errors = [finding for finding in connector.check() if finding.level is Level.ERROR]
    assert [finding.subject for finding in errors] == [subject]
    assert errors[0].fix
    connector.close()


def test_draft_with_field_and_text(tracker: JiraTruth) -> None:
    """A draft is born with its text, labels and field; a clone of it is not taken for it."""
    connector = tracker.connect()
    field = f"field:{tracker.goal.id}"
    text = "One.\nTwo.\n\nThree."
    draft = Draft("d-1", "APP", "Task", "Born\nlinked", text, ("goal:G-1",), {field: "G-1"})
    issue = connector.create(draft)
    assert (issue.title, issue.labels, issue.fields[field]) == ("Born linked", ("goal:G-1",), ("G-1",))
    assert tracker.issue(issue.ref.id).state.values["description"].split() == ["One.", "Two.", "Three."]
    clone = tracker.create("APP", "clone")
    tracker.issue(clone).properties.update(tracker.issue(issue.ref.id).properties)
    assert tracker.connect("jira-main").create(draft).ref == issue.ref
    with pytest.raises(IssueRejected, match="No such type"):
        connector.create(Draft("d-2", "APP", "No such type", "x", ""))
    connector.close()


def test_account_without_quiet_edits_is_not_refused(tracker: JiraTruth) -> None:
    """Where Jira forbids edits without mail, the edit is made with mail, and is asked for quietly no more."""
    connector = tracker.connect(in_flight=1)
    issues = known(tracker, connector, 2)
    forbidden = {"errorMessages": ["no"], "errors": {}}
    tracker.server.faults.add(Fault("status", status=403, body=forbidden, method="PUT", times=1))
    label = Change(surfaces(connector)[SurfaceKind.LABEL], ("G-1",))
    assert kinds(list(connector.write(plan(connector, issues, label)))) == {"Done": 2}
    assert tracker.server.requests.count(method="PUT") == 3
    connector.close()


def test_conflicting_edit_fails_alone(tracker: JiraTruth) -> None:
    """A 409 leaves that issue to the next pass."""
    connector = tracker.connect(in_flight=1)
    issues = known(tracker, connector, 2)
    tracker.server.faults.add(Fault("status", status=409, method="PUT", times=1))
    label = Change(surfaces(connector)[SurfaceKind.LABEL], ("G-1",))
    outcomes = list(connector.write(plan(connector, issues, label)))
    assert kinds(outcomes) == {"Failed": 1, "Done": 1}
    assert isinstance(outcomes[0], Failed)
    connector.close()
