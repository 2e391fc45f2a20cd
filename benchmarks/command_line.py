"""How long the command takes to answer about files, from its start to its end: `python -m benchmarks.command_line`."""

from __future__ import annotations

from ._case import OURS, Case, Quantity, Side, Target
from ._command import command
from ._work import Work

_TITLES = {
    "inspect": "`lazycell inspect` of a checkpoint of 200 tensors, as a whole process",
    "check": "`lazycell check` of the same against a manifest file",
    "diff": "`lazycell diff` of two manifest files of 200 parameters",
}

_MANY = Work("layers", n_layers=100, width=64)
_FEW = Work("layers", n_layers=2, width=8)

CASES = tuple(
    Case(
        name,
        title,
        _MANY,
        _FEW,
        (Side(OURS, "_command_line", (name,), ("lazycell",)),),
        ".safetensors",
        ends="answered",
    )
    for name, title in _TITLES.items()
)

TARGETS = tuple(Target(f"lazycell {name}", Quantity(name, OURS, "seconds"), plus=0.4) for name in _TITLES)

if __name__ == "__main__":
    command("Answering", CASES, TARGETS)(prog_name="python -m benchmarks.command_line")
