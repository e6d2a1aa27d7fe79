"""``page``: who may see the page, and what programs show to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples

app = typer.Typer(
    help="Say who may see the daemon's page: people by password, programs by token.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync page passwd ada --role decide",
        "vindaris-sync page token add grafana --scope read --expires 90d",
        "vindaris-sync page token list",
    ),
)
token = typer.Typer(
    help="Tokens of programs.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync page token add grafana --scope read"),
)
app.add_typer(token, name="token")


class Scope(StrEnum):
    """What somebody may do; each includes those before it."""

    READ = "read"
    DECIDE = "decide"
    ADMIN = "admin"


@app.command(
    epilog=examples(
        "vindaris-sync page passwd ada --role decide",
        "pass show vindaris/ada | vindaris-sync page passwd ada --role admin",
        "vindaris-sync page passwd ada --remove",
    )
)
def passwd(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The login's name.")],
    *,
    role: Annotated[Scope, typer.Option("--role", help="What they may do.")] = Scope.READ,
    remove: Annotated[bool, typer.Option("--remove", help="Take them out of the file instead.")] = False,
    config: ConfigPath = None,
) -> None:
    """Let somebody log in to the page by password, or give them another one or another role.

    The password is asked for twice; without a terminal it is the first line of standard input. It is written, as a
    hash, into the file that `[page] passwords` names. What changed counts at once: whoever was logged in under that
    name is logged out.
    """
    from vindaris_sync.cli import page_access
    from vindaris_sync.cli.opening import load_config

    page_access.passwd(load_config(config), name, role, remove=remove)


@token.command(
    "add",
    epilog=examples(
        "vindaris-sync page token add grafana --scope read --expires 90d",
        "vindaris-sync page token add release-bot --scope decide --expires 30d --json | jq -r .token",
    ),
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")],
    *,
    scope: Annotated[Scope, typer.Option("--scope", help="What it may do.")] = Scope.READ,
    expires: Annotated[
        str, typer.Option("--expires", metavar="SPAN", help="How long it holds: 30d, 12h, or never.")
    ] = "90d",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for a program and print it, once: only its digest is kept.

    The program sends it as `Authorization: Bearer TOKEN`.

    JSON: token, name, scope, expires.
    """
    from vindaris_sync.cli import page_access
    from vindaris_sync.cli.opening import load_config

    page_access.add_token(load_config(config), name, scope, expires, as_json=as_json)


@token.command("list", epilog=examples("vindaris-sync page token list", "vindaris-sync page token list --json"))
def list_tokens(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List all tokens: what they may do, until when, and when they were used last.

    JSON: tokens [{name, scope, created, expires, used, expired}].
    """
    from vindaris_sync.cli import page_access
    from vindaris_sync.cli.opening import load_config

    page_access.list_tokens(load_config(config), as_json=as_json)


@token.command(epilog=examples("vindaris-sync page token revoke grafana"))
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The token's name.")], *, config: ConfigPath = None
) -> None:
    """Let a token be worth nothing, from its program's next request on."""
    from vindaris_sync.cli import page_access
    from vindaris_sync.cli.opening import load_config

    page_access.revoke(load_config(config), name)
