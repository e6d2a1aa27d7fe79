"""``goal``: the goals in force."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vindaris_sync.cli.link import Why
from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, examples

app = typer.Typer(
    help="Look at the goals in force, and let edits of them count.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync goal list", "vindaris-sync goal show GROW-1", "vindaris-sync goal apply --now"),
)


@app.command(
    "list",
    epilog=examples("vindaris-sync goal list", "vindaris-sync goal list --by priority --all"),
)
def list_goals(
    *,
    by: Annotated[
        Literal["tree", "priority"], typer.Option("--by", help="As a tree, or the most urgent first.")
    ] = "tree",
    everything: Annotated[bool, typer.Option("--all", help="Closed goals without open work, too.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List the goals as a tree, or by priority with the work on each: open, done, suspect, and finished last week.

    JSON: goals [{key, title, parent, priority, resolved_priority, status, period, owner, successor, source, revision,
    missing, pending, depth, issues, open, done, suspect, unlinked_nearby, finished_last_week, share_of_finished,
    catch_all (the share of all open work that is on it, where that is too much),
    outcomes [{metric, unit, baseline, target, current, progress, measured, how, trend}]}], finished.
    """
    from vindaris_sync.cli import goals_listed
    from vindaris_sync.cli.opening import load_config

    goals_listed.listing(load_config(config), by_priority=by == "priority", everything=everything, as_json=as_json)


@app.command(epilog=examples("vindaris-sync goal show GROW-1", "vindaris-sync goal show GROW-1 --json"))
def show(
    goal: Annotated[str, typer.Argument(metavar="GOAL", autocompletion=complete_goal, help="The goal's key.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show one goal: outcomes, parents, children, revisions, and an edit that does not count yet.

    JSON: a goal as in `goal list`, with description, was, parents, children, revisions [{revision, at, minor, change}],
    home (the key of its issue) and kept {where: [what a person changed there, and keeps]}.
    """
    from vindaris_sync.cli import goals_shown
    from vindaris_sync.cli.opening import load_config

    goals_shown.one(load_config(config), goal, as_json=as_json)


@app.command(epilog=examples("vindaris-sync goal search checkout", "vindaris-sync goal search 'pay by card' --json"))
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A key, beginnings of words, or words.")],
    *,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=100, help="Goals shown.")] = 10,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Find open goals by key, title, description, or by what the work on them is called; the best first.

    JSON: goals [{key, title}].
    """
    from vindaris_sync.cli import suggesting
    from vindaris_sync.cli.opening import load_config

    suggesting.search(load_config(config), text, most, as_json=as_json)


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


@app.command(epilog=examples("vindaris-sync goal rehome GROW-1"))
def rehome(
    goal: Annotated[str, typer.Argument(metavar="GOAL", autocompletion=complete_goal, help="The goal's key.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Let the next pass make another issue for a goal whose issue, its home, was deleted or is not wanted any more.

    The former issue, where it is still there, is left to people: nothing is written to it from then on.

    JSON: rehomed (the goal's key), former (the former issue's key).
    """
    from vindaris_sync.cli import goals_at_home
    from vindaris_sync.cli.opening import load_config

    goals_at_home.rehome(load_config(config), goal, as_json=as_json)


@app.command(epilog=examples("vindaris-sync goal accept epics"))
def accept(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The name of its [goal_sources.NAME] block.")],
    *,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Believe a tracker that states far fewer goals than it did, or none; they become missing with the next reading.

    What is linked to them stays linked until they are stated again or retired.

    JSON: accepted (the source's name).
    """
    from vindaris_sync.cli import goals_shown
    from vindaris_sync.cli.opening import load_config

    goals_shown.accept(load_config(config), source, as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync goal edit GROW-1 --minor --why 'a typo in the title'",
        "vindaris-sync goal edit GROW-1 --minor --revision 7",
        "vindaris-sync goal edit GROW-1 --not-minor --revision 7 --why 'it moved the target after all'",
    )
)
def edit(  # noqa: PLR0913 - one parameter for each option
    goal: Annotated[str, typer.Argument(metavar="GOAL", autocompletion=complete_goal, help="The goal's key.")],
    *,
    minor: Annotated[bool, typer.Option("--minor/--not-minor", help="Whether it is too small to ask anybody about.")],
    revision: Annotated[
        int | None,
        typer.Option("--revision", metavar="N", min=1, help="Default: the edit that waits, else the last revision."),
    ] = None,
    why: Why = "",
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Say that an edit of a goal is too small to ask anybody about, or that it is not; kept with who and why.

    The edit is one that waits, or a revision already made: then what was asked because of it alone is withdrawn. The
    same is said where the goal is stated by `minor_revision = N`.

    JSON: goal, revision, minor, changed, waits (whether it is an edit that does not count yet).
    """
    from vindaris_sync.cli import deciding, weighing
    from vindaris_sync.cli.opening import load_config

    by = deciding.by(who, "command line", why)
    weighing.weigh(load_config(config), goal, revision, by, minor=minor, as_json=as_json)


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
