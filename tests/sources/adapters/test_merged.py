from __future__ import annotations

import tracemalloc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.formats import open_checkpoint
from lazycell.sources import adapters, dequantized

from .golden import PEFT, Case, merge, numbers, values, write_adapter

CASES = (
    *("llama_lora", "llama_bin", "llama_bf16", "llama_f16", "llama_embedding", "llama_dora", "llama_tokens"),
    *("bert_lora", "bert_ia3", "conv_lora"),
)
MOST = 2.4e-7
"""By how much float32 differs from what `peft` gives: another order of the sums."""


@pytest.mark.parametrize("name", CASES)
def test_weights_are_those_that_peft_merges(name: str) -> None:
    case = Case(name)
    merged, expected = case.merged(), case.expected
    changed = {name for name, tensor in merged.tensors.items() if tensor.origin}
    assert changed == set(case.told["changed"])
    for name in sorted(changed):
        ours, theirs = merged.tensors[name], expected.tensors[name]
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if ours.dtype == "float32":
            np.testing.assert_allclose(values(ours), values(theirs), rtol=0, atol=MOST)
        else:
            assert values(ours).tobytes() == values(theirs).tobytes()


def test_experts_that_a_file_has_apart_are_those_that_peft_stacks() -> None:
    case = Case("mixtral_parameters")
    merged, expected = case.merged(), {name: values(each) for name, each in case.expected.tensors.items()}
    stem = "model.layers.0.block_sparse_moe.experts"
    for expert in range(4):
        gate, down, up = (values(merged.tensors[f"{stem}.{expert}.w{number}.weight"]) for number in (1, 2, 3))
        whole = expected["model.layers.0.mlp.experts.gate_up_proj"][expert]
        np.testing.assert_allclose(np.concatenate([gate, up]), whole, rtol=0, atol=MOST)
        np.testing.assert_allclose(down, expected["model.layers.0.mlp.experts.down_proj"][expert], rtol=0, atol=MOST)


def test_the_order_and_what_is_not_changed_stay() -> None:
    case = Case("llama_lora")
    base, merged = case.base, case.merged()
    assert [*merged.tensors] == [*base.tensors]
    untouched = base.tensors.keys() - set(case.told["changed"])
    assert {name: merged.tensors[name].ranges for name in untouched} == {
        name: base.tensors[name].ranges for name in untouched
    }


