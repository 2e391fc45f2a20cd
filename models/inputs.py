"""What a model refuses to read, before anything is computed: a kernel would read beyond its table, or die there."""

import inspect
from functools import cache
from typing import Any, ClassVar

import numpy as np
from mindspore import Tensor

from .named import Named


class Reader(Named):
    """A model that is given texts. Outside a graph, it checks them at each call; a graph computes alone.

    `ids_below` names the hyperparameter that each input's numbers have to be less than; `positions` the one that says
    how many positions there are, None where any number can be computed.
    """

    ids_below: ClassVar[dict[str, str]] = {"input_ids": "vocab_size"}
    positions: ClassVar[str | None] = None

    def __call__(self: Any, *inputs: Any, **named: Any) -> Any:
        """Compute the outputs.

        Raises:
            ValueError: an id that there is no vector for; more positions than the model has; a mask of another shape
                than the text's.
        """
        given = dict(zip(_names(type(self).construct), inputs, strict=False)) | named
        for name, most in self.ids_below.items():
            check_ids(self, name, given.get(name), most)
        self.check_lengths(given)
        return super().__call__(*inputs, **named)

    def check_lengths(self: Any, given: dict[str, Any]) -> None:
        """Refuse a text that is too long, and a mask that is not its own.

        Args:
            given: what the model is called with, by name.

        Raises:
            ValueError: ids are not (batch, sequence), there are more than there are positions, or the mask has another
                shape.
        """
        ids, past = given.get("input_ids"), given.get("past_key_values")
        if ids is None or given.get("cache_position") is not None:
            return
        if ids.ndim != 2:
            raise ValueError(f"{_name(self)} reads input_ids of (batch, sequence), and these are of shape {ids.shape}")
        seen = 0 if past is None else past[0][0].shape[2]
        check_mask(self, "attention_mask", given.get("attention_mask"), (ids.shape[0], seen + ids.shape[1]))
        if self.positions is None:
            return
        if given.get("position_ids") is None:
            self.check_length(f"input_ids has {seen + ids.shape[1]} positions", seen + ids.shape[1])
        else:
            check_ids(self, "position_ids", given["position_ids"], self.positions)

    def check_length(self: Any, what: str, length: int) -> None:
        """Refuse more positions than there are vectors for; `what` begins the message.

        Args:
            what: of what there are so many.
            length: how many positions.

        Raises:
            ValueError: there are fewer vectors.
        """
        if self.positions is None:
            return
        count = getattr(self, self.positions)
        if self.first_position() + length > count:
            most = count - self.first_position()
            raise ValueError(f"{what}, and {_name(self)} has a vector for {most}: {self.positions}={count}")

    def first_position(self) -> int:
        """Give the number of a text's first position.

        Returns:
            The number, 0 but for families that count otherwise.
        """
        return 0


def check_ids(model: Any, name: str, ids: Tensor | None, most: str) -> None:
    """Refuse ids that are not from 0 to below the hyperparameter that `most` names.

    Args:
        model: whose hyperparameter it is.
        name: of the input, for the message.
        ids: of any shape, int, or None.
        most: the name of the hyperparameter.

    Raises:
        ValueError: one is negative, or not less; the message says which and where.
    """
    if ids is None:
        return
    array, count = np.asarray(ids.asnumpy()), _count(model, most)
    if array.size and (array.min() < 0 or array.max() >= count):
        place = tuple(int(each) for each in np.argwhere((array < 0) | (array >= count))[0])
        raise ValueError(
            f"{name} has {array[place]} at {place}, and {_name(model)} knows 0 to {count - 1}: {most}={count}"
        )


def _count(model: Any, most: str) -> int:
    """Give a hyperparameter of the whole model: ranks that divide the words have the derived value `whole_…` of it."""
    whole: int | None = getattr(model, f"whole_{most}", None)
    return getattr(model, most) if whole is None else whole


def check_mask(model: Any, name: str, mask: Tensor | None, shape: tuple[int, ...]) -> None:
    """Refuse a mask that does not have a number for each position, those in the cache included.

    Args:
        model: for the message.
        name: of the input, for the message.
        mask: the mask, or None.
        shape: that it has to have.

    Raises:
        ValueError: it has another.
    """
    if mask is not None and mask.shape != shape:
        raise ValueError(f"{name} is of shape {mask.shape}, and {_name(model)} needs {shape}: (batch, positions)")


def _name(model: Any) -> str:
    return type(model).__name__


@cache
def _names(construct: Any) -> tuple[str, ...]:
    return tuple(inspect.signature(construct).parameters)[1:]
