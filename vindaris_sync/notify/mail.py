"""Mail to some people by SMTP, encrypted and verified: STARTTLS, TLS from the start, or plain on loopback only.

A mail cannot be edited, so the list comes anew when it has changed, at most once in ``spacing``. Source: RFC 5321
(4yz later, 5yz not; after the end of the data nobody knows), RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from socket import SHUT_RDWR
from threading import Timer
from typing import TYPE_CHECKING

import structlog

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import mail_text
from vindaris_sync.notify.one_way import OneWay
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.authorities import authorities, tls
from vindaris_sync.sdk.errors import Transient, Unknown, VindarisError
from vindaris_sync.sdk.secret import redact

if TYPE_CHECKING:
    from vindaris_sync.config.chats import EmailSettings

TIMEOUT = 15.0
"""Seconds without a byte."""
DEADLINE = 60.0
"""Seconds for a whole conversation."""
_PERMANENT = 500

_log = structlog.get_logger("vindaris_sync.notify")


class MailChannel(OneWay):
    """Mails to the recipients of one block."""

    max_items = mail_text.MAX_ITEMS

    def __init__(
        self, name: str, settings: EmailSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__(name)
        self.spacing = settings.every
        self._settings, self._now = settings, now

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Send one mail to all recipients; its id is made of ``key``, so that mail programs show a repetition once."""
        settings = self._settings
        message = mail_text.mail(content, key, settings.sender, settings.to, self._now())
        mail_text.fill(message, content, repeated=repeated)
        with self._talk() as smtp:
            self._envelope(smtp)
            self._data(smtp, message.as_bytes())
        return ""

    def check(self) -> Sequence[Finding]:
        """Connect, log in and name sender and recipients, without a mail."""
        try:
            with self._talk() as smtp:
                refused = self._envelope(smtp)
        except VindarisError as error:
            return [Finding(Level.ERROR, f"notify.{self.name}", str(error), error.advice)]
        if refused:
            text = f"the server takes no mail for {refused} of {len(self._settings.to)} recipients"
            return [Finding(Level.WARNING, f"notify.{self.name}", text, "check the addresses in `to`")]
        return [Finding(Level.OK, f"notify.{self.name}", f"mails to {len(self._settings.to)} recipients are taken")]

    @contextmanager
    def _talk(self) -> Iterator[smtplib.SMTP]:
        """Give a connection that is encrypted and logged in; whatever goes wrong on it before the data is sorted."""
        try:
            smtp = self._opened()
            try:
                with _bounded(smtp):
                    self._log_in(smtp)
                    yield smtp
                    with suppress(OSError, smtplib.SMTPException):  # what was taken is taken, however it ends
                        smtp.quit()
            finally:
                smtp.close()
        except smtplib.SMTPNotSupportedError as error:
            raise self._unusable(f"offers no {'log-in' if 'AUTH' in str(error) else 'STARTTLS'}", "protocol") from None
        except smtplib.SMTPResponseException as error:
            raise self._sorted(error.smtp_code, error.smtp_error) from None
        except ssl.SSLCertVerificationError:
            raise self._unusable("has a certificate that cannot be verified", "protocol") from None
        except OSError as error:
            raise Transient(f"{self._who} cannot be reached ({type(error).__name__})") from None

    def _opened(self) -> smtplib.SMTP:
        settings, verified = self._settings, tls(authorities())
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=verified)
        smtp = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
        try:
            if settings.security == "starttls":
                smtp.starttls(context=verified)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        """Log in; where the password is refused and another one has been put in its place since, with that."""
        settings = self._settings
        if settings.password is None:
            return
        renewed = settings.password.watch()
        try:
            smtp.login(settings.user, settings.password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < _PERMANENT or not renewed():
                raise
            smtp.login(settings.user, settings.password.reveal())

    def _envelope(self, smtp: smtplib.SMTP) -> int:
        """Name sender and recipients; return how many of these are refused for good, where not all are."""
        smtp.ehlo_or_helo_if_needed()
        _expect(smtp.mail(parseaddr(self._settings.sender)[1]))
        answers = [smtp.rcpt(parseaddr(each)[1]) for each in self._settings.to]
        refused = [answer for answer in answers if answer[0] >= _PERMANENT]
        for answer in answers:
            if answer not in refused or len(refused) == len(answers):
                _expect(answer)
        if refused:
            _log.warning("recipients refused", channel=self.name, refused=len(refused), of=len(answers))
        return len(refused)

    def _data(self, smtp: smtplib.SMTP, message: bytes) -> None:
        """Send the mail itself; what breaks off in it may have arrived."""
        try:
            answer = smtp.data(message)
        except smtplib.SMTPResponseException:
            raise
        except OSError as error:  # smtplib's own errors are among them
            raise Unknown(f"{self._who} did not say whether it took the mail ({type(error).__name__})") from None
        _expect(answer)

    @property
    def _who(self) -> str:
        return f"mail ({self.name})"

    def _sorted(self, code: int, words: bytes | str) -> VindarisError:
        said = one_line(redact(words.decode("utf-8", "replace") if isinstance(words, bytes) else words), 100)
        text = f"{self._who}: the server says {code} {said}"
        if code < _PERMANENT:
            return Transient(text, retry_after=timedelta(minutes=5))
        if code in {530, 534, 535, 538}:
            return ChannelUnusable(text, reason="credentials", advice="check user and password of this block")
        advice = "check sender and recipients, and what the server lets us send"
        return ChannelUnusable(text, reason="channel", advice=advice)

    def _unusable(self, text: str, reason: str) -> ChannelUnusable:
        advice = "check host, port and security; SSL_CERT_FILE may name the authorities of your own network"
        return ChannelUnusable(f"{self._who}: the server {text}", reason=reason, advice=advice)


def _expect(answer: tuple[int, bytes]) -> None:
    """Raise unless the server agrees (RFC 5321: 2yz)."""
    if not 200 <= answer[0] < 300:  # noqa: PLR2004 - as said
        raise smtplib.SMTPResponseException(*answer)


@contextmanager
def _bounded(smtp: smtplib.SMTP) -> Iterator[None]:
    """End the connection at the deadline: a server that says a byte now and then is never silent for long."""

    def end() -> None:
        if smtp.sock is not None:
            with suppress(OSError):  # it has ended already
                smtp.sock.shutdown(SHUT_RDWR)

    timer = Timer(DEADLINE, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
