"""Tests of `lazycell.sources._awq`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.system._allocate import Array

from .checkpoints import check, checkpoint, other, why

# What AutoAWQ calls the order of eight numbers in a word: the third number of a row is the second that is stored.
ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


def words(numbers: Array) -> Array:
    """Put eight numbers of a row into a word each, in AWQ's order."""
    found = np.zeros((numbers.shape[0], numbers.shape[1] // 8), np.uint32)
    for row, word in np.ndindex(*found.shape):
        for place, number in enumerate(ORDER):
            found[row, word] |= np.uint32(int(numbers[row, 8 * word + number]) << (4 * place))
    return found.view(np.int32)


def made(rows: int, columns: int, size: int) -> tuple[dict[str, Array], Array]:
    random = np.random.default_rng(rows)
    groups = -(-columns // size)
    codes, zeros = random.integers(0, 16, (columns, rows)), random.integers(0, 16, (groups, rows))
    scales = random.normal(size=(groups, rows)).astype(np.float16)
    weight = np.empty((rows, columns), np.float32)
    for o, i in np.ndindex(rows, columns):
        weight[o, i] = (int(codes[i, o]) - int(zeros[i // size, o])) * np.float32(scales[i // size, o])
    return {"l.qweight": words(codes), "l.qzeros": words(zeros), "l.scales": scales}, weight


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_weight(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Rows from the middle of a word on, groups that are short; in a file and in memory."""
    rows, columns = 8 * data.draw(st.integers(1, 4)), data.draw(st.integers(1, 40))
    told = data.draw(st.one_of(st.just(-1), st.integers(1, columns + 3)))
    arrays, weight = made(rows, columns, columns if told == -1 else told)
    config = {
        "quant_method": "awq",
        "bits": 4,
        "group_size": told,
        "version": data.draw(st.sampled_from(["gemm", "GEMM"])),
    }
    path = data.draw(st.sampled_from([None, tmp_path_factory.getbasetemp()]))
    check(checkpoint(arrays, path), config, weight, data)


CONFIG: dict[str, Any] = {"quant_method": "awq", "bits": 4, "group_size": 8, "version": "gemm"}


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"bits": 8}, "bits=8: lazycell unpacks AWQ of 4 bits"),
        ({"version": "gemv"}, "version='gemv' is one that lazycell does not unpack; it does gemm"),
        ({"version": "exllama"}, "version='exllama'"),
        ({"group_size": 16}, "2 groups of scales are not those of 16 columns with group_size=16"),
        ({"quant_method": "gptq"}, "are not those of a weight of 4 bits"),
    ],
)
def test_configs_that_are_not_its(config: dict[str, Any], text: str) -> None:
    assert text in why(checkpoint(made(16, 16, 8)[0]), {**CONFIG, **config})


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("l.qweight", {"dtype": "int16"}, "words of int16"),
        ("l.qzeros", {"shape": None}, "`l.qzeros` is not there"),
        ("l.qzeros", {"shape": (1, 2)}, "zero points (1, 2)"),
        ("l.qweight", {"shape": (16, 4)}, "are not those of AWQ's version gemm"),
        ("l.scales", {"shape": (32,)}, "are no matrices"),
    ],
)
def test_tensors_that_are_not_its(name: str, changes: dict[str, Any], text: str) -> None:
    """Those of `gemv` are a row for each output, and have other shapes."""
    assert text in why(other(checkpoint(made(16, 16, 8)[0]), name, **changes), CONFIG)
