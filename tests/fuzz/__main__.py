"""Fuzz for longer: `python -m tests.fuzz [target ...] --minutes N`, each; or try one input that was saved."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from .run import run
from .targets import Broken, targets


def main() -> int:
    """Run the targets that were named, or all, one after the other; give how many failed."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "corpus").mkdir()
        known = targets(Path(scratch) / "corpus")
        parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
        parser.add_argument("target", nargs="*", choices=[*known, []], help=f"of {', '.join(known)}; default: all")
        parser.add_argument("--minutes", type=float, default=1.0, help="of each target")
        parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the first round")
        parser.add_argument("--replay", type=Path, help="an input that was saved, instead")
        arguments = parser.parse_args()
        names = arguments.target or list(known)
        failed = 0
        for name in names:
            folder = Path(scratch) / name / "in"
            folder.mkdir(parents=True)
            if arguments.replay:
                known[name].prepare(folder)
                accepted = known[name].check(folder, arguments.replay.read_bytes())
                print(f"{name}: {arguments.replay} is {'accepted' if accepted else 'refused'}")
                continue
            try:
                result = run(
                    known[name], 60 * arguments.minutes, folder=folder, save=Path.cwd(), first_seed=arguments.seed
                )
            except Broken as broken:
                failed += 1
                print(f"{name}: {broken}", flush=True)
            else:
                print(
                    f"{name}: {result.examples} inputs, {result.accepted} accepted, seed {arguments.seed}", flush=True
                )
    return failed


if __name__ == "__main__":
    sys.exit(main())
