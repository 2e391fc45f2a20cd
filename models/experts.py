"""Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): each position is sent to a few of many networks."""

from typing import Any, ClassVar

import mindspore
import numpy as np
from mindspore import Tensor, ops

from lazycell import Enter, Leave, child, whole

from .layers import Linear, Part


class SparseMoe(Part):
    """The router; the experts are its `experts`, each from (positions, hidden) to the same.

    Where ranks have some of the experts each, along the axis `ep` of the mesh, every rank has the whole router, sends
    positions to its own experts alone, and gets the sum.
    """

    divided: ClassVar[bool] = False

    normalize = True  # the weights of those that are kept

    count = whole(config.num_experts)

    gate: Linear = child(Linear, config.hidden_size, count, False, config.init)

    def __post_init__(self: Any) -> None:
        if len(self.experts) != self.count:
            self.divided, self.enter, self.leave = True, Enter("ep"), Leave("ep")
            self.first = self.count * self.enter.index // self.enter.parts

    def construct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the weighted sum of what the chosen experts make of each position, and the router's logits.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, hidden), in the same dtype, and the logits, (batch * sequence, experts).
        """
        flat = x.reshape(-1, x.shape[-1])
        logits = self.gate(flat)
        weights, chosen = ops.topk(ops.softmax(logits.astype(mindspore.float32), -1), self.config.num_experts_per_tok)
        if self.normalize:
            weights = weights / weights.sum(-1, keepdims=True)
        if self.divided:
            mixed = self.mix_own(flat, weights.astype(x.dtype), chosen)
        elif ops.isconstant(x):  # not in a graph, where shapes cannot depend on values
            mixed = self.mix_chosen(flat, weights.astype(x.dtype), chosen)
        else:
            mixed = self.mix_all(flat, weights.astype(x.dtype), chosen)
        return mixed.reshape(x.shape), logits

    def mix_chosen(self: Any, flat: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Send each position to its own experts alone; `weights` and `chosen` are (positions, experts of each).

        Args:
            flat: (positions, hidden).
            weights: (positions, experts of each), of the dtype of `flat`.
            chosen: (positions, experts of each), int32: which experts they are.

        Returns:
            (positions, hidden), of the dtype of `flat`.
        """
        count = chosen.shape[-1]
        choices = chosen.asnumpy().reshape(-1)
        order = np.argsort(choices, kind="stable")
        parts = []
        for places in np.split(order, np.flatnonzero(np.diff(choices[order])) + 1):
            parts.append(self.experts[int(choices[places[0]])](flat[Tensor(places // count)]))
        found = ops.concat(parts)[Tensor(np.argsort(order))].reshape(-1, count, flat.shape[-1])
        return (found * weights[..., None]).sum(1)

    def mix_own(self: Any, flat: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Send positions to this rank's experts, and give the sum of what those of all ranks make of them.

        Args:
            flat: (positions, hidden).
            weights: (positions, experts of each), of the dtype of `flat`.
            chosen: (positions, experts of each), int32: which experts they are.

        Returns:
            (positions, hidden), of the dtype of `flat`, the same on all ranks.
        """
        flat, weights = self.enter(flat), self.enter(weights)
        if ops.isconstant(flat):
            return self.leave(self.mix_chosen_here(flat, weights, chosen))
        mixed = flat * 0
        for index, expert in enumerate(self.experts):
            own = weights * (chosen == self.first + index).astype(weights.dtype)
            mixed = mixed + expert(flat) * own.sum(-1, keepdims=True)
        return self.leave(mixed)

    def mix_chosen_here(self: Any, flat: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Give this rank's part of what `mix_chosen` gives.

        Args:
            flat: (positions, hidden).
            weights: (positions, experts of each), of the dtype of `flat`.
            chosen: (positions, experts of each), int32: which experts they are.

        Returns:
            (positions, hidden), of the dtype of `flat`: a summand.
        """
        choices = chosen.asnumpy().reshape(-1) - self.first
        order = np.argsort(choices, kind="stable")
        order = order[(choices[order] >= 0) & (choices[order] < len(self.experts))]
        # Of experts elsewhere a row of zeros is taken, which is computed from what came in: a rank that nothing is sent
        # to has to go back through `enter` all the same, where the others wait for it.
        parts, rows = [flat[:1] * 0], np.zeros(len(choices), np.int64)
        rows[order] = np.arange(1, len(order) + 1)
        for places in np.split(order, np.flatnonzero(np.diff(choices[order])) + 1) if len(order) else ():
            parts.append(self.experts[int(choices[places[0]])](flat[Tensor(places // chosen.shape[-1])]))
        found = ops.concat(parts)[Tensor(rows)].reshape(-1, chosen.shape[-1], flat.shape[-1])
        return (found * weights[..., None]).sum(1)

    def mix_all(self: Any, flat: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Send each position to every expert, with weight 0 to those that are not its own.

        Args:
            flat: (positions, hidden).
            weights: (positions, experts of each), of the dtype of `flat`.
            chosen: (positions, experts of each), int32: which experts they are.

        Returns:
            (positions, hidden), of the dtype of `flat`.
        """
        none = ops.zeros((flat.shape[0], self.config.num_experts), weights.dtype)
        weights = ops.tensor_scatter_elements(none, chosen, weights, axis=1)
        mixed = ops.zeros_like(flat)
        for index, expert in enumerate(self.experts):
            mixed = mixed + expert(flat) * weights[:, index : index + 1]
        return mixed
