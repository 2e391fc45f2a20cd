"""Texts of different lengths, side by side."""

from typing import Any

import numpy as np
from mindspore import Tensor
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def texts_of(input_ids: Tensor, attention_mask: Tensor | None) -> tuple[Ids, Ids]:
    """Give ids and mask as arrays, each (batch, sequence), every text at the right end.

    A text that is padded on the right is moved: the word that comes next follows its last one.

    Raises:
        ValueError: no ids; a mask of another shape; a text with no word in it.
    """
    ids = np.asarray(input_ids.asnumpy())
    if ids.ndim != 2 or not ids.size:
        raise ValueError(f"input_ids is of shape {ids.shape}: texts are (batch, sequence), with one word at least")
    mask = np.ones(ids.shape, np.int64) if attention_mask is None else attention_mask.asnumpy().astype(np.int64)
    if mask.shape != ids.shape:
        raise ValueError(f"attention_mask is of shape {mask.shape}, and input_ids of {ids.shape}: one number a word")
    empty = np.flatnonzero(~mask.any(1))
    if len(empty):
        raise ValueError(f"attention_mask is 0 for all of text {empty[0]}: leave it out, nothing comes after no word")
    behind = mask[:, ::-1].argmax(1)  # how much padding is on the right
    if behind.any():
        places = (np.arange(ids.shape[1]) - behind[:, None]) % ids.shape[1]
        ids, mask = (np.take_along_axis(each, places, 1) for each in (ids, mask))
    return ids, mask


def padded(array: NDArray[Any], length: int) -> NDArray[Any]:
    """Put zeros before each row of (batch, sequence), up to a length."""
    return np.pad(array, ((0, 0), (length - array.shape[1], 0)))


def positions_of(mask: Ids) -> Ids:
    """Count the words of each text from 0; padding counts as no position: (batch, sequence)."""
    return np.maximum(mask.cumsum(-1) - 1, 0)
