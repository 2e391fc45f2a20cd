"""What optimizers keep in memory for each parameter they train: as MindSpore 2.10 makes them with default arguments."""

from __future__ import annotations

import difflib
import math

from ..._dtypes import ITEMSIZES
from ..._frozen import frozen

_SCALAR = 4
"""Bytes of a counter (int32), and of a rate (float32)."""


@frozen
class OptimizerState:
    """The arrays of an optimizer beside the parameters.

    Attributes:
        name: what it goes by here, `adam`.
        origin: the class in MindSpore, `mindspore.nn.Adam`.
        arrays: how many of a parameter's own shape and dtype it keeps for each parameter.
        scalars: how many numbers of 4 bytes it keeps in all: the step, the learning rate, powers of beta.
        scalars_each: how many it keeps for each parameter.
        factored: whether it keeps the second moment of a matrix as one number for each row and each column.
    """

    name: str
    origin: str
    arrays: int
    scalars: int
    scalars_each: int = 0
    factored: bool = False

    def nbytes(self, shape: tuple[int, ...], dtype: str) -> int:
        """Give the bytes that it keeps for one parameter.

        Args:
            shape: of the parameter, or of what a rank has of it.
            dtype: canonical name.
        """
        elements = self.arrays * math.prod(shape)
        if self.factored and len(shape) >= 2:
            elements += math.prod(shape[:-1]) + math.prod(shape[:-2]) * shape[-1] + 1
        elif self.factored:
            elements += math.prod(shape) + 2  # rows and columns are there all the same, with one element each
        return elements * ITEMSIZES[dtype] + self.scalars_each * _SCALAR

    @property
    def shared_nbytes(self) -> int:
        """The bytes that it keeps once, however many parameters there are."""
        return self.scalars * _SCALAR


_ALL = (
    OptimizerState("sgd", "mindspore.nn.SGD", arrays=2, scalars=3),
    OptimizerState("momentum", "mindspore.nn.Momentum", arrays=1, scalars=3),
    OptimizerState("adam", "mindspore.nn.Adam", arrays=2, scalars=4),
    OptimizerState("adamw", "mindspore.mint.optim.AdamW", arrays=2, scalars=1),
    OptimizerState("adamweightdecay", "mindspore.nn.AdamWeightDecay", arrays=2, scalars=2),
    OptimizerState("adamoffload", "mindspore.nn.AdamOffload", arrays=2, scalars=4),
    OptimizerState("lazyadam", "mindspore.nn.LazyAdam", arrays=2, scalars=4),
    OptimizerState("adamax", "mindspore.nn.AdaMax", arrays=2, scalars=3),
    OptimizerState("lamb", "mindspore.nn.Lamb", arrays=2, scalars=2),
    OptimizerState("adagrad", "mindspore.nn.Adagrad", arrays=1, scalars=2),
    OptimizerState("adadelta", "mindspore.nn.Adadelta", arrays=2, scalars=2),
    OptimizerState("adafactor", "mindspore.nn.AdaFactor", arrays=1, scalars=3, factored=True),
    OptimizerState("rmsprop", "mindspore.nn.RMSProp", arrays=2, scalars=2),
    OptimizerState("rprop", "mindspore.nn.Rprop", arrays=2, scalars=2),
    OptimizerState("asgd", "mindspore.nn.ASGD", arrays=1, scalars=2, scalars_each=2),
    OptimizerState("ftrl", "mindspore.nn.FTRL", arrays=2, scalars=2),
    OptimizerState("proximaladagrad", "mindspore.nn.ProximalAdagrad", arrays=1, scalars=2),
)

OPTIMIZERS: dict[str, OptimizerState] = {each.name: each for each in _ALL}
"""By name."""


def optimizer_state(name: str) -> OptimizerState:
    """Find an optimizer: `"adam"`, `"AdamWeightDecay"` and `"adam_weight_decay"` are understood.

    Raises:
        TypeError: `name` is no string.
        ValueError: there is none of that name.
    """
    if not isinstance(name, str):
        raise TypeError(f'optimizer={name!r} is not the name of an optimizer: write it as a string, "adam"')
    key = name.lower().replace("_", "").replace("-", "")
    if key in OPTIMIZERS:
        return OPTIMIZERS[key]
    near = difflib.get_close_matches(key[:100], OPTIMIZERS)
    near.sort(key=lambda each: abs(len(each) - len(key)))  # letters that are swapped are the likelier mistake
    meant = f' (did you mean "{near[0]}"?)' if near else ""
    raise ValueError(
        f"optimizer={name!r} is not an optimizer that lazycell knows{meant}; it knows {', '.join(OPTIMIZERS)}"
    )
