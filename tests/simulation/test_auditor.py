"""The auditor finds nothing at a site at rest, and exactly what was damaged where something was."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation import audit_people
from tests.simulation.auditor import CHECKS, audit
from tests.simulation.conftest import Company, note
from tests.simulation.site import FIELD, Sent
from tests.simulation.truth import scene_of
from vindaris_sync.sandbox import slack
from vindaris_sync.sandbox.jira.model import Change, History

# --- damage in the database -------------------------------------------------------------------------------------------

_BY = "issue_id IN (SELECT id FROM issue WHERE ext_id = {})"
_COPIED = "CREATE TEMP TABLE more AS SELECT * FROM issue WHERE ext_id = :gone"
_OTHER = "UPDATE more SET id = 9999, ext_id = '9999', key = 'APP-9999'"
_PULL = f"{_OTHER}, tracker = 'github', ext_id = :pull, presence = 'present', closed = TRUE"
_CAUSE = (
    "INSERT INTO cause (issue_id, reason, subject, fingerprint, opened) "
    "SELECT id, 'conflict', '', 'abc', 0 FROM issue WHERE ext_id = :backlog"
)
_CONFIRMED = (
    "INSERT INTO history (at, issue_id, event, who, how, why, before, after) "
    "SELECT 1, id, 'confirmed', 'kim', 'command line', 'said so', '[]', '[]' FROM issue WHERE ext_id = :linked"
)
IN_THE_DATABASE = {
    "a title": ("nothing_is_missed", ["UPDATE issue SET title = 'Other' WHERE ext_id = :linked"]),
    "a parent": ("nothing_is_missed each_is_in_one_state", ["UPDATE issue SET parent_id = 1 WHERE ext_id = :child"]),
    "a credential": ("credentials_are_kept", ["INSERT INTO note VALUES ('conduct', 'Bearer jira-token-1')"]),
    "an issue found by a census": (
        "nothing_is_found_late",
        [
            "INSERT INTO pass VALUES ('1', 'jira', 'pull', 1772500000000000, NULL, '', '{\"newly visible\": 1}', '')",
        ],
    ),
    "a pull request": (
        "nothing_is_invented",
        [_COPIED, _PULL, "INSERT INTO issue SELECT * FROM more"],
    ),
    "an issue nobody made": ("nothing_is_invented", [_COPIED, _OTHER, "INSERT INTO issue SELECT * FROM more"]),
    "a transfer": ("absence_is_told_apart", ["UPDATE issue SET presence = 'gone' WHERE ext_id = :old"]),
    "an heir": ("absence_is_told_apart", ["UPDATE issue SET moved_to = 1 WHERE ext_id = :old"]),
    "a presence": (
        "nothing_is_missed absence_is_told_apart",
        ["UPDATE issue SET presence = 'moved' WHERE ext_id = :exempt"],
    ),
    "a state": ("each_is_in_one_state", ["UPDATE issue SET state = 'inherited' WHERE ext_id = :linked"]),
    "a carrier": ("each_is_in_one_state", ["UPDATE issue SET carrier_id = 1 WHERE ext_id = :child"]),
    "an undecided issue": ("each_is_in_one_state", ["UPDATE issue SET due = TRUE WHERE ext_id = :linked"]),
    "a question": (
        "each_question_is_open",
        [f"UPDATE cause SET is_open = FALSE, answer = 'moot' WHERE {_BY.format(':backlog')}"],
    ),
    "a review": ("each_question_is_open", ["UPDATE issue SET review_open = FALSE WHERE ext_id = :changed"]),
    "a confirmed revision": (
        "changed_goals_are_asked_about",
        [f"UPDATE link SET revision = 2 WHERE {_BY.format(':changed')}"],
    ),
    "a goal's title": (
        "goals_are_as_stated",
        ["UPDATE goal_revision SET contents = json_set(contents, '$.title', 'Other') WHERE goal_id = 5"],
    ),
    "a cursor": ("the_file_is_whole", ["DELETE FROM cursor WHERE tracker = 'jira'"]),
    "a commit unnoticed": ("the_file_is_whole", ["UPDATE counter SET value = value + 1 WHERE name = 'generation'"]),
    "a write never made": ("the_file_is_whole", ["UPDATE issue SET unwritten = TRUE WHERE ext_id = :linked"]),
    "a former row": (
        "history_only_grows",
        ["DROP TRIGGER history_update", "UPDATE history SET why = 'Other' WHERE event = 'linked'"],
    ),
    "words nobody said": ("nobody_is_misquoted", [_CONFIRMED]),
    "a conflict of nobody": (
        "conflicts_have_two_sides",
        ["""UPDATE issue SET conflict = '["", {}]' WHERE ext_id = :backlog""", _CAUSE],
    ),
    "an alert that waits": (
        "nothing_waits_to_be_told",
        ["INSERT INTO outbox (dedupe_key, subject, created, due_at) VALUES ('a', '[]', 0, 0)"],
    ),
}


@pytest.mark.parametrize("damage", IN_THE_DATABASE)
def test_damage_in_the_database_is_found(one: Company, damage: str) -> None:
    """What the database says otherwise than the world is, its checks find, and no other sees a ghost."""
    checks, statements = IN_THE_DATABASE[damage]
    one.sql(*statements)
    assert list(one.found()) == checks.split(), one.found()


def test_a_link_without_a_word_is_found(one: Company) -> None:
    """L10: a link that the history does not tell of."""
    one.site.memory.clear()
    one.sql("DROP TRIGGER history_delete", f"DELETE FROM history WHERE event = 'linked' AND {_BY.format(':linked')}")
    assert list(one.found()) == ["history_tells_every_link"], one.found()


def test_a_row_taken_out_is_found(one: Company) -> None:
    """L10: the history only grows."""
    one.sql("DROP TRIGGER history_delete", "DELETE FROM history WHERE id = (SELECT max(id) FROM history)")
    assert "history_only_grows" in one.found()


# --- damage in the world ----------------------------------------------------------------------------------------------

Damage = Callable[[Company], AbstractContextManager[object]]


@contextmanager
def _rewritten(one: Company, name: str, **values: object) -> Iterator[None]:
    """Let an issue in Jira show something else, as nobody's act."""
    issue = one.there(name)
    before = issue.state
    issue.state = replace(before, values={**before.values, **values})
    try:
        yield
    finally:
        issue.state = before


