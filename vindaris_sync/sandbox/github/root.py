"""Routes that belong to no repository: the account, its limits, organisations, Apps."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import LEVELS, Account, Need, Refused
from vindaris_sync.sandbox.github.call import Call, Routes
from vindaris_sync.sandbox.github.model import App, Document, Field, Organisation, stamp

if TYPE_CHECKING:
    from vindaris_sync.sandbox.core import Request, Response
    from vindaris_sync.sandbox.github.world import World

ROUTES = Routes()
ANYONE = Need("metadata", "read")
LONGEST_JWT = timedelta(minutes=11)
TOKEN_LIFE = timedelta(hours=1)


@ROUTES.on("GET", "/user", ANYONE)
def user(call: Call) -> Response:
    """Return the account's profile."""
    if call.account.kind == "anonymous":
        raise Refused(HTTPStatus.UNAUTHORIZED, "Requires authentication")
    if call.account.kind == "installation":
        raise call.account.refusal()
    return call.answer(documents.profile(call.world.user(call.account.login), "2020-01-01T00:00:00Z"))


@ROUTES.on("GET", "/rate_limit", ANYONE)
def rate_limit(call: Call) -> Response:
    """Return the account's limits, free of charge."""
    now = call.world.weather.now(call.world.clock)
    for quota in (call.account.core, call.account.graphql):
        quota.turn(now)
    core, graphql = call.account.core.view(), call.account.graphql.view()
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": int(now.timestamp()) + 60}
    return call.answer({"resources": {"core": core, "search": search, "graphql": graphql}, "rate": core})


@ROUTES.on("GET", "/meta", ANYONE)
def meta(call: Call) -> Response:
    """Return what the server says about itself."""
    version = {"installed_version": call.world.enterprise} if call.world.enterprise else {}
    return call.answer({"verifiable_password_authentication": False, **version})


@ROUTES.on("GET", "/orgs/{org}/issue-fields", Need("issue_fields", "read"))
def fields(call: Call) -> Response:
    """Return an organisation's issue fields."""
    return call.answer([documents.issue_field(each) for each in _organisation(call).fields])


@ROUTES.on("POST", "/orgs/{org}/issue-fields", Need("issue_fields", "admin"))
def create_field(call: Call) -> Response:
    """Create an issue field."""
    organisation, body = _organisation(call), call.form(name=str, data_type=str, description=str, options=list)
    if not body.get("name") or body.get("data_type") not in {"text", "date", "single_select", "multi_select", "number"}:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed")
    asked = body.get("options") or []
    if not all(isinstance(option, dict) and isinstance(option.get("name"), str) for option in asked):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed")
    options = [(option["name"], str(option.get("color") or "gray")) for option in asked]
    fresh = Field(
        call.world.new_id() % 10**9, body["name"], body["data_type"], call.world.now(), body.get("description")
    )
    return call.answer(documents.issue_field(call.world.add_field(organisation.login, fresh, options)))


@ROUTES.on("PATCH", "/orgs/{org}/issue-fields/{id}", Need("issue_fields", "admin"))
def change_field(call: Call) -> Response:
    """Replace the options of an issue field."""
    organisation, asked = _organisation(call), call.form(options=list).get("options") or []
    if not all(isinstance(each, dict) and {"name", "color", "priority"} <= each.keys() for each in asked):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed")
    changed = call.world.change_options(organisation.login, int(call.args["id"]), asked)
    return call.answer(documents.issue_field(changed))


@ROUTES.on("GET", "/orgs/{org}/issue-types", ANYONE)
def types(call: Call) -> Response:
    """Return an organisation's issue types."""
    created = "2024-01-01T00:00:00Z"
    return call.answer([documents.issue_type(each, name, created) for each, name in _organisation(call).types])


