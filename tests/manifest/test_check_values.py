"""Tests of `lazycell.manifest._check_values`: what a size is. The texts of its errors are in `tests/messages`."""

from typing import Any

import numpy as np
import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import Param
from tests.pure import PureCell


@pytest.mark.parametrize("size", [3, np.int64(3), np.uint8(3)])
def test_sizes_are_whole_numbers(size: Any) -> None:
    """Python's or numpy's; the shape has Python's."""

    class A(PureCell):
        n: int
        w: Param["zeros", (n, 2, n + 1)]

    shape = A(size).resolved.parameters[0].shape
    assert shape == (3, 2, 4)
    assert {type(each) for each in shape} == {int}


@pytest.mark.parametrize("size", [0, -1, 3.0, True, np.bool_(True), "3", None, (3,), np.float32(3)])
def test_nothing_else_is_a_size(size: Any) -> None:
    """The message shows dimension, shape and value."""

    class A(PureCell):
        n: Any
        w: Param["zeros", (2, n)]

    with pytest.raises(DeclarationError, match=r"^A\.w: dimension 1 of the shape `\(2, n\)` is .* with n="):
        A(size)
