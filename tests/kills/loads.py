"""Loads by real ranks, of which one is killed: what the others have is what they had, or what they loaded."""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import lazycell
from lazycell import LazyCell, Mesh, Param, children, divide
from lazycell.distributed import token
from lazycell.parameters import part_of
from lazycell.parameters._part import cut

from ..ranks.cluster import ended_in_time, ranks_of
from .operations import Lost, check

_MESHES: list[dict[str, int]] = [{"tp": 2}, {"pp": 2}, {"tp": 2}, {"dp": 2, "tp": 2}, {"pp": 2}, {"tp": 4}]
_KINDS: list[tuple[str, dict[str, Any]]] = [
    ("model.safetensors", {"mmap": False}),
    ("sharded", {"verify": True}),
    ("model.ckpt", {}),
]
_PATIENT = 60.0  # seconds, for the loads before the one that matters
_TIMEOUT = 2.0
_ENDS = 3 * _TIMEOUT + 20
"""Seconds after which a rank has ended at the latest: MindSpore's store takes up to 15 to find that rank 0 is gone."""
_TRIES = 3

Arrays = Mapping[str, Any]


class Layer(LazyCell):
    """Parts of rows, parts of columns, and what all ranks have."""

    width: int
    inner: int
    up: Param["normal", (inner, width)]
    down: Param["normal", (width, inner)]
    norm: Param["normal", (width,)]


class Net(LazyCell):
    """A net of some layers."""

    depth: int = 8
    width: int = 64
    inner: int = 192
    divide(tp=inner, pp=depth)
    layers: list[Layer] = children(depth, Layer, width, inner)


