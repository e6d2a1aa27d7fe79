"""Whom we believe when a server says who it is: one answer for trackers and chats."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from certifi import where

from vindaris_sync.sdk.errors import ConfigError

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Variables of the environment that may name a PEM file of certificate authorities; the first one that is set counts.

``SSL_CERT_FILE`` is OpenSSL's, ``REQUESTS_CA_BUNDLE`` the one that users of ``requests`` know.
"""


def authorities(environ: Mapping[str, str] = os.environ) -> str:
    """Return the PEM file of the authorities that every TLS connection is verified against.

    It is the one that comes with us (Mozilla's, by ``certifi``), unless a variable names another; it cannot be switched
    off. Raises ``ConfigError`` where a variable names no file.
    """
    for name in VARIABLES:
        if path := environ.get(name):
            if not Path(path).is_file():
                raise ConfigError(
                    f"environment variable {name}: there is no file {path}",
                    advice="name a PEM file of authorities, /etc/ssl/certs/ca-certificates.crt for instance",
                )
            return path
    return where()


@cache
def tls(bundle: str) -> ssl.SSLContext:
    """Return the TLS settings that verify against the PEM file ``bundle``; made once, as reading one costs 50 ms."""
    return ssl.create_default_context(cafile=bundle)
