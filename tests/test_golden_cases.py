"""The comparison with reference results has to notice what is wrong, or every test that uses it is worthless."""

from __future__ import annotations

import numpy as np

from .golden_cases import BERT


def test_the_reference_agrees_with_itself():
    """Equal outputs have no differences."""
    assert BERT.differences(BERT.expected) == {}


def test_a_small_error_is_noticed():
    """A value that is off by twice the tolerance is reported by the output's name."""
    outputs = {name: array.copy() for name, array in BERT.expected.items()}
    outputs["pooler_output"][0, 0] += 2 * BERT.meta["atol"]
    assert list(BERT.differences(outputs)) == ["pooler_output"]


def test_nan_is_noticed():
    """A NaN differs, though it compares as neither larger nor smaller."""
    outputs = {name: array.copy() for name, array in BERT.expected.items()}
    outputs["last_hidden_state"][0, 0, 0] = np.nan
    assert list(BERT.differences(outputs)) == ["last_hidden_state"]


def test_padding_does_not_count():
    """What is computed where the mask is 0 may be anything; where it is 1 it may not."""
    padding = np.argwhere(BERT.inputs["attention_mask"] == 0)
    assert len(padding) > 0
    outputs = {name: array.copy() for name, array in BERT.expected.items()}
    outputs["last_hidden_state"][tuple(padding[0])] = 7.0
    assert BERT.differences(outputs) == {}


def test_absent_misshapen_and_unknown_outputs_are_noticed():
    """A primary output that is not there, one of another shape, and one that the reference has not, are reported."""
    outputs = {"last_hidden_state": BERT.expected["last_hidden_state"][:1], "logits": np.zeros(3)}
    assert BERT.differences(outputs).keys() == {"last_hidden_state", "pooler_output", "logits"}
