"""Carrying out a load plan: every array is ready before the first parameter changes, so that a failure changes none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np
from mindspore import nn

from .._progress import ProgressBar
from ..checkpoint import LoadPlan, LoadReport, Reader, check_ties, make_plan, open_checkpoint
from ..parameters import Origin, fill, mark_as_left
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
        arrays = _read(plan, reader, progress or bar)
    # From here on nothing is read and nothing can be found wrong.
    for step in plan.steps:
        origin = Origin("checkpoint", f"{plan.path.name}: {step.key}")
        fill(parameters[step.parameter], arrays.pop(step.parameter), origin)
    for name in plan.initialize:
        mark_as_left(parameters[name])
    return LoadReport.of(plan, time.perf_counter() - started)


def _read(plan: LoadPlan, reader: Reader, progress: Progress) -> dict[str, np.ndarray[Any, Any]]:
    """Give each parameter's array, in its dtype: a view of the file where it can be used as it lies."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    done, total = 0, plan.nbytes
    for step in plan.steps:
        arrays[step.parameter] = reader.read(step.tensor, step.dtype)
        done += step.tensor.nbytes
        progress(done, total)
    return arrays
