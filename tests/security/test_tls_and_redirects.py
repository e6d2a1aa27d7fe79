"""Where credentials go: to the server that was configured and can prove who it is, and nowhere else."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from tests.security.clients import CLIENTS, TOKEN, TRACKERS, Call, github_client
from tests.security.servers import Certificate, Server, says, self_signed, serving
from vindaris_connectors.github.client import next_url
from vindaris_connectors.github.repositories import followed
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.authorities import VARIABLES, authorities
from vindaris_sync.sdk.errors import ConfigError, TrackerUnusable, VindarisError


def outcome(call: Call) -> str:
    """Return what came of a call: its answer, or the whole traceback of an expected error."""
    try:
        return repr(call())
    except VindarisError as error:
        return "".join(traceback.format_exception(error))


EVERY = pytest.mark.parametrize("name", CLIENTS)
OK = says("200 OK", b'{"ok": true, "channel": "C0000001", "ts": "1.0"}', "Content-Type: application/json")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@EVERY
def test_a_certificate_that_nobody_vouches_for_is_refused(name: str, certificate: Certificate) -> None:
    """Nothing is sent to such a server, the error says what is wrong, and a person must act."""
    with serving(OK, certificate.context) as server, CLIENTS[name](server.url) as call:
        with pytest.raises((TrackerUnusable, ChannelUnusable)) as caught:
            call()
        assert server.asked == []
    assert isinstance(caught.value, TrackerUnusable | ChannelUnusable)
    assert caught.value.reason == "protocol"
    assert "certificate" in f"{caught.value} {caught.value.advice}".lower()


@EVERY
@pytest.mark.parametrize("variable", VARIABLES)
def test_authorities_of_ones_own_network_can_be_named(
    name: str, variable: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PEM file named in the environment counts for trackers and chats alike."""
    monkeypatch.setenv(variable, str(certificate.certificate))
    with serving(OK, certificate.context) as server, CLIENTS[name](server.url) as call:
        call()
        assert len(server.asked) == 1


@EVERY
def test_a_certificate_for_another_name_is_refused(
    name: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is vouched for, but as somebody else, gets nothing."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with serving(OK, certificate.context) as server:
        elsewhere = server.url.replace("127.0.0.1", "localhost")
        with CLIENTS[name](elsewhere) as call, pytest.raises((TrackerUnusable, ChannelUnusable)):
            call()
        assert server.asked == []


@pytest.mark.parametrize("name", TRACKERS)
@pytest.mark.parametrize("value", ["", "False", "0"])
def test_verification_cannot_be_switched_off(
    name: str, value: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that other programs take for "do not verify" change nothing."""
    for variable in ("CURL_CA_BUNDLE", "PYTHONHTTPSVERIFY", "JIRA_VERIFY"):
        monkeypatch.setenv(variable, value)
    with serving(OK, certificate.context) as server, CLIENTS[name](server.url) as call:
        with pytest.raises(VindarisError):
            call()
        assert server.asked == []


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_file_of_authorities_that_is_none_stops_the_start(variable: str, tmp_path: Path) -> None:
    """Advice instead of a tracker that "cannot be reached"."""
    with pytest.raises(ConfigError, match=variable) as caught:
        authorities({variable: str(tmp_path / "none.pem")})
    assert "PEM" in caught.value.advice


@EVERY
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_no_credential_elsewhere(name: str, status: int) -> None:
    """Neither to another port, nor to another scheme or name: the other server is never asked."""
    with serving(OK) as other:
        for target in (other.url, other.url.replace("127.0.0.1", "localhost"), f"http://{TOKEN}@{other.url[7:]}"):
            with (
                serving(says(f"{status} Moved", b"", f"Location: {target}/rest/api/3/myself")) as server,
                CLIENTS[name](server.url) as call,
            ):
                told = outcome(call)
            assert TOKEN not in told
        assert other.asked == []


FOREIGN = [
    "{other}/repos/acme/new",
    "//{host}/repos/acme/new",
    "https://api.github.com/x",
    "ftp://x/y",
    "{own}@{host}/",
]


@pytest.mark.parametrize("target", FOREIGN)
@pytest.mark.parametrize("header", ["Location: {}", 'Link: <{}>; rel="next"'])
def test_an_address_that_github_gives_leads_to_its_own_host_only(target: str, header: str) -> None:
    """Renamed repositories and next pages are followed by their path; another host is never asked (FAULTS 30)."""
    with serving(OK) as other, Server(says("200 OK")) as server:
        address = target.format(other=other.url, host=other.url.partition("//")[2], own=server.url)
        status = "301 Moved" if header.startswith("Location") else "200 OK"
        server.talk = says(status, b"[]", header.format(address), "Content-Type: application/json")
        client = github_client(server.url)
        answers = [
            followed(client, "/repos/acme/web"),
            client.get(next_url(client.get("/repos/acme/web/issues")) or "/"),
        ]
        client.close()
        assert {answer.status for answer in answers} == {int(status[:3])}
        assert other.asked == []
        assert len(server.asked) >= 3
