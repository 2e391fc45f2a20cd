"""Mistakes that mypy finds in the shortest spelling, with the plugin."""

from __future__ import annotations

from typing import Annotated

from lazycell import LazyCell, Param, child, children, hyper, param, when


class Linear(LazyCell):
    in_features: int
    out_features: int = hyper()
    use_bias: bool = True

    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


class Scaled(Linear):
    in_features = 64
    scale: float = hyper(1.0)
    bias = None

    factor: Param["ones", (out_features, in_features)]
    other: Param["ones", (out_features, in_features)] = when(inputs > 1)
    # E mypy: error: Name "inputs" is not defined; did you mean "input"?  [name-defined]


class Named(LazyCell):
    kind: str = hyper(kw_only=True)
    width: int
    rank: int = hyper(2, kw_only=True)


class Handmade(Linear):
    def __init__(self, text: str) -> None:
        self.__lazy_init__(len(text), 1)


reveal_type(Linear.__init__)
# E mypy: note: Revealed type is "def (self: tests.typing_tests.card_mistakes.Linear, in_features: int, out_features: int, use_bias: bool =, *, dtype: Any =)"
reveal_type(Scaled.__init__)
# E mypy: note: Revealed type is "def (self: tests.typing_tests.card_mistakes.Scaled, out_features: int, use_bias: bool =, scale: float =, *, dtype: Any =)"

Linear(3)
# E mypy: error: Missing positional argument "out_features" in call to "Linear"  [call-arg]
Linear(3, 4, True, 5)
# E mypy: error: Too many positional arguments for "Linear"  [call-arg]
Linear(3, 4, has_bias=True)
# E mypy: error: Unexpected keyword argument "has_bias" for "Linear"  [call-arg]
Linear(3, "4")
# E mypy: error: Argument 2 to "Linear" has incompatible type "str"; expected "int"  [arg-type]
Linear(3, 4, weight=None)
# E mypy: error: Unexpected keyword argument "weight" for "Linear"  [call-arg]
Linear(3, 4, dtype="float16").in_feature
# E mypy: error: "Linear" has no attribute "in_feature"; maybe "in_features"?  [attr-defined]
Named(3, rank=2)
# E mypy: error: Missing named argument "kind" for "Named"  [call-arg]
Scaled(3, in_features=4)
# E mypy: error: Unexpected keyword argument "in_features" for "Scaled"; did you mean "out_features"?  [call-arg]
Handmade(3)
# E mypy: error: Argument 1 to "Handmade" has incompatible type "int"; expected "str"  [arg-type]


class Wrong(LazyCell):
    hidden: int
    eps: float = "1e-6"
    # E mypy: error: Incompatible types in assignment (expression has type "str", variable has type "float")  [assignment]
    heads: int = hyper("8")
    # E mypy: error: Incompatible types in assignment (expression has type "str", variable has type "int")  [assignment]
    late: int
    # E mypy: error: "late" has no default, but stands after "heads" which has one  [misc]

    a: Annotated[int] = 3
    # E mypy: error: Annotated[...] must have exactly one type argument and at least one annotation  [valid-type]
    b: Linear = child(Linear, "x", 4)
    # E mypy: error: Argument 2 to "child" has incompatible type "str"; expected "int"  [arg-type]
    c: Linear = child(Linear, hidden)
    # E mypy: error: Missing positional argument "out_features" in call to "child"  [call-arg]
    d: Scaled = child(Linear, hidden, hidden)
    # E mypy: error: Incompatible types in assignment (expression has type "Linear", variable has type "Scaled")  [assignment]
    e: list[Linear] = children(2, Linear, hidden, out=hidden)
    # E mypy: error: Unexpected keyword argument "out" for "children"  [call-arg]
    f: Linear = when(hidden > 1, child(Linear, hidden, hidden))
    # E mypy: error: Incompatible types in assignment (expression has type "Linear | None", variable has type "Linear")  [assignment]
    g: Linear = param("normal", (hidden / 2,))
    # E mypy: error: Argument 2 to "param" has incompatible type "tuple[float]"; expected "Sequence[int] | str"  [arg-type]
