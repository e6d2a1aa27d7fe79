"""A ``MemoryTracker`` as the contract's truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Concatenate, ParamSpec

from vindaris_connectors.memory import hearing
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.menus import Choice
from vindaris_sync.sdk.contract import Ability, Fault
from vindaris_sync.sdk.errors import TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.webhooks import Delivery

P = ParamSpec("P")


class MemoryTruth:
    """People's acts on a ``MemoryTracker`` in the words of the contract."""

    faults = frozenset(Fault)
    secret = ""

    def __init__(self, world: MemoryTracker, *, transfers: bool = False) -> None:
        self.world = world
        self.places: Sequence[str] = tuple(world.places)
        self.abilities = (~(Ability.MOVE if transfers else Ability.TRANSFER)) & ~Ability.SECRET
        self._transfers = transfers
        self.advance = world.advance
        self._touched: list[str] = []
        self._signs = Secret("")
        self.edit_title = self._telling(world.edit_title)
        self.add_label = self._telling(world.add_label)
        self.remove_label = self._telling(world.remove_label)
        self.set_field = world.set_field
        self.set_parent = self._telling(world.set_parent)
        self.close = self._telling(world.close)
        self.reopen = self._telling(world.reopen)
        self.delete = self._telling(world.delete)
        self.hide = world.hide
        self.show = world.show
        self.heal = world.faults.clear
        self.delete_label = world.delete_label

    def create(
        self, place: str, title: str, *, labels: Iterable[str] = (), parent: str = "", pull_request: bool = False
    ) -> str:
        """Create an issue."""
        id_ = self.world.create(place, title, labels=labels, parent=parent, pull_request=pull_request)
        self._touched.append(id_)
        return id_

    def _telling(self, act: Callable[Concatenate[str, P], None]) -> Callable[Concatenate[str, P], None]:
        """Return ``act``, after which there is an event about the issue."""

        def told(id_: str, /, *given: P.args, **named: P.kwargs) -> None:
            act(id_, *given, **named)
            self._touched.append(id_)

        return told

    def listen(self, secret: str) -> None:
        """Sign events with ``secret``."""
        self._signs = Secret(secret)
        self._touched.clear()

    def events(self) -> list[Delivery]:
        """Return an event for each act."""
        touched, self._touched = self._touched, []
        return [hearing.event(self._signs, [id_]) for id_ in touched]

    def signed(self, body: bytes) -> Delivery:
        """Return ``body`` as an event."""
        return hearing.delivery(self._signs, body)

    def decline(self, id_: str) -> None:
        """Close the issue as one that will not be done."""
        self.world.close(id_, declined=True)

    def move(self, id_: str, place: str) -> str:
        """Move or transfer the issue."""
        if self._transfers:
            id_ = self.world.transfer(id_, place)
        else:
            self.world.move(id_, place)
        self._touched.append(id_)
        return id_

    def lag(self, span: timedelta) -> None:
        """Let lists show the past."""
        self.world.index_lag = span

    def fail_next(self, fault: Fault, *, times: int = 1, writes_only: bool = False) -> None:
        """Let calls raise what a client would."""
        answered = fault is Fault.LOST_ANSWER
        self.world.faults.fail_next(_error(fault, writes_only), times=times, writes_only=writes_only, answered=answered)

    def allow_menus(self, *, allowed: bool = True) -> None:
        """Let our account change the menu, or no more."""
        self.world.menu_refusal = "" if allowed else "it is not ours to change"

    def shown_choices(self) -> Mapping[str, Choice]:
        """Return what the field offers."""
        return {choice.value: choice for choice in self.world.menu}

    def change_choice(self, value: str, changed: Choice) -> None:
        """Change how it looks."""
        self.world.change_choice(replace(changed, id=self.shown_choices()[value].id))

    def body(self, id_: str) -> str:
        """Return what it says."""
        return self.world.bodies.get(id_, "")

    def write_body(self, id_: str, text: str) -> None:
        """Write all of it."""
        self.world.bodies[id_] = text

    def exchanges(self) -> int:
        """Count all calls."""
        return self.world.faults.calls

    def write_exchanges(self) -> int:
        """Count the calls that change."""
        return self.world.faults.write_calls

    def visible(self) -> set[str]:
        """Name what our account sees."""
        return {
            record.issue.ref.id
            for record in self.world.records()
            if not record.hidden and not record.issue.pull_request
        }

    def title(self, id_: str) -> str:
        """Return the title."""
        return self.world.issue(id_).title

    def key(self, id_: str) -> str:
        """Return the key."""
        return self.world.issue(id_).key

    def labels(self, id_: str) -> Sequence[str]:
        """Return the labels."""
        return self.world.issue(id_).labels

    def field_value(self, id_: str) -> str | None:
        """Return the field's value."""
        values = self.world.issue(id_).fields[f"field:{self.world.field_id}"]
        return values[0] if values else None


def _error(fault: Fault, writes: bool) -> Callable[[], Exception]:  # noqa: FBT001 - private
    """Return what the client raises: the memory connector has no policy, its faults come sorted."""
    if fault in (Fault.UNAUTHORIZED, Fault.PAGE):
        return lambda: TrackerUnusable("refused", reason="credentials", advice="check the token")
    if fault is Fault.LIMIT_WITH_RETRY_AFTER:
        return lambda: Transient("limited", retry_after=timedelta(minutes=1))
    if writes and fault in (Fault.SERVER_ERROR, Fault.LOST_ANSWER):
        return lambda: Unknown(fault.value)
    return lambda: Transient(fault.value)
