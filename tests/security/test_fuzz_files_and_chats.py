"""Spoilt goals and configurations, and chats that answer with anything: refused with reasons, never an escape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from socket import socket

import pytest

from tests.integration.notify.places import google_key
from tests.security.mutations import changed, damaged, encoded, tried
from tests.security.servers import says, serving
from vindaris_sync.config.load import load
from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.notify.discord import DiscordChannel, DiscordWebhookChannel
from vindaris_sync.notify.google_chat import GoogleChatChannel, GoogleChatWebhookChannel
from vindaris_sync.notify.mattermost import MattermostChannel, MattermostWebhookChannel
from vindaris_sync.notify.protocol import Ability, Channel
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_webhook import SlackWebhookChannel
from vindaris_sync.notify.teams import TeamsChannel
from vindaris_sync.notify.webhook import WebhookChannel
from vindaris_sync.sdk.errors import ConfigError, VindarisError
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sources.files import FileGoals

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PIECES = (
    b"", b"\n", b'"', b"'''", b'"""', b"[", b"]]", b"[[goal]]", b"{", b"}", b"=", b"#", b"\\", b"\0", b"\xff", b"nan",
    b"-inf", b"\xed\xa0\x80", b"1e999", b"9" * 5000, b"true", b"[" * 3000, b"a." * 3000, b"2026-13-45", b"\r",
    b'"\\ud800"', b"x" * 90_000, b"\xe2\x80\xae", b"[trackers]", b'kind = "none"', b"{ env = 1 }", b'url = "http://["',
)  # fmt: skip


def spoilt(text: bytes, random: Random) -> bytes:
    """Return a text with pieces put in, lines taken out, doubled or cut."""
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((0, 0, 1, 5, 60)))
        text = text[:at] + random.choice(PIECES) + text[end:]
        lines = text.splitlines(keepends=True)
        if lines and random.random() < 0.3:
            line = random.randrange(len(lines))
            lines[line : line + 1] = [lines[line]] * random.choice((0, 2))
            text = b"".join(lines)
    return text


@pytest.mark.parametrize("name", ["goals.example.toml", "config.example.toml"])
def test_fuzz_files(name: str, tmp_path: Path) -> None:
    """A goals file or a configuration with anything in it is read, or refused with a reason that names the file."""
    seed, outcomes, count = SystemRandom().randrange(1 << 32), Counter[str](), tried(60)
    random, whole, path = Random(seed), (ROOT / name).read_bytes(), tmp_path / name  # noqa: S311 - a seed is one history
    secrets = {"PLATFORM_WEBHOOK": "https://x.example/1", "INTRANET_WEBHOOK": "https://x.example/2"}
    for credential in ("jira-token", "github-token", "slack-token"):
        (tmp_path / credential).write_text("token-0123456789", "utf-8")
    read: Callable[[], object] = FileGoals(path).read if "goals" in name else lambda: load(path, secrets, tmp_path)
    print(f"{name}: seed {seed}")  # noqa: T201 - shown with -s, and where something escapes
    for _ in range(count):
        path.write_bytes(spoilt(whole, random))
        try:
            read()
            outcomes["read"] += 1
        except ConfigError as error:
            outcomes["refused" if name in str(error) else "refused without a file"] += 1
    print(f"inputs {count} {dict(outcomes)}, escapes 0")  # noqa: T201 - as above
    assert outcomes["refused"]
    assert not outcomes["refused without a file"]


SLACK = {
    "ok": True, "channel": "C00000001", "ts": "1.000001", "user": "goalbot", "error": "channel_not_found",
    "channels": [{"id": "C00000001", "name": "growth"}], "response_metadata": {"next_cursor": ""},
    "messages": [{"ts": "1.1", "metadata": {"event_type": "vindaris_sync_message", "event_payload": {"key": "k"}}}],
}  # fmt: skip
OTHERS = {
    **SLACK, "id": "1", "username": "bot", "name": "goals", "order": ["p1"], "code": 10008, "retry_after": 1.5,
    "posts": {"p1": {"id": "p1", "user_id": "1", "create_at": 1, "props": {"vindaris_key": "k"}}},
    "access_token": "ya29.fuzz-0123456789", "expires_in": 3600, "displayName": "x", "status_code": 403,
}  # fmt: skip
LISTED = [
    {
        "id": "1",
        "author": {"id": "1"},
        "timestamp": "2026-11-23T09:00:00+00:00",
        "embeds": [{"footer": {"text": "ref k"}}],
    }
]
SECRET = Secret("fuzz-chat-0123456789")
CHATS: dict[str, Callable[[str], Channel]] = {
    "slack": lambda url: SlackChannel("c", "#growth", Secret("xoxb-fuzz-0123456789"), f"{url}/api"),
    "slack webhook": lambda url: SlackWebhookChannel("c", Secret(f"{url}/hook/0123456789")),
    "webhook": lambda url: WebhookChannel("c", Secret(f"{url}/in/0123456789")),
    "discord": lambda url: DiscordChannel("c", "12345678", SECRET, url),
    "discord webhook": lambda url: DiscordWebhookChannel("c", Secret(f"{url}/webhooks/1/0123456789")),
    "mattermost": lambda url: MattermostChannel("c", "acme/goals", SECRET, url),
    "mattermost webhook": lambda url: MattermostWebhookChannel("c", Secret(f"{url}/hooks/0123456789")),
    "teams": lambda url: TeamsChannel("c", Secret(f"{url}/workflows/0123456789")),
    "google chat": lambda url: GoogleChatChannel("c", "spaces/AAAA1", google_key(), url, f"{url}/token"),
    "google chat webhook": lambda url: GoogleChatWebhookChannel("c", Secret(f"{url}/v1/0123456789")),
}


@pytest.mark.parametrize("name", CHATS)
def test_fuzz_chats(name: str) -> None:
    """Whatever a chat answers to a post, an edit, a search or a check, only sorted errors come of it."""
    seed, outcomes, count = SystemRandom().randrange(1 << 32), Counter[str](), tried(100)
    random = Random(seed)  # noqa: S311 - a seed is one history

    def talk(connection: socket, request: bytes) -> None:
        said = SLACK if name == "slack" else LISTED if random.random() < 0.2 else OTHERS
        body = damaged(encoded(said), random) if random.random() < 0.2 else encoded(changed(said, random))
        status = random.choice(("200 OK", "200 OK", "400 No", "403 No", "410 Gone", "429 Later", "500 Oh", "301 There"))
        says(status, body)(connection, request)

    content = compose(Subject("Web", Kind.UNLINKED), [Item("1", "APP-1", "A title")], NOW)
    print(f"{name}: seed {seed}")  # noqa: T201 - as above
    with serving(talk) as server:
        channel = CHATS[name](server.url)
        acts = [lambda: channel.post(content, "k"), lambda: channel.find("k", NOW), channel.check]
        if Ability.EDIT in channel.abilities:
            acts.append(lambda: channel.update("C00000001:1.0", content))
        if Ability.THREADS in channel.abilities:
            acts.append(lambda: channel.reply("C00000001:1.0", "a line", "k", repeated=True))
        for number in range(count):
            try:
                acts[number % len(acts)]()
                outcomes["done"] += 1
            except VindarisError as error:
                outcomes[type(error).__name__] += 1
        channel.close()
    print(f"inputs {outcomes.total()} {dict(outcomes)}, escapes 0")  # noqa: T201 - as above
    assert outcomes["done"] < outcomes.total() or name != "slack"
