"""What a pull costs, and that nothing slips through it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.unit.connectors.github.sandboxed import (
    API,
    PERSON,
    TOKEN,
    WEB,
    Clock,
    Place,
    build_world,
    census,
    issue_at,
    keys,
    pulled,
    served,
)
from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.cursor import SETTLED
from vindaris_sync.domain.models import Level
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.errors import TrackerUnusable, Transient

MINUTE = timedelta(minutes=1)


@pytest.fixture
def place() -> Iterator[Place]:
    """Serve the usual GitHub."""
    with served() as place:
        yield place


@pytest.fixture
def cursors() -> dict[str, str]:
    """Return what is recorded: nothing yet."""
    return {}


def test_idle_cycle_costs_one_conditional_request(place: Place, cursors: dict[str, str]) -> None:
    """Right after a full load, a cycle in which nothing changed is one 304 per repository."""
    place.create(WEB, 250)
    place.clock.advance(timedelta(days=1))
    connector = place.connect()
    pulled(connector, cursors)
    free = place.world.tokens[TOKEN].core.used
    place.spent()
    assert pulled(connector, cursors) == []
    assert len(place.spent()) == 2
    assert place.world.tokens[TOKEN].core.used == free


@pytest.mark.parametrize(("changed", "cost"), [(1, 1), (99, 1), (100, 1), (101, 2), (250, 3)])
def test_changes_cost_a_page_for_each_hundred(place: Place, changed: int, cost: int, cursors: dict[str, str]) -> None:
    """K changed issues cost ceil(K/100) requests, and the cycle after is idle at one request again."""
    numbers = place.create(WEB, 260)
    place.clock.advance(timedelta(days=1))
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    for number in numbers[:changed]:
        place.world.edit(WEB, number, actor=PERSON, title=f"changed {number}")
    place.clock.advance(MINUTE)
    place.spent()
    assert len(set(keys(pulled(connector, cursors)))) == changed
    assert len(place.spent()) == cost
    pulled(connector, cursors)
    assert len(place.spent()) == 1


def test_settled_changes_are_left_behind(place: Place, cursors: dict[str, str]) -> None:
    """Once what changed has settled, it is not read again with the next change, and idle cycles are free again."""
    place.create(WEB, 30)
    connector = place.connect(repositories=[WEB])
    for _ in range(4):
        pulled(connector, cursors)
        place.clock.advance(SETTLED + MINUTE)
    place.spent()
    assert pulled(connector, cursors) == []
    assert len(place.spent()) == 1
    place.world.edit(WEB, 7, actor=PERSON, title="changed")
    assert keys(pulled(connector, cursors)) == [f"{WEB}#7"]


def test_full_load_costs_its_pages(place: Place) -> None:
    """A full load reads each page once, finds the repository, and looks for changes once."""
    place.create(WEB, 430)
    place.clock.advance(timedelta(days=1))
    connector = place.connect(repositories=[WEB])
    assert len(set(keys(pulled(connector, {})))) == 430
    spent = [path for _, path in place.spent() if path.endswith("/issues")]
    assert len(spent) == 5 + 1


def test_full_load_follows_links_where_pages_are_not_counted() -> None:
    """A large repository refuses page numbers; Link is followed and every issue arrives."""
    clock = Clock()
    with served(world=build_world(clock, max_page=2), clock=clock) as place:
        place.create(WEB, 430)
        clock.advance(timedelta(days=1))
        assert len(set(keys(pulled(place.connect(), {})))) == 430


@pytest.mark.parametrize("max_page", [None, 2])
def test_interrupted_load_does_not_begin_anew(max_page: int | None, cursors: dict[str, str]) -> None:
    """A load stopped after three pages goes on there, in order, and loses nothing."""
    clock = Clock()
    with served(world=build_world(clock, max_page=max_page), clock=clock) as place:
        place.create(WEB, 520)
        clock.advance(timedelta(days=1))
        first, seen = place.connect(repositories=[WEB]), set()
        pages = first.pull({})
        for _ in range(3):
            page = next(pages)
            cursors[page.scope] = page.cursor
            seen |= {issue.key for issue in page.issues}
        pages.close()  # type: ignore[attr-defined] # a generator
        place.spent()
        rest = pulled(place.connect(repositories=[WEB]), cursors)
        assert seen | set(keys(rest)) == {f"{WEB}#{n}" for n in range(1, 521)}
        assert len(keys(rest)) <= 320


def test_load_is_in_order_though_pages_come_side_by_side(place: Place) -> None:
    """With several pages in flight they are handed on in order, so that each page's cursor is true."""
    place.create(WEB, 430)
    place.server.faults.add(Fault("latency", path="issues", seconds=0.05, times=2, skip=1))
    numbers = [int(key.rpartition("#")[2]) for key in keys(pulled(place.connect(repositories=[WEB]), {}))[:430]]
    assert all(before < after for before, after in pairwise(numbers))


