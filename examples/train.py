"""Declare a small classifier, and train it on points in two interleaved spirals.

    python examples/train.py

Nothing initializes the net: its parameters get their values when it first runs, each from a stream of its own, so the
result is the same in every run.
"""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

import lazycell
from lazycell import INDEX, LazyCell, Param, child, children, require, when


class Linear(LazyCell):
    """Affine map of the last axis: y = x Wᵀ + b."""

    in_features: int
    out_features: int
    use_bias: bool = True

    weight: Param["xavier_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)

    def construct(self, x):
        y = ops.MatMul(transpose_b=True)(x, self.weight)
        return y + self.bias if self.use_bias else y


class Classifier(LazyCell):
    """A multi-layer perceptron on points of the plane."""

    depth: int = 3
    width: int = 32
    classes: int = 2
    require(depth >= 1, "a classifier has at least one hidden layer")

    hidden: list[Linear] = children(depth, Linear, when(INDEX == 0, 2, otherwise=width), width)
    head: Linear = child(Linear, width, classes)

    def construct(self, x):
        for layer in self.hidden:
            x = ops.tanh(layer(x))
        return self.head(x)


def spirals(count: int) -> tuple[Tensor, Tensor]:
    """Give points of two spirals, (count, 2), float32, and for each the spiral it is on, (count,), int32."""
    label = np.arange(count, dtype=np.int32) % 2
    radius = np.linspace(0.1, 1, count, dtype=np.float32)
    angle = 8 * radius + np.pi * label
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return Tensor(points.astype(np.float32)), Tensor(label)


def main() -> None:
    ms.set_seed(0)
    net = Classifier()
    print(net.manifest())

    # The optimizer is made before there are values: it holds the parameters that will be filled.
    optimizer = nn.Adam(net.trainable_params(), learning_rate=0.005)
    print(f"declared: {len(lazycell.uninitialized(net))} parameters without values")

    points, labels = spirals(200)

    def loss_of(points, labels):
        return ops.cross_entropy(net(points), labels)

    gradients_of = ms.value_and_grad(loss_of, None, net.trainable_params())
    for step in range(201):
        loss, gradients = gradients_of(points, labels)
        optimizer(gradients)
        if step % 50 == 0:
            print(f"step {step:3}: loss {float(loss):.3f}")

    right = (net(points).argmax(axis=1) == labels).astype(ms.float32).mean()
    print(f"right: {float(right):.0%}")


if __name__ == "__main__":
    main()
