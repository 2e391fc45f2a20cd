"""Every family in float16 and from bfloat16, as near to the reference as those numbers are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import mindspore as ms
import ml_dtypes
import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import load_file

import lazycell
from benchmarks import _families
from lazycell import DtypeWarning

from ..golden_cases import FAMILIES, Case
from .families import ALL, DIFFERENT, T5, another, forward, outputs_of, recorded, tensors


@ALL
def test_float16(case: Case):
    """In float16, every parameter and every output is float16, and as near to float32 as float16 is.

    But for T5: what each block adds comes from a map in float32, as transformers has it (`_keep_in_fp32_modules`), and
    so are the sums.
    """
    net = lazycell.from_pretrained(case.path, dtype="float16")
    wide = {entry.name for entry in net.manifest() if entry.dtype != "float16"}
    assert wide == {each.name for each in net.manifest() if case is T5 and each.name.endswith(".wo.weight")}
    assert {entry.dtype for entry in net.manifest() if entry.name in wide} <= {"float32"}
    check_float16(case, net(**tensors(case.arguments), output_hidden_states=True))


@DIFFERENT
def test_compiled_float16(family: str):
    """So it is in a graph."""
    case = FAMILIES[family]
    net = lazycell.from_pretrained(case.path, dtype="float16")

    @ms.jit
    def run(**inputs: Tensor) -> Any:
        return net(**inputs, output_hidden_states=True)

    check_float16(case, net.output_type(*run(**tensors(case.arguments))))


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama"])
def test_a_net_whose_cells_amp_has_in_float16(family: str):
    """Level O2 casts masks too: what is added where nothing may be seen has to be a number in float16 as well."""
    case = FAMILIES[family]
    net = lazycell.from_pretrained(case.path, dtype="float32")
    inputs = tensors(case.arguments)
    wanted = net(**inputs)[0].asnumpy()
    mixed = ms.amp.auto_mixed_precision(net, "O2")(**inputs)[0].asnumpy()
    assert np.abs(mixed - wanted).max() < 0.02 * np.abs(wanted).max()


def check_float16(case: Case, output: Any) -> None:
    """Hold what a net in float16 returned to what float16 can do.

    Where a map rounds its weight, it and what stands around it (its input, bias, result, activation, norm, sum with what
    bypassed it, scores, softmax) round no more than fifteen numbers more, independently: squares add up to sixteen times
    what the weights alone do.
    """
    outputs = outputs_of(output)
    assert {name: array.dtype for name, array in outputs.items()} == {
        name: np.float32 if case is T5 and is_a_sum(name, outputs) else np.float16 for name in outputs
    }
    allowed = errors_of_rounded_weights(case, np.float16)
    for name, error in errors(case, outputs).items():
        assert error <= 4 * allowed[name], name


def is_a_sum(name: str, outputs: dict[str, np.ndarray]) -> bool:
    """Say whether an output is what came to a block, or left one, and not what was made of the last."""
    stack, _, number = name.rpartition("hidden_states.")
    return number.isdigit() and f"{stack}hidden_states.{int(number) + 1}" in outputs


@cache
def errors_of_rounded_weights(case: Case, dtype: Any) -> dict[str, float]:
    """Say by how much each output is off when the weights alone are rounded to `dtype`, and all is computed in float32."""
    net = another(case)
    arrays = load_file(case.path / "model.safetensors")
    net.load_checkpoint({name: array.astype(dtype).astype(np.float32) for name, array in arrays.items()})
    return errors(case, forward(net, case))


def errors(case: Case, outputs: dict[str, np.ndarray]) -> dict[str, float]:
    """Say by how much each output is off, where it counts."""
    assert outputs.keys() == recorded(case)
    off = {name: array.astype(np.float64) - case.expected[name] for name, array in outputs.items()}
    counts = {name: case.inputs[mask].astype(bool) for name, mask in case.meta["masks"].items()}
    return {name: rms(each[counts[name]] if name in counts else each) for name, each in off.items()}


def rms(difference: np.ndarray) -> float:
    """Give the root of the mean square."""
    return float(np.sqrt(np.square(difference.astype(np.float64)).mean()))


def near(found: np.ndarray, expected: np.ndarray) -> None:
    """Hold numbers of float16 to those of float32.

    In units of its epsilon, and of the largest number: some sixteen numbers are rounded by half a unit on the way
    through each of two layers, 16 where all errors add up; and as much again for what grows on the way.
    """
    assert np.isfinite(found).all()
    difference = np.abs(found.astype(np.float64) - expected).max()
    assert difference <= 32 * np.finfo(np.float16).eps * np.abs(expected).max()


@pytest.mark.parametrize("jit", [False, True], ids=["PyNative", "jit"])
def test_sums_beyond_float16(jit: bool):
    """T5's blocks add up to more than float16 holds, as those of the larger ones on the hub do: the words stay near."""
    family = _families.FAMILIES["t5"]
    weights = family.weights(1)
    for name, array in weights.items():
        if name.endswith((".wo.weight", ".wi_1.weight")):
            array *= 512  # a power of two: float16 holds it as well
    texts = np.array([[5, 17, 40, 3, 9]]), np.ones((1, 5), np.int64)
    inputs = family.inputs(*texts, other=(np.array([[0, 7, 8]]), np.ones((1, 3), np.int64)))
    expected = _families.call(_families.fill(family.net("float32"), weights), inputs)
    net = _families.fill(family.net("float16"), weights)
    found = _families.call(_families.compiled(net) if jit else net, inputs)
    for stack in ("encoder", "decoder"):
        assert np.abs(expected[f"{stack}_hidden_states.1"]).max() > 2 * float(np.finfo(np.float16).max)
    for name, array in found.items():
        near(array, expected[name])


