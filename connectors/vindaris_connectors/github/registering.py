"""Webhooks of our repositories: found by our address, made right, their deliveries looked at; others' stay untouched.

GitHub, REST *Repository webhooks*. A secret cannot be read back, so it is written whenever a webhook is made right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from vindaris_connectors.github.client import GithubClient, message_of, next_url
from vindaris_connectors.github.hearing import EVENTS
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.text import counted
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import JsonObject
from vindaris_sync.sdk.webhooks import Hook, Standing

_LOOKED_AT = 50
_SHUT = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
_PERMISSION = (
    "give the credential the right to administer webhooks (fine-grained: Webhooks, write; classic: admin:repo_hook), "
    "or register it by hand: docs/webhooks.md says how"
)
_ADVICE = {
    HTTPStatus.UNAUTHORIZED: "the secret there is another one: `vindaris-sync webhook install`",
    HTTPStatus.NOT_FOUND: "something else answers at our address: [page] address, and what the proxy passes on",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "an issue is larger than we or the proxy take; polling finds it",
}
_UNREACHED = "GitHub cannot reach our address: [page] address must be open to it, with a certificate that it trusts"


class Registering:
    """Finds, makes right and deletes webhooks that lead to one address."""

    def __init__(self, client: GithubClient, settings: GithubSettings) -> None:
        self._client = client
        self._settings = settings

    def hooks(self, address: str) -> Iterator[Hook]:
        """Yield one webhook for each repository, also where there is none yet; raises as the client."""
        for place in self._settings.repositories:
            answer = self._client.get(f"/repos/{place}/hooks?per_page=100")
            if answer.status in _SHUT:
                yield Hook(place, Standing.UNKNOWN, message_of(answer) or "it may not be looked at", _PERMISSION)
                continue
            ours = [each for each in self._listed(answer) if _leads_to(each, address)]
            if not ours:
                yield Hook(place, Standing.ABSENT, "not registered", "`vindaris-sync webhook install`")
            for each in ours:
                yield self._judged(place, each)

    def register(self, hook: Hook, address: str) -> Hook:
        """Create the webhook or make it right."""
        if hook.standing is Standing.UNKNOWN:
            return hook
        if self._settings.webhook is None:
            raise ConfigError("there is no secret", advice="state [trackers.NAME.webhook] secret")
        config = {"url": address, "content_type": "json", "insecure_ssl": "0"}
        secret = {"secret": self._settings.webhook.secret.reveal()}
        wanted = {"active": True, "events": list(EVENTS), "config": config | secret}
        if hook.id:
            answer = self._client.patch(f"/repos/{hook.place}/hooks/{hook.id}", wanted)
        else:
            answer = self._client.post(f"/repos/{hook.place}/hooks", {"name": "web", **wanted})
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return _refused(hook, answer)
        made = answer.json()
        return Hook(hook.place, Standing.RIGHT, "made right" if hook.id else "registered", id=str(made["id"]))

    def unregister(self, hook: Hook) -> Hook:
        """Delete the webhook."""
        if not hook.id:
            return hook
        answer = self._client.delete(f"/repos/{hook.place}/hooks/{hook.id}")
        if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
            return _refused(hook, answer)
        return Hook(hook.place, Standing.ABSENT, "deleted")

    def _listed(self, answer: Answer) -> Iterator[JsonObject]:
        yield from answer.json()
        while url := next_url(answer):
            answer = self._client.get(url)
            yield from answer.json()

    def _judged(self, place: str, hook: JsonObject) -> Hook:
        config, number, install = hook["config"], str(hook["id"]), "`vindaris-sync webhook install`"
        wrong = {
            "it is switched off": not hook.get("active"),
            "its content type is no JSON": config.get("content_type") != "json",
            "it has no secret": not config.get("secret"),
            "certificates are not checked": str(config.get("insecure_ssl", "0")) != "0",
            f"it does not send {', '.join(_missing(hook))}": bool(_missing(hook)),
        }
        if found := [what for what, is_so in wrong.items() if is_so]:
            return Hook(place, Standing.WRONG, "; ".join(found), install, number)
        return self._delivering(place, number)

    def _delivering(self, place: str, number: str) -> Hook:
        """Judge by what became of the newest deliveries; what failed before the last one that arrived is over."""
        answer = self._client.get(f"/repos/{place}/hooks/{number}/deliveries?per_page={_LOOKED_AT}")
        if answer.status != HTTPStatus.OK:
            return Hook(place, Standing.RIGHT, "registered; its deliveries may not be looked at", id=number)
        sent = [_Attempt(each) for each in answer.json()]
        lost = Counter[str]()
        for each in sent:
            if each.arrived:
                break
            lost[each.what] += 1
        if not lost:
            told = f"registered; {counted(len(sent), 'delivery', 'deliveries')} arrived" if sent else "registered"
            return Hook(place, Standing.RIGHT, told, id=number)
        told = ", ".join(f"{counted(count, 'time')} {what!r}" for what, count in lost.most_common(3))
        return Hook(place, Standing.FAILING, f"the last deliveries did not arrive: {told}", sent[0].advice, number)


class _Attempt:
    """What GitHub tells of one delivery."""

    def __init__(self, document: JsonObject) -> None:
        self.code = int(document["status_code"])
        self.arrived = HTTPStatus.OK <= self.code < HTTPStatus.MULTIPLE_CHOICES
        self.what = str(document["status"])[:80]
        self.advice = _ADVICE.get(HTTPStatus(self.code), "") if self.code in set(HTTPStatus) else ""
        self.advice = self.advice or (_UNREACHED if not self.arrived else "")


def _missing(hook: JsonObject) -> list[str]:
    events = set(hook.get("events") or ())
    return [] if "*" in events else [event for event in EVENTS if event not in events]


def _leads_to(hook: JsonObject, address: str) -> bool:
    url: Any = (hook.get("config") or {}).get("url")
    return isinstance(url, str) and url.partition("?")[0].rstrip("/") == address


def _refused(hook: Hook, answer: Answer) -> Hook:
    told = message_of(answer) or f"GitHub refuses it ({answer.status})"
    return Hook(hook.place, Standing.UNKNOWN, told, _PERMISSION if answer.status in _SHUT else "", hook.id)
