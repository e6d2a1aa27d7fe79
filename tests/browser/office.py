"""A company whose daemon serves the page at an address that is known, and the browser's way around it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.integration.daemon.company import Company

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Office:
    """The company, and where its daemon's page is."""

    company: Company
    page: str

    def inbox(self) -> str:
        """Return the inbox as text."""
        return httpx.get(f"{self.page}/inbox", trust_env=False, timeout=30).text

    def said(self) -> str:
        """Return what stands in chat now."""
        return "\n".join(message.text for message in self.company.slack.channels["growth"].messages)

    def asks(self, *keys: str) -> bool:
        """Return whether all of them stand in the inbox and in chat, with their label."""
        desk = self.company.jira
        seen = self.inbox()
        return all(key in seen and key in self.said() and "goal-review" in desk.labels(key) for key in keys)


@contextmanager
def office(folder: Path, *titles: str, extra: str = "") -> Iterator[tuple[Office, list[str]]]:
    """Run a company's daemon until issues of these titles are asked about everywhere; give their keys."""
    company = Company(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = company.config.read_text("utf-8").replace('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"\n{extra}')
    company.config.write_text(text, "utf-8")
    try:
        first = company.run("run", "--once")  # what comes after that is no backlog
        assert first.returncode == 0, first.stderr
        keys = [company.jira.create(title) for title in titles]
        with company.daemon():
            made = Office(company, f"http://127.0.0.1:{port}")
            eventually(lambda: _up(made.page) and made.asks(*keys), "the questions are everywhere")
            yield made, keys
    finally:
        company.close()


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until ``holds``."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(0.1)


def _up(page: str) -> bool:
    try:
        return httpx.get(f"{page}/healthz", trust_env=False, timeout=30).is_success
    except httpx.TransportError:
        return False
