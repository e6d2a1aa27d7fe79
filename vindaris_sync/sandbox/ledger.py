"""What the sandbox was asked: for tests and benchmarks that hold a client to a budget of requests."""

from __future__ import annotations

import re
from collections import Counter, deque
from threading import Lock
from typing import NamedTuple

KEPT = 200_000
_ISSUE_KEY = re.compile(r"/[A-Z][A-Z0-9_]+-\d+(?=/|$)")
_NUMBER = re.compile(r"/\d+(?=/|$)")


class Asked(NamedTuple):
    """One request: the service's name, the method, and the path below the service's prefix, without its query."""

    service: str
    method: str
    path: str


def template(path: str) -> str:
    """Return ``path`` with numbers and issue keys replaced, so that requests of one kind count as one."""
    return _NUMBER.sub("/{n}", _ISSUE_KEY.sub("/{key}", path))


class Ledger:
    """Every request since the last ``clear``, the last 200,000 of them one by one. Safe to use from any thread."""

    def __init__(self) -> None:
        self._entries: deque[Asked] = deque(maxlen=KEPT)
        self._counts: Counter[Asked] = Counter()
        self._lock = Lock()

    def note(self, asked: Asked) -> None:
        """Count one request."""
        with self._lock:
            self._entries.append(asked)
            self._counts[asked._replace(path=template(asked.path))] += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()

    def entries(self) -> list[Asked]:
        """Return the requests in the order in which they arrived, with their exact paths."""
        with self._lock:
            return list(self._entries)

    def counts(self) -> Counter[Asked]:
        """Return how often each kind of request was made; paths are templates (``/repos/acme/web/issues/{n}``)."""
        with self._lock:
            return self._counts.copy()

    def count(self, service: str | None = None, method: str | None = None, path: str = "") -> int:
        """Return the number of requests to ``service`` with ``method`` whose templated path matches ``path``."""
        return sum(
            times
            for asked, times in self.counts().items()
            if service in {None, asked.service} and method in {None, asked.method} and re.search(path, asked.path)
        )

    def view(self) -> list[dict[str, str | int]]:
        """Return the counts as JSON documents, the most frequent first."""
        return [{**asked._asdict(), "count": times} for asked, times in self.counts().most_common()]
