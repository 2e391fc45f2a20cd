"""What is no plain float costs to load: `python -m benchmarks.sources`, a GGUF file beside transformers, adapters.

First is the first load of a process that has imported the library, second the one after it. Each file has been read
before, so that what is measured is not the disk.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import click

import lazycell
from lazycell.formats import gguf

from . import _adapter_merging, _gguf_file, _machine
from ._text import nbytes, seconds, table

_HERE = Path(__file__).absolute().parents[1]
_PACKAGES = ("lazycell", "mindspore", "numpy", "torch", "transformers", "gguf")
_QUIET = {"GLOG_v": "3", "TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1"}
_TRIES = 2

_MOST_OF_PEER = 1 / 10
_MOST_MEMORY = 64_000_000


@attrs.frozen
class Side:
    """Who loads what: a library, the Python that has it, and a path."""

    name: str
    library: str
    python: str
    path: Path


@attrs.frozen
class Loads:
    """What one side's processes took: medians over them.

    Attributes:
        first: seconds of the first load, and of the second.
        second: likewise.
        extra: bytes, the most that was resident during the first load, above what was before and above the result.
        result: bytes of the parameters.
    """

    first: float
    second: float
    extra: float
    result: int


class DisagreementError(RuntimeError):
    """A process failed, or two sides loaded different numbers."""


def measure(sides: Sequence[Side], rounds: int, tell: Any = lambda line: None) -> dict[str, Loads]:
    """Load with each side, in turns.

    Raises:
        DisagreementError: a process failed, or two sides loaded different numbers.
    """
    runs: dict[str, list[dict[str, Any]]] = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in sides[:: 1 if turn % 2 == 0 else -1]:
            tell(f"round {turn + 1} of {rounds}: {side.name}")
            runs[side.name].append(_run(side))
    totals = {name: found[0]["total"] for name, found in runs.items()}
    first = totals[sides[0].name]
    if not all(math.isclose(each, first, rel_tol=1e-6, abs_tol=1e-3) for each in totals.values()):
        raise DisagreementError(f"the sides did not load the same numbers: {totals}")
    return {name: _loads(found) for name, found in runs.items()}


def _loads(runs: Sequence[Mapping[str, Any]]) -> Loads:
    first, second = (statistics.median(run["tries"][number]["seconds"] for run in runs) for number in range(_TRIES))
    extra = statistics.median(run["tries"][0]["peak"] - run["nbytes"] for run in runs)
    return Loads(first, second, extra, runs[0]["nbytes"])


def _run(side: Side) -> dict[str, Any]:
    command = [side.python, "-m", "benchmarks._sources", side.library, str(side.path), str(_TRIES)]
    environment = {**os.environ, **_QUIET, "PYTHONPATH": str(_HERE)}
    done = subprocess.run(command, cwd=_HERE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DisagreementError(f"the process of {side.name} failed:\n{done.stderr.strip()}")
    printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return printed


def report(workload: str, loads: Mapping[str, Loads]) -> str:
    """Print a row for each side, and what is held against what."""
    ours = loads["lazycell"]
    rows = [["side", "first", "second", "peak above the result"]]
    rows += [[name, seconds(each.first), seconds(each.second), nbytes(each.extra)] for name, each in loads.items()]
    lines = [f"{workload}, {nbytes(ours.result)} in float32; medians", "", table(rows), ""]
    for name, each in loads.items():
        if each is ours:
            continue
        ratios = [_ratio(mine / other) for mine, other in ((ours.first, each.first), (ours.second, each.second))]
        lines.append(f"- beside {name}: first {ratios[0]}, second {ratios[1]}")
    lines += [f"- target: {what}: {'met' if met else 'NOT met'}" for what, met in targets(loads).items()]
    return "\n".join(lines)


def targets(loads: Mapping[str, Loads]) -> dict[str, bool]:
    """Give whether each target is met: by the worse of two loads, where there is a peer."""
    ours, peer = loads["lazycell"], loads.get("transformers")
    found = {f"a peak of at most the result + {nbytes(_MOST_MEMORY)}": ours.extra <= _MOST_MEMORY}
    if peer is not None:
        worst = max(ours.first / peer.first, ours.second / peer.second)
        found[f"at most 1 / {1 / _MOST_OF_PEER:.0f} of transformers"] = worst <= _MOST_OF_PEER
    return found


def _ratio(value: float) -> str:
    return f"1 / {1 / value:.1f}" if value < 1 else f"{value:.2f} x"


@click.command(help="Time loads of a GGUF file beside transformers, and of an adapter, and print Markdown tables.")
@click.option("--quick", is_flag=True, help="A tiny model, one round: tells whether everything runs, not how fast.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Processes of each side.")
@click.option(
    "--torch-python", help="A Python that has torch, transformers, gguf and accelerate; default: they are left out."
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="A GGUF file of a Llama; default: one with random blocks, of the size of SmolLM2-135M, is written.",
)
def main(quick: bool, rounds: int, torch_python: str | None, file: Path | None) -> None:
    rounds = 1 if quick else rounds
    with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-") as folder:
        path = file or Path(folder) / "random.gguf"
        if file is None:
            _gguf_file.write(path, _gguf_file.SMALL if quick else _gguf_file.Sizes())
        floats = Path(folder) / "floats"
        floats.mkdir()
        lazycell.convert(path, floats / "model.safetensors", progress=lambda done, total: None)
        (floats / "config.json").write_text(json.dumps(gguf.config_of(gguf.read_file(path))), encoding="utf-8")
        sides = [Side("lazycell", "lazycell", sys.executable, path)]
        if torch_python is not None:
            sides.append(Side("transformers", "transformers", torch_python, path))
        sides.append(Side("lazycell, its floats in safetensors", "lazycell", sys.executable, floats))
        try:
            loads = measure(sides, rounds, tell=lambda line: click.echo(line, err=True))
            versions = {side.python: _machine.versions(side.python, _PACKAGES) for side in sides}
        except (DisagreementError, OSError) as error:
            raise click.ClickException(str(error)) from None
        what = f"`from_pretrained` of {path.name}, {nbytes(path.stat().st_size)}, in the page cache"
    click.echo(report(what, loads) + "\n")
    met = _adapter_merging.run(rounds, quick=quick, tell=click.echo) and all(targets(loads).values())
    click.echo("\n" + "\n".join(f"- {key}: {value}" for key, value in _machine.describe().items()))
    for found in versions.values():
        click.echo("- versions: " + ", ".join(f"{package} {version}" for package, version in found.items()))
    sys.exit(0 if met or quick else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.sources")
