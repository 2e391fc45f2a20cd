"""A layout as text for people: one line for all layers that are stored alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from .. import show
from ..declaration import form_text, leaves, replace_leaves
from ._layout import Block, Stored


def layout_lines(layout: Iterable[Stored]) -> Iterator[str]:
    """Give `h.{0..11}.c_attn.weight is stored for transposed(fused(q=…, k=…, v=…))` for each group of tensors."""
    alike: dict[tuple[str, tuple[int, ...], str], dict[str, Stored]] = {}
    for stored in layout:
        key = (show.index_free(stored.name), stored.shape, show.index_free(form_text(stored.form)))
        alike.setdefault(key, {})[stored.name] = stored
    for found in alike.values():
        for pattern, names in show.collapse(found):
            yield f"{pattern} is stored for {_form_text([found[name] for name in names])}"


def _form_text(members: list[Stored]) -> str:
    """Write the form that all members have, with all of their parameters in one pattern each."""
    blocks = [list(leaves(stored.form)) for stored in members]
    patterns = (_pattern(alike) for alike in zip(*blocks, strict=True))
    form = replace_leaves(members[0].form, lambda block: attrs.evolve(block, parameter=next(patterns)))
    return form_text(form)


def _pattern(blocks: tuple[Block, ...]) -> str:
    return ", ".join(pattern for pattern, _ in show.collapse(block.parameter for block in blocks))
