"""How much memory a model takes, before anything is built."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

import attrs

from ..._dtypes import FLOATING, itemsize
from ..._frozen import frozen
from ._mesh import axes_of, checked_mesh, local_shape
from ._optimizers import OptimizerState, optimizer_state

if TYPE_CHECKING:
    from ...layout._entry import ManifestEntry
    from .._manifest import Manifest

TRAINABLE, NOT_TRAINABLE = "trainable", "not trainable"


@frozen
class Size:
    """What some parameters take.

    Attributes:
        parameters: how many; one that is tied to another is not counted again.
        elements: of all of them.
        nbytes: bytes of their values.
        gradients: bytes of their gradients, one array of the same shape and dtype for each that is trained; 0 if they
            were not asked for.
        optimizer: bytes that the optimizer keeps for those that are trained; 0 without one.
    """

    parameters: int = 0
    elements: int = 0
    nbytes: int = 0
    gradients: int = 0
    optimizer: int = 0

    @property
    def training_bytes(self) -> int:
        """Bytes of values, gradients and optimizer together; activations are not in it."""
        return self.nbytes + self.gradients + self.optimizer

    def __add__(self, other: Size) -> Size:
        return Size(
            self.parameters + other.parameters,
            self.elements + other.elements,
            self.nbytes + other.nbytes,
            self.gradients + other.gradients,
            self.optimizer + other.optimizer,
        )


@frozen
class RankSizes:
    """What one rank of a mesh holds.

    Attributes:
        mesh: the size of each axis.
        ranks: how many there are: the product of the axes.
        size: of what each of them holds.
        replicated: names of the parameters that every rank holds whole.
        replicated_nbytes: bytes of the values of those.
        unused: axes that divide no parameter: the ranks along one hold the same (data parallel).
    """

    mesh: Mapping[str, int]
    ranks: int
    size: Size
    replicated: tuple[str, ...] = attrs.field(repr=False)
    replicated_nbytes: int
    unused: tuple[str, ...]


@frozen
class Sizes:
    """How much memory a model takes; prints as a table. Buffers that are saved count, as not trainable.

    Attributes:
        model: name of the class.
        total: of everything; with the optimizer's step and rates, which belong to no parameter.
        by_dtype: by canonical name, in order of first appearance.
        by_trainable: under `"trainable"` and `"not trainable"`.
        by_tag: under each tag, and None for what has none; a parameter with several tags is in each.
        optimizer_name: what the optimizer goes by; None if none was asked for.
        with_gradients: whether gradients were asked for.
        rank: what one rank holds; None without a mesh.
        declared: whether a model says what is trained. A checkpoint does not: of one, all floats count as trainable.
    """

    model: str
    total: Size
    by_dtype: Mapping[str, Size]
    by_trainable: Mapping[str, Size]
    by_tag: Mapping[str | None, Size]
    optimizer_name: str | None = None
    with_gradients: bool = False
    rank: RankSizes | None = None
    declared: bool = True
    _each: tuple[tuple[str, Size], ...] = attrs.field(default=(), repr=False)

    @property
    def gradients(self) -> int:
        """Bytes of all gradients; 0 if they were not asked for."""
        return self.total.gradients

    @property
    def optimizer(self) -> int:
        """Bytes of the optimizer's state; 0 without one."""
        return self.total.optimizer

    @property
    def training_bytes(self) -> int:
        """Bytes of values, gradients and optimizer together, as far as asked for; activations are not in it."""
        return self.total.training_bytes

    def by_module(self, depth: int = 1) -> dict[str, Size]:
        """Sum up by module: the path of the cell that holds a parameter, cut to `depth` names.

        Args:
            depth: 1 for `encoder`, 2 for `encoder.layers`, and so on.

        Returns:
            Sizes by path, in order of first appearance; under `""` what the model itself holds.

        Raises:
            ValueError: `depth` is not a whole number, 1 or more.
        """
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise ValueError(f"depth={depth!r}: write how many names of a module's path to keep, 1 or more")
        return _summed((".".join(name.split(".")[:-1][:depth]), size) for name, size in self._each)

    def __str__(self) -> str:
        from ._sizes_text import sizes_text

        return sizes_text(self)

    def _repr_html_(self) -> str:
        from ._sizes_text import sizes_html

        return sizes_html(self)

    def to_json(self) -> str:
        """Give the sizes as JSON, modules by the first name of their paths."""
        from ._sizes_text import sizes_json

        return sizes_json(self)


