"""Tests of `lazycell.mismatch._cause_files`."""

from __future__ import annotations

from pathlib import Path

import attrs

from ..loading.models import declared, manifest, stored
from .transformer import Tensors, causes, file, kinds, mended, model, refusal, tensors

F = "float32"


def test_one_file_of_several() -> None:
    """A shard by its name: the rest is in the others."""
    header = attrs.evolve(
        file(lambda name: name if name.startswith("layers.1") else None), path=Path("model-00002-of-00004.safetensors")
    )
    (cause,) = causes(model(), header)
    assert cause.text == "model-00002-of-00004.safetensors is one file of 4"
    assert cause.advice == (
        "model-00001-of-00004.safetensors, model-00002-of-00004.safetensors, model-00003-of-00004.safetensors and "
        "1 more are not beside it: get all, then load ."
    )
    whole = attrs.evolve(file(n_layers=2), path=Path("model-00001-of-00001.safetensors"))
    assert kinds(model(), whole) == ["layers"]


def test_an_optimizer_s_state() -> None:
    """MindSpore's optimizers save their state under the parameters' names, and some numbers."""
    names = tensors(model())
    more: Tensors = {f"{state}.{name}": spec for state in ("moment1", "moment2") for name, spec in names.items()}
    more |= {"global_step": ((1,), "int32"), "learning_rate": ((), F), "beta1_power": ((), F)}
    (cause,) = causes(model(), file(more=more))
    assert cause.text == "the checkpoint also holds an optimizer's state or counters of the training: 123 tensors"
    assert cause.unexpected == ("moment1.*", "moment2.*", "global_step", "learning_rate", "beta1_power")
    assert len(mended(file(more=more)).ignored) == 123


def test_names_that_only_begin_like_an_optimizer_s() -> None:
    """`linear.weight` is a layer, and a matrix called `momentum` is no counter."""
    assert "optimizer" not in kinds(model(), file(more={"linear.weight": ((2, 2), F), "momentum": ((2, 2), F)}))


def test_what_pytorch_saves_beside_the_weights() -> None:
    """Counters and tables are left out by pattern."""
    more: Tensors = {"bn.num_batches_tracked": ((), "int64"), "layers.0.rotary_emb.inv_freq": ((8,), F)}
    (cause,) = causes(model(), file(more=more))
    assert cause.kind == "bookkeeping"
    assert cause.unexpected == ("*.num_batches_tracked", "*.inv_freq")
    assert len(mended(file(more=more)).ignored) == 2
    assert mended(file(more={"position_ids": ((1, 4), "int64")})).ignored == ("position_ids",)
    assert "bookkeeping" not in kinds(model(), file(more={"freq": ((8,), F)}))


def test_causal_masks() -> None:
    """The masks that GPT-2 and its kin save are called a bias, as much else is: their shape tells."""
    more: Tensors = {"h.0.attn.bias": ((1, 1, 8, 8), "bool"), "h.0.attn.masked_bias": ((), F)}
    (cause,) = causes(model(), file(more=more))
    assert cause.kind == "bookkeeping"
    assert cause.unexpected == ("*.attn.bias", "*.masked_bias")
    assert mended(file(more=more)).ignored == tuple(more)
    for shape in [(8,), (1, 1, 8, 4), (2, 1, 8, 8)]:
        assert "bookkeeping" not in kinds(model(), file(more={"h.0.attn.bias": (shape, F)}))


def test_quantized() -> None:
    """Packed integers in the place of weights: nothing else is looked for."""
    held: Tensors = {}
    for name, spec in tensors(model()).items():
        cell, _, leaf = name.rpartition(".")
        if leaf == "weight" and "attn" in cell:
            held |= {f"{cell}.qweight": ((2, 16), "int32"), f"{cell}.scales": ((1, 16), "float16")}
            held |= {f"{cell}.qzeros": ((1, 2), "int32"), f"{cell}.g_idx": ((16,), "int32")}
        else:
            held[name] = spec
    (cause,) = causes(model(), stored(held))
    assert cause.text == (
        "a quantized checkpoint (GPTQ or AWQ): 16 tensors hold codes, which are no weights without their scales"
    )
    assert cause.explains == {problem.name for problem in refusal(model(), stored(held)).problems}  # type: ignore[attr-defined]


def test_quantized_with_scales_alone() -> None:
    """8-bit weights under their own names, whose scales are beside them."""
    of = manifest(declared("a.weight"), declared("b.weight"))
    for scale, dtype in (("a.weight_scale_inv", "float8_e4m3fn"), ("a.weight.absmax", "uint8")):
        held = {"a.weight": ((2, 3), dtype), scale: ((2,), F), "b.weight": ((2, 3), F)}
        assert kinds(of, stored(held))[0] == "quantized"
    assert "quantized" not in kinds(
        of, stored({"a.weight": ((2, 3), F), "a.weight_scale": ((1,), F), "b.weight": ((2, 3), F)})
    )
    assert "quantized" not in kinds(
        of, stored({"a.weight": ((2, 3), F), "a.scales": ((1,), F), "b.weight": ((2, 3), F)})
    )


def test_an_adapter() -> None:
    """Low-rank matrices alone are no model; beside one they may be left out."""
    low_rank: Tensors = {
        f"base_model.model.layers.{i}.attn.{part}.lora_{half}.weight": ((2, 16), F)
        for i in range(4)
        for part in "qv"
        for half in "AB"
    }
    (cause,) = causes(model(), stored(low_rank))
    assert cause.text == "an adapter (LoRA), not a model: 16 of its 16 tensors are low-rank matrices"
    assert cause.advice.endswith('with adapter="DIR", its directory')
    (cause,) = causes(model(), file(more=low_rank))
    assert cause.unexpected == ("*lora_*",)
    assert len(mended(file(more=low_rank)).ignored) == 16
    assert "adapter" not in kinds(model(), file(more={"flora_A.weight": ((2, 2), F)}))


def test_a_model_with_an_adapter_that_is_not_merged() -> None:
    """What PEFT's own model has in its state dict: weights under `base_layer`, and the pairs beside them."""
    there = tensors(model())
    inside = [name for name in there if name.startswith("layers.0.") and name.endswith("q.weight")]
    found = {(name.replace(".weight", ".base_layer.weight") if name in inside else name): there[name] for name in there}
    pairs: Tensors = {
        f"{name.removesuffix('.weight')}.lora_{half}.default.weight": ((2, 16), F) for name in inside for half in "AB"
    }
    (cause,) = causes(model(), stored({**found, **pairs}))
    assert f"{len(pairs)} low-rank matrices that were not merged" in cause.text
    assert cause.unexpected == ()
    assert {*inside} < cause.explains
    assert cause.advice.startswith("save the adapter alone")
