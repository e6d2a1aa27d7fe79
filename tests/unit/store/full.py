"""A store in which every table holds something, hostile texts among it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Double, Text

from tests.unit.store.world import (
    LABEL,
    NOW,
    SURFACES,
    UNLINKED,
    T,
    closed,
    decide_unlinked,
    due,
    explicit,
    issue,
    link,
    opened,
    page,
    plan,
    put,
    state,
)
from vindaris_sync.domain.actions import Announce, AskGoal, AskRule, SetBases, SetConflict, StandFor, Wake
from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.domain.living import Living
from vindaris_sync.domain.models import Address, Base, Exemption, Gone, Hidden, LinkState, Moved, Rejected
from vindaris_sync.domain.muting import Mute, Muted
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Conflict, Reason, Stood
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.domain.rules import Condition, Stated
from vindaris_sync.store.passes import ReportFacts
from vindaris_sync.store.portable import Kind, insert
from vindaris_sync.store.store import Store
from vindaris_sync.store.tables import schema

HOSTILE = (
    "plain",
    "quotes \" and \\ and ' and ;--",
    "line\nbreak\r\n\ttab \u2028 \u2029 \x85 \x1b[31m",
    "<script>alert(1)</script> {{7*7}} =cmd()",
    "\u202egnirts \u200f e\u0301 \U0001f469\u200d\U0001f680 漢字 İ",
    "",
    '{"kind":"end"}',
    "x" * 20_000,
)


def fill(store: Store) -> list[int]:
    """Put something into every table, and return the numbers of the issues."""
    store.put_tracker(T, "github")
    _goals(store)
    issues = [issue(number, title=title) for number, title in enumerate(HOSTILE, 1)]
    issues += [issue(number, parent=Address(T, "id1", "acme/web#1")) for number in range(20, 24)]
    numbers = put(store, *issues)
    store.record_page(T, page(issue(90), cursor="c2", scope="acme/api"), SURFACES, NOW)
    _decide(store, numbers)
    _rule(store)
    _work(store, numbers)
    _see(store)
    _remember(store)
    return numbers


def _goals(store: Store) -> None:
    first = Goal("G-1", "Faster", outcomes=(Outcome("seconds", "s", 3.5, 0.1, 2.25),))
    second = Goal("Ziel-ß", HOSTILE[4], parent="G-1", was=("OLD",), priority="P1", visibility="private")
    store.put_goals([first, second, Goal("G-3", "Done", status=Status.ACHIEVED)], NOW)
    store.put_goals([Goal("G-1", "Much faster"), second], NOW + timedelta(hours=1))
    store.promote(NOW + timedelta(hours=2), timedelta(minutes=10), who="ann")
    store.put_goals([Goal("G-1", "Very much faster"), second], NOW + timedelta(hours=3))  # rests


def _decide(store: Store, numbers: list[int]) -> None:
    one, two, three, four, *rest = numbers
    decide_unlinked(store, *numbers)
    exempt = Exemption(HOSTILE[2], "ünï", NOW, NOW + timedelta(days=90))
    store.apply(
        plan(
            explicit(one, (link(1),)),
            explicit(two, (link(1), link(2, primary=False))),
            explicit(three, exempt, "exempted"),
            *(closed(each, answer=Answer.DECIDED) for each in (one, two, three, *rest[-4:])),
            state(one, LinkState.LINKED, goals=(1,), carrier=one),
            state(two, LinkState.LINKED, goals=(1, 2), carrier=two),
            state(three, LinkState.EXEMPT, carrier=three),
            *(state(each, LinkState.INHERITED, goals=(1,), carrier=one) for each in rest[-4:]),
            SetBases(one, {LABEL.key: Base(("goal:G-1", HOSTILE[3]), "acme/web", "Bug", NOW)}),
            SetConflict(four, Conflict('["G-1"]', {LABEL.key: ("goal:Ziel-ß",)})),
            Wake(three, NOW + timedelta(days=90)),
            decided=numbers,
        ),
        "p1",
        NOW + timedelta(hours=4),
    )
    confirmed = explicit(two, (replace(link(1), revision=2), link(2, primary=False)), "confirmed")
    store.apply(plan(confirmed, StandFor(two, Stood(frozenset({UNLINKED}), {1: 2}))), "p2", NOW + timedelta(hours=5))
    store.apply(plan(closed(four), opened(four), decided=numbers), "p3", NOW + timedelta(hours=6))


def _rule(store: Store) -> None:
    asks = {Condition.LABEL: (HOSTILE[3], "Ünï"), Condition.MILESTONE: (HOSTILE[1],)}
    before = due(store)
    store.put_rules([Stated("G-1", asks), Stated("NONE", {Condition.PLACE: ("x",)})], store.goal_book(), NOW)
    [ruled] = put(store, issue(91, labels=(HOSTILE[3],)), cursor="c2")
    changed = Cause(CauseKey(Reason.GOAL_CHANGED, "1", "r3"), NOW, NOW, labelled=False, detail=HOSTILE[2])
    linked = replace(state(ruled, LinkState.LINKED, goals=(1,)), rule=1)
    decided = sorted(set(due(store)) - set(before))
    store.apply(plan(linked, AskRule(1, changed), decided=decided), "p4", NOW + timedelta(hours=6))


def _work(store: Store, numbers: list[int]) -> None:
    items = tuple(
        Requirement(name, T, "acme/web", HOSTILE[3], body=HOSTILE[2]) for name in ("made", "begun", "Ünï", "waiting")
    )
    store.put_required([Goal("G-1", "Very much faster", requires=items)], NOW)
    made, begun, refused, _ = store.works()
    for work in (made, begun, refused):
        assert store.begin_work(work, 2, NOW)
    store.work_made(made, numbers[0], HOSTILE[1])
    store.end_work(refused, HOSTILE[1], HOSTILE[2])
    dropped = Cause(CauseKey(Reason.WORK_DROPPED, "made", "declined:1"), NOW, NOW, labelled=False, detail=HOSTILE[2])
    store.apply(plan(AskGoal(1, dropped)), "p5", NOW + timedelta(hours=6))


def _see(store: Store) -> None:
    later = NOW + timedelta(hours=7)
    moved = issue(6, at=9, key="acme/api#6", place="acme/api", ext_id="id6-new")
    seen = (
        Gone(Address(T, "id7", "acme/web#7"), "deleted"),
        Hidden(Address(T, "id8", "acme/web#8"), HOSTILE[1]),
        Moved(Address(T, "id6", "acme/web#6"), moved),
    )
    store.record_seen(T, seen, SURFACES, later)


def _remember(store: Store) -> None:
    store.mark_loaded(T, NOW)
    store.hold(T, [4], 20, NOW)
    store.begin_pass("p1", T, "pull", NOW)
    store.end_pass("p1", "ok", {"pulled": 3}, NOW)
    store.begin_pass("p2", T, "pull", NOW)
    store.begin_run("nightly", date(2026, 3, 2), NOW)
    store.put_report(ReportFacts(NOW, date(2026, 3, 2), {"coverage": {"share": 0.1}, "title": HOSTILE[4]}, "/r.html"))
    store.put_living('["Growth","unlinked",""]', "growth", Living(1, 2, open=True, members=frozenset({"web:id1"})))
    store.put_note("goals refused", [HOSTILE[1]])
    store.announce(Announce(T, "acme/web", "unlinked", "", NOW), now=NOW)
    store.record_page(T, page(cursor="c3"), SURFACES, NOW)
    spoilt = Rejected("id99", "acme/web#99", HOSTILE[3], HOSTILE[2])
    rejected = page(cursor="c4")
    store.record_page(T, type(rejected)(rejected.scope, (), "c4", (spoilt,)), SURFACES, NOW)
    week = NOW + timedelta(days=7)
    for number, about in enumerate((Muted(team=HOSTILE[1]), Muted(goal=1), Muted(issue=4))):
        store.mute(Mute(0, about, NOW, week + timedelta(days=number), HOSTILE[4], "page", HOSTILE[3]))
    with store._db.write() as sql:  # noqa: SLF001 - what only a refusal by a tracker puts there, and the like
        for table in schema.sorted_tables:
            if sql.row(f"SELECT 1 FROM {table.name}") is None:
                sql.run(insert(Kind(table.name, tuple(table.columns), ())), tuple(map(_something, table.columns)))


def _something(column: Column[Any]) -> object:
    """Return a value for a column of the daemon's own tables."""
    default = getattr(column.server_default, "arg", None)
    if isinstance(column.type, Text):
        return str(default).strip("'") if default is not None else T if column.name == "tracker" else HOSTILE[1]
    return 1.5 if isinstance(column.type, Double) else 1
