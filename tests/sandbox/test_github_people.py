"""What people do on the sandbox's GitHub, beyond what a client's tests touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import WEB
from vindaris_sync.sandbox.github.access import Refused

if TYPE_CHECKING:
    from tests.sandbox.github_site import Site


def test_an_edit_that_changes_nothing_makes_nothing_newer(github: Site) -> None:
    """updated_at, the timeline and the webhooks tell changes, not requests."""
    before = github.get(f"{WEB}/issues/1")
    github.time.pass_(minutes=1)
    github.ask("PATCH", f"{WEB}/issues/1", {"title": "One", "state": "open"})
    github.ask("POST", f"{WEB}/issues/1/labels", [])
    assert github.get(f"{WEB}/issues/1") == before
    assert github.get(f"{WEB}/issues/1/timeline") == []


def test_a_deleted_parent_or_child_leaves_no_trace_in_the_other(github: Site) -> None:
    """The parent counts one less; the child has no parent."""
    for child in (2, 3):
        github.world.set_parent("acme/web", child, ("acme/web", 1), actor="mia")
    github.world.delete_issue("acme/web", 3, actor="mia")
    assert github.get(f"{WEB}/issues/1")["sub_issues_summary"]["total"] == 1
    github.world.delete_issue("acme/web", 1, actor="mia")
    assert "parent_issue_url" not in github.get(f"{WEB}/issues/2")
    assert github.ask("GET", f"{WEB}/issues/2/parent").status_code == 404


def test_a_transferred_child_keeps_its_parent_and_a_chain_of_transfers_is_followed(github: Site) -> None:
    """The parent lists it at its newest place; the oldest address leads there."""
    github.world.create_repository("acme/ops")
    github.world.set_parent("acme/web", 2, ("acme/web", 1), actor="mia")
    middle = github.world.transfer("acme/web", 2, "acme/api", actor="mia")
    last = github.world.transfer("acme/api", middle, "acme/ops", actor="mia")
    place = f"{github.url}/repositories/{github.world.repository('acme/ops').id}/issues/{last}"
    assert github.ask("GET", f"{WEB}/issues/2").headers["Location"] == place
    (child,) = github.get(f"{WEB}/issues/1/sub_issues")
    assert child["repository"]["full_name"] == "acme/ops"
    assert child["parent_issue_url"] == f"{github.url}{WEB}/issues/1"
    github.world.set_parent("acme/ops", last, None, actor="mia")
    assert github.get(f"{WEB}/issues/1/sub_issues") == []


def test_a_parent_takes_a_hundred_sub_issues(github: Site) -> None:
    """The next is refused and stays where it was."""
    numbers = [github.world.create_issue("acme/api", f"Child {n}", actor="mia") for n in range(101)]
    for number in numbers[:100]:
        github.world.set_parent("acme/api", number, ("acme/web", 1), actor="mia")
    with pytest.raises(Refused, match="Validation Failed"):
        github.world.set_parent("acme/api", numbers[100], ("acme/web", 1), actor="mia")
    assert github.get(f"{WEB}/issues/1")["sub_issues_summary"]["total"] == 100


def test_people_set_and_clear_fields_by_name(github: Site) -> None:
    """The same values as over REST; unknown fields are refused; values follow their type."""
    github.world.create_field("acme", "Goal", options=["G1"])
    points = github.world.create_field("acme", "Points", "number")
    github.world.set_field("acme/web", 1, "Goal", "G1", actor="mia")
    assert github.get(f"{WEB}/issues/1")["issue_field_values"][0]["value"] == "G1"
    github.world.set_field("acme/web", 1, "Goal", None, actor="mia")
    assert github.get(f"{WEB}/issues/1")["issue_field_values"] == []
    for name, value in (("Nothing", "x"), ("Points", "five"), ("Goal", 5)):
        with pytest.raises(Refused, match="Validation Failed"):
            github.world.set_field("acme/web", 1, name, value, actor="mia")
    github.world.set_field("acme/web", 1, "Points", 5, actor="mia")
    path = f"{WEB}/issues/1/issue-field-values/{points.id}"
    assert [github.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]


def test_fields_are_unique_and_take_a_hundred_options(github: Site) -> None:
    """Over REST, both refusals are 422."""
    options = [{"name": f"G{n}", "color": "gray", "priority": n} for n in range(101)]
    field = {"name": "Goal", "data_type": "single_select", "options": options[:100]}
    assert github.ask("POST", "/orgs/acme/issue-fields", field).status_code == 200
    assert github.ask("POST", "/orgs/acme/issue-fields", {**field, "name": "GOAL"}).status_code == 422
    assert (
        github.ask("POST", "/orgs/acme/issue-fields", {**field, "name": "More", "options": options}).status_code == 422
    )
    assert len(github.get("/orgs/acme/issue-fields")[0]["options"]) == 100


def test_a_repository_is_renamed_described_and_archived_by_its_admin(github: Site) -> None:
    """PATCH does what people do in the settings."""
    answer = github.ask("PATCH", WEB, {"name": "shop", "description": "The shop", "archived": True}).json()
    assert (answer["full_name"], answer["description"], answer["archived"]) == ("acme/shop", "The shop", True)
    assert github.ask("GET", WEB).status_code == 301
    assert github.ask("PATCH", "/repos/acme/shop", {"name": "no spaces"}).status_code == 422


def test_a_label_change_reaches_issues_in_their_order(github: Site) -> None:
    """Recolouring a label shows on its issues; a taken name is refused, whatever its case."""
    github.world.add_label("acme/web", 1, "bug", "chore", actor="mia")
    github.ask("PATCH", f"{WEB}/labels/bug", {"color": "FF0000", "description": "Broken"})
    shown = {each["name"]: each for each in github.get(f"{WEB}/issues/1")["labels"]}
    assert (shown["bug"]["color"], shown["bug"]["description"]) == ("FF0000", "Broken")
    assert github.ask("PATCH", f"{WEB}/labels/bug", {"new_name": "CHORE"}).status_code == 422
    assert github.ask("PATCH", f"{WEB}/labels/bug", {"new_name": "Bug"}).json()["name"] == "Bug"
    assert github.ask("PATCH", f"{WEB}/labels/bug", {"description": "x" * 101}).status_code == 422
