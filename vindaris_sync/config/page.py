"""Where the daemon's page is served, and who may see it."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from vindaris_sync.config.oidc import OidcSettings
from vindaris_sync.config.paths import FilePath
from vindaris_sync.sdk.addresses import loopback
from vindaris_sync.sdk.settings import Duration, Settings

Network = IPv4Network | IPv6Network


def _as_listen(value: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s/]+):(\d{1,5})", value)
    if not found or int(found[2]) > 65535:  # noqa: PLR2004 - ports are 16 bits
        raise ValueError('write "127.0.0.1:8330" or "[::1]:8330", an address of this machine and a port')
    host = found[1].strip("[]")
    if host != "localhost":
        try:
            ip_address(host)
        except ValueError:
            raise ValueError(f"{host!r} is no address; a name that others reach it by belongs in `address`") from None
    return value


def _as_address(value: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    plain = parts.scheme in {"https", "http"} and parts.hostname and not (parts.username or parts.password)
    if not plain or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError('write scheme and host alone, "https://goals.acme.example"; the page has no path above it')
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise ValueError("plain http would send passwords readable; only loopback may be http")
    return value.rstrip("/").lower()


def _as_networks(value: object) -> tuple[Network, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError('write a list of networks, ["10.0.0.0/8"]')  # noqa: TRY004 - pydantic tells ValueErrors
    try:
        return tuple(ip_network(each) for each in value)
    except ValueError as error:
        raise ValueError(f'{error}; write networks like ["10.0.0.0/8", "192.0.2.7/32"]') from None


Networks = Annotated[
    tuple[Network, ...],
    BeforeValidator(_as_networks),
    PlainSerializer(lambda found: [str(each) for each in found], return_type=list[str]),
]
"""Networks of machines, in CIDR notation."""


class PageSettings(Settings):
    """The page, the JSON API, figures, and where chats and trackers call back: one server in the daemon."""

    enabled: bool = True
    """False: nothing is served; people answer in the tracker and on the command line."""
    listen: Annotated[str, AfterValidator(_as_listen)] = "127.0.0.1:8330"
    """Address and port to listen at; port 0: any free one. Other than loopback needs TLS or a proxy, and a login."""
    address: Annotated[str, AfterValidator(_as_address)] = ""
    """How people's browsers reach it, ``https://goals.acme.example``; default: ``listen``."""
    certificate: FilePath | None = None
    """PEM file with the certificate and those above it; with ``key``, the daemon speaks TLS itself."""
    key: FilePath | None = None
    """PEM file with the certificate's private key, readable by the daemon's user alone."""
    behind_proxy: Networks = ()
    """Where the proxy that speaks TLS for us connects from; only its word on clients' addresses is believed."""
    without_login: Literal["read", "decide", "admin"] = "admin"
    """What visitors on loopback may do while no login is configured."""
    passwords: FilePath | None = None
    """File of names, roles and password hashes, kept by ``vindaris-sync page passwd``; absent: no such login."""
    oidc: OidcSettings | None = None
    """Login at an OpenID Connect provider."""
    idle: Duration = Field(timedelta(hours=8), ge=timedelta(minutes=1))
    """How long a login lasts without a request."""
    lasts: Duration = Field(timedelta(days=1), ge=timedelta(minutes=1), le=timedelta(days=30))
    """How long a login lasts at most."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        """Refuse what would show the page, or passwords on their way, to strangers."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if self.certificate and self.behind_proxy:
            raise ValueError("either the daemon speaks TLS (certificate, key) or the proxy does (behind_proxy)")
        open_to_others = not self.on_loopback or bool(self.behind_proxy)
        if not self.on_loopback and not self.certificate and not self.behind_proxy:
            raise ValueError("listen: others can reach this: state certificate and key, or behind_proxy")
        if open_to_others and not self.has_login:
            raise ValueError("a page that others can reach needs a login: passwords, or [page.oidc]")
        if open_to_others and not self.address:
            raise ValueError('state how browsers reach the page, address = "https://goals.acme.example"')
        if (self.certificate or self.behind_proxy) and self.address.startswith("http://"):
            raise ValueError("address: write https://, since what is served is")
        return self

    @property
    def host(self) -> str:
        """The address to listen at."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen at; 0: any that is free."""
        return int(self.listen.rpartition(":")[2])

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return loopback(self.host)

    @property
    def has_login(self) -> bool:
        """Whether visitors must say who they are."""
        return self.passwords is not None or self.oidc is not None

    @property
    def public(self) -> str:
        """The page's address for people, without a slash at its end."""
        return self.address or f"{'https' if self.certificate else 'http'}://{self.listen}"

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.public.startswith("https://")
