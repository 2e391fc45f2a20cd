"""Every family as a graph, held to the reference results."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from ..golden_cases import FAMILIES, Case
from .families import ALL, DIFFERENT, another, forward, net_of, outputs_of, recorded, tensors


@ALL
def test_compiled(case: Case):
    """The net called by a function that is compiled gives the same outputs, all of them, in a plain tuple."""
    net = net_of(case)

    @ms.jit
    def run(**inputs: Tensor) -> Any:
        return net(**inputs, output_hidden_states=True)

    found = run(**tensors(case.arguments))
    assert type(found) is tuple
    outputs = outputs_of(net.output_type(*found))
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

    output = net.output_type(*go_on(inputs | {last: inputs[last][:, 4:]}, first.past_key_values))
    scores = np.concatenate((first.logits.asnumpy(), output.logits.asnumpy()), 1)
    assert "logits" not in case.differences({"logits": scores})
    assert len(output.past_key_values) == len(first.past_key_values)


@ALL
def test_gradients(case: Case):
    """A compiled training step has the gradients of an uncompiled one, of every parameter."""
    net = another(case)
    net.init_parameters_data(seed=5)
    weights = ms.ParameterTuple(net.trainable_params())

    inputs = tensors(case.arguments)
    # Not the output's own size, which a norm at the end makes the same whatever comes before.
    aim = Tensor(np.random.default_rng(2).standard_normal(net(**inputs)[0].shape).astype(np.float32))

    def loss(inputs: dict[str, Tensor]) -> Tensor:
        return ops.square(net(**inputs)[0] - aim).mean()

    gradient = ms.value_and_grad(loss, None, weights)

    @ms.jit
    def step(inputs: dict[str, Tensor]) -> Any:
        return gradient(inputs)

    (_, expected), (_, found) = gradient(inputs), step(inputs)
    sizes = [np.abs(each.asnumpy()).max() for each in expected]
    least = 1e-7 * max(sizes)  # a bias of keys changes nothing: what is there is rounding
    for weight, eager, compiled, size in zip(weights, expected, found, sizes, strict=True):
        assert np.abs(compiled.asnumpy() - eager.asnumpy()).max() <= 1e-4 * size + least, weight.name
    assert sum(size > least for size in sizes) > 0.8 * len(sizes)


def test_names_where_python_calls():
    """Outputs have names wherever Python calls the net: as operators, and as a graph in GRAPH_MODE; not in a graph."""
    case = FAMILIES["llama"]
    net, ids = net_of(case), Tensor(case.arguments["input_ids"])
    for mode in (ms.PYNATIVE_MODE, ms.GRAPH_MODE):
        ms.set_context(mode=mode)
        assert type(net(ids)) is net.output_type
    ms.set_context(mode=ms.PYNATIVE_MODE)

    @ms.jit
    def named(ids: Tensor) -> Tensor:
        return net(ids).logits

    with pytest.raises(AttributeError, match="logits"):
        named(ids)
