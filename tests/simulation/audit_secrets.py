"""What nobody may read where it does not belong: our credentials, and what private goals are called (L9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.simulation.truth import Scene, Violation

if TYPE_CHECKING:
    from tests.simulation.site import Site


def credentials_are_kept(scene: Scene) -> Iterator[Violation]:
    """L9: none of ours is in the database, in a report, in what we send (but for its header) or in chat."""
    texts = dict(_texts(scene.site))
    for name, token in _credentials(scene.site):
        for where, text in texts.items():
            if token in text:
                yield Violation("L9", where, f"the credential of {name} can be read there")


def private_titles_are_kept(scene: Scene) -> Iterator[Violation]:
    """L9: no title of a private goal is sent to a tracker."""
    titles = [goal.title.encode() for goal in scene.site.goals.goals if goal.visibility == "private"]
    for sent in scene.site.requests:
        if sent.service != "slack" and any(title in sent.body for title in titles):
            yield Violation("L9", f"{sent.service} {sent.method} {sent.path}", "it names a private goal by its title")


def _credentials(site: Site) -> Iterator[tuple[str, bytes]]:
    for tracker in site.trackers.values():
        yield tracker.name, tracker.token.encode()
    for token in site.slack.tokens:
        yield "slack", token.encode()


def _texts(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield whatever we leave behind, by where it can be read."""
    for file in sorted(site.database.parent.rglob("*")):
        if file.is_file():
            yield file.name, file.read_bytes()
    yield "what we asked", "\n".join(sent.path for sent in site.requests).encode()
    yield "what we sent", b"\n".join(sent.body for sent in site.requests)
    for channel in site.slack.channels.values():
        told = [(message.text, message.blocks, message.edits) for message in channel.messages]
        yield f"#{channel.name}", repr(told).encode()


CHECKS = (credentials_are_kept, private_titles_are_kept)
