"""A stateful look-alike of the part of Slack's Web API that posts and edits messages, and of incoming webhooks."""

from vindaris_sync.sandbox.slack.service import Slack
from vindaris_sync.sandbox.slack.world import Channel, Message, World

__all__ = ["Channel", "Message", "Slack", "World"]
