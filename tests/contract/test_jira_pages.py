"""Paging through a search while people change what is being paged: nothing that was there throughout is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

import pytest

from tests.contract.jira_truth import BOT, TOKEN, JiraTruth
from vindaris_connectors.jira import jql
from vindaris_connectors.jira.client import Client, Reasons
from vindaris_connectors.jira.reading import CloudReader, Reader, ServerReader
from vindaris_connectors.jira.search import Query
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret

SCOPE = jql.projects(["APP", "OPS"])


@pytest.fixture(params=[True, False], ids=["cloud", "data-center"])
def tracker(request: pytest.FixtureRequest) -> Iterator[JiraTruth]:
    """Return a fresh site, in both deployments."""
    with JiraTruth(cloud=request.param).serving() as truth:
        yield truth


@pytest.fixture
def server() -> Iterator[JiraTruth]:
    """Return a fresh Data Center site."""
    with JiraTruth(cloud=False).serving() as truth:
        yield truth


def reader(tracker: JiraTruth) -> Reader:
    """Return a reader of the site."""
    given = {"url": f"{tracker.server.url}/jira", "token": Secret(TOKEN), "projects": ["APP"]}
    settings = JiraSettings.model_validate({**given, "email": BOT if tracker.cloud else ""})
    client = Client(settings, Surroundings(now=tracker.time, sleep=tracker.time.sleep, in_flight=1))
    return CloudReader(client) if tracker.cloud else ServerReader(client)


def found(pages: Iterator[list[str]]) -> list[str]:
    """Return the ids of all pages."""
    return [id_ for page in pages for id_ in page]


def read(tracker: JiraTruth, order: str, size: int) -> Iterator[list[str]]:
    """Yield the ids of each page."""
    for page in reader(tracker).pages(Query(SCOPE, order, ("created", "updated"), size)):
        yield [item["id"] for item in page.items]


@pytest.mark.parametrize("order", ["created", "updated"])
@pytest.mark.parametrize("size", [2, 3, 10, 100])
@pytest.mark.parametrize("ties", [1, 4, 30])
def test_quiet_search_finds_each_issue_once(tracker: JiraTruth, order: str, size: int, ties: int) -> None:
    """Whatever the size of pages and of groups with the same stamp, each issue comes once, oldest first."""
    ids = []
    for number in range(30):
        tracker.advance(timedelta(seconds=number % ties == 0))
        ids.append(tracker.create(tracker.places[number % 2], "issue"))
    seen = found(read(tracker, order, size))
    assert sorted(seen) == sorted(ids)
    stamps = [tracker.issue(id_).state.created for id_ in seen]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize("apart", [timedelta(minutes=4), timedelta(seconds=1), timedelta()])
@pytest.mark.parametrize("edited", [[3], [3, 7, 11], range(12)])
def test_what_the_index_prints_and_has_not_sorted_yet_hides_nothing(
    tracker: JiraTruth, apart: timedelta, edited: Sequence[int]
) -> None:
    """An issue edited a moment ago, at its old place with its new stamp, does not stand for what lies in between."""
    ids = []
    for number in range(16):
        tracker.advance(apart)
        ids.append(tracker.create(tracker.places[number % 2], "issue"))
    tracker.advance(timedelta(minutes=3))
    tracker.lag(timedelta(minutes=2))
    tracker.service.weather.fresh = True
    for number in edited:
        tracker.edit_title(ids[number], "edited a moment ago")
    assert sorted(found(read(tracker, "updated", 4))) == sorted(ids)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("order", ["created", "updated"])
def test_nothing_slips_through_while_people_work(tracker: JiraTruth, order: str, seed: int) -> None:
    """Issues edited, deleted and created between pages hide no other: what stays comes at least once."""
    random = Random(seed)  # noqa: S311 - one seed is one history
    ids = []
    for _ in range(40):
        tracker.advance(timedelta(seconds=random.choice((0, 0, 1))))
        ids.append(tracker.create(random.choice(tracker.places), "issue"))
    seen: set[str] = set()
    acts = 12
    for page in read(tracker, order, random.randint(2, 9)):
        seen.update(page)
        tracker.advance(timedelta(seconds=random.choice((0, 1))))
        for _ in range(min(acts, random.randint(0, 2))):
            acts -= 1
            chosen = random.choice(sorted(tracker.visible()))
            if random.random() < 0.5:
                tracker.delete(chosen)
            else:
                tracker.edit_title(chosen, f"edited {acts}")
    assert tracker.visible() <= seen


def test_restless_second_is_given_up(server: JiraTruth) -> None:
    """Where one second's issues never stand still, the search ends with a passing error instead of going round."""
    for _ in range(400):
        server.create("APP", "issue")
    pages = read(server, "created", 3)
    next(pages)

    def meddled() -> Iterator[list[str]]:
        for page in pages:
            server.delete(min(server.visible()))
            yield page

    with pytest.raises(Transient, match="faster"):
        found(meddled())


def test_malformed_item_at_a_page_edge(server: JiraTruth) -> None:
    """A page whose last item tells no stamp goes on from the one before it; one without any stamp is an error."""
    stamp = {"created": "2026-03-01T12:00:00.000+0000"}
    broken = {"id": "12", "key": "APP-12", "fields": {}}
    first = {"startAt": 0, "total": 9, "issues": [{"id": "11", "key": "APP-11", "fields": stamp}, broken]}
    server.server.faults.add(Fault("status", status=200, body=first, path="/search$", times=1))
    server.server.faults.add(Fault("status", status=200, body={**first, "issues": [broken]}, path="/search$"))
    pages = read(server, "created", 2)
    assert next(pages) == ["11", "12"]
    with pytest.raises(Transient, match="do not tell"):
        found(pages)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, [], Transient),
        (200, {"total": 3}, Transient),
        (200, {"issues": [], "total": 3, "isLast": False}, Transient),
        (403, {"errorMessages": ["no"]}, TrackerUnusable),
        (404, {}, TrackerUnusable),
        (301, {}, TrackerUnusable),
        (400, {"errorMessages": ["The query is wrong."]}, TrackerUnusable),
    ],
)
def test_strange_answers(tracker: JiraTruth, status: int, body: object, error: type[Exception]) -> None:
    """An answer that is no page is an error of ours, never an empty result."""
    tracker.server.faults.add(Fault("status", status=status, body=body, path="/search"))
    with pytest.raises(error):
        found(read(tracker, "created", 5))


def test_reasons() -> None:
    """Jira's reasons are read from its two shapes, and from nothing else."""
    both = b'{"errorMessages": ["one"], "errors": {"labels": "two"}}'
    assert str(Reasons.of(Answer.made(400, body=both))) == "one; labels: two"
    for body in (b"", b"[]", b"<html>", b'{"errors": [1], "errorMessages": 2}'):
        assert str(Reasons.of(Answer.made(400, body=body))) == ""
