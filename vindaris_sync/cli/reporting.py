"""The last report, or a new one, and what it comes to in a few lines."""

from __future__ import annotations

import sys
from pathlib import Path

from vindaris_sync.app import App, nightly_of, open_app, report_place
from vindaris_sync.cli.exits import DONE, DRIFT, Refusal
from vindaris_sync.cli.opening import shown_progress
from vindaris_sync.cli.output import clean, note, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.findings import Findings, NotChecked
from vindaris_sync.domain.summary import summary
from vindaris_sync.engine.nightly import make_report, run_nightly
from vindaris_sync.report import previous, to_html, to_json, to_markdown
from vindaris_sync.store.errors import StoreError, Trouble

_FORMS = {"md": to_markdown, "json": to_json, "html": to_html}


def last(config: Config) -> Findings:
    """Return the newest report; refuse where there is none."""
    found = previous(config.report.directory)
    if found is None:
        raise Refusal(
            f"there is no report in {config.report.directory} yet",
            advice="the daemon writes one every night; `vindaris-sync report --now` writes one now",
        )
    return found


def make(config: Config) -> Findings:
    """Write a report of this moment and return it; a full one where no daemon is at work on the store."""
    with shown_progress("comparing") as progress, open_app(config, progress=progress) as app:
        day = nightly_of(config).night(app.context.now())
        if _alone(app):
            return run_nightly(app.context, app.channels, report_place(config), day)
        why = "the daemon is running, and compares at night"
        return make_report(app.context, report_place(config), day, [], [NotChecked("all trackers", why)])


def _alone(app: App) -> bool:
    try:
        app.store.claim()
    except StoreError as error:
        if error.trouble is not Trouble.CLAIMED:
            raise
        note("a daemon is running: nothing is compared, the report tells what it knows")
        return False
    return True


def tell(config: Config, found: Findings, form: str | None) -> None:
    """Print the report whole in a format, or in short."""
    if form is not None:
        sys.stdout.write(_FORMS[form](found).rstrip("\n") + "\n")
        sys.stdout.flush()
        return
    content = summary(found, "", found.at.date().isoformat())
    say(content.headline, style="bold")
    for name, value in content.facts:
        say(f"  {name}: {value}")
    say(f"  {content.footer}")
    say(f"  {found.at:%Y-%m-%d %H:%M} UTC: {clean(page(config, found), 1000)}", style="dim")


def page(config: Config, found: Findings) -> Path:
    """Return where the report's page lies."""
    day = found.at.astimezone(config.schedule.timezone).date().isoformat()
    dated = config.report.directory / f"{day}.html"
    return dated if dated.exists() else config.report.directory / "latest.html"


def code(found: Findings) -> int:
    """Return the exit code: 1 where the report tells of drift that stayed, or of conflicts."""
    left = any(row.found > row.repaired and not row.explained for row in found.drift)
    return DRIFT if left or found.conflicts.total else DONE
