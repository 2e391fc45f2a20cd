"""Mistakes that both type checkers find in the twin spelling."""

from __future__ import annotations

from lazycell.typed import INDEX, LazyCell, Parameter, child, children, derived, hyper, len_, param, when


class Linear(LazyCell):
    in_features: int = hyper()
    out_features: int = hyper()
    use_bias: bool = True

    weight: Parameter = param("he_uniform", (out_features, in_features))
    bias: Parameter | None = when(use_bias, param("zeros", (out_features,)))


class MLP(LazyCell):
    hidden: int = hyper()

    up: Linear = child(Linear, hidden, 4 * hidden)


class Named(LazyCell):
    kind: str = hyper(kw_only=True)
    width: int = hyper()
    rank: int = hyper(default=2, kw_only=True)


reveal_type(Linear.__init__)
# E mypy: note: Revealed type is "def (self: tests.typing_tests.twin_mistakes.Linear, in_features: int, out_features: int, use_bias: bool =, *, dtype: Any =)"
# E pyright: information: Type of "Linear.__init__" is "(self: Linear, in_features: int, out_features: int, use_bias: bool = True, *, dtype: Any = None) -> None"
reveal_type(MLP.__init__)
# E mypy: note: Revealed type is "def (self: tests.typing_tests.twin_mistakes.MLP, hidden: int, *, dtype: Any =)"
# E pyright: information: Type of "MLP.__init__" is "(self: MLP, hidden: int, *, dtype: Any = None) -> None"

Linear(3)
# E mypy: error: Missing positional argument "out_features" in call to "Linear"  [call-arg]
# E pyright: error: Argument missing for parameter "out_features" (reportCallIssue)
Linear(3, 4, True, 5)
# E mypy: error: Too many positional arguments for "Linear"  [call-arg]
# E pyright: error: Expected 3 positional arguments (reportCallIssue)
Linear(3, 4, has_bias=True)
# E mypy: error: Unexpected keyword argument "has_bias" for "Linear"  [call-arg]
# E pyright: error: No parameter named "has_bias" (reportCallIssue)
Named(3, rank=4, kind=3)
# E mypy: error: Argument "kind" to "Named" has incompatible type "int"; expected "str"  [arg-type]
# E pyright: error: Argument of type "Literal[3]" cannot be assigned to parameter "kind" of type "str" in function "__init__" (reportArgumentType)
Linear(3, "4")
# E mypy: error: Argument 2 to "Linear" has incompatible type "str"; expected "int"  [arg-type]
# E pyright: error: Argument of type "Literal['4']" cannot be assigned to parameter "out_features" of type "int" in function "__init__" (reportArgumentType)
Linear(3, 4, weight=None)
# E mypy: error: Unexpected keyword argument "weight" for "Linear"  [call-arg]
# E pyright: error: No parameter named "weight" (reportCallIssue)
Linear(3, 4, dtype="float16").in_feature
# E mypy: error: "Linear" has no attribute "in_feature"; maybe "in_features"?  [attr-defined]
# E pyright: error: Cannot access attribute "in_feature" for class "Linear" (reportAttributeAccessIssue)
MLP(hidden=[64])
# E mypy: error: Argument "hidden" to "MLP" has incompatible type "list[int]"; expected "int"  [arg-type]
# E pyright: error: Argument of type "list[int]" cannot be assigned to parameter "hidden" of type "int" in function "__init__" (reportArgumentType)
MLP.from_pretrained(64)
# E mypy: error: Argument 1 to "from_pretrained" of "LazyCell" has incompatible type "int"; expected "str | PathLike[str]"  [arg-type]
# E pyright: error: Argument of type "Literal[64]" cannot be assigned to parameter "path" of type "str | PathLike[str]" in function "from_pretrained" (reportArgumentType)
MLP(64).load_checkpoint("net.ckpt", mising="init")
# E mypy: error: Unexpected keyword argument "mising" for "load_checkpoint" of "LazyCell"; did you mean "missing"?  [call-arg]
# E pyright: error: No parameter named "mising" (reportCallIssue)


