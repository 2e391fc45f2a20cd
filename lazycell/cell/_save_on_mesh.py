"""Saving on a mesh: the ranks write one checkpoint together, each what it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mindspore import nn

from ..distributed import agree, token
from ..layout import CannotDivide, Stored, division_of, form_here
from ..manifest import Manifest, divisions_of, stored_tensors
from ..mesh import Division, Mesh, Place
from ..parameters import numpy_values
from ..saving import Losses, SaveReport, save_parts
from ..system import Array
from ._joined_manifest import joined_manifest
from ._net_manifest import survey

if TYPE_CHECKING:
    from ._prepared_save import PreparedSave


def save_on_mesh(
    net: nn.Cell,
    mesh: Mesh,
    prepared: Callable[..., PreparedSave],
    losses: Losses,
    layout: str,
    timeout: float,
    progress: Callable[[int, int], None] | None,
) -> tuple[SaveReport, str | None]:
    """Write what this rank has of a model, while the others write what they have.

    Args:
        net: any cell.
        mesh: that the net was built on.
        prepared: says what is to be written, by the manifest of all ranks together and this rank's parameters.
        losses: told about values that get lost when they are converted.
        layout: as `save_checkpoint` takes it, and so are `timeout` and `progress`.
        timeout: likewise.
        progress: likewise.

    Returns:
        The report, and the dtype that the floating-point tensors got, if they got one.

    Raises:
        CheckpointError: on every rank, if one of them cannot save; on the others as on that one.
        ValueError: a tensor of the file is made of parameters in a way of which no rank has a part.
    """
    ready: PreparedSave | None = None
    failure: BaseException | None = None
    of_parameters: dict[str, Division] = {}
    tensors: dict[str, Stored] = {}
    divisions: dict[str, Division] = {}
    manifest: Manifest | None = None
    parameters: Mapping[str, Any] = {}
    try:
        manifest, parameters = survey(net, migrations=lambda cls: ())
    except BaseException as error:  # whatever it is, the others wait to hear of it
        failure = error
    joined = joined_manifest(manifest, mesh, timeout)
    try:
        if failure is not None:
            raise failure
        assert joined is not None
        ready = prepared(surveyed=(joined, parameters))
        of_parameters = divisions_of(ready.manifest)
        tensors = {each.name: each for each in stored_tensors(ready.manifest, ready.stored)}
        divisions = {name: _division_of(each, of_parameters) for name, each in tensors.items()}
    except BaseException as error:
        failure = error
    agree(mesh, {}, failure, doing="save", timeout=timeout)
    assert ready is not None
    sources = ready.sources

    def at(division: Division) -> Place | None:
        return division.place(mesh)

    def get(name: str) -> Array:
        form = form_here(tensors[name].form, of_parameters, at)
        assert form is not None
        return Stored(name, form).assemble(lambda parameter: numpy_values(sources[parameter]))

    report = save_parts(
        ready.destination,
        tuple(tensors.values()),
        divisions,
        mesh,
        get,
        token=token(mesh, timeout=timeout)[:8],
        lost=losses,
        metadata=ready.metadata,
        layout=layout,
        timeout=timeout,
        progress=progress,
        companion=ready.companion,
    )
    return report, ready.target


def _division_of(stored: Stored, of_parameters: Mapping[str, Division]) -> Division:
    try:
        return division_of(stored.form, of_parameters)
    except CannotDivide as error:
        raise ValueError(
            f"the file that was loaded has one tensor, {stored.name!r}, of which no rank has a part: {error}. Save the "
            'model\'s own tensors, save_checkpoint(path, names="mindspore"), or load it on one rank'
        ) from None
