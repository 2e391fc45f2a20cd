"""What every test of the part that touches MindSpore needs."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

# A shell starts what it runs in the background with SIGINT ignored, and Python then has no handler for it: tests that
# interrupt themselves would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _synchronous_mindspore(request: pytest.FixtureRequest) -> Iterator[None]:
    """Raise the errors of PyNative operators where they are called: MindSpore raises them later, in another test."""
    import sys

    if "mindspore" not in sys.modules:  # a test of a part that does without
        yield
        return
    import mindspore

    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=True)
    yield
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=True)
