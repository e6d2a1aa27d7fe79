"""Issues: reading, editing, creating, bulk requests, properties, fields, permissions, on Cloud and Data Center."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.jira_site import BOT, Caller, Site, document, refusal
from vindaris_sync.sandbox.jira import LABELS, MULTI_SELECT, JiraCloud, JiraDataCenter, Person, Quota
from vindaris_sync.sandbox.jira.adf import to_adf, to_text

API = "/rest/api/3"


@pytest.fixture
def site() -> Site:
    """Return a small site."""
    return Site()


@pytest.fixture
def cloud(site: Site) -> Caller:
    """Return the bot's connection to the site as Cloud."""
    return site.cloud()


def fields(caller: Caller, key: str) -> dict[str, Any]:
    """Return an issue's fields as the caller reads them."""
    version = 3 if caller.service.cloud else 2
    shown: dict[str, Any] = caller.get(f"/rest/api/{version}/issue/{key}")["fields"]
    return shown


def put(caller: Caller, key: str, body: object, **query: object) -> None:
    """Edit an issue; it must succeed."""
    version = 3 if caller.service.cloud else 2
    assert caller.ask("PUT", f"/rest/api/{version}/issue/{key}", body, **query).status == 204


def test_labels_are_added_and_removed_singly(site: Site, cloud: Caller) -> None:
    """One request's additions and removals leave every other label alone and make one entry of the history."""
    site.alice.create_issue("APP", "Work", labels=["theirs", "old"])
    site.time.pass_(seconds=1)
    put(cloud, "APP-1", {"update": {"labels": [{"add": "goal:GROWTH-1"}, {"remove": "old"}, {"add": "theirs"}]}})
    assert fields(cloud, "APP-1")["labels"] == ["theirs", "goal:GROWTH-1"]
    [entry] = cloud.get(f"{API}/issue/APP-1/changelog")["values"]
    assert entry["author"]["accountId"] == site.account.user.account_id
    assert entry["created"] == "2026-03-01T12:00:01.250+0000"
    assert entry["items"] == [
        {
            "field": "labels",
            "fieldtype": "jira",
            "fieldId": "labels",
            "from": None,
            "fromString": "theirs old",
            "to": None,
            "toString": "theirs goal:GROWTH-1",
        }
    ]


def test_an_edit_with_one_bad_label_changes_nothing(site: Site, cloud: Caller) -> None:
    """All of an edit or none of it: a label with a space also keeps the good label and the summary away."""
    site.issues(1)
    before = cloud.get(f"{API}/issue/APP-1")
    body = {"fields": {"summary": "New"}, "update": {"labels": [{"add": "good"}, {"add": "two words"}]}}
    told = refusal(cloud.ask("PUT", f"{API}/issue/APP-1", body), 400)
    assert told == "The label 'two words' contains spaces which is invalid."
    assert cloud.get(f"{API}/issue/APP-1") == before
    assert "255" in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": {"labels": ["x" * 256]}}), 400)


