"""How long the ways are that a reader follows: `python -m tests.ways` prints the files that each crosses.

A way is a call of the interface or of the command, run once before, so that nothing is imported or worked out for the
first time. A file is entered when a function of it is called, or a generator of it goes on, from another file of the
package; what of other packages runs in between does not count. Threads that start meanwhile are looked at, too.
"""

from __future__ import annotations

import _thread
import argparse
import contextlib
import io
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from unittest import mock
from weakref import WeakSet

import lazycell
from lazycell import LazyCell, Param, child
from lazycell.cli import main as command
from lazycell.mesh import sizes_of_meshes
from lazycell.reading import _read

PACKAGE = Path(lazycell.__file__).parent


class Linear(LazyCell):
    """A layer, as in the tutorial."""

    n_in: int
    n_out: int
    weight: Param["normal", (n_out, n_in)]
    bias: Param["zeros", (n_out,)]


class Net(LazyCell):
    """A net of two layers."""

    n: int
    first: Linear = child(Linear, n, 2 * n)
    second: Linear = child(Linear, 2 * n, n)


def crossed(run: Callable[[], object]) -> dict[str, list[str]]:
    """Run something twice, and give the files that the second run enters, in order: from where, each time."""
    run()
    root, entries, lock = f"{PACKAGE}/", dict[str, list[str]](), threading.Lock()

    def look(frame: FrameType | None, event: str, _: object) -> None:
        if event != "call" or frame is None or not frame.f_code.co_filename.startswith(root):
            return
        code, frame = frame.f_code, frame.f_back
        while frame is not None and not frame.f_code.co_filename.startswith(root):
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename != code.co_filename:
            place = "outside" if frame is None else f"{frame.f_code.co_filename.removeprefix(root)}:{frame.f_lineno}"
            with lock:
                entries.setdefault(code.co_filename.removeprefix(root), []).append(f"{place} calls {code.co_name}")

    start = _thread.start_new_thread

    def start_seen(function: Callable[..., object], *arguments: tuple[object, ...]) -> int:
        def seen(*given: object) -> object:
            sys.setprofile(look)
            return function(*given)

        return start(seen, *arguments)

    before = sys.getprofile()
    with mock.patch.object(_thread, "start_new_thread", start_seen):
        threading.setprofile(look)
        sys.setprofile(look)
        try:
            run()
        finally:
            sys.setprofile(before)
            threading.setprofile(None)
    return entries


def run_command(*arguments: object) -> None:
    """Run the command, and keep what it prints away."""
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as out:
        try:
            command([*map(str, arguments)])
        except SystemExit as ended:
            if ended.code:
                out.flush()
                raise AssertionError(out.buffer.getvalue().decode()) from ended


@contextlib.contextmanager
def ways() -> Iterator[dict[str, Callable[[], object]]]:
    """Give the ways by name, with files for them, of a process with neither meshes nor maps: others look for them."""
    made = {*sizes_of_meshes}
    sizes_of_meshes.clear()
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(_read, "_maps", WeakSet()):
        file, paper = Path(folder, "net.safetensors"), Path(folder, "net.json")
        net = Net(3)
        net.init_parameters_data(seed=1)
        net.save_checkpoint(file)
        paper.write_text(Net.manifest(3).to_json())
        nets = iter([Net(3), Net(3)])
        sizes = iter(range(8, 10))
        yield {
            "manifest": lambda: Linear.manifest(8, next(sizes)),
            "build": lambda: Net(3),
            "load": lambda: next(nets).load_checkpoint(file),
            "save": lambda: net.save_checkpoint(file),
            "infer": lambda: Net.infer(file),
            "check": lambda: run_command("check", paper, file),
            "inspect": lambda: run_command("inspect", file),
        }
    sizes_of_meshes.update(made)


def print_ways(names: list[str], *, verbose: bool) -> None:
    """Print for each way how many files it crosses; and for each file how often it is entered, from how many others."""
    with ways() as known:
        for name in names or known:
            entries = crossed(known[name])
            print(f"{name}: {len(entries)} files, {sum(map(len, entries.values()))} entries")
            for file, places in entries.items():
                print(f"  {len(places):5} {len({each.partition(':')[0] for each in places}):3}  {file}")
                for place in dict.fromkeys(places) if verbose else ():
                    print(f"             {places.count(place):5}  {place}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.ways", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="WAY", help="manifest, build, load, save, infer, check or inspect")
    parser.add_argument("-v", "--verbose", action="store_true", help="also from where each file is entered, and what")
    asked = parser.parse_args()
    print_ways(asked.names, verbose=asked.verbose)
