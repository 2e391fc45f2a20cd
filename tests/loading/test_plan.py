"""Tests of `lazycell.loading._plan`: how a plan prints. What it holds is decided in `_fit`."""

from __future__ import annotations

from typing import Any

from lazycell.declaration._forms import Fused, Transposed
from lazycell.layout._layout import Stored

from .models import declared, make_plan, manifest, stored


def test_plan_prints_as_a_table() -> None:
    """Layers collapsed, casts and sources told, what is left out listed."""
    model = manifest(declared("embed", (4, 3)), *(declared(f"layers.{i}.w") for i in range(3)), declared("head"))
    specs: dict[str, Any] = {"embed": ((4, 3), "float32"), "step": ((), "int64")}
    specs |= {f"h.{i}.w": ((2, 3), "float16") for i in range(3)}
    plan = make_plan(model, stored(specs), missing="init", unexpected="ignore", rename={"h.{i}.w": "layers.{i}.w"})
    assert str(plan) == (
        "fill 4 parameters of Net from net.safetensors, 84 B\n"
        "  embed            (4, 3)  float32\n"
        "  layers.{0..2}.w  (2, 3)  float16 -> float32  from h.{0..2}.w\n"
        "initialize:\n"
        "  head\n"
        "ignore:\n"
        "  step"
    )


def test_a_name_ends_no_line() -> None:
    """Whatever a stranger called a tensor: its row is one line, as wide as what is shown of it."""
    specs: dict[str, Any] = {"a\nb.w": ((2, 3), "float32"), "\x1b[2J": ((), "int64")}
    plan = make_plan(manifest(declared("w")), stored(specs), unexpected="ignore", rename={"a\nb.w": "w"})
    assert str(plan) == (
        "fill 1 parameter of Net from net.safetensors, 24 B\n  w  (2, 3)  float32  from a\\nb.w\nignore:\n  \\x1b[2J"
    )


def test_the_parts_of_one_tensor_are_one_row() -> None:
    """As they are stored, with what is done to them; so are layers."""
    entries = [declared(f"h.{i}.{name}") for i in range(2) for name in ("q", "k", "out")]
    blocks = {entry.name: entry.block for entry in entries}
    layout = []
    for i in range(2):
        parts = tuple((name, blocks[f"h.{i}.{name}"]) for name in ("q", "k"))
        layout += [
            Stored(f"h.{i}.c_attn", Transposed(Fused(0, parts), (1, 0))),
            Stored(f"h.{i}.c_proj", Transposed(blocks[f"h.{i}.out"], (1, 0))),
        ]
    specs: dict[str, Any] = {f"h.{i}.c_attn": ((3, 4), "float32") for i in range(2)}
    specs |= {f"h.{i}.c_proj": ((3, 2), "float16") for i in range(2)}
    assert str(make_plan(manifest(*entries, stored=tuple(layout)), stored(specs))) == (
        "fill 6 parameters of Net from net.safetensors, 120 B\n"
        "  h.{0..1}.q, h.{0..1}.k  (2, 3)  float32             from h.{0..1}.c_attn (split, transposed)\n"
        "  h.{0..1}.out            (2, 3)  float16 -> float32  from h.{0..1}.c_proj (transposed)"
    )


def test_a_parameter_of_several_tensors_names_them() -> None:
    """In the order in which they are joined."""
    entry = declared("qk", (4, 3), sections=((0, (("q", 2), ("k", 2))),))
    layout = tuple(Stored(f"{name}.w", block) for name, (_, block) in entry.section_blocks.items())
    assert str(make_plan(manifest(entry, stored=layout), stored(["q.w", "k.w"]))) == (
        "fill 1 parameter of Net from net.safetensors, 48 B\n  qk  (4, 3)  float32  from q.w + k.w (joined)"
    )
