"""What issues' histories say of values that are gone: taken off, or lost with a move or with their option (R2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from vindaris_connectors.jira.changelog import MOST, Entry, entries_of, read_entries, values_in
from vindaris_connectors.jira.client import Client, as_object
from vindaris_connectors.jira.pulling import parts
from vindaris_connectors.jira.reading import Reader
from vindaris_connectors.jira.surfaces import Field
from vindaris_sync.domain.models import SurfaceKind
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.parallel import ordered
from vindaris_sync.sdk.protocol import Loss, Missing

_PLACE = frozenset({"project", "issuetype"})
"""The fields that say where an issue is: a field that does not exist where it goes is emptied on the way."""

History = Sequence[Entry] | None
"""What an issue's history tells, oldest first; None where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Asks one site: on Cloud a thousand issues a request, on Data Center one."""

    client: Client
    reader: Reader
    fields: Mapping[str, Field]
    in_flight: int

    def losses(self, missing: Sequence[Missing]) -> dict[Missing, Loss]:
        """Return how each went from a managed field, where its issue's history can be read."""
        asked = {each: field for each in missing if (field := self._field(each)) is not None}
        told = self._told(sorted({each.address.id for each in asked}), {field.id for field in asked.values()})
        histories = ((each, field, told[each.address.id]) for each, field in asked.items())
        return {each: _loss(each, field, history) for each, field, history in histories if history is not None}

    def _field(self, missing: Missing) -> Field | None:
        return self.fields.get(missing.surface.id) if missing.surface.kind is SurfaceKind.FIELD else None

    def _told(self, ids: Sequence[str], fields: set[str]) -> dict[str, History]:
        if not self.reader.cloud:
            return dict(ordered(map(self._task, ids), self.in_flight))
        told: dict[str, History] = {}
        for part in parts(ids, MOST):
            entries = read_entries(self.client, part, sorted(fields | _PLACE))
            told |= {id_: None if entries is None else entries.get(id_, ()) for id_ in part}
        return told

    def _task(self, id_: str) -> Callable[[], tuple[str, History]]:
        return partial(self._one, id_)

    def _one(self, id_: str) -> tuple[str, History]:
        answer = self.client.read(f"{self.reader.api}/issue/{id_}", fields="updated", expand="changelog")
        if answer.status != HTTPStatus.OK:
            return id_, None
        try:
            log = as_object(answer)["changelog"]["histories"]
            return id_, sorted(entries_of(log), key=lambda one: one.at)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Transient(f"{answer.url} answered with a history that cannot be read") from None


def _loss(missing: Missing, field: Field, history: Sequence[Entry]) -> Loss:
    """Return how the value went: with the last change since both sides agreed, or without a trace."""
    steps = [one for one in history if one.field in (field.id, field.name) and one.at >= missing.agreed]
    if not steps or missing.value in values_in(field.shape, steps[-1].after):
        return Loss.UNDEFINED
    moves = {one.at for one in history if one.field in _PLACE}
    return Loss.MOVED if steps[-1].at in moves else Loss.TAKEN_OFF
