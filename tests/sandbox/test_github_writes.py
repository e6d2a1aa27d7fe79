"""Writes to the sandbox's GitHub: labels, fields, parents, states, refusals, and what they leave behind."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import WEB
from vindaris_sync.sandbox.faults import Fault

if TYPE_CHECKING:
    from tests.sandbox.github_site import Site


def labels(github: Site, number: int = 1) -> list[str]:
    """Return the names of an issue's labels."""
    return [each["name"] for each in github.get(f"{WEB}/issues/{number}")["labels"]]


def test_labels_are_added_and_removed_one_by_one(github: Site) -> None:
    """Missing labels are created, present ones stay once, others are not touched, and updated_at grows."""
    github.ask("POST", f"{WEB}/issues/1/labels", ["bug", {"name": "goal:G1"}])
    before = github.get(f"{WEB}/issues/1")["updated_at"]
    github.time.pass_(seconds=5)
    again = github.ask("POST", f"{WEB}/issues/1/labels", {"labels": ["BUG", "new"]})
    assert [each["name"] for each in again.json()] == ["bug", "goal:G1", "new"]
    gone = github.ask("DELETE", f"{WEB}/issues/1/labels/goal%3Ag1")
    assert [each["name"] for each in gone.json()] == ["bug", "new"]
    assert github.get(f"{WEB}/issues/1")["updated_at"] > before
    missing = github.ask("DELETE", f"{WEB}/issues/1/labels/goal%3AG1")
    assert (missing.status_code, missing.json()["message"]) == (404, "Label does not exist")


def test_a_clock_that_is_set_back_takes_updated_at_back(github: Site) -> None:
    """GitHub stamps with its clock, and what was changed while it was ahead is in the lists as any other issue."""
    github.server.faults.add(Fault("clock_skew", "github", seconds=3600))
    github.world.edit("acme/web", 1, actor="mia", title="Ahead")
    ahead = github.get(f"{WEB}/issues/1")["updated_at"]
    github.server.faults.clear()
    github.world.edit("acme/web", 1, actor="mia", title="Back")
    assert github.get(f"{WEB}/issues/1")["updated_at"] < ahead
    github.time.pass_(minutes=2)
    github.server.faults.add(Fault("index_lag", "github", seconds=60))
    assert github.get(f"{WEB}/issues?state=all&sort=updated")[0]["title"] == "Back"


def test_one_bad_label_refuses_the_whole_request(github: Site) -> None:
    """51 characters are too many, and so are 101 labels; nothing is added and no label is created."""
    answer = github.ask("POST", f"{WEB}/issues/1/labels", ["fine", "x" * 51])
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation Failed"
    assert answer.json()["errors"] == [
        {"resource": "Label", "code": "invalid", "field": "name", "value": "x" * 51}
    ]  # fmt: skip
    assert github.ask("POST", f"{WEB}/issues/1/labels", [f"l{n}" for n in range(101)]).status_code == 422
    assert labels(github) == []
    assert github.get(f"{WEB}/labels") == []


def test_a_renamed_label_is_renamed_on_its_issues_and_a_deleted_one_is_gone(github: Site) -> None:
    """Neither makes an issue newer, and recreating the label restores nothing."""
    github.ask("POST", f"{WEB}/issues/1/labels", ["goal:OLD"])
    before = github.get(f"{WEB}/issues/1")["updated_at"]
    github.time.pass_(minutes=1)
    github.ask("PATCH", f"{WEB}/labels/goal%3AOLD", {"new_name": "goal:NEW"})
    assert labels(github) == ["goal:NEW"]
    assert github.numbers("labels=goal:NEW") == [1]
    assert github.ask("DELETE", f"{WEB}/labels/goal%3ANEW").status_code == 204
    assert github.ask("POST", f"{WEB}/labels", {"name": "goal:NEW", "color": "ededed"}).status_code == 201
    assert labels(github) == []
    assert github.get(f"{WEB}/issues/1")["updated_at"] == before


def test_the_timeline_names_who_did_what_when(github: Site) -> None:
    """People's acts and the client's writes look the same, each with its actor."""
    github.world.add_label("acme/web", 1, "goal:G1", actor="mia")
    github.time.pass_(seconds=30)
    github.ask("DELETE", f"{WEB}/issues/1/labels/goal:G1")
    lines = github.get(f"{WEB}/issues/1/timeline")
    assert [(line["event"], line["actor"]["login"], line["label"]["name"]) for line in lines] == [
        ("labeled", "mia", "goal:G1"),
        ("unlabeled", "vera", "goal:G1"),
    ]
    assert lines[1]["created_at"] == "2026-03-01T12:03:30Z"
    newest = github.get(f"{WEB}/issues/events")[0]
    assert (newest["event"], newest["issue"]["number"]) == ("unlabeled", 1)


def test_closing_and_reopening(github: Site) -> None:
    """State, reason, date and person change together."""
    closed = github.ask("PATCH", f"{WEB}/issues/1", {"state": "closed", "state_reason": "not_planned"}).json()
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == ("closed", "not_planned", "vera")
    opened = github.ask("PATCH", f"{WEB}/issues/1", {"state": "open"}).json()
    assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)


