"""Ranks that save together, in threads of this process, for the tests of this folder and of `tests/kills`."""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import ml_dtypes
import numpy as np

from lazycell._dtypes import dtype_name
from lazycell.mesh import Division, Mesh, On, Owner, Place, Share
from lazycell.saving._destination import destination_of
from lazycell.saving._save import SaveReport
from lazycell.saving._save_parts import save_parts
from lazycell.system._allocate import Array

from .saved import unexpected_loss

MESHES: list[dict[str, int]] = [
    {"tp": 1},
    {"tp": 2},
    {"tp": 4},
    {"dp": 2, "tp": 2},
    {"ep": 2, "tp": 2},
    {"pp": 2, "tp": 2},
    {"tp": 2, "ep": 4},
]


@attrs.frozen
class Entry:
    """A tensor of the whole."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def divisions() -> dict[str, Division | None]:
    """Divide tensors in every way: by rows, columns, sections, experts, stages, heads that are shared."""
    layers: dict[str, Division | None] = {}
    for layer in range(2):
        on = (Owner("pp", layer, 2),)
        heads = Share(4, ("tp",), units=2, shared=True)
        layers |= {
            f"layers.{layer}.qkv": Division(
                (32, 6), ((Share(16, ("tp",)), Share(8, ("tp",)), Share(8)), (Share(6),)), on
            ),
            f"layers.{layer}.key": Division((4, 3), ((heads,), (Share(3),)), on),
            f"layers.{layer}.down": Division((6, 16), ((Share(6),), (Share(16, ("tp",)),)), on),
            f"layers.{layer}.experts": Division(
                (8, 3, 4), ((Share(8, ("ep",)),), (Share(3),), (Share(4, ("tp",)),)), on
            ),
            f"layers.{layer}.norm": Division((6,), ((Share(6),),), on),
        }
    return {
        "embed": Division((24, 6), ((Share(24, ("tp",)),), (Share(6),)), (On("pp", (0,)),)),
        **layers,
        "norm": None,
        "scalar": None,
        "empty": Division((0, 4), ((Share(0),), (Share(4, ("tp",)),))),
        "head": Division((24, 6), ((Share(24, ("tp",)),), (Share(6),)), (On("pp", (-1,)),)),
    }


DIVISIONS = divisions()


def arrays(seed: int) -> dict[str, Array]:
    """Make all tensors, of some dtypes."""
    random = np.random.default_rng(seed)
    made: dict[str, Array] = {}
    for number, (name, division) in enumerate(DIVISIONS.items()):
        shape = {"norm": (6,), "scalar": ()}[name] if division is None else division.shape
        made[name] = np.asarray(9 * random.standard_normal(shape)).astype(
            [np.float32, ml_dtypes.bfloat16, np.float64, np.int8][number % 4]
        )
    return made


def entries(whole: Mapping[str, Array]) -> list[Entry]:
    """Describe the tensors of the whole."""
    return [Entry(name, dtype_name(array.dtype), array.shape) for name, array in whole.items()]


def part(array: Array, place: Place | None) -> Array:
    """Take a part out of a whole, as numpy does it."""
    for axis, ranges in enumerate(() if place is None else place.ranges):
        array = np.concatenate([array[(slice(None),) * axis + (slice(*each),)] for each in ranges], axis)
    return array


def parts_of(whole: Mapping[str, Array], mesh: Mesh) -> Callable[[str], Array]:
    """Give what gives a rank's parts; it fails for what the rank has nothing of."""

    def get(name: str) -> Array:
        division = DIVISIONS.get(name)
        if division is None:
            return whole[name]
        place = division.place(mesh)
        assert place is not None, f"rank {mesh.rank} has nothing of {name}"
        return part(whole[name], place)

    return get


def save_as_rank(path: Path, whole: Mapping[str, Array], mesh: Mesh, token: str, **more: Any) -> SaveReport:
    """Save, as one rank of a mesh."""
    options: dict[str, Any] = {"lost": unexpected_loss, "metadata": {"format": "pt"}, "timeout": 20.0, **more}
    destination = destination_of(path, None, options.pop("max_shard_size", None))
    get = options.pop("get", parts_of(whole, mesh))
    listed = options.pop("entries", entries(whole))
    return save_parts(destination, listed, options.pop("divisions", DIVISIONS), mesh, get, token=token, **options)


def together(ranks: Mapping[int, Callable[[], Any]]) -> dict[int, Any]:
    """Run something for each rank at once; give what each gave, or raised."""
    found: dict[int, Any] = {}

    def run(rank: int, act: Callable[[], Any]) -> None:
        try:
            found[rank] = act()
        except BaseException as error:
            found[rank] = error

    threads = [threading.Thread(target=run, args=each) for each in ranks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def save_on(path: Path, whole: Mapping[str, Array], sizes: Mapping[str, int], **more: Any) -> dict[int, SaveReport]:
    """Save on all ranks of a mesh; fail if one fails."""
    token = secrets.token_hex(4)
    count = math.prod(sizes.values())
    meshes = [Mesh(rank=rank, **sizes) for rank in range(count)]
    found = together(
        {mesh.rank: lambda mesh=mesh: save_as_rank(path, whole, mesh, token, **more) for mesh in meshes}  # type: ignore[misc]
    )
    for each in found.values():
        if isinstance(each, BaseException):
            raise each
    return found


def save_halves(path: Path, whole: Mapping[str, Array]) -> None:
    """Save by four ranks, in files of their own, halves of the last axis of each tensor, and of its first."""
    divided: dict[str, Division | None] = {}
    for name, array in whole.items():
        even = [axis for axis, size in enumerate(array.shape) if size % 2 == 0]
        axes = dict.fromkeys(even[:1], ("ep",)) | dict.fromkeys(even[-1:], ("tp",))
        shares = tuple((Share(size, axes.get(axis, ())),) for axis, size in enumerate(array.shape))
        divided[name] = Division(array.shape, shares)

    def parts(mesh: Mesh) -> Callable[[str], Array]:
        return lambda name: part(whole[name], divided[name].place(mesh))  # type: ignore[union-attr]

    token = secrets.token_hex(4)
    meshes = [Mesh(ep=2, tp=2, rank=rank) for rank in range(4)]
    found = together(
        {
            mesh.rank: lambda mesh=mesh: save_as_rank(  # type: ignore[misc]
                path, whole, mesh, token, divisions=divided, get=parts(mesh), layout="ranks"
            )
            for mesh in meshes
        }
    )
    assert all(isinstance(each, SaveReport) for each in found.values()), found
