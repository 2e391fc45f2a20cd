"""What optimizers keep; tests/cell/test_sizes.py holds each of them to MindSpore's own."""

from __future__ import annotations

import re

import pytest

from lazycell.manifest.sizes._optimizers import OPTIMIZERS, optimizer_state


def test_names():
    """Spelled as the class, as a word, or as several."""
    for name in ("adamweightdecay", "AdamWeightDecay", "adam_weight_decay", "adam-weight-decay"):
        assert optimizer_state(name).origin == "mindspore.nn.AdamWeightDecay"
    assert optimizer_state("SGD") is OPTIMIZERS["sgd"]


def test_adam():
    """Two moments in the parameter's dtype, and numbers of 4 bytes in all."""
    adam = optimizer_state("adam")
    assert adam.nbytes((3, 5), "float32") == 2 * 15 * 4
    assert adam.nbytes((3, 5), "bfloat16") == 2 * 15 * 2
    assert adam.shared_nbytes == 4 * 4


def test_adafactor():
    """A row and a column in place of a matrix, and a number that stands for the matrix."""
    assert optimizer_state("adafactor").nbytes((30, 50), "float16") == (30 * 50 + 30 + 50 + 1) * 2


def test_unknown_name():
    """The near name, and all there are."""
    known = ", ".join(OPTIMIZERS)
    for name, near in (("adma", "adam"), ("AdamWeihtDecay", "adamweightdecay"), ("rmprop", "rmsprop")):
        message = (
            f'optimizer={name!r} is not an optimizer that lazycell knows (did you mean "{near}"?); it knows {known}'
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            optimizer_state(name)
    with pytest.raises(
        ValueError, match=re.escape(f"optimizer='zz' is not an optimizer that lazycell knows; it knows {known}")
    ):
        optimizer_state("zz")


def test_no_name():
    """An optimizer itself is refused: its name is meant."""
    with pytest.raises(
        TypeError, match=re.escape('optimizer=3 is not the name of an optimizer: write it as a string, "adam"')
    ):
        optimizer_state(3)