def test_renamed_repository_is_read_on(place: Place, cursors: dict[str, str]) -> None:
    """After a rename the pull goes on by the repository's number and reports the new name as the place."""
    place.create(WEB, 3)
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    place.world.rename_repository(WEB, "site", actor=PERSON)
    place.clock.advance(MINUTE)
    place.world.edit("acme/site", 2, actor=PERSON, title="after the rename")
    (page,) = pulled(connector, cursors)
    assert page.scope == WEB
    assert {issue.place for issue in page.issues} == {"acme/site"}
    assert "acme/site#2" in keys([page])


def test_name_taken_over_is_not_followed(place: Place, cursors: dict[str, str]) -> None:
    """Where another repository has taken the old name, the one first read is read on."""
    place.create(WEB, 2)
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    place.world.rename_repository(WEB, "site", actor=PERSON)
    place.world.create_repository(WEB)
    place.world.create_issue(WEB, "somebody else's", actor=PERSON)
    assert "somebody else's" not in [i.title for page in pulled(connector, cursors) for i in page.issues]
    assert {address.key for address in census(connector)} == {"acme/site#1", "acme/site#2"}


def taken_over(place: Place) -> None:
    """Rename the first repository, and let another take its name."""
    place.world.rename_repository(WEB, "site", actor=PERSON)
    place.world.create_repository(WEB)
    place.create(WEB, 4)


@pytest.mark.parametrize("how", ["from nothing", "from what is recalled", "after recalling"])
def test_everything_is_read_again_where_it_was_read_before(place: Place, how: str, cursors: dict[str, str]) -> None:
    """Without a point to go on from, the repository is read by its number all the same, not by a name taken over."""
    place.create(WEB, 2)
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    recalled = dict(connector.recall(cursors))
    taken_over(place)
    if how != "from nothing":
        connector = place.connect(repositories=[WEB])
    if how == "after recalling":
        connector.recall(cursors)
        first = issue_at(connector, "acme/site#1")
        assert connector.in_scope([first, issue_at(connector, f"{WEB}#1")]) == {first.ref.id}
    pages = pulled(connector, recalled if how == "from what is recalled" else {})
    assert set(keys(pages)) == {"acme/site#1", "acme/site#2"}
    assert {page.scope for page in pages} == {WEB}


def test_a_name_taken_over_is_told(place: Place, cursors: dict[str, str]) -> None:
    """The preflight looks at the repository that is read, and says that its name is another one's now."""
    place.create(WEB, 2)
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    place.spent()
    connector.check()
    usual = len(place.spent())
    taken_over(place)
    found = [one for one in connector.check() if one.subject == WEB]
    assert len(place.spent()) == usual + 1
    assert [one.level for one in found] == [Level.WARNING, Level.OK]
    assert found[0].message == "it is called acme/site now and read on: acme/web is another repository by now"
    assert found[0].fix == "write acme/site in repositories, beside acme/web if both are meant"


def test_both_are_read_where_both_are_configured(place: Place, cursors: dict[str, str]) -> None:
    """Once the former bearer of a name is configured under its new one, the name stands for whatever bears it."""
    place.create(WEB, 2)
    pulled(place.connect(repositories=[WEB]), cursors)
    taken_over(place)
    connector = place.connect(repositories=[WEB, "acme/site"])
    connector.recall(cursors)
    assert [one.level for one in connector.check() if one.subject in {WEB, "acme/site"}] == [Level.OK, Level.OK]
    assert {key for key in keys(pulled(connector, cursors)) if key.startswith(WEB)} == {
        f"{WEB}#{n}" for n in range(1, 5)
    }
    assert {address.key for address in census(connector)} >= {f"{WEB}#4", "acme/site#2"}
    assert pulled(connector, cursors) == []


def test_repository_out_of_reach_stops_no_other(place: Place, cursors: dict[str, str]) -> None:
    """A repository that our credential lost is named at the end, with advice, after the others were read."""
    place.create(API, 2)
    place.world.hide(TOKEN, WEB)
    with pytest.raises(TrackerUnusable, match="acme/web") as raised:
        pulled(place.connect(), cursors)
    assert raised.value.reason == "missing"
    assert raised.value.advice
    place.world.hide(TOKEN, WEB, hidden=False)
    assert pulled(place.connect(repositories=[API]), cursors) == []


