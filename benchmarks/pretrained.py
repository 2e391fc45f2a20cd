"""How long `from_pretrained` of a directory takes: `python -m benchmarks.pretrained`, beside transformers.

Cold is the first load of a process that has imported the library: the model's module is imported, and its class built.
Warm is each later one. With `--beside CHECKOUT` another checkout of lazycell takes its turns, which tells what a change
costs.
"""

from __future__ import annotations

import functools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import click
import numpy as np
from safetensors.numpy import save_file

import lazycell

from . import _machine
from ._text import seconds, table

_HERE = Path(__file__).absolute().parents[1]
_SOURCE = Path(__file__).with_name("_pretrained.py")
_PACKAGES = ("lazycell", "mindspore", "torch", "transformers", "numpy", "safetensors")
_QUIET = {"GLOG_v": "3", "TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1"}

_SMALL = {
    "vocab_size": 128,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
_DECODER = {**_SMALL, "num_key_value_heads": 2, "tie_word_embeddings": False, "head_dim": 16}

DIRECTORIES: Mapping[str, Mapping[str, Any]] = {
    "bert, 12 layers": {"model_type": "bert", "architectures": ["BertForSequenceClassification"], **_SMALL},
    "llama, 16 layers": {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        **_DECODER,
        "num_hidden_layers": 16,
    },
    "qwen3_moe, 4 layers of 32 experts": {
        "model_type": "qwen3_moe",
        "architectures": ["Qwen3MoeForCausalLM"],
        **_DECODER,
        "num_hidden_layers": 4,
        "num_experts": 32,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 16,
        "norm_topk_prob": True,
    },
}
"""What is loaded: few bytes in many tensors, so that what is measured is not the disk."""


@attrs.frozen
class Side:
    """Who loads: a library, the Python that has it, and the directory that its package is taken from."""

    name: str
    library: str
    python: str
    root: Path


Tries = list[list[float]]
"""For each try of a process the seconds that it took, and those that all threads worked."""


class DisagreementError(RuntimeError):
    """A process failed, or two sides loaded different numbers."""


def measure(
    sides: Sequence[Side], *, tries: int, rounds: int, quick: bool = False, tell: Any = lambda line: None
) -> Iterator[tuple[str, str, list[Tries]]]:
    """Load each directory with each side, in turns; give what every try took, process by process.

    Raises:
        DisagreementError: a process failed, or two sides loaded different numbers.
    """
    for title, config in [*DIRECTORIES.items()][: 1 if quick else None]:
        with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-") as folder:
            _write(Path(folder), config)
            for side in sides:  # the first time, what is imported is compiled
                _run(side, folder, 1)
            found: dict[str, list[Tries]] = {side.name: [] for side in sides}
            totals: dict[str, float] = {}
            for turn in range(rounds):
                for side in sides[:: 1 if turn % 2 == 0 else -1]:
                    tell(f"{title}, round {turn + 1} of {rounds}: {side.name}")
                    printed = _run(side, folder, tries)
                    found[side.name].append(printed["seconds"])
                    totals[side.name] = printed["total"]
        first = next(iter(totals.values()))
        if not all(math.isclose(each, first, rel_tol=1e-9) for each in totals.values()):
            raise DisagreementError(f"{title}: the sides did not load the same numbers: {totals}")
        for side in sides:
            yield title, side.name, found[side.name]


def _write(folder: Path, config: Mapping[str, Any]) -> None:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    taken = {key: value for key, value in config.items() if key not in ("model_type", "architectures")}
    cls: Any = lazycell.find_model(config["model_type"], config["architectures"][0])
    rng = np.random.default_rng(0)
    tensors = {each.name: rng.standard_normal(each.shape).astype(np.float32) for each in cls.manifest(**taken)}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """Give the directory of what is compiled, as it is when a package was installed."""
    return tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-")


def _run(side: Side, folder: str, tries: int) -> dict[str, Any]:
    command = [side.python, "-c", _SOURCE.read_text(encoding="utf-8"), side.library, folder, str(tries)]
    environment = {**os.environ, **_QUIET, "PYTHONPATH": str(side.root), "PYTHONPYCACHEPREFIX": _compiled().name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, cwd=side.root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DisagreementError(f"the process of {side.name} failed:\n{done.stderr.strip()}")
    printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return printed


def report(rows: Sequence[tuple[str, str, list[Tries]]], tries: int) -> str:
    """Print medians: of the first try of each process, and of all later tries."""
    cells = [["directory", "side", "cold", "cold, CPU", "warm", "warm, CPU"]]
    for title, side, processes in rows:
        first = [process[0] for process in processes]
        later = [each for process in processes for each in process[1:]]
        times = [statistics.median(each[which] for each in some) for some in (first, later) for which in (0, 1)]
        cells.append([title, side, *map(seconds, times)])
    return f"`from_pretrained` of a directory, medians; {tries} tries a process\n\n{table(cells)}"


@click.command(help="Time `from_pretrained` of directories, and print a Markdown table.")
@click.option("--quick", is_flag=True, help="One directory, three tries: tells whether everything runs, not how fast.")
@click.option("--tries", type=click.IntRange(min=2), default=100, show_default=True, help="Loads of each process.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Processes of each side.")
@click.option("--torch-python", help="A Python that has torch and transformers; default: they are left out.")
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Another checkout of lazycell, measured in turns with this one; may be given several times.",
)
def main(quick: bool, tries: int, rounds: int, torch_python: str | None, beside: tuple[Path, ...]) -> None:
    tries, rounds = (3, 1) if quick else (tries, rounds)
    sides = [Side("lazycell", "lazycell", sys.executable, _HERE)]
    sides += [Side(f"lazycell, {root.name}", "lazycell", sys.executable, root) for root in beside]
    if torch_python is not None:
        sides.append(Side("transformers", "transformers", torch_python, _HERE / "benchmarks" / "running"))
    try:
        rows = [*measure(sides, tries=tries, rounds=rounds, quick=quick, tell=lambda line: click.echo(line, err=True))]
        versions = {side.name: _machine.versions(side.python, _PACKAGES) for side in sides}
    except (DisagreementError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(rows, tries))
    for name, found in versions.items():
        click.echo(f"\n{name}: " + ", ".join(f"{package} {version}" for package, version in found.items()))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.pretrained")
