"""Days of people, faults and crashes leave nothing lost, nothing invented and nothing overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.auditor import audit
from tests.simulation.history import Breach, Result, live
from tests.simulation.machine import Machine
from tests.simulation.minimise import Minimiser, kind_of
from tests.simulation.run import here, one
from tests.simulation.script import DAY, FAULTS, PEOPLE, Script, draw
from tests.simulation.site import Site
from vindaris_sync.engine.passes import Round

SECONDS = float(os.environ.get("VINDARIS_SIMULATED_SECONDS", "60"))
SEED = int(os.environ.get("VINDARIS_SEED", "0"))
SEEDS = tomllib.loads((Path(__file__).parent / "seeds.toml").read_text())
ROOT = Path(__file__).parents[2]


def told(result: Result) -> str:
    """Return what is wrong with a history, and how to see it again."""
    seed = result.script.seed
    return "\n".join([*map(str, result.breaches[:10]), f"again: python -m tests.simulation --only {seed}"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS["steady"])
def test_days_of_people_faults_and_crashes_break_no_law(seed: int) -> None:
    """The same days every time, so that what fails is what was changed."""
    result = one(seed)
    assert not result.breaches, told(result)


@pytest.mark.timeout(900)
@pytest.mark.skipif(not SEED, reason="VINDARIS_SEED is not set: days that nobody has seen yet are `make sim`'s")
def test_a_fresh_seed_breaks_no_law() -> None:
    """As many days as fit into a minute, drawn from a seed that nobody has seen before."""
    totals = here(SEED, SECONDS)
    assert not totals.failed, f"VINDARIS_SEED={SEED}\n" + "\n".join(map(told, totals.failed))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("failed", SEEDS["failed"], ids=lambda failed: failed["showed"])
def test_a_script_that_once_broke_a_law_breaks_none(failed: dict[str, str]) -> None:
    """What was found and mended stays mended."""
    result = live(Script.read(failed["script"]), audit)
    assert not result.breaches, told(result)


def short(seed: int) -> Script:
    """Return a seed's first day."""
    script = draw(seed, 1)
    assert all(step.at < DAY for step in script.steps)
    return script


@pytest.mark.timeout(300)
def test_one_seed_is_one_history() -> None:
    """The same seed gives the same acts, requests and database, in other processes with other hash seeds, too."""
    command = (
        "from tests.simulation.history import live; from tests.simulation.script import draw; "
        "print(live(draw(7, 1)).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", command],
            env={**os.environ, "PYTHONHASHSEED": hashing},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashing in ("1", "2")
    }
    assert len(digests) == 1
    assert digests != {live(short(8)).digest + "\n"}


@pytest.mark.timeout(300)
def test_a_day_holds_what_a_simulated_day_must_hold() -> None:
    """A tracker-day has at least 48 passes, 20 acts of people, 5 faults and 1 crash, over a few histories."""
    results = [live(short(seed)) for seed in (21, 22, 23)]
    days = sum(result.days for result in results)
    sums = {name: sum(result.counts[name] for result in results) for name in ("passes", "acts", "faults", "crashes")}
    assert sums["passes"] >= 48 * days, sums
    assert sums["acts"] >= 20 * days, sums
    assert sums["faults"] >= 5 * days, sums
    assert sums["crashes"] >= days, sums


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("planned", "found"), [(Machine.round, "writes"), (lambda _: Round(()), "does not plan")])
def test_a_dry_run_that_is_none_is_noticed(
    planned: Callable[[Machine], Round], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L12: one that does what it plans, and one that does not plan what is done then."""
    monkeypatch.setattr(Machine, "rehearse", planned)
    breaches = live(short(6)).breaches
    assert {breach.law for breach in breaches} == {"L12"}
    assert any(breach.text.startswith(found) for breach in breaches), breaches


def test_a_script_is_text_and_back() -> None:
    """A script survives being written down, with a comment above it."""
    script = draw(5)
    assert Script.read("# a comment\n" + script.text()) == script


def test_leaving_a_step_out_moves_no_other() -> None:
    """Every kind of act and fault is drawn, and a step knows by itself what it does."""
    script = draw(1, 40)
    assert {step.kind for step in script.steps} >= {*PEOPLE, *FAULTS}
    fewer = script.having(script.steps[1:])
    assert [step.random().random() for step in fewer.steps] == [step.random().random() for step in script.steps[1:]]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_failing_history_is_made_small() -> None:
    """What does not matter to a breach is left out: of a day with dozens of steps, the one that shows it stays."""

    def nobody_closes(site: Site) -> list[Breach]:
        closed = [act for act in site.journal.acts if act.kind == "close"]
        return [Breach("L5", act.issue, f"{act.issue} was closed") for act in closed[:1]]

    script = short(3)
    (breach,) = live(script, nobody_closes).breaches
    smallest = Minimiser(nobody_closes, 60).smallest(script, breach)
    assert len(smallest.steps) == 1
    assert [kind_of(each) for each in live(smallest, nobody_closes).breaches] == [kind_of(breach)]
