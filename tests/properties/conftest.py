"""Profiles: ``ci`` is the same every time and ends soon; ``VINDARIS_HYPOTHESIS=thorough`` looks further."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

_QUIET = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    max_examples=60,
    stateful_step_count=30,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "thorough",
    parent=settings.get_profile("ci"),
    derandomize=False,
    max_examples=2000,
    stateful_step_count=60,
)
settings.load_profile(os.environ.get("VINDARIS_HYPOTHESIS", "ci"))


@pytest.fixture(autouse=True)
def _no_log() -> Iterator[None]:
    """Keep thousands of passes from writing a line each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
