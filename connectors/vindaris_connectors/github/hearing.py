"""What a webhook of GitHub's says: which issues to look at again and no more (GitHub, *Webhooks*)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from vindaris_connectors.github import queries
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.mapping import JsonObject
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import SHAPE_ERRORS
from vindaris_sync.sdk.webhooks import LONGEST_NAME, Delivery, Flaw, Heard, Unheard, parsed, signed

SIGNATURE = "x-hub-signature-256"
EVENTS = ("issues", "label", "milestone", "repository", "sub_issues")
"""What we register for; a repository's own webhooks know no others that matter to us."""

_WHOLE = {
    "label": {"edited", "deleted"},
    "milestone": {"edited", "deleted"},
    "repository": {"archived", "unarchived", "renamed", "transferred", "deleted", "publicized", "privatized"},
    "installation": {"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"},
    "installation_repositories": {"added", "removed"},
}
"""Events after which all of a place may look different, by their actions."""

_NODE = re.compile(r"[A-Za-z0-9+/=_-]{1,100}")
_NUMBERS = range(1, 1 << 31)  # GraphQL's integers


class Hearing:
    """Reads deliveries. ``numbers`` gives the repositories' ids as far as they are known: names change."""

    def __init__(self, tracker: str, settings: GithubSettings, numbers: Callable[[], Collection[int]]) -> None:
        self._tracker = tracker
        self._names = {name.casefold() for name in settings.repositories}
        self._numbers = numbers
        self._secret = settings.webhook.secret if settings.webhook else Secret("")

    def hear(self, delivery: Delivery) -> Heard | Unheard:
        """Return what a delivery says; the signature is looked at before anything else."""
        if not signed(delivery, SIGNATURE, self._secret):
            return Unheard(Flaw.FORGED, f"{SIGNATURE} is missing" if SIGNATURE not in delivery.headers else SIGNATURE)
        event, number = delivery.headers.get("x-github-event", ""), delivery.id_in("x-github-delivery")
        try:
            return self._said(event, number, parsed(delivery.body))
        except SHAPE_ERRORS as error:
            form = "; its content type must be application/json" if delivery.body[:8] == b"payload=" else ""
            return Unheard(
                Flaw.MALFORMED, f"an event {event[:40]!r} that cannot be read ({type(error).__name__}){form}"
            )

    def _said(self, event: str, number: str, document: JsonObject) -> Heard:
        action = str(document.get("action") or "")[:40]
        what = f"{event[:40]} {action}".strip()
        if event == "projects_v2_item":
            return Heard(number, what, self._item(document["projects_v2_item"]))
        if action in _WHOLE.get(event, ()):
            ours = event.startswith("installation") or self._tracked(document["repository"])
            return Heard(number, what if ours else f"{what} elsewhere", whole=ours)
        if event == "issues":
            return self._issues(number, what, document)
        if event == "sub_issues":
            child, home = document["sub_issue"], document.get("sub_issue_repo") or document["repository"]
            return self._about(number, what, [(home, child["number"])])
        return Heard(number, f"{what}, which changes nothing here")

    def _issues(self, number: str, what: str, document: JsonObject) -> Heard:
        issue, changes = document["issue"], document.get("changes") or {}
        if "pull_request" in issue:
            return Heard(number, f"{what} of a pull request")
        named = [(document["repository"], issue["number"])]
        named += [
            (changes[f"{side}_repository"], changes[f"{side}_issue"]["number"])
            for side in ("old", "new")  # the two ends of a transfer
            if f"{side}_repository" in changes and f"{side}_issue" in changes
        ]
        return self._about(number, what, named)

    def _about(self, number: str, what: str, named: list[tuple[JsonObject, int]]) -> Heard:
        """Name issues by their keys: old and new forms of ids are both in use."""
        keys = [_key(home["full_name"], issue) for home, issue in named if self._tracked(home)]
        if not keys:
            return Heard(number, f"{what} elsewhere")
        return Heard(number, what, tuple(Address(self._tracker, key=key) for key in keys))

    def _item(self, item: JsonObject) -> tuple[Address, ...]:
        if item.get("content_type") != "Issue":
            return ()
        if not _NODE.fullmatch(id_ := item["content_node_id"]):
            message = "no id of GitHub's"
            raise ValueError(message)
        return (Address(self._tracker, id_),)

    def _tracked(self, repository: JsonObject) -> bool:
        return repository["full_name"].casefold() in self._names or repository["id"] in self._numbers()


def _key(name: str, number: int) -> str:
    key = f"{name}#{number:d}"
    if len(key) > LONGEST_NAME or queries.split_key(key)[2] not in _NUMBERS:
        message = "no key of GitHub's"
        raise ValueError(message)
    return key
