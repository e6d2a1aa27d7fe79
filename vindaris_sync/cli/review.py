"""``review``: what people are asked about links, and their answers."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli.link import Refs, Why
from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, complete_tracker, examples

app = typer.Typer(
    help="See which links are asked about, and answer.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync review list --team Growth",
        "vindaris-sync review confirm APP-12",
        "vindaris-sync review relink APP-12 GROW-2",
        "vindaris-sync review exempt APP-12 --reason 'legal duty' --days 90",
    ),
)


@app.command(
    "list",
    epilog=examples(
        "vindaris-sync review list",
        "vindaris-sync review list --reason goal_changed --goal GROW-1",
        "vindaris-sync review list --backlog --json",
    ),
)
def list_reviews(  # noqa: PLR0913 - one parameter for each option
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="WORD", help="Only this: unlinked, goal_changed, …")
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="NAME", help="Only this team's issues.")] = None,
    goal: Annotated[
        str | None,
        typer.Option("--goal", metavar="GOAL", autocompletion=complete_goal, help="Only issues on this goal."),
    ] = None,
    backlog: Annotated[
        bool, typer.Option("--backlog", help="What was there before its scope was tracked, too.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Issues shown as text.")] = 100,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List open link reviews, the oldest question first; a link rule's stands for all that it links.

    JSON: total, backlog (how many were left out as such), reviews [{issue, key, title, place, team, goals,
    causes [{reason, detail, opened, backlog, answer}], successor (of a goal that is closed)}].
    """
    from vindaris_sync.cli import reviews
    from vindaris_sync.cli.opening import load_config

    wanted = reviews.Wanted(reason, team, goal, backlog=backlog)
    reviews.show(reviews.open_reviews(load_config(config), wanted), limit, as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync review confirm APP-12",
        "vindaris-sync review confirm APP-12 APP-13 acme/web#7",
        "vindaris-sync review confirm rule:1",
    )
)
def confirm(refs: Refs, *, why: Why = "", who: Who = "", config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Say that what an issue is linked to is still right, as its goal stands now.

    A link rule is named as rule:1: the answer holds for all that it links. What is unlinked or in conflict needs a
    decision instead: `review relink` or `review exempt`.

    JSON: decided [{issue, key, before, after, answered, changed, open}], next.
    """
    from vindaris_sync.cli import deciding
    from vindaris_sync.cli.opening import load_config

    deciding.tell(deciding.confirm(load_config(config), refs, deciding.by(who, "command line", why)), as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync review relink APP-12 GROW-2 --why 'moved to the new goal'",
        "vindaris-sync review relink --goal GROW-1 --successor --why 'GROW-1 is achieved'",
        "vindaris-sync review relink --goal GROW-1 --to COST-1 --why 'agreed in planning'",
    )
)
def relink(  # noqa: PLR0913 - one parameter for each option
    ref: Annotated[
        str | None, typer.Argument(metavar="REF", help="The issue: its key, a former key, or TRACKER:ID.")
    ] = None,
    goals: Annotated[
        list[str] | None,
        typer.Argument(metavar="GOAL", autocompletion=complete_goal, help="Goal keys; the first is primary."),
    ] = None,
    *,
    goal: Annotated[
        str | None,
        typer.Option(
            "--goal", metavar="GOAL", autocompletion=complete_goal, help="Answer every review about this goal instead."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="GOAL", autocompletion=complete_goal, help="With --goal: where its work goes."),
    ] = None,
    successor: Annotated[
        bool, typer.Option("--successor", help="With --goal: its work goes to the successor that the goal names.")
    ] = False,
    why: Why = "",
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Answer a review by linking the issue to another goal, the same as `link set`; or all reviews about one goal.

    With --goal every issue that is asked about that goal goes to another one, for one reason: --why is needed. Issues
    that nobody is asked about stay, those among them whose link was confirmed although the goal is closed.

    JSON: as for `review confirm`; with --goal: from, to, why, issues [{issue, key, title}], rules (that lead there
    still), next.
    """
    from vindaris_sync.cli import deciding, relinking
    from vindaris_sync.cli.opening import load_config

    if goal is None:
        if ref is None or not goals or to is not None or successor:
            raise typer.BadParameter("name an issue and its goal; or --goal with --to or --successor")
        decided = deciding.link(load_config(config), ref, goals, deciding.by(who, "command line", why))
        deciding.tell([decided], as_json=as_json)
        return
    if ref is not None or (to is not None) == successor:
        raise typer.BadParameter("with --goal name no issue, and say where its work goes: --to GOAL or --successor")
    if not why.strip():
        raise typer.BadParameter("say --why: it is kept with each issue")
    done = relinking.relink(load_config(config), goal, to, deciding.by(who, "command line", why))
    relinking.tell(done, 20, as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync review exempt APP-12 --reason 'legal duty'",
        "vindaris-sync review exempt APP-12 APP-13 --reason upgrade --days 30",
        "vindaris-sync review exempt APP-12 --reason contract --until 2027-01-31",
    )
)
def exempt(  # noqa: PLR0913 - one parameter for each option
    refs: Refs,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why this is no goal work; kept and shown.")],
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Ask again after this date.")] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=3650, help="Ask again after N days.")
    ] = None,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Say that issues are no goal work, why, and until when; default: the tracker's exempt_days, at first 90.

    JSON: as for `review confirm`.
    """
    from vindaris_sync.cli import deciding, reviews
    from vindaris_sync.cli.opening import load_config

    settings = load_config(config)
    expires = reviews.expiry(settings, refs, until, days)
    deciding.tell(deciding.exempt(settings, refs, expires, deciding.by(who, "command line", reason)), as_json=as_json)


@app.command(epilog=examples("vindaris-sync review release jira-main", "vindaris-sync review release jira-main --yes"))
def release(
    tracker: Annotated[
        str, typer.Argument(metavar="TRACKER", autocompletion=complete_tracker, help="A tracker's name.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody is at a terminal.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Let removals count that were held for being too many at once, and issues be gone that are missing.

    When links or review labels vanish from many issues in one pass, or many issues from a tracker, nothing follows
    until somebody has looked: a deleted label or a wrong permission looks the same. Without --yes they are listed and
    you are asked. Issues that come back need no release.

    JSON: tracker, held [{issue, key, title, url}], missing {count, of, since}, released (how many).
    """
    from vindaris_sync.cli import reviews
    from vindaris_sync.cli.opening import known_tracker, load_config

    settings = load_config(config)
    reviews.release(settings, known_tracker(settings, tracker), yes=yes, as_json=as_json)


@app.command(epilog=examples("vindaris-sync review resume APP-12"))
def resume(refs: Refs, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Write again to issues that were left alone since somebody kept undoing what was written.

    They go on by themselves after a day; `vindaris-sync status` lists them.

    JSON: resumed [{issue, key}].
    """
    from vindaris_sync.cli import contested
    from vindaris_sync.cli.opening import load_config

    contested.resume(load_config(config), refs, as_json=as_json)
