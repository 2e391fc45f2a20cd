"""Fixtures of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def no_flush() -> Iterator[None]:
    """Leave it to the system when files reach the disk: a test that saves a hundred times would wait for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def ms() -> Any:
    """Give MindSpore, whose own readers and writers are the measure of ours."""
    import mindspore

    return mindspore
