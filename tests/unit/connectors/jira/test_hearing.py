"""What Jira's webhooks, as Cloud and Server really send them, are understood to say."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.contract.hooked import signed
from vindaris_connectors.jira.hearing import SIGNATURE, Hearing, instructions
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import HookSettings
from vindaris_sync.sdk.webhooks import ADDRESS_KEY, Delivery, Flaw, Heard, Unheard, address_key

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data")
REAL = DATA / "jira" / "webhook-payloads.jsonl.gz"
SECRET = Secret("what-webhooks-are-signed-with-0815")


def settings(**given: Any) -> JiraSettings:
    """Return a site's settings."""
    known = {"url": "https://jira.acme.example", "token": Secret("token-0815"), "webhook": HookSettings(secret=SECRET)}
    return JiraSettings.model_validate({**known, **({} if "jql" in given else {"projects": ["APP"]}), **given})


def heard(payload: object, **given: Any) -> Heard:
    """Return what is understood."""
    delivery = signed(json.dumps(payload).encode(), SIGNATURE, SECRET.reveal(), x_atlassian_webhook_identifier="w-1")
    answer = Hearing("jira", settings(**given)).hear(delivery)
    assert isinstance(answer, Heard), answer
    assert answer.delivery == "w-1"
    return answer


def recorded() -> list[dict[str, Any]]:
    """Return the recorded webhooks; skips where there are none."""
    if not REAL.exists():
        pytest.skip(f"no real webhooks at {REAL}; set VINDARIS_REAL_DATA")
    return [json.loads(line)["payload"] for line in gzip.decompress(REAL.read_bytes()).splitlines()]


def test_every_recorded_event_is_understood() -> None:
    """Created, changed and deleted issues are named by id and key; comments alone change nothing here."""
    named = 0
    for payload in recorded():
        answer = heard(payload, jql="status is not empty")
        kind = payload.get("issue_event_type_name") or ""
        if payload["webhookEvent"].startswith("comment") or ("comment" in kind and "changelog" not in payload):
            assert (answer.issues, answer.whole) == ((), False)
        else:
            assert answer.issues == (Address("jira", payload["issue"]["id"], payload["issue"]["key"]),)
            named += 1
    assert named > 30


def test_recorded_events_of_other_projects_change_nothing() -> None:
    """A webhook without a filter tells of all projects; the others are not looked at."""
    for payload in recorded():
        assert not heard(payload).issues


def test_an_issue_that_leaves_is_looked_at() -> None:
    """Moved to a project that is not tracked, it is named: somebody must see that it has left."""
    payload = {
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "10", "key": "FAR-1"},
        "changelog": {"items": [{"field": "Key", "fromString": "APP-7", "toString": "FAR-1"}]},
    }
    assert heard(payload).issues == (Address("jira", "10", "FAR-1"),)


def test_a_link_names_both_ends() -> None:
    """Where the hierarchy is made of links, an end may have another parent now."""
    payload = {"webhookEvent": "issuelink_created", "issueLink": {"sourceIssueId": 10, "destinationIssueId": "11"}}
    assert heard(payload).issues == (Address("jira", "10"), Address("jira", "11"))


def test_where_nothing_is_signed_the_address_must_be_ours() -> None:
    """Before Data Center 10 the key in the address decides; it is none where there is a signature that is wrong."""
    body = json.dumps({"webhookEvent": "jira:issue_created", "issue": {"id": "10", "key": "APP-1"}}).encode()
    listener, key = Hearing("jira", settings()), address_key(SECRET, "jira")
    assert isinstance(listener.hear(Delivery({}, body, {ADDRESS_KEY: key})), Heard)
    assert SECRET.reveal() not in key
    for wrong in (
        Delivery({}, body, {}),
        Delivery({}, body, {ADDRESS_KEY: ""}),
        Delivery({}, body, {ADDRESS_KEY: key[:-1]}),
        Delivery({}, body, {ADDRESS_KEY: address_key(SECRET, "other")}),
        Delivery({}, body, {ADDRESS_KEY: SECRET.reveal()}),
        Delivery({SIGNATURE: "sha256=00"}, body, {ADDRESS_KEY: key}),
        Delivery({SIGNATURE: ""}, body, {ADDRESS_KEY: key}),
    ):
        answer = listener.hear(wrong)
        assert isinstance(answer, Unheard)
        assert answer.flaw is Flaw.FORGED
        assert key not in answer.why


@pytest.mark.parametrize(("email", "keyed"), [("bot@acme.example", False), ("", True)], ids=["Cloud", "Data Center"])
def test_a_person_is_told_what_to_enter(email: str, keyed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Address, filter, events and where the secret is; the secret itself is not printed."""
    lines = "\n".join(instructions("jira", settings(email=email), "https://sync.acme.example/in/tracker/jira"))
    assert "URL: https://sync.acme.example/in/tracker/jira\n" in lines
    assert "JQL: project in (APP)" in lines
    assert SECRET.reveal() not in lines
    assert (f"?{ADDRESS_KEY}={address_key(SECRET, 'jira')}" in lines) is keyed
