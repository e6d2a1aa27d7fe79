"""``review``: what people are asked about links, and their answers."""

from __future__ import annotations

from typing import Annotated

import typer

from vindaris_sync.cli import mute
from vindaris_sync.cli.link import Refs, Why
from vindaris_sync.cli.options import AsJson, ConfigPath, Who, complete_goal, complete_tracker, examples

app = typer.Typer(
    help="See which links are asked about, and answer.",
    no_args_is_help=True,
    epilog=examples(
        "vindaris-sync review list --team Growth",
        "vindaris-sync review show APP-12",
        "vindaris-sync review suggest APP-12",
        "vindaris-sync review confirm APP-12",
        "vindaris-sync review confirm --goal GROW-1 --where 'place=APP' --why 'still what we do'",
        "vindaris-sync review relink APP-12 GROW-2",
        "vindaris-sync review exempt APP-12 --reason 'legal duty' --days 90",
        "vindaris-sync review undo",
    ),
)

Chosen = Annotated[list[str] | None, typer.Argument(metavar="[REF]…", help="Issues: keys, former keys, or TRACKER:ID.")]
OnGoal = Annotated[
    str | None,
    typer.Option("--goal", metavar="GOAL", autocompletion=complete_goal, help="Only reviews of issues on this goal."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITIONS",
        help="Only issues that fulfil all: 'place=APP type=Bug,Task label!=legal assignee=ana issue=APP-1*'. "
        "Names: tracker, place, type, label, component, milestone, author, assignee, issue, team, reason.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Of many: show which are meant; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Of many: do not ask; needed where nobody is at a terminal.")]


@app.command(
    "list",
    epilog=examples(
        "vindaris-sync review list",
        "vindaris-sync review list --reason goal_changed --goal GROW-1",
        "vindaris-sync review list --where 'tracker=jira-main component=Cart,Checkout assignee!=ana'",
        "vindaris-sync review list --backlog --json",
    ),
)
def list_reviews(  # noqa: PLR0913 - one parameter for each option
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="WORD", help="Only this: unlinked, goal_changed, …")
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="NAME", help="Only this team's issues.")] = None,
    goal: OnGoal = None,
    where: Where = None,
    backlog: Annotated[
        bool, typer.Option("--backlog", help="What was there before its scope was tracked, too.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Issues shown as text.")] = 100,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List open link reviews, the oldest question first; a link rule's stands for all that it links.

    Where a goal changed, what changed in it since the link was confirmed is marked: [-gone-] {+new+}.

    JSON: total, backlog (how many were left out as such), reviews [{issue, key, title, place, team, goals,
    causes [{reason, detail, opened, backlog, answer, since (the confirmed revision), change (in one line)}],
    successor (of a goal that is closed), muted (until when, of issues)}].
    """
    from vindaris_sync.cli import choosing, reviews
    from vindaris_sync.cli.opening import load_config

    wanted = choosing.Wanted(reason, team, goal, backlog, tuple(where or ()))
    reviews.show(reviews.open_reviews(load_config(config), wanted), limit, as_json=as_json)


@app.command(epilog=examples("vindaris-sync review show APP-12", "vindaris-sync review show rule:1 --json"))
def show(refs: Refs, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show what an issue, or a link rule, is asked, and word by word what changed in its goal since it was confirmed.

    Colours on a terminal; elsewhere [-what went-] and {+what came+}.

    It says when the team hears of it in chat, and what holds that back.

    JSON: reviews, as in `review list`, with causes [{…, changes [{name, pieces [{kind (same, old, new), text}]}],
    told {at, why}}] (told of issues only).
    """
    from vindaris_sync.cli import review_shown
    from vindaris_sync.cli.opening import load_config

    review_shown.show(load_config(config), refs, as_json=as_json)


