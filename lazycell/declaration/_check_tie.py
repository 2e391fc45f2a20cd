"""Whether a declared tie can be made."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .._location import did_you_mean
from ._declare import Tie


def check_tie(
    tie: Tie, found: Mapping[str, tuple[tuple[int, ...], str]], ties: Mapping[str, str], absent: Collection[str] = ()
) -> str:
    """Give the name of the parameter that is stored for a tie, once both ends are known to be there and alike.

    Args:
        tie: the declaration.
        found: shape and dtype of each parameter below the cell.
        ties: the ties that are made already.
        absent: names that the class declares, or its bases, and that are None here.

    Raises:
        DeclarationError: an end leads nowhere, or the two ends differ.
    """
    written = tie.text
    source = ties.get(tie.source, tie.source)
    if tie.target in ties:
        tie.complain(f"{written} ties `{tie.target}` a second time: it is `{ties[tie.target]}` already")
    if tie.target == source:
        tie.complain(f"{written} closes a circle: `{tie.source}` is tied to `{source}` already")
    for end, role in ((tie.target, "target"), (source, "source")):
        if end not in found:
            problem = f"the {role} `{end}` of {written} is not a parameter of this model"
            first = end.partition(".")[0]
            if first in absent:
                tie.complain(
                    f"{problem}: `{first}` is None. Write `{tie.name} = None` in the class that says `{first} = None`, "
                    f"or `{tie.name} = when(condition, tie(…))` under the condition of `{first}`"
                )
            tie.complain(problem + did_you_mean(end, found))
    if found[tie.target] != found[source]:
        (shape, dtype), (other_shape, other_dtype) = found[tie.target], found[source]
        tie.complain(
            f"`{tie.target}` is {dtype} {shape} and `{source}` is {other_dtype} {other_shape}: "
            "only parameters of one shape and dtype can be tied"
        )
    return source