@pytest.mark.parametrize("shape", [{"value": "GROWTH-2"}, "id"])
def test_a_select_field_is_set_by_value_or_id_and_cleared_by_null(site: Site, cloud: Caller, shape: object) -> None:
    """The chosen option is printed with id and value; null prints null."""
    site.issues(1)
    option = site.goal.contexts[0].options[1]
    put(cloud, "APP-1", {"fields": {site.goal.id: {"id": option.id} if shape == "id" else shape}})
    shown = fields(cloud, "APP-1")[site.goal.id]
    assert (shown["id"], shown["value"]) == (option.id, "GROWTH-2")
    put(cloud, "APP-1", {"fields": {site.goal.id: None}})
    assert fields(cloud, "APP-1")[site.goal.id] is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"customfield_10001": {"value": "NOPE"}}, "Option value 'NOPE' is not valid"),
        ({"customfield_10001": {"id": "1"}}, "Option id '1' is not valid"),
        ({"customfield_10001": "GROWTH-1"}, "Specify a valid 'id' or 'name'"),
        ({"customfield_99999": None}, "Field 'customfield_99999' cannot be set. It is not on the appropriate screen"),
        ({"summary": ""}, "You must specify a summary"),
        ({"summary": "two\nlines"}, "newline"),
        ({"summary": "x" * 256}, "255"),
        ({"description": "plain text"}, "Atlassian Document"),
        ({"parent": {"key": "APP-99"}}, "Could not find issue"),
        ({"parent": {"key": "APP-2"}}, "appropriate hierarchy"),
        ({"assignee": {"accountId": "nobody"}}, "does not exist"),
        ({"status": {"name": "Done"}}, "cannot be set"),
        ({"priority": {"name": "Nope"}}, "priority"),
        ({"labels": [""]}, "invalid"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(site: Site, cloud: Caller, change: object, reason: str) -> None:
    """A refused field is named in ``errors`` with Jira's reason."""
    site.issues(2)
    assert reason in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": change}), 400)


def test_a_field_off_the_screen_is_printed_but_cannot_be_set(site: Site, cloud: Caller) -> None:
    """Taking a field off one project's screen keeps its values, and other projects' screens."""
    site.issues(1)
    site.issues(1, "OPS")
    site.alice.set_field("APP-1", "Goal", "COST-1")
    site.alice.remove_field_from_screen("Goal", "APP")
    body = {"fields": {site.goal.id: {"value": "GROWTH-1"}}}
    assert "appropriate screen" in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", body), 400)
    assert fields(cloud, "APP-1")[site.goal.id]["value"] == "COST-1"
    assert site.goal.id not in cloud.get(f"{API}/issue/APP-1/editmeta")["fields"]
    put(cloud, "OPS-1", body)


def test_a_field_lives_only_where_it_has_a_context(site: Site, cloud: Caller) -> None:
    """Outside its projects a field is neither printed nor settable."""
    team = site.world.add_field("Team", options=["Blue"], projects=["OPS"])
    site.issues(1)
    site.issues(1, "OPS")
    assert team.id not in fields(cloud, "APP-1")
    assert fields(cloud, "OPS-1")[team.id] is None
    assert "screen" in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": {team.id: {"value": "Blue"}}}), 400)


def test_many_valued_fields_are_set_added_to_and_taken_from(site: Site, cloud: Caller) -> None:
    """A multi-select and a labels field take lists and single operations; empty prints null."""
    several = site.world.add_field("Goals", MULTI_SELECT, options=["A", "B", "C"])
    words = site.world.add_field("Tags", LABELS)
    site.issues(1)
    put(cloud, "APP-1", {"fields": {several.id: [{"value": "A"}, {"value": "B"}], words.id: ["x"]}})
    put(cloud, "APP-1", {"update": {several.id: [{"remove": {"value": "A"}}, {"add": {"value": "C"}}]}})
    put(cloud, "APP-1", {"update": {words.id: [{"add": "y"}, {"remove": "x"}]}})
    shown = fields(cloud, "APP-1")
    assert [option["value"] for option in shown[several.id]] == ["B", "C"]
    assert shown[words.id] == ["y"]
    put(cloud, "APP-1", {"fields": {several.id: [], words.id: []}})
    assert (fields(cloud, "APP-1")[several.id], fields(cloud, "APP-1")[words.id]) == (None, None)


def test_people_change_what_programs_read(site: Site, cloud: Caller) -> None:
    """Labels off, parents to and fro, new options, several options at once, and one of them deleted."""
    goals = site.world.add_field("Goals", MULTI_SELECT, options=["A", "B"])
    tags = site.world.add_field("Tags", LABELS)
    site.alice.create_issue("APP", "Epic", "Epic")
    site.alice.create_issue("APP", "Work", labels=["x", "y"])
    site.alice.remove_label("APP-2", "x")
    site.alice.set_parent("APP-2", "APP-1")
    assert fields(cloud, "APP-2")["parent"]["key"] == "APP-1"
    site.alice.set_parent("APP-2", None)
    assert site.alice.add_option("Goals", "C").value == "C"
    site.alice.set_field("APP-2", "Goals", ["A", "C"])
    site.alice.set_field("APP-2", "Tags", ["free", "text"])
    site.alice.edit("APP-2", priority="High")
    site.alice.delete_option("Goals", "A")
    shown = fields(cloud, "APP-2")
    assert "parent" not in shown
    assert (shown["labels"], shown[tags.id], shown["priority"]["name"]) == (["y"], ["free", "text"], "High")
    assert [option["value"] for option in shown[goals.id]] == ["C"]
    put(cloud, "APP-2", {"fields": {"labels": None, "priority": None}})
    assert (fields(cloud, "APP-2")["labels"], fields(cloud, "APP-2")["priority"]) == ([], None)
    told = [item["toString"] for e in cloud.get(f"{API}/issue/APP-2/changelog")["values"] for item in e["items"]]
    assert told == ["y", "APP-1", None, "A,C", "free text", "High", None, None]
    assert "array" in refusal(cloud.ask("PUT", f"{API}/issue/APP-2", {"fields": {goals.id: {"value": "C"}}}), 400)


def test_texts_that_no_encoding_holds_are_printed_all_the_same(site: Site, cloud: Caller) -> None:
    """NUL, a lone surrogate, bidirectional marks and an emoji in a title come back as they were written."""
    title = "NUL \x00, half \ud83d, \u202eright to left, 🚀, <!channel>"
    site.alice.create_issue("APP", title)
    assert cloud.find("project = APP", fields=["summary"])["issues"][0]["fields"]["summary"] == title


def test_updated_grows_with_each_change_and_with_nothing_else(site: Site, cloud: Caller) -> None:
    """Two edits at one instant differ by a millisecond; setting what is set, properties and renames change nothing."""
    site.issues(1)
    stamps = [fields(cloud, "APP-1")["updated"]]
    for label in ("a", "b"):
        site.alice.add_label("APP-1", label)
        stamps.append(fields(cloud, "APP-1")["updated"])
    assert stamps == sorted(set(stamps))
    site.alice.add_label("APP-1", "b")
    cloud.ask("PUT", f"{API}/issue/APP-1/properties/mark", {"a": 1})
    site.alice.rename_option("Goal", "COST-1", "COST-2")
    assert fields(cloud, "APP-1")["updated"] == stamps[-1]


def test_a_skewed_clock_stamps_what_happens(site: Site, cloud: Caller) -> None:
    """Under clock skew ``updated`` and the server's time are wrong by the skew."""
    site.issues(1)
    site.world.weather.clock_skew = timedelta(hours=1)
    site.alice.edit("APP-1", summary="New")
    assert fields(cloud, "APP-1")["updated"].startswith("2026-03-01T13:00:01.250")
    assert cloud.get(f"{API}/serverInfo")["serverTime"].startswith("2026-03-01T13:00:01")


def test_a_clock_that_is_set_back_takes_stamps_back(site: Site, cloud: Caller) -> None:
    """Jira stamps with its clock, whatever the issue showed before; edits within a millisecond are still told apart."""
    site.issues(1)
    site.world.weather.clock_skew = timedelta(hours=1)
    site.alice.edit("APP-1", summary="Ahead")
    site.world.weather.clock_skew = timedelta()
    stamps = []
    for title in ("Back", "Again"):
        site.alice.edit("APP-1", summary=title)
        stamps.append(fields(cloud, "APP-1")["updated"])
    assert [stamp[:23] for stamp in stamps] == ["2026-03-01T12:00:01.250", "2026-03-01T12:00:01.251"]


def test_mails_are_spared_only_by_administrators(site: Site, cloud: Caller) -> None:
    """notifyUsers=false is ignored without the permission; the edit is made all the same."""
    site.issues(1)
    put(cloud, "APP-1", {"fields": {"summary": "One"}}, notifyUsers="false")
    assert site.world.mails == 1
    site.account.admin = True
    put(cloud, "APP-1", {"fields": {"summary": "Two"}}, notifyUsers="false")
    put(cloud, "APP-1", {"fields": {"summary": "Three"}})
    assert site.world.mails == 2


def test_an_old_key_answers_under_the_new_one(site: Site, cloud: Caller) -> None:
    """A moved issue keeps its id, answers to both keys, takes its sub-tasks along and drops what does not fit."""
    site.alice.create_issue("APP", "Work")
    site.alice.create_issue("APP", "Part", "Sub-task", parent="APP-1")
    site.alice.set_field("APP-1", "Goal", "GROWTH-1")
    site.alice.remove_field_from_screen("Goal", "OPS")
    id_ = cloud.get(f"{API}/issue/APP-1")["id"]
    assert site.alice.move("APP-1", "OPS") == "OPS-2"
    moved = cloud.get(f"{API}/issue/APP-1")
    assert (moved["id"], moved["key"], moved["fields"]["project"]["key"]) == (id_, "OPS-2", "OPS")
    assert moved["fields"][site.goal.id] is None
    assert fields(cloud, "APP-2")["parent"]["key"] == "OPS-2"
    assert site.alice.create_issue("APP", "Next") == "APP-3"
    changed = {item["field"] for item in cloud.get(f"{API}/issue/{id_}/changelog")["values"][-1]["items"]}
    assert changed == {"project", "Key", "Goal"}


def test_deleting_takes_subtasks_along_and_leaves_an_epics_children(site: Site, cloud: Caller) -> None:
    """The children of a deleted epic have no parent; the sub-tasks of a deleted issue are gone."""
    site.alice.create_issue("APP", "Epic", "Epic")
    site.alice.create_issue("APP", "Child", parent="APP-1")
    site.alice.create_issue("APP", "Part", "Sub-task", parent="APP-2")
    assert fields(cloud, "APP-2")["parent"]["fields"]["summary"] == "Epic"
    site.alice.delete_issue("APP-1")
    assert "parent" not in fields(cloud, "APP-2")
    site.alice.delete_issue("APP-2")
    refusal(cloud.ask("GET", f"{API}/issue/APP-3"), 404)


def test_closing_resolves_and_reopening_clears(site: Site, cloud: Caller) -> None:
    """Done sets resolution and date; to do clears both; the changelog tells the category's status names."""
    site.issues(1)
    site.alice.close("APP-1")
    shown = fields(cloud, "APP-1")
    assert (shown["status"]["statusCategory"]["key"], shown["resolution"]["name"]) == ("done", "Done")
    assert shown["resolutiondate"] == "2026-03-01T12:00:01.250+0000"
    site.alice.reopen("APP-1")
    shown = fields(cloud, "APP-1")
    assert (shown["status"]["statusCategory"]["key"], shown["resolution"], shown["resolutiondate"]) == (
        "new",
        None,
        None,
    )


def test_options_are_renamed_and_deleted_silently(site: Site, cloud: Caller) -> None:
    """A renamed option shows everywhere; a deleted one disappears from issues without any history."""
    site.issues(2)
    for key in ("APP-1", "APP-2"):
        site.alice.set_field(key, "Goal", "GROWTH-1")
    site.alice.rename_option("Goal", "GROWTH-1", "GROWTH-9")
    assert fields(cloud, "APP-1")[site.goal.id]["value"] == "GROWTH-9"
    assert cloud.keys("Goal = GROWTH-9 ORDER BY key") == ["APP-1", "APP-2"]
    site.alice.delete_option("Goal", "GROWTH-9")
    assert fields(cloud, "APP-1")[site.goal.id] is None
    assert len(cloud.get(f"{API}/issue/APP-1/changelog")["values"]) == 1
    site.alice.delete_field("Goal")
    assert site.goal.id not in fields(cloud, "APP-1")
    assert site.goal.id not in {field["id"] for field in cloud.get(f"{API}/field")}


def test_texts_are_documents_in_version_3_and_markup_in_version_2(site: Site, cloud: Caller) -> None:
    """A description keeps its words both ways, and a document that is written comes back."""
    text = "h2. Why\n\nFirst line\nsecond line\n\n* one\n* two"
    site.alice.create_issue("APP", "Work", description=text)
    assert cloud.get("/rest/api/2/issue/APP-1")["fields"]["description"] == text
    written = fields(cloud, "APP-1")["description"]
    assert [node["type"] for node in written["content"]] == ["heading", "paragraph", "bulletList"]
    put(cloud, "APP-1", {"fields": {"description": None}})
    assert fields(cloud, "APP-1")["description"] is None
    put(cloud, "APP-1", {"fields": {"description": written}})
    assert cloud.get("/rest/api/2/issue/APP-1")["fields"]["description"] == text
    assert fields(cloud, "APP-1")["description"] == written


def test_work_is_created_with_everything_it_needs(site: Site, cloud: Caller) -> None:
    """POST answers 201 with id and key; labels, goal, parent and a property are there from the start."""
    site.alice.create_issue("APP", "Epic", "Epic")
    body = {
        "fields": {
            "project": {"key": "APP"},
            "issuetype": {"name": "Story"},
            "summary": "Born linked",
            "labels": ["goal:GROWTH-1"],
            "parent": {"key": "APP-1"},
            site.goal.id: {"value": "GROWTH-1"},
        },
        "properties": [{"key": "draft", "value": {"id": "d1"}}],
    }
    made = document(cloud.ask("POST", f"{API}/issue", body), 201)
    assert made["key"] == "APP-2"
    shown = fields(cloud, made["id"])
    assert shown["labels"] == ["goal:GROWTH-1"]
    assert shown["parent"]["key"] == "APP-1"
    assert shown["reporter"]["accountId"] == site.account.user.account_id
    assert cloud.get(f"{API}/issue/APP-2/properties/draft")["value"] == {"id": "d1"}
    assert cloud.get(f"{API}/issue/APP-2", properties="draft")["properties"] == {"draft": {"id": "d1"}}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"project": {"key": "NOPE"}}, "project"),
        ({"summary": None}, "summary"),
        ({"issuetype": None}, "issuetype"),
        ({"issuetype": {"name": "Nope"}}, "issuetype"),
        ({"issuetype": {"name": "Sub-task"}}, "issuetype"),
        ({"labels": ["two words"]}, "labels"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_an_issue_that_lacks_something_is_not_created(site: Site, cloud: Caller, change: object, named: str) -> None:
    """The refusal names the field, and no number is used up."""
    assert isinstance(change, dict)
    given = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": "Work", **change}
    assert named in document(cloud.ask("POST", f"{API}/issue", {"fields": given}), 400)["errors"]
    assert site.alice.create_issue("APP", "First") == "APP-1"


def test_properties_are_set_read_listed_and_forgotten(site: Site, cloud: Caller) -> None:
    """201 for a new one, 200 for another value, 204 for deleting, 404 for what is not there."""
    site.issues(1)
    address = f"{API}/issue/APP-1/properties/vindaris"
    assert cloud.ask("PUT", address, {"base": 1}).status == 201
    assert cloud.ask("PUT", address, {"base": 2}).status == 200
    assert cloud.get(address) == {"key": "vindaris", "value": {"base": 2}}
    assert [p["key"] for p in cloud.get(f"{API}/issue/APP-1/properties")["keys"]] == ["vindaris"]
    assert cloud.ask("PUT", address, "x" * 40_000).status == 400
    assert cloud.ask("DELETE", address).status == 204
    for method in ("GET", "DELETE"):
        assert "vindaris" in refusal(cloud.ask(method, address), 404)


def test_project_properties_are_the_administrators(site: Site, cloud: Caller) -> None:
    """Anybody who browses reads them; only an administrator writes."""
    address = f"{API}/project/APP/properties/generation"
    assert cloud.ask("PUT", address, 7).status == 403
    site.account.admin = True
    assert cloud.ask("PUT", address, 7).status == 201
    assert cloud.get(address)["value"] == 7


def test_bulk_fetch_names_what_it_cannot_show(site: Site, cloud: Caller) -> None:
    """Issues come in order of id by id, key or old key, each once; the unseen are listed with a reason."""
    site.issues(3)
    id_ = cloud.get(f"{API}/issue/APP-1")["id"]
    site.alice.move("APP-3", "OPS")
    site.alice.delete_issue("APP-2")
    body = {"issueIdsOrKeys": ["APP-3", "OPS-1", id_, "APP-2", "X-1"], "fields": ["summary"]}
    found = document(cloud.ask("POST", f"{API}/issue/bulkfetch", body), 200)
    assert [issue["key"] for issue in found["issues"]] == ["APP-1", "OPS-1"]
    assert found["issues"][0]["fields"] == {"summary": "Work 0"}
    assert [error["id"] for error in found["issueErrors"]] == ["APP-2", "X-1"]
    too_many = {"issueIdsOrKeys": [str(n) for n in range(101)]}
    assert "100" in refusal(cloud.ask("POST", f"{API}/issue/bulkfetch", too_many), 400)


def test_changelogs_of_many_issues_come_oldest_first_by_token(site: Site, cloud: Caller) -> None:
    """Pages cut anywhere; a field filter leaves other entries out; instants are milliseconds."""
    site.issues(2)
    for key, label in (("APP-2", "a"), ("APP-1", "b"), ("APP-2", "c")):
        site.time.pass_(seconds=1)
        site.alice.add_label(key, label)
    site.alice.edit("APP-1", summary="New")
    seen, token = [], None
    while True:
        body = {"issueIdsOrKeys": ["APP-1", "APP-2"], "fieldIds": ["labels"], "maxResults": 2}
        page = document(
            cloud.ask("POST", f"{API}/changelog/bulkfetch", {**body, **({"nextPageToken": token} if token else {})}),
            200,
        )
        seen += [e for log in page["issueChangeLogs"] for e in log["changeHistories"]]
        token = page.get("nextPageToken")
        if token is None:
            break
    assert sorted(e["items"][0]["toString"] for e in seen) == ["a", "a c", "b"]
    assert seen[0]["created"] == 1772366403250


def bulk(cloud: Caller, edits: object, actions: list[str], issues: list[str], **more: object) -> Any:
    """Submit a bulk edit and return its task as polled."""
    body = {"editedFieldsInput": edits, "selectedActions": actions, "selectedIssueIdsOrKeys": issues, **more}
    task = document(cloud.ask("POST", f"{API}/bulk/issues/fields", body), 201)["taskId"]
    return cloud.get(f"{API}/bulk/queue/{task}")


def labels(option: str, *names: str) -> dict[str, Any]:
    """Return a bulk edit of the labels."""
    given = [{"name": name} for name in names]
    return {"labelsFields": [{"fieldId": "labels", "bulkEditMultiSelectFieldOption": option, "labels": given}]}


def test_a_bulk_edit_sets_labels_and_options_on_many_issues(site: Site, cloud: Caller) -> None:
    """ADD, REMOVE, REPLACE and REMOVE_ALL; an option by its id, cleared by -1; a mail for each unless refused."""
    keys = site.issues(3)
    for option, names, left in (
        ("ADD", ["x", "y"], ["x", "y"]),
        ("REMOVE", ["x"], ["y"]),
        ("REPLACE", ["z"], ["z"]),
        ("REMOVE_ALL", [], []),
    ):
        task = bulk(cloud, labels(option, *names), ["labels"], keys, sendBulkNotification=False)
        assert (task["status"], task["progressPercent"], len(task["processedAccessibleIssues"])) == ("COMPLETE", 100, 3)
        assert fields(cloud, "APP-2")["labels"] == left
    assert site.world.mails == 0
    for chosen, value in ((site.goal.contexts[0].options[0].id, "GROWTH-1"), (-1, None)):
        select = {"singleSelectFields": [{"fieldId": site.goal.id, "option": {"optionId": int(chosen)}}]}
        bulk(cloud, select, [site.goal.id], keys)
        assert (fields(cloud, "APP-3")[site.goal.id] or {}).get("value") == value
    assert site.world.mails == 6


def test_a_bulk_edit_fails_for_some_and_says_for_which(site: Site, cloud: Caller) -> None:
    """Issues that refuse the edit are listed with reasons, unseen ones are counted, the others are edited."""
    keys = site.issues(2)
    ops = site.issues(2, "OPS")
    site.alice.remove_field_from_screen("labels", "OPS")
    task = bulk(cloud, labels("ADD", "x"), ["labels"], [*keys, *ops, "APP-99"])
    assert len(task["processedAccessibleIssues"]) == 2
    assert len(task["failedAccessibleIssues"]) == 2
    assert all("appropriate screen" in reason for [reason] in task["failedAccessibleIssues"].values())
    assert (task["invalidOrInaccessibleIssueCount"], task["totalIssueCount"]) == (1, 5)


def test_a_bulk_edit_loses_what_is_locked_meanwhile(site: Site, cloud: Caller) -> None:
    """Permissions count when the task runs; expired credentials cannot even submit one."""
    keys = site.issues(1)
    site.alice.lock_project("APP", site.account.token)
    task = bulk(cloud, labels("ADD", "x"), ["labels"], keys)
    assert "permission" in next(iter(task["failedAccessibleIssues"].values()))[0]
    site.account.expired = True
    assert cloud.ask("POST", f"{API}/bulk/issues/fields", {}).status == 401


def test_a_bulk_edit_takes_effect_when_its_task_ends(site: Site, cloud: Caller) -> None:
    """Until then the task is running and the issues are as they were; a person's edit in between is kept."""
    keys = site.issues(1)
    assert isinstance(cloud.service, JiraCloud)
    cloud.service.bulk.duration = timedelta(seconds=10)
    task = bulk(cloud, labels("ADD", "x"), ["labels"], keys)
    assert task["status"] == "RUNNING"
    assert "processedAccessibleIssues" not in task
    site.alice.add_label("APP-1", "theirs")
    assert fields(cloud, "APP-1")["labels"] == ["theirs"]
    site.time.pass_(seconds=10)
    assert cloud.get(f"{API}/bulk/queue/{task['taskId']}")["status"] == "COMPLETE"
    assert fields(cloud, "APP-1")["labels"] == ["theirs", "x"]


def test_bulk_edits_need_the_permission_and_a_proper_request(site: Site, cloud: Caller) -> None:
    """Unlisted actions, unknown fields, shapes and tasks, and too many issues are refused; so is a mere editor."""
    keys = site.issues(1)
    given = {"editedFieldsInput": labels("ADD", "x"), "selectedActions": ["labels"], "selectedIssueIdsOrKeys": keys}
    changes: list[dict[str, Any]] = [
        {"selectedActions": ["summary"]},
        {"selectedActions": []},
        {"selectedActions": ["labels", "customfield_99999"]},
        {"editedFieldsInput": labels("SHUFFLE", "x")},
        {"editedFieldsInput": {"labelsFields": [{"fieldId": "labels"}]}},
        {"editedFieldsInput": {"colorFields": []}},
        {"selectedIssueIdsOrKeys": [f"APP-{n}" for n in range(1001)]},
    ]
    for change in changes:
        told = document(cloud.ask("POST", f"{API}/bulk/issues/fields", {**given, **change}), 400)
        assert told["errors"][0]["message"]
    assert cloud.ask("GET", f"{API}/bulk/queue/4711").status == 400
    site.account.bulk_change = False
    assert "permission" in document(cloud.ask("POST", f"{API}/bulk/issues/fields", given), 403)["errors"][0]["message"]
    assert fields(cloud, "APP-1")["labels"] == []


def test_an_administrators_program_manages_fields_and_options(site: Site, cloud: Caller) -> None:
    """A field is made, found, given options that are unique, renamed and disabled; others get 403."""
    body = {"name": "Objective", "type": "com.atlassian.jira.plugin.system.customfieldtypes:select"}
    assert cloud.ask("POST", f"{API}/field", body).status == 403
    site.account.admin = True
    field = document(cloud.ask("POST", f"{API}/field", body), 201)["id"]
    assert [f["id"] for f in cloud.get(f"{API}/field/search", query="object")["values"]] == [field]
    [context] = cloud.get(f"{API}/field/{field}/context")["values"]
    options = f"{API}/field/{field}/context/{context['id']}/option"
    made = document(cloud.ask("POST", options, {"options": [{"value": "A"}, {"value": "B"}]}), 200)["options"]
    assert "unique" in refusal(cloud.ask("POST", options, {"options": [{"value": "B"}]}), 400)
    flood = {"options": [{"value": str(n)} for n in range(1001)]}
    assert "1000" in refusal(cloud.ask("POST", options, flood), 400)
    assert "not found" in refusal(cloud.ask("PUT", options, {"options": [{"id": "1"}]}), 400)
    assert "'value'" in refusal(cloud.ask("POST", options, {"options": [{}]}), 400)
    assert cloud.ask("GET", f"{API}/field/{field}/context/1/option").status == 404
    assert "type" in refusal(cloud.ask("POST", f"{API}/field", {"name": "No type"}), 400)
    change = {"options": [{"id": made[0]["id"], "value": "Z"}, {"id": made[1]["id"], "disabled": True}]}
    assert cloud.ask("PUT", options, change).status == 200
    shown = cloud.get(options)["values"]
    assert [(o["value"], o["disabled"]) for o in shown] == [("Z", False), ("B", True)]
    page = cloud.get(options, maxResults=1)
    assert (page["isLast"], page["total"], len(page["values"])) == (False, 2, 1)
    assert "startAt=1" in page["nextPage"]
    site.issues(1)
    assert "screen" in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": {field: None}}), 400)
    site.alice.add_field_to_screen("Objective", "APP")
    assert "not valid" in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": {field: {"value": "B"}}}), 400)
    allowed = cloud.get(f"{API}/issue/APP-1/editmeta")["fields"][field]["allowedValues"]
    assert [option["value"] for option in allowed] == ["Z"]


def test_bad_and_expired_tokens_are_told_apart(site: Site) -> None:
    """A token that never was is a 401; an expired one is anonymous, with a header that says so."""
    site.issues(1)
    wrong = Caller(JiraCloud(site.world), token="nonsense")
    answer = wrong.ask("GET", f"{API}/serverInfo")
    assert answer.status == 401
    assert Caller(JiraCloud(site.world), email="other@acme.example").ask("GET", f"{API}/field").status == 401
    site.account.expired = True
    cloud = site.cloud()
    answer = cloud.ask("POST", f"{API}/search/jql", {"jql": "project = APP"})
    assert document(answer, 200) == {"issues": [], "isLast": True}
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert cloud.ask("GET", f"{API}/myself").status == 401
    assert cloud.ask("GET", f"{API}/issue/APP-1").status == 404
    assert cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": {"summary": "x"}}).status == 404
    assert cloud.get(f"{API}/project/search")["values"] == []
    assert cloud.get(f"{API}/serverInfo")["deploymentType"] == "Cloud"


def test_permissions_are_told_and_kept(site: Site, cloud: Caller) -> None:
    """What /mypermissions says is what happens."""
    site.issues(1)

    def may(key: str, **query: str) -> bool:
        told = cloud.get(f"{API}/mypermissions", permissions=key, **query)["permissions"][key]["havePermission"]
        return bool(told)

    assert may("EDIT_ISSUES", projectKey="APP")
    assert may("BULK_CHANGE")
    assert not may("ADMINISTER")
    site.alice.lock_project("APP", site.account.token)
    assert may("BROWSE_PROJECTS", projectKey="APP")
    assert not may("EDIT_ISSUES", projectKey="APP")
    assert may("EDIT_ISSUES", projectKey="OPS")
    body = {"fields": {"summary": "x"}}
    assert "permission" in refusal(cloud.ask("PUT", f"{API}/issue/APP-1", body), 403)
    site.alice.hide_project("APP", site.account.token)
    assert "APP" in refusal(cloud.ask("GET", f"{API}/mypermissions?permissions=EDIT_ISSUES&projectKey=APP"), 404)
    assert cloud.ask("GET", f"{API}/project/APP").status == 404
    assert "required" in refusal(cloud.ask("GET", f"{API}/mypermissions"), 400)
    assert "NOPE" in refusal(cloud.ask("GET", f"{API}/mypermissions", permissions="NOPE"), 400)


def test_a_spent_quota_answers_429_until_the_window_ends(site: Site) -> None:
    """Remaining counts down; the refusal names the wait; after the wait the next request succeeds."""
    cloud = Caller(JiraCloud(site.world, quota=Quota(2, 60)))
    left = [cloud.ask("GET", f"{API}/myself").headers["X-RateLimit-Remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    spent = cloud.ask("GET", f"{API}/myself")
    assert spent.status == 429
    assert spent.headers["RateLimit-Reason"]
    site.time.pass_(seconds=int(spent.headers["Retry-After"]))
    assert cloud.ask("GET", f"{API}/myself").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/rest/api/3/nowhere", None, 404),
        ("GET", "/rest/agile/1.0/board", None, 404),
        ("DELETE", "/rest/api/3/field", None, 405),
        ("POST", "/rest/api/3/issue", ["not", "an", "object"], 400),
        ("PUT", "/rest/api/3/issue/APP-1", {"fields": []}, 204),
        ("PUT", "/rest/api/3/issue/APP-1", {"fields": [1]}, 400),
        ("PUT", "/rest/api/3/issue/APP-1", {"update": {"labels": {"add": "x"}}}, 400),
        ("PUT", "/rest/api/3/issue/APP-1", {"update": {"summary": [{"add": "x"}]}}, 400),
        ("PUT", "/rest/api/3/issue/APP-1", {"fields": {"labels": "x"}}, 400),
        ("GET", "/rest/api/3/issue/%00", None, 404),
        ("GET", "/rest/api/3/issue/²", None, 404),
        ("GET", "/rest/api/3/search/jql?jql=project%3DAPP&maxResults=many", None, 400),
        ("POST", "/rest/api/3/search/jql", {"jql": 7}, 400),
        ("POST", "/rest/api/3/changelog/bulkfetch", {"issueIdsOrKeys": []}, 400),
        ("POST", "/rest/api/3/changelog/bulkfetch", {"issueIdsOrKeys": ["APP-1"], "nextPageToken": "x"}, 400),
    ],
)
def test_odd_requests_get_an_answer(cloud: Caller, method: str, path: str, body: object, status: int) -> None:
    """Whatever a client sends, the service answers with a status."""
    Person(cloud.service.world, cloud.service.world.user("alice")).create_issue("APP", "Work")
    assert cloud.ask(method, path, body).status == status


def test_data_center_speaks_its_own_dialect(site: Site) -> None:
    """Names and keys for people, no field ids in changelogs, an epic's key in *Epic Link*, HTML for lost paths."""
    server = site.data_center()
    site.alice.create_issue("APP", "Epic", "Epic")
    site.alice.create_issue("APP", "Child", parent="APP-1")
    site.alice.create_issue("APP", "Part", "Sub-task", parent="APP-2")
    names = {field["name"]: field["id"] for field in server.get("/rest/api/2/field")}
    link = names["Epic Link"]
    child, part = fields(server, "APP-2"), fields(server, "APP-3")
    assert child[link] == "APP-1"
    assert "parent" not in child
    assert part[link] is None
    assert part["parent"]["key"] == "APP-2"
    assert (child["creator"]["name"], child["creator"]["key"]) == ("alice", "alice")
    assert "accountId" not in child["creator"]
    put(server, "APP-2", {"fields": {link: None}})
    assert fields(server, "APP-2")[link] is None
    put(server, "APP-2", {"fields": {link: "APP-1"}})
    found = server.get("/rest/api/2/search", jql='"Epic Link" = APP-1', fields="key")
    assert [issue["key"] for issue in found["issues"]] == ["APP-2"]
    entry = server.get("/rest/api/2/issue/APP-2", expand="changelog")["changelog"]["histories"][0]
    assert "fieldId" not in entry["items"][0]
    info = server.get("/rest/api/2/serverInfo")
    assert (info["deploymentType"], info["versionNumbers"][:2]) == ("Server", [10, 3])
    for path in ("/rest/api/2/search/jql", "/rest/api/2/bulk/issues/fields", "/rest/api/3/myself"):
        lost = server.ask("POST", path, {})
        assert (lost.status, lost.headers["Content-Type"]) == (404, "text/html;charset=UTF-8")
    refused = Caller(JiraDataCenter(site.world), token="nonsense").ask("GET", "/rest/api/2/myself")
    assert (refused.status, refused.body[:6]) == (401, b"<html>")
    assert "X-RateLimit-FillRate" in server.ask("GET", "/rest/api/2/myself").headers
    assert server.get("/rest/api/2/myself")["name"] == BOT
    assert server.get("/rest/api/2/mypermissions", projectKey="APP")["permissions"]["EDIT_ISSUES"]["havePermission"]
    assert [p["key"] for p in server.get("/rest/api/2/project")] == ["APP", "OPS"]
    option = site.goal.contexts[0].options[0]
    assert server.get(f"/rest/api/2/customFieldOption/{option.id}")["value"] == "GROWTH-1"


def test_people_act_only_on_what_is_there(site: Site) -> None:
    """A person who names an unknown issue, project, field or option learns it at once."""
    alice = site.alice
    site.issues(1)
    for act in (
        lambda: alice.close("APP-9"),
        lambda: alice.move("APP-1", "NOPE"),
        lambda: alice.set_field("APP-1", "Nope", "x"),
        lambda: alice.rename_option("Goal", "NOPE", "x"),
    ):
        with pytest.raises(KeyError):
            act()


def test_a_table_in_wiki_markup_is_a_table_in_a_document_and_back() -> None:
    """Cells of a head and of rows, empty ones too; both versions of the API show the same description."""
    text = "Before\n\n||Metric||Target||\n|NRR|110|\n| |x|\n\nAfter"
    document = to_adf(text)
    assert document is not None
    [before, table, after] = document["content"]
    assert (before["type"], table["type"], after["type"]) == ("paragraph", "table", "paragraph")
    kinds = [[cell["type"] for cell in row["content"]] for row in table["content"]]
    assert kinds == [["tableHeader"] * 2, ["tableCell"] * 2, ["tableCell"] * 2]
    assert to_text(document) == text


def test_people_are_found_by_part_of_a_name(site: Site, cloud: Caller) -> None:
    """Cloud asks with ``query`` and names accounts, Data Center with ``username`` and names users, in a project."""
    site.world.user("ana", display_name="Ana Diaz")
    [ana] = cloud.get(f"{API}/user/assignable/search", project="APP", query="ana d")
    assert "accountId" in ana
    [same] = site.data_center().get("/rest/api/2/user/assignable/search", project="APP", username="ana@")
    assert same["name"] == "ana"
    assert cloud.ask("GET", f"{API}/user/assignable/search", query="ana").status == 400
    assert cloud.ask("GET", f"{API}/user/assignable/search", project="NOPE", query="ana").status == 404


def test_the_create_screen_lists_its_fields_and_options(site: Site, cloud: Caller) -> None:
    """A page of fields under the deployment's own name; a field that is off the screen is not there."""
    goal = site.world.add_field("Picked", options=["G-1"])
    kind = site.world.type("Task").id
    path = f"issue/createmeta/APP/issuetypes/{kind}"
    shown = {field["fieldId"]: field for field in cloud.get(f"{API}/{path}")["fields"]}
    assert [option["value"] for option in shown[goal.id]["allowedValues"]] == ["G-1"]
    assert goal.id in {field["fieldId"] for field in site.data_center().get(f"/rest/api/2/{path}")["values"]}
    site.alice.remove_field_from_screen("Picked", "APP")
    assert goal.id not in {field["fieldId"] for field in cloud.get(f"{API}/{path}")["fields"]}


def test_closing_says_how_it_was_resolved(site: Site, cloud: Caller) -> None:
    """Done unless the person says otherwise; reopening clears it."""
    site.alice.create_issue("APP", "Work")
    site.alice.close("APP-1", "Won't Do")
    assert fields(cloud, "APP-1")["resolution"]["name"] == "Won't Do"
    site.alice.reopen("APP-1")
    assert fields(cloud, "APP-1")["resolution"] is None
