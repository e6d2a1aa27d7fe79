"""The contract of ``fetch``: one answer per address, and the kinds of absence are never confused (L6)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from vindaris_sync.domain.models import Address, Gone, Hidden, Moved, Present
from vindaris_sync.sdk.contract_truth import Ability, Suite, Truth, address_of, need
from vindaris_sync.sdk.protocol import Connector


class FetchingContract(Suite):
    """Fetch."""

    def test_one_answer_per_address(self, tracker: Truth, connector: Connector) -> None:
        """Of 130 addresses each gets exactly one answer, under the address as it was asked."""
        ids = [tracker.create(place, f"issue {n}") for place in tracker.places[:2] for n in range(65)]
        addresses = [address_of(connector, tracker, id_) for id_ in ids]
        answers = list(connector.fetch(addresses))
        assert Counter(seen.address for seen in answers) == Counter(addresses)
        assert all(isinstance(seen, Present) for seen in answers)

    def test_fetch_is_batched(self, tracker: Truth, connector: Connector) -> None:
        """Fetching 60 issues takes fewer exchanges than issues."""
        ids = [tracker.create(tracker.places[0], f"issue {n}") for n in range(60)]
        before = tracker.exchanges()
        assert len(list(connector.fetch([address_of(connector, tracker, id_) for id_ in ids]))) == len(ids)
        assert tracker.exchanges() - before < len(ids) / 2

    def test_nothing_is_asked_for_nothing(self, tracker: Truth, connector: Connector) -> None:
        """No address, no exchange."""
        before = tracker.exchanges()
        assert list(connector.fetch([])) == []
        assert tracker.exchanges() == before

    def test_key_alone_is_enough(self, tracker: Truth, connector: Connector) -> None:
        """An issue known by its key alone (a parent, for instance) is found."""
        id_ = tracker.create(tracker.places[0], "parent")
        address = Address(connector.name, key=tracker.key(id_))
        (seen,) = connector.fetch([address])
        assert isinstance(seen, Present)
        assert (seen.address, seen.issue.ref.id, seen.issue.ref.tracker) == (address, id_, connector.name)

    def test_fetch_reads_directly(self, tracker: Truth, connector: Connector) -> None:
        """A lagging index does not matter to a fetch."""
        need(tracker, Ability.INDEX_LAG)
        id_ = tracker.create(tracker.places[0], "old")
        tracker.advance(timedelta(minutes=30))
        tracker.lag(timedelta(minutes=10))
        tracker.edit_title(id_, "new")
        (seen,) = connector.fetch([address_of(connector, tracker, id_)])
        assert isinstance(seen, Present)
        assert seen.issue.title == "new"

    def test_deleted(self, tracker: Truth, connector: Connector) -> None:
        """A deleted issue is gone, or hidden where the tracker does not tell the two apart; never present."""
        need(tracker, Ability.DELETE)
        id_ = tracker.create(tracker.places[0], "doomed")
        address = address_of(connector, tracker, id_)
        tracker.delete(id_)
        (seen,) = connector.fetch([address])
        assert isinstance(seen, Gone if tracker.abilities & Ability.TELLS_DELETION else (Gone, Hidden))

    def test_hidden_is_never_gone(self, tracker: Truth, connector: Connector) -> None:
        """An issue our account may not see is hidden, never gone, and present again when shown again."""
        need(tracker, Ability.HIDE)
        id_ = tracker.create(tracker.places[0], "secret")
        address = address_of(connector, tracker, id_)
        tracker.hide(id_)
        (seen,) = connector.fetch([address])
        assert isinstance(seen, Hidden)
        tracker.show(id_)
        (seen,) = connector.fetch([address])
        assert isinstance(seen, Present)

    def test_never_existed(self, tracker: Truth, connector: Connector) -> None:
        """An address that leads nowhere is gone or hidden, and its neighbours are answered."""
        id_ = tracker.create(tracker.places[0], "here")
        address = address_of(connector, tracker, id_)
        nowhere = Address(connector.name, key=address.key.rstrip("0123456789") + "99999")
        answers = {seen.address: seen for seen in connector.fetch([nowhere, address])}
        assert isinstance(answers[nowhere], (Gone, Hidden))
        assert isinstance(answers[address], Present)

    def test_moved_keeps_its_id(self, tracker: Truth, connector: Connector) -> None:
        """An issue asked for under its old key is moved: same id, new key, new place."""
        need(tracker, Ability.MOVE)
        id_ = tracker.create(tracker.places[0], "traveller")
        old = address_of(connector, tracker, id_)
        tracker.move(id_, tracker.places[1])
        for address in (old, Address(connector.name, key=old.key)):
            (seen,) = connector.fetch([address])
            assert isinstance(seen, Moved), seen
            assert (seen.issue.ref.id, seen.issue.key, seen.issue.place) == (id_, tracker.key(id_), tracker.places[1])

    def test_transferred_is_followed(self, tracker: Truth, connector: Connector) -> None:
        """A transferred issue asked for under its old address is moved, and shows its new id."""
        need(tracker, Ability.TRANSFER)
        id_ = tracker.create(tracker.places[0], "traveller")
        old = address_of(connector, tracker, id_)
        new = tracker.move(id_, tracker.places[1])
        (seen,) = connector.fetch([old])
        assert isinstance(seen, Moved), seen
        assert (seen.issue.ref.id, seen.issue.key) == (new, tracker.key(new))
