"""A canary in every credential: wherever the product writes, it is not (L9, FAULTS 54)."""

from __future__ import annotations

import gc
import html
import json
import os
import re
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer.testing
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.security.echo import Echo, Mode
from vindaris_sync.app import open_app
from vindaris_sync.cli.main import app
from vindaris_sync.config.load import load
from vindaris_sync.sandbox.core import Request, Response, Weather
from vindaris_sync.sandbox.github import Account, GitHub
from vindaris_sync.sandbox.github import World as GithubWorld
from vindaris_sync.sandbox.jira import JiraCloud, Person
from vindaris_sync.sandbox.jira import World as JiraWorld
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sandbox.slack import Slack
from vindaris_sync.sandbox.slack.world import World as SlackWorld
from vindaris_sync.sdk.errors import VindarisError

BOT = "bot@acme.example"
CANARIES = {
    "JIRA": "ATATTcanary/jira+7f3a9c1e5b2d4680=",
    "GITHUB": "ghp_canaryGithub51c7e90ab3f2d684",
    "SLACK": "xoxb-canarySlack-93be07d1c4a85f26",
    "SIGNING": "canary\"signing\\secret'&<0a4d8f37c1>",
}
CONFIG = """
state_dir = "state"
[goals]
file = "goals.toml"
debounce = "0s"
[trackers.jira]
kind = "jira"
url = "{url}/jira"
email = "bot@acme.example"
token = {{ env = "JIRA" }}
projects = ["APP"]
grace = "0s"
[trackers.hub]
kind = "github"
url = "{url}/github"
token = {{ file = "github.token" }}
repositories = ["acme/web"]
grace = "0s"
[trackers.app]
kind = "github"
url = "{url}/app"
app_id = {app_id}
installation_id = {installation}
private_key = {{ credential = "key" }}
repositories = ["acme/web"]
grace = "0s"
[notify.chat]
kind = "slack"
channel = "#growth"
token = {{ env = "SLACK" }}
api_url = "{url}/slack/api"
[notify.hook]
kind = "slack-webhook"
url = {{ env = "HOOK" }}
[notify.web]
kind = "webhook"
url = {{ env = "WEB" }}
secret = {{ env = "SIGNING" }}
[[teams]]
name = "Growth"
scopes = ["jira:*"]
notify = "chat"
[[teams]]
name = "Web"
scopes = ["hub:*"]
notify = "hook"
[[teams]]
name = "App"
scopes = ["app:*"]
notify = "web"
[logging]
level = "debug"
format = "json"
"""
GOALS = '[[goal]]\nkey = "GROW"\ntitle = "Grow"\n'
VERBS = (
    "config check", "config check --json", "config show", "config show --json", "goal list", "goal apply --now",
    "doctor", "doctor --json", "plan", "plan --json", "run --dry-run", "run --once", "run --once --json", "status",
    "status --json", "trace APP-1", "trace GROW", "link set acme/web#1 GROW", "review list", "review list --json",
    "report --now", "db check", "db backup state/copy.db", "db migrate --json", "run --once --tracker canary",
    "trace canary",
)  # fmt: skip
SERVICE_VERBS = ("run --once", "doctor --json", "status --json")
MODES = (
    Mode(401), Mode(403), Mode(404), Mode(400, after=4), Mode(500, "text", after=3), Mode(302), Mode(301, after=2),
    Mode(200), Mode(200, "list", after=3), Mode(200, "page"), Mode(403, "text"), Mode(422, "cut"),
    Mode(401, "cut", after=2),
)  # fmt: skip
HOOK = "/services/T01/B02/canarySlackHookc4e80b7d19f2"
_OURS = re.compile(r"vindaris_(?!sync\.sandbox)")
_WINDOW = 12
"""So many characters of a credential in a row are a leak: half a token is half a token."""


class Receiver:
    """Takes what a plain webhook is sent."""

    def __init__(self) -> None:
        self.base_url = ""
        self.weather = Weather()
        world = SlackWorld()
        self.lock, self.outbox = world.lock, world.outbox

    def answer(self, request: Request) -> Response:
        del request
        return Response(204)


