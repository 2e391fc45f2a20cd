"""What planning for ten thousand ranks takes, on paper: `python -m benchmarks.rank_plans`.

A mixture of experts of a trillion parameters is declared, and its checkpoint is headers alone: files of the full length
without content, which take no room on a disk. One process, without MindSpore and numpy, reads the headers and makes the
plan of one rank; another one sums up what each rank holds. Both have one thread, and their time is that of the
processor, which others that work on the machine do not change much.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from lazycell import Manifest

from ._text import nbytes, seconds, table
from ._trillion import Model

MESH = {"dp": 10, "pp": 4, "ep": 64, "tp": 4}
_SHARD = 16_000_000_000
"""Bytes of a file, at most."""

TARGETS = {"plan": 3.0, "own": 3.0, "sizes": 2.0}
"""Seconds of the processor: from headers to the plan of one rank; the same from the headers of its own files; what all
ranks hold."""
MEMORY = 200_000_000
"""Bytes that the process of one rank's plan has at most, Python and the library included."""


def files_of(manifest: Manifest) -> Iterator[tuple[dict[str, Any], int]]:
    """Give the header of each file, and the bytes of the tensors in it."""
    header: dict[str, Any] = {}
    end = 0
    for entry in manifest:
        if header and end + entry.nbytes > _SHARD:
            yield header, end
            header, end = {}, 0
        header[entry.name] = {"dtype": "BF16", "shape": entry.shape, "data_offsets": [end, end + entry.nbytes]}
        end += entry.nbytes
    yield header, end


def write(directory: Path, manifest: Manifest) -> None:
    """Write the manifest and the checkpoint; of the tensors there is the room alone."""
    (directory / "manifest.json").write_text(manifest.to_json(collapsed=True), encoding="utf-8")
    files = [*files_of(manifest)]
    weight_map = {}
    for number, (header, size) in enumerate(files, 1):
        name = f"model-{number:05}-of-{len(files):05}.safetensors"
        weight_map.update(dict.fromkeys(header, name))
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        path = directory / name
        path.write_bytes(len(text).to_bytes(8, "little") + text)
        os.truncate(path, 8 + len(text) + size)
    index = {"metadata": {"total_size": sum(size for _, size in files)}, "weight_map": weight_map}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def measured(task: str, directory: Path) -> Mapping[str, Any]:
    """Give what a process of its own takes for a task."""
    mesh = json.dumps(MESH)
    # As a file: `-m` would import this package, and MindSpore with it.
    command = [sys.executable, str(Path(__file__).with_name("_rank_plans.py")), task, str(directory), mesh]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def measure(*, quick: bool, tries: int) -> tuple[Manifest, Mapping[str, Mapping[str, Any]]]:
    """Give the manifest that is planned for, and for each task what its fastest process took."""
    smaller = {"n_layers": 5, "n_experts": 64, "hidden": 64, "vocab_size": 4096} if quick else {}
    manifest = Model.manifest(dtype="bfloat16", **smaller)
    with tempfile.TemporaryDirectory() as place:
        write(Path(place), manifest)
        return manifest, {
            task: min((measured(task, Path(place)) for _ in range(tries)), key=lambda each: float(each["seconds"]))
            for task in TARGETS
        }


@click.command(help="Plan for a model of a trillion parameters on ten thousand ranks, and print a Markdown table.")
@click.option("--quick", is_flag=True, help="A small model: tells whether everything runs.")
@click.option("--tries", default=3, show_default=True, help="Of these the fastest counts: others work here, too.")
def main(quick: bool, tries: int) -> None:
    """Measure, print, and fail where a target is missed."""
    manifest, found = measure(quick=quick, tries=tries)
    click.echo(
        f"{manifest.size:,} parameters in {len(manifest):,} tensors, {nbytes(manifest.nbytes)}, in "
        f"{found['plan']['files']} files; mesh {', '.join(f'{axis}={size}' for axis, size in MESH.items())}: "
        f"{math.prod(MESH.values()):,} ranks\n"
    )
    rows = [("", "measured", "target", "")]
    missed = False
    own = f"the same, from the headers of its own {found['own']['files']} files"
    titles = {"plan": "headers to the plan of one rank", "own": own, "sizes": "what all ranks hold"}
    for task, title in titles.items():
        values = found[task]
        parts = ", ".join(f"{name} {seconds(value)}" for name, value in values["parts"].items())
        took = values["seconds"]
        rows.append((title, seconds(took), _target(took, TARGETS[task], seconds), parts))
        missed = missed or took > TARGETS[task]
    peak = found["plan"]["peak"]
    rows.append(("memory of the process of a rank", nbytes(peak), _target(peak, MEMORY, nbytes), ""))
    missed = missed or peak > MEMORY
    click.echo(table(rows))
    sys.exit(1 if missed else 0)


def _target(value: float, target: float, text: Callable[[float], str]) -> str:
    return f"{text(target)}{' MISSED' if value > target else ''}"


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.rank_plans")
