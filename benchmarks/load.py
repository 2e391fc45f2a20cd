"""Loading checkpoints: `python -m benchmarks.load`, beside `mindspore.load_checkpoint` and torch."""

from __future__ import annotations

from ._case import OURS, Case, Quantity, Side, Target, memory_target, time_target
from ._command import command
from ._work import Work

_LAZYCELL = Side(OURS, "_lazycell", ("build", "load"), ("mindspore",))
_PLAIN = Side("lazycell, plain cells", "_plain_cells", ("build", "load"), ("mindspore",))
_TORCH = Side("torch", "_torch", ("build", "load"), ("torch", "safetensors"))
_MINDSPORE = Side("mindspore", "_mindspore", ("build", "load"), ("mindspore",), rounds=3)
_EAGER = Side("mindspore, eager", "_mindspore", ("build_eagerly", "load"), ("mindspore",), rounds=3)

_LARGE = Work("layers", n_layers=60, width=2896)
_SMALL = Work("layers", n_layers=3, width=64)
_TINY = Work("experts", n_layers=80, n_experts=64, width=4)
_FEW = Work("experts", n_layers=2, n_experts=2, width=4)

CASES = (
    Case(
        "safetensors",
        "First load of a process: safetensors, float32 into float32",
        _LARGE,
        _SMALL,
        (_LAZYCELL, _TORCH, _MINDSPORE, _EAGER),
        ".safetensors",
        first=True,
    ),
    Case(
        "ckpt",
        "First load of a process: .ckpt, float32 into float32",
        _LARGE,
        _SMALL,
        (_LAZYCELL, _MINDSPORE),
        ".ckpt",
        first=True,
    ),
    Case(
        "to-bfloat16",
        "First load of a process: safetensors, float32 into bfloat16",
        _LARGE._replace(dtype="bfloat16"),
        _SMALL._replace(dtype="bfloat16"),
        (_LAZYCELL, _TORCH, _MINDSPORE),
        ".safetensors",
        first=True,
    ),
    Case(
        "from-bfloat16",
        "First load of a process: safetensors, bfloat16 into float32",
        _LARGE,
        _SMALL,
        (_LAZYCELL, _TORCH, _MINDSPORE),
        ".safetensors",
        stored="bfloat16",
        first=True,
    ),
    Case(
        "tiny",
        "Load 15,360 tiny tensors of 20,480 cells, nested four deep",
        _TINY,
        _FEW,
        (_LAZYCELL, _PLAIN, _TORCH, _MINDSPORE),
        ".safetensors",
    ),
    Case(
        "tiny-100k",
        "Load 100,032 tiny tensors of the same kind",
        _TINY._replace(n_layers=521),
        _FEW._replace(n_layers=3),
        # MindSpore's time grows faster than the number of tensors: minutes here.
        (_LAZYCELL, _TORCH),
        ".safetensors",
    ),
)

TARGETS = (
    Target(
        "first build + load",
        Quantity("safetensors", OURS, "seconds"),
        Quantity("safetensors", _TORCH.name, "seconds"),
        2,
        enough=0.050,
    ),
    Target(
        "later build + load",
        Quantity("safetensors", OURS, "later seconds"),
        Quantity("safetensors", _TORCH.name, "later seconds"),
        1.3,
    ),
    time_target("first build + load", "safetensors", 1 / 50, _EAGER.name),
    time_target("first build + load", "ckpt", 1 / 3, _MINDSPORE.name),
    memory_target("ckpt", 1.1),
    time_target("first build + load", "to-bfloat16", 0.8, _TORCH.name),
    memory_target("to-bfloat16", 1, 64_000_000),
    time_target("first build + load", "from-bfloat16", 0.6, _TORCH.name),
    memory_target("from-bfloat16", 1, 64_000_000),
    time_target("build + load", "tiny", 0.8, _TORCH.name),
    time_target("load", "tiny", 1, _TORCH.name, ("load",)),
    Target(
        "load, plain cells",
        Quantity("tiny", _PLAIN.name, "seconds", ("load",)),
        Quantity("tiny", OURS, "seconds", ("load",)),
        1.1,
    ),
    time_target("load", "tiny-100k", 1, _TORCH.name, ("load",)),
    Target(
        "load, a tensor",
        Quantity("tiny-100k", OURS, "seconds each", ("load",)),
        Quantity("tiny", OURS, "seconds each", ("load",)),
        1.3,
    ),
)

if __name__ == "__main__":
    command("Loading checkpoints", CASES, TARGETS)(prog_name="python -m benchmarks.load")
