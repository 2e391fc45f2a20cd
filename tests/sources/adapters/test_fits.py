from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointError
from lazycell.sources import adapters

from .golden import Case, merge, numbers, write_adapter

BASE = {
    "h.attn.weight": numbers(3, 9),  # (in, out), as GPT-2 has them
    "h.attn.bias": numbers(9),
    "h.proj.weight": numbers(3, 3),
    "h.mlp.proj.weight": numbers(12, 3),
    "conv.weight": numbers(4, 3, 2, 2),
    "wte.weight": numbers(7, 3),
    "head.weight": numbers(5, 3),
    "long.weight": numbers(4, 3).astype(np.float64),
    "codes.weight": numbers(4, 3).astype(np.int8),
}
MOST = 4e-6


def pair(module: str, inputs: int, outputs: int, rank: int = 2) -> dict[str, np.ndarray]:
    return {
        f"{module}.lora_A.weight": numbers(rank, inputs, seed=5),
        f"{module}.lora_B.weight": numbers(outputs, rank, seed=6),
    }


def product(tensors: dict[str, np.ndarray], module: str) -> np.ndarray:
    return 2 * (tensors[f"{module}.lora_B.weight"] @ tensors[f"{module}.lora_A.weight"])


@pytest.mark.parametrize("flag", [True, False])
def test_weights_that_are_in_out(tmp_path: Path, flag: bool) -> None:
    """What is not square tells it: of a model with both kinds, the config has the kind of the last that was made."""
    tensors = {**pair("h.attn", 3, 9), **pair("h.mlp.proj", 12, 3), **pair("h.proj", 3, 3)}
    found = merge(BASE, write_adapter(tmp_path / "one", tensors, fan_in_fan_out=flag))
    for module in ("h.attn", "h.mlp.proj", "h.proj"):
        np.testing.assert_allclose(
            found[f"{module}.weight"], BASE[f"{module}.weight"] + product(tensors, module).T, rtol=0, atol=MOST
        )


@pytest.mark.parametrize("flag", [True, False])
def test_a_square_weight_alone_is_as_the_config_says(tmp_path: Path, flag: bool) -> None:
    tensors = pair("h.proj", 3, 3)
    found = merge(BASE, write_adapter(tmp_path / "one", tensors, fan_in_fan_out=flag))["h.proj.weight"]
    added = product(tensors, "h.proj")
    np.testing.assert_allclose(found, BASE["h.proj.weight"] + (added.T if flag else added), rtol=0, atol=MOST)


def test_a_square_weight_of_which_nothing_tells(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "one", {**pair("h.attn", 3, 9), **pair("h.proj", 3, 3)})
    with pytest.raises(
        CheckpointError, match=r"'h.proj.weight' is square, and fan_in_fan_out=False is wrong for other"
    ):
        merge(BASE, path)


def test_a_table(tmp_path: Path) -> None:
    tensors = {"wte.lora_embedding_A": numbers(2, 7), "wte.lora_embedding_B": numbers(3, 2)}
    found = merge(BASE, write_adapter(tmp_path / "one", tensors))["wte.weight"]
    added = 2 * (tensors["wte.lora_embedding_B"] @ tensors["wte.lora_embedding_A"]).T
    np.testing.assert_allclose(found, BASE["wte.weight"] + added, rtol=0, atol=MOST)


def test_a_convolution(tmp_path: Path) -> None:
    tensors = {"conv.lora_A.weight": numbers(2, 3, 2, 2), "conv.lora_B.weight": numbers(4, 2, 1, 1)}
    found = merge(BASE, write_adapter(tmp_path / "one", tensors, fan_in_fan_out=True))["conv.weight"]
    added = 2 * np.einsum("or,rcij->ocij", tensors["conv.lora_B.weight"][:, :, 0, 0], tensors["conv.lora_A.weight"])
    np.testing.assert_allclose(found, BASE["conv.weight"] + added, rtol=0, atol=MOST)


def test_a_convolution_in_groups() -> None:
    case = Case("conv_grouped")
    with pytest.raises(
        CheckpointError, match="'grouped.weight' is a convolution in 4 groups.*peft itself does not merge"
    ):
        adapters.merged(case.base, adapters.read_adapters(case.adapter))