@pytest.mark.parametrize("family", [name for name in _families.FAMILIES if name != "t5"])  # its scores are the product
def test_products_beyond_float16(family: str):
    """Of large queries and keys, float16 does not hold the product, and holds the score.

    A text of one word attends to it, however large the score is, so it says what it says in float32.
    """
    net, score = _families.FAMILIES[family], 30000
    assert score < np.finfo(np.float16).max < score / net.scale
    weights, text = net.weights(score), np.array([[5, 17, 40]])
    found, expected = (
        _families.call(_families.fill(net.net(dtype), weights), net.inputs(text[:, :1], np.ones((1, 1), np.int64)))
        for dtype in ("float16", "float32")
    )
    for name, array in found.items():
        near(array, expected[name])
    longer = _families.call(_families.fill(net.net("float16"), weights), net.inputs(text, np.ones_like(text)))
    assert all(np.isfinite(array).all() for array in longer.values())


@ALL
def test_bfloat16(case: Case, tmp_path: Path):
    """A checkpoint in bfloat16, as most are published, is filled in as it is, and runs in float32."""
    arrays = {
        name: array.astype(ml_dtypes.bfloat16) for name, array in load_file(case.path / "model.safetensors").items()
    }
    stored = lazycell.from_pretrained(case.path, dtype="bfloat16")
    assert {entry.dtype for entry in stored.manifest()} == {"bfloat16"}
    stored.save_checkpoint(tmp_path / "model.safetensors")
    config = json.loads((case.path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}), encoding="utf-8")

    with pytest.warns(DtypeWarning, match="built in float32"):  # what the device computes with, unasked
        net = lazycell.from_pretrained(tmp_path)
    for parameter in net.get_parameters():
        assert parameter.asnumpy().tobytes() == arrays[parameter.name].astype(np.float32).tobytes(), parameter.name
    for name, error in errors(case, forward(net, case)).items():
        assert error == errors_of_rounded_weights(case, ml_dtypes.bfloat16)[name]
        # Three bits less than float16: eight times as far off, to first order.
        assert 4 < error / errors_of_rounded_weights(case, np.float16)[name] < 16, name


def test_no_bfloat16_on_the_cpu():
    """MindSpore's CPU neither looks up nor multiplies bfloat16; on the day it does, the zoo can be tested there."""
    net = lazycell.from_pretrained(FAMILIES["llama"].path, dtype="bfloat16")
    unsupported = pytest.raises(TypeError, match=r"operator\[Gather\] fail! Unsupported data type")
    with unsupported, pytest.warns(DtypeWarning, match='Load it with dtype="float32"'):
        net(**tensors(FAMILIES["llama"].arguments))
    with pytest.raises(TypeError, match=r"operator\[MatMul\] fail! Unsupported data type"):
        net.lm_head(Tensor(np.ones((1, net.hidden_size), np.float32), ms.bfloat16))
