"""An OpenID Connect provider on a real socket, which can also be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, CLIENT_SECRET = "vindaris-sync", "oidc-secret-0123456789"


@dataclass(slots=True)
class Provider:
    """What it says of itself and of people; ``lies`` change the next tokens' claims, ``header`` their heads."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "1"})
    forged: str = ""
    """Sent instead of a token of its own."""
    facts: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    signing: Any = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def authorize(self, address: str) -> str:
        """Return the query with which a browser comes back that was sent to ``address`` and logged in."""
        parts = urlsplit(address)
        sent = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert parts.path == "/authorize"
        assert sent["client_id"] == CLIENT
        assert sent["response_type"] == "code"
        assert sent["code_challenge_method"] == "S256"
        code = f"code{len(self.codes)}"
        self.codes[code] = sent
        return f"?code={code}&state={sent['state']}"

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo", **self.facts,
        }  # fmt: skip

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return what the token endpoint answers; a code is good once, for whoever knows secret and verifier."""
        known = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        sent = self.codes.pop(form.get("code", ""), None)
        if authorization != f"Basic {known}" or sent is None:
            return 401, {"error": "invalid_client"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != sent["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.forged or self.token(sent)}

    def token(self, sent: dict[str, str]) -> str:
        """Return an ID token as it should be, but for the lies."""
        claims = {"iss": self.url, "aud": CLIENT, "nonce": sent["nonce"], **self.claims, **self.lies}
        held = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(dict(self.header), held, self.signing or self.key, algorithms=[self.header["alg"]])

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Serve it while the block runs."""

    class Desk(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            provider.asked.append(self.path)
            known = {"/keys": provider.keys(), "/userinfo": {"sub": "u-1", **provider.userinfo}}
            self._say(200, known.get(self.path) or provider.document())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*provider.exchange(form, self.headers.get("Authorization", "")))

        def _say(self, status: int, said: dict[str, Any]) -> None:
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
