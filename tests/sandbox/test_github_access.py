"""Credentials, permissions and limits of the sandbox's GitHub."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import WEB
from vindaris_sync.sandbox.github import Account

if TYPE_CHECKING:
    from tests.sandbox.github_site import Site

READER = {"metadata": "read", "issues": "read"}


def jwt(app: object, *, algorithm: str = "RS256", life: int = 540) -> str:
    """Return a JSON web token of the right shape; its signature is none."""
    head, claims = {"alg": algorithm}, {"iss": app, "iat": 1_772_366_400, "exp": 1_772_366_400 + life}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)]
    return ".".join([*parts, "c2ln"])


def test_a_bad_or_expired_token_is_401(github: Site) -> None:
    """Bad credentials, with no account's limits in the headers."""
    github.world.grant("brief", Account("bea", expires=github.time() + timedelta(hours=1)))
    fresh = github.ask("GET", "/user", token="brief")
    assert fresh.headers["GitHub-Authentication-Token-Expiration"] == "2026-03-01 13:03:00 UTC"
    github.time.pass_(hours=2)
    for token in ("brief", "wrong"):
        answer = github.ask("GET", WEB, token=token)
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
        assert "X-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize(
    ("account", "status", "message"),
    [
        (Account("ron", permissions=READER), 403, "Resource not accessible by personal access token"),
        (Account("ron[bot]", "installation", permissions=READER), 403, "Resource not accessible by integration"),
        (Account("ron", "classic", scopes=("read:org",)), 403, "Must have admin rights to Repository."),
    ],
)
def test_reading_does_not_permit_writing(github: Site, account: Account, status: int, message: str) -> None:
    """GitHub's words differ by kind of credential; reads work."""
    github.world.grant("reader", account)
    assert github.ask("GET", f"{WEB}/issues", token="reader").status_code == 200
    answer = github.ask("POST", f"{WEB}/issues/1/labels", ["x"], token="reader")
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert github.get(f"{WEB}/issues/1")["labels"] == []


def test_headers_tell_scopes_or_permissions(github: Site) -> None:
    """Classic tokens have scopes; fine-grained ones are told what would have been accepted."""
    github.world.grant("classic", Account("carl", "classic", scopes=("repo", "read:org")))
    assert github.ask("GET", WEB, token="classic").headers["X-OAuth-Scopes"] == "repo, read:org"
    fine = github.ask("GET", f"{WEB}/issues").headers
    assert "X-OAuth-Scopes" not in fine
    assert fine["X-Accepted-GitHub-Permissions"] == "issues=read"


def test_anonymous_requests_see_public_repositories(github: Site) -> None:
    """60 an hour, and no writing."""
    github.world.repository("acme/api").private = True
    assert github.ask("GET", WEB, token=None).headers["X-RateLimit-Limit"] == "60"
    assert github.ask("GET", "/repos/acme/api", token=None).status_code == 404
    assert github.ask("POST", f"{WEB}/issues/1/labels", ["x"], token=None).status_code == 401
    assert github.ask("GET", "/user", token=None).status_code == 401


def test_the_primary_limit_is_403_until_the_hour_is_over(github: Site) -> None:
    """Remaining counts down to 0; reset says when; looking at the limit is free."""
    github.world.grant("poor", Account("paul", limit=2))
    left = [github.ask("GET", WEB, token="poor").headers["X-RateLimit-Remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = github.ask("GET", WEB, token="poor")
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("API rate limit exceeded")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert int(refused.headers["X-RateLimit-Reset"]) == int(github.time().timestamp()) + 3600
    assert github.ask("GET", "/rate_limit", token="poor").json()["rate"]["remaining"] == 0
    github.time.pass_(hours=1)
    assert github.ask("GET", WEB, token="poor").status_code == 200


def test_an_app_gets_tokens_for_its_installation_by_a_web_token(github: Site) -> None:
    """The token sees the installation's repositories for an hour, and acts as the App's bot."""
    app = github.world.install_app("vindaris", "acme", permissions={"issues": "write"}, repos=["acme/web"])
    path = f"/app/installations/{app.installation}/access_tokens"
    issued = github.ask("POST", path, {}, token=jwt(app.id)).json()
    assert issued["expires_at"] == "2026-03-01T13:03:00Z"
    token = issued["token"]
    seen = github.ask("GET", "/installation/repositories", token=token).json()
    assert [each["full_name"] for each in seen["repositories"]] == ["acme/web"]
    assert github.ask("GET", "/repos/acme/api", token=token).status_code == 404
    github.ask("POST", f"{WEB}/issues/1/labels", ["x"], token=token)
    assert github.get(f"{WEB}/issues/1/timeline")[0]["actor"]["login"] == "vindaris[bot]"
    assert github.ask("GET", "/user", token=token).status_code == 403
    greedy = github.ask("POST", path, {"permissions": {"administration": "write"}}, token=jwt(app.id))
    assert greedy.status_code == 422
    github.time.pass_(hours=2)
    assert github.ask("GET", WEB, token=token).status_code == 401


@pytest.mark.parametrize("change", [{"algorithm": "HS256"}, {"life": 7200}, {"life": -1}, {"app": 1}, {"app": "x"}])
def test_a_web_token_of_the_wrong_shape_is_401(github: Site, change: dict[str, object]) -> None:
    """Another algorithm, too long or no life, no such App."""
    app = github.world.install_app("vindaris", "acme", permissions={"issues": "write"})
    algorithm, life = str(change.get("algorithm", "RS256")), change.get("life", 540)
    assert isinstance(life, int)
    token = jwt(change.get("app", app.id), algorithm=algorithm, life=life)
    assert github.ask("GET", "/app", token=token).status_code == 401
    assert github.ask("GET", "/app", token=jwt(app.id)).status_code == 200
