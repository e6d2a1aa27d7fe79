"""Goals: what their source states is taken over; a refused source leaves the last good goals in force."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from vindaris_sync.domain.actions import Action, Announce
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.ruling import serving_rules
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.ruling import follow_rules, keep_stated
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused

REFUSED = "goals refused"
"""The note that holds why the source was refused last; an empty list: it was taken over."""

TAKEN = "goals taken over"
"""The note that says as of which state of their sources, and for which material fields, goals are in force."""

log = structlog.get_logger("vindaris_sync.goals")


@dataclass(frozen=True, slots=True)
class GoalsReport:
    """What a look at the source did: problems (none: it was taken over), and the goals whose revision grew.

    ``asked``: what follows for the reviews of link rules.
    """

    problems: tuple[str, ...] = ()
    revised: tuple[int, ...] = ()
    asked: tuple[Action, ...] = ()


def refresh_goals(context: Context, *, promote_all: bool = False) -> GoalsReport:
    """Read the source, keep edits as pending, and promote what has rested long enough (R11).

    ``promote_all``: pending edits become revisions at once. Affected issues are marked due in the same transaction;
    link rules whose goal changed are asked about.
    """
    problems: tuple[str, ...] = ()
    try:
        read = context.source.read()
    except GoalsRefused as refusal:
        problems = refusal.problems
    except Transient as error:
        problems = (str(error),)
    else:
        problems = read.problems
        _take_over(context, read)
    if context.store.put_note(REFUSED, list(problems)):
        context.store.announce(Announce("", "", Kind.GOALS, "", context.now()), now=context.now())
    if promote_all:
        context.store.rest_work()
    revised = context.store.promote(context.now(), context.rules.debounce, force=promote_all)
    asked = follow_rules(context)
    if problems or revised:
        log.info("goals", problems=list(problems), revised=len(revised))
    return GoalsReport(problems, tuple(revised), tuple(asked))


def _take_over(context: Context, read: GoalsRead) -> None:
    """Let the store follow what is stated; nothing to do where nobody has edited anything since."""
    goals = context.store.at_home(read.goals)
    stamp = [read.digest, context.rules.material.stamp, [str(goal.issue) for goal in goals if goal.issue]]
    with context.store.transaction():
        if not context.store.put_note(TAKEN, stamp):
            return
        keep_stated(context.store, serving_rules(goals))
        found = context.store.put_goals(goals, context.now(), context.rules.material)
        context.store.put_required(goals, context.now())
        if found.missing or found.returned:
            context.store.announce(Announce("", "", Kind.MISSING_GOALS, "", context.now()), now=context.now())


def retire_goal(context: Context, number: int) -> bool:
    """End a goal for good that its source states no more; False where it is stated: its status is set there.

    Whoever is on it is asked, as with any abandoned goal.
    """
    retired = context.store.retire_goal(number, context.now())
    if retired:
        context.store.announce(Announce("", "", Kind.MISSING_GOALS, "", context.now()), now=context.now())
    return retired
