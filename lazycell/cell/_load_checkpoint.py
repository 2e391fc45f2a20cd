"""Carrying out a load plan: every tensor is ready before a parameter changes, and all change or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from mindspore import nn

from ..loading import LoadOptions, LoadPlan, LoadReport
from ..mesh import sizes_of_meshes
from ..parameters import mesh_of
from . import _together
from ._load_steps import Change, commit, plan_load, read_planned

if TYPE_CHECKING:
    from ._naming import Naming


def load_checkpoint(
    net: nn.Cell,
    path: str | PathLike[str] | Mapping[str, Any],
    options: LoadOptions,
    naming_of: Callable[..., Naming],
    make: Callable[..., LoadPlan] | None = None,
    switch: Change | None = None,
) -> LoadReport:
    """Plan a load from headers alone, then carry it out; the body of `LazyCell.load_checkpoint`.

    Args:
        net: any cell.
        path: as `LazyCell.load_checkpoint` takes it.
        options: likewise.
        naming_of: tells whose names the file has; called only where cells are there that declare nothing.
        make: what makes the plan of the manifest, the header and the options; None: `make_plan`.
        switch: what of the plan is carried out, where adapters change; None: all.
    """
    started = time.perf_counter()
    mesh = mesh_of(net) if sizes_of_meshes else None
    if mesh is not None:
        return _together.load_on_mesh(net, mesh, path, options, naming_of, make, started, switch)
    planned = plan_load(net, path, options, naming_of, make, switch=switch)
    return commit(net, planned, read_planned(planned, options), started)
