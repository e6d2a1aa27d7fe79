"""The daemon as a process and people who press buttons: by HTTP and by Socket Mode, over real sockets."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from time import monotonic
from typing import Any

import pytest

from tests.integration.daemon.company import Company
from tests.integration.daemon.test_processes import eventually, recorded
from vindaris_sync.sandbox.slack import App, Message
from vindaris_sync.store.store import Store

pytestmark = pytest.mark.long
SECRETS = {"signing_secret": App().signing_secret, "app_token": App().token}


def _with_buttons(company: Company, way: str) -> None:
    """Configure ``way`` at both ends."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port = found.getsockname()[1]
    text = company.config.read_text().replace('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"')
    (company.folder / "slack.secret").write_text(SECRETS[way])
    (company.folder / "slack.secret").chmod(0o600)
    company.config.write_text(text.replace("[[teams]]", f'{way} = {{ file = "slack.secret" }}\n[[teams]]', 1))
    company.slack.app.socket_mode = way == "app_token"
    company.slack.app.request_url = f"http://127.0.0.1:{port}/in/chat/growth"
    for name in ("Ann", "Ben"):
        company.slack.create_user(name)


def _message(company: Company) -> Message | None:
    with company.slack.lock:
        messages = company.slack.channels["growth"].messages
        return messages[-1] if messages else None


def _shows(company: Company, text: str) -> bool:
    message = _message(company)
    return message is not None and text in message.text + str(message.blocks)


def _press(company: Company, user: str, label: str, near: str) -> Any:
    return company.slack_service.people.press(user, "growth", label, near=near)


@pytest.mark.parametrize("way", ["signing_secret", "app_token"])
def test_a_click_becomes_a_label_and_an_edited_message_within_seconds(company: Company, way: str) -> None:
    """And a dialog with a search, another click, a restart, and what was pressed before it, decide once each."""
    _with_buttons(company, way)
    people, growth = company.slack_service.people, company.slack.channels["growth"]
    company.jira.create("Backlog")
    with company.daemon() as daemon:
        eventually(lambda: recorded(company) > 0, "the backlog is read")
        phone, rack = company.jira.create("Faster checkout by phone"), company.jira.create("Faster cooling")
        eventually(lambda: _shows(company, phone) and _shows(company, rack), "the list is told")
        eventually(lambda: way != "app_token" or company.slack_service.sockets.connections == 1, "it is connected")
        began = monotonic()
        pressed = people.pressed("Ann", "growth", "GROW-1 Faster checkout", near=phone)
        assert people.send(pressed).status == 200
        assert monotonic() - began < 3
        eventually(lambda: _shows(company, f"{phone} linked to GROW-1 by Ann (Slack)"), "the message says who")
        eventually(lambda: "goal:GROW-1" in company.jira.labels(phone), "the label is there")
        assert monotonic() - began < 8
        assert _press(company, "Ben", "Other goal…", rack).status == 200
        eventually(lambda: bool(company.slack.views), "the dialog is open")
        (found,) = people.search("Ben", "hosting")
        assert people.submit("Ben", goal=found).document == {"response_action": "clear"}
        eventually(lambda: "goal:COST-1" in company.jira.labels(rack), "the other label is there")
        eventually(lambda: len(growth.thread(growth.messages[-1].ts)) == 2, "the thread holds both")
        daemon.send_signal(signal.SIGTERM)
        asked = monotonic()
        said = company.said(daemon)
        assert monotonic() - asked < 10
        assert "Traceback" not in said
        assert SECRETS[way] not in said
    with company.daemon() as daemon:
        eventually(lambda: way == "app_token" or _answers(company, pressed), "it answers again")
        eventually(lambda: way != "app_token" or company.slack_service.sockets.connections == 1, "it is connected")
        if way == "app_token":
            assert people.send(pressed).status == 200
        daemon.send_signal(signal.SIGTERM)
        company.said(daemon)
    assert company.told() == ["✓ Every new issue serves a goal"]
    assert len(growth.thread(growth.messages[-1].ts)) == 2
    assert growth.whispers == []
    with closing(Store.open(f"sqlite:///{company.database}")) as store:
        (number,) = store.find(phone)
        linked = [each for each in store.history(issue=number) if each.event == "linked"]
        assert [(each.who, each.how) for each in linked] == [("Ann (Slack)", "chat")]


def _answers(company: Company, payload: dict[str, Any]) -> bool:
    return company.slack_service.people.send(payload).status in {200, 409}


def test_nobody_but_slack_reaches_a_decision(company: Company) -> None:
    """Unsigned, wrongly signed, old, too large, of another channel: refused in a few words that tell nothing."""
    _with_buttons(company, "signing_secret")
    people = company.slack_service.people
    company.jira.create("Backlog")
    with company.daemon() as daemon:
        eventually(lambda: recorded(company) > 0, "the backlog is read")
        key = company.jira.create("Faster checkout by phone")
        eventually(lambda: _shows(company, key), "the list is told")
        body, headers = people.signed(people.pressed("Ann", "growth", "GROW-1 Faster checkout", near=key))
        assert people.post(body, {}).status == 401
        assert people.post(body, {**headers, "X-Slack-Signature": "v0=" + "0" * 64}).status == 401
        assert people.post(body, {**headers, "X-Slack-Request-Timestamp": "1"}).status == 401
        assert people.post(body, {**headers, "X-Slack-Request-Timestamp": "soon"}).status == 401
        assert people.post(b"x" * 300_000, headers).status == 413
        url = company.slack.app.request_url
        company.slack.app.request_url = url.replace("growth", "nobody")
        assert people.post(body, headers).status == 401
        company.slack.app.request_url = url
        assert people.post(body, headers).status == 200
        assert people.post(body, headers).status == 409
        eventually(lambda: "goal:GROW-1" in company.jira.labels(key), "the label is there")
        daemon.send_signal(signal.SIGTERM)
        said = company.said(daemon)
        assert "Traceback" not in said
