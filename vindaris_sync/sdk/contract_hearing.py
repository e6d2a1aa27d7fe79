"""The contract of ``hear``: what the tracker sends leads to what has changed, and nothing else is listened to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from vindaris_sync.domain.models import Gone, Hidden, Moved, Present, Seen
from vindaris_sync.sdk.contract_truth import Ability, Connect, Suite, Truth, need
from vindaris_sync.sdk.protocol import Capability, Connector
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import HookSettings
from vindaris_sync.sdk.webhooks import MOST_NAMED, Delivery, Flaw, Heard, Hears, Unheard

SECRET = "what-webhooks-are-signed-with-0815"  # noqa: S105 - invented here
_MALFORMED = (
    b"",
    b"null",
    b"[]",
    b'"issues"',
    b"{",
    b"\xff\xfe\x00",
    b'{"issue": 7}',
    b'{"action": {"a": []}, "issue": [], "issues": {}}',
    b'{"action": "opened", "issue": {"number": 1e999, "id": [], "key": 1}, "repository": {"full_name": 5, "id": null}}',
    b'{"action": "opened", "issue": {"number": -1}, "repository": {"full_name": "acme/web", "id": 1}}',
    b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "1 OR 1=1", "key": "APP-1"}}',
    b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "../../x"}, "changelog": [1]}',
    b'{"issues": [{}], "whole": 1}',
    b"[" * 100_000,
    b'{"issue":' * 50_000,
    b'{"issue": {"id": ' + b"9" * 10_000 + b"}}",
)


class HearingContract(Suite):
    """Hear."""

    @pytest.fixture
    def listening(self, tracker: Truth, connect: Connect) -> Iterator[Connector]:
        """Return a connector that the tracker sends its events to."""
        need(tracker, Ability.WEBHOOKS)
        tracker.listen(SECRET)
        connector = connect(webhook=HookSettings(secret=Secret(SECRET)))
        yield connector
        connector.close()

    def test_whatever_changes_an_issue_leads_to_it(self, tracker: Truth, listening: Connector) -> None:
        """After each act of people the events name an address at which the issue is read as it is now."""
        assert Capability.WEBHOOKS in listening.capabilities
        hangs = Ability.HIERARCHY in tracker.abilities
        above = tracker.create(tracker.places[0], "parent") if hangs else ""
        tracker.events()
        id_ = tracker.create(tracker.places[0], "new", parent=above)
        assert _led_to(listening, tracker, id_), "created"
        acts: dict[str, Callable[[], None]] = {
            "renamed": lambda: tracker.edit_title(id_, "other"),
            "labelled": lambda: tracker.add_label(id_, "x"),
            "unlabelled": lambda: tracker.remove_label(id_, "x"),
            "closed": lambda: tracker.close(id_),
            "reopened": lambda: tracker.reopen(id_),
        } | ({"hung elsewhere": lambda: tracker.set_parent(id_, None)} if hangs else {})
        for name, act in acts.items():
            act()
            assert _led_to(listening, tracker, id_), name

    def test_a_new_place_is_found(self, tracker: Truth, listening: Connector) -> None:
        """After a move or a transfer the events lead to where the issue is now."""
        need(tracker, Ability.WEBHOOKS)
        if not tracker.abilities & (Ability.MOVE | Ability.TRANSFER):
            pytest.skip("nothing moves here")
        id_ = tracker.create(tracker.places[0], "traveller")
        tracker.events()
        assert _led_to(listening, tracker, tracker.move(id_, tracker.places[1]))

    def test_a_deletion_is_found(self, tracker: Truth, listening: Connector) -> None:
        """After a deletion they name an issue that is gone, or hidden where the tracker does not tell the two apart."""
        need(tracker, Ability.DELETE)
        id_ = tracker.create(tracker.places[0], "doomed")
        tracker.events()
        tracker.delete(id_)
        assert any(isinstance(seen, Gone | Hidden) for seen in _seen(listening, tracker))

    def test_only_the_tracker_itself_is_listened_to(
        self, tracker: Truth, listening: Connector, connect: Connect
    ) -> None:
        """Another secret, another body, no signature, and no secret of ours: each is forged. Asks nobody."""
        tracker.create(tracker.places[0], "new")
        sent, before = tracker.events()[0], tracker.exchanges()
        deaf, others = connect(), connect(webhook=HookSettings(secret=Secret("a-secret-of-somebody-else")))
        assert isinstance(_hears(listening).hear(sent), Heard)
        unsigned = {name: value for name, value in sent.headers.items() if "signature" not in name}
        doubled = {name: f"{value}, {value}" for name, value in sent.headers.items()}
        odd = {name: "sha256=é\udc80" if "signature" in name else value for name, value in sent.headers.items()}
        for connector, delivery in (
            (deaf, sent),
            (others, sent),
            (listening, replace(sent, body=sent.body + b" ")),
            (listening, replace(sent, body=b"")),
            (listening, replace(sent, headers=unsigned)),
            (listening, replace(sent, headers=doubled)),
            (listening, replace(sent, headers=odd)),
            (listening, Delivery({}, b"", {})),
        ):
            answer = _hears(connector).hear(delivery)
            assert isinstance(answer, Unheard)
            assert answer.flaw is Flaw.FORGED
        assert tracker.exchanges() == before
        deaf.close()
        others.close()

    def test_what_is_sent_again_is_known(self, tracker: Truth, listening: Connector) -> None:
        """Sent again a delivery has the same id; two events have two."""
        id_ = tracker.create(tracker.places[0], "new")
        tracker.edit_title(id_, "other")
        sent = tracker.events()
        assert len(sent) >= 2
        ids = [_heard(listening, one).delivery for one in sent]
        assert ids == [_heard(listening, one).delivery for one in sent]
        assert len(set(ids)) == len(ids)
        assert all(ids)

    def test_nothing_that_is_signed_does_harm(self, tracker: Truth, listening: Connector) -> None:
        """Whatever stands in a signed delivery, it names few issues, and none that cannot be one's address."""
        for body in _MALFORMED:
            answer = _hears(listening).hear(tracker.signed(body))
            if isinstance(answer, Heard):
                assert not answer.issues, body[:80]
            else:
                assert answer.flaw is Flaw.MALFORMED
                assert len(answer.why) < 200


def _hears(connector: Connector) -> Hears:
    assert isinstance(connector, Hears)
    return connector


def _heard(connector: Connector, delivery: Delivery) -> Heard:
    answer = _hears(connector).hear(delivery)
    assert isinstance(answer, Heard), answer
    assert len(answer.issues) <= MOST_NAMED
    return answer


def _seen(connector: Connector, tracker: Truth) -> list[Seen]:
    addresses = [address for sent in tracker.events() for address in _heard(connector, sent).issues]
    return list(connector.fetch(list(dict.fromkeys(addresses))))


def _led_to(connector: Connector, tracker: Truth, id_: str) -> bool:
    there = [seen.issue for seen in _seen(connector, tracker) if isinstance(seen, Present | Moved)]
    return any(issue.ref.id == id_ and issue.title == tracker.title(id_) for issue in there)
