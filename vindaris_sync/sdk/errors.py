"""Errors sorted by what happens next, never by text. A client library's errors are wrapped once, at the client."""

from __future__ import annotations

from datetime import timedelta

from vindaris_sync.sdk.secret import redact


class VindarisError(Exception):
    """An expected failure: its text is one line for people, ``advice`` says what to do. Secrets in both are masked."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(redact(message))
        self.advice = redact(advice)


class Transient(VindarisError):
    """It may work later: the pass of this tracker ends, nothing before it is lost, and it is tried again."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.retry_after = retry_after


class NotNow(Transient):
    """We keep away from the tracker until ``retry_after``: a limit, quota kept free, a rest after faults, a pause.

    Nothing more has gone wrong: it counts as no failure.
    """


class Unknown(Transient):
    """A write was sent and its outcome is unknown: it is never repeated blindly, the next read tells."""


class IssueRejected(VindarisError):
    """The issue is set aside (quarantine); all others go on."""


class TrackerUnusable(VindarisError):
    """The tracker stops until a person acts or a later check succeeds; an alert says so once. The others go on.

    ``reason`` is a stable word for deduplication: ``credentials``, ``permission``, ``missing``, ``protocol``.
    """

    def __init__(self, message: str, *, reason: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class ConfigError(VindarisError):
    """The configuration or the goals cannot be used: the text names the place (``[trackers.jira-main] token: …``)."""


class Refusal(ConfigError):
    """What a person asks cannot be done as it was given: an unknown goal, an ambiguous name."""