@dataclass(slots=True)
class Installation:
    """Two trackers (one of them twice, as an App), three channels, and all that was written and said."""

    folder: Path
    services: dict[str, Echo]
    addresses: dict[str, str]
    said: list[str] = field(default_factory=list)
    inputs: int = 0

    def run(self, words: str, *, config: str = "vindaris.toml") -> None:
        """Run a verb in this process and keep what it printed, exceptions included."""
        command = [*words.split(), "--config", str(self.folder / config)]
        result = typer.testing.CliRunner().invoke(app, command, catch_exceptions=True)
        self.inputs += 1
        self.said += [result.stdout, result.stderr]
        if result.exc_info and not isinstance(result.exception, SystemExit):
            self.said.append("".join(traceback.format_exception(*result.exc_info)))

    def echo(self, mode: Mode | None) -> None:
        for service in self.services.values():
            service.begin(mode)

    def secrets(self) -> set[str]:
        """Return every credential: those of the configuration, and those that were made of them or for them."""
        sent = {each for service in self.services.values() for each in service.credentials()}
        key = (self.folder / "credentials" / "key").read_text("ascii").splitlines()[1:-1]
        paths = {url.rpartition("/")[2] for url in self.addresses.values()}
        return {*CANARIES.values(), *sent, *key, *paths}

    def written(self) -> Iterator[tuple[str, str]]:
        """Yield all that the product wrote: logs and output, files, and what it sent beside the credential itself."""
        yield from ((f"output {number}", text) for number, text in enumerate(self.said))
        for path in (self.folder / "state").rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("latin-1")
        for name, service in self.services.items():
            for request in service.asked:
                kept = {key: value for key, value in request.headers.items() if key != "authorization"}
                secret = name in {"hook", "web"} or "/services/" in request.path  # the address itself is the credential
                target = "" if secret else f"{request.path}?{request.query}"
                yield f"request to {name}", f"{target} {kept} {request.body.decode('utf-8', 'replace')}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    jira, hub, slack = JiraWorld(), GithubWorld(), SlackWorld()
    jira.add_project("APP")
    jira.add_account(CANARIES["JIRA"], BOT)
    Person(jira, jira.user("alice")).create_issue("APP", f"Somebody pasted {CANARIES['JIRA']} here")
    hub.create_repository("acme/web")
    hub.grant(CANARIES["GITHUB"], Account("vindaris-bot", "fine-grained"))
    hub.create_issue("acme/web", f"Token {CANARIES['GITHUB']} and {CANARIES['SLACK']}", actor="ada")
    installed = hub.install_app("vindaris", "acme", permissions={"metadata": "read", "issues": "write"})
    slack.create_channel("growth")
    slack.tokens[CANARIES["SLACK"]] = "goalbot"
    slack.hooks[HOOK] = "growth"
    services = {
        "jira": Echo(JiraCloud(jira)), "github": Echo(GitHub(hub)), "app": Echo(GitHub(hub)),
        "slack": Echo(Slack(slack)), "web": Echo(Receiver()),
    }  # fmt: skip
    with Server({f"/{name}": service for name, service in services.items()}) as server:
        addresses = {
            "HOOK": f"{server.url}/slack{HOOK}",
            "WEB": f"{server.url}/web/in/canaryHook6b1d93f7a0c25e48",
        }
        for name in ("state", "credentials"):
            (tmp_path / name).mkdir(mode=0o700)
        text = CONFIG.format(url=server.url, app_id=installed.id, installation=installed.installation)
        files = {
            "vindaris.toml": text,
            "goals.toml": GOALS,
            "github.token": CANARIES["GITHUB"],
            "credentials/key": _pem(),
        }
        for name, content in files.items():
            (tmp_path / name).write_text(content, "utf-8")
            (tmp_path / name).chmod(0o600)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
        for name, value in {**CANARIES, **addresses}.items():
            monkeypatch.setenv(name, value)
        yield Installation(tmp_path, services, addresses)


def _pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def plain_forms(text: str) -> Iterator[str]:
    """Yield a text as it is, and with the escapes of JSON, addresses and HTML taken out."""
    yield text
    if "\\u" in text:
        yield re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    if "%" in text:
        yield unquote(text)
    if "&" in text:
        yield html.unescape(text)


def leaks(place: Installation) -> list[str]:
    """Return where any credential of an installation stands in what it wrote."""
    return leaking(place.secrets(), place.written())


