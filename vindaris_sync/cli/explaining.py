"""Why a review is open, with what changed in the goal since the link was confirmed, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from vindaris_sync.cli.output import clean, out
from vindaris_sync.domain.changes import Changed, told
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import Link
from vindaris_sync.domain.records import Cause, Reason, Record
from vindaris_sync.domain.wording import Kind, plain, shortened
from vindaris_sync.engine.differences import Differences
from vindaris_sync.engine.naming import chain_above
from vindaris_sync.store.store import Store

if TYPE_CHECKING:
    from rich.text import Text

_SHORT = 160
"""Characters of each change in a table."""
_STYLES = {Kind.SAME: "", Kind.OLD: "red strike", Kind.NEW: "green underline"}


def links_of(store: Store, record: Record) -> tuple[Link, ...]:
    """Return the links that hold for ``record``: its own, of the goal that it is, inherited, or by a rule."""
    carried = store.goal_book().carried
    if record.links and record.ref not in carried:
        return record.links
    chain = chain_above(store, record)
    return effective(record, record.explicit, chain, store.rule_book(), carried=carried).links


def explained(
    one: dict[str, Any], causes: Sequence[Cause], links: Iterable[Link], differences: Differences
) -> dict[str, Any]:
    """Return a review with each cause's ``since`` (the confirmed revision) and ``changes`` where its goal changed.

    ``change`` is all of it in one line of plain text.
    """
    confirmed = {str(link.goal): link for link in links}
    for told_of, cause in zip(one["causes"], sorted(causes, key=lambda cause: cause.opened), strict=True):
        link = confirmed.get(cause.key.subject) if cause.key.reason is Reason.GOAL_CHANGED else None
        changed = differences.since(link.goal, link.revision) if link else ()
        told_of |= {"since": link.revision if link else None, "change": told(changed), "changes": changed}
    return one


def shortly(one: dict[str, Any]) -> dict[str, Any]:
    """Return a review for a list of thousands: changes as one line each, not word by word."""
    causes = [{name: value for name, value in cause.items() if name != "changes"} for cause in one["causes"]]
    return {**one, "causes": causes}


def because(cause: dict[str, Any], *, shortly: bool) -> Text:
    """Return one line that says why is asked; where the goal changed, in what."""
    line = _text(f"{cause['reason']}: {cause['detail']}")
    for number, each in enumerate(cause["changes"] if shortly else ()):
        line.append(": " if number == 0 else "; ").append_text(said(each, _SHORT))
    return line


def said(changed: Changed, longest: int = 2000) -> Text:
    """Return a change in colours on a terminal, else with marks: ``title Grow [-fast-] {+faster+}``."""
    line = _text(f"{changed.name} ")
    pieces = shortened(changed.pieces, longest)
    if not out().is_terminal or out().no_color:
        return line.append(clean(plain(pieces), 2 * longest, strip=False))
    for piece in pieces:
        line.append(clean(piece.text, longest, strip=False), _STYLES[piece.kind])
    return line


def in_line(between: str, lines: Iterable[Text]) -> Text:
    """Return several lines as one."""
    from rich.text import Text

    return Text(between).join(lines)


def _text(words: str) -> Text:
    from rich.text import Text

    return Text(clean(words, 400, strip=False))
