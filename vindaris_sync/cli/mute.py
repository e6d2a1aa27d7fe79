"""``review mute`` and ``review unmute``: silence for a time."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, examples

Ref = Annotated[str | None, typer.Argument(metavar="[REF]", help="An issue: its key, a former key, or TRACKER:ID.")]
OfTeam = Annotated[str | None, typer.Option("--team", metavar="NAME", help="All that this team is told.")]
OfGoal = Annotated[
    str | None,
    typer.Option("--goal", metavar="GOAL", autocompletion=complete_goal, help="Messages about this goal."),
]


def add(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(
        "mute",
        epilog=examples(
            "vindaris-sync review mute APP-12 --days 7 --why 'waits for the contract'",
            "vindaris-sync review mute --goal GROW-1 --until 2027-01-31 --why 'is being rewritten'",
            "vindaris-sync review mute --team Growth --days 2 --why 'release week'",
        ),
    )(mute)
    app.command(
        "unmute",
        epilog=examples("vindaris-sync review unmute APP-12", "vindaris-sync review unmute --team Growth"),
    )(unmute)


def mute(  # noqa: PLR0913 - one parameter for each option
    ref: Ref = None,
    *,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Shown to whoever wonders why nobody was told.")],
    team: OfTeam = None,
    goal: OfGoal = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Until the end of this date.")] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, max=366, help="For N days.")] = None,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Let nobody be told in chat of an issue, a goal or a whole team for a time; then they are, by itself.

    Reviews stay open, and what is muted stays counted in lists, `status` and the report. Messages that are there
    already are kept true; what is urgent is held back of a muted team, too.

    JSON: muted {about, until, who, why}.
    """
    from vindaris_sync.cli import deciding, muting
    from vindaris_sync.cli.opening import load_config

    by = deciding.by(who, "command line", why)
    muting.ask(load_config(config), (team, goal, ref), muting.ends(until, days, by.at), by, as_json=as_json)


def unmute(  # noqa: PLR0913 - one parameter for each option
    ref: Ref = None,
    *,
    team: OfTeam = None,
    goal: OfGoal = None,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """End a mute before its time; what it held back is told now, or when the team is at work.

    JSON: ended (whether there was one).
    """
    from vindaris_sync.cli import deciding, muting
    from vindaris_sync.cli.opening import load_config

    muting.end(load_config(config), (team, goal, ref), deciding.by(who, "command line"), as_json=as_json)