@ROUTES.on("GET", "/installation/repositories", ANYONE)
def installed(call: Call) -> Response:
    """Return the repositories that an installation's token sees."""
    if call.account.kind != "installation":
        raise Refused(HTTPStatus.FORBIDDEN, "You must authenticate with an installation access token")
    seen = [repo for repo in call.world.repositories.values() if call.account.sees(repo)]
    page, size = call.page_number(), call.page_size()
    shown = [_repository(call, repo.id) for repo in seen[(page - 1) * size : page * size]]
    link = call.links(page, -(-len(seen) // size))
    return call.answer(
        {"total_count": len(seen), "repository_selection": "selected", "repositories": shown},
        headers={"Link": link} if link else None,
    )


APP_ROUTES = Routes()
"""Routes that an App calls as itself, with a JSON web token."""


@APP_ROUTES.on("GET", "/app", ANYONE)
def app(call: Call) -> Response:
    """Return the App."""
    found = _app(call)
    created = "2024-01-01T00:00:00Z"
    return call.answer(
        {
            "id": found.id,
            "slug": found.slug,
            "client_id": f"Iv23{found.id}",
            "node_id": documents.node_id("A", found.id),
            "owner": documents.user(call.world.user(found.account)),
            "name": found.slug,
            "description": None,
            "external_url": f"{documents.WEB}/{found.account}",
            "html_url": f"{documents.WEB}/apps/{found.slug}",
            "created_at": created,
            "updated_at": created,
            "permissions": found.permissions,
            "events": ["issues"],
            "installations_count": 1,
        }
    )


@APP_ROUTES.on("GET", "/app/installations", ANYONE)
def installations(call: Call) -> Response:
    """Return the App's installations."""
    return call.page([_installation(call, _app(call))])


@APP_ROUTES.on("GET", "/app/installations/{id}", ANYONE)
def installation(call: Call) -> Response:
    """Return one installation."""
    return call.answer(_installation(call, _installed(call)))


@APP_ROUTES.on("POST", "/app/installations/{id}/access_tokens", ANYONE)
def access_token(call: Call) -> Response:
    """Issue a token for an installation, for an hour."""
    found, body = _installed(call), call.form(permissions=dict)
    asked: dict[str, str] = body.get("permissions") or found.permissions
    if any(LEVELS.get(str(level), 0) > LEVELS.get(found.permissions.get(name, ""), 0) for name, level in asked.items()):
        message = "The permissions requested are not granted to this installation."
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, message)
    found.issued += 1
    token = f"ghs_{found.id:08}{found.installation:010}{found.issued:016}"
    expires = call.world.weather.now(call.world.clock) + TOKEN_LIFE
    call.world.tokens[token] = Account(
        f"{found.slug}[bot]", "installation", permissions={"metadata": "read", **asked},
        repositories=found.repositories, expires=expires,
    )  # fmt: skip
    selection = "all" if found.repositories is None else "selected"
    issued = {"token": token, "expires_at": stamp(expires), "permissions": asked, "repository_selection": selection}
    return call.answer(issued, HTTPStatus.CREATED)


def app_of(world: World, request: Request) -> int | None:
    """Return the id of the App whose JSON web token the request carries, ``None`` where it carries none.

    The signature is not verified; raises ``Refused`` (401) for a token of the wrong shape or with a wrong claim.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        head, claims = (json.loads(urlsafe_b64decode(f"{part}===")) for part in token.split(".")[:2])
        identity, life = int(claims["iss"]), timedelta(seconds=int(claims["exp"]) - int(claims["iat"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded") from error
    if head.get("alg") != "RS256" or not token.rpartition(".")[2]:
        raise Refused(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
    if identity not in world.apps:
        raise Refused(HTTPStatus.UNAUTHORIZED, "'Issuer' claim ('iss') must be an Integer of an existing App")
    if not timedelta() < life <= LONGEST_JWT:
        raise Refused(HTTPStatus.UNAUTHORIZED, "'Expiration time' claim ('exp') is too far in the future")
    return identity


def _organisation(call: Call) -> Organisation:
    found = call.world.organisations.get(call.text("org").casefold())
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    return found


def _app(call: Call) -> App:
    identity = app_of(call.world, call.request)
    if identity is None:
        raise Refused(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
    return call.world.apps[identity]


def _installed(call: Call) -> App:
    found = _app(call)
    if found.installation != int(call.args["id"]):
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    return found


def _installation(call: Call, found: App) -> Document:
    api = f"{documents.API}/app/installations/{found.installation}"
    owner = call.world.user(found.account)
    created = datetime(2024, 1, 1, tzinfo=UTC)
    return {
        "id": found.installation,
        "account": documents.user(owner),
        "repository_selection": "all" if found.repositories is None else "selected",
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{documents.API}/installation/repositories",
        "html_url": f"{documents.WEB}/organizations/{found.account}/settings/installations/{found.installation}",
        "app_id": found.id,
        "app_slug": found.slug,
        "target_id": owner.id,
        "target_type": owner.type,
        "permissions": found.permissions,
        "events": ["issues"],
        "created_at": stamp(created),
        "updated_at": stamp(created),
        "single_file_name": None,
        "suspended_at": None,
        "suspended_by": None,
    }


def _repository(call: Call, identity: int) -> Document:
    repo = call.world.repositories[identity]
    return documents.repository(repo, call.world.user(repo.owner), call.account.role())