class RankLoads:
    """Loads by two or four ranks, of which one is killed; they load one checkpoint, and then another.

    Args:
        directory: where the checkpoints are, for all kills.
        chance: chooses who is killed, and when.
    """

    def __init__(self, directory: Path, chance: Random) -> None:
        self._directory, self._chance = directory, chance
        self._values: dict[str, Arrays] = {}
        for seed, which in enumerate(("old", "new")):
            net = Net()
            net.init_parameters_data(seed=seed)
            self._values[which] = {each.name: each.asnumpy() for each in net.get_parameters()}
            (directory / which / "sharded").mkdir(parents=True)
            net.save_checkpoint(directory / which / "model.safetensors")
            net.save_checkpoint(directory / which / "model.ckpt", format="ckpt")
            net.save_checkpoint(directory / which / "sharded", max_shard_size="300KB")
        self._files = self._stored()

    def kill(self, number: int, sent: int = signal.SIGKILL) -> str:
        """Kill one rank in a load, and look at what the others have.

        Args:
            number: chooses mesh, checkpoint, and whether the net has values before.
            sent: the signal.

        Returns:
            "old" where all others have what they had, "new" where they have loaded, "between" where some have: those
            whom rank 0 could tell yet that all is well.

        Raises:
            Lost: a net is a mixture, or is not what its rank was told, or a rank did not end in time.
        """
        mesh = Mesh(**_MESHES[number % len(_MESHES)], rank=0)
        victim, share = self._chance.randrange(mesh.ranks), self._chance.uniform(0, 1.05)
        told = self._directory / f"told{number}"
        told.mkdir()
        try:
            for _ in range(_TRIES):
                if self._killed(mesh, victim, share, number, told, sent):
                    break
            else:
                raise Lost("the ranks did not come to the load")
            check(self._files == self._stored(), "the checkpoints are not as they were")
            # MindSpore ends a rank that is interrupted, as if it had been killed; unless that comes too late.
            left = [rank for rank in range(mesh.ranks) if rank != victim or (told / f"{rank}").exists()]
            states = {self._state(told / f"{rank}") for rank in left}
            told_by_rank_0 = victim != 0 and sent == signal.SIGKILL
            check(len(states) == 1 or not told_by_rank_0, f"{states}: rank 0 lives, and told them different things")
        except Exception as error:
            what = f"{mesh.axes}, rank {victim} killed after {share:.2f} of a load, number {number}"
            raise Lost(f"{what}: {error}\n{(told / 'log').read_text()[-3000:]}") from error
        return states.pop() if len(states) == 1 else "between"

    def _killed(self, mesh: Mesh, victim: int, share: float, number: int, told: Path, sent: int) -> bool:
        """Have the ranks load, and kill one; whether it came to that: on a busy machine ranks may not find each other."""
        begins = told / "begins"

        def act(rank: int) -> None:
            self._load(mesh.at(rank), number, told, begins if rank == victim else None)

        with ranks_of(mesh.ranks, act, told / "log") as processes:
            while not begins.exists():
                if ended_in_time(processes[victim], 0.001):
                    return False
            begun, lasts = json.loads(begins.read_text())
            time.sleep(max(0.0, begun + lasts * share - time.monotonic()))
            os.kill(processes[victim], sent)
            for rank, process in enumerate(processes):
                check(ended_in_time(process, _ENDS), f"rank {rank} did not end")
        return True

    def _load(self, mesh: Mesh, number: int, told: Path, begins: Path | None) -> None:
        """Load as one of the ranks, and write down how that ended and what the net has then."""
        kind, options = _KINDS[number // 2 % len(_KINDS)]

        def slowly(done: int, total: int) -> None:
            time.sleep(0.001 * (1 + mesh.rank % 2))  # one rank waits for the other

        net = _net(mesh)
        for _ in range(2):  # the first imports, and connects
            token(mesh, timeout=_PATIENT)
            begun = time.monotonic()
            net.load_checkpoint(self._directory / "old" / kind, progress=slowly, timeout=_PATIENT, **options)
        lasts = time.monotonic() - begun
        if number % 2:
            net = _net(mesh)  # without values
        token(mesh, timeout=_PATIENT)
        error: str | None = None
        before = "nothing" if number % 2 else "old"
        begun = time.monotonic()
        if begins is not None:
            _write(begins, [begun, lasts])
        try:
            net.load_checkpoint(
                self._directory / "new" / kind, progress=slowly, timeout=_TIMEOUT, dtype="cast", **options
            )
        except BaseException as caught:
            error = f"{type(caught).__name__}: {caught}"
        found = {"before": before, "error": error, "has": what_it_has(net, self._values)}
        found["seconds"] = time.monotonic() - begun
        _write(told / f"{mesh.rank}", found)
        if begins is not None:
            time.sleep(lasts)  # to be killed just after the load

    def _state(self, path: Path) -> str:
        """Give what a rank has, if that is what it was told.

        Raises:
            Lost: it is not, or it took too long.
        """
        check(path.exists(), f"rank {path.name} said nothing")
        found = json.loads(path.read_text())
        judge(found)
        return "old" if found["has"] == found["before"] else "new"

    def _stored(self) -> dict[str, bytes]:
        paths = [path for which in self._values for path in (self._directory / which).rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in paths}


def judge(found: Mapping[str, Any]) -> None:
    """Compare what a rank has after a load with how the load ended for it.

    Raises:
        Lost: a load that failed changed the net, one that did not fail left something out, or it took too long.
    """
    expected = "new" if found["error"] is None else found["before"]
    check(found["has"] == expected, f"the net has {found['has']}, and the load ended with {found['error']}")
    check(found["seconds"] < _ENDS, f"it took {found['seconds']:.1f} s: {found['error']}")


def what_it_has(net: Net, known: Mapping[str, Arrays]) -> str:
    """Tell whose values a rank's net has: those of one of these for all parameters, or "nothing", or "a mixture"."""
    without = lazycell.uninitialized(net)
    if without:
        return "nothing" if len(without) == len(list(net.get_parameters())) else "a mixture"
    found = {each.name: (part_of(each), each.asnumpy()) for each in net.get_parameters()}
    for which, arrays in known.items():
        if all(
            np.array_equal(values, arrays[name] if place is None else cut(arrays[name], place))
            for name, (place, values) in found.items()
        ):
            return which
    return "a mixture"


def kill_loads(times: int, scratch: Path, seed: int, sent: int = signal.SIGKILL) -> tuple[Counter[str], list[str]]:
    """Kill a rank in so many loads; give how many left what, and what was lost."""
    loads = RankLoads(scratch, Random(seed))
    states: Counter[str] = Counter()
    lost: list[str] = []
    for number in range(times):
        try:
            states[loads.kill(number, sent=sent)] += 1
        except Exception:
            lost.append(traceback.format_exc())
    return states, lost


def _net(mesh: Mesh) -> Net:
    with mesh:
        return Net()


def _write(path: Path, content: object) -> None:
    """Write something at once: nobody finds half of it."""
    hidden = path.with_name(f".{path.name}")
    hidden.write_text(json.dumps(content))
    hidden.rename(path)
