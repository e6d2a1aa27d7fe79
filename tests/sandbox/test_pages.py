"""What people see of the sandbox in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sandbox.server import Server

HOSTILE = '<script>alert("1")</script>'
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@dataclass(frozen=True, slots=True)
class Sites:
    """A look-alike of each kind, and where they are reached."""

    jira: jira.World
    github: github.World
    slack: slack.World
    url: str

    def see(self, path: str) -> str:
        answer = httpx.get(self.url + path, headers=BROWSER, trust_env=False)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return answer.text


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Return sites with an issue of a hostile title each, and a channel with such a message."""
    jiras, githubs, slacks = jira.World(), github.World(), slack.World()
    jiras.add_project("APP")
    jiras.add_field("Goal", jira.TEXT)
    jira.Person(jiras, jiras.user("ann")).create_issue("APP", HOSTILE)
    githubs.create_repository("acme/web")
    githubs.create_issue("acme/web", HOSTILE, actor="ann")
    slacks.post(slacks.create_channel("goals"), "vindaris", HOSTILE)
    services: dict[str, Service] = {
        "/jira": jira.JiraCloud(jiras),
        "/github": github.GitHub(githubs),
        "/slack": slack.Slack(slacks),
    }
    with Server(services) as server:
        yield Sites(jiras, githubs, slacks, server.url)


def test_what_is_written_appears_on_the_issues_page(sites: Sites) -> None:
    """Labels and fields are seen where people would look, with who set them."""
    ann = jira.Person(sites.jira, sites.jira.user("ann"))
    ann.add_label("APP-1", "goal:G-1")
    ann.set_field("APP-1", "Goal", "G-1")
    page = sites.see("/jira/browse/APP-1")
    assert '<span class="label">goal:G-1</span>' in page
    assert '<th scope="row">Goal</th><td>G-1</td>' in page
    sites.github.add_label("acme/web", 1, "goal:G-2", actor="ann")
    assert '<span class="label">goal:G-2</span>' in sites.see("/github/acme/web/issues/1")


@pytest.mark.parametrize(
    "path",
    ["/jira/", "/jira/browse/APP-1", "/github/acme/web/issues", "/github/acme/web/issues/1", "/slack/archives/goals"],
)
def test_what_strangers_wrote_is_text(sites: Sites, path: str) -> None:
    """A title is never markup."""
    page = sites.see(path)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_front_page_leads_everywhere(sites: Sites) -> None:
    """Whoever opens the sandbox's address finds each site."""
    page = sites.see("/")
    assert all(f'href="/{name}/"' in page for name in ("jira", "github", "slack"))
    assert 'href="' in sites.see("/slack/")


def test_programs_get_what_they_asked_for(sites: Sites) -> None:
    """A browser's page stands in no program's way: whoever asks for JSON is answered as before."""
    answer = httpx.get(
        f"{sites.url}/github/repos/acme/web/issues/1", headers={"Accept": "application/json"}, trust_env=False
    )
    assert answer.json()["html_url"] == f"{sites.url}/github/acme/web/issues/1"
    assert httpx.get(f"{sites.url}/github/no/where", headers=BROWSER, trust_env=False).status_code == 404


def test_a_message_is_read_line_by_line(sites: Sites) -> None:
    """What stands in one line in the chat stands in one line here; points of a list, fields and buttons as well."""
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": "1.5 s"}, {"type": "text", "text": " → 1.2 s"}],
    }
    listed = {"type": "rich_text", "elements": [section, {"type": "rich_text_list", "elements": [section, section]}]}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Confirm"}}
    blocks = [listed, {"type": "actions", "elements": [button]}]
    sites.slack.post(sites.slack.channels["goals"], "vindaris", "short", blocks=blocks)
    page = sites.see("/slack/archives/goals")
    assert "1.5 s → 1.2 s\n• 1.5 s → 1.2 s\n• 1.5 s → 1.2 s\n[Confirm]" in page
