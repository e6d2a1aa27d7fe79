"""Addresses of trackers as a configuration states them: what may stand in one, and when a token may go there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def base_url(url: str, *, wanted: str, credentials: str) -> str:
    """Return ``url`` without a trailing slash, fit to send a token to: https, or http on loopback only.

    ``wanted`` says what to write instead of something that is no address, ``credentials`` which settings hold what
    must not stand in it. Raises ``ValueError`` with one line for people.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError(f"write {wanted}")
    if not _reachable(url):
        raise ValueError("there is no such host or port")
    if parts.scheme == "http" and not loopback(host):
        raise ValueError("plain http would send the token readable; only loopback may be http")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"only scheme, host and path belong here; credentials go into {credentials}")
    return url.rstrip("/")


def document_url(url: str, *, wanted: str, credentials: str) -> str:
    """Return ``url``, whose query says which document is meant, where it is fit as ``base_url`` tells without that.

    A password with a question mark in it looks like the beginning of a query, so that none may hold an ``@``.
    """
    base, _, query = url.partition("?")
    if "@" in query:
        raise ValueError(f"write %40 for @ in the query; credentials go into {credentials}")
    base_url(base, wanted=wanted, credentials=credentials)
    return url


def _reachable(url: str) -> bool:
    """Return whether a resolver can be asked for the host, and a connection be made to the port."""
    parts = urlsplit(url)
    try:
        (parts.hostname or "").encode("idna")
        return parts.port != 0 and not any(char.isspace() or not char.isprintable() for char in url)
    except ValueError:
        return False


def webhook_url(url: str) -> str:
    """Return ``url`` where a message may be posted to it: https, or http on loopback only, without name and password.

    The address itself is the secret, path and query included; so an error never shows any of it. Raises ``ValueError``
    with one line for people.
    """
    try:
        parts = urlsplit(url)
        host, named = parts.hostname or "", parts.username or parts.password
    except ValueError:
        raise ValueError("the secret there is no address") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError("the secret there is no https:// address")
    if parts.scheme == "http" and not loopback(host):
        raise ValueError("plain http would send it readable; only loopback may be http")
    if named:
        raise ValueError("no name and password may stand in an address, where logs on the way would show them")
    return url


def loopback(host: str) -> bool:
    """Return whether ``host`` is this machine, by name or by number."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
