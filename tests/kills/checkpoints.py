"""Saves and conversions: after a kill the old checkpoint is there or the new one, whole, and the next one works."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lazycell
from lazycell import LazyCell, Param, children

from ..saving.saved import load_arrays, same_arrays
from .operations import Lost, check, listing

Arrays = Mapping[str, Any]


class Layer(LazyCell):
    """Weights that take a few pieces to write."""

    width: int
    weight: Param["normal", (width, width)]
    bias: Param["normal", (width,)]


class Net(LazyCell):
    """A net of some layers."""

    n_layers: int
    width: int = 160
    layers: list[Layer] = children(n_layers, Layer, width)


def net(n_layers: int, seed: int) -> tuple[Net, Arrays]:
    """Make a net, and its values."""
    made = Net(n_layers)
    made.init_parameters_data(seed=seed)
    return made, {parameter.name: parameter.asnumpy() for parameter in made.get_parameters()}


class Saves:
    """`net.save_checkpoint`, in one file or several, over nothing or over either.

    Args:
        options: of the save.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._old, self._old_arrays = net(3, 1)
        self._new, self._new_arrays = net(4, 2)

    def _before(self, number: int) -> dict[str, Any] | None:
        """Give how what is there was saved; None: nothing is there."""
        if self._options.get("format") == "ckpt":
            return ({"format": "ckpt"}, None)[number % 2]
        return ({}, {"max_shard_size": "150KB"}, None)[number % 3]

    def prepare(self, directory: Path, number: int) -> None:
        """Put one of what may be there in place."""
        options = self._before(number)
        if options is not None:
            self._old.save_checkpoint(directory, **options)

    def act(self, directory: Path, number: int) -> None:
        """Save."""
        self._new.save_checkpoint(directory, **self._options)

    def examine(self, directory: Path, number: int) -> str:
        """Tell which is there: what can be read and verified."""
        try:
            return which(directory, self._old_arrays, self._new_arrays)
        except lazycell.CheckpointFormatError:
            check(self._before(number) is None, "nothing can be read any more")
            return "old"  # there was nothing

    def again(self, directory: Path, number: int) -> None:
        """Save once more, over what the kill left."""
        self.act(directory, number)
        check(which(directory, self._old_arrays, self._new_arrays) == "new", "the next save is not what is read")
        check_nothing_else(directory)


class Converts:
    """`lazycell.convert`: to another form, in place, and back and forth between formats."""

    def __init__(self) -> None:
        _, self._old = net(3, 1)
        _, self._new = net(4, 2)
        self._kinds: list[tuple[str, str, dict[str, Any]]] = [
            ("source/model.safetensors", "to/model.safetensors", {}),
            ("source/model.safetensors", "to/model.ckpt", {}),
            ("source/model.ckpt", "to/model.safetensors", {"max_shard_size": "150KB"}),
            ("to/model.safetensors", "to", {"max_shard_size": "150KB"}),  # in place
        ]

    def prepare(self, directory: Path, number: int) -> None:
        """Write the source, and what the new checkpoint takes the place of."""
        source, target, _ = self._kinds[number % len(self._kinds)]
        for name in ("source", "to"):
            (directory / name).mkdir()
        if not source.startswith("to"):
            lazycell.convert(self._old, directory / target)
        lazycell.convert(self._new, directory / source)

    def act(self, directory: Path, number: int) -> None:
        """Convert."""
        source, target, options = self._kinds[number % len(self._kinds)]
        lazycell.convert(directory / source, directory / target, **options)

    def examine(self, directory: Path, number: int) -> str:
        """Tell which is at the target; the source is there in any case."""
        source, _, _ = self._kinds[number % len(self._kinds)]
        if source.startswith("to"):
            check(which(directory / "to", self._old, self._new) == "new", "the checkpoint is not there")
            return "new" if (directory / "to" / "model.safetensors.index.json").exists() else "old"
        check(which(directory / source, {}, self._new) == "new", "the source is not as it was")
        return which(directory / "to", self._old, self._new)

    def again(self, directory: Path, number: int) -> None:
        """Convert once more, to the same place; in place the source is what the kill left."""
        source, target, options = self._kinds[number % len(self._kinds)]
        place = directory / "to"
        lazycell.convert(place if source.startswith("to") else directory / source, directory / target, **options)
        check(which(place, self._old, self._new) == "new", "the next conversion is not what is read")
        check_nothing_else(place)


def which(path: Path, old: Arrays, new: Arrays) -> str:
    """Tell which of two checkpoints is there.

    Raises:
        Lost: it is neither.
    """
    found = load_arrays(path)
    lazycell.verify(path)
    if same_arrays(found, old):
        return "old"
    if same_arrays(found, new):
        return "new"
    raise Lost(f"neither the old checkpoint nor the new one: {sorted(found)}")


def check_nothing_else(directory: Path) -> None:
    """Check that a directory holds a checkpoint, and no other file."""
    header = lazycell.open_checkpoint(directory)
    files = {each.path.name for tensor in header.tensors.values() for each in tensor.byte_ranges} | {header.path.name}
    check(set(listing(directory)) == files, f"left over: {sorted(set(listing(directory)) - files)}")
