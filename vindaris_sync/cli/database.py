"""Care of the database."""

from __future__ import annotations

from vindaris_sync.app import open_store, store_exists
from vindaris_sync.cli.exits import DONE, DRIFT
from vindaris_sync.cli.opening import busy
from vindaris_sync.cli.output import emit, say
from vindaris_sync.config.settings import Config
from vindaris_sync.store.migrations import HEAD


def migrate(config: Config, *, as_json: bool) -> None:
    """Make the database or bring it up to date, and say what it is now."""
    created = not store_exists(config)
    with busy("bringing the schema up to date"), open_store(config, create=True) as store:
        facts = store.facts
    found = {"path": facts["path"], "bytes": int(facts["bytes"]), "sqlite": facts["sqlite"], "schema": HEAD,
             "created": created}  # fmt: skip
    if as_json:
        emit(found)
    else:
        say(f"{facts['path']} {'was made' if created else 'is up to date'}: schema {HEAD}, SQLite {facts['sqlite']}")


def check(config: Config, *, as_json: bool) -> int:
    """Verify, print what is wrong, and return the exit code."""
    with busy("verifying"), open_store(config) as store:
        breaches = store.check()
    if as_json:
        emit({"sound": not breaches, "breaches": breaches})
    elif not breaches:
        say("The database is sound, and every law holds.")
    else:
        for breach in breaches:
            examples = f": {', '.join(breach.examples)}" if breach.examples else ""
            say(f"{breach.law}: {breach.message}{examples}", style="red")
            say(f"  {breach.fix}")
    return DRIFT if breaches else DONE
