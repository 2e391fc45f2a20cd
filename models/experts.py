"""Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): each position is sent to a few of many networks."""

from __future__ import annotations

from typing import Any

import mindspore
from mindspore import Tensor, ops

from lazycell import child

from .layers import Linear, Part


class SparseMoe(Part):
    """The router; the experts are its `experts`, each from (positions, hidden) to the same."""

    normalize = True  # the weights of those that are kept

    gate: Linear = child(Linear, config.hidden_size, config.num_experts, False, config.init)

    def construct(self: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the weighted sum of what the experts make of each position, and the router's logits."""
        flat = x.reshape(-1, x.shape[-1])
        logits = self.gate(flat)
        weights = self.route(logits).astype(x.dtype)
        mixed = ops.zeros_like(flat)
        for index, expert in enumerate(self.experts):
            mixed = mixed + expert(flat) * weights[:, index : index + 1]
        return mixed.reshape(x.shape), logits

    def route(self, logits: Tensor) -> Tensor:
        """Give each expert's weight for each position, float32: softmax, of which the largest few are kept."""
        weights = ops.softmax(logits.astype(mindspore.float32), -1)
        kept, experts = ops.topk(weights, self.config.num_experts_per_tok, -1)
        if self.normalize:
            kept = kept / kept.sum(-1, keepdims=True)
        return ops.tensor_scatter_elements(ops.zeros_like(weights), experts, kept, axis=1)