def test_sub_issues_show_at_both_ends(github: Site) -> None:
    """The child names its parent, the parent counts; cycles and second parents are refused."""
    ids = {number: github.get(f"{WEB}/issues/{number}")["id"] for number in (1, 2, 3)}
    assert github.ask("POST", f"{WEB}/issues/1/sub_issues", {"sub_issue_id": ids[2]}).status_code == 201
    listed = {each["number"]: each for each in github.get(f"{WEB}/issues?state=all")}
    assert listed[2]["parent_issue_url"] == f"{github.url}{WEB}/issues/1"
    assert "parent_issue_url" not in listed[1]
    assert listed[1]["sub_issues_summary"] == {"total": 1, "completed": 0, "percent_completed": 0}
    assert github.get(f"{WEB}/issues/2/parent")["number"] == 1
    assert github.ask("POST", f"{WEB}/issues/2/sub_issues", {"sub_issue_id": ids[1]}).status_code == 422
    assert github.ask("POST", f"{WEB}/issues/3/sub_issues", {"sub_issue_id": ids[2]}).status_code == 422
    moved = {"sub_issue_id": ids[2], "replace_parent": True}
    assert github.ask("POST", f"{WEB}/issues/3/sub_issues", moved).status_code == 201
    github.world.close("acme/web", 2, actor="mia")
    assert github.get(f"{WEB}/issues/3")["sub_issues_summary"]["percent_completed"] == 100
    assert github.get(f"{WEB}/issues/1/sub_issues") == []


def test_fields_take_option_names_and_are_dropped_outside_organisations(github: Site) -> None:
    """POST adds, PUT replaces, an unknown option is refused; a person's repository silently keeps nothing."""
    goal = github.world.create_field("acme", "Goal", options=["G1", "G2"])
    note = github.world.create_field("acme", "Note", "text")
    path = f"{WEB}/issues/1/issue-field-values"

    def values(*pairs: tuple[int, object]) -> dict[str, object]:
        return {"issue_field_values": [{"field_id": field, "value": value} for field, value in pairs]}

    github.ask("POST", path, values((goal.id, "G1")))
    github.ask("POST", path, values((note.id, "why")))
    shown = github.get(f"{WEB}/issues/1")["issue_field_values"]
    assert [(each["issue_field_name"], each["value"]) for each in shown] == [("Goal", "G1"), ("Note", "why")]
    assert github.ask("POST", path, values((goal.id, "G9"))).status_code == 422
    assert github.ask("PUT", path, values((goal.id, "G2"))).json()[0]["single_select_option"]["name"] == "G2"
    assert [each["value"] for each in github.get(path)] == ["G2"]
    github.world.user("solo")
    github.world.create_repository("solo/lab")
    github.world.create_issue("solo/lab", "Mine", actor="solo")
    dropped = github.ask("POST", "/repos/solo/lab/issues/1/issue-field-values", values((goal.id, "G1")))
    assert (dropped.status_code, dropped.json()) == (200, [])


def test_a_webhook_is_signed_and_tells_the_change(github: Site) -> None:
    """The receiver gets the event, a delivery id, and a signature over the exact bytes."""
    github.world.add_hook("acme/web", "http://127.0.0.1:1/hook", secret="s3cret")
    github.ask("POST", f"{WEB}/issues/1/labels", ["goal:G1"])
    deadline = time.monotonic() + 5
    while not github.server.deliveries and time.monotonic() < deadline:
        time.sleep(0.01)
    delivery, status = github.server.deliveries[0]
    payload = json.loads(delivery.body)
    assert status is None
    assert (delivery.headers["X-GitHub-Event"], payload["action"]) == ("issues", "labeled")
    assert (payload["label"]["name"], payload["sender"]["login"]) == ("goal:G1", "vera")
    assert payload["issue"]["url"] == f"{github.url}{WEB}/issues/1"
    signed = hmac.new(b"s3cret", delivery.body, hashlib.sha256).hexdigest()
    assert delivery.headers["X-Hub-Signature-256"] == f"sha256={signed}"
    assert len(delivery.headers["X-GitHub-Delivery"]) == 36


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{WEB}/issues", {"title": " "}),
        ("POST", f"{WEB}/issues", {"title": ["x"]}),
        ("POST", f"{WEB}/issues", ["x"]),
        ("POST", f"{WEB}/issues", {"title": "x", "labels": [{"name": 5}]}),
        ("PATCH", f"{WEB}/issues/1", {"state": "done"}),
        ("POST", f"{WEB}/labels", {"name": "x", "color": "red"}),
        ("POST", f"{WEB}/issues/1/issue-field-values", {"issue_field_values": [{"value": 1}]}),
        ("POST", f"{WEB}/issues/1/comments", {"body": ""}),
    ],
)
def test_bad_values_are_refused_and_change_nothing(github: Site, method: str, path: str, body: object) -> None:
    """422, and the world is as it was."""
    before = github.get(f"{WEB}/issues?state=all")
    assert github.ask(method, path, body).status_code == 422
    assert github.get(f"{WEB}/issues?state=all") == before


def test_an_issue_is_created_whole_or_not_at_all(github: Site) -> None:
    """Assignees and field values stand on it at once; a bad type, person or option refuses all of it."""
    github.world.user("ana")
    field = github.world.create_field("acme", "Goal", "single_select", ["G-1"])
    whole = {
        "title": "Whole",
        "type": "Task",
        "labels": ["new"],
        "assignees": ["ana"],
        "issue_field_values": [{"field_id": field.id, "value": "G-1"}],
    }
    made = github.ask("POST", f"{WEB}/issues", whole).json()
    shown = github.get(f"{WEB}/issues/{made['number']}")
    assert [each["login"] for each in shown["assignees"]] == ["ana"]
    assert shown["issue_field_values"][0]["single_select_option"]["name"] == "G-1"
    before = len(github.get(f"{WEB}/issues?state=all"))
    for bad in (
        {"type": "Storyy"},
        {"assignees": ["nobody-knows"]},
        {"issue_field_values": [{"field_id": field.id, "value": "G-9"}]},
    ):
        refused = github.ask("POST", f"{WEB}/issues", {**whole, **bad})
        assert (refused.status_code, refused.json()["message"]) == (422, "Validation Failed")
    assert len(github.get(f"{WEB}/issues?state=all")) == before
