"""Logins: what the application knows of who is logged in, and what a wrong try costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vindaris_sync.config.page import PageSettings
from vindaris_sync.web.access import Visitor
from vindaris_sync.web.attempts import Attempts
from vindaris_sync.web.passwords import Entry, Passwords
from vindaris_sync.web.sessions import Sessions

TRIES = 20
"""Wrong tries for one name, or from one address, within ``WITHIN``."""

WITHIN = timedelta(minutes=15)


@dataclass(slots=True)
class Logins:
    """The sessions, the file of passwords where there is one, and the tries of late."""

    sessions: Sessions
    attempts: Attempts
    passwords: Passwords | None

    @classmethod
    def of(cls, settings: PageSettings, now: Callable[[], datetime]) -> Logins:
        """Return an application's logins. Raises ``ConfigError`` where the file of passwords cannot be used."""
        passwords = Passwords(settings.passwords) if settings.passwords else None
        if passwords:
            passwords.entries()
        return cls(Sessions(now, settings.idle, settings.lasts), Attempts(now, TRIES, WITHIN), passwords)

    def visitor(self, number: str) -> Visitor | None:
        """Return who is logged in under a session's number; None where nobody is, or their entry has changed."""
        session = self.sessions.find(number) if number else None
        if session is None:
            return None
        if session.mark and not (self.passwords and self.passwords.stands(session.name, session.mark)):
            self.sessions.end(number)
            return None
        return Visitor(session.who, session.role, "login")

    def begin(self, entry: Entry) -> str:
        """Return the number of a new session for somebody whose password was right."""
        return self.sessions.begin(entry.name, entry.role, name=entry.name, mark=entry.mark)
