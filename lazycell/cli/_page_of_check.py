"""The page of `lazycell check`: what a model asks of a checkpoint, beside what a load finds for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from .. import loading, mismatch, show, viewer
from ..layout import ManifestEntry
from ..manifest import Manifest, manifest_of_header
from ..manifest.diff import load_view
from ._side import with_source

if TYPE_CHECKING:
    from ..formats import CheckpointHeader, TensorHeader
    from ._model import Model
    from ._shell import Shell

_NAMES = 12


def fitted_page(
    found: Model,
    header: CheckpointHeader,
    checkpoint: str,
    plan: loading.LoadPlan | mismatch.Mismatch | mismatch.Strangers,
    shell: Shell,
) -> str:
    """Make the page of a checkpoint that fits, or does not.

    Args:
        found: the model.
        header: of the checkpoint, with its adapters.
        checkpoint: what the user calls it.
        plan: what a load does, or why it does nothing.
        shell: for advice.
    """
    model, file = with_source(found), manifest_of_header(header, checkpoint)
    if isinstance(plan, loading.LoadPlan):
        asked, there, lines = _asked(model, plan), _of_plan(header, plan), (*_told(plan),)
    else:
        what, *more = plan.brief(shell)
        asked, lines = _asked(model), (f"does not fit: {what}", *more)
        there = file.entries if isinstance(plan, mismatch.Strangers) else _of_mismatch(model, header, plan)
    return _page(model, file, asked, there, lines)


def refused_page(found: Model, header: CheckpointHeader, checkpoint: str, why: str) -> str:
    """Make the page of a checkpoint that an adapter does not go with.

    Args:
        found: the model.
        header: of the checkpoint alone.
        checkpoint: what the user calls it.
        why: what the adapter's refusal says.
    """
    model, file = with_source(found), manifest_of_header(header, checkpoint)
    return _page(model, file, _asked(model), file.entries, (f"does not fit: {why}",))


def _page(
    model: Manifest,
    file: Manifest,
    asked: tuple[ManifestEntry, ...],
    there: tuple[ManifestEntry, ...],
    lines: tuple[str, ...],
) -> str:
    sides = Manifest(model.model, asked), Manifest(file.model, there, declared=False)
    return viewer.page(load_view(model, file, sides, lines))


def _asked(model: Manifest, plan: loading.LoadPlan | None = None) -> tuple[ManifestEntry, ...]:
    """Give the parameters in the dtypes that they will have."""
    dtypes = {} if plan is None else {step.parameter: step.dtype for step in plan.steps}
    return tuple(
        each if dtypes.get(each.name, each.dtype) == each.dtype else attrs.evolve(each, dtype=dtypes[each.name])
        for each in model
    )


def _of_plan(header: CheckpointHeader, plan: loading.LoadPlan) -> tuple[ManifestEntry, ...]:
    """Give what there is for each parameter, and what nothing needs and may be there."""
    found = {step.parameter: _entry(step.parameter, step.tensor) for step in plan.steps}
    return (*found.values(), *_others(found, header, plan.ignored))


def _of_mismatch(model: Manifest, header: CheckpointHeader, why: mismatch.Mismatch) -> tuple[ManifestEntry, ...]:
    """Give the same of a checkpoint that does not fit, as far as it was understood."""
    wrong: dict[str, TensorHeader] = {}
    absent = {*why.initialize}
    unexpected: dict[str, TensorHeader] = {}
    for problem in why.problems:
        if problem.kind == "unexpected" and problem.tensor is not None:
            unexpected[problem.name] = problem.tensor
        elif problem.stored is not None:  # of a tensor that holds several nobody can say what is whose
            absent.update(problem.stored.parameters)
            if problem.tensor is not None:
                unexpected[problem.tensor.name] = problem.tensor
        elif problem.kind == "missing":
            absent.add(problem.name)
        elif problem.entry is not None and problem.tensor is not None:
            wrong[problem.entry.name] = problem.tensor
    aliases: dict[str, list[str]] = {}
    for alias, owner in model.ties.items():
        aliases.setdefault(owner, []).append(alias)
    found: dict[str, ManifestEntry] = {}
    for entry in model:
        if entry.name in wrong:
            found[entry.name] = _entry(entry.name, wrong[entry.name])
        elif entry.name not in absent:
            names = (entry.name, *aliases.get(entry.name, ()))
            tensor = next((why.tensors[name] for name in names if name in why.tensors), None)
            same = tensor is not None and tensor.shape == entry.shape
            found[entry.name] = _entry(entry.name, tensor) if tensor is not None and same else entry
    rest = {name: tensor for name, tensor in unexpected.items() if name not in found}
    found |= {name: _entry(name, tensor) for name, tensor in rest.items()}
    return (*found.values(), *_others(found, header, why.ignored))


def _others(
    found: Mapping[str, ManifestEntry], header: CheckpointHeader, keys: tuple[str, ...]
) -> Iterator[ManifestEntry]:
    for key in keys:
        if key not in found and key in header.tensors:
            yield _entry(key, header.tensors[key])


def _entry(name: str, tensor: TensorHeader) -> ManifestEntry:
    packed = None if tensor.is_readable else tensor.nbytes
    return ManifestEntry(name, tuple(tensor.shape), tensor.dtype, "", packed_bytes=packed)


def _told(plan: loading.LoadPlan) -> Iterator[str]:
    """Say what a load does, but for what rows show."""
    many = "1 parameter is" if len(plan.steps) == 1 else f"{len(plan.steps):,} parameters are"
    yield f"fits: {many} filled, {show.format_bytes(plan.nbytes)} read"
    moved = sum(step.key != step.parameter for step in plan.steps)
    if moved:
        yield f"{moved:,} of them from tensors of another name or form"
    for what, names in (
        ("left to initializers", (*plan.initialize,)),
        ("of these a new head, which has to be trained", plan.new_head),
        ("ignored, as nothing needs it", plan.ignored),
        ("passed over, as the model computes it", plan.computed),
        ("passed over, as nothing needs it", plan.unused),
        ("passed over, as another head's", plan.other_head),
    ):
        if names:
            yield f"{what}: {show.few((pattern for pattern, _ in show.collapse(names)), _NAMES)}"
    yield from (f"adapter {each.name} merged: {len(each.tensors):,} tensors changed" for each in plan.adapters)
    yield from plan.notes
