"""``page``: logins and tokens from the command line."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from tests.unit.cli.installation import Installation
from vindaris_sync.cli.main import app
from vindaris_sync.store.store import Store
from vindaris_sync.web.access import Role, digest
from vindaris_sync.web.passwords import Passwords

PASSWORD = "correct horse battery"


@pytest.fixture
def named(shop: Installation) -> Installation:
    """Return an installation whose configuration names a file of passwords."""
    shop.config.write_text(shop.config.read_text("utf-8") + '[page]\npasswords = "passwords"\n', "utf-8")
    return shop


def test_a_password_is_read_from_a_pipe_and_lets_its_owner_in(named: Installation) -> None:
    """The file holds name, role and hash; the command says what holds now, and never the password."""
    said = named.call("page", "passwd", "Ada", "--role", "decide", answer=f"{PASSWORD}\n")
    assert PASSWORD not in said.output
    assert "ada may decide" in said.stdout
    entry = Passwords(named.directory / "passwords").check("ada", PASSWORD)
    assert entry is not None
    assert entry.role is Role.DECIDE
    assert "taken out" in named.said("page", "passwd", "ada", "--remove")
    assert Passwords(named.directory / "passwords").entries() == {}


def test_a_short_password_is_refused_with_advice(named: Installation) -> None:
    """Nothing is written."""
    refused = named.call("page", "passwd", "ada", answer="short\n", code=2)
    assert "12 to 256 characters" in refused.stderr
    assert not (named.directory / "passwords").exists()


def test_without_a_file_in_the_configuration_the_line_to_write_is_told(shop: Installation) -> None:
    """Nobody has to guess a setting's name."""
    refused = shop.call("page", "passwd", "ada", answer=PASSWORD, code=2)
    assert re.search(r'passwords = ".*/state/passwords"', refused.stderr)


def test_a_token_is_printed_once_and_listed_without_itself(shop: Installation) -> None:
    """The store holds its digest; lists say scope, end and last use."""
    made = shop.told("page", "token", "add", "grafana", "--scope", "read", "--expires", "30d")
    assert re.fullmatch(r"vindaris_[\w-]{43}", made["token"])
    with Store.open(f"sqlite:///{shop.directory / 'state' / 'vindaris.db'}") as store:
        assert store.token_of(digest(made["token"]), store.tokens()[0].created) is not None
    listed = shop.call("page", "token", "list").stdout
    assert "grafana" in listed
    assert made["token"] not in listed
    assert shop.told("page", "token", "list")["tokens"][0]["scope"] == "read"
    assert "there is a token 'grafana' already" in shop.call("page", "token", "add", "grafana", code=2).stderr
    shop.call("page", "token", "revoke", "grafana")
    assert "there are: none" in shop.call("page", "token", "revoke", "grafana", code=2).stderr


@pytest.mark.parametrize("words", [("--expires", "soon"), ("--scope", "god")])
def test_a_token_that_cannot_be_is_not_made(shop: Installation, words: tuple[str, str]) -> None:
    """An error, and no token."""
    assert CliRunner().invoke(app, ["page", "token", "add", "x", *words, "--config", str(shop.config)]).exit_code == 2
    assert shop.told("page", "token", "list") == {"tokens": []}
