"""Logs: to standard error, pretty on a terminal and JSON otherwise, every secret masked (L9)."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Literal

import structlog
from structlog.stdlib import ProcessorFormatter

from vindaris_sync.sdk.secret import redact

if TYPE_CHECKING:
    from structlog.typing import Processor

_CHATTY = ("httpx", "httpcore", "urllib3", "requests", "jira", "github", "apscheduler", "alembic", "sqlalchemy")
"""Libraries that log addresses and headers at INFO or DEBUG."""

_STEERING = re.compile(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")

Format = Literal["auto", "pretty", "json"]


def configure(level: str = "info", form: Format = "auto") -> None:
    """Send all logs of ``level`` and above to standard error; calling it again replaces what was set before."""
    pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(_Masked(foreign_pre_chain=shared, processors=_last(pretty=pretty)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _last(*, pretty: bool) -> list[Processor]:
    """Return what makes a line of an event; locals are never shown, since they may hold secrets."""
    begin: list[Processor] = [ProcessorFormatter.remove_processors_meta]
    if pretty:
        plain = structlog.dev.plain_traceback
        return [*begin, masked, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [*begin, structlog.processors.format_exc_info, masked, structlog.processors.JSONRenderer()]


def masked(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask secrets in every value, before it is escaped; a processor of structlog."""
    for key, value in event.items():
        event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:  # noqa: ANN401 - an event holds anything
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {_masked(key): _masked(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    return value


class _Masked(ProcessorFormatter):
    """The whole line once more, tracebacks included; of what steers a terminal only our colours stay."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one masked line, or several where there is a traceback."""
        return _STEERING.sub("", redact(super().format(record)))


class _Stderr(logging.StreamHandler[Any]):
    """Writes to standard error as it is at that moment: a progress bar may have replaced it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:  # noqa: ANN401 - as typeshed has it
        """Return standard error."""
        return sys.stderr
