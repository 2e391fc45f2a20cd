"""Kill a save that replaces a companion, at every call to the operating system; a process of its own, without MindSpore.

    python -m tests.saving.companion_crashes OLD NEW

OLD and NEW are `single` or `sharded`. Prints a JSON object: `kills`; `pairs`, what was found beside each other after
them, the checkpoint and its companion, with how often; `problems`, what the next save was left with.
"""

from __future__ import annotations

import collections
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from lazycell.saving import Companion

from .crashes import NEW, NEXT, OLD, killed_at
from .saved import load_arrays, same_arrays, save_arrays


def save_pair(form: str, directory: Path, arrays: dict[str, Any], word: str) -> None:
    """Save arrays with a companion."""
    companion = Companion(directory / "config.json", word.encode())
    save_arrays(directory, arrays, 2500 if form == "sharded" else None, companion=companion)


def found(directory: Path) -> str:
    """Name the checkpoint that is there, and its companion."""
    arrays = load_arrays(directory)
    weights = next((name for name, each in {"old": OLD, "new": NEW}.items() if same_arrays(arrays, each)), "mixture")
    path = directory / "config.json"
    return f"{weights} {path.read_text() if path.exists() else 'nothing'}"


def main(old: str, new: str) -> None:
    """Kill at every call."""
    os.fsync = lambda descriptor: None  # a kill loses nothing that the system has, and this is what takes long
    pairs: collections.Counter[str] = collections.Counter()
    problems: list[str] = []
    kills = 0
    scratch = Path(tempfile.mkdtemp())
    try:
        while True:
            directory = scratch / str(kills)
            directory.mkdir()
            save_pair(old, directory, OLD, "old")
            if not killed_at(kills + 1, lambda directory=directory: save_pair(new, directory, NEW, "new")):
                break
            kills += 1
            pairs[found(directory)] += 1
            save_pair(new, directory, NEXT, "next")
            names = sorted(os.listdir(directory))
            expected = {"single": 2, "sharded": 4}[new]
            if (directory / "config.json").read_text() != "next" or len(names) != expected or names[0].startswith("."):
                problems.append(f"kill {kills}: {names}")
    finally:
        shutil.rmtree(scratch)
    print(json.dumps({"kills": kills, "pairs": pairs, "problems": problems}))


if __name__ == "__main__":
    main(*sys.argv[1:])