def test_lengths_of_outputs(tmp_path: Path) -> None:
    lengths = {"head": numbers(5), "h.attn": numbers(9), "wte": numbers(3), "conv": numbers(1, 4, 1, 1)}
    tensors = {
        **pair("head", 3, 5),
        **pair("h.attn", 3, 9),
        **{"wte.lora_embedding_A": numbers(2, 7), "wte.lora_embedding_B": numbers(3, 2)},
        **{"conv.lora_A.weight": numbers(2, 3, 2, 2), "conv.lora_B.weight": numbers(4, 2, 1, 1)},
        **{f"{module}.lora_magnitude_vector": each for module, each in lengths.items()},
    }
    found = merge(BASE, write_adapter(tmp_path / "one", tensors, fan_in_fan_out=True, use_dora=True))
    added = 2 * np.einsum("or,rcij->ocij", tensors["conv.lora_B.weight"][:, :, 0, 0], tensors["conv.lora_A.weight"])
    sums = {
        "head": (BASE["head.weight"] + product(tensors, "head"), 1),
        "h.attn": (BASE["h.attn.weight"] + product(tensors, "h.attn").T, 0),
        "wte": (BASE["wte.weight"] + 2 * (tensors["wte.lora_embedding_B"] @ tensors["wte.lora_embedding_A"]).T, 0),
        "conv": (BASE["conv.weight"] + added, (1, 2, 3)),
    }
    for module, (whole, axes) in sums.items():
        norm = np.sqrt(np.square(whole, dtype=np.float64).sum(axes, keepdims=True))
        expected = whole / norm * lengths[module].reshape(norm.shape)
        np.testing.assert_allclose(found[f"{module}.weight"], expected, rtol=0, atol=MOST, err_msg=module)


def test_a_bias_of_the_second_matrix(tmp_path: Path) -> None:
    tensors = {**pair("h.attn", 3, 9), "h.attn.lora_B.bias": numbers(9, seed=3)}
    found = merge(BASE, (write_adapter(tmp_path / "one", tensors), 0.5))["h.attn.bias"]
    np.testing.assert_allclose(found, BASE["h.attn.bias"] + tensors["h.attn.lora_B.bias"], rtol=0, atol=1e-6)


def test_a_bias_that_the_base_has_not() -> None:
    case = Case("llama_lora_bias")
    with pytest.raises(
        CheckpointError, match="the base has no 'model.layers.0.self_attn.q_proj.bias': peft does not merge"
    ):
        adapters.merged(case.base, adapters.read_adapters(case.adapter))


@pytest.mark.parametrize(
    ("module", "shape", "told", "axis"),
    [
        ("head", (5, 1), {}, 0),
        ("head", (1, 3), {}, 1),
        ("h.attn", (9, 1), {"fan_in_fan_out": True}, 1),
        ("h.attn", (1, 3), {"fan_in_fan_out": True}, 0),
        ("h.proj", (3, 1), {}, 0),
        ("h.proj", (1, 3), {}, 1),
        ("h.proj", (3, 1), {"fan_in_fan_out": True}, 1),
        ("conv", (1, 4, 1, 1), {}, 0),
        ("conv", (1, 3, 1, 1), {"feedforward_modules": ["conv"]}, 1),
        ("conv", (1, 3, 1, 1), {"feedforward_modules": "c.*v"}, 1),
    ],
)
def test_vectors_that_multiply(
    tmp_path: Path, module: str, shape: tuple[int, ...], told: dict[str, Any], axis: int
) -> None:
    factors = numbers(*shape)
    path = write_adapter(tmp_path / "one", {f"{module}.ia3_l": factors}, peft_type="IA3", **told)
    found, base = merge(BASE, path), BASE[f"{module}.weight"]
    broad = factors.reshape([-1 if each == axis else 1 for each in range(base.ndim)])
    np.testing.assert_array_equal(found.pop(f"{module}.weight"), base * broad)
    if module == "h.attn" and shape[0] > 1:
        np.testing.assert_array_equal(found.pop("h.attn.bias"), BASE["h.attn.bias"] * factors[:, 0])
    assert not found


@pytest.mark.parametrize("told", [[2, 0], {"wte": [2, 0]}, {"other": [1], "x.wte": [2, 0]}])
def test_rows_of_tokens(tmp_path: Path, told: Any) -> None:
    rows = numbers(2, 3, seed=9)
    tensors = {"x.wte.token_adapter.trainable_tokens_delta": rows}
    base = {f"x.{name}": value for name, value in BASE.items()}
    found = merge(base, (write_adapter(tmp_path / "one", tensors, trainable_token_indices=told), 0.5))["x.wte.weight"]
    expected = BASE["wte.weight"].copy()
    expected[[2, 0]] = rows
    np.testing.assert_array_equal(found, expected)


