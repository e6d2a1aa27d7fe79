"""An auditor that cannot fail is worthless: every planted fault is found, within a stated number of days."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.simulation.hunt import hunt
from tests.simulation.mutants import MUTANTS, Mutant, Replacement

FOURTEEN = 14


def test_there_are_fourteen_mutants_of_different_names() -> None:
    """None was dropped, none is there twice."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) == FOURTEEN


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_the_product_and_takes_it_back(mutant: Mutant) -> None:
    """Each replacement is in the place of what it replaces while the mutant is on, and only then."""
    before = [vars(each.owner)[each.name] for each in mutant.replacements]
    with mutant.applied():
        during = [vars(each.owner)[each.name] for each in mutant.replacements]
    after = [vars(each.owner)[each.name] for each in mutant.replacements]
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert all(one is not other for one, other in zip(before, during, strict=True))


def test_a_mutant_whose_target_is_gone_is_refused() -> None:
    """What was renamed in the product cannot make a mutant harmless in silence."""
    gone = Replacement(SimpleNamespace(), "read", lambda original: original)
    with pytest.raises(AttributeError, match="has no read any more"), gone.applied():
        pass


def test_a_mutant_whose_target_takes_other_arguments_is_refused() -> None:
    """A fault that would fail by itself is no fault of the product."""
    owner = SimpleNamespace(read=lambda cursor, page: (cursor, page))
    changed = Replacement(owner, "read", lambda _: lambda cursor: cursor)
    with pytest.raises(TypeError, match="takes"), changed.applied():
        pass


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_found_within_its_days(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    """The auditor, or the simulation's own laws, mind it on a day on which they do not mind the product as it is."""
    found = hunt(mutant, mutant.seed, mutant.within)
    assert found is not None, f"{mutant.wrong}: not noticed in {mutant.within} days"
    record_property("days", found.days)
    record_property("found", str(found.breach))
