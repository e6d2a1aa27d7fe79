from __future__ import annotations

import copy
import html
import json
import pickle
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.sdk import secret as register
from vindaris_sync.sdk.errors import ConfigError, TrackerUnusable, Transient, Unknown, VindarisError
from vindaris_sync.sdk.secret import MASK, Secret, holds_secret, redact

VALUE = "s3cr3t-Value/with+signs="


@pytest.fixture(autouse=True, scope="module")
def _forgotten() -> Iterator[None]:
    """Let what is a secret here, six zeros too, be none in the tests that this process runs afterwards."""
    lasting, fleeting, known = dict(register._lasting), register._fleeting.copy(), register._known  # noqa: SLF001 - nobody else forgets
    yield
    register._lasting, register._fleeting, register._known = lasting, fleeting, known  # noqa: SLF001 - as above


def test_secret_never_shows_itself() -> None:
    """No way of printing shows the value; only ``reveal`` does."""
    secret = Secret(VALUE)
    told = [repr(secret), str(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr([secret]), str({"t": secret})]  # noqa: UP031 - one of the ways
    assert not [text for text in told if VALUE in text]
    assert secret.reveal() == VALUE


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_secret_is_not_copied_out(take: object) -> None:
    """Pickling, by whatever road, is refused."""
    assert callable(take)
    with pytest.raises(TypeError):
        take(Secret(VALUE))


def test_equal_by_value() -> None:
    """Secrets of one value are equal and count once; a secret equals no string."""
    assert Secret(VALUE) == Secret(VALUE)
    assert len({Secret(VALUE), Secret(VALUE)}) == 1
    assert Secret(VALUE) != VALUE


def test_known_values_are_masked_longest_first() -> None:
    """Every value ever held is masked, a longer one before the shorter one it contains; words are left alone."""
    Secret("abcdef-123")
    Secret("abcdef-123-longer")
    Secret("the")
    assert redact("the token abcdef-123-longer, abcdef-123") == f"the token {MASK}, {MASK}"


def test_errors_mask_what_is_known() -> None:
    """An error masks secrets known when it is made, in its text and its advice (L9)."""
    Secret(VALUE)
    text = {"message": f"a {VALUE}", "advice": f"b {VALUE}"}
    errors = [kind(**text) for kind in (VindarisError, Transient, Unknown, ConfigError)]
    for error in [*errors, TrackerUnusable(**text, reason="credentials")]:
        assert VALUE not in repr(error) + str(error) + error.advice
        assert (str(error), error.advice) == (f"a {MASK}", f"b {MASK}")


@pytest.mark.parametrize("email", ["a", "ab", "abc", "bot@acme.example"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_basic_authentication_is_masked(email: str, encode: Callable[[bytes], bytes]) -> None:
    """Of the Base64 of name and token all but the name, and at most one byte at each end, is masked."""
    token = "ATATT3xFf/GF0+very?secret~token=A1B2C3D4"
    Secret(token)
    written = encode(f"{email}:{token}".encode()).decode()
    left = redact(f"Authorization: Basic {written}").removeprefix("Authorization: Basic ")
    head, tail = left.split(MASK)
    assert written.startswith(head)
    assert written.endswith(tail)
    assert len(written.rstrip("=")) - len(head) - len(tail.rstrip("=")) >= (len(token) - 2) * 8 / 6


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda value: json.dumps(value).replace("/", "\\/"),
        repr,
        lambda value: repr(value.encode()),
        html.escape,
        lambda value: urlencode({"token": value}),
        lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value)),
        lambda value: f"https://bot:{quote(value, safe='')}@jira.example/",
    ],
)
def test_every_form_of_a_value_is_masked(write: Callable[[str], str]) -> None:
    """Escapes of JSON, Python, HTML and addresses hide nothing."""
    value = 'pa"ss/wo\\rd+with&all<of>them%20'
    Secret(value)
    assert "wo" not in redact(write(value)).replace("word", "")
    assert "all" not in redact(write(value))


def test_lines_of_a_key_and_parts_of_an_address_are_masked() -> None:
    """An echo of one line, of a path or of its last segment is one of the secret."""
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDu"
    Secret(f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    Secret("https://bot:hunter2-hunter@hooks.chat.example/services/T01/B02/qwertzuiopasdfghjkl?key=yxcvbnm0123456789")
    for echo in (*body.splitlines(), body.replace("\n", "\\n"), "hunter2-hunter", "yxcvbnm0123456789",
                 "/services/T01/B02/qwertzuiopasdfghjkl?key=yxcvbnm0123456789", "qwertzuiopasdfghjkl"):  # fmt: skip
        assert set(redact(f"no {echo} here").split()) <= {"no", MASK, "here", f"{MASK}\\n{MASK}"}
    words = "END PRIVATE KEY----- at hooks.chat.example/services"
    assert redact(words) == words


def test_what_ends_by_itself_is_forgotten_in_time() -> None:
    """The newest short-lived tokens are masked; months of them do not slow every log line down."""
    lasting = Secret(VALUE)
    for number in range(500):
        Secret(f"ghs_fleeting-token-{number:04}", fleeting=True)
    assert redact("ghs_fleeting-token-0499") == MASK
    assert redact("ghs_fleeting-token-0000") != MASK
    assert redact(lasting.reveal()) == MASK


@given(st.text(st.characters(exclude_categories=[]), min_size=6))
def test_any_value_can_be_a_secret(value: str) -> None:
    """Lone surrogates of the environment, control characters and quotes are masked like anything else."""
    Secret(value, fleeting=True)
    assert redact(f"<{value}>") == f"<{MASK}>" or value in "<***>"
    assert holds_secret(value)
