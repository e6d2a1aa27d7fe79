"""``sandbox``: stateful look-alikes of Jira, GitHub and Slack on loopback, to try things out without risk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, examples


def add(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        "sandbox",
        epilog=examples(
            "vindaris-sync sandbox",
            "vindaris-sync sandbox --jira-cloud --chats",
            "vindaris-sync sandbox --port 8080 --jira-dc --load-jira issues.jsonl.gz",
            "vindaris-sync sandbox --github --load-github acme/web=issues.jsonl.gz",
        ),
    )(sandbox)


def sandbox(  # noqa: PLR0913 - one parameter for each option
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 0,
    jira_cloud: Annotated[bool, typer.Option("--jira-cloud", help="Serve Jira Cloud.")] = False,
    jira_dc: Annotated[bool, typer.Option("--jira-dc", help="Serve Jira Data Center, the same issues.")] = False,
    github: Annotated[bool, typer.Option("--github", help="Serve GitHub.")] = False,
    slack: Annotated[bool, typer.Option("--slack", help="Serve Slack, with a channel #goals.")] = False,
    other_chats: Annotated[
        bool,
        typer.Option("--chats", help="Serve Discord, Mattermost, Teams and Google Chat, each with a room goals."),
    ] = False,
    load_jira: Annotated[
        list[Path] | None,
        typer.Option("--load-jira", metavar="FILE.jsonl[.gz]", help="Raw Jira issues, one a line; may be given again."),
    ] = None,
    load_github: Annotated[
        list[str] | None,
        typer.Option("--load-github", metavar="OWNER/REPO=FILE", help="Raw GitHub issues; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve look-alikes of Jira, GitHub and Slack here.

    They keep what is done to them until Ctrl-C. Default: all but Data Center.

    What is printed are addresses and tokens for a configuration. Faults are injected by POST /_sandbox/faults.

    JSON: url, services {name: {url, token, …}}, loaded {name: issues}; printed once everything is served.
    """
    from vindaris_sync.cli import sandboxed

    chosen = {"jira-cloud": jira_cloud, "jira-dc": jira_dc, "github": github, "slack": slack}
    names = [name for name, wanted in chosen.items() if wanted]
    names += sandboxed.CHATS if other_chats else ()
    sandboxed.serve(
        sandboxed.Asked(tuple(names), tuple(load_jira or ()), tuple(load_github or ()), port), as_json=as_json
    )
