"""Login at an OpenID Connect provider: code flow with PKCE, state and nonce (OpenID Connect Core 1.0, §3.1)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Any
from urllib.parse import quote

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vindaris_sync.config.oidc import OidcSettings
from vindaris_sync.domain.text import one_line
from vindaris_sync.sdk.addresses import base_url
from vindaris_sync.sdk.authorities import authorities, tls
from vindaris_sync.sdk.bounds import BoundedTransport

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key: neither none at all, nor one that whoever knows the client's secret can make."""

_DEADLINE = 10.0
_LARGEST = 256 << 10
_KEPT = timedelta(hours=1)
_KEYS_AGAIN = timedelta(minutes=1)  # an unknown key is looked for as often as this, however many tokens name one
_LEEWAY = 60  # seconds by which clocks may differ


class Refused(Exception):
    """The login did not work: one sentence for the log, which holds nothing secret."""


@dataclass(frozen=True, slots=True)
class Journey:
    """What a browser carries, signed, to the provider and back."""

    state: str
    nonce: str
    verifier: str
    onward: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says that somebody is."""

    who: str
    names: frozenset[str]
    """Groups, and the verified e-mail address."""


class Provider:
    """One provider; what it says of itself is kept for an hour. Safe from several threads."""

    def __init__(self, settings: OidcSettings, callback: str, now: Callable[[], datetime]) -> None:
        self._settings, self._callback, self._now = settings, callback, now
        self._facts: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._lock = Lock()

    def begin(self, onward: str) -> tuple[str, Journey]:
        """Return where to send a browser, and what it must bring back. Raises ``Refused``."""
        journey = Journey(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48), onward)
        facts = self._read_facts()
        with self._http() as http:
            address, _ = self._client(http).create_authorization_url(
                facts["authorization_endpoint"], state=journey.state, nonce=journey.nonce,
                code_verifier=journey.verifier,
            )  # fmt: skip
        return str(address), journey

    def finish(self, journey: Journey, brought: Mapping[str, str]) -> Person:
        """Return who came back with ``brought``, the callback's query. Raises ``Refused``."""
        if not hmac.compare_digest(brought.get("state", "").encode(), journey.state.encode()):
            raise Refused("the state is not the one that this browser was sent with")
        if brought.get("iss", self._settings.issuer) != self._settings.issuer:
            raise Refused("another issuer answered than was asked (RFC 9207)")
        if "code" not in brought:
            raise Refused(f"the provider says {one_line(brought.get('error', 'nothing'), 60)!r}")
        token = self._exchange(brought["code"], journey)
        claims = self._claims(token, journey.nonce)
        return _person({**self._userinfo(token, claims), **claims}, self._settings.claim)

    def _exchange(self, code: str, journey: Journey) -> Mapping[str, Any]:
        facts, settings = self._read_facts(), self._settings
        basic = "client_secret_post" not in facts.get("token_endpoint_auth_methods_supported", ()) or (
            "client_secret_basic" in facts["token_endpoint_auth_methods_supported"]
        )
        secret = settings.client_secret.reveal()
        own = {} if basic else {"client_id": settings.client_id, "client_secret": secret}
        pair = (quote(settings.client_id, safe=""), quote(secret, safe="")) if basic else None  # RFC 6749 §2.3.1
        try:
            with self._http() as http:
                token: Mapping[str, Any] = self._client(http).fetch_token(
                    facts["token_endpoint"], grant_type="authorization_code", code=code,
                    code_verifier=journey.verifier, auth=pair, **own,
                )  # fmt: skip
        except (httpx.HTTPError, AuthlibBaseError, ValueError) as error:
            raise Refused(f"the code was not taken: {_kind(error)}") from None
        if not isinstance(token.get("id_token"), str):
            raise Refused("the provider gave no ID token")
        return token

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that was made for us, now, and for this journey."""
        try:
            found = self._verified(token["id_token"])
            claims = CodeIDToken(
                found.claims,
                found.header,
                options={
                    "iss": {"essential": True, "value": self._settings.issuer},
                    "aud": {"essential": True, "value": self._settings.client_id},
                },
                params={
                    "nonce": nonce, "client_id": self._settings.client_id, "access_token": token.get("access_token")
                },
            )  # fmt: skip
            claims.validate(int(self._now().timestamp()), _LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused(f"the ID token is refused: {_kind(error)}") from None
        return dict(claims)

    def _verified(self, token: str) -> jwt.Token:
        """Return a token whose signature fits one of the provider's keys; a key that is new to us is asked for."""
        try:
            return jwt.decode(token, self._read_keys(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            with self._lock:
                if self._keys and self._now() - self._keys[0] >= _KEYS_AGAIN:
                    self._keys = None
            return jwt.decode(token, self._read_keys(), algorithms=ALGORITHMS)

    def _userinfo(self, token: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the provider says elsewhere of the same person, where the token does not say enough."""
        address = self._read_facts().get("userinfo_endpoint")
        access = token.get("access_token")
        if not address or not isinstance(access, str) or (self._settings.claim in claims and "email" in claims):
            return {}
        said = self._get(address, "the provider's user info", {"Authorization": f"Bearer {access}"})
        if said.get("sub") != claims["sub"]:
            raise Refused("user info is about somebody else")
        return said

    # --- what the provider says of itself -------------------------------------------------------------------------

    def _read_facts(self) -> Mapping[str, Any]:
        with self._lock:
            held = self._facts
        if held is None or self._now() - held[0] >= _KEPT:
            issuer = self._settings.issuer
            said = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", "the provider's configuration")
            if said.get("issuer") != issuer:
                raise Refused(f"the provider calls itself {one_line(str(said.get('issuer')), 200)!r}, not {issuer!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _web(said.get(name), name)
            if said.get("userinfo_endpoint"):
                _web(said["userinfo_endpoint"], "userinfo_endpoint")
            held = self._now(), said
            with self._lock:
                self._facts = held
        return held[1]

    def _read_keys(self) -> KeySet:
        with self._lock:
            held = self._keys
        if held is None or self._now() - held[0] >= _KEPT:
            said = self._get(self._read_facts()["jwks_uri"], "the provider's keys")
            held = self._now(), KeySet.import_key_set(said)  # type: ignore[arg-type]  # checked by the import
            with self._lock:
                self._keys = held
        return held[1]

    def _get(self, address: str, what: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            with self._http() as http:
                answer = http.get(address, headers=dict(headers or {}))
                said = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise Refused(f"{what} cannot be read: {_kind(error)}") from None
        if not isinstance(said, dict):
            raise Refused(f"{what} is no object")
        return said

    def _client(self, http: httpx.Client) -> OAuth2Client:
        settings = self._settings
        return OAuth2Client(
            http, settings.client_id, settings.client_secret.reveal(), scope=" ".join(settings.scopes),
            redirect_uri=self._callback, code_challenge_method="S256",
        )  # fmt: skip

    def _http(self) -> httpx.Client:
        network = BoundedTransport(tls(authorities()), deadline=_DEADLINE, largest=_LARGEST)
        return httpx.Client(
            transport=network, trust_env=False, follow_redirects=False, timeout=_DEADLINE,
            headers={"User-Agent": "vindaris-sync", "Accept-Encoding": "identity"},
        )  # fmt: skip


def _web(address: object, name: str) -> None:
    """Refuse an endpoint to which neither a code nor a secret may go."""
    try:
        base_url(str(address).partition("?")[0], wanted="https://", credentials="")
    except ValueError:
        raise Refused(f"the provider's {name} is no https address") from None


def _person(claims: Mapping[str, Any], groups: str) -> Person:
    """Return the person; an e-mail address counts only where the provider has verified it."""
    email = claims.get("email") if claims.get("email_verified") is True else None
    held = claims.get(groups)
    listed = [held] if isinstance(held, str) else held if isinstance(held, list) else []
    names = {each for each in listed if isinstance(each, str)} - {"*"}
    if isinstance(email, str) and "@" in email:
        return Person(one_line(email, 100), frozenset({*names, email}))
    name = claims.get("preferred_username") or claims.get("name")
    shown = f"{one_line(name, 60)} ({claims['sub']})" if isinstance(name, str) and name else str(claims["sub"])
    return Person(one_line(shown, 100), frozenset(names))


def _kind(error: Exception) -> str:
    """Return what kind of error it is, without what it quotes: an answer may repeat a code or a secret."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    told = getattr(error, "error", "") or type(error).__name__
    claim = getattr(error, "claim", "")
    return one_line(f"{told} {claim}".strip(), 80)
