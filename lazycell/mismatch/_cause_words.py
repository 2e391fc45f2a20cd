"""A word that differs inside the layers of a list: `layers.{i}.self_attention.…` for `layers.{i}.attn.…`."""

from __future__ import annotations

from ..declaration import Pattern, fill, parse_pattern
from ..formats import TensorHeader
from ._cause_names import candidates, capture, is_borne_out
from ._problems import Cause
from ._sides import Sides, Sized, fits

_RULES = 10
# Cells behind other words that have to be called the same: inside a layer, and elsewhere.
_CELLS, _PLAIN = 1, 3


def words(sides: Sides) -> tuple[list[Cause], Sides]:
    """Give a cause for each, with a rule for all layers, and the sides with that mended."""
    causes: list[Cause] = []
    patterns: list[Pattern] = []
    renamed: list[str] = []
    while len(causes) < _RULES:
        found = _most(sides, patterns, renamed)
        if found is None:
            break
        theirs, ours, hits, there = found
        shown, called = (text.removesuffix("{*rest}") for text in (ours, theirs.text))
        text = f"what the model calls `{shown}…` the checkpoint calls `{called}…`"
        causes.append(Cause("spelling", text, frozenset(hits) | frozenset(hits.values()), rename={theirs.text: ours}))
        patterns.append(theirs)
        renamed += hits
        sides = sides.renamed(there)  # in layers that only the file has, too
    return causes, sides


_Found = tuple[Pattern, str, dict[str, str], dict[str, str]]
"""A pattern of the checkpoint's names, the model's, the names that it makes right, and all that it renames."""


def _most(sides: Sides, before: list[Pattern], renamed: list[str]) -> _Found | None:
    """Give the pattern under which most tensors fit; two rules may not match one name."""
    best: _Found | None = None
    resized = len(sides.shapes) > len(sides.fitting)  # then shapes tell nothing of names
    layers = {sides.splits[name][1] for name in sides.missing}
    for ours, theirs in candidates(sides.missing, sides.unexpected):
        indices = sides.splits[ours][1]
        if indices != sides.splits[theirs][1] or not (indices or before):
            continue
        pattern, target = parse_pattern(capture(theirs, sides) + "{*rest}"), capture(ours, sides) + "{*rest}"
        if best is not None and best[0].text == pattern.text:
            continue
        there = {key: fill(target, values) for key in sides.unexpected if (values := pattern.match(key)) is not None}
        hits = {key: name for key, name in there.items() if name in sides.missing}
        both = sum(sides.splits[name][1] in layers for name in there.values())
        rate = _has_rank if resized else fits
        fitting = sum(rate(sides.missing[name], sides.unexpected[key]) for key, name in hits.items())
        if 2 * fitting <= both or (best is not None and len(hits) <= len(best[2])):
            continue
        if not is_borne_out(sides, ours, theirs, hits, _CELLS if indices else _PLAIN):
            continue
        twice = any(each.match(key) for each in before for key in hits)
        if not twice and not any(map(pattern.match, (*sides.fitting, *renamed))):
            best = pattern, target, hits, there
    return best


def _has_rank(own: Sized | None, tensor: TensorHeader) -> bool:
    return own is None or len(own.shape) == len(tensor.shape)
