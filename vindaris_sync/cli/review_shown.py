"""One open review, whole: who is asked, why, and word by word what changed since the link was confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from vindaris_sync.app import open_store, teams_of
from vindaris_sync.cli.explaining import because, explained, links_of, said
from vindaris_sync.cli.output import emit, moment, say, say_text
from vindaris_sync.cli.reviews import document
from vindaris_sync.cli.rules_shown import asked
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.records import DECISION_ONLY
from vindaris_sync.domain.work import GOAL_PREFIX
from vindaris_sync.engine.differences import Differences
from vindaris_sync.engine.naming import is_goal, is_rule, named_goals, the_goal, the_issue, the_rule
from vindaris_sync.engine.silence import Silence
from vindaris_sync.engine.told import told
from vindaris_sync.store.store import Store


def show(config: Config, refs: Sequence[str], *, as_json: bool) -> None:
    """Print what each of ``refs`` is asked."""
    with open_store(config) as store:
        differences = Differences(store)
        found = [_review(config, store, ref, differences) for ref in refs]
    if as_json:
        emit({"reviews": found})
        return
    for number, one in enumerate(found):
        if number:
            say()
        _say(one)


def _review(config: Config, store: Store, ref: str, differences: Differences) -> dict[str, Any]:
    if is_rule(ref):
        rule = the_rule(store, ref)
        causes = sorted((cause for cause in rule.causes if cause.open), key=lambda cause: cause.opened)
        one = {"issue": rule.name, "key": rule.name, "title": rule.stated.name, "place": "", "team": ""}
        links = (rule.link,) if rule.link else ()
        shown = {**one, "goals": [rule.stated.goal], "causes": list(map(asked, causes))}
        return explained(shown, causes, links, differences)
    if is_goal(ref):
        return _goal(store, the_goal(store.goal_book(), ref.removeprefix(GOAL_PREFIX)))
    record = the_issue(store, ref)
    team = teams_of(config).among(store.called()).of_place(record.ref.tracker, record.place)
    causes = sorted((cause for cause in record.causes if cause.open), key=lambda cause: cause.opened)
    found = document(record, causes, team.name if team else "", named_goals(store.goal_book(), record.goals))
    silence = Silence.at(store, datetime.now(UTC))
    for number, cause in enumerate(causes):
        each = told(store, record, cause, team, silence)
        found["causes"][number]["told"] = {"at": each.at, "why": each.why, "words": each.words(team, silence.now)}
    return explained(found, causes, links_of(store, record), differences)


def _goal(store: Store, goal: int) -> dict[str, Any]:
    facts = store.goal_book().goals[goal]
    causes = [asked(cause) for cause in store.goal_causes().get(goal, ()) if cause.open]
    name = f"{GOAL_PREFIX}{facts.key}"
    shown = [{**each, "since": None, "change": "", "changes": ()} for each in causes]
    one = {"issue": name, "key": name, "title": facts.title, "place": "", "team": ""}
    return {**one, "goals": [facts.key], "causes": shown}


def _say(one: dict[str, Any]) -> None:
    say(f"{one['key']}  {one['title']}", style="bold")
    where = " · ".join(filter(None, (one["place"], one["team"], f"serves {', '.join(one['goals']) or 'no goal'}")))
    say(f"  {where}")
    if not one["causes"]:
        say("  asks nothing")
        return
    for cause in one["causes"]:
        line = because(cause, shortly=False).append(f" (since {moment(cause['opened'])})")
        say_text(line.append(", acknowledged" if cause["answer"] else ""), indent=2)
        if "told" in cause:
            say(f"      {cause['told']['words']}", style="dim")
        for changed in cause["changes"]:
            say_text(said(changed), indent=6)
    reasons = {cause["reason"] for cause in one["causes"]}
    ways = [f"review relink {one['key']} GOAL", f"review exempt {one['key']} --reason …"]
    if not reasons <= set(DECISION_ONLY):
        ways.insert(0, f"review confirm {one['key']}")
    say(
        f"  answer: {', or '.join(f'`{way}`' for way in (ways[:1] if one['key'].startswith('rule:') else ways))}",
        style="dim",
    )
