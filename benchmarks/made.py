"""Raw issues as the trackers print them, made from a seed: the same every time, with the sizes of real ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

_START = datetime(2024, 1, 1, tzinfo=UTC)
_TEXT = (
    "the build fails when a cached layer is missing and the retry hides which step asked for it first so people "
    "restart everything from scratch and lose an hour before lunch again"
)
_WORDS = _TEXT.split()
_EPIC = 3


def _text(random: Random, words: int) -> str:
    return " ".join(random.choices(_WORDS, k=words))


def github(count: int, repository: str, seed: int = 1) -> Iterator[bytes]:
    """Yield raw GitHub issues, one JSON document each, about 3 KB."""
    random = Random(seed)  # noqa: S311 - made data, not secrets
    user = {"login": "mia", "id": 7, "node_id": "U_7", "type": "User", "site_admin": False}
    for number in range(1, count + 1):
        created = _START + timedelta(minutes=5 * number)
        closed = number % 3 == 0
        base = f"https://api.github.com/repos/{repository}"
        issue: dict[str, Any] = {
            "url": f"{base}/issues/{number}",
            "repository_url": base,
            "labels_url": f"{base}/issues/{number}/labels{{/name}}",
            "comments_url": f"{base}/issues/{number}/comments",
            "events_url": f"{base}/issues/{number}/events",
            "html_url": f"https://github.com/{repository}/issues/{number}",
            "id": seed * 10_000_000 + number,
            "node_id": f"I_{seed}_{number}",
            "number": number,
            "title": _text(random, 9),
            "user": {**user, "avatar_url": "https://avatars.githubusercontent.com/u/7?v=4"},
            "labels": [_label(base, name) for name in random.sample(("bug", "docs", "ui", "perf"), number % 3)],
            "state": "closed" if closed else "open",
            "locked": False,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "comments": number % 5,
            "created_at": f"{created:%Y-%m-%dT%H:%M:%SZ}",
            "updated_at": f"{created + timedelta(hours=number % 900):%Y-%m-%dT%H:%M:%SZ}",
            "closed_at": f"{created + timedelta(hours=number % 900):%Y-%m-%dT%H:%M:%SZ}" if closed else None,
            "author_association": "MEMBER",
            "type": None,
            "active_lock_reason": None,
            "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
            "body": _text(random, random.choice((20, 60, 200))),
            "closed_by": user if closed else None,
            "reactions": {"url": f"{base}/issues/{number}/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0,
                          "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0},
            "timeline_url": f"{base}/issues/{number}/timeline",
            "performed_via_github_app": None,
            "state_reason": "completed" if closed else None,
        }  # fmt: skip
        yield orjson.dumps(issue)


def _label(base: str, name: str) -> dict[str, Any]:
    number = sum(map(ord, name))
    return {
        "id": number, "node_id": f"LA_{number}", "url": f"{base}/labels/{name}", "name": name, "color": "ededed",
        "default": False, "description": name,
    }  # fmt: skip


def jira(count: int, project: str, seed: int = 1) -> Iterator[bytes]:
    """Yield raw Jira issues, one JSON document each, about 3 KB."""
    random = Random(seed)  # noqa: S311 - made data, not secrets
    person = {"name": "mia", "key": "mia", "displayName": "Mia", "active": True, "timeZone": "Europe/Berlin"}
    for number in range(1, count + 1):
        created = _START + timedelta(minutes=5 * number)
        done = number % 3 == 0
        fields: dict[str, Any] = {
            "issuetype": {"id": "1", "name": "Bug", "subtask": False, "description": "A problem."},
            "project": {"id": str(10_000 + seed), "key": project, "name": project},
            "summary": _text(random, 9),
            "description": _text(random, random.choice((20, 60, 200))),
            "labels": random.sample(("bug", "docs", "ui", "perf"), number % 3),
            "status": {
                "id": "6" if done else "1",
                "name": "Done" if done else "To Do",
                "statusCategory": {"id": 3 if done else 2, "key": "done" if done else "new", "colorName": "green",
                                   "name": "Done" if done else "To Do"},
            },
            "priority": {"id": "3", "name": "Medium"},
            "created": f"{created:%Y-%m-%dT%H:%M:%S}.000+0000",
            "updated": f"{created + timedelta(hours=number % 900):%Y-%m-%dT%H:%M:%S}.000+0000",
            "resolution": None, "resolutiondate": None, "creator": person, "reporter": person, "assignee": None,
            "components": [], "fixVersions": [], "versions": [], "issuelinks": [], "subtasks": [], "attachment": [],
            "environment": None, "comment": {"comments": [], "maxResults": 0, "total": 0, "startAt": 0},
        }  # fmt: skip
        yield orjson.dumps({"id": str(seed * 10_000_000 + number), "key": f"{project}-{number}", "fields": fields})


def family(count: int, project: str, seed: int = 1) -> Iterator[bytes]:
    """Yield two initiatives that show a goal each, an epic below the first, and ``count`` tasks and sub-tasks below."""
    made = [orjson.loads(line) for line in jira(count + _EPIC, project, seed)]
    for number, issue in enumerate(made, 1):
        issue["fields"]["issuetype"] = _type(number)
        issue["fields"]["labels"] = [f"goal:G-{number}"] if number < _EPIC else []
        if above := _above(number):
            parent = made[above - 1]
            issue["fields"]["parent"] = {
                "id": parent["id"],
                "key": parent["key"],
                "fields": {"issuetype": _type(above)},
            }
        yield orjson.dumps(issue)


def _above(number: int) -> int:
    """Return the number of the issue above, 0 where there is none: each task has nine sub-tasks."""
    if number <= _EPIC:
        return 1 if number == _EPIC else 0
    return number - (number - _EPIC - 1) % 10 if (number - _EPIC) % 10 != 1 else _EPIC


def _type(number: int) -> dict[str, Any]:
    if number <= _EPIC:
        name = "Epic" if number == _EPIC else "Initiative"
    else:
        name = "Task" if _above(number) == _EPIC else "Sub-task"
    return {"id": f"90{len(name)}", "name": name, "subtask": name == "Sub-task", "description": ""}
