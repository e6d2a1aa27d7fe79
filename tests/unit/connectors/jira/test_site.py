"""What follows from a site's own description: its fields, and the address that people browse."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_connectors.jira.site import Site, discover
from vindaris_connectors.jira.surfaces import EPIC_LINK_TYPE, Field, Shape, Trouble, resolve
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.protocol import Connector, Surroundings
from vindaris_sync.sdk.secret import Secret

GATEWAY = "https://api.atlassian.com/ex/jira/11223344-a1b2"


class Answers(BaseAdapter):
    """A network that answers each path with one JSON text, and remembers what was asked."""

    def __init__(self, answers: dict[str, tuple[int, str]]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_named: Any) -> requests.Response:
        """Answer."""
        self.asked.append(request)
        path = next((path for path in self.answers if (request.url or "").endswith(path)), "")
        response = requests.Response()
        response.status_code, text = self.answers.get(path, (404, "{}"))
        response._content = text.encode()  # noqa: SLF001 - how requests lets a body be set
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """Nothing is open."""


def settings(**given: object) -> JiraSettings:
    """Return valid settings with some replaced."""
    valid = {"url": "https://acme.atlassian.net", "token": Secret("not-for-anybody"), "projects": ["APP"]}
    return JiraSettings.model_validate({**valid, **given})


def site(answers: Answers, **given: object) -> Site:
    """Return the site that answers so."""
    chosen = settings(**given)
    return discover("jira", Client(chosen, Surroundings(adapter=answers)), chosen)


CLOUD = '{"deploymentType": "Cloud", "baseUrl": "https://acme.atlassian.net", "version": "1001"}'


def test_links_for_people_avoid_the_gateway() -> None:
    """Through the gateway requests keep its prefix, and links lead to the site's own address."""
    answers = Answers({"/serverInfo": (200, CLOUD)})
    found = site(answers, url=GATEWAY, email="bot@acme.example")
    assert found.mapper.browse == "https://acme.atlassian.net"
    assert answers.asked[0].url == f"{GATEWAY}/rest/api/3/serverInfo"


@pytest.mark.parametrize(("email", "scheme"), [("bot@acme.example", "Basic "), ("", "Bearer ")])
def test_credentials(email: str, scheme: str) -> None:
    """With an e-mail address the token goes as basic authentication, without one as Bearer."""
    answers = Answers({"/serverInfo": (200, CLOUD)})
    site(answers, email=email)
    assert str(answers.asked[0].headers["Authorization"]).startswith(scheme)


@pytest.mark.parametrize("answer", [(404, "{}"), (200, "{}"), (200, "[]")])
def test_what_is_no_jira(answer: tuple[int, str]) -> None:
    """An address where no Jira answers is told as such."""
    with pytest.raises(TrackerUnusable, match="no Jira") as stopped:
        site(Answers({"/serverInfo": answer}))
    assert stopped.value.reason == "protocol"


def test_it_is_a_connector() -> None:
    """The class keeps the protocol and is built without a request."""
    answers = Answers({})
    connector = JiraConnector("jira", settings(), Surroundings(adapter=answers))
    assert isinstance(connector, Connector)
    assert answers.asked == []


FIELDS: list[dict[str, Any]] = [
    {"id": "labels", "name": "Goal", "custom": False, "schema": {"type": "array", "items": "string"}},
    {"id": "cf_1", "name": "Goal", "custom": True, "schema": {"type": "option", "custom": "x:select"}},
    {"id": "cf_2", "name": "Twice", "custom": True, "schema": {"type": "string"}},
    {"id": "cf_3", "name": "twice", "custom": True, "schema": {"type": "string"}},
    {"id": "cf_4", "name": "Note", "custom": True, "schema": {"type": "string", "custom": "x:textarea"}},
    {
        "id": "cf_5",
        "name": "Epic Link",
        "custom": True,
        "schema": {"custom": EPIC_LINK_TYPE},
    },
    {"id": "cf_6", "name": "Other", "custom": True},
]


def test_fields_are_found() -> None:
    """A field goes by its name in any case or by its id; one that cannot be used says why and what to do."""
    found = resolve(FIELDS, ["goal", "cf_2", "Twice", "Note", "Other", "None"], "", epics=True)
    assert found.managed[:2] == (Field("cf_1", "Goal", Shape.OPTION), Field("cf_2", "Twice", Shape.TEXT))
    assert all(isinstance(one, Trouble) and one.fix for one in found.managed[2:])
    assert found.epic_link == "cf_5"


@pytest.mark.parametrize(("wanted", "id_"), [("", "cf_5"), ("epic link", "cf_5"), ("cf_6", "cf_6"), ("No such", "")])
def test_epic_link(wanted: str, id_: str) -> None:
    """The Epic Link is found by its type, or as the configuration names it; Cloud has none."""
    assert resolve(FIELDS, [], wanted, epics=True).epic_link == id_
    assert resolve(FIELDS, [], wanted, epics=False).epic_link == ""
