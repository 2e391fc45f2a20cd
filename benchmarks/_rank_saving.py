"""The process of one rank that saves, with the others or alone.

`python -m benchmarks._rank_saving INDEX PATH LAYOUT TOKEN RANK AXIS=SIZE …`: it loads its parts of a checkpoint and
saves them at PATH, LAYOUT `whole` or `ranks`; without AXES it saves all of it, as one process does. Prints one line of
JSON. Needs no MindSpore.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path

from lazycell.layout import ManifestEntry
from lazycell.mesh import Division
from lazycell.saving import content_of_array, destination_of, save, save_parts

from ._decoder import Decoder
from ._rank_processes import wait
from ._rank_reading import divisions, load, mesh_of

_METADATA = {"format": "pt"}


def main(arguments: list[str]) -> None:
    """Save, and print how long that took."""
    index, path, layout, token, rank, *axes = arguments
    decoder = Decoder(**json.loads((Path(index).parent / "decoder.json").read_text(encoding="utf-8")))
    mesh = mesh_of(rank, axes)
    arrays = load(Path(index), decoder, mesh, mmap=False)
    entries = [ManifestEntry(name, shape, "bfloat16", "zeros") for name, shape in decoder.shapes()]
    destination = destination_of(Path(path), None, None)
    divided: dict[str, Division | None] = {**divisions(decoder)}
    wait()
    started, worked = time.perf_counter(), time.process_time()
    if axes:
        save_parts(
            destination,
            entries,
            divided,
            mesh,
            arrays.__getitem__,
            token=token,
            lost=_lost,
            metadata=_METADATA,
            layout=layout,
            progress=_quiet,
        )
    else:
        contents = [
            content_of_array(each.name, each.dtype, each.shape, partial(arrays.__getitem__, each.name), _lost)
            for each in entries
        ]
        save(destination, contents, metadata=_METADATA, progress=_quiet)
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu": time.process_time() - worked}))


def _lost(name: str, count: int) -> None:
    raise AssertionError(f"{name} lost {count} values, though its dtype is that of the file")


def _quiet(done: int, total: int) -> None:
    pass


if __name__ == "__main__":
    main(sys.argv[1:])
