"""Cloud's requests about many issues at once: reads, changelogs, and the edit that runs as a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.jira.edit import Edit
from vindaris_sync.sandbox.jira.exchange import Call, Route, listed, reply, route, whole
from vindaris_sync.sandbox.jira.model import Account, History, Issue, Json
from vindaris_sync.sandbox.jira.refusal import NOT_SEEN, Refusal
from vindaris_sync.sandbox.jira.wire import Selection
from vindaris_sync.sandbox.jira.world import World

MAX_FETCHED = 100
MAX_CHANGELOGS = 1000
MAX_EDITED = 1000
MAX_CHANGELOG_PAGE = 10_000
MAX_CHANGELOG_FIELDS = 10


def fetch(call: Call) -> Response:
    """``POST /issue/bulkfetch``: issues in ascending order of id, by id or any key they ever had."""
    body = call.document()
    refs = list(dict.fromkeys(listed(body.get("issueIdsOrKeys"))))
    if not refs or len(refs) > MAX_FETCHED:
        raise Refusal(f"The number of issues to fetch must be between 1 and {MAX_FETCHED}.")
    selection = Selection.of(listed(body.get("fields")), "*navigable")
    found = {ref: call.world.seen(ref, call.account) for ref in refs}
    states = sorted({i.state.id: i.state for i in found.values() if i is not None}.items())
    errors = [{"id": ref, "errorMessage": NOT_SEEN} for ref, issue in found.items() if issue is None]
    return reply({"issues": [call.show(state, selection, body) for _, state in states], "issueErrors": errors})


def changelogs(call: Call) -> Response:
    """``POST /changelog/bulkfetch``: histories of up to 1,000 issues, the oldest first, by token.

    ``created`` is in epoch milliseconds, as the published example prints it (the published schema says otherwise).
    """
    body = call.document()
    refs, ids = listed(body.get("issueIdsOrKeys")), set(listed(body.get("fieldIds")))
    if not refs or len(refs) > MAX_CHANGELOGS or len(ids) > MAX_CHANGELOG_FIELDS:
        raise Refusal(f"Ask for 1 to {MAX_CHANGELOGS} issues and at most {MAX_CHANGELOG_FIELDS} fields.")
    start = _offset(body.get("nextPageToken"))
    size = max(1, min(whole(body, "maxResults", 1000), MAX_CHANGELOG_PAGE))
    entries = _entries(call, refs, ids)
    page: dict[int, list[Json]] = {}
    for issue, entry in entries[start : start + size]:
        shown = {**call.printer.history(entry), "created": entry.created}
        page.setdefault(issue.state.id, []).append(shown)
    logs = [{"issueId": str(id_), "changeHistories": shown} for id_, shown in page.items()]
    more = {"nextPageToken": str(start + size)} if start + size < len(entries) else {}
    return reply({"issueChangeLogs": logs, **more})


def _offset(token: object) -> int:
    if token is None:
        return 0
    if not str(token).isdecimal():
        raise Refusal("The nextPageToken is invalid.")
    return int(str(token))


def _entries(call: Call, refs: list[str], ids: set[str]) -> list[tuple[Issue, History]]:
    found = (call.world.seen(ref, call.account) for ref in refs)
    issues = {issue.state.id: issue for issue in found if issue is not None}
    entries = [
        (issue, entry)
        for issue in issues.values()
        for entry in issue.histories
        if not ids or any(change.field in ids for change in entry.changes)
    ]
    return sorted(entries, key=lambda pair: (pair[1].created, pair[0].state.id, pair[1].id))


@dataclass(slots=True)
class Task:
    """A bulk edit: accepted, and carried out when it is due."""

    id: str
    account: Account
    issues: list[Issue]
    body: Json
    quiet: bool
    submitted: int
    due: int
    unseen: int
    finished: bool = False
    processed: list[int] = field(default_factory=list)
    failed: dict[str, list[str]] = field(default_factory=dict)

    def run(self, world: World) -> None:
        """Edit every issue, each wholly or not at all; what fails is kept with its reasons."""
        self.finished = True
        for issue in self.issues:
            try:
                self._edit(world, issue)
            except Refusal as refusal:
                self.failed[str(issue.state.id)] = [*refusal.messages, *refusal.errors.values()]
            else:
                self.processed.append(issue.state.id)

    def _edit(self, world: World, issue: Issue) -> None:
        if not world.visible(issue, self.account) or not self.account.edits(issue.state.project):
            raise Refusal("You do not have permission to edit issues in this project.")
        values = Edit(world, issue.state.project, issue.state, "3").values(self.body)
        world.change(issue, self.account.user, values, quiet=self.quiet)


class BulkEdits:
    """``/bulk/issues/fields`` and its queue. ``duration`` is how long a task takes on the site's clock."""

    def __init__(self) -> None:
        self.duration = timedelta()
        self._tasks: dict[str, Task] = {}

    def settle(self, world: World) -> None:
        """Carry out every task that is due."""
        now = world.now()
        for task in self._tasks.values():
            if not task.finished and task.due <= now:
                task.run(world)

    def submit(self, call: Call) -> Response:
        """``POST /bulk/issues/fields``: 201 with the task's id."""
        account = _bulk_changer(call)
        body = call.document()
        refs = list(dict.fromkeys(listed(body.get("selectedIssueIdsOrKeys"))))
        if not refs or len(refs) > MAX_EDITED:
            raise BulkRefusal(f"The number of issues must be between 1 and {MAX_EDITED}.")
        found = [call.world.seen(ref, account) for ref in refs]
        issues = list({issue.state.id: issue for issue in found if issue is not None}.values())
        now = call.world.now()
        due = now + self.duration // timedelta(milliseconds=1)
        quiet = body.get("sendBulkNotification") is False
        task = Task(call.world.new_id(), account, issues, _edits(call, body), quiet, now, due, found.count(None))
        self._tasks[task.id] = task
        self.settle(call.world)
        return reply({"taskId": task.id}, HTTPStatus.CREATED)

    def progress(self, call: Call) -> Response:
        """``GET /bulk/queue/{task}``; instants in epoch milliseconds, as the published example prints them."""
        _bulk_changer(call)
        task = self._tasks.get(call.params["task"])
        if task is None:
            raise BulkRefusal("The task associated with this taskId is not a bulk operation task")
        document: Json = {
            "taskId": task.id,
            "status": "COMPLETE" if task.finished else "RUNNING",
            "progressPercent": 100 if task.finished else 0,
            "submittedBy": {"accountId": task.account.user.account_id},
            "created": task.submitted,
            "started": task.submitted,
            "updated": task.due if task.finished else call.world.now(),
        }
        return reply({**document, **(_outcome(task) if task.finished else {})})

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of this queue."""
        return (
            route("POST", "/bulk/issues/fields", self.submit),
            route("GET", "/bulk/queue/{task}", self.progress),
        )


class BulkRefusal(Refusal):
    """Printed in the bulk requests' own shape: ``{"errors":[{"message":…}]}``."""


