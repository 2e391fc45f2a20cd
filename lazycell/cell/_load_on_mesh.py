"""Loading on a mesh: each rank reads its part, and all of them load, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import attrs
from mindspore import nn

from ..distributed import agree, digests_of, digests_of_index
from ..formats import open_checkpoint
from ..loading import LoadOptions, LoadPlan, LoadReport, cut_plan, make_plan, plan_from_own_headers, reads_own_headers
from ..manifest import Manifest
from ..mesh import Mesh, Place
from ..parameters import part_of
from ._joined_manifest import joined_manifest
from ._load_steps import Change, Planned, commit, plan_load, read_planned, remembered
from ._net_manifest import survey

if TYPE_CHECKING:
    from ._naming import Naming


def load_on_mesh(
    net: nn.Cell,
    mesh: Mesh,
    path: str | PathLike[str] | Mapping[str, Any],
    options: LoadOptions,
    naming_of: Callable[..., Naming],
    make: Callable[..., LoadPlan] | None,
    started: float,
    switch: Change | None = None,
) -> LoadReport:
    """Plan the load of the whole model on every rank, compare the plans, and carry out this rank's part of it.

    Args:
        net: what this rank has of the model.
        mesh: that it was built on.
        path: as `load_checkpoint` takes it, and so are `options`, `naming_of` and `make`.
        options: likewise.
        naming_of: likewise.
        make: likewise.
        started: when the load began.
        switch: as `load_checkpoint` takes it.

    Raises:
        CheckpointError: on every rank, if one of them cannot load; on the others as on that one.
    """
    planned: Planned | None = None
    arrays: dict[str, Any] = {}
    digests: Mapping[str, bytes] = {}
    failure: BaseException | None = None
    manifest: Manifest | None = None
    targets: Mapping[str, Any] = {}
    try:
        manifest, targets = survey(net)
    except BaseException as error:
        failure = error
    joined = joined_manifest(manifest, mesh, options.timeout)
    try:
        if failure is not None:
            raise failure
        assert joined is not None
        if (
            make is None
            and not options.verify
            and options.adapter is None
            and switch is None
            and reads_own_headers(joined, mesh.at(mesh.ranks - 1))
        ):
            planned, digests = _by_own_headers(joined, targets, mesh, path, options)
        else:
            planned = plan_load(net, path, options, naming_of, make, (joined, targets), switch)
            digests = digests_of(mesh, planned.manifest.digest, planned.plan, planned.header)
            planned = attrs.evolve(planned, plan=cut_plan(planned.plan, _places(targets)))
    except BaseException as error:  # whatever it is, the others wait to hear of it
        failure = error
    agree(mesh, digests, failure, timeout=options.timeout)
    assert planned is not None
    try:
        arrays = read_planned(planned, options)
    except BaseException as error:
        failure = error
    agree(mesh, {}, failure, timeout=options.timeout)
    return commit(net, planned, arrays, started)


def _by_own_headers(
    manifest: Manifest,
    targets: Mapping[str, Any],
    mesh: Mesh,
    path: str | PathLike[str] | Mapping[str, Any],
    options: LoadOptions,
) -> tuple[Planned, dict[str, bytes]]:
    """Plan the rank's part from the headers that it needs; ranks compare what they were asked for, and the files."""
    if mesh.rank == 0:
        header = open_checkpoint(path)
        plan = cut_plan(make_plan(manifest, header, options), _places(targets))
    else:
        plan, header = plan_from_own_headers(manifest, path, _places(targets), options)
    digests = digests_of_index(mesh, manifest.digest, options, plan.path)
    loaded = remembered(path, header, options, None)
    return Planned(header, manifest, targets, None, plan, loaded), digests


def _places(targets: Mapping[str, Any]) -> dict[str, Place | None]:
    return {name: part_of(each) for name, each in targets.items()}
