from __future__ import annotations

import numpy as np
import pytest

from .golden import Case, values

CASES = ("llama_lora", "llama_bin", "llama_bf16")
MOST = 2.4e-7
"""By how much float32 differs from what `peft` gives: another order of the sums."""


@pytest.mark.parametrize("name", CASES)
def test_weights_are_those_that_peft_merges(name: str) -> None:
    case = Case(name)
    merged, expected = case.merged(), case.expected
    changed = {name for name, tensor in merged.tensors.items() if tensor.origin}
    assert changed == set(case.told["changed"])
    for name in sorted(changed):
        ours, theirs = merged.tensors[name], expected.tensors[name]
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if ours.dtype == "float32":
            np.testing.assert_allclose(values(ours), values(theirs), rtol=0, atol=MOST)
        else:
            assert values(ours).tobytes() == values(theirs).tobytes()
