"""Mistakes that both type checkers find in the twin spelling."""

from __future__ import annotations

from lazycell.typed import INDEX, LazyCell, Parameter, child, children, hyper, param, when


class Linear(LazyCell):
    in_features: int = hyper()
    out_features: int = hyper()
    use_bias: bool = True

    weight: Parameter = param("he_uniform", (out_features, in_features))
    bias: Parameter | None = when(use_bias, param("zeros", (out_features,)))


class MLP(LazyCell):
    hidden: int = hyper()

    up: Linear = child(Linear, hidden, 4 * hidden)


reveal_type(Linear.__init__)
reveal_type(MLP.__init__)

Linear(3)
Linear(3, 4, True, 5)
Linear(3, 4, has_bias=True)
Linear(3, "4")
Linear(3, 4, weight=None)
Linear(3, 4, dtype="float16").in_feature
MLP(hidden=[64])
MLP.from_pretrained(64)
MLP(64).load_checkpoint("net.ckpt", mising="init")


class Wrong(LazyCell):
    hidden: int = hyper()
    eps: float = hyper(default="1e-6")
    scale: float = hyper(1.0)
    late: int = hyper()

    a: Parameter = param("normal", hidden)
    b: int = param("normal", (hidden,))
    c: Parameter = param("normal", (hidden / 2,))
    d: Parameter = param("normal", (hidden,), trainible=False)
    e: Parameter = when(hidden > 1, param("normal", (hidden,)))
    f: Linear = child(Linear, "x", 4)
    g: Linear = child(Linear, 1, 2, True, 4)
    h: Linear = child(Linear, hidden, out_feature=4)
    i: MLP = child(Linear, hidden, hidden)
    j: list[MLP] = children(2, Linear, hidden, hidden)
    k: list[MLP] = children(hidden, MLP, index=INDEX)
    l: list[MLP] = children(2, child(Linear, hidden, hidden))
    m: MLP = when(hidden > 1, child(MLP, hidden), otherwise=child(Linear, hidden, hidden))
    n: MLP = when(hidden > 1, child(MLP))
    o: MLP = child("MLP", hidden)
    p: MLP = child(MLP(3))
