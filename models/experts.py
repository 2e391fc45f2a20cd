"""Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): each position is sent to a few of many networks."""

from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, ops

from lazycell import child

from .layers import Linear, Part


class SparseMoe(Part):
    """The router; the experts are its `experts`, each from (positions, hidden) to the same."""

    normalize = True  # the weights of those that are kept

    gate: Linear = child(Linear, config.hidden_size, config.num_experts, False, config.init)

    def construct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the weighted sum of what the chosen experts make of each position, and the router's logits."""
        flat = x.reshape(-1, x.shape[-1])
        logits = self.gate(flat)
        weights, chosen = ops.topk(ops.softmax(logits.astype(mindspore.float32), -1), self.config.num_experts_per_tok)
        if self.normalize:
            weights = weights / weights.sum(-1, keepdims=True)
        if ops.isconstant(x):  # not in a graph, where shapes cannot depend on values
            mixed = self.mix_chosen(flat, weights.astype(x.dtype), chosen)
        else:
            mixed = self.mix_all(flat, weights.astype(x.dtype), chosen)
        return mixed.reshape(x.shape), logits

    def mix_chosen(self: Any, flat: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Send each position to its own experts alone; `weights` and `chosen` are (positions, experts of each)."""
        count = chosen.shape[-1]
        choices = chosen.asnumpy().reshape(-1)
        order = np.argsort(choices, kind="stable")
        parts = []
        for places in np.split(order, np.flatnonzero(np.diff(choices[order])) + 1):
            parts.append(self.experts[int(choices[places[0]])](flat[Tensor(places // count)]))
        found = ops.concat(parts)[Tensor(np.argsort(order))].reshape(-1, count, flat.shape[-1])
        return (found * weights[..., None]).sum(1)

    def mix_all(self: Any, flat: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Send each position to every expert, with weight 0 to those that are not its own."""
        none = ops.zeros((flat.shape[0], self.config.num_experts), weights.dtype)
        weights = ops.tensor_scatter_elements(none, chosen, weights, axis=1)
        mixed = ops.zeros_like(flat)
        for index, expert in enumerate(self.experts):
            mixed = mixed + expert(flat) * weights[:, index : index + 1]
        return mixed
