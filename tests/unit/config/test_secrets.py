from __future__ import annotations

import json
import os
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.config.load import ConfigRefused, load
from vindaris_sync.config.settings import Config
from vindaris_sync.config.show import show
from vindaris_sync.sdk.secret import Secret, redact

Load = Callable[..., Config]
Refusals = Callable[..., list[str]]

VALUE = "xoxb-very-secret-value"
TEXT = """\
[trackers.main]
kind = "board"
url = "https://board.example"
[notify.chat]
kind = "slack"
channel = "#x"
token = TOKEN
[[teams]]
name = "All"
scopes = ["main:*"]
notify = "chat"
"""


def token_of(config: Config) -> str:
    """Return the chat token as it would be sent."""
    chat = config.notify["chat"]
    assert isinstance(chat, SlackSettings)
    return chat.token.reveal()


def written(path: Path, content: str, mode: int = 0o600) -> Path:
    """Return a file with this content and mode."""
    path.write_text(content, "utf-8")
    path.chmod(mode)
    return path


def test_a_secret_is_read_from_the_environment_a_file_or_the_credentials_directory(
    config_of: Load, tmp_path: Path
) -> None:
    """Newlines at the end, which editors and echo add, are no part of it."""
    written(tmp_path / "token", VALUE + "\r\n")
    written(tmp_path / "chat-token", VALUE + "\n", 0o444)
    given = {"CHAT": VALUE, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    for reference in ('{ env = "CHAT" }', '{ file = "token" }', '{ credential = "chat-token" }'):
        assert token_of(config_of(TEXT.replace("TOKEN", reference), given)) == VALUE


def test_a_nested_table_may_hold_secrets(config_of: Load) -> None:
    """A connector's own settings are walked to their ends."""
    text = TEXT.replace("TOKEN", '{ env = "A" }') + '[trackers.main.key]\nid = 1\npem = { env = "PEM" }\n'
    config = config_of(text, {"A": VALUE, "PEM": "-----BEGIN\nlines\n-----END\n"})
    assert config.trackers["main"].model_dump()["key"] == {"id": 1, "pem": "***"}
    assert redact("-----BEGIN\nlines\n-----END") == "***"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ('{ env = "NONE" }', "environment variable NONE is not set"),
        ('{ env = "EMPTY" }', "environment variable EMPTY is empty"),
        ('{ file = "none" }', "DIR/none: no such file or directory"),
        ('{ file = "open" }', "DIR/open can be read or written by others; chmod 600 DIR/open"),
        ('{ file = "binary" }', "DIR/binary is not UTF-8 text"),
        ('{ credential = "none" }', "credential none: CREDENTIALS_DIRECTORY is not set"),
        ('{ credential = "../x" }', "credential '../x': a credential's name is no path"),
        ('{ env = "A", file = "b" }', 'write { env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'),
        ("{ env = 3 }", 'write { env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'),
        ("{}", 'write { env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'),
        (f'"{VALUE}"', "never the secret itself"),
    ],
)
def test_a_secret_that_cannot_be_read_is_told_once_with_its_place(
    refusals: Refusals, tmp_path: Path, reference: str, message: str
) -> None:
    """The line says where it was looked for and never shows what was found."""
    written(tmp_path / "open", VALUE, 0o644)
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "binary").chmod(0o600)
    (line,) = refusals(TEXT.replace("TOKEN", reference), {"EMPTY": "\n"})
    assert line.startswith("vindaris.toml:7: [notify.chat] token: ")
    assert message.replace("DIR/", "") in line
    assert VALUE not in line


def test_a_key_named_file_that_is_no_secret_stays_a_plain_key(config_of: Load, tmp_path: Path) -> None:
    """``[goals] file`` looks like a reference to a secret and is none."""
    config = config_of('[goals]\nfile = "g.toml"\n' + TEXT.replace("TOKEN", '{ env = "A" }'), {"A": VALUE})
    assert config.goals.file == tmp_path / "g.toml"


def test_no_secret_shows_in_what_is_printed_logged_or_raised(tmp_path: Path) -> None:
    """L9: repr, dump, ``config show`` and a traceback with all its contexts are searched for the values."""
    url = "postgresql://vindaris:db-pass-word@db/v"
    environ = {"CHAT": VALUE, "VINDARIS_STORE__URL": url}
    path = tmp_path / "vindaris.toml"
    text = TEXT.replace("TOKEN", '{ env = "CHAT" }').replace('kind = "board"', 'kind = "memory"').replace("url", "#")
    path.write_text(text, "utf-8")
    config = load(path, environ)
    assert config.store.address == url
    for shown in (repr(config), str(config), json.dumps(show(config)), config.model_dump_json()):
        assert VALUE not in shown
        assert "db-pass-word" not in shown
    assert redact("password db-pass-word was refused") == "password *** was refused"
    with pytest.raises(TypeError):
        pickle.dumps(config)
    path.write_text(text + "wrong = 1\n", "utf-8")
    with pytest.raises(ConfigRefused) as refused:
        load(path, environ | {"VINDARIS_NOTIFY__CHAT__TOKEN": VALUE})
    everything = "".join(traceback.format_exception(refused.value))
    assert "never the secret itself" in everything
    assert VALUE not in everything


