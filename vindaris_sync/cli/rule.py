"""``rule``: the link rules of the configuration."""

from __future__ import annotations

import typer

from vindaris_sync.cli.options import AsJson, ConfigPath, examples

app = typer.Typer(
    help="Look at the link rules: which goal work serves where nobody has said so.",
    no_args_is_help=True,
    epilog=examples("vindaris-sync rule list", "vindaris-sync review confirm rule:1"),
)


@app.callback()
def rule() -> None:
    """Keep the verb a group of its own."""


@app.command(
    "list", epilog=examples("vindaris-sync rule list", "vindaris-sync rule list --json | jq '.rules[] | .linked'")
)
def list_rules(*, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List the rules in the order in which they are tried, and how many open issues each is about.

    An issue may fulfil a rule and be linked otherwise: by what is explicit on it or above it, or by an earlier rule.

    JSON: rules [{rule, conditions, goal, known, in_force, fulfilled, linked, suspect, revision,
    causes [{reason, detail, opened, answer}]}]; rule is null before the first pass that knows it.
    """
    from vindaris_sync.cli import rules_shown
    from vindaris_sync.cli.opening import load_config

    rules_shown.tell(rules_shown.gather(load_config(config)), as_json=as_json)
