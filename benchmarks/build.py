"""Building nets of many parameters, and listing these with nothing built: `python -m benchmarks.build`."""

from __future__ import annotations

from ._case import OURS, Case, Quantity, Side, Target, time_target
from ._command import command
from ._work import Work

_LAZYCELL = Side(OURS, "_lazycell", ("build",), ("mindspore",))
_TORCH = Side("torch", "_torch", ("build",), ("torch", "safetensors"))
_MINDSPORE = Side("mindspore", "_mindspore", ("build",), ("mindspore",), rounds=3)
_MANIFEST = Side(OURS, "_lazycell", ("manifest",), ("mindspore",))

_MANY = Work("experts", n_layers=80, n_experts=64, width=4)
_MORE = _MANY._replace(n_layers=521)
_FEW = Work("experts", n_layers=2, n_experts=2, width=4)

CASES = (
    Case(
        "build",
        "Build 15,360 parameters in 20,480 cells, nested four deep",
        _MANY,
        _FEW,
        (_LAZYCELL, _TORCH, _MINDSPORE),
        ends="declared",
    ),
    Case(
        "build-100k",
        "Build 100,032 parameters of the same kind",
        _MORE,
        _FEW._replace(n_layers=3),
        # MindSpore's time grows faster than the number of parameters.
        (_LAZYCELL, _TORCH),
        ends="declared",
    ),
    Case(
        "manifest",
        "List 100,032 parameters of 700 billion values, nothing built",
        _MORE._replace(width=2646),
        _FEW,
        (_MANIFEST,),
        ends="declared",
    ),
)

TARGETS = (
    time_target("build", "build", 1, _TORCH.name),
    time_target("build", "build", 0.5, _MINDSPORE.name),
    Target(
        "build, a parameter",
        Quantity("build-100k", OURS, "seconds each"),
        Quantity("build", OURS, "seconds each"),
        1.2,
    ),
    Target("manifest", Quantity("manifest", OURS, "seconds"), plus=1.5),
    Target("peak memory", Quantity("manifest", OURS, "peak"), plus=150_000_000),
)

if __name__ == "__main__":
    command("Building", CASES, TARGETS)(prog_name="python -m benchmarks.build")
