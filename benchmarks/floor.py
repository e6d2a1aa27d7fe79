"""The floor: the least that a pull can do. Raw httpx with keep-alive, orjson, executemany into the product's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from benchmarks.serving import EMAIL, TOKEN

_COLUMNS = (
    "id, tracker, ext_id, key, place, type, title, url, status, closed, created, updated, author, assignee, "
    "parent_ext, parent_key, observed, digest, parent_id, presence, presence_at, first_seen_at, verified_at, backlog"
)
_INSERT = f"INSERT INTO issue ({_COLUMNS}) VALUES ({', '.join('?' * 24)})"  # noqa: S608 - fixed names


def pull(tracker: str, url: str, places: list[str], database: Path) -> int:
    """Read everything and insert it, one transaction a page; return how many issues."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=NORMAL")
    count = 0
    pages = _github(url, places) if tracker == "github" else _jira(url)
    for rows in pages:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_INSERT, [(count + n, *row) for n, row in enumerate(rows, 1)])
        connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'generation'")
        connection.execute("COMMIT")
        count += len(rows)
    connection.close()
    return count


def _micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def _github(url: str, places: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        for place in places:
            following: str | None = f"{url}/repos/{place}/issues?state=all&sort=created&direction=asc&per_page=100"
            while following:
                answer = client.get(following)
                yield [_of_github(place, raw) for raw in orjson.loads(answer.content)]
                following = answer.links.get("next", {}).get("url")


def _of_github(place: str, raw: dict[str, Any]) -> tuple[Any, ...]:
    return (
        "bench", raw["node_id"], f"{place}#{raw['number']}", place, "", raw["title"], raw["html_url"], raw["state"],
        raw["state"] == "closed", _micros(raw["created_at"]), _micros(raw["updated_at"]), raw["user"]["login"], "", "",
        "", "{}", 0, None, "present", 0, 0, None, True,
    )  # fmt: skip


def _jira(url: str) -> Iterator[list[tuple[Any, ...]]]:
    fields = [
        "summary",
        "status",
        "issuetype",
        "project",
        "created",
        "updated",
        "parent",
        "labels",
        "creator",
        "assignee",
    ]
    with httpx.Client(auth=(EMAIL, TOKEN), timeout=60) as client:
        for ids in _ids(client, url):
            for start in range(0, len(ids), 100):
                body = {"issueIdsOrKeys": ids[start : start + 100], "fields": fields}
                answer = client.post(f"{url}/rest/api/3/issue/bulkfetch", json=body)
                yield [_of_jira(url, raw) for raw in orjson.loads(answer.content)["issues"]]


def _ids(client: httpx.Client, url: str) -> Iterable[list[str]]:
    body: dict[str, Any] = {"jql": "created >= 0 ORDER BY id ASC", "maxResults": 5000, "fields": ["id"]}
    while True:
        found = orjson.loads(client.post(f"{url}/rest/api/3/search/jql", json=body).content)
        yield [issue["id"] for issue in found["issues"]]
        if not (token := found.get("nextPageToken")):
            return
        body["nextPageToken"] = token


def _of_jira(url: str, raw: dict[str, Any]) -> tuple[Any, ...]:
    fields = raw["fields"]
    return (
        "bench", raw["id"], raw["key"], fields["project"]["key"], fields["issuetype"]["name"], fields["summary"],
        f"{url}/browse/{raw['key']}", fields["status"]["name"], fields["status"]["statusCategory"]["key"] == "done",
        _micros(fields["created"]), _micros(fields["updated"]), "", "", "", "", "{}", 0, None, "present", 0, 0, None,
        True,
    )  # fmt: skip
