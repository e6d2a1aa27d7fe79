from __future__ import annotations

import json
import logging

import pytest
import structlog

from vindaris_sync.cli import logs
from vindaris_sync.sdk.secret import Secret

TOKEN = 'to"ken\\with-quotes-0815'


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_no_secret_reaches_the_log(form: logs.Format, capsys: pytest.CaptureFixture[str]) -> None:
    """Not in a value, not in a nested one, not in a traceback, not through another library's logger."""
    token = Secret(TOKEN)
    logs.configure("info", form)
    log = structlog.get_logger("test")
    log.info("value", token=token.reveal(), nested={"headers": [f"Bearer {TOKEN}"]})
    logging.getLogger("other").warning("token %s", TOKEN)
    try:
        raise ValueError(TOKEN)  # noqa: TRY301 - a traceback is wanted
    except ValueError:
        log.exception("broken")
    written = capsys.readouterr()
    assert written.out == ""
    assert "with-quotes-0815" not in written.err
    assert written.err.count("***") >= 4
    assert "ValueError" in written.err


def test_json_is_one_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What is piped is read by programs: event, level, logger and instant stand in every line."""
    logs.configure("info", "auto")
    structlog.get_logger("test").info("pass", tracker="mem", title="two\nlines\x1b[31m")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"], line["tracker"]) == ("pass", "info", "test", "mem")
    assert line["timestamp"].endswith("Z")


def test_a_pretty_line_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Only our own colours are escape sequences."""
    logs.configure("info", "pretty")
    structlog.get_logger("test").info("pass", title="\x1b]0;owned\x07", other="\x9b2J")
    assert not {"\x07", "\x9b"} & set(capsys.readouterr().err)


@pytest.mark.parametrize("name", ["httpx", "httpcore", "urllib3", "jira", "apscheduler"])
def test_libraries_that_log_addresses_are_quiet(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Their INFO lines hold URLs, and URLs hold secrets."""
    logs.configure("debug", "json")
    logging.getLogger(f"{name}.inner").info("GET https://chat.example/hook")
    assert capsys.readouterr().err == ""
