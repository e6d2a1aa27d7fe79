"""How Jira is told who we are."""

from __future__ import annotations

from base64 import b64decode
from http import HTTPStatus
from typing import Any

import pytest
from pydantic import ValidationError
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret, redact


class Site(BaseAdapter):
    """Answers everything, and keeps what it was shown."""

    shown = ""

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        self.shown = str(request.headers["Authorization"])
        answer = Response()
        answer.status_code, answer.url, answer.raw = HTTPStatus.OK, str(request.url), HTTPResponse()
        answer._content = b"{}"  # noqa: SLF001 - as an adapter sets it
        return answer

    def close(self) -> None:
        """Nothing to close."""


def settings(email: str, token: str) -> JiraSettings:
    return JiraSettings(url="https://acme.example", email=email, token=Secret(token), projects=("APP",))


@pytest.mark.parametrize("token", ["geheim-pässwört", "geheim…-password"])
def test_a_password_of_any_letters_is_sent_and_masked(token: str) -> None:
    """What is sent are the bytes whose Base64 is known to be secret (RFC 7617, UTF-8)."""
    site = Site()
    Client(settings("bötin@acme.example", token), Surroundings(adapter=site)).read("/x")
    assert b64decode(site.shown.removeprefix("Basic ")).decode() == f"bötin@acme.example:{token}"
    assert site.shown not in redact(f"you sent {site.shown}")


@pytest.mark.parametrize("token", ["geheim-pässwört", "geheim\npassword"])
def test_a_token_that_fits_no_header_is_refused_unseen(token: str) -> None:
    """The line names the key, and never the value."""
    with pytest.raises(ValidationError, match="token: ") as refused:
        settings("", token)
    assert token not in str(refused.value)
