"""Chats' blocks: how clicks come back, and who may decide."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.config.settings import Config

Load = Callable[..., Config]
Refusals = Callable[..., list[str]]

TEXT = """\
[trackers.main]
kind = "board"
url = "https://board.example"
boards = ["Red"]
[[teams]]
name = "All"
scopes = ["main:*"]
notify = "growth"
[notify.growth]
kind = "slack"
channel = "#growth"
token = { env = "SLACK_TOKEN" }
"""
BOTH = {"SLACK_TOKEN": "xoxb-1234567890", "SECRET": "a-signing-secret", "APP": "xapp-1234567890"}
SIGNED = 'signing_secret = { env = "SECRET" }\n'
SOCKET = 'app_token = { env = "APP" }\n'


@pytest.mark.parametrize(("lines", "clickable"), [("", False), (SIGNED, True), (SOCKET, True)])
def test_a_channel_has_buttons_once_clicks_can_come_back(config_of: Load, lines: str, clickable: bool) -> None:  # noqa: FBT001 - a column
    """By either way; without one nobody would hear them. Anyone may decide unless somebody is named."""
    block = config_of(TEXT + lines, BOTH).notify["growth"]
    assert isinstance(block, SlackSettings)
    assert (block.clickable(), block.deciders) == (clickable, "anyone")


def test_deciders_are_anyone_or_named(config_of: Load, refusals: Refusals) -> None:
    """An empty list would be a channel full of dead buttons."""
    block = config_of(TEXT + SIGNED + 'deciders = ["U0123456789"]\n', BOTH).notify["growth"]
    assert isinstance(block, SlackSettings)
    assert block.deciders == ("U0123456789",)
    for wrong in ("[]", '"everybody"'):
        assert any("deciders" in line for line in refusals(TEXT + SIGNED + f"deciders = {wrong}\n", BOTH))


def test_clicks_come_one_way(refusals: Refusals) -> None:
    """Slack sends an app's clicks to one place: both ways at once are a misunderstanding."""
    (line,) = refusals(TEXT + SIGNED + SOCKET, BOTH)
    assert "one way" in line


def test_clicks_over_http_need_the_page(refusals: Refusals, config_of: Load) -> None:
    """They come to its server; a connection of ours needs none."""
    off = "[page]\nenabled = false\n"
    (line,) = refusals(TEXT + SIGNED + off, BOTH)
    assert "[notify.growth] signing_secret: clicks come to the page, which is switched off" in line
    assert config_of(TEXT + SOCKET + off, BOTH).notify
