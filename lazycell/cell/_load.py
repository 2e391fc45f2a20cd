"""Carrying out a load plan: every tensor is ready before a parameter changes, so that a failure changes none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from os import PathLike

from mindspore import Tensor, nn

from .._progress import ProgressBar
from ..checkpoint import LoadPlan, LoadReport, Reader, check_ties, make_plan, open_checkpoint
from ..parameters import Origin, fill, mark_as_left, tensor_of
from ._net_manifest import manifest_of_net

Progress = Callable[[int, int], None]


def load_checkpoint(
    net: nn.Cell,
    path: str | PathLike[str],
    *,
    missing: str | Iterable[str],
    unexpected: str | Iterable[str],
    dtype: str,
    rename: Mapping[str, str] | None,
    mmap: bool,
    progress: Progress | None,
) -> LoadReport:
    """Plan a load from headers alone, then carry it out; the body of `LazyCell.load_checkpoint`."""
    started = time.perf_counter()
    plan = make_plan(
        manifest_of_net(net),
        open_checkpoint(path),
        missing=missing,
        unexpected=unexpected,
        dtype=dtype,
        rename=rename,
    )
    parameters = dict(net.parameters_and_names())
    with Reader(mmap=mmap) as reader, ProgressBar(f"loading {plan.path.name}") as bar:
        check_ties(plan, reader)
        tensors = _read(plan, reader, progress or bar)
    # From here on nothing is read and nothing can be found wrong.
    for step in plan.steps:
        origin = Origin("checkpoint", f"{plan.path.name}: {step.key}")
        fill(parameters[step.parameter], tensors.pop(step.parameter), origin)
    for name in plan.initialize:
        mark_as_left(parameters[name])
    return LoadReport.of(plan, time.perf_counter() - started)


def _read(plan: LoadPlan, reader: Reader, progress: Progress) -> dict[str, Tensor]:
    """Give each parameter's values, in its dtype: a view of the file where it can be used as it lies."""
    tensors: dict[str, Tensor] = {}
    done, total = 0, plan.nbytes
    for step in plan.steps:
        tensors[step.parameter] = tensor_of(reader.read(step.tensor, step.dtype), step.parameter)
        done += step.tensor.nbytes
        progress(done, total)
    return tensors
