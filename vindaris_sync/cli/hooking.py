"""Trackers' webhooks registered, looked at and removed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from vindaris_sync.app import App, open_app
from vindaris_sync.cli.exits import DONE, DRIFT, Refusal
from vindaris_sync.cli.opening import busy, known_tracker
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.engine.passes import heard_note
from vindaris_sync.sdk.addresses import loopback
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.webhooks import Hears, Hook, RegistersHooks, Standing


class Act(Enum):
    """What is done with webhooks."""

    INSTALL = "install"
    CHECK = "check"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Listened:
    """What came of one tracker: our address for it, its last event, its webhooks, and what a person is to enter."""

    tracker: str
    address: str
    heard: str | None
    hooks: tuple[Hook, ...] = ()
    manual: tuple[str, ...] = ()


def run(config: Config, name: str, act: Act, *, dry: bool = False, as_json: bool = False) -> int:
    """Do it for one tracker, or for all that have a secret for it; return the exit code."""
    names = _chosen(config, name)
    with open_app(config) as app, busy("asking for webhooks"):
        done = [_done(app, each, act, dry=dry) for each in names]
    if as_json:
        emit({"trackers": done, **({} if act is Act.CHECK else {"dry_run": dry})})
    else:
        _say(done, config, act)
    wanted = Standing.ABSENT if act is Act.REMOVE else Standing.RIGHT
    return DONE if dry or all(hook.standing is wanted for each in done for hook in each.hooks) else DRIFT


def _chosen(config: Config, name: str) -> list[str]:
    if not config.page.enabled:
        raise Refusal("[page] enabled = false: nobody would listen", advice="events come in at the page's server")
    ready = [each for each, settings in config.trackers.items() if settings.webhook is not None]
    if not name and ready:
        return ready
    wanted = known_tracker(config, name) if name else "NAME"
    if wanted not in ready:
        raise Refusal(
            f"there is no [trackers.{wanted}.webhook]",
            advice='state one with secret = { file = "hook.secret" }; `openssl rand -hex 20` makes a secret',
        )
    return [wanted]


def _done(app: App, name: str, act: Act, *, dry: bool) -> Listened:
    address = f"{app.config.page.public}/in/tracker/{name}"
    tracker, heard = app.context.trackers[name], app.store.note(heard_note(name))
    connector: Any = tracker.connector
    if not isinstance(connector, Hears):
        raise Refusal(f"{name}: trackers of the kind {tracker.kind} send no events that we know of")
    if not isinstance(connector, RegistersHooks):
        return Listened(name, address, heard, manual=connector.manual(address))
    with app.context.lock(name), tracker.conduct.urgent(Urgency.PERSON):
        return Listened(name, address, heard, tuple(_acted(connector, address, act, dry=dry)))


def _acted(connector: RegistersHooks, address: str, act: Act, *, dry: bool) -> Iterator[Hook]:
    for hook in list(connector.hooks(address)):
        if act is Act.INSTALL and hook.standing is not Standing.UNKNOWN:
            would = "would be made right: events, secret, content type" if hook.id else "would be registered"
            yield replace(hook, what=would, advice="") if dry else connector.register(hook, address)
        elif act is Act.REMOVE and hook.id:
            yield replace(hook, what="would be deleted", advice="") if dry else connector.unregister(hook)
        else:
            yield hook


def _say(done: Sequence[Listened], config: Config, act: Act) -> None:
    for each in done:
        say(f"{each.tracker}: {each.address}", style="bold")
        heard = moment(datetime.fromisoformat(each.heard)) if each.heard else "none yet that led to a look"
        say(f"  last event: {heard}")
        table(("place", "standing", "what", "advice"), [(h.place, h.standing, h.what, h.advice) for h in each.hooks])
        if each.manual and act is Act.REMOVE:
            say("  delete it where it was registered; without [trackers.NAME.webhook] nothing is listened to")
        if act is Act.INSTALL or (act is Act.CHECK and not each.heard):
            for line in each.manual:
                say(f"  {line}")
    host = config.page.public.partition("://")[2].rpartition(":")[0].strip("[]")
    if loopback(host):
        note(f"{config.page.public} is this machine: nobody else can reach it. State [page] address (docs/webhooks.md)")
