"""Mistakes that both checkers find in the short spelling without a plugin; the arguments of constructors are not checked."""

from lazycell import LazyCell, Param, child, children, hyper, param, when
from lazycell import zeros


class Linear(LazyCell):
    in_features: int = hyper()
    out_features: int = hyper()

    weight: Param["he_uniform", (out_features, in_features)]
    # E mypy: error: Name "he_uniform" is not defined  [name-defined]
    # E pyright: error: "he_uniform" is not defined (reportUndefinedVariable)
    bias: Param["zeros", (out_feature,)]
    # E pyright: error: "out_feature" is not defined (reportUndefinedVariable)


class Wrong(LazyCell):
    hidden: int = hyper()
    eps: float = hyper("1e-6")
    # E mypy: error: Incompatible types in assignment (expression has type "str", variable has type "float")  [assignment]
    # E pyright: error: Type "str" is not assignable to declared type "float" (reportAssignmentType)

    a: Linear = child(Linear, "not checked", unknown="not checked")
    b: list[str] = children(hidden, Linear, hidden, hidden)
    # E mypy: error: No overload variant of "children" matches argument types "int", "type[Linear]", "int", "int"  [call-overload]
    # E pyright: error: Type "list[Linear]" is not assignable to declared type "list[str]" (reportAssignmentType)
    c: Linear = when(hidden > 1, child(Linear, hidden, hidden))
    # E mypy: error: Incompatible types in assignment (expression has type "Linear | None", variable has type "Linear")  [assignment]
    # E pyright: error: Type "Linear | None" is not assignable to declared type "Linear" (reportAssignmentType)
    d: Param["zeros", (hidden,)] = param("zeros", hidden)
    # E mypy: error: Argument 2 to "param" has incompatible type "int"; expected "Sequence[int] | str"  [arg-type]
    # E pyright: error: Argument of type "int" cannot be assigned to parameter "shape" of type "Shape" in function "param" (reportArgumentType)
    e: Linear = child(str, hidden)
    # E mypy: error: Incompatible types in assignment (expression has type "str", variable has type "Linear")  [assignment]
    # E pyright: error: Type "str" is not assignable to declared type "Linear" (reportAssignmentType)


Wrong(1, 2, 3, unknown=4).missing
# E mypy: error: "Wrong" has no attribute "missing"  [attr-defined]
# E pyright: error: Cannot access attribute "missing" for class "Wrong" (reportAttributeAccessIssue)
