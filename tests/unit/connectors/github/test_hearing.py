"""What GitHub's webhooks, as GitHub really sends them, are understood to say."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.contract.hooked import signed
from vindaris_connectors.github.hearing import SIGNATURE, Hearing
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import HookSettings
from vindaris_sync.sdk.webhooks import Delivery, Flaw, Heard, Unheard

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data")
REAL = DATA / "github" / "webhook-payloads.jsonl.gz"
SECRET = "what-webhooks-are-signed-with-0815"
SILENT = {"issue_comment", "ping", "pull_request"}


def hearing(*repositories: str, numbers: tuple[int, ...] = ()) -> Hearing:
    """Return what listens for ``repositories``."""
    settings = GithubSettings(
        repositories=repositories, token=Secret("ghp_0123456789"), webhook=HookSettings(secret=Secret(SECRET))
    )
    return Hearing("hub", settings, lambda: numbers)


def sent(event: str, payload: object, number: str = "d-1") -> Delivery:
    """Return a delivery as GitHub signs it."""
    body = json.dumps(payload, ensure_ascii=False).encode()
    return signed(body, SIGNATURE, SECRET, x_github_event=event, x_github_delivery=number)


def heard(listener: Hearing, event: str, payload: object) -> Heard:
    """Return what is understood."""
    answer = listener.hear(sent(event, payload))
    assert isinstance(answer, Heard), answer
    return answer


def recorded() -> list[tuple[str, dict[str, Any]]]:
    """Return the recorded webhooks; skips where there are none."""
    if not REAL.exists():
        pytest.skip(f"no real webhooks at {REAL}; set VINDARIS_REAL_DATA")
    lines = map(json.loads, gzip.decompress(REAL.read_bytes()).splitlines())
    return [(line["event"], line["payload"]) for line in lines]


def test_every_recorded_event_is_understood() -> None:
    """Each names the issue it is about, or all of the place, or says why it changes nothing."""
    said: dict[str, set[tuple[bool, bool]]] = defaultdict(set)
    for event, payload in recorded():
        listener = hearing(payload.get("repository", {}).get("full_name", "acme/web"))
        answer = heard(listener, event, payload)
        said[event].add((bool(answer.issues), answer.whole))
        if event == "issues":
            key = f"{payload['repository']['full_name']}#{payload['issue']['number']}"
            pull = "pull_request" in payload["issue"]  # milestones of pull requests come as issues, too
            assert answer.issues[:1] == (() if pull else (Address("hub", key=key),))
        assert answer.why.startswith(event)
    assert all(said[event] == {(False, False)} for event in SILENT)
    assert said["issues"] == {(True, False), (False, False)}
    assert said["label"] == {(False, False), (False, True)}
    assert (False, True) in said["repository"]
    assert (True, False) in said["projects_v2_item"]


def test_recorded_events_of_other_repositories_change_nothing() -> None:
    """What is not tracked is not looked at, and a repository that was renamed is known by its number."""
    for event, payload in recorded():
        if event in {"issues", "label", "milestone", "repository"}:
            answer = heard(hearing("acme/web"), event, payload)
            assert (answer.issues, answer.whole) == ((), False), answer
            if event == "issues" and "pull_request" not in payload["issue"]:
                assert heard(hearing("acme/web", numbers=(payload["repository"]["id"],)), event, payload).issues


def test_a_transfer_names_both_ends() -> None:
    """The issue under its old key, and the one that it has become where that is tracked, too."""
    payload = {
        "action": "transferred",
        "issue": {"number": 7},
        "repository": {"full_name": "acme/web", "id": 1},
        "changes": {"new_issue": {"number": 3}, "new_repository": {"full_name": "acme/api", "id": 2}},
    }
    keys = {address.key for address in heard(hearing("acme/web", "acme/api"), "issues", payload).issues}
    assert keys == {"acme/web#7", "acme/api#3"}
    assert [a.key for a in heard(hearing("acme/web"), "issues", payload).issues] == ["acme/web#7"]


def test_a_sub_issue_is_looked_at_where_it_lives() -> None:
    """The event comes from the parent's repository; it is the child whose parent has changed."""
    payload = {
        "action": "sub_issue_added",
        "sub_issue": {"number": 9},
        "parent_issue": {"number": 1},
        "sub_issue_repo": {"full_name": "acme/api", "id": 2},
        "repository": {"full_name": "acme/web", "id": 1},
    }
    assert heard(hearing("acme/web", "acme/api"), "sub_issues", payload).issues == (Address("hub", key="acme/api#9"),)


def test_a_form_is_refused_with_the_way_out() -> None:
    """A webhook whose content type is a form is signed, and cannot be read: the log says what to set."""
    delivery = signed(b"payload=%7B%7D", SIGNATURE, SECRET, x_github_event="issues")
    answer = hearing("acme/web").hear(delivery)
    assert isinstance(answer, Unheard)
    assert answer.flaw is Flaw.MALFORMED
    assert "application/json" in answer.why


def test_an_empty_secret_lets_nobody_in() -> None:
    """What is signed with the empty key is not ours, even where ours could not be read."""
    settings = GithubSettings(
        repositories=("acme/web",), token=Secret("ghp_0123456789"), webhook=HookSettings(secret=Secret(""))
    )
    answer = Hearing("hub", settings, tuple).hear(signed(b"{}", SIGNATURE, "", x_github_event="ping"))
    assert isinstance(answer, Unheard)
    assert answer.flaw is Flaw.FORGED
