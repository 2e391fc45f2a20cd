"""`each("experts.{i}.up.weight")` in `fused(…)`: as many sections as there are of what goes by a name with captures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._frozen import frozen
from ._check_form import StoredForm, check_inner, refuse
from ._forms import Fused, Reshaped, Transposed, Unary, leaves
from ._patterns import captures_in


@frozen
class Each(Unary):
    """One form for each value of the capture that the stored name does not have."""


def each(inner: StoredForm) -> Each:
    """Give, in `fused(…)`, a section for each of those that go by a name: `fused(each("experts.{i}.up.weight"))`.

    They are joined in the order of their positions, however many there are. The capture that the stored name does not
    have counts them: `rename({"layers.{n}.up": fused(each("layers.{n}.experts.{i}.up"))})`. With a new axis for them it
    is `fused(each(expanded("experts.{i}.up.weight", axis=0)))`.

    Args:
        inner: a name with captures, or a form of such names.

    Returns:
        What `fused` takes as its first argument.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or a name has no capture that could count.
    """
    check_inner("each", inner)
    for name in leaves(inner):
        try:
            counts = captures_in(name)
        except ValueError as error:
            refuse(str(error), '`fused(each("experts.{i}.up.weight"))`')
        if not counts:
            refuse(f'each("{name}") has no capture that counts', '`fused(each("experts.{i}.up.weight"))`')
    return Each(inner)


def counted(form: Any) -> Iterator[str]:
    """Give the names in a form that stand for as many as there are."""
    match form:
        case Each(inner):
            yield from leaves(inner)
        case Fused(_, sections):
            for _, part in sections:
                yield from counted(part)
        case Transposed(inner) | Reshaped(inner) | Unary(inner):
            yield from counted(inner)
