"""The command ``vindaris-sync``: all verbs, and the one place where an error becomes an exit code."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vindaris_sync import __version__
from vindaris_sync.cli import (
    config,
    db,
    demo,
    doctor,
    export,
    goal,
    link,
    outcome,
    page,
    plan,
    report,
    review,
    rule,
    run,
    sandbox,
    status,
    trace,
    tracker,
    webhook,
    work,
)
from vindaris_sync.cli.exits import CUT_OFF, code_of, tell
from vindaris_sync.cli.options import examples


class Verbs(TyperGroup):
    """The verbs; whatever ends one is told in one line, and decides the exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's context and result have no public type
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (SystemExit, typer.Exit, typer.Abort, typer.TyperException):
            raise
        except BrokenPipeError:
            raise typer.Exit(CUT_OFF) from None
        except BaseException as error:  # noqa: BLE001 - every end is told here, and nowhere else
            tell(error)
            raise typer.Exit(code_of(error)) from None


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they show locals, which hold tokens
    rich_markup_mode=None,  # examples stay as they are written, and help needs no rich
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "vindaris-sync demo                     see it at work on invented trackers",
        "vindaris-sync config check             is the configuration right?",
        "vindaris-sync doctor                   are credentials, permissions and fields right?",
        "vindaris-sync plan                     what would a pass do?",
        "vindaris-sync run --once               do it once; without --once: as a daemon",
        "vindaris-sync trace APP-12             from an issue to its goal, and back",
    ),
)


def _version(asked: bool) -> None:  # noqa: FBT001 - a callback of typer's
    if asked:
        typer.echo(f"vindaris-sync {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep every issue in Jira and GitHub linked to the goal it serves.

    Exit codes: 0 done or in sync, 1 something to do, drift or conflicts, 2 the command, the configuration or the goals
    must be corrected, 3 a tracker, a chat or the database cannot be used at present.
    """
    del version


for module in (run, plan, status, trace):
    module.add(app)
app.add_typer(goal.app, name="goal")
app.add_typer(outcome.app, name="outcome")
app.add_typer(link.app, name="link")
app.add_typer(tracker.app, name="tracker")
app.add_typer(webhook.app, name="webhook")
app.add_typer(rule.app, name="rule")
app.add_typer(work.app, name="work")
app.add_typer(review.app, name="review")
for module in (report, doctor):
    module.add(app)
app.add_typer(page.app, name="page")
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")
export.add(app)
sandbox.add(app)
demo.add(app)