EXPERTS = {"gate_up_proj": numbers(3, 8, 5), "down_proj": numbers(3, 5, 4)}
STACK = {
    "mlp.experts.base_layer.lora_A.weight": numbers(6, 5),
    "mlp.experts.base_layer.lora_B.weight": numbers(8, 6),
    "mlp.experts.lora_A.weight": numbers(6, 4),
    "mlp.experts.lora_B.weight": numbers(5, 6),
}
PARAMETERS = {"target_parameters": ["mlp.experts.down_proj", "mlp.experts.gate_up_proj"]}


def products_of_experts() -> dict[str, np.ndarray]:
    """Give what is added, as the formula of `peft` has it."""
    found = {}
    for name, path in {"gate_up_proj": "mlp.experts.base_layer", "down_proj": "mlp.experts"}.items():
        a, b = STACK[f"{path}.lora_A.weight"], STACK[f"{path}.lora_B.weight"]
        found[name] = 2 * np.einsum("ore,eri->eoi", b.reshape(len(b), 2, 3), a.reshape(3, 2, -1))
    return found


@pytest.mark.parametrize("turned", [False, True])
def test_experts_in_one_tensor(tmp_path: Path, turned: bool) -> None:
    base = {f"m.mlp.experts.{name}": each.swapaxes(1, 2) if turned else each for name, each in EXPERTS.items()}
    adapter = {f"m.{name}": value for name, value in STACK.items()}
    found = merge(base, write_adapter(tmp_path / "one", adapter, **PARAMETERS))
    for name, added in products_of_experts().items():
        ours = found[f"m.mlp.experts.{name}"]
        ours = ours.swapaxes(1, 2) if turned else ours
        np.testing.assert_allclose(ours, EXPERTS[name] + added, rtol=0, atol=MOST)


def test_experts_that_have_tensors_of_their_own(tmp_path: Path) -> None:
    base = {}
    for expert in range(3):
        stem = f"mlp.experts.{expert}"
        base[f"{stem}.gate_proj.weight"], base[f"{stem}.up_proj.weight"] = np.split(EXPERTS["gate_up_proj"][expert], 2)
        base[f"{stem}.down_proj.weight"] = EXPERTS["down_proj"][expert]
    adapter = {f"model.{name}": value for name, value in STACK.items()}
    found, added = merge(base, write_adapter(tmp_path / "one", adapter, **PARAMETERS)), products_of_experts()
    for expert in range(3):
        for number, name in enumerate(("gate_proj", "up_proj")):
            expected = base[f"mlp.experts.{expert}.{name}.weight"] + np.split(added["gate_up_proj"][expert], 2)[number]
            np.testing.assert_allclose(found[f"mlp.experts.{expert}.{name}.weight"], expected, rtol=0, atol=MOST)
        expected = EXPERTS["down_proj"][expert] + added["down_proj"][expert]
        np.testing.assert_allclose(found[f"mlp.experts.{expert}.down_proj.weight"], expected, rtol=0, atol=MOST)


def test_one_parameter_of_experts(tmp_path: Path) -> None:
    adapter = {name: value for name, value in STACK.items() if "base_layer" not in name}
    base = {f"mlp.experts.{name}": each for name, each in EXPERTS.items()}
    found = merge(base, write_adapter(tmp_path / "one", adapter, target_parameters=["experts.down_proj"]))
    assert [*found] == ["mlp.experts.down_proj"]


