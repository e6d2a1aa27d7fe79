"""Reading named issues: in batches, and singly where a batch does not tell why one is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.jql import project_of
from vindaris_connectors.jira.mapping import Mapper
from vindaris_connectors.jira.permissions import BROWSE, granted
from vindaris_connectors.jira.pulling import parts
from vindaris_connectors.jira.reading import BATCH, Reader
from vindaris_connectors.jira.recent import Recent
from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, Moved, Present, Seen
from vindaris_sync.sdk.errors import IssueRejected, Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.parallel import ordered

_MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
DIRECT = 10
"""Up to so many issues are read one by one on Data Center, past its index, which other nodes may have filled late."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """Answers where each address leads: the issue, elsewhere, gone, or hidden; never a guess."""

    client: Client
    reader: Reader
    mapper: Mapper
    recent: Recent
    in_flight: int

    def seen(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Yield one answer per address, in order."""
        visible: dict[str, bool] = {}
        if not self.reader.cloud and len(addresses) <= DIRECT:
            return (self._alone(address, visible) for address in addresses)
        return self._in_batches(addresses, visible)

    def _in_batches(self, addresses: Sequence[Address], visible: dict[str, bool]) -> Iterator[Seen]:
        for part, answer in ordered(map(self._task, parts(addresses, BATCH)), self.in_flight):
            refs = [_ref(address) for address in part]
            mapped = self.mapper.page(self.reader.items(answer, refs))
            known = {issue.ref.id: issue for issue in mapped.issues} | {issue.key: issue for issue in mapped.issues}
            for address in part:
                issue = known.get(_ref(address))
                if issue is None:
                    yield self._missed(address, visible)
                elif not self.reader.cloud and self.recent.outdated(issue):
                    yield self._alone(address, visible)
                else:
                    yield placed(address, issue)

    def one(self, ref: str) -> Answer:
        """Read one issue past every index."""
        return self.client.read(f"{self.reader.api}/issue/{quote(ref, safe='')}", fields=",".join(self.mapper.fields))

    def issue(self, ref: str) -> Issue | None:
        """Return one issue, ``None`` where it is not seen; raises ``IssueRejected`` where it cannot be mapped."""
        answer = self.one(ref)
        if answer.status in _MISSING or answer.status == HTTPStatus.FORBIDDEN:
            return None
        if answer.status != HTTPStatus.OK:
            raise Transient(f"{answer.url} answered {answer.status}")
        mapped = self.mapper.page([answer.json()])
        if mapped.rejected:
            raise IssueRejected(f"{ref}: {mapped.rejected[0].reason}")
        return mapped.issues[0]

    def _task(self, part: Sequence[Address]) -> Callable[[], tuple[Sequence[Address], Answer]]:
        refs = [_ref(address) for address in part]
        return lambda: (part, self.reader.batch(refs, self.mapper.fields))

    def _missed(self, address: Address, visible: dict[str, bool]) -> Seen:
        """Tell why a batch missed the issue: without its project nothing more is asked."""
        project = project_of(address.key)
        if project and not self._browsable(project, visible):
            return _unseen(address, project)
        return self._alone(address, visible)

    def _alone(self, address: Address, visible: dict[str, bool]) -> Seen:
        """Read one issue by itself. Jira answers alike for deleted and forbidden: the project decides."""
        try:
            issue = self.issue(_ref(address))
        except IssueRejected as error:
            return Hidden(address, f"it cannot be read: {error}")
        if issue is not None:
            return placed(address, issue)
        project = project_of(address.key)
        if not project:
            return Hidden(address, "not found, and its project is not known")
        if not self._browsable(project, visible):
            return _unseen(address, project)
        return Gone(address, f"not found, though {project} may be browsed")

    def _browsable(self, project: str, visible: dict[str, bool]) -> bool:
        if project not in visible:
            visible[project] = BROWSE in granted(self.client, self.reader.api, BROWSE, project=project)
        return visible[project]


def _unseen(address: Address, project: str) -> Hidden:
    return Hidden(address, f"the account may not browse {project}, or {project} is no more")


def placed(address: Address, issue: Issue) -> Seen:
    """Return whether ``issue`` is where ``address`` says."""
    moved = bool(address.key) and address.key != issue.key
    return Moved(address, issue) if moved else Present(address, issue)


def _ref(address: Address) -> str:
    return address.id or address.key
