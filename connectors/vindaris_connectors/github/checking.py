"""The preflight: credentials, clock, limits, repositories, permissions and fields; each finding with its fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from vindaris_connectors.github.client import GithubClient
from vindaris_connectors.github.fields import Broken
from vindaris_connectors.github.identity import InstallationAuth
from vindaris_connectors.github.mapping import ManagedField
from vindaris_connectors.github.reading import date_of
from vindaris_connectors.github.repositories import Repository, Unreachable, expected, find
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.protocol import Surroundings

EXPIRES_SOON = timedelta(days=14)
SKEW = timedelta(minutes=10)
_EXPIRATION = "github-authentication-token-expiration"
_EXPIRATION_FORMATS = ("%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z")
_FEW_LEFT = 0.1
_MAX_OPTIONS = 100


class Preflight:
    """Looks at everything that could keep the tracker from working; changes nothing.

    ``numbers`` are those of the repositories that were read before. ``meant`` are the numbers of those that took over
    a configured name, where the former bearer of that name is configured under its new one: both are meant, then.
    """

    def __init__(
        self, client: GithubClient, settings: GithubSettings, surroundings: Surroundings, numbers: Mapping[str, int]
    ) -> None:
        self._client = client
        self._settings = settings
        self._around = surroundings
        self._numbers = numbers
        self._names = {name.casefold() for name in settings.repositories}
        self.meant: dict[str, int] = {}

    def findings(self, fields: Sequence[ManagedField], broken: Sequence[Broken]) -> Iterator[Finding]:
        """Yield what is found; raises what the client raises, ``TrackerUnusable`` for refused credentials."""
        answer = self._client.get("/rate_limit")
        yield Finding(Level.OK, "credentials", self._accepted(answer))
        yield self._expiry(answer)
        yield self._clock(answer)
        yield from self._limit(answer)
        yield from self._permissions(answer)
        for name in self._settings.repositories:
            yield from self._repository(name)
        for one in broken:
            yield Finding(Level.ERROR, f"field:{one.name}", one.reason, one.fix)
        for field in fields:
            yield _field(field)

    def _accepted(self, answer: Answer) -> str:
        auth = self._client.auth
        kind = "the App's installation" if isinstance(auth, InstallationAuth) else "the token"
        return f"{kind} is accepted by {answer.url.split('/rate_limit')[0]}"

    def _expiry(self, answer: Answer) -> Finding:
        ends = _expiration(answer.headers.get(_EXPIRATION, ""))
        if ends is None:
            return Finding(Level.OK, "token", "GitHub names no end of its validity")
        left = ends - date_of(answer, self._around.now)
        if left > EXPIRES_SOON:
            return Finding(Level.OK, "token", f"valid until {ends:%Y-%m-%d}")
        fix = "make a new token with the same permissions and put it in its place"
        return Finding(Level.WARNING, "token", f"it ends on {ends:%Y-%m-%d}, in {max(left.days, 0)} days", fix)

    def _clock(self, answer: Answer) -> Finding:
        skew = abs(date_of(answer, self._around.now) - self._around.now())
        if skew <= SKEW:
            return Finding(Level.OK, "clock", f"differs from GitHub's by {round(skew.total_seconds())} s")
        fix = "set this machine's clock (systemd-timesyncd); acts that depend on time pause until then"
        return Finding(Level.ERROR, "clock", f"differs from GitHub's by {skew}", fix)

    def _limit(self, answer: Answer) -> Iterator[Finding]:
        if answer.status == HTTPStatus.NOT_FOUND:  # an Enterprise Server without limits
            yield Finding(Level.OK, "rate limit", "there is none")
            return
        core = expected(answer).json()["resources"]["core"]
        left, limit = int(core["remaining"]), int(core["limit"])
        said = f"{left} of {limit} requests are left this hour"
        few = left < limit * _FEW_LEFT
        fix = "something else uses this credential; give vindaris-sync one of its own" if few else ""
        yield Finding(Level.WARNING if few else Level.OK, "rate limit", said, fix)

    def _permissions(self, answer: Answer) -> Iterator[Finding]:
        wanted = "write" if self._settings.write_back.enabled else "read"
        auth = self._client.auth
        if isinstance(auth, InstallationAuth):
            held = auth.permissions.get("issues", "none")
            enough = held in {"write", wanted}
            fix = "" if enough else f"grant the App Issues: {wanted} and accept it in the installation"
            yield Finding(Level.OK if enough else Level.ERROR, "permissions", f"Issues: {held}", fix)
        elif "X-OAuth-Scopes" in answer.headers:
            scopes = {scope.strip() for scope in answer.headers["X-OAuth-Scopes"].split(",")}
            enough = bool(scopes & {"repo", "public_repo"})
            fix = "" if enough else "give the token the scope repo, or better: use a fine-grained token"
            said = f"a classic token with {', '.join(sorted(scopes - {''})) or 'no scope'}"
            yield Finding(Level.OK if enough else Level.ERROR, "permissions", said, fix)

    def _repository(self, name: str) -> Iterator[Finding]:
        number = self._numbers.get(name, 0)
        found = bearer = find(self._client, name, number)
        if number and (isinstance(found, Unreachable) or found.full_name.casefold() != name.casefold()):
            bearer = find(self._client, name)
            found = self._meant(name, found, bearer)
        if isinstance(found, Unreachable):
            fix = "correct it in the tracker's repositories, or give our credential access to it"
            yield Finding(Level.ERROR, name, found.reason, fix)
            return
        if found.full_name.casefold() != name.casefold():
            strange = isinstance(bearer, Repository) and bearer.id != found.id
            said = f" and read on: {name} is another repository by now" if strange else ""
            fix = f"write {found.full_name} in repositories" + (f", beside {name} if both are meant" if strange else "")
            yield Finding(Level.WARNING, name, f"it is called {found.full_name} now{said}", fix)
        yield from self._described(name, found)

    def _meant(
        self, name: str, former: Repository | Unreachable, bearer: Repository | Unreachable
    ) -> Repository | Unreachable:
        """Return which repository a name stands for: its former bearer, which was read, or that which bears it now.

        The latter where pulls begin anew, since nothing can be read of the former, or where both are configured.
        """
        if isinstance(former, Unreachable):
            return bearer
        if former.full_name.casefold() not in self._names or isinstance(bearer, Unreachable) or bearer.id == former.id:
            return former
        self.meant[name] = bearer.id
        return bearer

    def _described(self, name: str, found: Repository) -> Iterator[Finding]:
        writes = self._settings.write_back.enabled
        if not found.has_issues:
            yield Finding(Level.ERROR, name, "its issues are switched off", "switch them on in its settings")
        elif found.archived and writes:
            yield Finding(Level.WARNING, name, "it is archived: nothing can be written", "unarchive it or take it out")
        elif writes and not self._may_write(found):
            fix = "give our account the role Triage for labels, Write for issue fields"
            yield Finding(Level.ERROR, name, "our credential may not write here", fix)
        else:
            yield Finding(Level.OK, name, "readable and writable" if writes else "readable")

    def _may_write(self, found: Repository) -> bool:
        if isinstance(self._client.auth, InstallationAuth):
            return True  # its permissions were looked at as a whole
        return found.may_push if self._settings.field_names else found.may_triage


def _expiration(text: str) -> datetime | None:
    for form in _EXPIRATION_FORMATS:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - one form names its offset, the other is UTC
        except ValueError:
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


def _field(field: ManagedField) -> Finding:
    subject = f"field:{field.name}"
    if field.data_type == "single_select" and len(field.options) >= _MAX_OPTIONS:
        fix = "GitHub allows 100 options: take out those of closed goals, or use a text field"
        return Finding(Level.WARNING, subject, f"it is full with {len(field.options)} options", fix)
    return Finding(Level.OK, subject, f"{field.data_type} of {field.owner}, id {field.id}")