@pytest.mark.parametrize(("as_stored", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_half_precision_is_rounded_where_it_is_asked_for(as_stored: bool, dtype: str) -> None:
    tensor = Case("llama_bf16").merged(as_stored=as_stored).tensors["model.layers.0.self_attn.q_proj.weight"]
    expected = Case("llama_bf16").expected.tensors["model.layers.0.self_attn.q_proj.weight"]
    assert (tensor.dtype, tensor.origin) == (dtype, "bfloat16 + adapter")
    np.testing.assert_array_equal(values(tensor).astype(ml_dtypes.bfloat16), values(expected))


def test_a_tensor_says_where_it_is_from(tmp_path: Path) -> None:
    tensors = {"a.lora_A.weight": numbers(2, 3), "a.lora_B.weight": numbers(4, 2), "b.weight": numbers(3)}
    base = open_checkpoint({"a.weight": numbers(4, 3), "b.weight": numbers(3, seed=1)})
    one = adapters.read_adapters(write_adapter(tmp_path / "one", tensors))
    found = adapters.merged(base, one).tensors
    assert (found["a.weight"].origin, found["b.weight"].origin) == ("float32 + adapter", "float32 of the adapter")
    del tensors["b.weight"]
    two = adapters.read_adapters([write_adapter(tmp_path / "two", tensors)] * 2)
    assert adapters.merged(base, two).tensors["a.weight"].origin == "float32 + 2 adapters"


def test_the_bytes_of_base_and_adapter_are_what_is_read() -> None:
    tensor = Case("llama_lora").merged().tensors["model.layers.0.self_attn.q_proj.weight"]
    assert {each.path.parent.name for each in tensor.byte_ranges} == {"base_llama", "adapter"}
    assert len([*tensor.byte_ranges]) == 3


@given(start=st.integers(0, 4095), count=st.integers(0, 4096), as_stored=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_those_of_the_whole(start: int, count: int, as_stored: bool) -> None:
    tensor = Case("llama_bf16").merged(as_stored=as_stored).tensors["model.layers.1.mlp.down_proj.weight"]
    whole = values(tensor).tobytes()
    start, target = min(start, len(whole)), bytearray(max(0, min(count, len(whole) - start)))
    tensor.ranges[0].read_into(memoryview(target), start)
    assert bytes(target) == whole[start : start + len(target)]


def test_tensors_of_many_pieces(tmp_path: Path) -> None:
    base, a, b = numbers(1200, 700), numbers(2, 700), numbers(1200, 2)
    adapter = write_adapter(tmp_path / "one", {"a.lora_A.weight": a, "a.lora_B.weight": b})
    found = merge({"a.weight": base}, adapter)["a.weight"]
    np.testing.assert_allclose(found, base + 2 * (b @ a), rtol=0, atol=2e-6)


def test_several_adapters_are_added_with_their_weights(tmp_path: Path) -> None:
    base = {"a.weight": numbers(4, 3), "b.weight": numbers(3, 5)}
    one = {"a.lora_A.weight": numbers(2, 3), "a.lora_B.weight": numbers(4, 2)}
    two = {"a.lora_A.weight": numbers(1, 3), "a.lora_B.weight": numbers(4, 1)}
    two |= {"b.lora_A.weight": numbers(2, 5), "b.lora_B.weight": numbers(3, 2)}
    paths = write_adapter(tmp_path / "one", one), write_adapter(tmp_path / "two", two, lora_alpha=3)
    found = merge(base, [(paths[0], 0.25), (str(paths[1]), -2)])
    first, second = (each["a.lora_B.weight"] @ each["a.lora_A.weight"] for each in (one, two))
    np.testing.assert_allclose(found["a.weight"], base["a.weight"] + 0.5 * first - 6 * second, rtol=0, atol=4e-6)
    other = two["b.lora_B.weight"] @ two["b.lora_A.weight"]
    np.testing.assert_allclose(found["b.weight"], base["b.weight"] - 3 * other, rtol=0, atol=4e-6)


def test_codes_with_scales_are_changed_as_the_floats_that_they_are(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "golden" / "sources" / "quant" / "fp8_channel"
    codes = dequantized(open_checkpoint(folder / "model.safetensors"))
    name, plain = next((name, each) for name, each in codes.tensors.items() if name.endswith("weight"))
    a, b = numbers(2, plain.shape[1]), numbers(plain.shape[0], 2)
    module = name.removesuffix(".weight")
    path = write_adapter(tmp_path / "one", {f"{module}.lora_A.weight": a, f"{module}.lora_B.weight": b})
    found = adapters.merged(codes, adapters.read_adapters(path)).tensors[name]
    np.testing.assert_allclose(values(found), values(plain) + 2 * (b @ a), rtol=0, atol=2e-6)
    assert found.origin == f"{plain.origin} + adapter"


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "one", {"a.lora_A.weight": numbers(2, 3), "a.lora_B.weight": numbers(4, 2)})
    tensor = adapters.merged(open_checkpoint({"a.weight": numbers(4, 3)}), adapters.read_adapters(adapter)).tensors[
        "a.weight"
    ]
    write_adapter(
        adapter, {"a.lora_A.weight": numbers(2, 3, seed=1), "a.lora_B.weight": numbers(4, 2), "b": numbers(1)}
    )
    with pytest.raises(ValueError, match="has changed since its header was read"):
        values(tensor)


def test_notes_of_a_base_stay_and_are_said_once() -> None:
    path = PEFT / "llama_lora" / "adapter"
    found = adapters.merged(Case("llama_lora").base, adapters.read_adapters([path, path]))
    assert found.notes == ()


@pytest.mark.parametrize("rank", [1, 7, 40])
def test_an_element_has_the_same_bits_whatever_is_asked_for(tmp_path: Path, rank: int) -> None:
    a, b, second = (
        numbers(rank, 530),
        numbers(700, rank),
        {"a.lora_A.weight": numbers(3, 530), "a.lora_B.weight": numbers(700, 3)},
    )
    paths = (
        write_adapter(tmp_path / "one", {"a.lora_A.weight": a, "a.lora_B.weight": b}),
        write_adapter(tmp_path / "two", second),
    )
    tensor = adapters.merged(open_checkpoint({"a.weight": numbers(700, 530)}), adapters.read_adapters(paths)).tensors[
        "a.weight"
    ]
    whole = values(tensor).tobytes()
    for start in np.random.default_rng(rank).integers(0, len(whole), 12):
        target = bytearray(min(300_001, len(whole) - int(start)))
        tensor.ranges[0].read_into(memoryview(target), int(start))
        assert bytes(target) == whole[start : start + len(target)]


def test_no_more_memory_is_taken_than_for_pieces(tmp_path: Path) -> None:
    adapter = {"a.lora_A.weight": numbers(8, 1500), "a.lora_B.weight": numbers(2000, 8)}
    path, base = (
        write_adapter(tmp_path / "one", adapter),
        open_checkpoint({"a.weight": np.ones((2000, 1500), np.float16)}),
    )
    tensor = adapters.merged(base, adapters.read_adapters(path)).tensors["a.weight"]
    target = bytearray(tensor.nbytes)
    tracemalloc.start()
    tensor.ranges[0].read_into(memoryview(target), 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(target) / 4


def test_bits_of_experts_are_the_same_whatever_is_asked_for(tmp_path: Path) -> None:
    """Tiles begin at the same rows of the stack, and end where an expert does."""
    tensors = {"experts.lora_A.weight": numbers(3 * 5, 210), "experts.lora_B.weight": numbers(333, 5 * 3)}
    path, base = write_adapter(tmp_path / "one", tensors, target_parameters=["experts.down_proj"]), numbers(3, 333, 210)
    header = adapters.merged(open_checkpoint({"experts.down_proj": base}), adapters.read_adapters(path))
    tensor = header.tensors["experts.down_proj"]
    whole = values(tensor).tobytes()
    a, b = tensors["experts.lora_A.weight"].reshape(3, 5, 210), tensors["experts.lora_B.weight"].reshape(333, 5, 3)
    expected = base + 4 / 5 * np.einsum("ore,eri->eoi", b, a)
    np.testing.assert_allclose(values(tensor), expected, rtol=0, atol=1e-5)
    for start in np.random.default_rng(0).integers(0, len(whole), 12):
        target = bytearray(min(200_001, len(whole) - int(start)))
        tensor.ranges[0].read_into(memoryview(target), int(start))
        assert bytes(target) == whole[start : start + len(target)]
