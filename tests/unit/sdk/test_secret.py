from __future__ import annotations

import copy
import pickle

import pytest

from vindaris_sync.sdk.errors import ConfigError, TrackerUnusable, Transient, Unknown, VindarisError
from vindaris_sync.sdk.secret import MASK, Secret, redact

VALUE = "s3cr3t-Value/with+signs="


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
