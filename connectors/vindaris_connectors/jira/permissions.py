"""What the account may do, as ``mypermissions`` tells."""

from __future__ import annotations

from http import HTTPStatus

from vindaris_connectors.jira.client import Client, as_object
from vindaris_sync.sdk.errors import Transient

BROWSE, EDIT, CREATE, BULK = "BROWSE_PROJECTS", "EDIT_ISSUES", "CREATE_ISSUES", "BULK_CHANGE"


def granted(client: Client, api: str, *wanted: str, project: str = "") -> frozenset[str]:
    """Return which of the permissions the account has, in ``project`` or globally.

    A project that does not exist, or that we may not know of, grants nothing. Raises ``Transient`` for other answers.
    """
    place = {"projectKey": project} if project else {}
    answer = client.read(f"{api}/mypermissions", permissions=",".join(wanted), **place)
    if answer.status == HTTPStatus.NOT_FOUND:
        return frozenset()
    if answer.status != HTTPStatus.OK:
        raise Transient(f"{answer.url} answered {answer.status}")
    told = as_object(answer).get("permissions")
    if not isinstance(told, dict):
        raise Transient(f"{answer.url} answered without permissions")
    return frozenset(key for key in wanted if (told.get(key) or {}).get("havePermission") is True)
