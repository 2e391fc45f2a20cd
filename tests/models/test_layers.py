"""Each layer of `models.layers` against its formula in numpy, and its gradients against theirs."""

from __future__ import annotations

from collections.abc import Callable

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from models import activations
from models.activations import ACTIVATIONS
from models.layers import Dropout, Embedding, LayerNorm, Linear

from . import numpy_bert


def random(*shape: int) -> np.ndarray:
    """Give normally distributed float32, the same at every call."""
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


def fill(net: nn.Cell, **values: np.ndarray) -> None:
    """Give a layer's parameters values."""
    for name, value in values.items():
        getattr(net, name).set_data(Tensor(value))


def gradients(net: nn.Cell, x: np.ndarray, upstream: np.ndarray) -> dict[str, np.ndarray]:
    """Give the gradients of sum(net(x) * upstream) for the input and for each parameter."""
    weights = ms.ParameterTuple(net.trainable_params())

    def loss(x: Tensor) -> Tensor:
        return (net(x) * Tensor(upstream)).sum()

    of_x, of_weights = ms.grad(loss, grad_position=0, weights=weights)(Tensor(x))
    names = [parameter.name for parameter in net.trainable_params()]
    found = dict(zip(names, of_weights, strict=True))
    return {"x": of_x.asnumpy(), **{name: gradient.asnumpy() for name, gradient in found.items()}}


