"""A wait that a tracker has named holds for whoever opens the store after that: a daemon, a command, the preflight."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from typer.testing import CliRunner

from tests.integration.daemon.company import Company
from vindaris_sync.cli.main import app
from vindaris_sync.sandbox.faults import Fault


def said(company: Company, *verb: str) -> str:
    """Run a verb, which opens everything anew, and return what it prints."""
    return CliRunner().invoke(app, [*verb, "--config", str(company.config)]).stdout


def test_nobody_asks_before_the_time_that_was_named(company: Company) -> None:
    """Retry-After 1800: the next round and ``doctor`` leave Jira alone and say so; GitHub is served (fault 23)."""
    company.server.faults.add(Fault("status", "jira", status=429, headers={"Retry-After": "1800"}, times=1))
    said(company, "run", "--once")
    assert company.server.requests.count("jira") == 1
    key = company.github.create("Pay by phone", "goal:GROW-1")
    company.server.requests.clear()
    said(company, "run", "--once")
    found = json.loads(said(company, "doctor", "--json"))["findings"]
    assert company.server.requests.count("jira") == 0
    (about,) = [one for one in found if one["area"] == "tracker" and one["level"] == "error"]
    assert "429" in about["message"]
    status = json.loads(said(company, "status", "--json"))
    jira, github = status["trackers"]
    assert jira["open"]["linked"] == 0
    assert github["open"]["linked"] == 1, key
    assert github["requests"]["last_pass"] > 0
    waits = {tuple(one["trackers"]): one["waiting_until"] for one in status["credentials"]}
    left = datetime.fromisoformat(waits["jira",]) - datetime.now(UTC)
    assert timedelta(minutes=28) < left <= timedelta(minutes=30)
    assert waits["github",] is None
    text = said(company, "status")
    assert "jira: nothing is asked before" in text
    assert "core" in text
