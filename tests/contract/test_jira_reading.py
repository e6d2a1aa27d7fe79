"""What Jira alone can do to a reader: lost credentials, hidden projects, endless pages, clocks, late indexes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.contract.jira_truth import TOKEN, JiraTruth
from vindaris_sync.domain.models import Address, Done, Gone, Hidden, Issue, Page, Present, SurfaceKind
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.contract_truth import Pulled, address_of, census, pull, surface, truth_titles, write_of
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.protocol import OVERLAP, Connector


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


@pytest.fixture
def connector(tracker: JiraTruth) -> Iterator[Connector]:
    """Return a connector, closed at the end."""
    made = tracker.connect()
    yield made
    made.close()


def fill(tracker: JiraTruth, count: int) -> list[str]:
    """Create issues a second apart."""
    ids = []
    for number in range(count):
        tracker.advance(timedelta(seconds=1))
        ids.append(tracker.create(tracker.places[number % 2], f"issue {number}"))
    return ids


# --- credentials and permissions


def test_expired_token_that_answers_200(tracker: JiraTruth, connector: Connector) -> None:
    """An expired token that answers anonymously with 200 stops the tracker; nothing is taken for gone."""
    (id_,) = fill(tracker, 1)
    address = address_of(connector, tracker, id_)
    known = pull(connector)
    tracker.account.expired = True
    for attempt in (
        lambda: list(connector.pull(known.cursors)),
        lambda: list(connector.pull({})),
        lambda: census(connector),
        lambda: list(connector.fetch([address])),
    ):
        with pytest.raises(TrackerUnusable) as stopped:
            attempt()
        assert stopped.value.reason == "credentials"
        assert "token" in stopped.value.advice
    tracker.account.expired = False
    assert isinstance(next(connector.fetch([address])), Present)


def test_unknown_project_stops_with_its_name(tracker: JiraTruth) -> None:
    """A project that does not exist is named, with the advice."""
    connector = tracker.connect(projects=["APP", "NOPE"])
    for attempt in (lambda: list(connector.pull({})), lambda: census(connector)):
        with pytest.raises(TrackerUnusable, match="NOPE") as stopped:
            attempt()
        assert stopped.value.reason == "missing"
        assert "NOPE" in stopped.value.advice
    connector.close()


def test_query_that_jira_refuses(tracker: JiraTruth) -> None:
    """A query with a field that does not exist stops the tracker with Jira's own words."""
    connector = tracker.connect(projects=[], jql="nonsense = 1")
    with pytest.raises(TrackerUnusable, match="nonsense"):
        list(connector.pull({}))
    connector.close()


def test_query_as_scope(tracker: JiraTruth) -> None:
    """A query bounds what is read, and another query is another scope."""
    app, _ = fill(tracker, 2)
    connector = tracker.connect(projects=[], jql="project = APP AND status != Done OR project = APP")
    assert set(pull(connector).issues) == {app}
    assert connector.scopes() != tracker.connect().scopes()
    connector.close()


def test_scope_does_not_depend_on_order(tracker: JiraTruth) -> None:
    """The same projects in another order are the same scope."""
    assert tracker.connect(projects=["OPS", "APP"]).scopes() == tracker.connect().scopes()
    assert tracker.connect(projects=["APP"]).scopes() != tracker.connect().scopes()


@pytest.mark.parametrize("others", [0, 30])
def test_hidden_project_hides_its_issues(tracker: JiraTruth, connector: Connector, others: int) -> None:
    """An issue of a project we may not browse any more is hidden; a deleted one of a visible project is gone."""
    secret, deleted, *rest = fill(tracker, 2 + others)
    addresses = [address_of(connector, tracker, id_) for id_ in (secret, deleted, *rest[1::2])]
    tracker.delete(deleted)
    tracker.hide(secret)
    answers = list(connector.fetch(addresses))
    assert isinstance(answers[0], Hidden)
    assert "APP" in answers[0].reason
    assert isinstance(answers[1], Gone)
    assert all(isinstance(answer, Present) for answer in answers[2:])
    tracker.show(secret)
    assert isinstance(next(connector.fetch(addresses[:1])), Present)


def test_absence_without_a_project_is_not_guessed(connector: Connector) -> None:
    """An id alone that leads nowhere is hidden: no project can be asked."""
    assert isinstance(next(connector.fetch([Address("jira-main", "999999")])), Hidden)


# --- pages


def test_endless_pages_end(cloud: JiraTruth) -> None:
    """A token that comes again and again, with issues or without, ends the search with an error."""
    connector = cloud.connect()
    connector.layout()
    endless = {"issues": [], "nextPageToken": "again", "isLast": False}
    cloud.server.faults.add(Fault("status", status=200, body=endless, path="/search/jql$"))
    for attempt in (lambda: list(connector.pull({})), lambda: census(connector)):
        with pytest.raises(TrackerUnusable) as stopped:
            attempt()
        assert stopped.value.reason == "protocol"
    assert cloud.exchanges() < 20
    connector.close()