def test_malformed_item_is_set_aside(place: Place, cursors: dict[str, str]) -> None:
    """One item of another shape is rejected with its id and key; its neighbours and the cursor go on."""
    place.create(WEB, 3)
    place.world.change(place.world.issue(WEB, 2), lambda document: document.update(created_at="soon"), quiet=True)
    connector = place.connect(repositories=[WEB])
    pages = pulled(connector, cursors)
    assert set(keys(pages)) == {f"{WEB}#1", f"{WEB}#3"}
    rejected = {one.key: one for page in pages for one in page.rejected}
    assert set(rejected) == {f"{WEB}#2"}
    assert rejected[f"{WEB}#2"].id == place.world.issue(WEB, 2).node_id
    assert "soon" in rejected[f"{WEB}#2"].reason


@pytest.mark.parametrize("body", [{"message": "fine"}, "[{", "null"])
def test_page_that_is_no_list_is_thrown_away(place: Place, body: object, cursors: dict[str, str]) -> None:
    """A page that is no list ends the pull as Transient; the cursor stays, and later nothing is missing."""
    place.create(WEB, 3)
    connector = place.connect(repositories=[WEB])
    place.server.faults.add(Fault("status", status=200, body=body, path="/issues$", times=1))
    with pytest.raises(Transient):
        pulled(connector, cursors)
    assert cursors == {}
    assert len(set(keys(pulled(connector, cursors)))) == 3


def test_next_page_that_leads_in_a_circle_ends(place: Place) -> None:
    """A Link that names the same page again and again ends the pull with an error."""
    link = f'<{place.server.url}/github/repositories/1/issues?after=x>; rel="next"'
    place.server.faults.add(Fault("status", status=200, body=[], headers={"Link": link}, path="/issues$"))
    with pytest.raises(TrackerUnusable) as raised:
        pulled(place.connect(repositories=[WEB]), {})
    assert raised.value.reason == "protocol"


def long_list(place: Place, cursors: dict[str, str], apart: int = 1) -> tuple[GithubConnector, list[int]]:
    """Return a connector that has read all, and the 310 issues edited since, ``apart`` seconds each."""
    numbers = place.create(WEB, 320)[:310]
    place.clock.advance(timedelta(days=1))
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    for number in numbers:
        place.clock.advance(timedelta(seconds=apart))
        place.world.edit(WEB, number, actor=PERSON, title=f"changed {number}")
    return connector, numbers


@pytest.mark.parametrize("apart", [0, 1])
def test_list_that_shifts_is_read_again(place: Place, apart: int, cursors: dict[str, str]) -> None:
    """An issue updated while the changed ones are paged shifts the list; who stood at the edge is found at once."""
    connector, numbers = long_list(place, cursors, apart)
    seen: dict[str, str] = {}
    for count, page in enumerate(connector.pull(dict(cursors))):
        if count == 0:
            for number in numbers[:5]:
                place.clock.advance(timedelta(seconds=1))
                place.world.edit(WEB, number, actor=PERSON, title=f"moved {number}")
        seen |= {issue.key: issue.title for issue in page.issues}
    assert set(seen) == {f"{WEB}#{number}" for number in numbers}
    assert all(seen[f"{WEB}#{number}"] == f"moved {number}" for number in numbers[:5])


@pytest.mark.parametrize("how", ["deleted", "transferred"])
def test_what_leaves_a_list_hides_no_neighbour(place: Place, how: str, cursors: dict[str, str]) -> None:
    """Issues deleted or transferred from pages behind us do not make others slip through between two pages."""
    connector, numbers = long_list(place, cursors)
    seen: dict[str, str] = {}
    place.spent()
    for page in connector.pull(dict(cursors)):
        for issue in page.issues[:5]:
            number = int(issue.key.partition("#")[2])
            if how == "deleted":
                place.world.delete_issue(WEB, number, actor=PERSON)
            else:
                place.world.transfer(WEB, number, API, actor=PERSON)
        seen |= {issue.key: issue.title for issue in page.issues}
    assert seen == {f"{WEB}#{number}": f"changed {number}" for number in numbers}
    assert len([path for method, path in place.spent() if method == "GET" and path.endswith("/issues")]) == 4


