"""Tests of `lazycell.checkpoint._report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lazycell.checkpoint import Cast, LoadReport, Renamed, make_plan

from .models import declared, manifest, stored


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
