"""Jira's settings: an address that keeps the token, a scope, surfaces that a label can be."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.sdk.secret import Secret


def settings(**given: Any) -> JiraSettings:
    """Return valid settings with some replaced."""
    valid = {"url": "https://acme.atlassian.net", "token": Secret("not-for-anybody"), "projects": ["APP"]}
    return JiraSettings.model_validate({**valid, **given})


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.atlassian.net/",
        "https://jira.acme.example/jira",
        "http://localhost:8080/jira",
        "http://127.0.0.1:1/x",
        "http://[::1]:8080",
        "https://api.atlassian.com/ex/jira/11223344-a1b2-3b33-c444-def123456789",
    ],
)
def test_addresses(url: str) -> None:
    """Cloud, Data Center below a path, loopback and the gateway are addresses; a trailing slash is cut."""
    assert settings(url=url).url == url.rstrip("/")


def test_gateway_is_recognised() -> None:
    """People cannot browse the gateway for scoped tokens."""
    assert settings(url="https://api.atlassian.com/ex/jira/11223344-a1b2").gateway
    assert not settings().gateway


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://jira.acme.example", "loopback"),
        ("http://127.0.0.1.acme.example", "loopback"),
        ("ftp://acme.example", "address"),
        ("acme.atlassian.net", "address"),
        ("https://bot:token@acme.example", "credentials"),
        ("https://acme.example/?x=1", "only scheme"),
    ],
)
def test_unsafe_addresses_are_refused(url: str, reason: str) -> None:
    """The token never goes out readable, and no credentials stand in an address."""
    with pytest.raises(ValidationError, match=reason):
        settings(url=url)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"projects": [], "jql": ""}, "either projects"),
        ({"jql": "a = b"}, "either projects"),
        ({"projects": ["app"]}, "no project key"),
        ({"projects": ["APP", "APP"]}, "twice"),
        ({"projects": [], "jql": "a = b)"}, "parentheses"),
        ({"write_back": {"label_prefix": "goal "}}, "label_prefix"),
        ({"write_back": {"review_label": "to review"}}, "review_label"),
        ({"write_back": {"exempt_label": "no goal"}}, "exempt_label"),
        ({"write_back": {"surfaces": ["field:"]}}, "surfaces"),
        ({"write_back": {"surfaces": ["Goal"]}}, "neither"),
        ({"page": 3}, "Extra"),
        ({"token": "plain"}, "never the secret"),
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any], reason: str) -> None:
    """Each mistake is refused with its reason."""
    with pytest.raises(ValidationError, match=reason):
        settings(**given)


def test_query_is_kept_as_written() -> None:
    """A query stays a person's text; field surfaces give their names in order."""
    chosen = settings(projects=[], jql=" project = A ", write_back={"surfaces": ["field:Goal", "label", "field:Aim "]})
    assert chosen.jql == "project = A"
    assert chosen.field_names == ("Goal", "Aim")


def test_token_shows_nowhere() -> None:
    """Neither repr nor dump holds it."""
    assert "not-for-anybody" not in repr(settings()) + settings().model_dump_json()
