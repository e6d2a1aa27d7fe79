"""How requests leave: authentication, Enterprise Servers, redirects, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.unit.connectors.github.sandboxed import (
    BOT,
    PERSON,
    TOKEN,
    WEB,
    Clock,
    Place,
    build_world,
    census,
    document,
    keys,
    pulled,
    served,
)  # fmt: skip
from vindaris_connectors.github.client import GithubClient
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Level
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.github import Account
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret


@pytest.fixture
def place() -> Iterator[Place]:
    """Serve the usual GitHub."""
    with served() as place:
        yield place


@pytest.fixture(scope="module")
def pem() -> str:
    """Return a private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def app_settings(place: Place, pem: str, **permissions: str) -> dict[str, object]:
    """Install an App and return its settings."""
    app = place.world.install_app("vindaris", "acme", permissions={"metadata": "read", **permissions})
    return {"token": None, "app_id": app.id, "installation_id": app.installation, "private_key": Secret(pem)}


def test_app_reads_and_writes_with_a_token_that_is_renewed(place: Place, pem: str) -> None:
    """An App gets an installation token with the first request, uses it, and renews it before its hour is over."""
    place.create(WEB, 2)
    # the App's JWT counts in real time, the sandbox in its own
    settings = app_settings(place, pem, issues="write", issue_fields="read")
    connector = place.connect(repositories=[WEB], **settings)
    assert len(set(keys(pulled(connector, {})))) == 2
    pulled(connector, {})
    asked = [path for method, path in place.spent() if method == "POST" and "access_tokens" in path]
    assert len(asked) == 1
    place.clock.advance(timedelta(minutes=56))
    pulled(connector, {})
    assert len([path for _, path in place.spent() if "access_tokens" in path]) == 1


def test_app_creates_as_itself(place: Place, pem: str) -> None:
    """What an App creates is found again under the App's own login."""
    connector = place.connect(**app_settings(place, pem, issues="write", issue_fields="read"))
    draft = Draft("d1", WEB, "", "Born", "why")
    assert connector.create(draft).author == "vindaris[bot]"
    assert connector.create(draft).key == f"{WEB}#1"
    assert document(place.world, WEB, 1)["user"]["type"] == "Bot"


def test_app_whose_key_is_none(place: Place) -> None:
    """A private key that cannot sign is refused credentials, with the keys to look at."""
    settings = app_settings(place, "-----BEGIN NONSENSE-----")
    with pytest.raises(TrackerUnusable, match="private key") as raised:
        pulled(place.connect(**settings), {})
    assert raised.value.reason == "credentials"
    assert "app_id" in raised.value.advice


def test_app_that_is_not_installed(place: Place, pem: str) -> None:
    """An installation that GitHub does not know is refused credentials."""
    settings = {**app_settings(place, pem), "installation_id": 12345}
    with pytest.raises(TrackerUnusable) as raised:
        pulled(place.connect(**settings), {})
    assert raised.value.reason == "credentials"


def test_app_without_permission_is_told(place: Place, pem: str) -> None:
    """The preflight names the App's missing permission."""
    connector = place.connect(**app_settings(place, pem, issues="read", issue_fields="read"))
    errors = [finding for finding in connector.check() if finding.level is Level.ERROR]
    assert [(finding.subject, "Issues: write" in finding.fix) for finding in errors] == [("permissions", True)]


def test_enterprise_server() -> None:
    """An Enterprise Server's API lies under /api/v3, its GraphQL beside it; the same connector speaks both."""
    clock = Clock()
    with served(world=build_world(clock, enterprise="3.17.0"), clock=clock) as place:
        place.create(WEB, 2)
        connector = place.connect(repositories=[WEB])
        pages = pulled(connector, {})
        assert set(keys(pages)) == {f"{WEB}#1", f"{WEB}#2"}
        assert len(census(connector)) == 2
        spent = place.spent()
        assert ("POST", "/api/graphql") in spent
        assert all(path.startswith("/api/") for _, path in spent)
        assert Level.ERROR not in {finding.level for finding in connector.check()}


