"""What lazycell's side and the hand-written one share, since MindSpore has it so: modes, and a step of training."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, nn, ops

RATE = 1e-4

Arrays = np.ndarray[Any, Any]


def choose(mode: str) -> None:
    """Launch operators as they come (`eager`), or each when the one before is done (`synchronous`)."""
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=mode == "synchronous")
    # With NumPy 2, MindSpore fails in the first operator that is given more than tensors, once in a process.
    with suppress(ImportError, SystemError, TypeError):
        Tensor([1]) + object()


def in_mode(mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function as it is, or compiled."""
    return mindspore.jit(function) if mode == "compiled" else function


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Give the mean of each text's words, (batch, width)."""
    counted = mask.astype(mindspore.float32).expand_dims(-1)
    return (states * counted).sum(1) / counted.sum(1)


def training(net: Any, scores: Callable[..., Tensor], mode: str) -> Callable[..., float]:
    """Make a step with Adam: from ids, mask, types and labels to the loss before it.

    Args:
        net: what is trained.
        scores: from ids, mask and types to a score for each label.
        mode: `compiled`: all of the step is one graph.
    """
    net.set_train()
    optimizer = nn.Adam(net.trainable_params(), learning_rate=RATE)

    def loss_of(ids: Tensor, mask: Tensor, types: Tensor, labels: Tensor) -> Tensor:
        return ops.cross_entropy(scores(ids, mask, types), labels)

    gradients_of = mindspore.value_and_grad(loss_of, None, optimizer.parameters)

    def step(ids: Tensor, mask: Tensor, types: Tensor, labels: Tensor) -> Tensor:
        loss, gradients = gradients_of(ids, mask, types, labels)
        return ops.depend(loss, optimizer(gradients))

    taken = in_mode(mode, step)

    def from_arrays(ids: Arrays, mask: Arrays, types: Arrays, labels: Arrays) -> float:
        return float(taken(Tensor(ids), Tensor(mask), Tensor(types), Tensor(labels.astype(np.int32))).asnumpy())

    return from_arrays
