"""`lazycell.plan`: what a load would do, to look at before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import attrs

from .. import cell, loading
from ..declaration import declaration_of, is_cell
from ..formats import open_checkpoint
from ..loading import LoadOptions, LoadPlan, make_plan
from ..manifest import Manifest, places_on
from ..mesh import Mesh

if TYPE_CHECKING:
    from .._nn_cell import Cell
    from ..sources.adapters import Adapters


def plan(
    model: Manifest | Cell,
    path: str | PathLike[str] | Mapping[str, Any],
    *,
    missing: str | Iterable[str] = "error",
    unexpected: str | Iterable[str] = "error",
    dtype: str = "cast",
    partial: bool | str = False,
    rename: Mapping[str, Any] | None = None,
    adapter: Adapters | None = None,
    quantization: Mapping[str, Any] | None = None,
    mesh: Mesh | None = None,
) -> LoadPlan:
    """Plan a load, and carry nothing out: only headers are read. A manifest is planned for without MindSpore.

    Args:
        model: a manifest, or a net: a LazyCell, or any cell.
        path: a `.safetensors` or `.ckpt` file, an `*.index.json`, a directory in Hugging Face layout, or a dict of
            arrays.
        missing: `"error"`, `"init"`, or patterns of the names that the checkpoint may lack.
        unexpected: `"error"`, `"ignore"`, or patterns of the names that the model may lack.
        dtype: `"cast"` to the model's, `"strict"`: they have to be equal, `"checkpoint"`: the file's.
        partial: take a head's checkpoint for its base, and a base's or another head's for a model with a head, as
            `LazyCell.load_checkpoint` says.
        rename: the checkpoint's names to the model's, exact or with `{captures}`; a value may be a section,
            `"qkv[q]"`, or names in `fused`, `transposed` and `reshaped`.
        adapter: as for `LazyCell.load_checkpoint`, and so is `quantization`.
        quantization: likewise.
        mesh: which rank of which mesh the plan is for, `Mesh(tp=8, rank=3)`; default: the one that a net was built on,
            or a single rank.

    Returns:
        The plan: it prints as a table, with the rank's part of each parameter, and is data.

    Raises:
        CheckpointFormatError: a file is not what its format promises.
        CheckpointMismatchError: it does not fit; every problem is in the one message.
        TypeError: `model` is neither a manifest nor a net, or `mesh` is no mesh.
        ValueError: an argument has a value that means nothing; the mesh cannot divide the model, or the net was built
            on another one.
    """
    options = LoadOptions(
        missing=missing,
        unexpected=unexpected,
        dtype=dtype,
        partial=partial,
        rename=rename,
        adapter=adapter,
        quantization=quantization,
    )
    _check_model(model)
    mesh = _mesh_of(model, mesh)
    if mesh is None:
        return _planned(model, path, options)
    whole = model if isinstance(model, Manifest) else cell.manifest_of_net(model)
    places = places_on(whole, mesh)  # what the mesh cannot divide is refused before any file is opened
    return loading.cut_plan(_planned(model, path, options), places)


def _planned(model: Manifest | Cell, path: str | PathLike[str] | Mapping[str, Any], options: LoadOptions) -> LoadPlan:
    header, adapters = loading.with_adapters(open_checkpoint(path), options)
    made = make_plan(model, header, options) if isinstance(model, Manifest) else cell.plan_for(model, header, options)
    return attrs.evolve(made, adapters=adapters) if adapters else made


def _mesh_of(model: Manifest | Cell, mesh: Mesh | None) -> Mesh | None:
    own = None if isinstance(model, Manifest) else model.__dict__.get("_lazycell_mesh")
    if mesh is None:
        return own
    if not isinstance(mesh, Mesh):
        raise TypeError(f"mesh={mesh!r:.80} is no mesh: write which rank of which, mesh=Mesh(tp=8, rank=3)")
    if own is not None and mesh != own:
        raise ValueError(
            f"the net has what a rank has on {own}, and the plan is asked for on {mesh}: leave out mesh=, or plan for "
            "its manifest"
        )
    return mesh


def _check_model(model: Any) -> None:
    if isinstance(model, Manifest) or is_cell(model):
        return
    what = f"the class {model.__name__}" if isinstance(model, type) else f"{model!r:.80}"
    hint = ""
    if isinstance(model, type) and declaration_of(model) is not None:
        hint = f": write `plan({model.__name__}.manifest(…), path)`, with its hyperparameters"
    raise TypeError(f"plan() takes a net or a manifest, not {what}{hint}")
