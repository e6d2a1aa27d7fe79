"""Login at an OpenID Connect provider, over real sockets, with tokens that are right and tokens that are not."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx import Response
from joserfc.jwk import RSAKey

from tests.security.provider import CLIENT, CLIENT_SECRET, Provider, serving
from tests.unit.web.site import Browser, Site, open_site

ADDRESS = "https://goals.acme.example"
PROXY = ("10.1.2.3", 40000)
PAGE = """
address = "{address}"
behind_proxy = ["10.0.0.0/8"]
[page.oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret = {{ env = "OIDC_SECRET" }}
read = ["staff"]
decide = ["leads", "ada@acme.example"]
admin = ["ops"]
"""


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "1"})


@pytest.fixture
def provider(key: RSAKey) -> Iterator[Provider]:
    """Return a provider that knows ada."""
    with serving(Provider(key=key)) as made:
        yield made


@pytest.fixture
def site(provider: Provider, tmp_path: Path) -> Iterator[Site]:
    """Return a page that believes this provider."""
    page = PAGE.format(address=ADDRESS, issuer=provider.url, client=CLIENT)
    with open_site(tmp_path, page, address=ADDRESS, environ={"OIDC_SECRET": CLIENT_SECRET}) as made:
        made.browser.peer = PROXY
        now = int(made.clock().timestamp())
        provider.claims = {
            "sub": "u-1", "iat": now, "exp": now + 300, "email": "ada@acme.example", "email_verified": True,
            "groups": [],
        }  # fmt: skip
        yield made


def travel(site: Site, provider: Provider, wanted: str = "/goals", browser: Browser | None = None) -> Response:
    """Log in as a person does: to the provider, and back."""
    browser = browser or site.browser
    away = browser.get(f"/login/oidc?next={wanted}")
    assert away.status_code == 303
    return browser.get(f"/login/oidc/callback{provider.authorize(away.headers['location'])}")


def role(site: Site) -> str:
    """Return what the browser may do, as its pages say; empty where nobody is logged in."""
    text = site.get("/nowhere").text
    return next((name for name in ("read", "decide", "admin") if f'<span title="{name}">' in text), "")


def test_whoever_the_provider_knows_is_let_in_with_the_role_of_their_address(site: Site, provider: Provider) -> None:
    """Code, PKCE, state and nonce fit: a new session, and on to where the person wanted to."""
    answer = travel(site, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/goals")
    assert role(site) == "decide"
    assert "ada@acme.example" in site.get("/nowhere").text
    assert "__Host-vindaris-journey" not in site.browser.cookies


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"groups": ["ops", "staff"]}, "admin"),
        ({"groups": "STAFF", "email": "eve@acme.example"}, "read"),
        ({"email_verified": False, "groups": ["staff"]}, "read"),
        ({"email_verified": "true", "groups": ["staff"]}, "read"),
        ({"email": None, "groups": ["leads"], "preferred_username": "Ada"}, "decide"),
    ],
    ids=["highest", "one group as text", "address not verified", "verified as text", "no address"],
)
def test_roles_follow_groups_and_verified_addresses(
    site: Site, provider: Provider, claims: dict[str, object], expected: str
) -> None:
    """The highest one counts; an address that nobody has verified gives nothing."""
    provider.lies = claims
    assert travel(site, provider).status_code == 303
    assert role(site) == expected


@pytest.mark.parametrize("groups", [[], ["*"], [1, None], {"ops": 1}, "ops,leads"])
def test_whoever_has_no_role_is_told_so(site: Site, provider: Provider, groups: object) -> None:
    """Known, and not let in, however the claim looks."""
    provider.lies = {"email_verified": False, "groups": groups}
    answer = travel(site, provider)
    assert answer.status_code == 403
    assert "nobody has given you a role" in answer.text
    assert role(site) == ""


def test_groups_may_come_from_user_info_of_the_same_person(site: Site, provider: Provider) -> None:
    """Where the token does not hold them; what it says of somebody else is refused."""
    provider.lies = {"groups": None}
    provider.userinfo = {"sub": "u-1", "groups": ["ops"]}
    assert travel(site, provider).status_code == 303
    assert role(site) == "admin"
    provider.userinfo = {"sub": "u-2", "groups": ["ops"]}
    assert travel(site, provider, browser=site.another(peer=PROXY)).status_code == 403


def _forged(provider: Provider, algorithm: str, sign: Callable[[bytes], bytes]) -> None:
    sent = next(iter(provider.codes.values()))
    claims = {"iss": provider.url, "aud": CLIENT, "nonce": sent["nonce"], **provider.claims}
    said = ".".join(_coded(json.dumps(each).encode()) for each in ({"alg": algorithm, "kid": "1"}, claims))
    provider.forged = f"{said}.{_coded(sign(said.encode()))}"


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unsigned(provider: Provider) -> None:
    _forged(provider, "none", lambda _: b"")


def _lies(**claims: object) -> Callable[[Provider], None]:
    return lambda provider: provider.lies.update(claims)


def _another_key(provider: Provider) -> None:
    provider.signing = RSAKey.generate_key(2048, {"kid": "1"})


def _public_key_as_secret(provider: Provider) -> None:
    secret = provider.key.as_pem(private=False)
    _forged(provider, "HS256", lambda said: hmac.digest(secret, said, "sha256"))


def _clients_secret(provider: Provider) -> None:
    _forged(provider, "HS256", lambda said: hmac.digest(CLIENT_SECRET.encode(), said, "sha256"))


FORGERIES: dict[str, Callable[[Provider], None]] = {
    "another nonce": _lies(nonce="another"),
    "no nonce": _lies(nonce=None),
    "another audience": _lies(aud="another-client"),
    "no audience": _lies(aud=None),
    "several audiences, made for another": _lies(aud=[CLIENT, "another"], azp="another"),
    "another issuer": _lies(iss="https://evil.example"),
    "expired": _lies(exp=1),
    "never expires": _lies(exp=None),
    "from tomorrow on": _lies(nbf=4_000_000_000),
    "about nobody": _lies(sub=None),
    "another access token": _lies(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "signed by nobody": _unsigned,
    "signed with another key": _another_key,
    "signed with the public key as a secret": _public_key_as_secret,
    "signed with the client's secret": _clients_secret,
    "no token": lambda provider: setattr(provider, "forged", "not.a.token"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_token_that_is_not_as_it_should_be_lets_nobody_in(
    site: Site, provider: Provider, forge: Callable[[Provider], None]
) -> None:
    """Whatever is wrong with it, the answer says no more than that it did not work; no secret is in it."""
    away = site.get("/login/oidc?next=/goals")
    back = provider.authorize(away.headers["location"])
    forge(provider)
    answer = site.get(f"/login/oidc/callback{back}")
    assert answer.status_code == 403
    assert CLIENT_SECRET not in answer.text
    assert role(site) == ""


def test_a_code_that_another_browser_brings_lets_nobody_in(site: Site, provider: Provider) -> None:
    """Neither one that a stranger planted (login forgery), nor one that was used, nor another state or issuer."""
    back = provider.authorize(site.get("/login/oidc").headers["location"])
    victim = site.another(peer=PROXY)
    assert victim.get(f"/login/oidc/callback{back}").status_code == 403
    victim.get("/login/oidc")
    assert victim.get(f"/login/oidc/callback{back}").status_code == 403
    assert site.get(f"/login/oidc/callback{back}&iss=https://evil.example").status_code == 403
    site.get("/login/oidc")
    assert site.get(f"/login/oidc/callback{back}").status_code == 403
    good = provider.authorize(site.get("/login/oidc").headers["location"])
    assert site.get(f"/login/oidc/callback{good}").status_code == 303
    assert site.another(peer=PROXY).get(f"/login/oidc/callback{good}").status_code == 403


def test_a_login_that_takes_too_long_begins_anew(site: Site, provider: Provider) -> None:
    """What the provider refuses, or a person cancels, is told in one sentence."""
    site.get("/login/oidc")
    answer = site.get("/login/oidc/callback?error=access_denied&state=x")
    assert answer.status_code == 403
    assert "did not work" in answer.text
    assert provider.codes == {}


@pytest.mark.parametrize(
    "facts",
    [
        {"issuer": "https://evil.example"}, {"token_endpoint": "http://192.0.2.1/token"}, {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None}, {"userinfo_endpoint": "gopher://127.0.0.1"},
    ],
)  # fmt: skip
def test_a_provider_that_points_elsewhere_is_not_believed(
    site: Site, provider: Provider, facts: dict[str, object]
) -> None:
    """Neither codes nor secrets go to a plain or odd address, whoever states it."""
    provider.facts = facts
    assert site.get("/login/oidc").status_code == 503


def test_new_keys_of_the_provider_are_found_and_not_asked_for_without_end(site: Site, provider: Provider) -> None:
    """A rotation is followed after a minute; a hundred forged tokens make no hundred requests."""
    assert travel(site, provider).status_code == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "2"})
    provider.header = {"alg": "RS256", "kid": "2"}
    for _ in range(5):
        travel(site, provider)
    assert provider.asked.count("/keys") <= 2
    site.clock.on(minutes=2)
    assert travel(site, provider).status_code == 303
    assert provider.asked.count("/keys") <= 3
