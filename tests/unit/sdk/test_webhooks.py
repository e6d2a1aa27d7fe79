"""Secrets of webhooks, and what is derived from them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import HookSettings
from vindaris_sync.sdk.webhooks import Delivery, address_key, keyed, matches, signature, signed

SECRET = Secret("what-webhooks-are-signed-with-0815")


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    """Fifteen characters are too few, and the refusal does not repeat them."""
    with pytest.raises(ValidationError, match="at least 16 characters") as refused:
        HookSettings(secret=Secret("hunter2-hunter2"))
    assert "hunter2" not in str(refused.value)


def test_nothing_is_signed_by_nothing() -> None:
    """A secret that could not be read opens no door, neither by signature nor by the address."""
    nothing = Secret("")
    assert not signed(Delivery({"x": signature(nothing, b"{}")}, b"{}", {}), "x", nothing)
    assert not keyed(Delivery({}, b"{}", {"key": address_key(nothing, "jira")}), nothing, "jira")
    assert signed(Delivery({"x": signature(SECRET, b"{}")}, b"{}", {}), "x", SECRET)


def test_texts_of_any_characters_are_compared() -> None:
    """What comes in need not be ASCII, nor text at all."""
    assert not matches("é\udc80", "sha256=00")
    assert matches("sha256=00", "sha256=00")
