"""Decide what a load will do, from a manifest and a checkpoint's headers alone; nothing is read or filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .. import mismatch, sources
from ..formats import CheckpointHeader
from ..layout import ManifestEntry, RenameRule, Renaming, Stored, apply_rules, parse_rules
from ..manifest import Manifest
from ..mismatch import Problem
from ._lookup import Lookup
from ._options import LoadOptions
from ._plan import AppliedMigration, LoadPlan, LoadStep
from ._unneeded import sort_unneeded

if TYPE_CHECKING:
    from ._adapt import Head


def attempt(manifest: Manifest, header: CheckpointHeader, options: LoadOptions) -> LoadPlan | Lookup:
    """Plan a load. Linear in the number of names; no data is read.

    Returns:
        What the load will do; or what the checkpoint has of the model, with every problem that is in the way.

    Raises:
        ValueError: an option has a value that means nothing.
    """
    may_miss, may_ignore = options.permissions()
    rules: tuple[RenameRule, ...] = ()
    renaming = Renaming(dict(zip(header.tensors, header.tensors, strict=True)), {}, {}, ())
    if options.rename is not None:
        rules = parse_rules(options.rename, forms=True)
        renaming = apply_rules(rules, header.tensors)
    present: dict[str, str] = {}
    head: Head | None = None
    if manifest.leftovers or (options.partial and manifest.base):
        from ._adapt import adapt  # not before: models that say nothing of either have nothing to adapt

        present, head = adapt(manifest, renaming.names, _made_by(rules, renaming), options.partial)
        renaming = attrs.evolve(renaming, names={**renaming.names, **present})
    may_have_codes = header.may_have_codes
    if may_have_codes and options.dtype == "cast":
        header, renaming = _with_scales(manifest, header, renaming, options.quantization)
    applied: tuple[AppliedMigration, ...] = ()
    if manifest.migrations:
        from ._apply_migrations import migrate  # few models have any

        migrated = migrate(manifest, header, renaming, rules)
        present, applied = {**present, **migrated.names}, migrated.applied
        renaming = attrs.evolve(renaming, names={**renaming.names, **migrated.names})
    there = Lookup(manifest, header, renaming)
    steps: list[LoadStep] = []
    initialize: list[str] = []
    new_head: list[str] = []
    for entry in manifest.entries:
        planned = _simple_step(there, entry)
        if planned is None and options.partial is True and head is not None and head.has(entry.name):
            there.leave_out_other_shape(entry)
        if planned is None:
            from ._step import missing, step  # not before: most loads are as simple

            planned = step(there, entry, options.dtype)
        if planned is not None:
            steps.append(planned)
        elif entry.name not in there.wrong:
            if any(map(may_miss, there.names_of(entry))) or any(map(may_miss, there.former_names_of(entry))):
                initialize.append(entry.name)
            elif head is not None and head.has(entry.name):
                new_head.append(entry.name)
            else:
                there.problems += missing(there, entry)

    if head is not None and all(map(head.has, [*(step.parameter for step in steps), *there.wrong])):
        # Nothing of the base is there, so nothing tells what of the file is a head.
        return attempt(manifest, header, attrs.evolve(options, partial=False))
    unneeded = sort_unneeded(there, may_ignore, head)
    problems = [*_rename_problems(renaming, header), *there.problems]
    if may_have_codes:
        from ._codes import with_codes  # few checkpoints come as far as this

        problems = with_codes(problems, there, {each.parameter for each in steps}, header, renaming, rules)
    if problems:
        there.problems, there.moved = problems, head is not None and head.moves
        there.initialize, there.ignored = tuple(initialize), unneeded["ignored"]
        return there
    return LoadPlan(
        path=header.path,
        model=manifest.model,
        steps=tuple(steps),
        initialize=_in_order(manifest, initialize, new_head),
        layout=_layout(there, steps, rules, renaming, present),
        migrated=applied,
        new_head=tuple(new_head),
        ignored=unneeded["ignored"],
        computed=unneeded["computed"],
        unused=unneeded["unused"],
        other_head=unneeded["other_head"],
        notes=header.notes,
    )


def _in_order(manifest: Manifest, initialize: list[str], new_head: list[str]) -> tuple[str, ...]:
    if not new_head:
        return tuple(initialize)
    both = {*initialize, *new_head}
    return tuple(entry.name for entry in manifest.entries if entry.name in both)


def _made_by(rules: tuple[RenameRule, ...], renaming: Renaming) -> set[str]:
    """Give the names that the user's rules have made, which are meant as they are."""
    return (
        {name for key, name in renaming.names.items() if any(rule.matches(key) for rule in rules)} if rules else set()
    )


def _with_scales(
    manifest: Manifest, header: CheckpointHeader, renaming: Renaming, quantization: Mapping[str, Any] | None
) -> tuple[CheckpointHeader, Renaming]:
    """Take codes for the floats that they are with their scales, but for those whose scales are the model's own."""
    known = {*(entry.name for entry in manifest.entries), *manifest.ties, *(stored.name for stored in manifest.stored)}

    def is_kept(name: str) -> bool:
        return renaming.names.get(name) in known or name in renaming.forms

    scaled = sources.with_scales(header, is_kept, quantization)
    names = {key: name for key, name in renaming.names.items() if key in scaled.tensors}
    return scaled, attrs.evolve(renaming, names=names)


def _simple_step(there: Lookup, entry: ManifestEntry) -> LoadStep | None:
    """Plan what nearly every parameter needs: it is there as it has to be, and nothing else is said of it."""
    name = entry.name
    stored = there.plain.get(name, name)
    tensor = there.tensors.get(stored)
    if tensor is None or tensor.shape != entry.shape or tensor.dtype != entry.dtype or name in there.special:
        return None
    if stored != name and name in there.tensors:  # perhaps it is there twice
        return None
    there.used.add(stored)
    return LoadStep(name, tensor.name, tensor, tensor.dtype)


def _rename_problems(renaming: Renaming, header: CheckpointHeader) -> Iterator[Problem]:
    for name, texts in renaming.overlapping.items():
        yield Problem("rename", name, "", None, header.tensors[name], "two rules", (*texts,))
    for new, olds in renaming.colliding.items():
        yield Problem("rename", new, reason="two names", names=(*olds,))
    if renaming.dead:
        near = mismatch.NearNames(header.tensors)
        for rule in renaming.dead:
            other = near.find(rule)
            yield Problem("rename", rule, reason="dead rule", names=() if other is None else (other,))


def _layout(
    there: Lookup,
    steps: list[LoadStep],
    rules: tuple[RenameRule, ...],
    renaming: Renaming,
    present: Mapping[str, str],
) -> tuple[Stored, ...]:
    """Tell in which layout the file is, where it is not simply the model's."""
    if not (rules or there.manifest.stored):
        return ()
    from ._file_layout import FileLayout  # most files are in the model's own

    return FileLayout(there.manifest, rules, renaming, present).of(there.found, steps, there.by_own_name)