def _outcome(task: Task) -> Json:
    return {
        "processedAccessibleIssues": task.processed,
        "failedAccessibleIssues": task.failed,
        "invalidOrInaccessibleIssueCount": task.unseen,
        "totalIssueCount": len(task.issues) + task.unseen,
    }


def _bulk_changer(call: Call) -> Account:
    if call.account is None:
        raise BulkRefusal("Authentication is required.", status=HTTPStatus.UNAUTHORIZED)
    if not call.account.bulk_change:
        message = "You do not have the global Bulk Change permission."
        raise BulkRefusal(message, status=HTTPStatus.FORBIDDEN)
    return call.account


def _edits(call: Call, body: Json) -> Json:
    """Return a bulk edit in the shape of a single one: the ``fields`` and ``update`` of ``PUT /issue``."""
    given = body.get("editedFieldsInput")
    selected = set(listed(body.get("selectedActions")))
    fields: Json = {}
    update: Json = {}
    for shape, inputs in (given if isinstance(given, dict) else {}).items():
        if shape not in _SHAPES:
            raise BulkRefusal(f"The sandbox does not edit {shape} in bulk.")
        for item in inputs if isinstance(inputs, list) else [inputs]:
            _SHAPES[shape](item, fields, update)
    unlisted = sorted((fields.keys() | update.keys()) - selected)
    if unlisted or not selected:
        names = ", ".join(unlisted)
        raise BulkRefusal(f"The following editedFieldInput values are not listed as selectedActions : {names}")
    if unknown := [id_ for id_ in selected if id_ not in call.world.fields]:
        raise BulkRefusal(f"The following fields do not exist: {', '.join(unknown)}")
    return {"fields": fields, "update": update}


def _labels(item: Json, _: Json, update: Json) -> None:
    names = [_get(label, "name") for label in _listed(item, "labels")]
    match _get(item, "bulkEditMultiSelectFieldOption"):
        case "ADD":
            operations = [{"add": name} for name in names]
        case "REMOVE":
            operations = [{"remove": name} for name in names]
        case "REPLACE":
            operations = [{"set": names}]
        case "REMOVE_ALL":
            operations = [{"set": []}]
        case other:
            raise BulkRefusal(f"bulkEditMultiSelectFieldOption cannot be {other}")
    update.setdefault(_field(item), []).extend(operations)


def _select(item: Json, fields: Json, _: Json) -> None:
    chosen = _get(_get(item, "option"), "optionId")
    fields[_field(item)] = None if chosen == -1 else {"id": str(chosen)}


def _multi_select(item: Json, fields: Json, update: Json) -> None:
    id_, options = _get(item, "fieldId"), [{"id": str(_get(option, "optionId"))} for option in _get(item, "options")]
    match _get(item, "bulkEditMultiSelectFieldOption"):
        case "ADD":
            update.setdefault(id_, []).extend({"add": option} for option in options)
        case "REMOVE":
            update.setdefault(id_, []).extend({"remove": option} for option in options)
        case "REPLACE":
            fields[id_] = options
        case "REMOVE_ALL":
            fields[id_] = None
        case other:
            raise BulkRefusal(f"bulkEditMultiSelectFieldOption cannot be {other}")


def _line(item: Json, fields: Json, _: Json) -> None:
    fields[_field(item)] = _get(item, "text")


def _priority(item: Json, fields: Json, _: Json) -> None:
    fields["priority"] = {"id": _get(item, "priorityId")}


def _get(item: object, key: str) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
    if not isinstance(item, dict) or key not in item:
        raise BulkRefusal(f"{key} is required.")
    return item[key]


def _listed(item: object, key: str) -> list[Any]:
    listed_ = _get(item, key)
    if not isinstance(listed_, list):
        raise BulkRefusal(f"{key} must be a list.")
    return listed_


def _field(item: object) -> str:
    return str(_get(item, "fieldId"))


_SHAPES: dict[str, Callable[[Json, Json, Json], None]] = {
    "labelsFields": _labels,
    "singleSelectFields": _select,
    "multipleSelectFields": _multi_select,
    "singleLineTextFields": _line,
    "priority": _priority,
}
ROUTES: tuple[Route, ...] = (
    route("POST", "/issue/bulkfetch", fetch),
    route("POST", "/changelog/bulkfetch", changelogs),
)