@contextmanager
def _touched(one: Company) -> Iterator[None]:
    """Let our account have changed a summary."""
    issue = one.there("linked")
    us = one.jira.accounts[one.site.trackers["jira"].token].user
    issue.histories.append(History(1, us, 0, (Change("summary", (None, "Linked"), (None, "Ours")),)))
    try:
        yield
    finally:
        issue.histories.pop()


@contextmanager
def _overwritten(one: Company) -> Iterator[None]:
    """Let our account have replaced what somebody had just set in the field."""
    issue, field = one.there("linked"), one.jira.field(FIELD)
    assert field is not None
    us = one.jira.accounts[one.site.trackers["jira"].token].user
    now = one.jira.now()
    theirs = Change(field.id, ("1", "GROW-1"), ("2", "COST-1"))
    ours = Change(field.id, ("2", "COST-1"), ("1", "GROW-1"))
    issue.histories += [
        History(1, one.jira.user("alice"), now - 2, (theirs,)),
        History(2, us, now - 1, (ours,)),
    ]
    try:
        yield
    finally:
        del issue.histories[-2:]


@contextmanager
def _said(one: Company, kind: str, name: str, **detail: str) -> Iterator[None]:
    """Let people have done something that nothing came of."""
    note(one.site, "jira", kind, one.issue[name], **detail)
    try:
        yield
    finally:
        one.site.journal.acts.pop()


@contextmanager
def _messages(one: Company, change: Callable[[list[slack.Message]], object]) -> Iterator[None]:
    """Let other messages stand in a channel."""
    channel = one.site.slack.channels["growth"]
    before = channel.messages
    channel.messages = [replace(message) for message in before]
    change(channel.messages)
    try:
        yield
    finally:
        channel.messages = before


@contextmanager
def _sent(one: Company, path: str = "/", body: bytes = b"") -> Iterator[None]:
    """Let the daemon have sent a request."""
    one.site.requests.append(Sent(0, "github", "GET", path, body, 200))
    try:
        yield
    finally:
        one.site.requests.pop()


def _say(message: slack.Message, words: str) -> None:
    message.text = f"{message.text} ({words})"


def _telling(messages: list[slack.Message], words: str) -> slack.Message:
    return next(message for message in messages if words in message.text.split("\n")[0])


def _miscounted(messages: list[slack.Message]) -> None:
    message = _telling(messages, "serves no goal")
    message.text = message.text.replace("1 issue serves", "2 issues serve")


