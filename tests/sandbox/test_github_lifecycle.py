"""What becomes of issues and repositories on the sandbox's GitHub: moved, deleted, renamed, archived, hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import WEB, site
from vindaris_sync.sandbox.github import Account

if TYPE_CHECKING:
    from tests.sandbox.github_site import Site


def test_a_transferred_issue_redirects_to_its_new_place(github: Site) -> None:
    """New id, node id and number; labels that the target lacks are lost; its parent and children stay."""
    github.world.add_label("acme/web", 1, "kept", "lost", actor="mia")
    github.world.create_label("acme/api", "Kept")
    github.world.set_parent("acme/web", 2, ("acme/web", 1), actor="mia")
    before = github.get(f"{WEB}/issues/1")
    number = github.world.transfer("acme/web", 1, "acme/api", actor="mia")
    answer = github.ask("GET", f"{WEB}/issues/1/labels")
    place = f"{github.url}/repositories/{github.world.repository('acme/api').id}/issues/{number}"
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{place}/labels")
    after = github.get(place)
    assert after["id"] != before["id"]
    assert after["node_id"] != before["node_id"]
    assert (after["title"], after["created_at"]) == (before["title"], before["created_at"])
    assert [each["name"] for each in after["labels"]] == ["Kept"]
    assert github.get(f"{WEB}/issues/2")["parent_issue_url"] == f"{github.url}/repos/acme/api/issues/{number}"
    assert github.numbers("state=all") == [3, 2]
    assert github.get(f"{place}/timeline")[-1]["event"] == "transferred"


def test_a_transfer_out_of_sight_is_not_found(github: Site) -> None:
    """Without access to the target, the old place is 404."""
    github.world.transfer("acme/web", 1, "acme/api", actor="mia")
    github.world.hide("good", "acme/api")
    assert github.ask("GET", f"{WEB}/issues/1").status_code == 404


def test_a_deleted_issue_is_gone(github: Site) -> None:
    """410 for everything about it, and its number is not given again."""
    github.world.delete_issue("acme/web", 3, actor="mia")
    answer = github.ask("GET", f"{WEB}/issues/3")
    assert (answer.status_code, answer.json()["message"]) == (410, "This issue was deleted")
    assert github.ask("POST", f"{WEB}/issues/3/labels", ["x"]).status_code == 410
    assert github.world.create_issue("acme/web", "Next", actor="mia") == 4


def test_a_renamed_repository_redirects_reads_and_writes(github: Site) -> None:
    """301 on GET, 307 on writes, both by id; URLs in answers carry the new name, another repository's do not."""
    github.world.create_repository("acme/website")
    github.world.create_issue("acme/website", "See /repos/acme/web", actor="mia", body="/repos/acme/web/issues/1")
    github.world.rename_repository("acme/web", "shop", actor="mia")
    identity = github.world.repository("acme/shop").id
    moved = github.ask("GET", f"{WEB}/issues?state=all")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"{github.url}/repositories/{identity}/issues")
    assert github.ask("POST", f"{WEB}/issues/1/labels", ["x"]).status_code == 307
    issue = github.get(f"/repositories/{identity}/issues/1")
    assert issue["url"] == f"{github.url}/repos/acme/shop/issues/1"
    assert issue["html_url"] == f"{github.url}/acme/shop/issues/1"
    other = github.get("/repos/acme/website/issues/1")
    assert other["url"] == f"{github.url}/repos/acme/website/issues/1"
    assert (other["title"], other["body"]) == ("See /repos/acme/web", "/repos/acme/web/issues/1")


def test_a_name_used_again_is_another_repository(github: Site) -> None:
    """The old name no longer redirects; ids tell the two apart."""
    old = github.get(WEB)["id"]
    github.world.rename_repository("acme/web", "shop", actor="mia")
    github.world.create_repository("acme/web")
    assert github.get(WEB)["id"] != old
    assert github.get(f"/repositories/{old}")["full_name"] == "acme/shop"


def test_an_archived_repository_is_read_only(github: Site) -> None:
    """Reads go on; every write is 403; it can be brought back."""
    github.world.archive("acme/web", actor="mia")
    assert github.get(WEB)["archived"] is True
    for method, path, body in (("POST", "/issues", {"title": "x"}), ("PATCH", "/issues/1", {"state": "closed"}),
                               ("POST", "/issues/1/labels", ["x"]), ("POST", "/labels", {"name": "x"})):  # fmt: skip
        answer = github.ask(method, WEB + path, body)
        assert (answer.status_code, answer.json()["message"]) == (403, "Repository was archived so is read-only.")
    github.world.archive("acme/web", actor="mia", archived=False)
    assert github.ask("POST", f"{WEB}/issues/1/labels", ["x"]).status_code == 200


def test_a_hidden_repository_does_not_exist_for_that_token(github: Site) -> None:
    """404 for one token, unchanged for the other."""
    github.world.grant("other", Account("otto"))
    github.world.hide("good", "acme/web")
    assert github.ask("GET", f"{WEB}/issues/1").status_code == 404
    assert github.ask("GET", f"{WEB}/issues/1", token="other").status_code == 200
    github.world.hide("good", "acme/web", hidden=False)
    assert github.ask("GET", f"{WEB}/issues/1").status_code == 200


def test_a_locked_conversation_still_takes_labels(github: Site) -> None:
    """Locking is about comments."""
    github.ask("PUT", f"{WEB}/issues/1/lock", {"lock_reason": "resolved"})
    assert github.get(f"{WEB}/issues/1")["active_lock_reason"] == "resolved"
    assert github.ask("POST", f"{WEB}/issues/1/labels", ["x"]).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_an_enterprise_server_answers_below_its_prefix_without_limits(prefix: str) -> None:
    """Both spellings are served; URLs lead to /api/v3; there is no rate limit and a version is told."""
    with site(enterprise="3.17.2") as ghes:
        answer = ghes.ask("GET", f"{prefix}{WEB}/issues/1")
        assert answer.json()["url"] == f"{ghes.url}/api/v3{WEB}/issues/1"
        assert answer.headers["X-GitHub-Enterprise-Version"] == "3.17.2"
        assert "X-RateLimit-Limit" not in answer.headers
        assert ghes.ask("GET", f"{prefix}/meta").json()["installed_version"] == "3.17.2"
        assert ghes.ask("POST", "/api/graphql", {"query": "{viewer{login}}"}).json() == {
            "data": {"viewer": {"login": "vera"}}
        }