def test_a_database_password_does_not_stand_in_the_file(refusals: Refusals) -> None:
    """It is a secret like any other and comes from elsewhere."""
    text = '[store]\nurl = "postgresql://u:pass-word@db/v"\n' + TEXT.replace("TOKEN", '{ env = "A" }')
    (line,) = refusals(text, {"A": VALUE})
    assert line.startswith("vindaris.toml:2: [store] url: a URL with a password is a secret")
    assert "pass-word" not in line


@pytest.mark.parametrize("name", ["password", "sslpassword", "passfile", "PassWord"])
def test_a_database_password_in_the_query_is_one_too(refusals: Refusals, config_of: Load, name: str) -> None:
    """That is where libpq takes it, too."""
    url = f"postgresql+psycopg://db/v?user=u&{name}=pass%2Dword"
    text = f'[store]\nurl = "{url}"\n' + TEXT.replace("TOKEN", '{ env = "A" }')
    (line,) = refusals(text, {"A": VALUE})
    assert line.startswith("vindaris.toml:2: [store] url: a URL with a password is a secret")
    config = config_of(text.replace(f'"{url}"', '{ env = "DATABASE_URL" }'), {"A": VALUE, "DATABASE_URL": url})
    assert show(config)["store"]["url"] == "***"
    assert redact("pass-word was refused") == "*** was refused"


def test_a_mark_of_byte_order_is_no_part_of_a_secret(config_of: Load, tmp_path: Path) -> None:
    """Some editors begin every file with one."""
    written(tmp_path / "token", "\ufeff" + VALUE + "\n")
    assert token_of(config_of(TEXT.replace("TOKEN", '{ file = "token" }'))) == VALUE


@pytest.mark.parametrize("value", ["xoxb-pässwört", "xoxb-token…", "xoxb-to\nken", "xoxb-\udcff"])
def test_a_token_that_cannot_be_sent_is_refused_unseen(refusals: Refusals, value: str) -> None:
    """The line names the place, and the way out."""
    (line,) = refusals(TEXT.replace("TOKEN", '{ env = "A" }'), {"A": value})
    assert line.startswith("vindaris.toml:7: [notify.chat] token: ")
    assert "copy it anew" in line or "not UTF-8" in line
    assert value not in line


def test_a_successor_that_cannot_be_sent_is_not_taken_up(config_of: Load, tmp_path: Path) -> None:
    """The token stays what it is until its file is mended."""
    path = written(tmp_path / "token", VALUE)
    config = config_of(TEXT.replace("TOKEN", '{ file = "token" }'))
    chat = config.notify["chat"]
    assert isinstance(chat, SlackSettings)
    written(path, "xoxb-pässwört")
    assert not chat.token.renew(VALUE)
    written(path, "xoxb-another-value")
    assert chat.token.renew(VALUE)
    assert chat.token.reveal() == "xoxb-another-value"


def test_a_database_url_may_come_from_where_secrets_do(config_of: Load) -> None:
    """With a password it is masked, and still reaches the engine."""
    text = '[store]\nurl = { env = "DATABASE_URL" }\n' + TEXT.replace("TOKEN", '{ env = "A" }')
    config = config_of(text, {"A": VALUE, "DATABASE_URL": "postgresql://u:pass-word@db/v"})
    assert config.store.address == "postgresql://u:pass-word@db/v"
    assert show(config)["store"]["url"] == "***"
    assert "pass-word" not in str(show(config))
    assert isinstance(config.store.url, Secret)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_secret_file_that_may_not_be_read_is_told(refusals: Refusals, tmp_path: Path) -> None:
    """The operator sees that it is a matter of permissions."""
    written(tmp_path / "token", VALUE, 0)
    (line,) = refusals(TEXT.replace("TOKEN", '{ file = "token" }'))
    assert "permission denied" in line


def test_a_token_that_was_put_into_its_file_later_is_read_where_the_former_one_is_refused(
    config_of: Load, tmp_path: Path
) -> None:
    """What cannot be read, is empty or is the refused value itself changes nothing; the new value is masked at once."""
    path = tmp_path / "chat.token"
    path.write_text(VALUE)
    path.chmod(0o600)
    chat = config_of(TEXT.replace("TOKEN", '{ file = "chat.token" }')).notify["chat"]
    assert isinstance(chat, SlackSettings)
    for content in (VALUE, "\n"):
        path.write_text(content)
        assert not chat.token.renew(VALUE)
    path.unlink()
    assert not chat.token.renew(VALUE)
    assert chat.token.reveal() == VALUE
    path.write_text("xoxb-renewed-value\n")
    path.chmod(0o600)
    assert chat.token.renew(VALUE)
    assert chat.token.reveal() == "xoxb-renewed-value"
    assert chat.token.renew(VALUE), "another thread was refused with the former one"
    assert not chat.token.renew("xoxb-renewed-value")
    assert redact("xoxb-renewed-value") == "***"
