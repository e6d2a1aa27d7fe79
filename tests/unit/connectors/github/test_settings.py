"""A tracker's block of kind ``github``."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.sdk.registry import load_kind
from vindaris_sync.sdk.secret import Secret

TOKEN = {"token": Secret("ghp_0123456789"), "repositories": ["acme/web"]}
APP = {"app_id": 1, "installation_id": 2, "private_key": Secret("-----BEGIN"), "repositories": ["acme/web"]}


def test_the_kind_is_installed() -> None:
    """The connector is found through its entry point, with these settings."""
    assert load_kind("github").settings_type is GithubSettings


@pytest.mark.parametrize("block", [TOKEN, APP])
def test_token_or_app(block: dict[str, Any]) -> None:
    """Either kind of credential is enough; github.com is the default; no secret shows."""
    settings = GithubSettings.model_validate(block)
    assert settings.url == "https://api.github.com"
    assert "ghp_0123456789" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert "BEGIN" not in repr(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"token": None}, "either token"),
        ({"app_id": 1}, "either token"),
        ({"token": None, "app_id": 1}, "needs all of"),
        ({"token": "ghp_plain"}, "never the secret itself"),
        ({"repositories": []}, "at least 1"),
        ({"repositories": ["acme"]}, "no repository"),
        ({"repositories": ["acme/web#1"]}, "no repository"),
        ({"repositories": ["acme/.."]}, "no repository"),
        ({"repositories": ["https://github.com/acme/web"]}, "no repository"),
        ({"repositories": ["acme/web", "Acme/Web"]}, "named twice"),
        ({"url": "http://api.github.com"}, "only loopback"),
        ({"url": "https://github.com"}, "api.github.com"),
        ({"url": "https://u:p@ghe.example/api/v3"}, "credentials go into"),
        ({"url": "ghe.example"}, "address"),
        ({"write_back": {"surfaces": ["milestone"]}}, "neither"),
        ({"write_back": {"surfaces": ["field: "]}}, "neither"),
        ({"write_back": {"label_prefix": " goal:"}}, "drops spaces"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_refused(change: dict[str, Any], reason: str) -> None:
    """What cannot work is refused at start, with the reason."""
    with pytest.raises(ValidationError, match=reason):
        GithubSettings.model_validate({**TOKEN, **change})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/github", "http://localhost/x", "https://ghe.example/api/v3/"])
def test_accepted_addresses(url: str) -> None:
    """Loopback may be plain; an Enterprise Server's address loses its last slash."""
    assert GithubSettings.model_validate({**TOKEN, "url": url}).url == url.rstrip("/")
