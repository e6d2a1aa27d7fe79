"""#growth of a site with buttons: people press, fill in and read there, and the engine hears them as Slack signs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.integration.engine.world import SLACK_TOKEN, Site
from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.engine.answering import Answers
from vindaris_sync.engine.clicks import Clicks
from vindaris_sync.notify.hearing import Taken
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_hearing import SlackHearing
from vindaris_sync.sandbox.slack import Answered, Message, People
from vindaris_sync.sandbox.slack.sockets import Sockets
from vindaris_sync.sdk.secret import Secret


class Hands(People):
    """People's hands, whose clicks reach the engine without a wire between."""

    def __init__(self, room: Room) -> None:
        super().__init__(room.site.slack, Sockets(room.site.slack.app.id))
        self.room = room

    def send(self, payload: dict[str, Any]) -> Answered:
        """Let the engine hear it as Slack signs it."""
        return Answered(200, dict(self.room.hear(payload).acknowledgement.document or {}))


class Room:
    """Ann and Ben in #growth."""

    def __init__(self, site: Site, **settings: Any) -> None:
        self.site = site
        api = f"{site.server.url}/slack/api"
        app, token = site.slack.app, Secret(SLACK_TOKEN)
        site.channels["growth"].close()
        site.channels["growth"] = SlackChannel("growth", "#growth", token, api, clickable=True)
        self.ann, self.ben = site.slack.create_user("Ann"), site.slack.create_user("Ben")
        self.people = Hands(self)
        block = SlackSettings(
            channel="#growth", token=token, api_url=api, signing_secret=Secret(app.signing_secret), **settings
        )
        self.hearing = SlackHearing("growth", {"growth": block})

    def close(self) -> None:
        """Close what listens."""
        self.hearing.close()

    @property
    def clicks(self) -> Clicks:
        """What decides, on the engine as it is open now."""
        return Clicks(self.site.context, Answers.of(self.site.context))

    def hear(self, payload: dict[str, Any]) -> Taken:
        """Let the engine hear what Slack signs, answer it, and do what follows."""
        body, headers = self.people.signed(payload)
        lower = {name.lower(): value for name, value in headers.items()}
        taken = self.clicks.take(self.hearing, self.hearing.heard(lower, body, self.site.clock()))
        taken.after()
        return taken

    def press(self, user: str, label: str, near: str = "") -> Mapping[str, Any]:
        """Let a person press a button of the newest message; return what Slack is answered."""
        return self.people.press(user, "growth", label, near=near).document

    def submit(self, user: str, **values: object) -> Mapping[str, Any]:
        """Let a person submit the modal before them."""
        return self.people.submit(user, **values).document

    def labels(self, near: str) -> list[str]:
        """Return the labels of the buttons below the line in which ``near`` stands."""
        found: list[str] = []
        last = ""
        for block in self.message.blocks:
            if block["type"] == "actions" and near in last:
                found += [each["text"]["text"] for each in block["elements"]]
            last = str(block)
        return found

    @property
    def message(self) -> Message:
        """The newest message."""
        return self.site.messages()[-1]

    @property
    def text(self) -> str:
        """All that the newest message says."""
        return self.message.text

    @property
    def thread(self) -> list[str]:
        """What stands in the newest message's thread."""
        return [reply.text for reply in self.site.slack.channels["growth"].thread(self.message.ts)]

    def whispers(self, name: str) -> list[str]:
        """Return what was said to a person alone."""
        user = self.site.slack.user(name)
        return [text for who, text in self.site.slack.channels["growth"].whispers if who == user.id]
