"""What every test of the part that touches MindSpore needs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Hundreds of processes are started, each of which would compile lazycell and the zoo anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("lazycell", deadline=None)  # no test is timed: a busy machine is no fault
settings.load_profile("lazycell")


def pytest_collection_finish() -> None:
    """Keep all tests, and what they imported, out of the collector's sight: MindSpore collects at each compilation."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _synchronous_mindspore(request: pytest.FixtureRequest) -> Iterator[None]:
    """Raise the errors of PyNative operators where they are called: MindSpore raises them later, in another test."""
    if "mindspore" not in sys.modules:  # a test of a part that does without
        yield
        return
    import mindspore

    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=True)
    yield
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=True)
