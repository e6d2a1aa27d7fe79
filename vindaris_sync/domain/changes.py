"""What changed in a goal from one revision to another, for people: one line, or word by word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vindaris_sync.domain.goals import MATERIAL, Contents, differs, fold
from vindaris_sync.domain.wording import Piece, changed_whole, compare, plain, shortened

_SHOWN = 80
_TEXTS = ("title", "description")


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that differs: ``name`` tells what, and whose it is where an ancestor gives it; then word by word."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Edit:
    """A value then and now; ``None``: there was none, there is none."""

    name: str
    old: str | None
    new: str | None


def changes(
    a: Contents, b: Contents, material: Collection[str] = MATERIAL, spelled: Callable[[str], str] = str.upper
) -> tuple[Changed, ...]:
    """Return what changed from ``a`` to ``b`` in the material fields, word by word; nothing where nothing did.

    ``spelled`` returns how the goal is called whose folded oldest key it is given. What is returned shows titles and
    numbers: render it only where the goal's audience may see them (L9).
    """
    found: list[Changed] = []
    for edit in _edits(a, b, material):
        old, new = edit.old or "", edit.new or ""
        if edit.name == "parent":
            old, new = (spelled(key) if key else "" for key in (old, new))
        pieces = compare(old, new) if edit.name in _TEXTS else changed_whole(old, new)
        found.append(Changed(edit.name + _given(edit.name, a, b, spelled), pieces))
    return tuple(found)


def _given(name: str, a: Contents, b: Contents, spelled: Callable[[str], str]) -> str:
    """Return from which ancestor the value is taken that changed; empty where it is the goal's own."""
    stated = b if b.get(name) else a
    giver = stated.get("inherited", {}).get(name, "")
    if not giver:
        return ""
    return f" of {spelled(giver)}, its {'parent' if giver == fold(stated['parent']) else 'ancestor'}"


def told(changed: Collection[Changed], longest: int = 400) -> str:
    """Return changes as one line without colours, shortened to what changed and a little beside it."""
    return "; ".join(f"{each.name} {plain(shortened(each.pieces, longest))}" for each in changed)


def describe_change(a: Contents, b: Contents, material: Collection[str] = MATERIAL) -> str:
    """Return one line that says what changed from ``a`` to ``b`` in the material fields; empty where nothing did.

    It shows titles and numbers: render it only where the goal's audience may see them (L9).
    """
    return "; ".join(_described(edit) for edit in _edits(a, b, material))


def _described(edit: _Edit) -> str:
    if edit.name == "description":
        return "description changed"
    if edit.name == "title":
        return f"title {_quoted(edit.old or '')} → {_quoted(edit.new or '')}"
    if edit.new is None:
        return f"{edit.name} dropped"
    if edit.old is None:
        return f"new {edit.name}, {edit.new}"
    return f"{edit.name} {edit.old or 'none'} → {edit.new or 'none'}"


# --- field by field -----------------------------------------------------------------------------------------------


def _edits(a: Contents, b: Contents, material: Collection[str]) -> Iterator[_Edit]:
    """Yield what differs: outcomes first, then the other fields in the order of ``MATERIAL``."""
    for name in sorted(differs(a, b, material), key=("outcomes", *MATERIAL).index):
        if name == "outcomes":
            yield from _outcome_edits(a.get(name, ()), b.get(name, ()))
        else:
            yield _Edit(name, a.get(name) or "", b.get(name) or "")


def _outcome_edits(a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]) -> Iterator[_Edit]:
    old, new = _only_in(a, b), _only_in(b, a)
    for metric in sorted(old.keys() | new.keys()):
        before, after = old.get(metric, []), new.get(metric, [])
        for one, other in zip(before, after, strict=False):
            yield from _outcome_edit(one, other)
        for outcome in before[len(after) :]:
            yield _Edit(f"outcome {_quoted(metric)}", _target(outcome), None)
        for outcome in after[len(before) :]:
            yield _Edit(f"outcome {_quoted(metric)}", None, _target(outcome))


def _outcome_edit(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Edit]:
    metric = _quoted(new["metric"])
    if old["unit"] != new["unit"]:
        yield _Edit(f"unit of {metric}", old["unit"] or "none", new["unit"] or "none")
    for name in ("baseline", "target"):
        if old[name] != new[name]:
            yield _Edit(f"{name} of {metric}", _amount(old[name], old["unit"]), _amount(new[name], new["unit"]))


def _only_in(a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    left = Counter(map(_canonical, a)) - Counter(map(_canonical, b))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for text in left.elements():
        outcome = json.loads(text)
        found.setdefault(outcome["metric"], []).append(outcome)
    return found


def _canonical(outcome: Mapping[str, Any]) -> str:
    return json.dumps(outcome, sort_keys=True)


def _target(outcome: Mapping[str, Any]) -> str:
    return f"target {_amount(outcome['target'], outcome['unit'])}"


def _amount(value: float | None, unit: str) -> str:
    return "none" if value is None else f"{repr(value).removesuffix('.0')} {unit}".rstrip()


def _quoted(text: str) -> str:
    return f"'{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}'"
