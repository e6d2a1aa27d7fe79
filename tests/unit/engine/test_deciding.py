from __future__ import annotations

from tests.unit.domain.building import LABEL
from vindaris_sync.domain.actions import Plan, Skip, WriteBack
from vindaris_sync.engine.deciding import Decided


def test_an_issue_that_is_decided_once_more_wants_what_it_wants_now() -> None:
    """A write of an earlier decision in the same pass is not carried out beside the later one."""
    decided = Decided()
    first, other = WriteBack(1, LABEL, ("A",), (), ()), WriteBack(2, LABEL, ("A",), (), ())
    later = WriteBack(1, LABEL, ("B",), (), ())
    decided.add(Plan((first, other), (1, 2)))
    decided.add(Plan((later,), (1,)))
    assert decided.writes == [other, later]


def test_an_issue_that_wants_nothing_any_more_is_not_written() -> None:
    """The later decision may be that all is well."""
    decided = Decided()
    decided.add(Plan((WriteBack(1, LABEL, ("A",), (), ()),), (1,)))
    decided.add(Plan((Skip(1, "in sync"),), (1,)))
    assert decided.writes == []
    assert decided.counts["skip in sync"] == 1
