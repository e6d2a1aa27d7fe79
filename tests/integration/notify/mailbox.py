"""A mail server on loopback that keeps what it is sent, encrypts and asks for a password as real ones do."""

from __future__ import annotations

import ssl
from asyncio import Transport
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import socket
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "canary-mail-password-8e21f04c"


@dataclass
class Mailbox:
    """What was taken, and what the server answers: ``say`` is asked with each stage and address first."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    say: Callable[[str, str], str] = lambda stage, about: ""  # noqa: ARG005 - nothing to say
    stages: list[str] = field(default_factory=list)
    password: str = PASSWORD

    def _said(self, stage: str, about: str = "") -> str:
        self.stages.append(stage)
        return self.say(stage, about)

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - the library's name and parameters
        if said := self._said("mail", address):
            return said
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - as above
        if said := self._said("rcpt", address):
            return said
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        said = self._said("data")
        if said.startswith(("4", "5")):
            return said
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        if said == "hang up":
            assert isinstance(server.transport, Transport)
            server.transport.abort()
        return "250 OK"

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
        self.stages.append("auth")
        right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=right, handled=False)


@contextmanager
def serving(context: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[Mailbox]:
    """Serve a mailbox: with ``context`` it offers STARTTLS and wants a password, or speaks TLS ``at_once``."""
    mailbox = Mailbox(port=_free_port())
    controller = Controller(
        mailbox,
        hostname=mailbox.host,
        port=mailbox.port,
        ssl_context=context if at_once else None,
        tls_context=None if at_once else context,
        require_starttls=context is not None and not at_once,
        authenticator=mailbox.authenticate,
        auth_required=context is not None and not at_once,
        auth_require_tls=context is not None and not at_once,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def _free_port() -> int:
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
