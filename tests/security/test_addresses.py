"""Addresses in the configuration: no credential stands in one, and none is sent in the clear."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vindaris_sync.config.load import ConfigRefused, load

PASSWORD = "hunter2-canary-hunter2"
TEMPLATE = """
state_dir = "state"
[goals]
file = "goals.toml"
[trackers.main]
kind = "{kind}"
url = "{tracker}"
token = {{ env = "TOKEN" }}
{scope}
[notify.chat]
{chat}
[[teams]]
name = "All"
scopes = ["main:*"]
notify = "chat"
"""
SLACK = 'kind = "slack"\nchannel = "#x"\ntoken = {{ env = "TOKEN" }}\napi_url = "{}"'
HOOK = 'kind = "{}"\nurl = {{ env = "HOOK" }}'
SCOPES = {"jira": 'projects = ["APP"]', "github": 'repositories = ["acme/web"]'}
WITH_PASSWORD = f"https://bot:{PASSWORD}@chat.example/api"
IN_THE_CLEAR = "http://chat.example/api"


def refused(
    folder: Path, *, kind: str = "jira", tracker: str = "https://jira.example", chat: str, hook: str = ""
) -> str:
    """Return what is said about such a configuration; fails where it is taken."""
    (folder / "goals.toml").write_text("goals = []\n", "utf-8")
    text = TEMPLATE.format(kind=kind, tracker=tracker, scope=SCOPES[kind], chat=chat)
    (folder / "vindaris.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigRefused) as caught:
        load(folder / "vindaris.toml", {**os.environ, "TOKEN": "token-0123456789", "HOOK": hook})
    return str(caught.value)


@pytest.mark.parametrize("kind", SCOPES)
@pytest.mark.parametrize("url", [WITH_PASSWORD, IN_THE_CLEAR, f"https://{PASSWORD}@jira.example", "file:///etc/passwd"])
def test_a_trackers_address_holds_no_credential_and_is_encrypted(tmp_path: Path, kind: str, url: str) -> None:
    """The refusal names the key and says where credentials belong; it does not repeat them."""
    said = refused(tmp_path, kind=kind, tracker=url, chat='kind = "log"')
    assert "[trackers.main] url" in said
    assert PASSWORD not in said


@pytest.mark.parametrize("url", [WITH_PASSWORD, IN_THE_CLEAR, "ftp://chat.example"])
def test_a_chats_address_holds_no_credential_and_is_encrypted(tmp_path: Path, url: str) -> None:
    """A bot's token goes where a tracker's may go."""
    said = refused(tmp_path, chat=SLACK.format(url))
    assert "[notify.chat] api_url" in said
    assert PASSWORD not in said


@pytest.mark.parametrize("kind", ["slack-webhook", "webhook"])
@pytest.mark.parametrize("url", [WITH_PASSWORD, IN_THE_CLEAR, f"{PASSWORD}", "https://[::1/" + PASSWORD, "https:///x"])
def test_a_webhooks_address_is_a_secret_even_where_it_is_wrong(tmp_path: Path, kind: str, url: str) -> None:
    """What is said about it holds nothing of it."""
    said = refused(tmp_path, chat=HOOK.format(kind), hook=url)
    assert "[notify.chat] url" in said
    assert PASSWORD not in said
    assert "chat.example" not in said
