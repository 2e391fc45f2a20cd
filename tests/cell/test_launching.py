"""How PyNative operators are launched."""

from __future__ import annotations

from collections.abc import Iterator

import mindspore as ms
import pytest

import lazycell
from lazycell.parameters import _framework as framework


@pytest.fixture(autouse=True)
def _as_mindspore_begins() -> Iterator[None]:
    framework.set_launches_blocking(False)
    yield
    framework.set_launches_blocking(True)


def launches_blocking() -> bool:
    """Ask MindSpore."""
    return ms.get_context("pynative_synchronize")


def test_inside_and_after() -> None:
    """Operators wait inside, whatever is nested, and afterwards as before, exceptions or not."""
    seen = []

    def fail() -> None:
        with lazycell.launch_blocking():
            seen.append(launches_blocking())
            with lazycell.launch_blocking():
                seen.append(launches_blocking())
            seen.append(launches_blocking())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == [True, True, True]
    assert not launches_blocking()


def test_what_was_set_stays() -> None:
    """Whoever launches so already goes on."""
    framework.set_launches_blocking(True)
    with lazycell.launch_blocking():
        assert launches_blocking()
    assert launches_blocking()


def test_a_decorator() -> None:
    """A function can be run so."""
    assert lazycell.launch_blocking()(launches_blocking)()
    assert not launches_blocking()


def test_nothing_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    """MindSpore's own setter warns at each call."""
    with lazycell.launch_blocking():
        pass
    assert capfd.readouterr().err == ""
