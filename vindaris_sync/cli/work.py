"""``work``: issues that are created from goals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, complete_tracker, examples

app = typer.Typer(
    help="Create work from goals, and see what became of the work that they require.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync work list --goal GROW-1",
        "vindaris-sync work create --goal GROW-1 --in jira-main:APP 'Checkout in one step'",
        "vindaris-sync work template --goal GROW-1 --in github-acme:acme/web",
    ),
)

Goal = Annotated[
    str, typer.Option("--goal", metavar="GOAL", autocompletion=complete_goal, help="The goal that it is created from.")
]
OneGoal = Annotated[
    str | None, typer.Option("--goal", metavar="GOAL", autocompletion=complete_goal, help="Only this goal's.")
]
Where = Annotated[
    str, typer.Option("--in", metavar="TRACKER:PLACE", help="Where: a tracker, and a project or owner/repository.")
]
Kind = Annotated[
    str, typer.Option("--type", metavar="NAME", help="The type of issue; default: the tracker's usual one.")
]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="NAME", help="Beside the goal's own; may be given again.")
]
Body = Annotated[str, typer.Option("--body", metavar="TEXT", help="What it says.")]
BodyFile = Annotated[
    Path | None,
    typer.Option("--body-file", metavar="PATH", help="A file that holds what it says; - is standard input."),
]
Assignee = Annotated[
    str, typer.Option("--assignee", metavar="NAME", help="Who is to do it, as the tracker calls people.")
]
OneTracker = Annotated[
    str, typer.Argument(metavar="TRACKER", autocompletion=complete_tracker, help="A tracker's name.")
]


@app.command(
    epilog=examples(
        "vindaris-sync work create --goal GROW-1 --in jira-main:APP 'Checkout in one step'",
        "vindaris-sync work create --goal GROW-1 --in jira-main:APP --type Story --parent APP-7 'Save the cart'",
        "vindaris-sync work create --goal GROW-1 --in github-acme:acme/web --id rollout --body-file plan.md Rollout",
    )
)
def create(  # noqa: PLR0913 - one parameter for each option
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Its title; {goal.title} and the like are filled in.")],
    *,
    goal: Goal,
    where: Where,
    kind: Kind = "",
    label: Labels = None,
    body: Body = "",
    body_file: BodyFile = None,
    parent: Annotated[
        str, typer.Option("--parent", metavar="REF", help="The issue to hang it under, or another item's id.")
    ] = "",
    assignee: Assignee = "",
    item: Annotated[
        str,
        typer.Option("--id", metavar="NAME", help="Its name within the goal: a second call with it creates nothing."),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be created, and create nothing.")] = False,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Create an issue from a goal, once; it shows the goal from the first moment.

    The intent is stored before the request, so that no crash and no lost answer makes two.

    JSON: created, goal, id, tracker, place, key, url, note; with --dry-run: draft {place, type, title, body, labels,
    fields, parent, assignee}.
    """
    from vindaris_sync.cli import working
    from vindaris_sync.cli.opening import load_config

    text = working.body_of(body, body_file)
    asked = working.Asked(goal, where, title, kind, text, tuple(label or ()), parent, assignee, item)
    working.create(load_config(config), asked, who, dry_run=dry_run, as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync work template --goal GROW-1 --in jira-main:APP",
        "vindaris-sync work template --goal GROW-1 --in github-acme:acme/web --template bug_report.md",
    )
)
def template(  # noqa: PLR0913 - one parameter for each option
    title: Annotated[str, typer.Argument(metavar="TITLE", help="A title to begin with.")] = "",
    *,
    goal: Goal,
    where: Where,
    kind: Kind = "",
    label: Labels = None,
    body: Body = "",
    body_file: BodyFile = None,
    assignee: Assignee = "",
    template_: Annotated[
        str, typer.Option("--template", metavar="FILE", help="The file name of one of the repository's templates.")
    ] = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Print the address of the tracker's own form for a new issue, which already carries the goal.

    Put it where people begin work: a wiki page, a chat's bookmarks, a button.

    JSON: url.
    """
    from vindaris_sync.cli import working
    from vindaris_sync.cli.opening import load_config

    text = working.body_of(body, body_file)
    asked = working.Asked(goal, where, title, kind, text, tuple(label or ()), "", assignee)
    working.template(load_config(config), asked, template_, as_json=as_json)


@app.command(
    "list",
    epilog=examples("vindaris-sync work list", "vindaris-sync work list --goal GROW-1 --json | jq '.items[] | .state'"),
)
def list_work(*, goal: OneGoal = None, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List the work that goals require, and what became of it.

    JSON: items [{goal, id, tracker, place, title, state, key, url, reason, fix, stated, who}]; state is created, done,
    declined, deleted, waiting, unsure or refused.
    """
    from vindaris_sync.cli import working_shown
    from vindaris_sync.cli.opening import load_config

    working_shown.show(load_config(config), goal, as_json=as_json)


@app.command(epilog=examples("vindaris-sync work release jira-main", "vindaris-sync work release jira-main --yes"))
def release(
    tracker: OneTracker,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody is at a terminal.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Let work be created that waits since goals require more of it at once than create_limit.

    Each pass then creates as many as create_limit. Without --yes the items are listed and you are asked.

    JSON: tracker, released (how many).
    """
    from vindaris_sync.cli import working_shown
    from vindaris_sync.cli.opening import known_tracker, load_config

    settings = load_config(config)
    working_shown.release(settings, known_tracker(settings, tracker), yes=yes, as_json=as_json)


@app.command(epilog=examples("vindaris-sync work retry jira-main"))
def retry(tracker: OneTracker, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Let the next pass try again what the tracker refused to create, now that it was set right there.

    What is edited in the goal is tried again by itself, and everything once a night.

    JSON: tracker, retried (how many).
    """
    from vindaris_sync.cli import working_shown
    from vindaris_sync.cli.opening import known_tracker, load_config

    settings = load_config(config)
    working_shown.retry(settings, known_tracker(settings, tracker), as_json=as_json)
