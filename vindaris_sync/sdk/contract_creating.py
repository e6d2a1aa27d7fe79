"""The contract of ``create`` and ``Creates``: once, whole from the first moment, and told where it cannot be."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import SurfaceKind
from vindaris_sync.sdk.contract_truth import (
    Ability,
    Connect,
    Fault,
    Suite,
    Truth,
    address_of,
    fetch_one,
    need,
    surface,
)
from vindaris_sync.sdk.creating import Creates
from vindaris_sync.sdk.errors import IssueRejected, Transient, Unknown
from vindaris_sync.sdk.protocol import Capability, Connector

HOSTILE = 'Ü & <b> "q" 50% #1 +x ;\' {goal.key}'


class CreatingContract(Suite):
    """Work from a goal."""

    @pytest.fixture
    def creator(self, connector: Connector) -> Connector:
        """Return the connector where it creates."""
        if Capability.CREATE not in connector.capabilities:
            pytest.skip("this connector declares no CREATE")
        assert isinstance(connector, Creates)
        return connector

    def test_create_is_idempotent(self, tracker: Truth, creator: Connector) -> None:
        """A draft created twice is one issue, born with its labels."""
        draft = self._draft(tracker, creator)
        first, second = creator.create(draft), creator.create(draft)
        assert first == second
        assert tracker.visible() == {first.ref.id}
        assert list(tracker.labels(first.ref.id)) == list(draft.labels)

    def test_another_process_finds_what_was_created(self, tracker: Truth, creator: Connector, connect: Connect) -> None:
        """By the mark on the issue, also when people have changed everything that they see of it."""
        made = creator.create(self._draft(tracker, creator))
        creator.create(self._draft(tracker, creator, "other"))
        tracker.edit_title(made.ref.id, "Renamed")
        for label in tracker.labels(made.ref.id):
            tracker.remove_label(made.ref.id, label)
        tracker.advance(timedelta(minutes=10))
        again = connect()
        assert isinstance(again, Creates)
        assert again.drafted(tracker.places[0], ["draft-1", "never"]) == {"draft-1"}
        assert again.drafted(tracker.places[1], ["draft-1"]) == frozenset()
        assert again.create(self._draft(tracker, creator)).ref == made.ref
        assert len(tracker.visible()) == 2
        again.close()

    def test_created_whole(self, tracker: Truth, creator: Connector) -> None:
        """The goal stands on every surface and the parent above it when ``create`` returns."""
        need(tracker, Ability.HIERARCHY)
        above = tracker.create(tracker.places[0], "above")
        fields = [one.key for one in creator.layout().surfaces if one.kind is SurfaceKind.FIELD]
        draft = self._draft(
            tracker, creator, fields=dict.fromkeys(fields, "G-1"), parent=address_of(creator, tracker, above)
        )
        made = creator.create(draft)
        read = fetch_one(creator, address_of(creator, tracker, made.ref.id))
        assert (made, read.fields) == (read, dict.fromkeys(fields, ("G-1",)))
        assert read.parent is not None
        assert tracker.key(above) == read.parent.key or above == read.parent.id
        assert tracker.field_value(made.ref.id) == ("G-1" if fields else None)

    def test_a_place_that_is_not_there_is_told(self, tracker: Truth, creator: Connector) -> None:
        """The refusal says what to do, and nothing was made anywhere."""
        with pytest.raises(IssueRejected) as refused:
            creator.create(self._draft(tracker, creator, place=f"{tracker.places[0]}X"))
        assert refused.value.advice
        assert tracker.visible() == set()

    @pytest.mark.parametrize("fault", [Fault.LIMIT_WITH_RETRY_AFTER, Fault.LIMIT_WITHOUT_RETRY_AFTER])
    def test_only_unknown_leaves_doubt(self, tracker: Truth, creator: Connector, fault: Fault) -> None:
        """Whatever else a creation raises, nothing was made; so it may be asked for again at once."""
        need(tracker, fault)
        tracker.fail_next(fault, times=50, writes_only=True)
        with pytest.raises(Transient) as raised:
            creator.create(self._draft(tracker, creator))
        assert isinstance(raised.value, Unknown) or tracker.visible() == set()
        tracker.heal()
        tracker.advance(timedelta(hours=2))
        creator.create(self._draft(tracker, creator))
        assert len(tracker.visible()) == 1

    def test_a_form_carries_title_and_goal(self, tracker: Truth, creator: Connector) -> None:
        """Whatever stands in a title, the address takes it apart again; asking for it changes nothing."""
        assert isinstance(creator, Creates)
        before = tracker.write_exchanges()
        address = creator.form(self._draft(tracker, creator, title=HOSTILE))
        told = parse_qs(urlsplit(address).query)
        assert [HOSTILE] in told.values()
        assert [f"{surface(creator, SurfaceKind.LABEL).id}G-1"] in told.values()
        assert urlsplit(address).fragment == ""
        assert tracker.write_exchanges() == before

    def test_declined_work_is_told_from_done_work(self, tracker: Truth, creator: Connector) -> None:
        """Closed without being done is not done; reopened it is neither."""
        done, declined = (tracker.create(tracker.places[0], title) for title in ("done", "declined"))
        tracker.close(done)
        tracker.decline(declined)
        assert [self._declined(tracker, creator, id_) for id_ in (done, declined)] == [False, True]
        tracker.reopen(declined)
        assert not self._declined(tracker, creator, declined)

    def _declined(self, tracker: Truth, connector: Connector, id_: str) -> bool:
        return fetch_one(connector, address_of(connector, tracker, id_)).declined

    def _draft(self, tracker: Truth, connector: Connector, id_: str = "draft-1", **changed: object) -> Draft:
        prefix = surface(connector, SurfaceKind.LABEL).id
        draft = {"place": tracker.places[0], "type": "Task", "title": "Born from a goal", "body": "why"}
        return Draft(**{"id": id_, **draft, "labels": (f"{prefix}G-1",), **changed})  # type: ignore[arg-type] # any field
