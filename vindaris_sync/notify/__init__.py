"""Chat: one protocol, one module per kind of channel, and the delivery of living messages."""

from vindaris_sync.notify.build import build
from vindaris_sync.notify.deliver import deliver
from vindaris_sync.notify.protocol import Channel, ChannelUnusable, MessageGone

__all__ = ["Channel", "ChannelUnusable", "MessageGone", "build", "deliver"]
