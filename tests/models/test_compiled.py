"""Every family as a graph, held to the reference results."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor

from ..golden_cases import FAMILIES, Case
from .families import ALL, DIFFERENT, forward, net_of, outputs_of, recorded, tensors


@ALL
def test_compiled(case: Case):
    """The net called by a function that is compiled gives the same named outputs, all of them."""
    net = net_of(case)

    @ms.jit
    def run(**inputs: Tensor) -> Any:
        return net(**inputs, output_hidden_states=True)

    outputs = outputs_of(run(**tensors(case.arguments)))
    assert outputs.keys() == recorded(case)
    assert case.differences(outputs) == {}


@DIFFERENT
def test_graph_mode(family: str):
    """A net that runs as a whole as a graph agrees."""
    ms.set_context(mode=ms.GRAPH_MODE)
    case = FAMILIES[family]
    outputs = forward(net_of(case), case)
    assert outputs.keys() == recorded(case)
    assert case.differences(outputs) == {}


@DIFFERENT
def test_compiled_going_on_from_a_cache(family: str):
    """A compiled function goes on from the cache that an uncompiled call gave."""
    case = FAMILIES[family]
    net, last = net_of(case), "decoder_input_ids" if family == "t5" else "input_ids"
    inputs = tensors(case.arguments)
    first = net(**inputs | {last: inputs[last][:, :4]}, use_cache=True)

    @ms.jit
    def go_on(inputs: dict[str, Tensor], past: Any) -> Any:
        return net(**inputs, past_key_values=past, use_cache=True)

    output = go_on(inputs | {last: inputs[last][:, 4:]}, first.past_key_values)
    scores = np.concatenate((first.logits.asnumpy(), output.logits.asnumpy()), 1)
    assert "logits" not in case.differences({"logits": scores})
    assert len(output.past_key_values) == len(first.past_key_values)