def slope(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Give the derivative of a function of each element, by central differences in float64."""
    wide, step = x.astype(np.float64), 1e-5
    return (function(wide + step) - function(wide - step)) / (2 * step)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str, training: bool):
    """Each activation is its formula, far from 0 too, and so is its derivative, in both of a cell's states."""
    x = np.concatenate([np.linspace(-12, 12, 401), [-1e4, -60.0, 60.0, 1e4]]).astype(np.float32)
    if name == "relu":
        x = x[x != 0]  # where it has no derivative
    formula = numpy_bert.ACTIVATIONS[name]

    def applied(x: Tensor) -> Tensor:
        return activations.activate(name, x, training)

    expected = formula(x.astype(np.float64))
    assert (np.abs(applied(Tensor(x)).asnumpy() - expected) <= 5e-6 * np.maximum(1, np.abs(expected))).all()
    derivative = ms.grad(lambda x: applied(x).sum())(Tensor(x)).asnumpy()
    assert np.abs(derivative - slope(formula, x)).max() < 2e-5


def test_gelu_by_sigmoid():
    """It is x Φ(x) to 2e-6 of x, of which its polynomial accounts for 1e-7."""
    x = np.linspace(-12, 12, 100_001).astype(np.float32)
    wide = x.astype(np.float64)
    expected = numpy_bert.ACTIVATIONS["gelu"](wide)
    found = activations.gelu_by_sigmoid(Tensor(x)).asnumpy()
    assert (np.abs(found - expected) <= 2e-6 * np.abs(wide)).all()
    odds = wide * np.polyval(activations._LOG_ODDS[::-1], np.minimum(wide**2, 36))
    assert np.abs(wide / (1 + np.exp(-odds)) - expected).max() <= 1e-7


@pytest.mark.parametrize("name", ["gelu", "gelu_new"])
def test_gelu_in_half_precision(name: str):
    """Of float16 numbers, what it gives is the nearest of float16, or the next to it: it is computed in float32."""
    x = np.linspace(-9, 60, 4001).astype(np.float16)
    found = activations.activate(name, Tensor(x)).asnumpy()
    expected = numpy_bert.ACTIVATIONS[name](x.astype(np.float64))
    assert found.dtype == np.float16
    assert (np.abs(found - expected) <= np.spacing(np.maximum(np.abs(expected), 1e-3).astype(np.float16))).all()


def test_every_activation_differs():
    """No two names that mean different formulas give the same values."""
    x = Tensor(np.linspace(-3, 3, 50).astype(np.float32))
    meant_alike = [{"gelu", "gelu_python"}, {"gelu_new", "gelu_pytorch_tanh"}, {"silu", "swish"}]
    values = {name: activations.activate(name, x).asnumpy() for name in ACTIVATIONS}
    for first in ACTIVATIONS:
        for second in ACTIVATIONS:
            alike = first == second or {first, second} in meant_alike
            assert np.array_equal(values[first], values[second]) == alike, (first, second)


def test_linear():
    """y = x Wᵀ + b, of the last of any number of axes, with its gradients."""
    net, x, upstream = Linear(5, 3), random(2, 4, 5), random(2, 4, 3)
    weight, bias = random(3, 5), random(3)
    fill(net, weight=weight, bias=bias)
    assert np.abs(net(Tensor(x)).asnumpy() - (x @ weight.T + bias)).max() < 1e-5
    found = gradients(net, x, upstream)
    assert np.abs(found["x"] - upstream @ weight).max() < 1e-5
    assert np.abs(found["weight"] - np.einsum("abo,abi->oi", upstream, x)).max() < 1e-5
    assert np.abs(found["bias"] - upstream.sum((0, 1))).max() < 1e-5


def test_linear_without_bias():
    """Without bias there is no such parameter, and the map is linear."""
    net, x, weight = Linear(5, 3, use_bias=False), random(4, 5), random(3, 5)
    fill(net, weight=weight)
    assert net.bias is None
    assert [entry.name for entry in net.manifest()] == ["weight"]
    assert np.abs(net(Tensor(x)).asnumpy() - x @ weight.T).max() < 1e-5


def test_embedding():
    """Ids of any shape give their rows; a row's gradient is the sum over its uses."""
    net, table = Embedding(6, 4), random(6, 4)
    fill(net, weight=table)
    ids = np.array([[1, 5, 1], [0, 3, 3]])
    assert np.array_equal(net(Tensor(ids)).asnumpy(), table[ids])

    upstream = random(2, 3, 4)
    weights = ms.ParameterTuple(net.trainable_params())
    (gradient,) = ms.grad(lambda: (net(Tensor(ids)) * Tensor(upstream)).sum(), grad_position=None, weights=weights)()
    expected = np.zeros_like(table)
    np.add.at(expected, ids, upstream)
    assert np.abs(gradient.asnumpy() - expected).max() < 1e-5


@pytest.mark.parametrize("eps", [1e-12, 0.5])
def test_layer_norm(eps: float):
    """Mean 0 and variance 1 along the last axis, then scaled and shifted, with its gradients."""
    net, x, upstream = LayerNorm(7, eps), 3 * random(2, 4, 7) + 1, random(2, 4, 7)
    weight, bias = random(7), random(8)[1:]
    fill(net, weight=weight, bias=bias)
    expected = numpy_bert.normalize({"n.weight": weight, "n.bias": bias}, "n", x.astype(np.float64), eps)
    assert np.abs(net(Tensor(x)).asnumpy() - expected).max() < 1e-5

    deviation = np.sqrt(x.var(-1, keepdims=True) + eps)
    scaled = (x - x.mean(-1, keepdims=True)) / deviation
    inner = upstream * weight
    of_x = (inner - inner.mean(-1, keepdims=True) - scaled * (inner * scaled).mean(-1, keepdims=True)) / deviation
    found = gradients(net, x, upstream)
    assert np.abs(found["x"] - of_x).max() < 1e-5
    assert np.abs(found["weight"] - (upstream * scaled).sum((0, 1))).max() < 1e-4
    assert np.abs(found["bias"] - upstream.sum((0, 1))).max() < 1e-5


def test_layer_norm_starts_as_the_identity_scale():
    """A layer norm that was never loaded scales by 1 and shifts by 0."""
    net = LayerNorm(4)
    net.init_parameters_data()
    assert net.weight.asnumpy().tolist() == [1, 1, 1, 1]
    assert net.bias.asnumpy().tolist() == [0, 0, 0, 0]


def test_dropout():
    """The identity in evaluation; in training a share of zeros, the others scaled so that the mean stays."""
    net, x = Dropout(0.25), np.ones(40_000, np.float32)
    assert np.array_equal(net(Tensor(x)).asnumpy(), x)
    net.set_train()
    output = net(Tensor(x)).asnumpy()
    assert set(np.unique(output.round(5))) == {np.float32(0), np.float32(1.33333)}
    assert abs((output == 0).mean() - 0.25) < 0.02


def test_dropout_of_nothing():
    """At rate 0 training changes nothing."""
    net = Dropout()
    net.set_train()
    assert np.array_equal(net(Tensor(random(9))).asnumpy(), random(9))


@pytest.mark.parametrize("dtype", [ms.float16, ms.float32])
def test_dtypes(dtype: ms.Type):
    """A layer built in a dtype computes in it."""
    assert Linear(4, 2, dtype=dtype)(Tensor(random(3, 4), dtype)).dtype == dtype
    assert Embedding(4, 2, dtype=dtype)(Tensor([1])).dtype == dtype
    assert LayerNorm(4, dtype=dtype)(Tensor(random(3, 4), dtype)).dtype == dtype


def test_tanh():
    """The hyperbolic tangent is right to a few units in the last place near 0, where it starts to bend, and where it ends."""
    x = np.concatenate([np.geomspace(1e-6, 1e4, 5000), np.linspace(0.2, 0.4, 2000)]).astype(np.float32)
    x = np.concatenate([-x, [0], x]).astype(np.float32)
    expected = np.tanh(x.astype(np.float64))
    found = activations.tanh(Tensor(x)).asnumpy()
    assert (np.abs(found - expected) <= 1e-6 * np.abs(expected)).all()
    slope = ms.grad(lambda each: activations.tanh(each).sum())(Tensor(x)).asnumpy()
    assert np.abs(slope - 1 / np.cosh(np.clip(x, -20, 20).astype(np.float64)) ** 2).max() < 1e-5


def test_cap():
    """Small numbers stay as they are, and large ones come near the cap; without one, nothing happens."""
    x = np.array([-1e4, -3.0, 1e-3, 0.5, 1e4], np.float32)
    capped = activations.cap(Tensor(x), 30.0).asnumpy()
    assert np.allclose(capped, 30 * np.tanh(x.astype(np.float64) / 30), rtol=1e-6, atol=0)
    assert np.array_equal(activations.cap(Tensor(x), None).asnumpy(), x)
