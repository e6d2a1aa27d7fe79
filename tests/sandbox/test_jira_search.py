"""Searching: JQL, pages, index lag, and what each reader may see."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from tests.sandbox.jira_site import BOT, Caller, Site, document, refusal
from vindaris_sync.sandbox.jira.world import millis


@pytest.fixture
def site() -> Site:
    """Return a small site."""
    return Site()


def pages(cloud: Caller, jql: str, **asked: object) -> list[list[str]]:
    """Return the ids of every page of a Cloud search."""
    found: list[list[str]] = []
    token: dict[str, str] = {}
    for _ in range(100):
        page = cloud.find(jql, **asked, **token)
        found.append([issue["id"] for issue in page["issues"]])
        if page["isLast"]:
            assert "nextPageToken" not in page
            return found
        token = {"nextPageToken": page["nextPageToken"]}
    raise AssertionError("the search never ends")


@pytest.mark.parametrize(
    "order",
    [
        "updated ASC", "updated DESC", "id ASC", "key DESC", "created", "priority, summary", "project DESC, id",
        "resolutiondate, key", "Goal DESC",
    ],
)  # fmt: skip
def test_every_order_pages_through_every_issue_once(site: Site, order: str) -> None:
    """Pages of any order are disjoint, complete and sorted across their edges."""
    site.issues(7)
    site.issues(4, "OPS")
    site.alice.edit("APP-3", summary="Later")
    site.alice.close("APP-4")
    site.alice.set_field("OPS-2", "Goal", "COST-1")
    cloud = site.cloud()
    together = pages(cloud, f"project in (APP, OPS) ORDER BY {order}", maxResults=100)
    apart = pages(cloud, f"project in (APP, OPS) ORDER BY {order}", maxResults=3)
    assert [len(page) for page in apart] == [3, 3, 3, 2]
    assert list(itertools.chain(*apart)) == together[0]
    assert len(set(together[0])) == 11


def test_newest_first_stops_at_the_border(site: Site) -> None:
    """A search of what changed since some instant is the same set in either direction."""
    site.issues(3)
    border = millis(site.time())
    site.issues(3)
    cloud = site.cloud()
    up = cloud.keys(f"project = APP AND updated > {border} ORDER BY updated ASC")
    down = cloud.keys(f"project = APP AND updated > {border} ORDER BY updated DESC")
    assert up == list(reversed(down)) == ["APP-4", "APP-5", "APP-6"]


def test_issues_with_one_timestamp_are_split_across_pages_without_loss(site: Site) -> None:
    """A page edge among equal timestamps neither repeats nor loses an issue."""
    for number in range(9):
        site.alice.create_issue("APP", f"At once {number}")
    found = pages(site.cloud(), "project = APP ORDER BY updated ASC", maxResults=2)
    assert len(set(itertools.chain(*found))) == 9


def test_an_issue_that_changes_between_pages_is_seen_again_at_the_end(site: Site) -> None:
    """Oldest first, a change moves an issue behind the place of the reader, never before it."""
    site.issues(6)
    cloud = site.cloud()
    first = cloud.find("project = APP ORDER BY updated ASC", maxResults=3, fields=["key"])
    site.time.pass_(seconds=5)
    site.alice.edit("APP-2", summary="Changed while being paged")
    rest = cloud.keys("project = APP ORDER BY updated ASC", maxResults=10, nextPageToken=first["nextPageToken"])
    assert rest == ["APP-4", "APP-5", "APP-6", "APP-2"]


def test_a_page_token_belongs_to_its_query_and_expires_after_a_week(site: Site) -> None:
    """A token with another query, a mangled one and an old one are refused with 400."""
    site.issues(3)
    cloud = site.cloud()
    token = cloud.find("project = APP", maxResults=1)["nextPageToken"]
    for jql, presented in (("project = OPS", token), ("project = APP", "mangled")):
        asked = {"jql": jql, "nextPageToken": presented}
        assert "nextPageToken" in refusal(cloud.ask("POST", "/rest/api/3/search/jql", asked), 400)
    site.time.pass_(days=8)
    asked = {"jql": "project = APP", "nextPageToken": token}
    assert "expired" in refusal(cloud.ask("POST", "/rest/api/3/search/jql", asked), 400)


def test_a_search_shows_ids_alone_unless_fields_are_named(site: Site) -> None:
    """Default, id and key, named fields: each prints exactly what was asked for."""
    site.issues(1)
    cloud = site.cloud()
    [bare] = cloud.find("project = APP")["issues"]
    assert set(bare) == {"id"}
    [keyed] = cloud.find("project = APP", fields=["id", "key"])["issues"]
    assert keyed["key"] == "APP-1"
    assert "fields" not in keyed
    [named] = cloud.find("project = APP", fields=["summary", "labels", "nonsense"])["issues"]
    assert named["fields"] == {"summary": "Work 0", "labels": []}


def test_pages_of_ids_are_long_and_pages_of_fields_short(site: Site) -> None:
    """5,000 ids fit on a page, and 100 issues with fields."""
    site.issues(130)
    cloud = site.cloud()
    assert len(cloud.find("project = APP", maxResults=5000)["issues"]) == 130
    assert len(cloud.find("project = APP", maxResults=5000, fields=["summary"])["issues"]) == 100


def test_a_lagging_index_shows_the_past_and_reconciling_sees_through_it(site: Site) -> None:
    """Under lag a search shows issues as they were; a direct read and named ids show them as they are."""
    [key] = site.issues(1)
    site.time.pass_(minutes=10)
    site.world.weather.index_lag = timedelta(minutes=5)
    site.alice.edit(key, summary="New")
    site.alice.create_issue("APP", "Fresh")
    cloud = site.cloud()
    jql = "project = APP ORDER BY id ASC"

    def shown(**asked: object) -> list[str]:
        return [i["fields"]["summary"] for i in cloud.find(jql, fields=["summary"], **asked)["issues"]]

    assert shown() == ["Work 0"]
    assert cloud.get(f"/rest/api/3/issue/{key}")["fields"]["summary"] == "New"
    ids = [int(cloud.get(f"/rest/api/3/issue/{k}")["id"]) for k in (key, "APP-2")]
    assert shown(reconcileIssues=ids) == ["New", "Fresh"]
    site.time.pass_(minutes=5)
    assert shown() == ["New", "Fresh"]


def test_at_most_fifty_issues_are_reconciled(site: Site) -> None:
    """51 ids are refused."""
    asked = {"jql": "project = APP", "reconcileIssues": list(range(51))}
    assert "50" in refusal(site.cloud().ask("POST", "/rest/api/3/search/jql", asked), 400)


def test_a_moving_issue_leaves_and_joins_projects_in_the_index(site: Site) -> None:
    """After a move an issue is found in its new project only, by its id, its new key and its old one."""
    [key] = site.issues(1)
    new = site.alice.move(key, "OPS")
    cloud = site.cloud()
    assert cloud.keys("project = APP") == []
    assert cloud.keys("project = OPS") == cloud.keys(f"key = {key}") == [new] == ["OPS-1"]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = APP", ["APP-1", "APP-2", "APP-3", "APP-4"]),
        ("project in (app, 'Operations')", ["APP-1", "APP-2", "APP-3", "APP-4", "OPS-1"]),
        ("project = APP AND labels = urgent", ["APP-2"]),
        ("labels in (urgent, calm)", ["APP-2", "APP-3"]),
        ("labels IS EMPTY AND project = APP", ["APP-1", "APP-4"]),
        ("labels != urgent AND project = APP", ["APP-3"]),
        ("(labels = urgent AND project = APP) OR (project = OPS AND labels is EMPTY)", ["APP-2", "OPS-1"]),
        ("NOT key = APP-1 AND NOT parent = APP-1 AND project = APP", ["APP-3", "APP-4"]),
        ("key != APP-1 AND id is not EMPTY AND project = APP", ["APP-2", "APP-3", "APP-4"]),
        ("assignee = currentUser()", []),
        ("created <= now() AND project = OPS", ["OPS-1"]),
        ("project = EMPTY", []),
        ("labels not in (urgent) OR labels is empty", ["APP-1", "APP-3", "APP-4", "OPS-1"]),
        ("issuetype = Epic", ["APP-1"]),
        ("type in (Sub-task)", ["APP-4"]),
        ("parent = APP-1", ["APP-2"]),
        ("parent in (APP-1, APP-2)", ["APP-2", "APP-4"]),
        ("parent is not empty", ["APP-2", "APP-4"]),
        ("status = Done", ["APP-3"]),
        ("statusCategory != Done and project = APP", ["APP-1", "APP-2", "APP-4"]),
        ("Goal = GROWTH-1", ["APP-2"]),
        ("cf[10001] = 'GROWTH-1'", ["APP-2"]),
        ('"Goal" is EMPTY AND project = APP', ["APP-1", "APP-3", "APP-4"]),
        ("NOT (project = OPS OR labels is EMPTY)", ["APP-2", "APP-3"]),
        ("summary ~ basement", ["OPS-1"]),
        ("key in (APP-1, OPS-1) AND project = OPS", ["OPS-1"]),
        ("updated >= 1772366402000 AND project in (APP, OPS)", ["APP-2", "APP-3", "APP-4", "OPS-1"]),
        ("updated > -2s OR created >= '2026-03-01 12:00' AND created < 2026/03/02", None),
        ("created >= '2030-01-01'", []),
        ("created >= -1d", ["APP-1", "APP-2", "APP-3", "APP-4", "OPS-1"]),
        ("resolutiondate is not empty", ["APP-3"]),
        ("assignee = alice", ["OPS-1"]),
    ],
)
def test_jql_finds_what_it_says(site: Site, jql: str, keys: list[str] | None) -> None:
    """Each clause finds the issues that it describes, and no others."""
    alice, clock = site.alice, site.time
    alice.create_issue("APP", "Epic", "Epic")
    clock.pass_(seconds=2)
    alice.create_issue("APP", "Child", labels=["urgent"], parent="APP-1")
    alice.create_issue("APP", "Done", labels=["calm"])
    alice.create_issue("APP", "Part", "Sub-task", parent="APP-2")
    alice.create_issue("OPS", "Sweep the basement", assignee="alice")
    alice.set_field("APP-2", "Goal", "GROWTH-1")
    alice.close("APP-3")
    cloud = site.cloud()
    if keys is None:
        refusal(cloud.ask("POST", "/rest/api/3/search/jql", {"jql": jql}), 400)
    else:
        assert cloud.keys(f"{jql} ORDER BY key ASC") == keys


@pytest.mark.parametrize(
    ("jql", "reason"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("project in (APP, NOPE, NADA)", "'NADA'"),
        ("nonsense = 1", "Field 'nonsense' does not exist or you do not have permission to view it."),
        ("key = APP-99", "An issue with key 'APP-99' does not exist for field 'key'."),
        ("id in (4711)", "A value with ID '4711' does not exist for the field 'id'."),
        ("Goal = NOPE", "The option 'NOPE' for field 'Goal' does not exist."),
        ("project = APP AND", "Expecting"),
        ("project = ", "Expecting"),
        ("project APP", "Expecting operator"),
        ("(project = APP", "Expecting ')'"),
        ("project = APP ORDER updated", "Expecting 'by'"),
        ("updated >= yesterday", "is invalid"),
        ("summary > 3", "not supported"),
        ("updated ~ 3", "not supported"),
        ("project = APP ORDER BY nonsense", "'nonsense'"),
        ("updated >= " + "9" * 30, "is invalid"),
        ("project = #", "reserved JQL character"),
        ("(" * 300, "nested"),
        ("", "Unbounded"),
        ("ORDER BY updated", "Unbounded"),
    ],
)
def test_bad_jql_is_refused_with_jiras_reason(site: Site, jql: str, reason: str) -> None:
    """Every mistake in a query is a 400 that names it."""
    assert reason in refusal(site.cloud().ask("POST", "/rest/api/3/search/jql", {"jql": jql}), 400)


def test_quoted_dates_are_in_the_accounts_zone_and_numbers_are_not(site: Site) -> None:
    """The same minute is written differently for an account in Tokyo; epoch milliseconds mean the same to all."""
    site.issues(1)
    cloud = site.cloud()
    at = millis(site.time())
    assert cloud.keys('project = APP AND updated >= "2026-03-01 12:00"') == ["APP-1"]
    assert cloud.keys('project = APP AND updated >= "2026-03-01 12:01"') == []
    site.world.user(BOT).time_zone = "Asia/Tokyo"
    assert cloud.keys('project = APP AND updated < "2026-03-01 21:00"') == []
    assert cloud.keys('project = APP AND updated >= "2026-03-01 21:00"') == ["APP-1"]
    assert cloud.keys(f"project = APP AND updated >= {at}") == ["APP-1"]
    assert cloud.keys(f"project = APP AND updated >= {at + 1}") == []
    shown = cloud.get("/rest/api/3/issue/APP-1", fields="updated")["fields"]["updated"]
    assert shown == "2026-03-01T21:00:01.250+0900"


def test_hidden_projects_and_issues_do_not_exist_for_a_search(site: Site) -> None:
    """A project without Browse is an unknown value; a secret issue is in no result and in no count."""
    site.issues(3)
    site.issues(1, "OPS")
    cloud = site.cloud()
    site.alice.hide_issue("APP-2", site.account.token)
    assert cloud.keys("project in (APP, OPS) ORDER BY key") == ["APP-1", "APP-3", "OPS-1"]
    counted = cloud.ask("POST", "/rest/api/3/search/approximate-count", {"jql": "project = APP"})
    assert document(counted, 200) == {"count": 2}
    site.alice.hide_project("OPS", site.account.token)
    assert "'OPS'" in refusal(cloud.ask("POST", "/rest/api/3/search/jql", {"jql": "project in (APP,OPS)"}), 400)
    site.alice.show_project("OPS", site.account.token)
    site.alice.show_issue("APP-2", site.account.token)
    assert len(cloud.keys("project in (APP, OPS)")) == 4


def test_archived_and_deleted_issues_are_found_by_no_search(site: Site) -> None:
    """An archived issue is still read directly; a deleted one answers 404."""
    site.issues(3)
    site.alice.archive("APP-1")
    site.alice.delete_issue("APP-2")
    cloud = site.cloud()
    assert cloud.keys("project = APP") == ["APP-3"]
    assert cloud.get("/rest/api/3/issue/APP-1")["key"] == "APP-1"
    assert "do not have permission" in refusal(cloud.ask("GET", "/rest/api/3/issue/APP-2"), 404)


def test_the_search_by_offset_is_gone_from_cloud(site: Site) -> None:
    """The old endpoint answers 410 and says where to go."""
    assert "/search/jql" in refusal(site.cloud().ask("GET", "/rest/api/3/search", jql="project = APP"), 410)


def test_data_center_pages_by_offset_with_a_total(site: Site) -> None:
    """startAt, maxResults (at most 1,000) and total; the pages make up the whole."""
    site.issues(5)
    server = site.data_center()
    pages = [
        server.get("/rest/api/2/search", jql="project = APP ORDER BY key", startAt=at, maxResults=2, fields="summary")
        for at in (0, 2, 4)
    ]
    assert [page["total"] for page in pages] == [5, 5, 5]
    assert [i["key"] for page in pages for i in page["issues"]] == [f"APP-{n}" for n in range(1, 6)]
    assert server.get("/rest/api/2/search", jql="", maxResults=9999)["maxResults"] == 1000
    site.alice.delete_issue("APP-1")
    assert server.get("/rest/api/2/search", jql="project = APP")["total"] == 4


def test_data_center_knows_epics_by_their_link_and_subtasks_by_their_parent(site: Site) -> None:
    """``parent`` finds sub-tasks only, *Epic Link* the epics' children only."""
    site.alice.create_issue("APP", "Epic", "Epic")
    site.alice.create_issue("APP", "Child", parent="APP-1")
    site.alice.create_issue("APP", "Part", "Sub-task", parent="APP-2")
    server = site.data_center()

    def keys(jql: str) -> list[str]:
        found = server.get("/rest/api/2/search", jql=f"{jql} ORDER BY key", fields="key")["issues"]
        return [issue["key"] for issue in found]

    assert keys('"Epic Link" = APP-1') == ["APP-2"]
    assert keys('"Epic Link" is EMPTY') == ["APP-1", "APP-3"]
    assert keys("parent in (APP-1, APP-2)") == ["APP-3"]
    assert keys("parent is EMPTY") == ["APP-1", "APP-2"]


def test_data_center_ignores_unknown_keys_when_the_query_is_not_validated(site: Site) -> None:
    """validateQuery=false leaves out what does not exist instead of refusing."""
    site.issues(1)
    server = site.data_center()
    asked = {"jql": "key in (APP-1, APP-99)", "fields": "key"}
    assert "APP-99" in refusal(server.ask("GET", "/rest/api/2/search", **asked), 400)
    found = server.get("/rest/api/2/search", **asked, validateQuery="false")
    assert [issue["key"] for issue in found["issues"]] == ["APP-1"]
