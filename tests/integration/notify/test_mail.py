"""Mails over real sockets: encrypted, verified, sorted when refused, and told once in a while instead of each time."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.notify import reading
from tests.integration.notify.mailbox import PASSWORD, Mailbox, serving
from tests.integration.notify.test_slack import FRIDAY, Clock, Team
from tests.security.corpus import HOSTILE
from tests.security.servers import self_signed
from vindaris_sync.config.chats import EmailSettings
from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.domain.models import Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import ChannelUnusable
from vindaris_sync.notify.mail import MailChannel
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.secret import Secret

CONTENT = compose(Subject("Growth", Kind.UNLINKED), [Item("1", "APP-1", "Pay", "https://t.acme.example/1")], FRIDAY)


def _channel(mailbox: Mailbox, **settings: Any) -> MailChannel:
    whole = {
        "host": mailbox.host, "port": mailbox.port, "security": "none", "user": "goals", "password": Secret(PASSWORD),
        "sender": "Goals <goals@acme.example>", "to": ("ada@acme.example", "Bob <bob@acme.example>"), **settings,
    }  # fmt: skip
    return MailChannel("growth", EmailSettings.model_validate(whole), now=Clock())


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with serving() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    certificate = self_signed(tmp_path_factory.mktemp("mail"))
    return certificate.certificate, certificate.context


def _text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def _html(mail: Any) -> str:
    return str(mail.get_body(("html",)).get_content())


def test_a_mail_says_the_same_as_text_and_as_html(mailbox: Mailbox) -> None:
    """One line of a subject, all recipients, both bodies, and nothing that a machine would answer to."""
    _channel(mailbox).post(CONTENT, "a" * 32)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[Growth] 1 issue serves no goal"
    assert mail["To"] == "ada@acme.example, Bob <bob@acme.example>"
    assert (mail["Auto-Submitted"], mail["List-Unsubscribe"]) == ("auto-generated", None)
    assert "APP-1 https://t.acme.example/1  Pay" in _text(mail)
    assert reading.html(_html(mail)).links == ["https://t.acme.example/1"]


def test_mails_of_one_episode_are_one_thread(mailbox: Mailbox) -> None:
    """Each names the first; the next episode begins another thread."""
    team = Team(_channel(mailbox), Clock())
    for titles in (("one",), ("one", "two"), (), ("three",)):
        team.tell(*titles)
    first, second, resolved, new = mailbox.mails
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 4
    assert first["References"] is None
    assert second["References"] == resolved["References"] == resolved["In-Reply-To"] == first["Message-ID"]
    assert new["References"] is None
    assert resolved["Subject"] == "[Growth] ✓ Every new issue serves a goal"


def test_a_hostile_title_adds_no_header_and_no_markup(mailbox: Mailbox) -> None:
    """Nothing of it becomes a line of the header, an element or a link; it is read as it was written."""
    channel = _channel(mailbox)
    for number, title in enumerate(HOSTILE):
        items = [Item(str(number), title, title, "https://t.acme.example/1", note=title)]
        team = Subject(one_line(title, 60), Kind.SUSPECT, "G")
        channel.post(compose(team, items, FRIDAY, about=title, footer=one_line(title, 300)), str(number) * 32)
    known = {*mailbox.mails[0].keys()}
    for title, mail in zip(HOSTILE, mailbox.mails, strict=True):
        assert set(mail.keys()) == known
        assert "Bcc" not in mail
        shown = reading.html(_html(mail))
        assert (shown.alive, set(shown.links)) == ([], {"https://t.acme.example/1"})
        for words in (shown.words, _text(mail)):
            assert "".join(one_line(title, 140).split())[:100] in "".join(words.split())


@pytest.mark.parametrize(
    ("stage", "said", "error", "reason"),
    [
        ("mail", "451 later", Transient, ""),
        ("mail", "550 you may not send", ChannelUnusable, "channel"),
        ("rcpt", "450 busy", Transient, ""),
        ("rcpt", "550 nobody here", ChannelUnusable, "channel"),
        ("data", "452 disk full", Transient, ""),
        ("data", "554 spam", ChannelUnusable, "channel"),
    ],
)
def test_refusals_are_sorted_by_what_happens_next(
    mailbox: Mailbox, stage: str, said: str, error: type[Exception], reason: str
) -> None:
    """4yz is tried again, 5yz waits for a person; nothing was sent either way."""
    mailbox.say = lambda at, _: said if at == stage else ""
    with pytest.raises(error) as caught:
        _channel(mailbox).post(CONTENT, "a" * 32)
    assert getattr(caught.value, "reason", "") == reason
    assert not isinstance(caught.value, Unknown)
    assert mailbox.mails == []


def test_a_mail_whose_end_nobody_heard_is_marked_when_it_is_sent_again(mailbox: Mailbox) -> None:
    """The same id lets mail programs show it once; the text says that it may be a repetition (L8)."""
    mailbox.say = lambda stage, _: "hang up" if stage == "data" else ""
    team = Team(_channel(mailbox), Clock())
    with pytest.raises(Unknown):
        team.tell("one")
    mailbox.say = lambda *_: ""
    team.clock.now += timedelta(minutes=5)
    team.tell("one")
    first, again = mailbox.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert "may repeat" in _text(again)
    assert "may repeat" not in _text(first)


def test_one_address_that_is_refused_does_not_keep_the_others_from_the_mail(mailbox: Mailbox) -> None:
    """The check says so, and posts nothing."""
    mailbox.say = lambda stage, about: "550 gone" if stage == "rcpt" and about.startswith("bob") else ""
    channel = _channel(mailbox)
    (finding,) = channel.check()
    assert (finding.level, mailbox.mails) == (Level.WARNING, [])
    assert "1 of 2" in finding.message
    channel.post(CONTENT, "a" * 32)
    assert len(mailbox.mails) == 1


def test_a_wrong_password_is_told_and_never_shown(mailbox: Mailbox) -> None:
    """A person must act."""
    channel = _channel(mailbox, password=Secret("another-canary-password"))
    with pytest.raises(ChannelUnusable) as caught:
        channel.post(CONTENT, "a" * 32)
    assert caught.value.reason == "credentials"
    assert "another-canary" not in f"{caught.value}{caught.value.advice}{channel!r}"
    assert channel.check()[0].level is Level.ERROR


def test_a_password_that_was_replaced_is_taken_up(mailbox: Mailbox) -> None:
    """The daemon need not be started again."""
    mailbox.password = "renewed-password-31c9"
    _channel(mailbox, password=Secret(PASSWORD, again=lambda: "renewed-password-31c9")).post(CONTENT, "a" * 32)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_encrypted_to_a_verified_server(
    security: str, tls: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the network's own authorities it is sent; without them nothing is said, the password least of all."""
    path, context = tls
    with serving(context, at_once=security == "tls") as mailbox:
        channel = _channel(mailbox, security=security)
        with pytest.raises(ChannelUnusable, match="certificate"):
            channel.post(CONTENT, "a" * 32)
        assert mailbox.stages == []
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        channel.post(CONTENT, "a" * 32)
        assert len(mailbox.mails) == 1


def test_a_server_without_encryption_gets_nothing(mailbox: Mailbox) -> None:
    """Who strips STARTTLS from the greeting does not get the password."""
    with pytest.raises(ChannelUnusable, match="STARTTLS"):
        _channel(mailbox, security="starttls").post(CONTENT, "a" * 32)
    assert mailbox.stages == []


def test_a_server_that_is_down_is_later(mailbox: Mailbox) -> None:
    """It is tried again."""
    channel = _channel(mailbox, port=1)
    with pytest.raises(Transient):
        channel.post(CONTENT, "a" * 32)


def test_long_texts_are_mails_that_every_server_takes(mailbox: Mailbox) -> None:
    """No line is longer than RFC 5321 allows, and nothing but ASCII is on the wire."""
    items = [
        Item(str(number), f"KEY-{number}", "漢字 " * 40, "https://t.acme.example/" + "y" * 1_900)
        for number in range(1000)
    ]
    _channel(mailbox).post(compose(CONTENT.subject, items, FRIDAY, most=MailChannel.max_items), "a" * 32)
    (mail,) = mailbox.mails
    raw = mail.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) < 998
    assert "and 975 more" in _text(mail)
