"""`lazycell.plan`: what a load would do, to look at before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from .. import cell
from ..declaration import declaration_of, is_cell
from ..formats import open_checkpoint
from ..loading import LoadOptions, LoadPlan, make_plan
from ..manifest import Manifest

if TYPE_CHECKING:
    from .._nn_cell import Cell


def plan(
    model: Manifest | Cell,
    path: str | PathLike[str] | Mapping[str, Any],
    *,
    missing: str | Iterable[str] = "error",
    unexpected: str | Iterable[str] = "error",
    dtype: str = "cast",
    partial: bool | str = False,
    rename: Mapping[str, Any] | None = None,
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

    Returns:
        The plan: it prints as a table, and is data.

    Raises:
        CheckpointFormatError: a file is not what its format promises.
        CheckpointMismatchError: it does not fit; every problem is in the one message.
        TypeError: `model` is neither a manifest nor a net.
        ValueError: an argument has a value that means nothing.
    """
    options = LoadOptions(missing=missing, unexpected=unexpected, dtype=dtype, partial=partial, rename=rename)
    _check_model(model)
    header = open_checkpoint(path)
    if isinstance(model, Manifest):
        return make_plan(model, header, options)
    return cell.plan_for(model, header, options)


def _check_model(model: Any) -> None:
    if isinstance(model, Manifest) or is_cell(model):
        return
    what = f"the class {model.__name__}" if isinstance(model, type) else f"{model!r:.80}"
    hint = ""
    if isinstance(model, type) and declaration_of(model) is not None:
        hint = f": write `plan({model.__name__}.manifest(…), path)`, with its hyperparameters"
    raise TypeError(f"plan() takes a net or a manifest, not {what}{hint}")
