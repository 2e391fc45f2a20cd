"""Initializing: `python -m benchmarks.init`, beside MindSpore, torch, and a fill of memory."""

from __future__ import annotations

from ._case import OURS, Case, Quantity, Side, Target, memory_target, time_target
from ._command import command
from ._work import Work

_STEPS = ("build", "init")
_LAZYCELL = Side(OURS, "_lazycell", _STEPS, ("mindspore",))
_TORCH = Side("torch", "_torch", _STEPS, ("torch", "safetensors"))
_MINDSPORE = Side("mindspore", "_mindspore", _STEPS, ("mindspore",), rounds=3)
_FILL = Side("numpy fill", "_numpy", _STEPS, ("numpy",))

_LARGE = Work("layers", n_layers=60, width=2896, initializer="normal")
_SMALL = Work("layers", n_layers=3, width=64, initializer="normal")


def _normal(name: str, dtype: str) -> Case:
    large, small = (work._replace(dtype=dtype) for work in (_LARGE, _SMALL))
    sides = (_LAZYCELL, _TORCH, _MINDSPORE)
    return Case(name, f"Initialize with normal values, {dtype}", large, small, sides, ends="random")


def _constant(name: str, title: str) -> Case:
    large, small = (work._replace(initializer=name) for work in (_LARGE, _SMALL))
    return Case(name, f"Initialize with {title}, float32", large, small, (_LAZYCELL, _FILL))


CASES = (
    _normal("normal", "float32"),
    _normal("normal-bfloat16", "bfloat16"),
    _constant("zeros", "zeros"),
    _constant("ones", "ones"),
    _constant("constant", "a constant"),
)

TARGETS = (
    time_target("build + init", "normal", 0.6, _TORCH.name),
    time_target("build + init", "normal", 1 / 8, _MINDSPORE.name),
    Target(
        "build + init",
        Quantity("normal-bfloat16", OURS, "seconds"),
        Quantity("normal", OURS, "seconds"),
        1.1,
    ),
    memory_target("normal-bfloat16", 1, 64_000_000),
    time_target("build + init", "zeros", 1.2, _FILL.name),
    # Zeros can be pages that nobody wrote yet, which cost something only when they are first read.
    time_target("build + init + read", "zeros", 1.2, _FILL.name, (*_STEPS, "read")),
    time_target("build + init", "ones", 1.2, _FILL.name),
    time_target("build + init", "constant", 1.2, _FILL.name),
)

if __name__ == "__main__":
    command("Initializing", CASES, TARGETS)(prog_name="python -m benchmarks.init")
