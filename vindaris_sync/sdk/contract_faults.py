"""The contract under faults: nothing is lost, nothing is written twice, nothing leaks, and only our errors escape."""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta

import pytest

from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Done, Failed, Level, SurfaceKind
from vindaris_sync.sdk.contract_truth import (
    Ability,
    Connect,
    Fault,
    Pulled,
    Suite,
    Truth,
    address_of,
    fetch_one,
    need,
    populate,
    pull,
    pull_through,
    surface,
    truth_titles,
    write_of,
)
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.protocol import Capability, Connector

_PASSING = [
    Fault.LIMIT_WITH_RETRY_AFTER,
    Fault.LIMIT_WITHOUT_RETRY_AFTER,
    Fault.SERVER_ERROR,
    Fault.TRUNCATED,
    Fault.RESET,
]
_MANY = 50  # more than any policy's attempts


class FaultContract(Suite):
    """Reading and writing while things go wrong."""

    @pytest.mark.parametrize("fault", _PASSING)
    def test_passing_fault_loses_nothing(self, tracker: Truth, connector: Connector, fault: Fault) -> None:
        """After a fault that passes, inside a pass or at the next, everything is known."""
        need(tracker, fault)
        populate(tracker, 150)
        tracker.fail_next(fault)
        assert pull_through(connector).titles(tracker.visible()) == truth_titles(tracker)

    @pytest.mark.parametrize("fault", _PASSING)
    def test_fault_between_pages_keeps_the_cursor(self, tracker: Truth, connector: Connector, fault: Fault) -> None:
        """A fault that lasts, after the first page, ends the pull as Transient; later nothing is missing (L7)."""
        need(tracker, fault)
        populate(tracker, 950)
        known = Pulled()
        with pytest.raises(Transient):
            pull(connector, known, between=lambda: tracker.fail_next(fault, times=_MANY))
        tracker.heal()
        tracker.advance(timedelta(hours=2))
        assert pull_through(connector, known).titles(tracker.visible()) == truth_titles(tracker)

    @pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.PAGE])
    def test_refused_credentials(self, tracker: Truth, connector: Connector, fault: Fault) -> None:
        """Refused credentials stop the tracker with advice; nothing is taken for gone; it works again afterwards."""
        need(tracker, fault)
        id_ = tracker.create(tracker.places[0], "still there")
        address = address_of(connector, tracker, id_)
        tracker.fail_next(fault, times=_MANY)
        with pytest.raises(TrackerUnusable) as pulled:
            pull(connector)
        with pytest.raises(TrackerUnusable):
            list(connector.fetch([address]))
        assert pulled.value.reason == "credentials"
        assert pulled.value.advice
        tracker.heal()
        assert set(pull(connector).issues) == {id_}

    def test_check_finds_nothing_wrong(self, tracker: Truth, connector: Connector) -> None:
        """The preflight of a sound tracker has no error and changes nothing."""
        populate(tracker, 3)
        before = tracker.write_exchanges()
        findings = connector.check()
        assert findings
        assert [one for one in findings if one.level is Level.ERROR] == []
        assert tracker.write_exchanges() == before

    def test_check_reports_refused_credentials(self, tracker: Truth, connector: Connector) -> None:
        """The preflight says that credentials are refused: as a finding with its fix, or by raising."""
        need(tracker, Fault.UNAUTHORIZED)
        tracker.fail_next(Fault.UNAUTHORIZED, times=_MANY)
        try:
            fixes = [one.fix for one in connector.check() if one.level is Level.ERROR]
        except TrackerUnusable as error:
            fixes = [error.advice]
        assert any(fixes)

    @pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.LOST_ANSWER])
    def test_failed_write_is_not_repeated_blindly(self, tracker: Truth, connector: Connector, fault: Fault) -> None:
        """A write that got a 5xx is sent once, is Done only if it shows, and succeeds when asked for again."""
        need(tracker, fault)
        id_ = tracker.create(tracker.places[0], "an issue", labels=["bug"])
        on = surface(connector, SurfaceKind.LABEL)
        address = address_of(connector, tracker, id_)
        write = write_of(connector, fetch_one(connector, address), on, add=("G-1",))
        before = tracker.write_exchanges()
        tracker.fail_next(fault, writes_only=True)
        try:
            (outcome,) = connector.write([write])
        except Transient:
            pass
        else:
            assert isinstance(outcome, (Done, Failed))
            assert isinstance(outcome, Done) == (f"{on.id}G-1" in tracker.labels(id_))
        assert tracker.write_exchanges() - before == 1
        tracker.heal()
        (again,) = connector.write([write])
        assert isinstance(again, Done)
        assert sorted(tracker.labels(id_)) == sorted(["bug", f"{on.id}G-1"])

    @pytest.mark.parametrize("fault", [Fault.LIMIT_WITH_RETRY_AFTER, Fault.LIMIT_WITHOUT_RETRY_AFTER])
    def test_limited_write_arrives_once(self, tracker: Truth, connector: Connector, fault: Fault) -> None:
        """A write refused for a rate limit is on the issue once after waiting, or after the next pass."""
        need(tracker, fault)
        id_ = tracker.create(tracker.places[0], "an issue")
        on = surface(connector, SurfaceKind.LABEL)
        write = write_of(connector, fetch_one(connector, address_of(connector, tracker, id_)), on, add=("G-1",))
        tracker.fail_next(fault, writes_only=True)
        try:
            list(connector.write([write]))
        except Transient:
            tracker.advance(timedelta(hours=2))
        (outcome,) = connector.write([write])
        assert isinstance(outcome, Done)
        assert list(tracker.labels(id_)) == [f"{on.id}G-1"]

    def test_lost_answer_creates_no_second_issue(self, tracker: Truth, connector: Connector) -> None:
        """A draft whose creation was applied and whose answer was lost is found by its mark, not created again."""
        need(tracker, Fault.LOST_ANSWER)
        if Capability.CREATE not in connector.capabilities:
            pytest.skip("this connector declares no CREATE")
        draft = Draft("draft-1", tracker.places[0], "Task", "Born from a goal", "why")
        tracker.fail_next(Fault.LOST_ANSWER, writes_only=True)
        try:
            connector.create(draft)
        except Transient:
            tracker.advance(timedelta(minutes=10))
        issue = connector.create(draft)
        assert tracker.visible() == {issue.ref.id}

    def test_no_secret_leaks(self, tracker: Truth, connector: Connector, caplog: pytest.LogCaptureFixture) -> None:
        """The token stands in no repr, no log line of any level, no error and no traceback (L9)."""
        need(tracker, Ability.SECRET, Fault.UNAUTHORIZED)
        caplog.set_level(logging.DEBUG)
        populate(tracker, 3)
        pull(connector)
        tracker.fail_next(Fault.UNAUTHORIZED, times=_MANY)
        with pytest.raises(TrackerUnusable) as raised:
            pull(connector)
        told = [caplog.text, repr(connector), repr(vars(connector)), str(raised.value), raised.value.advice]
        told += traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
        assert tracker.secret
        assert not [text for text in told if tracker.secret in text]

    def test_close_is_idempotent(self, tracker: Truth, connect: Connect) -> None:
        """A connector can be closed twice, before or after use, and while a pull is half read."""
        populate(tracker, 250)
        connect().close()
        connector = connect()
        pull(connector, stop_after=1)
        connector.close()
        connector.close()