def test_empty_page_with_a_token_goes_on(cloud: JiraTruth) -> None:
    """An empty page that carries a token is no end; the same token again is."""
    fill(cloud, 3)
    connector = cloud.connect()
    known = pull(connector)
    empty = {"issues": [], "nextPageToken": "on", "isLast": False}
    rest = {"issues": [{"id": "77", "key": "APP-77", "fields": {}}], "isLast": True}
    cloud.server.faults.add(Fault("status", status=200, body=empty, path="/search/jql$", times=3))
    cloud.server.faults.add(Fault("status", status=200, body=rest, path="/search/jql$"))
    with pytest.raises(TrackerUnusable, match="repeat"):
        pull(connector, known)
    cloud.heal()
    cloud.server.faults.add(Fault("status", status=200, body=empty, path="/search/jql$", times=1))
    cloud.server.faults.add(Fault("status", status=200, body=rest, path="/search/jql$"))
    assert [one.key for one in pull(connector, known).rejected] == ["APP-77"]
    connector.close()


def test_malformed_items_are_set_aside(tracker: JiraTruth, connector: Connector) -> None:
    """A malformed item of a page is rejected with its id; the others are kept, and the cursor is theirs."""
    (id_,) = fill(tracker, 1)
    known = pull(connector)
    page = {
        "issues": [{"id": "77", "key": "APP-77", "fields": {"summary": []}}, "no object"],
        "isLast": True,
        "startAt": 0,
        "total": 2,
    }
    tracker.server.faults.add(Fault("status", status=200, body=page, path="/search", times=1))
    again = pull(connector, Pulled(cursors=known.cursors))
    assert [(one.id, one.key) for one in again.rejected if one.key] == [("77", "APP-77")]
    assert len(again.rejected) == 2
    assert set(pull(connector, again).issues) <= {id_}


# --- cursors and clocks


def test_interrupted_load_goes_on_where_it_was(tracker: JiraTruth, connector: Connector) -> None:
    """A first load that was cut off is continued from the last recorded birth, not begun again."""
    ids = fill(tracker, 450)
    known = pull(connector, stop_after=3)
    assert len(known.issues) == 300
    again = pull(connector, Pulled(cursors=known.cursors))
    assert set(ids[300:]) <= set(again.issues)
    assert len(again.issues) <= 151


@pytest.mark.parametrize("edited", [1, 100])
def test_interrupted_pull_keeps_what_lies_behind_a_fresh_stamp(cloud: JiraTruth, edited: int) -> None:
    """The index shows edits of a moment ago at their old places: their stamps do not say how far the pull has come."""
    ids = fill(cloud, 250)
    connector = cloud.connect()
    known = pull(connector)
    for id_ in ids:
        cloud.advance(timedelta(minutes=1))
        cloud.edit_title(id_, "changed")
    cloud.advance(timedelta(hours=1))
    cloud.lag(timedelta(minutes=2))
    cloud.service.weather.fresh = True
    for id_ in ids[50 : 50 + edited]:
        cloud.edit_title(id_, "changed a moment ago")
    known = pull(connector, Pulled(cursors=known.cursors), stop_after=1)
    assert set(known.issues) == set(ids[:100])
    again = pull(connector, Pulled(cursors=known.cursors)).issues.keys()
    assert set(ids[100:]) <= again
    assert not again & set(ids[:40])
    connector.close()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=4000)])
def test_server_clock_set_back(tracker: JiraTruth, connector: Connector, ahead: timedelta) -> None:
    """A server whose clock ran ahead and was set back loses no change."""
    (id_,) = fill(tracker, 1)
    tracker.server.faults.add(Fault("clock_skew", seconds=ahead.total_seconds()))
    tracker.edit_title(id_, "stamped in the future")
    known = pull(connector)
    tracker.heal()
    tracker.advance(timedelta(minutes=1))
    new = tracker.create("APP", "made after the clock was right again")
    assert new in pull(connector, known).issues


@pytest.mark.parametrize("away", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=3650)])
def test_our_clock_does_not_matter(tracker: JiraTruth, away: timedelta) -> None:
    """Whatever our own clock shows, cursors follow the tracker's."""
    ids = fill(tracker, 3)
    connector = tracker.connect(clock_away=away)
    known = pull(connector)
    tracker.advance(2 * OVERLAP)
    tracker.edit_title(ids[1], "changed")
    assert pull(connector, known).titles(ids) == truth_titles(tracker)
    connector.close()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "America/St_Johns"])
def test_the_accounts_zone_does_not_matter(tracker: JiraTruth, zone: str) -> None:
    """Fourteen hours ahead, twelve behind, half an hour askew: no change is missed, none read for ever (fault 15)."""
    tracker.account.user.time_zone = zone
    ids = fill(tracker, 5)
    connector = tracker.connect()
    known = pull(connector)
    tracker.advance(timedelta(hours=1))
    known = pull(connector, known)
    tracker.edit_title(ids[3], "changed")
    tracker.advance(timedelta(minutes=1))
    assert pull(connector, known).titles(ids) == truth_titles(tracker)
    tracker.advance(2 * OVERLAP)
    known = pull(connector, known)
    tracker.advance(2 * OVERLAP)
    assert pull(connector, Pulled(cursors=known.cursors)).issues == {}
    assert {address.id for address in census(connector)} == set(ids)
    connector.close()


