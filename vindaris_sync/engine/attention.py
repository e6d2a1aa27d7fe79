"""Looking after the set-up: what no issue tells is looked at before every census, and at night (R2)."""

from __future__ import annotations

from datetime import timedelta

import structlog

from vindaris_sync.engine.context import Context, Tracker

log = structlog.get_logger("vindaris_sync.attention")

_REMARKS_LAST = timedelta(days=7)


def look(context: Context, tracker: Tracker) -> None:
    """Ask for permissions, fields, screens and names, remember what is wrong, and announce what has changed.

    A surface that works again is read anew from every issue, so that both sides meet. Raises as the connector does.
    """
    name, now = tracker.name, context.now()
    context.store.put_findings(name, tracker.connector.check(), now)
    context.store.forget_remarks(name, now, _REMARKS_LAST)
    layout = context.meet(name)
    working = {surface.key for surface in layout.surfaces} - layout.broken
    before = context.store.note(_working(name))
    context.store.put_note(_working(name), sorted(working))
    if before is not None and working.difference(before):
        log.info("surfaces work again", tracker=name, surfaces=sorted(working.difference(before)))
        context.store.forget_cursors(name, tracker.connector.recall(context.store.cursors(name)))


def _working(tracker: str) -> str:
    return f"working {tracker}"
