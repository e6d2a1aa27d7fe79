"""Loading: issues as real trackers printed them come out as they went in, on either deployment."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.jira_site import BOT, TOKEN, Caller, document, refusal
from vindaris_sync.sandbox.jira import JiraCloud, JiraDataCenter, Person, World, load

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data")
OWN = {"created", "updated", "resolutiondate", "epic", "parent"}
"""Fields that are printed anew: instants in the reader's zone, epics and parents in the deployment's own way."""

ISSUE: dict[str, Any] = {
    "id": "900",
    "key": "OLD-7",
    "fields": {
        "summary": "Real\nwork",
        "project": {"id": "50", "key": "OLD", "name": "Old Project"},
        "issuetype": {"id": "1", "name": "Bug", "subtask": False, "description": ""},
        "status": {"id": "6", "name": "Closed", "statusCategory": {"id": 3, "key": "done", "name": "Done"}},
        "priority": {"id": "6", "name": "None"},
        "labels": ["Android", "android"],
        "created": "2012-05-16T07:56:13.000+0000",
        "updated": "2014-06-22T13:23:11.000+0000",
        "creator": {"name": "tony", "key": "tony", "displayName": "Tony", "active": False, "timeZone": "Etc/UTC"},
        "customfield_12310420": "9223372036854775807",
        "epic": {"id": 950, "key": "FAR-1", "name": "Far", "summary": "Far away", "done": True},
    },
}


def real(name: str) -> Path:
    """Return a file of real data; skips the test where it is absent."""
    path = DATA / "jira" / name
    if not path.exists():
        pytest.skip(f"no real data at {path}; set VINDARIS_REAL_DATA")
    return path


def world() -> World:
    """Return a site with nothing but the bot's token."""
    made = World()
    made.add_account(TOKEN, BOT)
    return made


def raw(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the issues of a file."""
    with gzip.open(path) as file:
        for line in file:
            yield json.loads(line)


def test_an_issue_comes_out_as_it_went_in() -> None:
    """Every field that the dump has is printed with its value, and none that it has not."""
    made = world()
    assert load(made, [json.dumps(ISSUE)]) == 1
    shown = Caller(JiraCloud(made)).get("/rest/api/2/issue/OLD-7")["fields"]
    given = ISSUE["fields"]
    assert set(shown) == set(given) - {"epic"} | {"parent"}
    assert (shown["summary"], shown["labels"]) == (given["summary"], given["labels"])
    assert (shown["priority"]["name"], shown["status"]["statusCategory"]["key"]) == ("None", "done")
    assert shown["customfield_12310420"] == "9223372036854775807"
    assert (shown["created"], shown["updated"]) == (given["created"], given["updated"])


def test_an_epic_outside_the_dump_is_named_and_not_there() -> None:
    """Cloud prints it as the parent, Data Center its key in Epic Link; a read of it is a 404."""
    made = world()
    load(made, [json.dumps(ISSUE)])
    cloud, server = Caller(JiraCloud(made)), Caller(JiraDataCenter(made))
    parent = cloud.get("/rest/api/3/issue/900")["fields"]["parent"]
    assert (parent["id"], parent["key"], parent["fields"]["summary"]) == ("950", "FAR-1", "Far away")
    assert parent["fields"]["issuetype"]["hierarchyLevel"] == 1
    shown = server.get("/rest/api/2/issue/900")["fields"]
    assert shown[made.epic_link.id] == "FAR-1"
    assert "parent" not in shown
    refusal(cloud.ask("GET", "/rest/api/3/issue/950"), 404)
    asked = {"issueIdsOrKeys": ["FAR-1", "900"], "fields": ["parent"]}
    found = document(cloud.ask("POST", "/rest/api/3/issue/bulkfetch", asked), 200)
    assert [error["id"] for error in found["issueErrors"]] == ["FAR-1"]


def test_what_no_encoding_holds_is_loaded_and_printed() -> None:
    """A lone surrogate in a field that nothing reads survives the way in and out."""
    line = json.dumps({**ISSUE, "fields": {**ISSUE["fields"], "environment": "half \ud83d"}})
    made = world()
    load(made, [line])
    assert Caller(JiraCloud(made)).get("/rest/api/2/issue/OLD-7")["fields"]["environment"] == "half \ud83d"


def test_comments_are_documents_in_version_3() -> None:
    """A loaded comment's text is a document on version 3 and markup on version 2."""
    comment = {"comments": [{"id": "1", "body": "A word"}], "maxResults": 1, "total": 1, "startAt": 0}
    made = world()
    load(made, [json.dumps({**ISSUE, "fields": {**ISSUE["fields"], "comment": comment}})])
    cloud = Caller(JiraCloud(made))
    assert cloud.get("/rest/api/2/issue/OLD-7")["fields"]["comment"] == comment
    body = cloud.get("/rest/api/3/issue/OLD-7")["fields"]["comment"]["comments"][0]["body"]
    assert body["content"][0]["content"] == [{"type": "text", "text": "A word"}]


def test_a_loaded_issue_lives_on() -> None:
    """It is edited, moved and searched like one that was made here; new numbers follow the old."""
    made = world()
    load(made, [json.dumps(ISSUE)])
    alice = Person(made, made.user("alice"))
    made.add_project("NEW")
    made.add_field("Goal", options=["G-1"])
    alice.set_field("OLD-7", "Goal", "G-1")
    alice.edit("OLD-7", description="Now there is one")
    cloud = Caller(JiraCloud(made))
    assert cloud.keys("Goal = G-1 AND labels = android AND status = Closed") == ["OLD-7"]
    assert cloud.get("/rest/api/2/issue/OLD-7")["fields"]["description"] == "Now there is one"
    assert alice.create_issue("OLD", "Next", "Bug") == "OLD-8"
    assert alice.move("OLD-7", "NEW") == "NEW-1"


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "1"}', '{"id": "1", "key": "A-1", "fields": {"summary": "x"}}'])
def test_a_line_that_is_no_issue_is_named(line: str) -> None:
    """Loading stops with the number of the line."""
    with pytest.raises(ValueError, match="line 2"):
        load(world(), [json.dumps(ISSUE), line])