IN_THE_WORLD: dict[str, tuple[str, Damage]] = {
    "a goal label lost": ("surfaces_show_the_link", lambda one: _rewritten(one, "linked", labels=("bug",))),
    "a review label lost": ("review_label_says_what_is_asked", lambda one: _rewritten(one, "unlinked", labels=())),
    "a review label too many": (
        "review_label_says_what_is_asked",
        lambda one: _rewritten(one, "backlog", labels=("goal-review",)),
    ),
    "a foreign label lost": ("foreign_things_stay", lambda one: _rewritten(one, "linked", labels=("goal:GROW-1",))),
    "a description changed": ("foreign_things_stay", lambda one: _rewritten(one, "linked", description="Ours")),
    "a summary that we changed": ("we_touch_what_is_ours", _touched),
    "a field that we set unseen": ("we_look_before_we_write", _overwritten),
    "an edit without effect": (
        "edits_stand",
        lambda one: _said(one, "set_goal", "linked", surface="label", value="COST-1"),
    ),
    "an edit overwritten": (
        "edits_stand",
        lambda one: _said(one, "drop_goal", "linked", surface="field", value="GROW-1"),
    ),
    "a message that is not there": (
        "teams_see_their_lists",
        lambda one: _messages(one, lambda all_: all_.remove(_telling(all_, "serves no goal"))),
    ),
    "a message that miscounts": ("teams_see_their_lists", lambda one: _messages(one, _miscounted)),
    "a credential in chat": (
        "credentials_are_kept",
        lambda one: _messages(one, lambda all_: _say(all_[0], one.site.trackers["jira"].token)),
    ),
    "a credential in an address": (
        "credentials_are_kept",
        lambda one: _sent(one, path=f"/repos?access_token={one.site.trackers['github'].token}"),
    ),
    "a private goal's title in a tracker": ("private_titles_are_kept", lambda one: _sent(one, body=b"Grow a lot")),
    "a message sent twice": (
        "nothing_is_said_twice",
        lambda one: _messages(one, lambda all_: all_.append(_telling(all_, "open work"))),
    ),
}


@pytest.mark.parametrize("damage", IN_THE_WORLD)
def test_damage_in_the_world_is_found(one: Company, damage: str) -> None:
    """What the world shows otherwise than the database says, one check finds, and no other sees a ghost."""
    check, change = IN_THE_WORLD[damage]
    with change(one):
        assert list(one.found()) == [check], one.found()
    assert one.found() == {}


@pytest.mark.parametrize(("name", "found"), [("changed", ["confirmations_are_of_what_was_seen"]), ("gone", [])])
def test_a_revision_that_nobody_saw_is_no_confirmation(one: Company, name: str, found: list[str]) -> None:
    """R10: the review label was put on before the revision that is confirmed; of what is gone, nobody knows."""
    one.sql(
        "INSERT INTO goal_revision (goal_id, revision, contents, at) SELECT goal_id, 3, contents, 9000000000000000 "
        "FROM goal_revision WHERE goal_id = 3 AND revision = 2",
        "INSERT INTO history (at, issue_id, goal_id, event, who, how, why, goal_revision, before, after) "
        "SELECT 9000000000000001, id, 3, 'confirmed', 'alice', 'review label taken off', 'right', 3, '[]', '[]' "
        f"FROM issue WHERE ext_id = :{name}",
    )
    with _said(one, "review_on", name), _said(one, "review_off", name):
        assert list(one.found()) == found, one.found()


def test_a_write_that_may_have_worked_is_not_sent_again(one: Company) -> None:
    """L3: the same POST twice, with no look in between, and with one."""
    lost = Sent(1.0, "github", "POST", "/repos/acme/web/issues/1/labels", b"{}")
    looked = Sent(2.0, "github", "POST", "/graphql", b"{}", 200)
    one.site.requests += [lost, looked, lost]
    assert one.found() == {}
    one.site.requests += [lost]
    assert list(one.found()) == ["nothing_is_sent_blindly_again"]


# --- what it is made of -----------------------------------------------------------------------------------------------


def test_every_check_was_seen_to_fail() -> None:
    """A check that nothing here makes fail proves nothing."""
    seen = {check for checks, _ in (*IN_THE_DATABASE.values(), *IN_THE_WORLD.values()) for check in checks.split()}
    seen |= {"history_tells_every_link", "confirmations_are_of_what_was_seen", "nothing_is_sent_blindly_again"}
    assert {check.__name__ for check in CHECKS} == seen


@pytest.mark.parametrize(
    "name", ["truth", "auditor", "audit_store", "audit_people", "audit_edits", "audit_chat", "audit_secrets"]
)
def test_the_auditor_shares_no_code_with_the_product(name: str) -> None:
    """It imports the standard library, the sandbox, and its own parts; the rest serves only to name types."""
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text("utf-8"))
    imported = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    roots = {alias.name for node in imported if isinstance(node, ast.Import) for alias in node.names}
    roots |= {node.module or "" for node in imported if isinstance(node, ast.ImportFrom)}
    own = ("vindaris_sync.sandbox", "tests.simulation")
    foreign = {root for root in roots if root.split(".")[0] not in sys.stdlib_module_names and not root.startswith(own)}
    assert foreign == set()
    parts = {alias.name for node in imported if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not parts & {"site", "machine", "company", "Site"}


def test_the_auditor_remembers_from_one_audit_to_the_next(one: Company) -> None:
    """The second audit of a site in which nothing happened finds nothing, and its window is empty."""
    assert audit(one.site) == []
    window = audit_people.window_of(scene_of(one.site))
    assert (list(window.acts), list(window.rows)) == ([], [])
