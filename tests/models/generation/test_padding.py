"""Texts of different lengths: every one is moved to the right end, and nothing of it is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mindspore import Tensor

from models.generation.padding import padded, positions_of, texts_of


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 4)), min_size=1, max_size=4))
def test_every_text_ends_at_the_right(texts: list[tuple[int, int, int]]):
    """Padding on either side comes before the words, which keep their order, and are numbered from 0."""
    width = max(map(sum, texts))
    ids, mask = np.zeros((2, len(texts), width), np.int64)
    for row, (left, length, _) in enumerate(texts):
        ids[row, left : left + length] = np.arange(1, length + 1)
        mask[row, left : left + length] = 1
    moved, kept = texts_of(Tensor(ids), Tensor(mask))
    for row, (_, length, _) in enumerate(texts):
        assert moved[row, width - length :].tolist() == list(range(1, length + 1))
        assert kept[row].tolist() == [0] * (width - length) + [1] * length
        assert positions_of(kept)[row, width - length :].tolist() == list(range(length))
    assert padded(kept, width + 3).sum() == kept.sum()
    assert padded(kept, width + 3).shape == (len(texts), width + 3)


@pytest.mark.parametrize(
    ("ids", "mask", "message"),
    [
        ([1, 2], None, r"input_ids is of shape \(2,\)"),
        ([[]], None, r"input_ids is of shape \(1, 0\)"),
        ([[1, 2]], [[1]], r"attention_mask is of shape \(1, 1\), and input_ids of \(1, 2\)"),
        ([[1, 2], [3, 4]], [[1, 1], [0, 0]], "attention_mask is 0 for all of text 1"),
    ],
)
def test_what_is_no_text(ids: list, mask: list | None, message: str):
    """Ids of another rank, no ids, a mask of another shape, a text without a word."""
    with pytest.raises(ValueError, match=message):
        texts_of(Tensor(np.array(ids, np.int64)), None if mask is None else Tensor(np.array(mask)))
