"""Kubernetes' enhancement proposals as goals: each SIG is a goal, and its proposals are below it.

Input: one JSON object a line with ``path``, ``kep_yaml`` and ``summary``, as a crawl of kubernetes/enhancements gives.

    python examples/keps.py keps.jsonl.gz > goals.d/keps.toml
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from stated import Goal, arguments, lines_of, one_line, write

_STATUS = {
    "provisional": "proposed",
    "implementable": "active",
    "implemented": "achieved",
    **dict.fromkeys(("deferred", "rejected", "withdrawn", "replaced", "superseded", "removed"), "abandoned"),
}
_STAGES = {"alpha": "P2", "beta": "P1", "stable": "P0"}
"""What is nearest to everybody goes first: proposals have stages, and no priorities."""


def goals(proposals: Iterable[dict[str, Any]]) -> Iterator[Goal]:
    """Yield a goal for each SIG, then one for each proposal."""
    told = sorted(proposals, key=lambda each: str(each["path"]))
    sigs = dict.fromkeys(_sig(each["kep_yaml"]) for each in told)
    for sig in sorted(sigs):
        yield {"key": sig.upper(), "title": f"What {sig} enhances"}
    yield from map(_proposal, told)


def _proposal(each: dict[str, Any]) -> Goal:
    text = str(each["kep_yaml"])
    folder = PurePosixPath(each["path"]).parent.name
    number = each["number_from_dir"] or _field(text, "kep-number") or folder
    milestone = _field(text, "latest-milestone")
    return {
        "key": f"KEP-{number}",
        "title": _field(text, "title") or folder,
        "description": one_line(str(each.get("summary") or "")),
        "parent": _sig(text).upper(),
        "status": _status(_field(text, "status")),
        "priority": _STAGES.get(_field(text, "stage")),
        "period": milestone if milestone not in ("0.0", "v0.0") else None,
        "owner": _first_author(text),
    }


def _field(text: str, name: str) -> str:
    """Return a scalar of a proposal's YAML, which is flat: quotes and remarks taken off."""
    found = re.search(rf"^{name}:[ \t]*(.*)$", text, re.MULTILINE)
    if not found:
        return ""
    value = found[1].strip()
    quoted = re.match(r"([\"'])(.*?)\1", value)
    return one_line(quoted[2] if quoted else re.split(r"\s#", value)[0])


def _sig(text: str) -> str:
    return _field(text, "owning-sig") or "sig-none"


def _status(word: str) -> str:
    """Return the status that a word means; a misspelt one means the nearest, and a list of them is a template's."""
    first = re.split(r"[\s|(]", word)[0]
    near = get_close_matches(first, _STATUS, n=1)
    return _STATUS[near[0]] if near else "proposed"


def _first_author(text: str) -> str:
    found = re.search(r"^authors:\s*\n\s*-\s*[\"']?([^\"'\n]+)", text, re.MULTILINE)
    return one_line(found[1]) if found else ""


if __name__ == "__main__":
    given = arguments("Kubernetes' enhancement proposals as goals.", "one JSON object a line, .jsonl or .jsonl.gz")
    write(goals(lines_of(given.source)), feed=given.feed)
