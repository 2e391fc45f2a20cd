"""Which stored tensors a parameter is made of, where it is not simply one under its own name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from .. import declaration
from .._frozen import frozen
from .._location import did_you_mean
from ..declaration import form_text, replace_leaves, replace_nodes, shapes_in
from ..formats import TensorHeader
from ..layout import Block, Form, ManifestEntry, Operation, Stored, as_reshaped, position_of, shape_of
from ..manifest import Manifest
from ..show import is_index
from ._narrow import runs_of, windows_of
from ._plan import LoadStep, Piece


@frozen
class Source:
    """A block of a parameter, and how a stored tensor of the file has it.

    Attributes:
        stored: the tensor as it is declared.
        tensor: what its values are taken from.
        block: of the parameter.
        operations: they take the block out of the tensor.
        dtype: that of the file, where the values are computed in another.
    """

    stored: Stored
    tensor: TensorHeader
    block: Block
    operations: tuple[Operation, ...]
    dtype: str


def sources_of(stored: Stored, tensor: TensorHeader, dtype: str | None = None) -> Iterator[Source]:
    """Give the blocks that a tensor of the file, of the shape that it is to have, is made of."""
    for block, operations in stored.blocks:
        yield Source(stored, tensor, block, operations, tensor.dtype if dtype is None else dtype)


def whole(entry: ManifestEntry, sources: Sequence[Source]) -> bool | None:
    """Tell whether sources make up a parameter: None, if parts are lacking; False, if parts are there twice."""
    blocks = [source.block for source in sources]
    places = {block.place for block in blocks}
    size = sum(_size(block) for block in blocks)
    if len(places) < len(blocks) or size > entry.size:
        return False
    return True if size == entry.size else None


def _size(block: Block) -> int:
    size = 1
    for each in block.shape:
        size *= each
    return size


def step_of(entry: ManifestEntry, sources: Sequence[Source], dtype: str) -> LoadStep:
    """Plan to fill a parameter from the sources that make it up.

    Where each is a run of bytes, and they follow each other in the parameter, the step reads like that of a tensor
    which is stored as it is.
    """
    key = " + ".join(dict.fromkeys(source.tensor.name for source in sources))
    stored = sources[0].tensor.dtype
    origin = next((source.tensor.origin for source in sources if source.tensor.origin), "")
    blocks = ((source.tensor.shape, source.operations, source.block.place) for source in sources)
    windows = windows_of(entry.shape, blocks)
    runs = None if windows is None else runs_of([source.tensor for source in sources], windows)
    if runs is None:
        pieces = tuple(Piece(source.tensor, source.operations, source.block.place) for source in sources)
        return LoadStep(entry.name, key, TensorHeader(key, stored, entry.shape, (), origin), dtype, pieces=pieces)
    if len(runs) == 1:
        return LoadStep(entry.name, key, attrs.evolve(runs[0], shape=entry.shape), dtype)
    parts = tuple(part for run in runs for part in run.ranges)
    return LoadStep(entry.name, key, TensorHeader(key, stored, entry.shape, parts, origin), dtype)


def bind_form(manifest: Manifest, form: Any) -> Form:
    """Put the model's parameters in the place of the names in a form that was given to a load.

    Raises:
        ValueError: a name is none of the model's, or the form has no shape.
    """
    declared = {stored.name: stored.form for stored in manifest.stored}

    def bind(text: str) -> Form:
        name, section = declaration.split_section(text)
        if name in manifest:
            entry = manifest[name]
            if section is None:
                return entry.block
            if section in entry.section_blocks:
                return entry.section_blocks[section][1]
            if is_index(section):
                if entry.shape and int(section) < entry.shape[0]:
                    return position_of(entry, int(section))
                raise ValueError(f"`{name}` has the shape {entry.shape}: there is no position {section} in it")
            has = ", ".join(f"`{each}`" for each in entry.section_blocks) or "none"
            raise ValueError(f"`{name}` has no section `{section}`: it has {has}")
        if section is None and name in declared:
            return declared[name]
        candidates = [entry.name for entry in manifest.entries]
        raise ValueError(f"`{name}` is not a parameter of the model{did_you_mean(name, candidates)}")

    for shape in shapes_in(form):
        if declaration.is_symbolic(shape) or not all(type(size) is int for size in shape):
            raise ValueError(
                f"the shape `{declaration.render(shape)}` in `{form_text(form)}` has to be a tuple of ints"
            )
    bound = replace_nodes(replace_leaves(form, bind), as_reshaped)
    shape_of(bound)
    return bound
