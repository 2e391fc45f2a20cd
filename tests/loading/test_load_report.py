"""Tests of `lazycell.loading._load_report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lazycell.declaration._forms import Fused, Transposed
from lazycell.loading._load_report import Cast, LoadReport, Rearranged, Renamed

from .models import declared, make_plan, manifest, stored


def test_plain_load_is_one_line() -> None:
    """Nothing unusual, nothing more to say; the time does not decide what is equal to say."""
    report = LoadReport(
        Path("x/model.safetensors"), tuple(f"w{i}" for i in range(101)), nbytes=90_868_376, seconds=0.012
    )
    assert str(report) == "loaded 101 parameters, 90.9 MB in 0.01 s from model.safetensors"


def test_everything_unusual_is_in_the_table() -> None:
    """Casts, other names, what was initialized and what was left out, with layers collapsed."""
    model = manifest(
        declared("embed", (4, 3)),
        *(declared(f"layers.{i}.w") for i in range(3)),
        declared("head.w"),
        declared("head.b"),
        computed=frozenset(["ids"]),
    )
    specs: dict[str, Any] = {"embed": ((4, 3), "float32"), "step": ((), "int64"), "ids": ((2,), "int64")}
    specs |= {f"h.{i}.w": ((2, 3), "float16") for i in range(3)}
    plan = make_plan(model, stored(specs), missing="init", unexpected="ignore", rename={"h.{i}.w": "layers.{i}.w"})
    report = LoadReport.of(plan, 0.5)
    assert report.cast[0] == Cast("layers.0.w", "float16", "float32")
    assert report.renamed[2] == Renamed("layers.2.w", "h.2.w")
    assert str(report) == (
        "loaded 4 parameters, 84 B in 0.50 s from net.safetensors\n"
        "  cast         layers.{0..2}.w  float16 -> float32\n"
        "  renamed      layers.{0..2}.w  from h.{0..2}.w\n"
        "  initialized  head.w\n"
        "               head.b\n"
        "  ignored      step\n"
        "               ids              computed by the model"
    )


def test_what_was_rearranged_is_told() -> None:
    """Parameters that the file joins, turns round or holds in parts, with where they came from."""
    model = manifest(*(declared(f"{part}.weight", (4, 3)) for part in "qkv"), declared("up", (3, 4)), declared("x"))
    header = stored({"c_attn": ((3, 12), "float32"), "up": ((4, 3), "float32"), "y": ((2, 3), "float32")})
    form = Transposed(Fused(0, tuple((part, f"{part}.weight") for part in "qkv")))
    plan = make_plan(model, header, rename={"c_attn": form, "up": Transposed("up"), "y": "x"})
    report = LoadReport.of(plan, 0.5)
    assert report.rearranged[0] == Rearranged("q.weight", "c_attn", ("split", "transposed"))
    assert report.renamed == (Renamed("x", "y"),)
    assert str(report) == (
        "loaded 5 parameters, 216 B in 0.50 s from net.safetensors\n"
        "  renamed     x         from y\n"
        "  rearranged  q.weight  from c_attn (split, transposed)\n"
        "              k.weight  from c_attn (split, transposed)\n"
        "              v.weight  from c_attn (split, transposed)\n"
        "              up        from up (transposed)"
    )
