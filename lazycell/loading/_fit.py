"""Decide what a load will do, from a manifest and a checkpoint's headers alone; or say why there can be none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from .. import mismatch, show, sources
from .._collector import collector_paused
from ..formats import CheckpointHeader
from ..layout import ManifestEntry, RenameRule, Renaming, Stored, apply_rules, parse_rules
from ..manifest import Manifest
from ..mismatch import Problem
from ._lookup import Lookup, sort_unneeded
from ._options import LoadOptions
from ._plan import AppliedMigration, LoadPlan, LoadStep

if TYPE_CHECKING:
    from ..mismatch import Again, Cause, Mismatch
    from ._adapt import Head

_DEFAULT = LoadOptions()


def make_plan(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions = _DEFAULT, *, again: Again | None = None
) -> LoadPlan:
    """Fit a checkpoint to a model, or say why it does not; see `fit`.

    Raises:
        CheckpointMismatchError: the checkpoint does not fit; the message has every problem, grouped, with the
            likely causes, and `problems` has them as data.
        ValueError: an option has a value that means nothing.
    """
    found = fit(manifest, header, options, again=again)
    if not isinstance(found, LoadPlan):
        raise found.error()
    return found


@collector_paused()
def fit(
    manifest: Manifest,
    header: CheckpointHeader,
    options: LoadOptions = _DEFAULT,
    *,
    again: Again | None = None,
) -> LoadPlan | Mismatch:
    """Fit a checkpoint to a model. Linear in the number of names; no data is read.

    Each parameter is taken from what it is declared to be stored as, or from its own name; a checkpoint that has both
    does not fit. A tensor that has the name of before a migration of the model's counts as under its present name.

    Args:
        manifest: what the model declares.
        header: what the checkpoint holds.
        options: what the user says about the load.
        again: gives the model's manifest with other hyperparameters, where the class is known: for likely causes.

    Returns:
        What the load will do; or everything that is in its way, as data.

    Raises:
        ValueError: an option has a value that means nothing.
        CheckpointError: an adapter changes what the model has tied.
    """
    found = _attempt(manifest, header, options)
    if isinstance(found, LoadPlan):
        if options.adapter is not None:
            sources.adapters.refuse_tied(
                found.model, manifest.ties, {each.parameter: each.read for each in found.steps}
            )
        lacking = _lacking(manifest, header, options, again) if options.partial == "new" and found.new_head else None
        return found if lacking is None else lacking
    if found.moved:  # what is wrong is told of the names in the file
        options = attrs.evolve(options, partial=False)
        found = _attempt(manifest, header, options)
        assert not isinstance(found, LoadPlan)
    return _mismatch(manifest, header, options, found, again)


def _attempt(manifest: Manifest, header: CheckpointHeader, options: LoadOptions) -> LoadPlan | Lookup:
    """Plan a load. Linear in the number of names; no data is read.

    Returns:
        What the load will do; or what the checkpoint has of the model, with every problem that is in the way.

    Raises:
        ValueError: an option has a value that means nothing.
    """
    may_miss, may_ignore = options.permissions()
    rules: tuple[RenameRule, ...] = () if options.rename is None else parse_rules(options.rename, forms=True)
    may_have_codes = header.may_have_codes
    if may_have_codes:
        from . import _codes  # few checkpoints have any

        header = _codes.in_floats(manifest, header, options, rules)
    elif options.quantization is not None and not (header.stored or header).may_have_codes:
        raise ValueError(f"quantization says how weights are stored, and {header.path} has none that are: leave it out")
    renaming = Renaming(dict(zip(header.tensors, header.tensors, strict=True)), {}, {}, ())
    if rules:
        renaming = apply_rules(rules, header.tensors)
    present: dict[str, str] = {}
    head: Head | None = None
    if manifest.leftovers or (options.partial and manifest.base):
        from ._adapt import adapt, made_by  # not before: models that say nothing of either have nothing to adapt

        present, head = adapt(manifest, renaming.names, made_by(rules, renaming), options.partial)
        renaming = attrs.evolve(renaming, names={**renaming.names, **present})
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
        return _attempt(manifest, header, attrs.evolve(options, partial=False))
    if options.dtype != "cast":
        _check_dtypes(there, options.dtype)
    unneeded = sort_unneeded(there, may_ignore, head)
    problems = [*_rename_problems(renaming, header), *there.problems]
    if may_have_codes:
        filled = {each.parameter for each in steps}
        problems = _codes.with_codes(problems, there, filled, header, renaming, rules, options.quantization)
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


def _check_dtypes(there: Lookup, policy: str) -> None:
    """Refuse a policy that asks for the dtype in the file, where what is stored has none.

    Raises:
        ValueError: numbers that a parameter needs are computed from codes.
    """
    for name in sorted(there.used):
        tensor = there.tensors[name]
        # What is computed from floats says so: "bfloat16 + adapter" counts as bfloat16.
        if tensor.origin and tensor.piece and tensor.origin.partition(" ")[0] != tensor.dtype:
            raise ValueError(
                f'dtype="{policy}": `{tensor.name}` is stored as {tensor.origin}, which has no float dtype: '
                'leave dtype="cast", and give the dtype of the model, as in Net(dtype="bfloat16") or '
                'from_pretrained(path, dtype="bfloat16")'
            )


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


def _lacking(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions, again: Again | None
) -> Mismatch | None:
    """Give what is wrong if a head is not new but one with the table: a file without it was tied, or cut off."""
    options = attrs.evolve(options, partial=False)
    strict = _attempt(manifest, header, options)
    if isinstance(strict, LoadPlan):
        return None
    found = _mismatch(manifest, header, options, strict, again)
    return found if any(cause.kind == "tie" for cause in found.causes) else None


def _as_another_head(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions, problems: list[Problem]
) -> tuple[Cause, ...]:
    """Tell whether all would be well if the checkpoint were another head's, by trying it."""
    if options.partial is True or manifest.base is None:
        return ()
    tried = _attempt(manifest, header, attrs.evolve(options, partial=True))
    if not isinstance(tried, LoadPlan):
        return ()
    return (mismatch.other_head(problems, manifest.base, tried.new_head, tried.other_head),)


def _mismatch(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions, there: Lookup, again: Again | None
) -> Mismatch:
    splits = show.Splits()
    problems, tensors = there.problems, there.tensors
    causes = _as_another_head(manifest, header, options, problems)
    found = mismatch.likely_causes(problems, manifest, tensors, path=header.path, splits=splits, again=again)
    # The same head in another form is no other one, nor is another family's. What hyperparameters make is: they come
    # first, and the choice is the user's.
    others = any((each.rename and each.kind != "prefix") or each.kind == "another model" for each in found)
    causes = (*(cause for cause in found if cause.settings), *causes) if causes and not others else found
    return mismatch.Mismatch(
        path=header.path,
        model=manifest.model,
        problems=(*problems,),
        causes=causes,
        initialize=there.initialize,
        ignored=there.ignored,
        splits=splits,
        tensors=tensors,
    )
