"""The JSON that GitHub prints, with placeholders where its URLs begin (``Site`` fills them in).

Shapes follow GitHub's OpenAPI description; the tests hold every answer against it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vindaris_sync.sandbox.github.model import (
        Document,
        Event,
        Field,
        Hook,
        Issue,
        Label,
        Milestone,
        Repository,
        Sent,
        User,
    )

API = "\0sandbox:api"
WEB = "\0sandbox:web"
_API = orjson.dumps(API)[1:-1]
_WEB = orjson.dumps(WEB)[1:-1]


class Site(NamedTuple):
    """Where the API and the pages are reached, without trailing slashes."""

    api: str = "https://api.github.com"
    web: str = "https://github.com"

    def render(self, document: object) -> bytes:
        """Return ``document`` as JSON with real URLs; ``bytes`` are JSON already."""
        raw = document if isinstance(document, bytes) else orjson.dumps(document)
        return raw.replace(_API, self.api.encode()).replace(_WEB, self.web.encode())


def instant(seconds: int) -> str:
    """Return an instant given in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(prefix: str, *parts: int) -> str:
    """Return an opaque global id."""
    return f"{prefix}_{urlsafe_b64encode('.'.join(map(str, parts)).encode()).decode().rstrip('=')}"


def user(person: User) -> Document:
    """Return a simple user."""
    url = f"{API}/users/{person.login}"
    return {
        "login": person.login,
        "id": person.id,
        "node_id": node_id("O" if person.type == "Organization" else "U", person.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{person.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{person.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": person.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def profile(person: User, created: str) -> Document:
    """Return the public profile that ``GET /user`` prints."""
    unsaid = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return {**user(person), **unsaid, "blog": "", **counts, "created_at": created, "updated_at": created}


def label(repository: Repository, each: Label) -> Document:
    """Return a label."""
    return {
        "id": each.id,
        "node_id": node_id("LA", repository.id, each.id),
        "url": f"{API}/repos/{repository.full_name}/labels/{quote(each.name, safe='')}",
        "name": each.name,
        "color": each.color,
        "default": each.default,
        "description": each.description,
    }


def issue(repository: Repository, number: int, identity: int, now: str) -> Document:
    """Return a new, open issue without title, author or labels."""
    url = f"{API}/repos/{repository.full_name}/issues/{number}"
    reactions = dict.fromkeys(("total_count", "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"), 0)
    return {
        "url": url,
        "repository_url": f"{API}/repos/{repository.full_name}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{WEB}/{repository.full_name}/issues/{number}",
        "id": identity,
        "node_id": node_id("I", repository.id, identity),
        "number": number,
        "title": "",
        "user": None,
        "labels": [],
        "state": "open",
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": now,
        "updated_at": now,
        "closed_at": None,
        "author_association": "CONTRIBUTOR",
        "type": None,
        "active_lock_reason": None,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
        "issue_dependencies_summary": {"blocked_by": 0, "total_blocked_by": 0, "blocking": 0, "total_blocking": 0},
        "body": None,
        "closed_by": None,
        "reactions": {"url": f"{url}/reactions", **reactions},
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
    }


def milestone(repository: Repository, each: Milestone, creator: User) -> Document:
    """Return a milestone; how many issues it has is left at none."""
    url = f"{API}/repos/{repository.full_name}/milestones/{each.number}"
    return {
        "url": url,
        "html_url": f"{WEB}/{repository.full_name}/milestone/{each.number}",
        "labels_url": f"{url}/labels",
        "id": each.id,
        "node_id": each.node_id,
        "number": each.number,
        "title": each.title,
        "description": each.description,
        "creator": user(creator),
        "open_issues": 0,
        "closed_issues": 0,
        "state": each.state,
        "created_at": each.created,
        "updated_at": each.updated,
        "due_on": each.due_on,
        "closed_at": each.closed_at,
    }


def issue_type(identity: int, name: str, created: str) -> Document:
    """Return an organisation's issue type."""
    return {
        "id": identity,
        "node_id": node_id("IT", identity),
        "name": name,
        "description": None,
        "color": "gray",
        "created_at": created,
        "updated_at": created,
        "is_enabled": True,
    }


def reference(each: Issue, home: Document) -> Document:
    """Return what a timeline says about another issue."""
    document = each.document()
    said = {name: document[name] for name in ("number", "title", "state", "state_reason")}
    return {**said, "repository": home, "issue_type": document.get("type")}


_PLAIN_URLS = (
    "contributors", "deployments", "downloads", "events", "forks", "hooks", "languages", "merges", "stargazers",
    "subscribers", "subscription", "tags", "teams",
)  # fmt: skip
_TEMPLATES = {
    "archive": "{archive_format}{/ref}", "assignees": "{/user}", "blobs": "{/sha}", "branches": "{/branch}",
    "collaborators": "{/collaborator}", "comments": "{/number}", "commits": "{/sha}", "compare": "{base}...{head}",
    "contents": "{+path}", "git_commits": "{/sha}", "git_refs": "{/sha}", "git_tags": "{/sha}", "issues": "{/number}",
    "issue_comment": "{/number}", "issue_events": "{/number}", "keys": "{/key_id}", "labels": "{/name}",
    "milestones": "{/number}", "notifications": "{?since,all,participating}", "pulls": "{/number}",
    "releases": "{/id}", "statuses": "{sha}", "trees": "{/sha}",
}  # fmt: skip


def repository(repo: Repository, owner: User, permissions: Mapping[str, bool]) -> Document:
    """Return a full repository."""
    url, web = f"{API}/repos/{repo.full_name}", f"{WEB}/{repo.full_name}"
    opened = sum(each.state == "open" for each in repo.issues.values())
    counts = dict.fromkeys(
        ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size", "network_count",
         "subscribers_count"), 0,
    )  # fmt: skip
    switches = dict.fromkeys(("fork", "disabled", "has_pages", "has_discussions", "has_wiki", "is_template"), False)
    return {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(owner),
        "html_url": web,
        "description": repo.description,
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in _PLAIN_URLS},
        **{f"{name}_url": f"{url}/{name}{template}" for name, template in _TEMPLATES.items()},
        "git_url": f"git:{web.removeprefix('https:')}.git",
        "ssh_url": f"git@github.com:{repo.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        **dict.fromkeys(("homepage", "language", "mirror_url", "license")),
        **counts,
        **switches,
        "created_at": repo.created,
        "updated_at": repo.updated or repo.created,
        "pushed_at": repo.created,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "archived": repo.archived,
        "visibility": "private" if repo.private else "public",
        "open_issues": opened,
        "open_issues_count": opened,
        "default_branch": "main",
        "topics": [],
        "permissions": dict(permissions),
    }


def event(repo: Repository, each: Event, actor: User) -> Document:
    """Return one line of a timeline or of a list of events."""
    return {
        "id": each.id,
        "node_id": node_id("EV", each.id),
        "url": f"{API}/repos/{repo.full_name}/issues/events/{each.id}",
        "actor": user(actor),
        "event": each.kind,
        "commit_id": None,
        "commit_url": None,
        "created_at": each.created,
        "performed_via_github_app": None,
        **each.extra,
    }


def comment(repo: Repository, number: int, identity: int, author: User, now: str) -> Document:
    """Return a comment without its body."""
    url = f"{API}/repos/{repo.full_name}/issues"
    return {
        "url": f"{url}/comments/{identity}",
        "html_url": f"{WEB}/{repo.full_name}/issues/{number}#issuecomment-{identity}",
        "issue_url": f"{url}/{number}",
        "id": identity,
        "node_id": node_id("IC", identity),
        "user": user(author),
        "created_at": now,
        "updated_at": now,
        "body": "",
        "author_association": "CONTRIBUTOR",
        "performed_via_github_app": None,
    }


def issue_field(each: Field) -> Document:
    """Return an organisation's issue field."""
    options = [
        {"id": o.id, "name": o.name, "description": o.description, "color": o.color, "priority": priority}
        for priority, o in enumerate(each.options, start=1)
    ]
    return {
        "id": each.id,
        "node_id": node_id("IF", each.id),
        "name": each.name,
        "description": each.description,
        "data_type": each.data_type,
        "visibility": "all",
        "options": options or None,
        "created_at": each.created,
        "updated_at": each.created,
    }


def field_value(each: Field, value: object) -> Document:
    """Return the value of a field on an issue."""
    document: Document = {
        "issue_field_id": each.id,
        "issue_field_name": each.name,
        "node_id": node_id("IFV", each.id),
        "data_type": each.data_type,
        "value": value,
    }
    names = value if isinstance(value, list) else [value]
    chosen = [
        {"id": option.id, "name": option.name, "color": option.color}
        for option in (each.option(str(name)) for name in names)
        if option
    ]
    if each.data_type == "single_select":
        document["single_select_option"] = chosen[0]
    if each.data_type == "multi_select":
        document |= {"value": ",".join(map(str, names)), "multi_select_options": chosen}
    return document


def hook(repo: Repository, each: Hook) -> Document:
    """Return a webhook's settings; its secret is masked."""
    url = f"{API}/repos/{repo.full_name}/hooks/{each.id}"
    secret = {"secret": "********"} if each.secret else {}
    return {
        "type": "Repository",
        "id": each.id,
        "name": "web",
        "active": each.active,
        "events": list(each.events),
        "config": {"url": each.url, "content_type": "json", "insecure_ssl": "0", **secret},
        "updated_at": each.updated or each.created,
        "created_at": each.created,
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None} if not each.sent else _response(each),
    }


def _response(each: Hook) -> Document:
    code = each.sent[-1].status
    status = "active" if HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES else "invalid_http_response"
    return {"code": code or None, "status": status if code else "failed", "message": _status(code)}


def hook_delivery(repo: Repository, sent: Sent) -> Document:
    """Return what became of an attempt, in short."""
    return {
        "id": sent.id,
        "guid": sent.guid,
        "delivered_at": sent.at,
        "redelivery": sent.again,
        "duration": round(sent.seconds, 2),
        "status": _status(sent.status),
        "status_code": sent.status,
        "event": sent.event,
        "action": sent.action,
        "installation_id": None,
        "repository_id": repo.id,
        "throttled_at": None,
    }


def _status(code: int) -> str:
    if not code:
        return "failed to connect to host"
    fine = code < HTTPStatus.MULTIPLE_CHOICES
    return "OK" if fine else f"Invalid HTTP Response: {code}"
