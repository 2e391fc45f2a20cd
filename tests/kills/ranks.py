"""Saves by several ranks, of which one is killed: the old checkpoint is there or the new one, whatever the others do."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import lazycell
from lazycell.mesh import Division, Mesh, Share

from ..saving.ranks import save_as_rank
from ..saving.saved import save_arrays
from .checkpoints import check_nothing_else, which
from .operations import check

_MESHES: list[dict[str, int]] = [{"tp": 2}, {"tp": 4}, {"dp": 2, "tp": 2}]
_TIMEOUT = 2.0  # seconds, in which nobody waits for a rank that was killed before it came

Arrays = Mapping[str, Any]


class RankSaves:
    """A save by two or four ranks. The child is one of them, by chance, and forks the others, which live on.

    Args:
        layout: `"whole"` or `"ranks"`.
    """

    def __init__(self, layout: str) -> None:
        self._layout = layout
        self._old, self._new = _arrays(3, 1), _arrays(4, 2)
        self._divisions: dict[str, Division | None] = {
            **{f"rows.{number}": _divided((Share(160, ("tp",)), Share(120))) for number in range(4)},
            **{f"columns.{number}": _divided((Share(160), Share(120, ("tp",)))) for number in range(4)},
        }

    def prepare(self, directory: Path, number: int) -> None:
        """Put one of what may be there in place."""
        match number % 4:
            case 1:
                save_arrays(directory, self._old)
            case 2:
                save_arrays(directory, self._old, 150_000)
            case 3:
                self._save(directory, self._old, number, layout="ranks", timeout=60.0)
        told = _told(directory)
        if told.exists():
            shutil.rmtree(told)
        told.mkdir()

    def act(self, directory: Path, number: int) -> None:
        """Save, as one of the ranks."""
        self._save(directory, self._new, number, layout=self._layout, timeout=_TIMEOUT)

    def examine(self, directory: Path, number: int) -> str:
        """Tell which is there, once all ranks have ended; the new one, if a rank was told so."""
        told = _told(directory)
        with open(told / "alive", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
        saved = sorted(path.name for path in told.glob("saved*"))
        shutil.rmtree(told)
        try:
            state = which(directory, self._old, self._new)
        except lazycell.CheckpointFormatError:
            check(number % 4 == 0, "nothing can be read any more")
            state = "old"  # there was nothing
        check(state == "new" or not saved, f"{saved}, and the checkpoint is the old one")
        return state

    def again(self, directory: Path, number: int) -> None:
        """Save once more, by all ranks of another mesh, over what the kill left."""
        _told(directory).mkdir()
        self._save(directory, self._new, number + 1, layout=self._layout, timeout=60.0)
        shutil.rmtree(_told(directory))
        check(which(directory, self._old, self._new) == "new", "the next save is not what is read")
        check_nothing_else(directory)

    def _save(self, directory: Path, whole: Arrays, number: int, **options: Any) -> None:
        sizes = _MESHES[number % len(_MESHES)]
        token = secrets.token_hex(4)
        mesh = Mesh(rank=0, **sizes)
        victim = Random(number).randrange(mesh.ranks)
        told = _told(directory)
        told.mkdir(exist_ok=True)
        others = []
        with open(told / "alive", "w") as alive:  # the others have it, too, and with it the lock until they end
            fcntl.flock(alive, fcntl.LOCK_SH)
            for rank in range(mesh.ranks):
                if rank != victim:
                    child = os.fork()
                    if not child:
                        self._as_rank(directory, whole, mesh.at(rank), token, options)
                    others.append(child)
            own = mesh.at(victim)
            save_as_rank(directory, whole, own, token, **self._options(whole, own, options))
            (told / f"saved{victim}").touch()
            for child in others:
                _, status = os.waitpid(child, 0)
                check(status == 0, "another rank could not save")

    def _as_rank(self, directory: Path, whole: Arrays, mesh: Mesh, token: str, options: Mapping[str, Any]) -> None:
        """Be another rank, which ends with this."""
        status = 1
        try:
            save_as_rank(directory, whole, mesh, token, **self._options(whole, mesh, options))
            (_told(directory) / f"saved{mesh.rank}").touch()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _options(self, whole: Arrays, mesh: Mesh, options: Mapping[str, Any]) -> dict[str, Any]:
        def get(name: str) -> Any:
            time.sleep(0.001)  # so that ranks are killed while others write
            division = self._divisions.get(name)
            place = None if division is None else division.place(mesh)
            return whole[name] if place is None else whole[name][tuple(slice(*each[0]) for each in place.ranges)]

        return {"divisions": self._divisions, "get": get, **options}


def _arrays(count: int, seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    shapes = {f"{kind}.{number}": (160, 120) for number in range(count) for kind in ("rows", "columns")}
    shapes |= {f"all.{number}": (200,) for number in range(count)}
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def _divided(shares: tuple[Share, ...]) -> Division:
    return Division(tuple(share.size for share in shares), tuple((share,) for share in shares))


def _told(directory: Path) -> Path:
    """Where ranks say that they have saved, and hold a lock while they live."""
    return directory.with_name(f"{directory.name}.told")
