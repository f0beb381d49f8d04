"""What the benchmarks set for their own process is undone after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The benchmarks have nothing logged but what is critical."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
