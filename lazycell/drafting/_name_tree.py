"""The names in a checkpoint as a tree: what is below each dot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from .._errors import CheckpointError
from .._frozen import frozen
from ..show import is_index

_LONGEST = 200
"""Letters of an attribute: what has more is no name that a program made."""

_LEFTOVERS = re.compile(r"num_batches_tracked|inv_freq|masked_bias|position_ids|total_ops|total_params")


@frozen
class StoredTensor:
    """What a header says of one tensor, and a net of its parameter.

    Attributes:
        shape: its dimensions.
        dtype: canonical name of its dtype.
        initializer: as a net's manifest has it; empty for what a file stores.
        trainable: whether gradients are taken for it, as far as is known.
    """

    shape: tuple[int, ...]
    dtype: str
    initializer: str = ""
    trainable: bool = True


@attrs.define(eq=False)
class Branch:
    """One place in the tree.

    Attributes:
        path: its full name.
        run: which of the checkpoints it is in.
        tensors: what is stored here, by the last part of the name.
        below: the branches, by the next part of the name.
        leftovers: names from here on of what PyTorch's modules save and no model computes with.
    """

    path: str
    run: int
    tensors: dict[str, StoredTensor] = attrs.field(factory=dict)
    below: dict[str, Branch] = attrs.field(factory=dict)
    leftovers: list[str] = attrs.field(factory=list)

    @property
    def names(self) -> set[str]:
        """The next parts of the names of all that is below."""
        return {*self.tensors, *self.below}

    @property
    def is_row(self) -> bool:
        """Whether all that is below has numbers for names."""
        return bool(self.below) and not self.tensors and not self.leftovers and all(map(is_index, self.below))

    @property
    def positions(self) -> list[int]:
        """The numbers, in order, of what is below in a row."""
        return sorted(map(int, self.below))


def tree_of(tensors: Mapping[str, StoredTensor], run: int) -> Branch:
    """Make the tree of a checkpoint's names, with its leftovers set aside where they lie.

    Raises:
        CheckpointError: a name has a part that no attribute can be: an empty one, or one without end.
    """
    root = Branch("", run)
    for name, tensor in tensors.items():
        if any(len(part) > _LONGEST for part in name.split(".")):
            raise CheckpointError(f"`{name}` cannot be declared: a part of it has more than {_LONGEST} letters")
        if not all(name.split(".")):
            raise CheckpointError(f"`{name}` cannot be declared: between its dots is nothing; rename it first")
        *way, last = name.split(".")
        here = root
        for part in way:
            if part not in here.below:
                here.below[part] = Branch(f"{here.path}.{part}".lstrip("."), run)
            here = here.below[part]
        if _is_leftover(last, tensor):
            here.leftovers.append(last)
        else:
            here.tensors[last] = tensor
    _lift_leftovers(root)
    return root


def _is_leftover(last: str, tensor: StoredTensor) -> bool:
    """Whether a tensor is what its module computes: a counter, frequencies, positions, or the mask of what is later."""
    if _LEFTOVERS.fullmatch(last):
        return True
    shape = tensor.shape
    return last == "bias" and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]


def _lift_leftovers(branch: Branch) -> None:
    """Let no branch be that has leftovers alone: the nearest one above says them."""
    for name, below in [*branch.below.items()]:
        _lift_leftovers(below)
        if not below.names:
            branch.leftovers += [f"{name}.{each}" for each in below.leftovers]
            del branch.below[name]


def branches_in(branch: Branch) -> Iterator[Branch]:
    """Give a branch and all below it."""
    yield branch
    for below in branch.below.values():
        yield from branches_in(below)


def usual_dtype(tensors: Mapping[str, StoredTensor]) -> str:
    """Give the dtype that most weights have."""
    counted = Counter(each.dtype for each in tensors.values() if "float" in each.dtype)
    return counted.most_common(1)[0][0] if counted else "float32"