def test_unreadable_cursor_reads_everything(tracker: JiraTruth, connector: Connector) -> None:
    """A cursor that nobody wrote starts a full load."""
    ids = fill(tracker, 2)
    for broken in ("", "null", "[]", "{}", '{"updated": "x"}', '{"updated": 1e400}', '{"other": 1}', "\0"):
        assert set(pull(connector, Pulled(cursors={connector.scopes()[0]: broken})).issues) == set(ids)


def test_late_index_is_caught_up(tracker: JiraTruth, connector: Connector) -> None:
    """What an index shows nine minutes late, behind the cursor, is found by a later pull."""
    ids = fill(tracker, 3)
    known = pull(connector)
    tracker.advance(timedelta(minutes=30))
    known = pull(connector, known)
    tracker.lag(timedelta(minutes=9))
    tracker.edit_title(ids[0], "seen late")
    for _ in range(4):
        tracker.advance(timedelta(minutes=2))
        known = pull(connector, known)
    tracker.lag(timedelta())
    tracker.advance(timedelta(minutes=1))
    assert pull(connector, known).titles(ids) == truth_titles(tracker)


def test_own_write_is_read_past_a_late_index(cloud: JiraTruth) -> None:
    """Right after our write a pull shows the issue as we left it, though the index is late."""
    (id_,) = fill(cloud, 1)
    connector = cloud.connect()
    known = pull(connector)
    cloud.advance(timedelta(minutes=1))
    cloud.lag(timedelta(minutes=3))
    on = surface(connector, SurfaceKind.LABEL)
    assert isinstance(next(connector.write([write_of(connector, known.issues[id_], on, add=("G-1",))])), Done)
    again = pull(connector, Pulled(cursors=known.cursors))
    assert again.issues[id_].labels == ("goal:G-1",)
    connector.close()


# --- requests


def test_an_idle_pull_is_one_search(tracker: JiraTruth, connector: Connector) -> None:
    """Once the site is known, a pull without changes is one request."""
    fill(tracker, 300)
    known = pull(connector)
    tracker.advance(timedelta(hours=1))
    known = pull(connector, known)
    tracker.server.requests.clear()
    assert pull(connector, Pulled(cursors=known.cursors)).issues == {}
    assert tracker.exchanges() == 1


def test_changes_cost_their_pages(cloud: JiraTruth) -> None:
    """K changed issues cost as many searches as Jira's page limit makes of them."""
    ids = fill(cloud, 250)
    connector = cloud.connect()
    known = pull(connector)
    cloud.advance(timedelta(hours=1))
    known = pull(connector, known)
    cloud.advance(timedelta(hours=1))
    for id_ in ids:
        cloud.edit_title(id_, f"again {id_}")
    cloud.server.requests.clear()
    assert len(pull(connector, Pulled(cursors=known.cursors)).issues) == len(ids)
    assert cloud.exchanges() == 3
    connector.close()


def test_a_full_load_costs_ids_and_batches(tracker: JiraTruth, connector: Connector) -> None:
    """N issues cost a page of ids and a batch for each hundred; a census costs the ids alone."""
    fill(tracker, 450)
    connector.layout()
    tracker.server.requests.clear()
    assert len(pull(connector).issues) == 450
    assert tracker.exchanges() == 1 + 5
    tracker.server.requests.clear()
    assert len(census(connector)) == 450
    assert tracker.exchanges() == 1


def test_no_request_before_the_first_use(tracker: JiraTruth) -> None:
    """Building a connector asks nothing."""
    connector = tracker.connect()
    connector.scopes()
    repr(connector)
    connector.close()
    assert tracker.exchanges() == 0


def test_pages_are_read_side_by_side(cloud: JiraTruth) -> None:
    """Batches come in the order of birth, whatever order they are answered in."""
    fill(cloud, 650)
    connector = cloud.connect(in_flight=4)
    pages: list[Page] = list(connector.pull({}))
    births = [issue.created for page in pages for issue in page.issues]
    assert births == sorted(births)
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    connector.close()


# --- hierarchy


def test_epics_and_sub_tasks(tracker: JiraTruth, connector: Connector) -> None:
    """An epic's child and a sub-task name their parents: by id on Cloud, an epic by its key on Data Center."""
    epic = tracker.create("APP", "epic")
    story = tracker.create("APP", "story", parent=epic)
    key = tracker.alice.create_issue("APP", "part", "Sub-task", parent=tracker.key(story))
    issues: dict[str, Issue] = {issue.key: issue for issue in pull(connector).issues.values()}
    assert issues[key].parent == Address("jira-main", story, tracker.key(story))
    told = Address("jira-main", epic if tracker.cloud else "", tracker.key(epic))
    assert issues[tracker.key(story)].parent == told


def test_no_secret_in_a_connector(tracker: JiraTruth, connector: Connector) -> None:
    """Not even the parts of a used connector show the token."""
    fill(tracker, 1)
    pull(connector)
    assert TOKEN not in repr(connector) + repr(vars(connector)) + repr(vars(connector)["_client"])