def leaking(secrets: Iterable[str], written: Iterable[tuple[str, str]]) -> list[str]:
    """Return where any twelve characters in a row of any secret stand, in any form."""
    windows = {window for secret in secrets for window in _windows(secret) if len(set(window)) > _WINDOW // 3}
    found = []
    for where, text in written:
        for form in plain_forms(text):
            at = next((at for at, window in enumerate(_windows(form)) if window in windows), None)
            if at is not None:
                found.append(f"{where}: …{form[max(0, at - 80) : at + _WINDOW]}…")
    return found


def _windows(text: str) -> Iterator[str]:
    return (text[at : at + _WINDOW] for at in range(len(text) - _WINDOW + 1))


def test_canary_no_verb_shows_a_credential(place: Installation) -> None:
    """Every verb, at DEBUG, over real sockets: output, logs, database, WAL, backup, report and requests stay clean."""
    for verb in VERBS:
        place.run(verb.replace("state/copy.db", str(place.folder / "state" / "copy.db")))
    assert {len(service.asked) > 0 for service in place.services.values()} == {True}
    assert len(place.secrets()) > len(CANARIES) + 20  # the key's lines, a Basic one, an App's assertion and token
    assert any("Somebody pasted ***" in text for _, text in place.written())
    found = leaks(place)
    print(f"canary: inputs {place.inputs}, escapes {len(found)}")  # noqa: T201 - shown with -s
    assert found == []


def test_canary_services_that_say_credentials_back_are_not_quoted(place: Installation) -> None:
    """In errors, pages, redirects and titles, cut or whole, escaped or not; then what lies in the database is clean."""
    place.run("run --once")
    for mode in MODES:
        place.echo(mode)
        for verb in SERVICE_VERBS if mode.status in {401, 403} else SERVICE_VERBS[:1]:
            place.run(verb)
    place.echo(None)
    for verb in ("run --once", "report --now", f"db backup {place.folder / 'state' / 'copy.db'}", "status"):
        place.run(verb)
    assert min(service.struck for name, service in place.services.items() if name != "web") > 0
    found = leaks(place)
    print(f"canary, said back: inputs {place.inputs}, escapes {len(found)}")  # noqa: T201 - as above
    assert found == []


def test_canary_no_object_shows_a_credential(place: Installation) -> None:
    """Everything of ours that lives while trackers are read, and every error that comes, is printed without one."""
    config = load(place.folder / "vindaris.toml")
    with open_app(config) as running:
        place.echo(Mode(403, "text", after=5))
        for name, tracker in running.context.trackers.items():
            try:
                place.said.append(repr(list(tracker.connector.pull({}))))
                place.said.append(repr(tracker.connector.check()))
            except VindarisError as error:
                place.said.append(name + "".join(traceback.format_exception(error)))
        ours = [each for each in gc.get_objects() if _OURS.match(str(type(each).__module__))]
        assert len(ours) > 100
        place.inputs += len(ours)
        place.said += [text for each in ours for text in (repr(each), str(each))]
    found = leaks(place)
    print(f"canary, objects: inputs {place.inputs}, escapes {len(found)}")  # noqa: T201 - as above
    assert found == []


WRONG = {
    "a token in the file": ('token = {{ env = "JIRA" }}', 'token = "{JIRA}"'),
    "a token as a key": ('token = {{ env = "JIRA" }}', '"{JIRA}" = 1'),
    "a token where a name belongs": ('{{ env = "SLACK" }}', '{{ env = "SLACK", value = "{SLACK}" }}'),
    "a token in an address": ("{url}/jira", "https://bot:{JIRA}@jira.example"),
    "a token in no TOML": ('token = {{ env = "SLACK" }}', "token = {SLACK}"),
}


@pytest.mark.parametrize("kind", [each for each in WRONG if each != "a token as a key"])
def test_canary_a_wrong_configuration_is_refused_without_quoting_it(place: Installation, kind: str) -> None:
    """Who wrote a token into the file is told so, and the message can be shown to anybody."""
    before, after = WRONG[kind]
    text = (place.folder / "vindaris.toml").read_text("utf-8")
    wrong = before.replace("{{", "{").replace("}}", "}").replace("{url}", place.addresses["WEB"].partition("/web")[0])
    for name, value in CANARIES.items():
        after = after.replace("{" + name + "}", value)
    assert wrong in text
    (place.folder / "wrong.toml").write_text(text.replace(wrong, after.replace("{{", "{").replace("}}", "}")), "utf-8")
    os.environ.pop("JIRA" if "JIRA" in WRONG[kind][1] else "SLACK")
    for verb in ("config check", "config check --json", "config show", "doctor --json", "run --once"):
        place.run(verb, config="wrong.toml")
    assert json.loads(place.said[2])["valid"] is False
    assert leaks(place) == []
