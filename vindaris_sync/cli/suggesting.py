"""Candidates for people: which goals an issue may serve, and why; and goals found by what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vindaris_sync.app import open_store
from vindaris_sync.cli.output import clean, emit, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.ranking import Candidate
from vindaris_sync.engine.candidates import Candidates
from vindaris_sync.engine.naming import the_issue


def suggest(config: Config, refs: Sequence[str], most: int, *, as_json: bool) -> None:
    """Print the candidates of each of ``refs``."""
    with open_store(config) as store:
        book, records = store.goal_book(), [the_issue(store, ref) for ref in refs]
        found = Candidates(store).of([record.id for record in records], most)
    told = [
        {
            "issue": str(record.ref),
            "key": record.key,
            "title": record.title,
            "serves": [book.goals[goal].key for goal in record.goals],
            "candidates": [_document(each) for each in found[record.id]],
        }
        for record in records
    ]
    if as_json:
        emit({"issues": told})
        return
    for number, one in enumerate(told):
        if number:
            say()
        _say(one)


def search(config: Config, text: str, most: int, *, as_json: bool) -> None:
    """Print the open goals that are found by ``text``."""
    with open_store(config) as store:
        found = Candidates(store).search(text, most)
    if as_json:
        emit({"goals": [{"key": each.key, "title": each.title} for each in found]})
    elif found:
        table(("goal", "title"), ((each.key, each.title) for each in found))
    else:
        say("no open goal has these words: `goal list` shows them all")


def _document(candidate: Candidate) -> dict[str, Any]:
    evidence = [
        {"ground": each.ground, "said": str(each), "weight": round(each.weight, 3)} for each in candidate.evidence
    ]
    return {"goal": candidate.key, "title": candidate.title, "score": round(candidate.score, 3), "evidence": evidence}


def _say(one: dict[str, Any]) -> None:
    say(f"{one['key']}  {clean(one['title'])}", style="bold")
    if one["serves"]:
        say(f"  serves {', '.join(one['serves'])} already")
    for candidate in one["candidates"]:
        say(f"  {candidate['goal']}  {clean(candidate['title'])}")
        say(f"      {' · '.join(each['said'] for each in candidate['evidence'])}", style="dim")
    if not one["candidates"]:
        say("  nothing known points to any open goal: `goal search WORDS` finds goals by their words", style="dim")
        return
    say(f"  accept one: `review relink {one['key']} {one['candidates'][0]['goal']}`", style="dim")
