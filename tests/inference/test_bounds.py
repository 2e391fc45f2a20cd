"""Tests of `lazycell.inference._bounds`: what one fact leaves of its unknowns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.declaration._parse import parse
from lazycell.declaration._symbols import choose, evaluate, max_, min_, symbol
from lazycell.inference._bounds import Impossible, decided, narrowed
from lazycell.inference._domain import ANYTHING, NATURAL, TRUTH, Domain

a, b, flag, name = (symbol(each) for each in ("a", "b", "flag", "name"))
NUMBERS = {"a": NATURAL, "b": NATURAL, "flag": TRUTH}


def left(expression: Any, value: Any, **domains: Domain) -> dict[str, Any]:
    """Give what is left: the one value, or the domain."""
    is_size = not isinstance(value, bool)
    found = narrowed(expression, value, is_size, {**NUMBERS, **domains})
    return {key: domain.value if domain.is_value else domain for key, domain in found.items()}


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        (4 * a + 2, 66, 16),
        (10 - a, 4, 6),
        (a**2, 49, 7),
        (a**2 + a, 12, 3),
        (max_(a, 8), 12, 12),
        (min_(7, a), 5, 5),
        ((a + 3) // 5 * 5, 10, Domain(range(7, 12))),
        (64 // a, 16, 4),
        (64 // (a // 9), 64, NATURAL),
        (a - a // 2, 4, NATURAL),
        (a == 3, True, 3),
        (2 * a == 6, True, 3),
        (a > 0, False, 0),
        (a >= 5, True, Domain(range(5, NATURAL.numbers.stop))),
        (a != 0, True, Domain(range(1, NATURAL.numbers.stop))),
        (a, True, Domain(range(1, NATURAL.numbers.stop))),
        (12 % a == 0, True, Domain((1, 2, 3, 4, 6, 12))),
        (flag & (a < 1), True, 0),
        (~flag | (a > 0), False, 0),
    ],
)
def test_a_single_unknown_is_told(expression: Any, value: Any, expected: Any) -> None:
    """Whatever it stands in: rising and falling expressions are halved, values that are few are tried."""
    found = left(expression, value).get("a", NATURAL)
    assert (list(found.numbers[:9]) if isinstance(found, Domain) else found) == (
        list(expected.numbers[:9]) if isinstance(expected, Domain) else expected
    )


def test_a_product_tells_divisors_and_a_sum_bounds() -> None:
    """Although both unknowns are open."""
    assert left(3 * a * b, 36) == {"a": Domain((1, 2, 3, 4, 6, 12)), "b": Domain((1, 2, 3, 4, 6, 12))}
    assert left(a + 2 * b, 7) == {"a": Domain(range(8)), "b": Domain(range(4))}
    assert left(12 % (a * b) == 0, True) == {"a": Domain((1, 2, 3, 4, 6, 12)), "b": Domain((1, 2, 3, 4, 6, 12))}
    assert left(12 % a == b, True) == {}
    with pytest.raises(Impossible):
        left(3 * a * b, 37)


def test_values_of_other_kinds_are_told_apart() -> None:
    """A text, None; a float is no size."""
    assert left(name == "gelu", True, name=Domain((), None)) == {"name": "gelu"}
    assert left(name == "gelu", False, name=Domain((), frozenset({"gelu", "relu"}))) == {"name": "relu"}
    optional = Domain(NATURAL.numbers, frozenset({None}))
    assert left(a == None, True, a=optional) == {"a": None}  # noqa: E711
    assert left(a == None, False, a=optional) == {"a": NATURAL}  # noqa: E711
    assert left(choose(a == None, 4, a), 8, a=Domain((7, 8), frozenset({None}))) == {"a": 8}  # noqa: E711
    assert left(2 * a, 8, a=ANYTHING) == {"a": 4}


def test_a_float_may_be_a_whole_number() -> None:
    """3.0 is equal to 3, and 0.5 to no number."""
    assert left(a == 3.0, True, a=Domain((2, 3, 4))) == {"a": 3}
    assert left(a == 3.0, True) == {}
    assert left(a == 0.5, False) == {}
    assert left(12 % a == 0, True, a=ANYTHING) == {}


def test_of_numbers_and_is_bit_by_bit() -> None:
    """`2 & True` is 0, although 2 is true; where both hold, so does each."""
    assert left(a & True, False, a=Domain((2, 3))) == {"a": 2}
    assert left((a + b) & True, False, a=Domain((2, 3))) == {}
    assert left(a & flag, True, a=Domain((0, 2, 3))) == {"a": Domain((2, 3)), "flag": True}


def test_what_python_refuses_is_no_value() -> None:
    """A division by zero; but a choice that is open may not need it."""
    assert left(6 // a, 3, a=Domain((0, 1, 2))) == {"a": 2}
    assert left(choose(flag, 6 // a, 3), 3, a=Domain((0,))) == {}
    with pytest.raises(Impossible):
        left(6 // a, 3, a=Domain((0,)))


def test_a_condition_is_decided_by_what_is_left() -> None:
    """Before its unknown is known."""
    assert decided(a > 1, {"a": Domain(range(2, 9))}) is True
    assert decided(a > 8, {"a": Domain(range(2, 9))}) is False
    assert decided(a > 3, {"a": Domain(range(2, 9))}) is None


FORMS = [
    *("({} + {})", "({} - {})", "({} * {})", "({} // {})", "({} % {})", "({}) ** 2", "min_({}, {})", "max_({}, {})"),
    *("({} == {})", "({} != {})", "({} < {})", "({} >= {})", "(({} > 1) & ({} < 4))", "~({} > 2)"),
    "when(flag, {}, otherwise={})",
]
expressions = st.recursive(
    st.sampled_from([*"ab", *"0123"]),
    lambda parts: st.builds(str.format, st.sampled_from(FORMS), parts, parts),
    max_leaves=5,
)
values = st.fixed_dictionaries({"a": st.integers(0, 5), "b": st.integers(0, 5), "flag": st.booleans()})
wide = st.fixed_dictionaries({"a": st.booleans(), "b": st.booleans()})


@settings(max_examples=300, deadline=None)
@given(values, wide, expressions, st.booleans())
def test_nothing_true_is_ruled_out(
    truth: Mapping[str, Any], is_wide: Mapping[str, bool], text: str, is_size: bool
) -> None:
    """Of small domains and of those without an end."""
    try:
        expression = parse(text)
        value = evaluate(expression, truth)
    except ZeroDivisionError:
        return
    domains = {key: NATURAL if is_wide[key] else Domain(range(6)) for key in "ab"} | {"flag": TRUTH}
    found = narrowed(expression, int(value) if is_size else bool(value), is_size, domains)
    assert all(domain.holds(truth[key]) for key, domain in found.items()), found