def sizes_of(
    manifest: Manifest,
    *,
    optimizer: str | None = None,
    gradients: bool = False,
    mesh: Mapping[str, int] | None = None,
) -> Sizes:
    """Sum up a manifest; the body of `Manifest.sizes`, which says what the arguments are and what is raised."""
    state = None if optimizer is None else optimizer_state(optimizer)
    entries = manifest.entries if manifest.declared else tuple(map(_as_trained, manifest.entries))
    each = [_size_of(entry, entry.shape, gradients, state) for entry in entries]
    both = list(zip(entries, each, strict=True))
    by_tag = _summed((tag, size) for entry, size in both for tag in dict.fromkeys(entry.tags or (None,)))
    if None in by_tag:
        by_tag[None] = by_tag.pop(None)  # last
    return Sizes(
        model=manifest.model,
        total=_total(each, state),
        by_dtype=_summed((entry.dtype, size) for entry, size in both),
        by_trainable={TRAINABLE: Size(), NOT_TRAINABLE: Size()}
        | _summed((TRAINABLE if entry.trainable else NOT_TRAINABLE, size) for entry, size in both),
        by_tag=by_tag,
        optimizer_name=None if state is None else state.name,
        with_gradients=gradients,
        rank=None if mesh is None else _rank_sizes(entries, checked_mesh(mesh), gradients, state),
        declared=manifest.declared,
        each=tuple((entry.name, size) for entry, size in both),
    )


def _as_trained(entry: ManifestEntry) -> ManifestEntry:
    return entry if entry.dtype in FLOATING else attrs.evolve(entry, trainable=False)


def _size_of(entry: ManifestEntry, shape: tuple[int, ...], gradients: bool, optimizer: OptimizerState | None) -> Size:
    """Give the size of a parameter, or of the part of it that has `shape`."""
    elements = math.prod(shape)
    nbytes = elements * itemsize(entry.dtype)
    return Size(
        1,
        elements,
        nbytes,
        gradients=nbytes if gradients and entry.trainable else 0,
        optimizer=optimizer.nbytes(shape, entry.dtype) if optimizer is not None and entry.trainable else 0,
    )


def _total(sizes: Iterable[Size], optimizer: OptimizerState | None) -> Size:
    shared = Size(optimizer=0 if optimizer is None else optimizer.shared_nbytes)
    return sum(sizes, shared)


def _rank_sizes(
    entries: Iterable[ManifestEntry], mesh: Mapping[str, int], gradients: bool, optimizer: OptimizerState | None
) -> RankSizes:
    sizes: list[Size] = []
    whole: list[ManifestEntry] = []
    unused = dict.fromkeys(mesh)
    for entry in entries:
        axes = axes_of(entry, mesh)
        shape = local_shape(entry, axes, mesh)
        sizes.append(_size_of(entry, shape, gradients, optimizer))
        if shape == entry.shape:
            whole.append(entry)
        for axis in (axis for each in axes for axis in each):
            unused.pop(axis, None)
    return RankSizes(
        mesh=dict(mesh),
        ranks=math.prod(mesh.values()),
        size=_total(sizes, optimizer),
        replicated=tuple(entry.name for entry in whole),
        replicated_nbytes=sum(entry.nbytes for entry in whole),
        unused=tuple(unused),
    )


_Key = TypeVar("_Key", bound="str | None")


def _summed(sizes: Iterable[tuple[_Key, Size]]) -> dict[_Key, Size]:
    sums: dict[_Key, Size] = {}
    for key, size in sizes:
        sums[key] = sums[key] + size if key in sums else size
    return sums