@pytest.mark.parametrize("name", ["tidev-small-300.jsonl.gz", "apache-KAFKA.jsonl.gz", "apache-CASSANDRA.jsonl.gz"])
def test_real_issues_keep_every_field(name: str) -> None:
    """No field of a real issue is lost, changed or invented, on the version of the API that it was printed by."""
    path = real(name)
    made = world()
    count = load(made, path)
    server = Caller(JiraDataCenter(made))
    found = server.get("/rest/api/2/search", jql="ORDER BY id", maxResults=1000, fields="*all")["issues"]
    shown = {issue["id"]: issue["fields"] for issue in found}
    assert len(shown) == count
    for issue in raw(path):
        printed, given = shown[issue["id"]], issue["fields"]
        epics = {made.epic_link.id, made.epic_name.id}
        assert set(printed) - epics == set(given) - {"epic"}
        for key in set(given) - OWN:
            assert alike(printed[key], given[key]), (issue["key"], key)
        assert printed[made.epic_link.id] == (given.get("epic") or {}).get("key")
        assert printed.get("parent", {}).get("key") == given.get("parent", {}).get("key")


def alike(printed: Any, given: Any) -> bool:
    """Return whether everything that was given is printed; addresses, pictures and categories' words aside."""
    if isinstance(given, dict) and isinstance(printed, dict):
        own = {"self", "avatarUrls", "iconUrl", "avatarId", "projectCategory", "projectTypeKey"}
        return all(alike(printed.get(key), value) for key, value in given.items() if key not in own)
    return bool(printed == given)


def test_a_real_tracker_is_served_whole() -> None:
    """19,474 issues with the parents that are recorded of them: 1,366 of sub-tasks and 404 of epics' children."""
    made = world()
    count = load(made, real("tidev-dev-TIMOB.jsonl.gz")) + load(made, real("tidev-dev-ALOY-MOD-DAEMON.jsonl.gz"))
    assert count == 19_474
    cloud = Caller(JiraCloud(made))
    jql = "project in (TIMOB, ALOY, MOD, DAEMON)"
    ids: set[str] = set()
    token: dict[str, str] = {}
    while page := cloud.find(f"{jql} ORDER BY updated ASC", maxResults=5000, **token):
        ids |= {issue["id"] for issue in page["issues"]}
        if page["isLast"]:
            break
        token = {"nextPageToken": page["nextPageToken"]}
    assert len(ids) == count
    parents: dict[str, str] = {}
    token = {}
    while page := cloud.find(f"{jql} AND parent is not EMPTY", maxResults=100, fields=["parent"], **token):
        parents |= {issue["key"]: issue["fields"]["parent"]["key"] for issue in page["issues"]}
        if page["isLast"]:
            break
        token = {"nextPageToken": page["nextPageToken"]}
    recorded: dict[str, str] = {}
    for name in ("tidev_issue_to_epic_dev.csv", "tidev_subtask_to_parent_dev.csv"):
        with (DATA / "goals" / name).open() as file:
            rows = list(csv.reader(file))[1:]
        recorded |= {row[0]: row[1] for row in rows}
    assert parents == recorded
