"""A stateful look-alike of the part of Slack's Web API that posts and edits messages, and of incoming webhooks."""

from vindaris_sync.sandbox.slack.people import Answered, People
from vindaris_sync.sandbox.slack.service import Slack
from vindaris_sync.sandbox.slack.world import TEAM, App, Channel, Message, User, World

__all__ = ["TEAM", "Answered", "App", "Channel", "Message", "People", "Slack", "User", "World"]
