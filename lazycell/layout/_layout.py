"""How a checkpoint stores parameters that it does not store as they are: several in one tensor, or one turned round.

A `Stored` tensor is an expression over blocks of parameters: `Transposed(Fused(q, k, v))`. Each operation has an
inverse, so that one expression says both how to fill the parameters from the tensor and how to make the tensor of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from .._dtypes import numpy_dtype, working_dtype
from .._frozen import frozen
from ..declaration import (
    Direction,
    Expanded,
    Fused,
    Half,
    Magnitude,
    Padded,
    Reshaped,
    Squeezed,
    Transposed,
    leaves,
    replace_leaves,
)
from ._form_shape import form_shape, reversed_axes

if TYPE_CHECKING:
    from ..system import Array

LAYOUT = "_lazycell_layout"
"""The attribute of a net that says in which layout the checkpoint was that it was loaded from."""

NAMING = "_lazycell_naming"
"""The attribute of a net that was loaded by PyTorch's names: what PyTorch does not have of it. None: it was no more."""

# ------------------------------------------------------------------ from a stored tensor to a block of a parameter


@frozen
class Reshape:
    """The same elements in row-major order, in another shape."""

    shape: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        """Apply it; a view where numpy can make one."""
        return array.reshape(self.shape)


@frozen
class Transpose:
    """Axis i of the result is axis `axes[i]` of what it is applied to."""

    axes: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        """Apply it; always a view."""
        return array.transpose(self.axes)


@frozen
class Slice:
    """Positions `start` to `stop` (exclusive) of one axis."""

    axis: int
    start: int
    stop: int

    def __call__(self, array: Array) -> Array:
        """Apply it; always a view."""
        return array[(slice(None),) * self.axis + (slice(self.start, self.stop),)]


Operation = Reshape | Transpose | Slice

# ----------------------------------------------------------------------------------------------------------- the tree


@frozen
class Block:
    """A parameter, or one block of it.

    Attributes:
        parameter: its full name.
        shape: of the block.
        dtype: of the parameter (canonical).
        place: for each axis of the parameter start and stop of the block. None: the block is the parameter.
        section: what the block is called in the declaration, `q` of `qkv[q]`; for people to read.
    """

    parameter: str
    shape: tuple[int, ...]
    dtype: str
    place: tuple[tuple[int, int], ...] | None = None
    section: str | None = None

    def __str__(self) -> str:
        return self.parameter if self.section is None else f"{self.parameter}[{self.section}]"

    def take(self, parameter: Array) -> Array:
        """Give the block of the parameter's values: a view."""
        if self.place is None:
            return parameter
        return parameter[tuple(slice(start, stop) for start, stop in self.place)]


Form = Block | Fused | Transposed | Reshaped | Padded | Half
"""A tree whose leaves are blocks, with numbers for all axes and shapes."""


def shape_of(form: Form) -> tuple[int, ...]:
    """Give the shape of what a form stands for.

    Raises:
        ValueError: it has none: the message says which operation does not fit what.
    """
    if isinstance(form, Block):  # most are no more than that
        return form.shape
    shape = form_shape(form, _block_shape)
    assert shape is not None
    return shape


def as_reshaped(form: Any) -> Any:
    """Give a form of one with axes of length 1 less or more as what it is in a manifest; any other as it is.

    Raises:
        ValueError: an axis is not there, or not of length 1.
    """
    if not isinstance(form, (Squeezed, Expanded)):
        return form
    shape = form_shape(form, _block_shape)
    assert shape is not None
    return Reshaped(form.inner, shape)


def _block_shape(block: Block) -> tuple[int, ...]:
    return block.shape


# ------------------------------------------------------------------------------------------------------ stored tensors


@frozen
class Stored:
    """One tensor of a checkpoint, and how it is made of parameters.

    Attributes:
        name: the tensor's name in the checkpoint.
        form: what it is made of.
        rule: the rule that says so and where it stands, `"q": "qkv[q]"` of Attention at models/layers.py:31; empty
            where nothing was declared.
    """

    name: str
    form: Form
    rule: str = attrs.field(default="", eq=False, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return shape_of(self.form)

    @property
    def dtype(self) -> str:
        """The tensor's dtype (canonical): the smallest that holds all of the parameters' dtypes.

        Norms have float32 at least: in half precision they would not give the weight back.
        """
        name = _dtype_of(self.form)
        return working_dtype(name) if isinstance(self.form, Magnitude) else name

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that it is made of, each once."""
        if isinstance(self.form, Block):  # names are many, and most forms no more than that
            return (self.form.parameter,)
        return tuple(dict.fromkeys(block.parameter for block in leaves(self.form)))

    @property
    def is_plain(self) -> bool:
        """Whether it is one parameter as it is, under its own name or another."""
        return isinstance(self.form, Block) and self.form.place is None

    @property
    def blocks(self) -> tuple[tuple[Block, tuple[Operation, ...]], ...]:
        """Each block of a parameter, with the operations that take it out of the tensor.

        Out of what is composed, for the direction of a weight-normed tensor; none for its magnitude.
        """
        return tuple(_blocks(self.form, ()))

    def assemble(self, get: Callable[[str], Array]) -> Array:
        """Make the tensor.

        Args:
            get: gives the values of a parameter, in its shape.

        Returns:
            An array of the tensor's shape; perhaps a view of a parameter's values, perhaps not contiguous.
        """
        from ._arrays import assembled  # whoever only plans has no arrays

        return assembled(self.form, get)


def _dtype_of(form: Form) -> str:
    names = {block.dtype for block in leaves(form)}
    if len(names) == 1:
        return names.pop()
    from ._arrays import joined_dtype  # whoever only plans has no arrays

    return joined_dtype(numpy_dtype(name) for name in names).name


def _blocks(form: Form, operations: tuple[Operation, ...]) -> Iterator[tuple[Block, tuple[Operation, ...]]]:
    """Undo the form from the outside in."""
    match form:
        case Block():
            yield form, operations
        case Fused(axis, sections):
            start = 0
            for _, part in sections:
                stop = start + shape_of(part)[axis]
                yield from _blocks(part, (*operations, Slice(axis, start, stop)))
                start = stop
        case Transposed(inner, axes):
            rank = len(shape_of(inner))
            axes = reversed_axes(rank) if axes is None else axes
            inverse = tuple(sorted(range(rank), key=axes.__getitem__))
            yield from _blocks(inner, (*operations, Transpose(inverse)))
        case Reshaped(inner):
            yield from _blocks(inner, (*operations, Reshape(shape_of(inner))))
        case Padded(inner, axis, before):
            yield from _blocks(inner, (*operations, Slice(axis, before, before + shape_of(inner)[axis])))
        case Direction(inner):  # with its magnitude, which makes the tensor that the weight is taken from
            yield from _blocks(inner, operations)


def with_dtypes(form: Form, dtype_of: Callable[[str], str]) -> Form:
    """Give the form with the dtypes that the parameters have now."""

    def renew(block: Block) -> Block:
        dtype = dtype_of(block.parameter)
        return block if dtype == block.dtype else attrs.evolve(block, dtype=dtype)

    return replace_leaves(form, renew)
