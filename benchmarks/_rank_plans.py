"""The measured process: it plans for one rank, or sums up all of them: `python _rank_plans.py TASK DIRECTORY MESH`."""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

from lazycell import Manifest, Mesh
from lazycell.formats import open_checkpoint
from lazycell.loading import cut_plan, files_of, make_plan, plan_from_own_headers
from lazycell.manifest import places_on


def plan(manifest: Manifest, directory: Path, mesh: Mesh) -> dict[str, Any]:
    """Make the plan of one rank, as `lazycell.plan(manifest, directory, mesh=mesh)` does."""
    times = [time.process_time()]
    header = open_checkpoint(directory)
    times.append(time.process_time())
    whole = make_plan(manifest, header)
    times.append(time.process_time())
    cut = cut_plan(whole, places_on(manifest, mesh))
    times.append(time.process_time())
    took = [after - before for before, after in itertools.pairwise(times)]
    files = {getattr(part, "path", None) for tensor in header.tensors.values() for part in tensor.ranges}
    return {
        "parts": dict(zip(("headers", "plan of the whole", "cut to the rank"), took, strict=True)),
        "seconds": sum(took),
        "steps": len(cut.steps),
        "files": len(files),
    }


def own(manifest: Manifest, directory: Path, mesh: Mesh) -> dict[str, Any]:
    """Make the plan of one rank from the headers of the files that it reads."""
    start = time.process_time()
    places = places_on(manifest, mesh)
    found, _ = plan_from_own_headers(manifest, directory, places)
    took = time.process_time() - start
    return {"parts": {}, "seconds": took, "steps": len(found.steps), "files": len(files_of(found.steps))}


def sizes(manifest: Manifest, _: Path, mesh: Mesh) -> dict[str, Any]:
    """Sum up what all ranks hold."""
    start = time.process_time()
    rank = manifest.sizes(mesh=mesh.sizes).rank
    assert rank is not None
    return {"parts": {}, "seconds": time.process_time() - start, "largest": rank.size.nbytes}


def peak() -> int:
    """Give the most that was resident, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Do a task, and print one line of JSON."""
    task, directory, axes = sys.argv[1:]
    manifest = Manifest.from_json((Path(directory) / "manifest.json").read_bytes())
    mesh = Mesh(rank=1, **json.loads(axes))
    found = {"plan": plan, "own": own, "sizes": sizes}[task](manifest, Path(directory), mesh)
    assert not {"mindspore", "numpy"} & {*sys.modules}
    print(json.dumps({**found, "peak": peak()}))


if __name__ == "__main__":
    main()
