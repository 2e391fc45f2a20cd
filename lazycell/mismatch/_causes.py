"""Tell the likely causes of a mismatch where they can be told. Causes are proposed, never acted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from .._collector import collector_paused
from ..formats import TensorHeader
from ..manifest import Manifest
from ..show import Splits
from . import (
    _cause_architecture,
    _cause_axes,
    _cause_files,
    _cause_layers,
    _cause_layouts,
    _cause_names,
    _cause_parts,
    _cause_sizes,
    _cause_switches,
    _cause_weight_norm,
    _cause_words,
    _follow,
)
from ._declared_sizes import Again, DeclaredSizes
from ._dialect import target
from ._problems import Cause, Problem
from ._sides import Sides


def likely_causes(
    problems: Sequence[Problem],
    manifest: Manifest,
    tensors: Mapping[str, TensorHeader],
    *,
    path: Path | None = None,
    splits: Splits | None = None,
    again: Again | None = None,
) -> tuple[Cause, ...]:
    """Give the likely causes of `problems`, the most telling first. Linear in the number of names.

    What one cause explains is set aside, and the rest is looked at as if that were mended: behind a prefix there can be
    another number of layers.

    Args:
        problems: all problems of the load.
        manifest: the model.
        tensors: the checkpoint's tensors, by their names after `rename`.
        path: the checkpoint.
        splits: names that were taken apart before.
        again: gives the model's manifest with other hyperparameters, where the class is known.
    """
    with collector_paused():
        parted = [] if again is None else _cause_switches.parted(problems, manifest, again)
        return (*_causes(Sides.of(problems, manifest, tensors, splits), path, again), *parted)


def _causes(sides: Sides, path: Path | None, again: Again | None) -> list[Cause]:
    files = [_cause_files.adapter(sides), _cause_files.quantized(sides), _cause_files.optimizer(sides)]
    beside = [cause for cause in (*files, _cause_files.bookkeeping(sides)) if cause is not None]
    first = [cause for cause in beside if cause.kind in ("adapter", "quantized") and not cause.unexpected]
    last = [cause for cause in beside if cause.kind not in ("adapter", "quantized") or cause.unexpected]
    if first:
        return [*first, *last]
    sides = sides.without([name for cause in last for name in cause.explains])
    shard = None if path is None else _cause_files.shard(sides, path)
    if shard is not None:
        return [shard, *last]

    other = _cause_architecture.family(sides, path) if sides.missing or sides.unexpected else None
    if other is not None:
        return [other]
    by_rules = any(name != tensor.name for name, tensor in sides.tensors.items())
    causes, sides = _names(sides)
    if any(cause.kind == "another model" for cause in causes):
        return causes
    unclear = bool(causes) and not any(cause.rename or cause.todo for cause in causes)
    normed = _cause_weight_norm.weight_norm(sides)
    sides = _rest(sides, normed)
    layouts = [*normed, *_cause_layouts.joined(sides), *_cause_layouts.split(sides)]
    sides = _rest(sides, layouts)
    if not layouts and not unclear:
        another = _cause_parts.another_model(sides)
        if another is not None:
            return [another]
    declared = DeclaredSizes() if again is None else again.declared(sides.manifest)
    lists = _cause_layers.layers(sides, declared)
    sides = _rest(sides, lists)
    turned = (_cause_layouts.transposed(sides), _cause_axes.axes(sides))
    layouts += [cause for cause in turned if cause is not None]
    sides = _rest(sides, layouts)
    sizes = _cause_sizes.sizes(sides, declared)
    parts = [_cause_parts.other_head(sides)] if not any(cause.kind == "vocabulary" for cause in sizes) else []
    sides = _rest(sides, sizes)
    flags = None if again is None else _cause_switches.Switches(sides.manifest, again)
    switches = [] if flags is None else flags.present(sides)
    sides = _rest(sides, switches)
    if not _is_base(causes):
        switches += [] if flags is None else flags.tied(sides)
        sides = _rest(sides, switches)
        parts.append(_cause_parts.untied(sides))
    parts += switches
    sides = _rest(sides, [cause for cause in parts if cause])
    parts.append(_cause_parts.part(sides))
    parts.append(_cause_architecture.architecture(_rest(sides, [cause for cause in parts if cause]), path))
    if parts[-1] is not None:  # whoever gave the names of another architecture would be no further
        causes = [attrs.evolve(cause, rename={}) for cause in causes]
    if by_rules or any(cause.rename for cause in causes):
        layouts = [_in_class(cause) for cause in layouts]
    found = [*causes, *lists, *sizes, *layouts, *(cause for cause in parts if cause), *last]
    found = found if again is None else _follow.followed(found, sides, again, declared)
    return [_by_file(cause, sides.aliases) for cause in found]


def _rest(sides: Sides, causes: Sequence[Cause]) -> Sides:
    return sides.without({name for cause in causes for name in cause.explains}) if causes else sides


def _names(sides: Sides) -> tuple[list[Cause], Sides]:
    """Find what is wrong in the names, and give the sides with that mended."""
    causes: list[Cause] = []
    found = _cause_names.prefix(sides)
    below: dict[str, str] = {}
    if found is not None:
        causes, below = [found[0]], found[1]
        sides = sides.renamed(below) if below else _rest(sides, causes)
    else:
        causes, sides = _cause_words.words(sides)
    words = _cause_names.spelling(sides)
    if words is None:
        return causes, sides
    cause, names = words
    if causes:
        # Two rules may not match one name: one set of rules for both, or one after the other.
        both = _cause_names.with_spelling(causes[0].rename, cause.rename, below) if below else None
        if both is not None:
            explained = causes[0].explains | cause.explains | {sides.aliases.get(name, name) for name in cause.explains}
            causes = [attrs.evolve(causes[0], rename=both, explains=explained)]
        cause = attrs.evolve(cause, rename={})
    return [*causes, cause], sides.renamed(names)


def _is_base(causes: Sequence[Cause]) -> bool:
    """Whether names lack a prefix: they are those of a base, which has no head to tie."""
    return any(new != "{*rest}" and old == "{*rest}" for cause in causes for old, new in cause.rename.items())


def _in_class(cause: Cause) -> Cause:
    """Propose a form for the class body: as an argument it would match what another rule matches."""
    if not cause.rename:
        return cause
    first, *others = ((name, target(form)) for name, form in cause.rename.items())
    rules = [first, *others] if cause.kind in ("axes", "weight norm") else [first]
    text = ", ".join(f'"{name}": {form}' for name, form in rules)
    advice = f"declare it in the class body, with names relative to it: rename({{{text}}})"
    return attrs.evolve(cause, rename={}, todo=advice)


def _by_file(cause: Cause, aliases: Mapping[str, str]) -> Cause:
    """Account for names as they are in the problems, too."""
    names = {aliases[name] for name in cause.explains if name in aliases}
    return attrs.evolve(cause, explains=cause.explains | names) if names else cause
