"""Codes of quantized weights and a load: `lazycell.loading._codes`, and what `_fit` makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import CheckpointMismatchError
from lazycell.declaration._stored import fused, transposed
from lazycell.formats import CheckpointHeader
from lazycell.loading._plan import LoadPlan
from lazycell.manifest._manifest import Manifest

from ..sources.layouts import APPLIED, F8, F16, F32, LAYOUTS, REFUSED, TOLD, Spec
from .models import declared, make_plan, manifest, stored

LENIENT: list[dict[str, Any]] = [
    {},
    {"unexpected": "ignore"},
    {"unexpected": ["*scale*", "*.SCB", "*absmax", "*qweight", "*codes"]},
    {"unexpected": "ignore", "missing": "init"},
    {"unexpected": "ignore", "dtype": "checkpoint", "missing": ["*"]},
    {"unexpected": "ignore", "dtype": "strict"},
]


def refused(of: Manifest, header: CheckpointHeader, **options: Any) -> CheckpointMismatchError:
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(of, header, **options)
    return caught.value


def planned(of: Manifest, header: CheckpointHeader, **options: Any) -> LoadPlan:
    return make_plan(of, header, **options)


def names_of(error: CheckpointMismatchError) -> list[str]:
    return [each.name for each in error.problems if each.kind == "quantized"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("options", LENIENT)
@pytest.mark.parametrize("layout", REFUSED)
def test_codes_are_not_taken_for_weights(layout: str, options: dict[str, Any]) -> None:
    """Whatever is permitted, and nothing is proposed that would let them pass."""
    name, needed, others = LAYOUTS[layout]
    of = manifest(declared(name, (64, 128)), declared("bias", (64,)))
    header = stored({**needed, **others, "bias": ((64,), F32)})
    error = refused(of, header, **options)
    codes = next(iter(needed))
    assert names_of(error) == [codes]
    assert f"{codes}: {needed[codes][1]}" in str(error)
    assert "codes that are weights only together with" in str(error)
    assert error.causes[0].kind == "quantized"  # type: ignore[attr-defined]
    advice = "take the float original, or one that was written out in floats again"
    if layout in TOLD:
        advice = "put the model's config.json beside the file"
    assert str(error).count(advice) == 1
    assert 'unexpected="ignore"' not in str(error)
    assert 'missing="init"' not in str(error)
    assert not {"shape", "dtype"} & {each.kind for each in error.problems}  # type: ignore[attr-defined]


@pytest.mark.parametrize("layout", APPLIED)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_codes_become_floats(layout: str, dtype: str) -> None:
    """In a load that may cast, without any permission: scales, and those of activations, are the weight's."""
    name, needed, others = LAYOUTS[layout]
    of = manifest(declared(name, (64, 128), dtype))
    plan = planned(of, stored({**needed, **others}))
    (step,) = plan.steps
    assert (step.tensor.dtype, step.tensor.shape, step.dtype) == (F32, (64, 128), dtype)
    assert plan.ignored == ()
    assert f"{needed[name][1]} with scales -> {dtype}" in str(plan)
    assert planned(of, stored({**needed, **others}), rename={"{*path}.weight": "{*path}.weight"}).steps


@pytest.mark.parametrize("policy", ["strict", "checkpoint"])
@pytest.mark.parametrize("layout", [*APPLIED, "mxfp4"])
def test_codes_have_no_dtype_of_a_float(layout: str, policy: str) -> None:
    """Nothing in the file says in which dtype the model is to be."""
    name, needed, others = LAYOUTS[layout]
    shape = (2, 64, 16) if layout == "mxfp4" else (64, 128)
    header = stored({**needed, **others, "bias": ((64,), F32)})
    with pytest.raises(ValueError, match=f'dtype="{policy}": `{name}` is stored as .* give the dtype of the model'):
        planned(manifest(declared(name, shape), declared("bias", (64,))), header, dtype=policy)
    of_bias = planned(manifest(declared("bias", (64,))), header, dtype=policy, unexpected="ignore")
    assert [step.parameter for step in of_bias.steps] == ["bias"]


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "int8", "uint8"])
def test_a_model_of_the_same_dtype(dtype: str) -> None:
    """A float8 or an int8 parameter takes codes as little, unless the model has a place for their scales."""
    header = stored({"l.weight": ((2, 3), dtype), "l.weight_scale": ((2, 1), F32)})
    of = manifest(declared("l.weight", dtype=dtype))
    if dtype == "uint8":
        assert names_of(refused(of, header, unexpected="ignore", dtype="strict")) == ["l.weight"]
    if dtype == "int8":
        assert "the checkpoint has int8 with scales, the model int8" in str(refused(of, header))
    with_scale = manifest(declared("l.weight", dtype=dtype), declared("l.weight_scale", (2, 1)))
    assert len(planned(with_scale, header).steps) == 2


