"""What a program asks before it starts: the site, itself, its permissions, projects, types and statuses."""

from __future__ import annotations

from http import HTTPStatus

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.jira.exchange import Call, Route, listed, reply, route
from vindaris_sync.sandbox.jira.model import Account, Json, Project, User
from vindaris_sync.sandbox.jira.refusal import Refusal

CLOUD_VERSION = ("1001.0.0-SNAPSHOT", [1001, 0, 0], 100290)
DATA_CENTER_VERSION = ("10.3.5", [10, 3, 5], 10030005)

_GLOBAL = {"ADMINISTER": "Administer Jira", "BULK_CHANGE": "Make bulk changes"}
_PER_PROJECT = {
    "BROWSE_PROJECTS": "Browse Projects",
    "EDIT_ISSUES": "Edit Issues",
    "CREATE_ISSUES": "Create Issues",
    "ADMINISTER_PROJECTS": "Administer Projects",
}


def server_info(call: Call) -> Response:
    """``GET /serverInfo``: which deployment this is; anybody may ask."""
    version, numbers, build = CLOUD_VERSION if call.cloud else DATA_CENTER_VERSION
    return reply(
        {
            "baseUrl": call.printer.root.partition("/rest/")[0],
            "version": version,
            "versionNumbers": numbers,
            "deploymentType": "Cloud" if call.cloud else "Server",
            "buildNumber": build,
            "buildDate": "2025-01-15T00:00:00.000+0000",
            "serverTime": call.printer.stamp(call.world.now()),
            "scmInfo": "0123456789abcdef0123456789abcdef01234567",
            "serverTitle": "Jira",
        }
    )


def myself(call: Call) -> Response:
    """``GET /myself``: who the token belongs to; 401 for nobody."""
    user = call.known().user
    return reply({**call.printer.user(user), "emailAddress": user.email, "locale": "en_US"})


def permissions(call: Call) -> Response:
    """``GET /mypermissions``: on Cloud only those that are asked for, and something must be."""
    query = call.request.query
    asked = listed(query.get("permissions"))
    if not asked and call.cloud:
        raise Refusal("The 'permissions' query parameter is required.")
    known = {**_GLOBAL, **_PER_PROJECT}
    if unknown := [key for key in asked if key not in known]:
        raise Refusal(f"Unrecognized permission: {', '.join(unknown)}")
    project = _project(call)
    return reply({"permissions": {key: _permission(call, key, project) for key in asked or known}})


def _project(call: Call) -> Project | None:
    query = call.request.query
    ref = query.get("projectKey") or query.get("projectId")
    if ref is None:
        return None
    project = call.world.project(ref)
    if project is None or (call.account is not None and not call.account.sees(project)):
        raise Refusal(f"No project could be found with key '{ref}'.", status=HTTPStatus.NOT_FOUND)
    return project


def _permission(call: Call, key: str, project: Project | None) -> Json:
    places = [project] if project else list(call.world.projects.values())
    name = _GLOBAL.get(key) or _PER_PROJECT[key]
    return {
        "id": key if call.cloud else str(10 + sum(map(ord, key)) % 90),
        "key": key,
        "name": name,
        "type": "GLOBAL" if key in _GLOBAL else "PROJECT",
        "description": f"{name}.",
        "havePermission": call.account is not None and _has(call.account, key, places),
    }


def _has(account: Account, key: str, places: list[Project]) -> bool:
    if key in ("ADMINISTER", "ADMINISTER_PROJECTS"):
        return account.admin
    if key == "BULK_CHANGE":
        return account.bulk_change
    allowed = account.sees if key == "BROWSE_PROJECTS" else account.edits
    return any(allowed(place) for place in places)


def project(call: Call) -> Response:
    """``GET /project/{project}``: with its issue types."""
    found = call.project()
    types = [call.printer.type(kind) for kind in found.types]
    return reply({**call.printer.project(found), "description": "", "issueTypes": types})


def _visible(call: Call) -> list[Project]:
    account = call.account
    return sorted((p for p in call.world.projects.values() if account and account.sees(p)), key=lambda p: p.key)


def projects(call: Call) -> Response:
    """``GET /project/search``: by page, keys or part of the name."""
    query = call.request.query
    keys, part = listed(query.get("keys")), query.get("query", "").casefold()
    found = [
        p
        for p in _visible(call)
        if (not keys or p.key in keys) and (part in p.key.casefold() or part in p.name.casefold())
    ]
    return reply(call.page(found, call.printer.project))


def all_projects(call: Call) -> Response:
    """``GET /project``: Data Center's list without pages."""
    return reply([call.printer.project(found) for found in _visible(call)])


def types(call: Call) -> Response:
    """``GET /issuetype``."""
    return reply([call.printer.type(kind) for kind in call.world.types.values()])


def statuses(call: Call) -> Response:
    """``GET /status``."""
    return reply([call.printer.status(status) for status in call.world.statuses.values()])


def assignable(call: Call) -> Response:
    """``GET /user/assignable/search``: who may be assigned in a project, by part of a name or of the address.

    Cloud asks with ``query``, Data Center with ``username``; a project must be named.
    """
    query = call.request.query
    ref = query.get("project")
    if ref is None:
        raise Refusal("Either the 'project' or the 'issueKey' query parameter is required.")
    place = call.world.project(ref)
    if place is None or not call.known().sees(place):
        raise Refusal(f"No project could be found with key '{ref}'.", status=HTTPStatus.NOT_FOUND)
    part = query.get("query" if call.cloud else "username", "").casefold()
    people = [user for user in call.world.users.values() if user.active and part in _called(user)]
    shown = sorted(people, key=lambda user: user.display_name)[: int(query.get("maxResults", "50"))]
    return reply([{**call.printer.user(user), "emailAddress": user.email} for user in shown])


def _called(user: User) -> str:
    return f"{user.name}\n{user.display_name}\n{user.email}".casefold()


ROUTES: tuple[Route, ...] = (
    route("GET", "/user/assignable/search", assignable),
    route("GET", "/serverInfo", server_info),
    route("GET", "/myself", myself),
    route("GET", "/mypermissions", permissions),
    route("GET", "/issuetype", types),
    route("GET", "/status", statuses),
)
CLOUD: tuple[Route, ...] = (route("GET", "/project/search", projects), route("GET", "/project/{project}", project))
DATA_CENTER: tuple[Route, ...] = (route("GET", "/project", all_projects), route("GET", "/project/{project}", project))
