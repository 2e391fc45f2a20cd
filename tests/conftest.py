"""What every test of the part that touches MindSpore needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("lazycell", deadline=None)  # no test is timed: a busy machine is no fault
settings.load_profile("lazycell")


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
