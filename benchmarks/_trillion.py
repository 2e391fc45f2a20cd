"""A mixture of experts of a trillion parameters, which ranks divide along three axes."""

from __future__ import annotations

from typing import Any

from lazycell import INDEX, LazyCell, Param, child, children, divide, on, when, whole


class Linear(LazyCell):
    """A matrix."""

    inputs: int
    outputs: int
    weight: Param["normal", (outputs, inputs)]


class Norm(LazyCell):
    """A vector."""

    width: int
    weight: Param["ones", (width,)]


class Attention(LazyCell):
    """As many heads of keys as of queries."""

    hidden: int
    heads: int
    head_size: int
    q_proj: Linear = child(Linear, hidden, heads * head_size)
    k_proj: Linear = child(Linear, hidden, heads * head_size)
    v_proj: Linear = child(Linear, hidden, heads * head_size)
    o_proj: Linear = child(Linear, heads * head_size, hidden)


class Gated(LazyCell):
    """One expert, or the block of the first layer."""

    hidden: int
    inner: int
    gate_proj: Linear = child(Linear, hidden, inner)
    up_proj: Linear = child(Linear, hidden, inner)
    down_proj: Linear = child(Linear, inner, hidden)


class Experts(LazyCell):
    """A router, and experts."""

    hidden: int
    inner: int
    n_experts: int
    gate: Linear = child(Linear, hidden, whole(n_experts))
    experts: list[Gated] = children(n_experts, Gated, hidden, inner)


class Layer(LazyCell):
    """The first is dense."""

    hidden: int
    heads: int
    head_size: int
    inner: int
    expert_inner: int
    n_experts: int
    dense: bool
    input_layernorm: Norm = child(Norm, hidden)
    self_attn: Attention = child(Attention, hidden, heads, head_size)
    post_attention_layernorm: Norm = child(Norm, hidden)
    mlp: Any = when(dense, child(Gated, hidden, inner), otherwise=child(Experts, hidden, expert_inner, n_experts))


class Model(LazyCell):
    """1.03 T parameters, with the sizes that are given here."""

    vocab_size: int = 163840
    hidden: int = 7168
    n_layers: int = 61
    heads: int = 64
    head_size: int = 128
    inner: int = 18432
    expert_inner: int = 2048
    n_experts: int = 384

    divide(tp=(vocab_size, heads, inner, expert_inner), pp=n_layers, ep=n_experts)

    embed_tokens: Linear | None = when(on(pp=0), child(Linear, hidden, vocab_size))
    layers: list[Layer] = children(
        n_layers, Layer, hidden, heads, head_size, inner, expert_inner, n_experts, dense=INDEX == 0
    )
    norm: Norm | None = when(on(pp=-1), child(Norm, hidden))
    lm_head: Linear | None = when(on(pp=-1), child(Linear, hidden, vocab_size))
