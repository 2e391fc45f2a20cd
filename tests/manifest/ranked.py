"""A model that ranks divide in every way: heads that they share, fused sections, stages, experts, ends of a pipeline."""

from __future__ import annotations

from lazycell.declaration._declare import child, children, param, when
from lazycell.declaration._divide import divide, on, shared, whole
from lazycell.declaration._stored import fused
from lazycell.declaration._symbols import INDEX

from ..pure import PureCell


class Linear(PureCell):
    """A matrix, columns first."""

    i: int
    o: int
    weight = param("normal", (o, i))


class Attention(PureCell):
    """Queries, keys and values in one matrix; there may be fewer heads of keys than ranks."""

    hidden: int
    heads: int
    keys: int
    width: int
    qkv = param("normal", (fused(q=heads * width, k=keys * width, v=keys * width), hidden))
    out = child(Linear, heads * width, hidden)


class Mlp(PureCell):
    """What an expert is, too."""

    hidden: int
    inner: int
    up = child(Linear, hidden, inner)
    down = child(Linear, inner, hidden)


class Experts(PureCell):
    """A router, which all ranks have, and experts, of which each rank has some."""

    hidden: int
    inner: int
    n: int
    router = child(Linear, hidden, whole(n))
    experts = children(n, Mlp, hidden, inner)


class Layer(PureCell):
    """The first is dense, the others have experts."""

    hidden: int
    heads: int
    keys: int
    width: int
    inner: int
    n: int
    dense: bool
    norm = param("ones", (hidden,))
    attention = child(Attention, hidden, heads, keys, width)
    mlp = when(dense, child(Mlp, hidden, inner), otherwise=child(Experts, hidden, inner, n))


class Ranked(PureCell):
    """All of it."""

    vocab: int = 48
    hidden: int = 6
    n_layers: int = 5
    heads: int = 8
    keys: int = 2
    width: int = 3
    inner: int = 24
    n_experts: int = 6
    divide(tp=(vocab, heads, shared(keys), inner), pp=n_layers, ep=n_experts)

    embed = when(on(pp=0), child(Linear, hidden, vocab))
    layers = children(n_layers, Layer, hidden, heads, keys, width, inner, n_experts, dense=INDEX == 0)
    norm = when(on(pp=-1), param("ones", (hidden,)))
    head = when(on(pp=-1), child(Linear, hidden, vocab))
