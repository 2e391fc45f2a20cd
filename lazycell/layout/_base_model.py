"""Which part of a model is the base that models with other heads share: `base_model_prefix` of its class."""

from __future__ import annotations

from collections.abc import Mapping

from .._errors import DeclarationError
from .._frozen import frozen


@frozen
class BaseModel:
    """What a class says about its base: whatever is not of the base is a head, which checkpoints may lack.

    Attributes:
        prefix: the name that the models with a head have the base under, as transformers' `base_model_prefix`; the
            base itself states it too. "": they have its parts among their own.
        heads: dotted names of parts of the base that are heads too, `pooler`, or of a model without a prefix,
            `lm_head`.
    """

    prefix: str = ""
    heads: tuple[str, ...] = ()


def base_model_of(cells: Mapping[str, type]) -> BaseModel | None:
    """Read what the classes of a model say about its base; None where they say nothing.

    Args:
        cells: the class of each cell, by its path; the model's own has the path "".

    Raises:
        DeclarationError: `base_model_prefix` or `base_model_heads` is not text, or not a tuple of it.
    """
    cls = cells.get("")
    if cls is None:
        return None
    prefix, heads = _stated(cls)
    if prefix and (base := cells.get(prefix)) is not None:
        heads = (*heads, *(f"{prefix}.{each}" for each in _stated(base)[1]))
    return BaseModel(prefix, heads) if prefix or heads else None


def _stated(cls: type) -> tuple[str, tuple[str, ...]]:
    prefix, heads = getattr(cls, "base_model_prefix", ""), getattr(cls, "base_model_heads", ())
    if not isinstance(prefix, str):
        raise DeclarationError(f'{cls.__name__}.base_model_prefix is {prefix!r:.80}: write a name, as in "bert"')
    if not isinstance(heads, tuple) or not all(isinstance(each, str) for each in heads):
        raise DeclarationError(
            f'{cls.__name__}.base_model_heads is {heads!r:.80}: write a tuple of names, as in ("pooler",)'
        )
    return prefix, heads