def test_a_model_that_declares_a_packed_layout() -> None:
    """It takes codes for codes."""
    _, needed, others = LAYOUTS["gptq"]
    of = manifest(*(declared(name, *spec) for name, spec in needed.items()))
    assert len(planned(of, stored({**needed, **others})).steps) == 4
    lacking = manifest(*(declared(name, *spec) for name, spec in needed.items() if name != "l.scales"))
    assert names_of(refused(lacking, stored(needed), unexpected="ignore")) == ["l.qweight"]


@pytest.mark.parametrize("layout", ["fp8, blocks", "hqq", "gptq"])
def test_what_the_model_does_not_need_may_be_left_out(layout: str) -> None:
    """A head that the model has not, codes and scales together."""
    _, needed, others = LAYOUTS[layout]
    of = manifest(declared("bias", (64,)), declared("more", (64,)))
    header = stored({**needed, **others, "bias": ((64,), F32)})
    plan = planned(of, header, unexpected="ignore", missing=["more"])
    assert set(plan.ignored) == {*needed, *others}
    error = refused(of, header, missing=["more"])
    assert names_of(error) == []
    assert 'unexpected="ignore"' in str(error)


def test_under_another_name() -> None:
    """`rename` of the codes alone, of both, and by a pattern; a form that makes parameters of them."""
    _, needed, _ = LAYOUTS["fp8, blocks"]
    of, header = manifest(declared("m.weight", (64, 128))), stored({**needed, "n": ((64, 128), F32)})
    for rename in (
        {"l.weight": "m.weight"},
        {"l.weight": "m.weight", "l.weight_scale_inv": "m.scale"},
        {"l.{name}": "m.{name}"},
    ):
        assert len(names_of(refused(of, header, unexpected="ignore", rename=rename))) == 1
    turned = manifest(declared("m.weight", (128, 64)))
    form: dict[str, Any] = {"l.weight": transposed("m.weight")}
    assert names_of(refused(turned, header, unexpected="ignore", rename=form)) == ["l.weight"]
    parts = manifest(declared("a", (32, 128)), declared("b", (32, 128)))
    form = {"l.weight": fused(x="a", y="b")}
    assert names_of(refused(parts, header, unexpected="ignore", rename=form)) == ["l.weight"]


def test_packed_codes_under_another_name() -> None:
    """What would be the weight is renamed as the codes are."""
    _, needed, _ = LAYOUTS["gptq"]
    of = manifest(declared("m.weight", (64, 128)))
    options: dict[str, Any] = {"unexpected": "ignore", "missing": "init", "rename": {"l.{name}": "m.{name}"}}
    assert names_of(refused(of, stored(needed), **options)) == ["m.qweight"]


def test_a_prefix_does_not_hide_them() -> None:
    """Without `rename` nothing tells which weights the codes are; the file is refused for what it is all the same."""
    _, needed, _ = LAYOUTS["gptq"]
    header = stored({f"model.{name}": spec for name, spec in needed.items()})
    error = refused(manifest(declared("l.weight", (64, 128))), header)
    assert names_of(error) == ["model.l.qweight"]


def test_of_two_copies_of_a_tie() -> None:
    """The codes under the tied name, too."""
    of = manifest(declared("l.weight", (64, 128)), ties={"head.weight": "l.weight"})
    header = stored({"head.weight": ((64, 128), F8), "head.weight_scale": ((), F32)})
    with pytest.raises(ValueError, match=r"`head\.weight` is stored as float8_e4m3fn with scales"):
        planned(of, header, unexpected="ignore", dtype="checkpoint")
    assert planned(of, header).steps[0].tensor.dtype == F32


def test_many_layers_in_one_line() -> None:
    tensors: dict[str, Spec] = {}
    for i in range(12):
        tensors |= {f"layers.{i}.weight": ((2, 3), F8), f"layers.{i}.weight_scale_inv": ((2, 1), F32)}
    of = manifest(*(declared(f"layers.{i}.weight") for i in range(12)))
    text = str(refused(of, stored(tensors)))
    assert "12 quantized tensors, 12 tensors unexpected" in text
    assert "likely cause: a quantized checkpoint (8 bit, a scale for each block): 12 tensors hold codes" in text
    assert text.count("layers.{0..11}.weight: float8_e4m3fn (2, 3), codes") == 1
    assert len(text.splitlines()) < 10


def test_floats_beside_them_load_as_ever() -> None:
    """FP8 without scales is a float; scales of activations alone are nobody's."""
    of = manifest(declared("a.weight"), declared("b.weight"))
    header = stored({"a.weight": ((2, 3), F8), "b.weight": ((2, 3), F16), "b.input_scale": ((), F32)})
    assert [step.dtype for step in planned(of, header, unexpected="ignore").steps] == [F32, F32]