class Wrong(LazyCell):
    hidden: int = hyper()
    eps: float = hyper(default="1e-6")
    # E mypy: error: Incompatible types in assignment (expression has type "str", variable has type "float")  [assignment]
    # E pyright: error: Type "str" is not assignable to declared type "float" (reportAssignmentType)
    scale: float = hyper(1.0)
    # E mypy: error: Attributes without a default cannot follow attributes with one  [misc]
    # E mypy: error: No overload variant of "hyper" matches argument type "float"  [call-overload]
    # E pyright: error: Fields without default values cannot appear after fields with default values (reportGeneralTypeIssues)
    # E pyright: error: No overloads for "hyper" match the provided arguments (reportCallIssue)

    a: Parameter = param("normal", hidden)
    # E mypy: error: Argument 2 to "param" has incompatible type "int"; expected "Sequence[int] | str"  [arg-type]
    # E pyright: error: Argument of type "int" cannot be assigned to parameter "shape" of type "Shape" in function "param" (reportArgumentType)
    b: Parameter = param("normal", (hidden / 2,))
    # E mypy: error: Argument 2 to "param" has incompatible type "tuple[float]"; expected "Sequence[int] | str"  [arg-type]
    # E pyright: error: Argument of type "tuple[float]" cannot be assigned to parameter "shape" of type "Shape" in function "param" (reportArgumentType)
    c: Parameter = param("normal", (hidden,), trainible=False)
    # E mypy: error: Unexpected keyword argument "trainible" for "param"; did you mean "trainable"?  [call-arg]
    # E pyright: error: No parameter named "trainible" (reportCallIssue)
    d: Linear = child(Linear, "x", 4)
    # E mypy: error: Argument 2 to "child" has incompatible type "str"; expected "int"  [arg-type]
    # E pyright: error: Argument of type "Literal['x']" cannot be assigned to parameter "in_features" of type "int" (reportArgumentType)
    e: Linear = child(Linear, 1, 2, True, 4)
    # E mypy: error: Too many positional arguments for "child"  [call-arg]
    # E pyright: error: Expected 3 positional arguments (reportCallIssue)
    f: Linear = child(Linear, hidden, out_feature=4)
    # E mypy: error: Unexpected keyword argument "out_feature" for "child"; did you mean "out_features"?  [call-arg]
    # E pyright: error: Argument missing for parameter "out_features" (reportCallIssue)
    # E pyright: error: No parameter named "out_feature" (reportCallIssue)
    g: MLP = child(Linear, hidden, hidden)
    # E mypy: error: Incompatible types in assignment (expression has type "Linear", variable has type "MLP")  [assignment]
    # E pyright: error: Type "Linear" is not assignable to declared type "MLP" (reportAssignmentType)
    h: list[MLP] = children(2, Linear, hidden, hidden)
    # E mypy: error: No overload variant of "children" matches argument types "int", "type[Linear]", "int", "int"  [call-overload]
    # E pyright: error: Type "list[Linear]" is not assignable to declared type "list[MLP]" (reportAssignmentType)
    i: list[MLP] = children(hidden, MLP, index=INDEX)
    # E mypy: error: No overload variant of "children" matches argument types "int", "type[MLP]", "Any"  [call-overload]
    # E pyright: error: Fields without default values cannot appear after fields with default values (reportGeneralTypeIssues)
    # E pyright: error: Argument missing for parameter "hidden" (reportCallIssue)
    # E pyright: error: No parameter named "index" (reportCallIssue)
    j: MLP = when(hidden > 1, child(MLP, hidden), otherwise=child(Linear, hidden, hidden))
    # E mypy: error: Incompatible types in assignment (expression has type "MLP | Linear", variable has type "MLP")  [assignment]
    # E pyright: error: Type "MLP | Linear" is not assignable to declared type "MLP" (reportAssignmentType)
    k: MLP = when(hidden > 1, child(MLP, hidden))
    # E mypy: error: Incompatible types in assignment (expression has type "MLP | None", variable has type "MLP")  [assignment]
    # E pyright: error: Type "MLP | None" is not assignable to declared type "MLP" (reportAssignmentType)
    l: list[Linear] = children(2, when(INDEX > 0, child(Linear, hidden, hidden)))
    # E mypy: error: Argument 2 to "children" has incompatible type "Linear | None"; expected "Linear"  [arg-type]
    # E pyright: error: Fields without default values cannot appear after fields with default values (reportGeneralTypeIssues)
    # E pyright: error: No overloads for "children" match the provided arguments (reportCallIssue)
    # E pyright: error: Argument of type "Linear | None" cannot be assigned to parameter "init" of type "(**_Arguments@children) -> _Value@children" in function "children" (reportArgumentType)
    m: MLP = child("MLP", hidden)
    # E mypy: error: Argument 1 to "child" has incompatible type "str"; expected "Callable[[int], Never]"  [arg-type]
    # E pyright: error: Argument of type "Literal['MLP']" cannot be assigned to parameter "init" of type "(**_Arguments@child) -> _Value@child" in function "child" (reportArgumentType)
    # E pyright: error: Arguments for ParamSpec "_Arguments@child" are missing (reportCallIssue)


def round_up(number: int, multiple: int = 64) -> int:
    return -(-number // multiple) * multiple


class Derived(LazyCell):
    sizes: tuple[int, ...] = hyper()
    length: str = hyper(default=len_(sizes))
    up: int = derived(round_up, "8")
    # E mypy: error: Argument 2 to "derived" has incompatible type "str"; expected "int"  [arg-type]
    # E pyright: error: Argument of type "Literal['8']" cannot be assigned to parameter "number" of type "int" (reportArgumentType)
    down: str = derived(round_up, 8)
    # E mypy: error: Incompatible types in assignment (expression has type "int", variable has type "str")  [assignment]
    # E pyright: error: Type "int" is not assignable to declared type "str" (reportAssignmentType)