def test_an_interrupted_list_goes_on_where_it_had_come(place: Place, cursors: dict[str, str]) -> None:
    """The changes of the first pages are not read again after a stop."""
    connector, numbers = long_list(place, cursors)
    pages = connector.pull(dict(cursors))
    seen: list[str] = []
    for page in (next(pages), next(pages), next(pages)):
        seen += keys([page])
        cursors[page.scope] = page.cursor
    pages.close()  # type: ignore[attr-defined] # a generator
    rest = keys(pulled(connector, cursors))
    assert {*seen, *rest} == {f"{WEB}#{number}" for number in numbers}
    assert len(rest) < 130


def test_cursor_that_cannot_be_read_begins_anew(place: Place) -> None:
    """A cursor of another version loses nothing: the repository is read in full."""
    place.create(WEB, 3)
    connector = place.connect(repositories=[WEB])
    for cursor in ("", "7", "{", '{"since": 3}', '{"since":"yesterday"}', '{"other":1}'):
        assert len(set(keys(pulled(connector, {WEB: cursor})))) == 3, cursor


def test_a_crowd_of_one_second_is_watched_at_its_end(place: Place, cursors: dict[str, str]) -> None:
    """After 250 changes in one second an idle cycle is one free request, and a further change is not missed."""
    numbers = place.create(WEB, 250)
    place.clock.advance(timedelta(days=1))
    connector = place.connect(repositories=[WEB])
    pulled(connector, cursors)
    for number in numbers:
        place.world.edit(WEB, number, actor=PERSON, title="all at once")
    pulled(connector, cursors)
    place.spent()
    assert pulled(connector, cursors) == []
    assert len(place.spent()) == 1
    place.clock.advance(MINUTE)
    place.world.edit(WEB, 3, actor=PERSON, title="one more")
    assert "one more" in [issue.title for page in pulled(connector, cursors) for issue in page.issues]


def test_page_number_that_is_refused_midway(place: Place, cursors: dict[str, str]) -> None:
    """Where GitHub stops counting pages in the middle of a load, Link is followed from there and nothing is lost."""
    place.create(WEB, 730)
    place.clock.advance(timedelta(days=1))
    place.server.faults.add(Fault("status", status=422, path="/issues$", skip=3, times=1))
    assert len(set(keys(pulled(place.connect(repositories=[WEB]), cursors)))) == 730


def test_page_that_is_refused_on_resuming_begins_anew(place: Place, cursors: dict[str, str]) -> None:
    """Where the page to resume at is refused, the load begins anew and keeps the instant of its first beginning."""
    place.create(WEB, 330)
    connector = place.connect(repositories=[WEB])
    page = next(iter(connector.pull({})))
    cursors[WEB] = page.cursor.replace('"load":1', '"load":3')
    place.world.edit(WEB, 1, actor=PERSON, title="changed since")
    place.clock.advance(timedelta(hours=1))
    place.server.faults.add(Fault("status", status=422, path="/issues$", times=1))
    titles = {issue.key: issue.title for each in pulled(connector, cursors) for issue in each.issues}
    assert len(titles) == 330
    assert titles[f"{WEB}#1"] == "changed since"


def test_repository_lost_in_the_middle_of_a_load(place: Place, cursors: dict[str, str]) -> None:
    """A repository that vanishes between two passes of its load, or after it, is named; its cursor stays."""
    place.create(WEB, 230)
    connector = place.connect(repositories=[WEB])
    for stop in (1, 99):
        for count, page in enumerate(connector.pull(dict(cursors)), 1):
            cursors[page.scope] = page.cursor
            if count == stop:
                break
        place.world.hide(TOKEN, WEB)
        kept = dict(cursors)
        with pytest.raises(TrackerUnusable, match="acme/web"):
            pulled(connector, cursors)
        assert cursors == kept
        place.world.hide(TOKEN, WEB, hidden=False)


def test_switched_off_issues_are_told(place: Place) -> None:
    """A repository whose issues are switched off (410) is named as such."""
    place.server.faults.add(Fault("status", status=410, path="/issues$", body={"message": "Issues are disabled"}))
    with pytest.raises(TrackerUnusable, match="switched off"):
        pulled(place.connect(repositories=[WEB]), {})


def test_refused_repository_is_told_in_githubs_words(place: Place) -> None:
    """A 403 that is no limit (single sign-on, for instance) is named in GitHub's words."""
    body = {"message": "Resource protected by organization SAML enforcement"}
    place.server.faults.add(Fault("status", status=403, path="/issues$", body=body))
    with pytest.raises(TrackerUnusable, match="SAML"):
        pulled(place.connect(repositories=[WEB]), {})
