"""``goal``: the goals in force."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, complete_goal, examples

app = typer.Typer(
    help="Look at the goals in force, and let edits of them count.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync goal list", "vindaris-sync goal show GROW-1", "vindaris-sync goal apply --now"),
)


@app.command("list", epilog=examples("vindaris-sync goal list", "vindaris-sync goal list --json"))
def list_goals(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List the goals as a tree, with outcomes and how much work hangs on each.

    JSON: goals [{key, title, parent, priority, status, period, owner, revision, missing, pending, depth,
    issues, outcomes [{metric, unit, baseline, target, current, progress}]}].
    """
    from vindaris_sync.cli import goals_shown
    from vindaris_sync.cli.opening import load_config

    goals_shown.tree(load_config(config), as_json=as_json)


@app.command(epilog=examples("vindaris-sync goal show GROW-1", "vindaris-sync goal show GROW-1 --json"))
def show(
    goal: Annotated[str, typer.Argument(metavar="GOAL", autocompletion=complete_goal, help="The goal's key.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show one goal: outcomes, parents, children, revisions, and an edit that does not count yet.

    JSON: a goal as in `goal list`, with description, was, parents, children, revisions [{revision, at, minor, change}].
    """
    from vindaris_sync.cli import goals_shown
    from vindaris_sync.cli.opening import load_config

    goals_shown.one(load_config(config), goal, as_json=as_json)


@app.command(epilog=examples("vindaris-sync goal retire GROW-1"))
def retire(
    goal: Annotated[str, typer.Argument(metavar="GOAL", autocompletion=complete_goal, help="The goal's key.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """End a goal for good that the goals file states no more; work on it is asked about in the next pass.

    JSON: retired (the goal's key).
    """
    from vindaris_sync.cli import goals_shown
    from vindaris_sync.cli.opening import load_config

    goals_shown.retire(load_config(config), goal, as_json=as_json)


@app.command(epilog=examples("vindaris-sync goal apply --now"))
def apply(
    *,
    now: Annotated[bool, typer.Option("--now", help="Do not wait until the edits have rested.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Take the goals file over; an edit counts once it has rested, or at once with --now.

    Issues on a goal whose revision grew are asked about in the next pass.

    JSON: problems, revised (keys of goals with a new revision), pending (keys of goals with an edit that waits).
    """
    from vindaris_sync.cli import goals_shown
    from vindaris_sync.cli.opening import load_config

    raise typer.Exit(goals_shown.take_over(load_config(config), now=now, as_json=as_json))