@app.command(
    epilog=examples("vindaris-sync review suggest APP-12", "vindaris-sync review suggest APP-12 acme/web#7 --json")
)
def suggest(
    refs: Refs,
    *,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=20, help="Goals for each issue.")] = 3,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show which goals an issue may serve, and what speaks for each; accept one with `review relink`.

    Looked at are words, and what parent, siblings, component, label, milestone and people have in common with what is
    linked already. No tracker is asked, and nothing is ever linked by this.

    JSON: issues [{issue, key, title, serves, candidates [{goal, title, score (compares within one issue only),
    evidence [{ground, said, weight}]}]}].
    """
    from vindaris_sync.cli import suggesting
    from vindaris_sync.cli.opening import load_config

    suggesting.suggest(load_config(config), refs, most, as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync review confirm APP-12",
        "vindaris-sync review confirm APP-12 APP-13 acme/web#7",
        "vindaris-sync review confirm rule:1",
        "vindaris-sync review confirm --goal GROW-1 --dry-run",
        "vindaris-sync review confirm --goal GROW-1 --where 'place=APP label!=legal' --why 'the work stays right'",
    )
)
def confirm(  # noqa: PLR0913 - one parameter for each option
    refs: Chosen = None,
    *,
    goal: OnGoal = None,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    why: Why = "",
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Say that what issues are linked to is still right, as their goals stand now; many at once by --goal and --where.

    A link rule is named as rule:1: the answer holds for all that it links. A goal is named as goal:GROW-1: it is right
    without the required work that was dropped. What is unlinked or in conflict needs a decision instead:
    `review relink` or `review exempt`. Many are kept in one transaction, each with the reason and the goal's revision.

    JSON: decided [{issue, key, before, after, answered, changed, open, answer}], next; of many: dry_run, matched,
    confirmed, not_answered, revisions {goal: revision}, rules, issues [{issue, key, goals, asked}], next.
    """
    from vindaris_sync.cli import bulk, choosing, deciding
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.domain.sayings import Confirm

    by, settings = deciding.by(who, "command line", why), load_config(config)
    if choosing.many(refs, goal, where):
        wanted = choosing.Wanted(goal=goal, where=tuple(where or ()))
        bulk.confirm(settings, wanted, by, bulk.Manner(dry_run, yes, as_json))
    else:
        deciding.tell(deciding.decide(settings, refs or (), Confirm(), by), as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync review relink APP-12 GROW-2 --why 'moved to the new goal'",
        "vindaris-sync review relink --goal GROW-1 --successor --why 'GROW-1 is achieved'",
        "vindaris-sync review relink --goal GROW-1 --to COST-1 --where 'place=OPS' --why 'agreed in planning'",
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
    where: Where = None,
    dry_run: DryRun = False,
    why: Why = "",
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Answer a review by linking the issue to another goal, the same as `link set`; or all reviews about one goal.

    With --goal every issue that is asked about that goal goes to another one, for one reason: --why is needed. Issues
    that nobody is asked about stay, those among them whose link was confirmed although the goal is closed.

    JSON: as for `review confirm`; with --goal: from, to, why, dry_run, issues [{issue, key, title}], rules (that lead
    there still), next.
    """
    from vindaris_sync.cli import deciding, relinking
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.domain.sayings import LinkTo

    if goal is None:
        if ref is None or not goals or to is not None or successor or where or dry_run:
            raise typer.BadParameter("name an issue and its goal; or --goal with --to or --successor")
        by = deciding.by(who, "command line", why)
        deciding.tell(deciding.decide(load_config(config), [ref], LinkTo(tuple(goals)), by), as_json=as_json)
        return
    if ref is not None or (to is not None) == successor:
        raise typer.BadParameter("with --goal name no issue, and say where its work goes: --to GOAL or --successor")
    if not why.strip():
        raise typer.BadParameter("say --why: it is kept with each issue")
    by = deciding.by(who, "command line", why)
    done = relinking.relink(load_config(config), goal, to, by, tuple(where or ()), dry_run=dry_run)
    relinking.tell(done, 20, as_json=as_json)


@app.command(
    epilog=examples(
        "vindaris-sync review exempt APP-12 --reason 'legal duty'",
        "vindaris-sync review exempt APP-12 APP-13 --reason upgrade --days 30",
        "vindaris-sync review exempt APP-12 --reason contract --until 2027-01-31",
        "vindaris-sync review exempt --where 'reason=unlinked label=dependencies' --reason upkeep --dry-run",
    )
)
def exempt(  # noqa: PLR0913 - one parameter for each option
    refs: Chosen = None,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why this is no goal work; kept and shown.")],
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Ask again after this date.")] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=3650, help="Ask again after N days.")
    ] = None,
    goal: OnGoal = None,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Say that issues are no goal work, why, and until when; default: the tracker's exempt_days, at first 90.

    JSON: as for `review confirm`; of many, exempt in place of confirmed.
    """
    from vindaris_sync.cli import bulk, choosing, deciding, reviews
    from vindaris_sync.cli.opening import load_config
    from vindaris_sync.domain.sayings import Exempt

    by, settings = deciding.by(who, "command line", reason), load_config(config)
    if choosing.many(refs, goal, where):
        wanted = choosing.Wanted(goal=goal, where=tuple(where or ()))
        manner = bulk.Manner(dry_run, yes, as_json)
        bulk.exempt(settings, wanted, reviews.expiries(settings, until, days), by, manner)
    else:
        expires = reviews.expiry(settings, refs or (), until, days)
        deciding.tell(deciding.decide(settings, refs or (), Exempt(expires), by), as_json=as_json)


@app.command(epilog=examples("vindaris-sync review undo", "vindaris-sync review undo 1795384800000000 --json"))
def undo(
    answer: Annotated[
        int | None, typer.Argument(metavar="[ANSWER]", help="The number that --json told; default: your last one.")
    ] = None,
    *,
    who: Who = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Take back what was decided in the last ten minutes, on one issue or on many at once.

    What somebody has changed since stays as it is; then the exit code is 1.

    JSON: answer, undone [as decided of `review confirm`], left [why something was left as it is].
    """
    from vindaris_sync.cli import deciding
    from vindaris_sync.cli.opening import load_config

    done = deciding.undo(load_config(config), answer, deciding.by(who, "command line"))
    raise typer.Exit(deciding.tell_undone(done, as_json=as_json))


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
    you are asked. Issues that come back need no release. A goal's new priority or status that more issues would show
    than show_limit waits here, too, and is then written a part in each pass.

    JSON: tracker, held [{issue, key, title, url}], missing {count, of, since}, shown {goal: issues}, released (how
    many).
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


mute.add(app)
