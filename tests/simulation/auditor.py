"""The independent auditor: after a quiet period it lays the world's truth beside the database and names what is wrong.

It shares no code with the engine, the store, the domain or the connectors: what trackers and chat hold is read from
the sandbox's worlds, what is stored by plain SQL, and what must follow is worked out anew (``audit_store``,
``audit_people``, ``audit_edits``, ``audit_chat``, ``audit_secrets``). What only two rounds show when held against one
another, that a second one is quiet (L3) and that a plan is what happens (L12), ``history`` judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import audit_chat, audit_edits, audit_people, audit_secrets, audit_store
from tests.simulation.truth import Violation as Violation  # noqa: PLC0414 - what an audit returns
from tests.simulation.truth import scene_of

if TYPE_CHECKING:
    from tests.simulation.site import Site

CHECKS = (*audit_store.CHECKS, *audit_people.CHECKS, *audit_edits.CHECKS, *audit_chat.CHECKS, *audit_secrets.CHECKS)


def audit(site: Site) -> list[Violation]:
    """Return everything that is wrong with a site at rest, and remember what was seen for the next audit.

    Call it after a quiet period: no fault stands, every tracker was pulled since the last act and nothing waits for
    its time. What only the next night can find out (deletions, moves out of sight, renamed definitions) is judged
    once a night has passed.
    """
    scene = scene_of(site)
    found = [violation for check in CHECKS for violation in check(scene)]
    audit_people.remember(scene)
    return found
