"""Kill operations at random moments: `python -m tests.kills [KIND ...] --times N`; exits with 1 if anything was lost."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lazycell import pretrained

from .checkpoints import Converts, Saves
from .killing import course_of, killed_at
from .loads import kill_loads
from .operations import Operation
from .ranks import RankSaves
from .zoos import Accepts, Migrates, ToyZoo

FILES = ["save", "sharded", "ckpt", "convert", "accept", "migrate", "ranks", "rank-files"]
"""What changes files."""

KINDS = [*FILES, "rank-loads"]


def operations(names: list[str], scratch: Path) -> dict[str, Callable[[], Operation]]:
    """Give what is asked for."""
    zoo: list[ToyZoo] = []

    def toy() -> ToyZoo:
        if not zoo:
            pretrained.registered_models()  # once, for all children
            (scratch / "zoo").mkdir()
            zoo.append(ToyZoo(scratch / "zoo"))
        return zoo[0]

    known: dict[str, Callable[[], Operation]] = {
        "save": Saves,
        "sharded": lambda: Saves(max_shard_size="150KB"),
        "ckpt": lambda: Saves(format="ckpt"),
        "convert": Converts,
        "accept": lambda: Accepts(toy()),
        "migrate": lambda: Migrates(toy()),
        "ranks": lambda: RankSaves("whole"),
        "rank-files": lambda: RankSaves("ranks"),
    }
    return {name: known[name] for name in names}


def kill(operation: Operation, times: int, scratch: Path, seed: int, number: int) -> tuple[Counter[str], list[str]]:
    """Kill an operation so many times.

    Returns:
        How many of the kills left what was before, what comes after, and something between that the next call mends;
        and what was lost, kill by kill.
    """
    chance = random.Random(seed)
    states: Counter[str] = Counter()
    lost: list[str] = []
    tries = 0

    def prepared() -> Path:
        nonlocal tries
        tries += 1
        directory = scratch / str(tries)
        directory.mkdir()
        operation.prepare(directory, tries)
        return directory

    def calibrating() -> Callable[[], object]:
        directory = prepared()
        this = tries
        return lambda: operation.act(directory, this)

    course = course_of(calibrating)
    while states.total() + len(lost) < times:
        directory = prepared()
        if not killed_at(course.moment(chance), lambda directory=directory: operation.act(directory, tries), number):
            shutil.rmtree(directory)
            continue
        try:
            state = operation.examine(directory, tries)
            operation.again(directory, tries)
            states[state] += 1
        except Exception:
            lost.append(traceback.format_exc())
        shutil.rmtree(directory)
    return states, lost


def main() -> int:
    """Kill what was named, or everything; give how many kinds lost something."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("kind", nargs="*", choices=[*KINDS, []], help=f"of {', '.join(KINDS)}; default: all")
    parser.add_argument("--times", type=int, default=60, help="of all kinds together (default: 60)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the moments")
    parser.add_argument("--interrupt", action="store_true", help="send what Ctrl-C sends, not SIGKILL")
    arguments = parser.parse_args()
    names = arguments.kind or KINDS
    number = signal.SIGINT if arguments.interrupt else signal.SIGKILL
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        known = operations([name for name in names if name in FILES], Path(scratch))
        for place, name in enumerate(names):
            own = Path(scratch) / name
            own.mkdir()
            times = arguments.times * (place + 1) // len(names) - arguments.times * place // len(names)
            if name in known:
                states, lost = kill(known[name](), times, own, arguments.seed, number)
            else:
                states, lost = kill_loads(times, own, arguments.seed, number)
            told = ", ".join(f"{states[state]} {state}" for state in ("old", "between", "new"))
            print(f"{name}: {times} kills: {told}, {len(lost)} lost; seed {arguments.seed}", flush=True)
            for each in lost[:3]:
                print(each, flush=True)
            failed += bool(lost)
    return failed


if __name__ == "__main__":
    sys.exit(main())