def test_check_of_a_sound_tracker(place: Place) -> None:
    """Everything is looked at, nothing is wrong, nothing is written."""
    findings = place.connect().check()
    assert {finding.level for finding in findings} == {Level.OK}
    assert {"credentials", "token", "clock", "rate limit", WEB, "field:Goal"} <= {f.subject for f in findings}
    assert {method for method, _ in place.spent()} == {"GET"}


def test_check_tells_what_is_wrong(place: Place) -> None:
    """A token that ends soon or may not write, a spent limit, a renamed and an unknown repository: each with a fix."""
    account = Account(BOT, "classic", scopes=("read:org",), expires=place.clock() + timedelta(days=3), limit=100)
    account.core.spend(place.clock(), 91)
    place.world.grant(TOKEN, account)
    place.world.rename_repository(WEB, "site", actor=PERSON)
    place.world.archive("acme/site", actor=PERSON)
    connector = place.connect(repositories=[WEB, "acme/none"], write_back={})
    found = {(finding.subject, finding.level) for finding in connector.check()}
    assert {
        ("token", Level.WARNING), ("rate limit", Level.WARNING), ("permissions", Level.ERROR),
        (WEB, Level.WARNING), ("acme/none", Level.ERROR),
    } <= found  # fmt: skip
    assert all(finding.fix for finding in connector.check() if finding.level is not Level.OK)


def test_check_tells_a_wrong_clock(place: Place) -> None:
    """A clock that differs from GitHub's by more than ten minutes is an error."""
    place.server.faults.add(Fault("clock_skew", seconds=3600))
    wrong = [finding.subject for finding in place.connect().check() if finding.level is Level.ERROR]
    assert wrong == ["clock"]


def test_check_tells_refused_credentials(place: Place) -> None:
    """A wrong token is one finding with advice."""
    (finding,) = place.connect(token=Secret("ghp_wrong_0123456")).check()
    assert (finding.level, finding.subject, bool(finding.fix)) == (Level.ERROR, "credentials", True)


def test_requests_of_many_threads_are_not_mixed_up(place: Place) -> None:
    """Each thread's request leaves with its own address: 8 threads x 50 answers are the ones that were asked for."""
    place.create(WEB, 50)
    settings = GithubSettings.model_validate(
        {"url": f"{place.server.url}/github", "token": Secret(TOKEN), "repositories": [WEB]}
    )
    client = GithubClient(settings, Surroundings(now=place.clock, sleep=place.clock.sleep, in_flight=8))
    numbers = [1 + n % 50 for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: client.get(f"/repos/{WEB}/issues/{n}").json()["number"], numbers)
        assert list(answers) == numbers
    client.close()


def test_redirects_are_ours_to_follow(place: Place) -> None:
    """A renamed repository's 301 comes back as it is, with the query that was asked; nobody else follows it."""
    place.world.rename_repository(WEB, "site", actor=PERSON)
    settings = GithubSettings.model_validate(
        {"url": f"{place.server.url}/github", "token": Secret(TOKEN), "repositories": [WEB]}
    )
    client = GithubClient(settings, Surroundings(now=place.clock, sleep=place.clock.sleep))
    answer = client.get(f"/repos/{WEB}/issues?state=all")
    assert answer.status == 301
    assert len(place.spent()) == 1
    assert client.post(f"/repos/{WEB}/labels", {"name": "x"}).status == 307
    client.close()


def test_token_goes_to_our_host_alone(place: Place) -> None:
    """A next page on another host is asked at ours: what an answer says never moves the token elsewhere."""
    link = '<http://evil.invalid/steal?page=2>; rel="next"'
    place.server.faults.add(Fault("status", status=200, body=[], headers={"Link": link}, path="/issues$", times=1))
    with pytest.raises(TrackerUnusable, match=f"^{place.server.url}/steal"):
        pulled(place.connect(repositories=[WEB]), {})