@pytest.mark.parametrize(
    ("tensors", "told", "message"),
    [
        ({"head.lora_A.weight": numbers(2, 3)}, {}, "'base_model.model.head.lora_A.weight' is half a pair"),
        ({"head.lora_B.weight": numbers(2, 3)}, {}, "half a pair: the other matrix of 'head' is not there"),
        ({"wte.lora_embedding_B": numbers(3, 2)}, {}, "half a pair"),
        ({"head.lora_magnitude_vector": numbers(5)}, {}, "has no lora_A and lora_B beside it"),
        ({"head.lora_B.bias": numbers(5)}, {}, "has no lora_A and lora_B beside it"),
        (
            {"head.lora_A.weight": numbers(2, 3), "head.lora_B.weight": numbers(5, 3)},
            {},
            r"\(2, 3\) and .* \(5, 3\) are no pair: no rank is in both",
        ),
        ({"head.lora_A.weight": numbers(3), "head.lora_B.weight": numbers(5, 3)}, {}, "are no pair"),
        ({"head.lora_A.weight": numbers(0, 3), "head.lora_B.weight": numbers(5, 0)}, {}, "are no pair"),
        (pair("head", 4, 5), {}, r"is for a shape of \(5, 4\), and 'head.weight' is \(5, 3\): this is not the model"),
        (pair("conv", 3, 4), {}, r"is for a shape of \(4, 3\), and 'conv.weight' is \(4, 3, 2, 2\)"),
        (
            {"wte.lora_embedding_A": numbers(2, 6), "wte.lora_embedding_B": numbers(3, 2)},
            {},
            "is of 6 words, and 'wte.weight' has 7: the vocabulary was resized, and .*save_embedding_layers=True",
        ),
        ({**pair("wte", 3, 7), "wte.lora_embedding_A": numbers(2, 7)}, {}, "of a linear layer and of an embedding"),
        (pair("head", 3, 5), {"use_dora": True}, "use_dora is true, and 'head' has no lora_magnitude_vector"),
        (
            {**pair("head", 3, 5), "head.lora_magnitude_vector": numbers(3)},
            {},
            r"is for a shape of \(3,\), and 'head.weight'",
        ),
        (
            {**pair("h.attn", 3, 9), "h.attn.lora_B.bias": numbers(8)},
            {},
            r"is for a shape of \(8,\), and 'h.attn.bias' is \(9,\)",
        ),
        (pair("head", 3, 5), {"peft_type": "IA3"}, "is no tensor of peft_type=IA3"),
        ({"head.ia3_l": numbers(5, 1)}, {}, "is no tensor of peft_type=LORA"),
        ({"head.ia3_l": numbers(4, 1)}, {"peft_type": "IA3"}, r"is for a shape of \(4, 1\), and 'head.weight'"),
        ({"head.ia3_l": numbers(5, 3)}, {"peft_type": "IA3"}, r"is for a shape of \(5, 3\)"),
        ({"head.ia3_l": numbers(5)}, {"peft_type": "IA3"}, r"is for a shape of \(5,\)"),
        (
            pair("long", 3, 4),
            {},
            "'long.weight' of the base is of float64 .*fewer digits.*: take a base in float32, or less",
        ),
        (pair("codes", 3, 4), {}, "'codes.weight' of the base is of int8 .no floats."),
        (
            {"wte.token_adapter.trainable_tokens_delta": numbers(2, 3)},
            {},
            "trainable_token_indices of the config does not say",
        ),
        (
            {"wte.token_adapter.trainable_tokens_delta": numbers(2, 3)},
            {"trainable_token_indices": [1]},
            r"is \(2, 3\), and trainable_token_indices has 1 rows",
        ),
        (
            {"wte.token_adapter.trainable_tokens_delta": numbers(2, 3)},
            {"trainable_token_indices": [1, 7]},
            "trainable_token_indices has 7, and 'wte.weight' 7 rows",
        ),
        (
            {"wte.token_adapter.trainable_tokens_delta": numbers(2, 3)},
            {"trainable_token_indices": [-1, 6]},
            "trainable_token_indices has -1",
        ),
    ],
)
def test_misfits(tmp_path: Path, tensors: dict[str, np.ndarray], told: dict[str, Any], message: str) -> None:
    path = write_adapter(tmp_path / "one", tensors, **told)
    with pytest.raises(CheckpointError, match=message) as caught:
        merge(BASE, path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"mlp.experts.lora_A.weight": numbers(4, 4), "mlp.experts.lora_B.weight": numbers(5, 4)},
            "no pair for 3 experts",
        ),
        ({"mlp.experts.lora_A.weight": numbers(6, 3)}, r"is for a shape of \(5, 3\), and 'mlp.experts.down_proj'"),
        (
            {"mlp.experts.lora_magnitude_vector": numbers(5)},
            "of experts in one tensor, lazycell merges lora_A and lora_B alone",
        ),
    ],
)
def test_misfits_of_experts(tmp_path: Path, change: dict[str, np.ndarray], message: str) -> None:
    base = {f"mlp.experts.{name}": each for name, each in EXPERTS.items()}
    with pytest.raises(CheckpointError, match=message):
        merge(base, write_adapter(tmp_path / "one", {**STACK, **change}, **PARAMETERS))
