"""Saving what was trained beside a model: the pairs of matrices in a net, or in a dict, as an adapter."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mindspore import nn

from .. import saving, show
from .._arguments import check_progress, file_path
from .._errors import CheckpointError, UninitializedParameterError
from ..layout import LAYOUT, Stored
from ..loading import LOADED, Loaded
from ..parameters import lacks_values, numpy_values, parameters_of
from ._choice import check_patterns, choose
from ._save_pretrained import make_directories

if TYPE_CHECKING:
    from .._nn_cell import Cell
    from ..saving import SaveReport

_PAIRS = (("lora_A", "lora_B"), ("lora_embedding_A", "lora_embedding_B"))
_SHOWN = 4
_TASKS = {
    "ForCausalLM": "CAUSAL_LM",
    "LMHeadModel": "CAUSAL_LM",
    "ForConditionalGeneration": "SEQ_2_SEQ_LM",
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "ForQuestionAnswering": "QUESTION_ANS",
}
"""What PEFT calls what a class of transformers does, by the end of its name."""


def save_adapter(
    path: str | PathLike[str],
    arrays: Cell | Mapping[str, Any],
    *,
    alpha: float | Mapping[str, float] | None = None,
    base: str | PathLike[str] | None = None,
    modules_to_save: Iterable[str] = (),
    task_type: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SaveReport:
    """Write an adapter as PEFT reads it, and `adapter=` does: `adapter_config.json` and `adapter_model.safetensors`.

    Both files are replaced together, and what is there stays until the new ones are whole.

    Args:
        path: of a directory, which is made if it is not there.
        arrays: a net in which `swap` has put adapters: cells with parameters `lora_A` and `lora_B`, or
            `lora_embedding_A` and `lora_embedding_B`, beside a `base_layer`, and perhaps an attribute `alpha`. Or a
            dict of arrays or tensors: `<module>.lora_A`, (rank, in), and `<module>.lora_B`, (out, rank), or both under
            the module's name, as a pair; any other name is that of a tensor of the model, which is saved whole.
            Modules are named as in the checkpoint of the model.
        alpha: what a module changes is multiplied by alpha / rank; by module, or for all. Default: what the cells of a
            net have; of a dict the rank.
        base: the directory or the repository of the model that it is for. Default: what a net was loaded from.
        modules_to_save: of a net: patterns of the paths of cells that were trained as they are, and are saved whole:
            `["score"]`.
        task_type: PEFT's word for what the model does; default: what the class of a net tells.
        progress: called with the bytes done and the bytes in all.

    Returns:
        What was saved.

    Raises:
        CheckpointError: there is no pair of matrices, or half of one; a net has other parameters that are trained,
            which would be lost; it was loaded with another adapter merged, and `base` is not given; or a module is a
            part of a stored tensor.
        UninitializedParameterError: the matrices have no values.
        TypeError: an argument is of a kind that means nothing.
        ValueError: `modules_to_save` matches nothing.
        OSError: a file cannot be written; what was there is as it was.
    """
    if isinstance(path, nn.Cell) and not isinstance(arrays, nn.Cell):
        path, arrays = arrays, path  # type: ignore[assignment]
    directory = file_path(path, "path")
    check_progress(progress)
    alphas: dict[str, float] = {}
    flipped = False
    if isinstance(arrays, nn.Cell):
        net = arrays
        found = _Found(net)
        wanted = list(modules_to_save)
        arrays = found.arrays(_whole(net, wanted) if wanted else {})
        alphas, flipped = found.alphas, found.fan_in_fan_out
        base = _base_of(net) if base is None else base
        task_type = _task_of(net) if task_type is None else task_type
    elif isinstance(arrays, Mapping):
        if [*modules_to_save]:
            raise TypeError("modules_to_save is of a net: in a dict, name the tensors themselves, `score.weight`")
        arrays = _apart(arrays)
    else:
        raise TypeError(f"save_adapter() takes a path and a net or a dict of arrays, not {arrays!r:.80}")
    facts = saving.AdapterFacts(
        _given(alpha, arrays) if alpha is not None else alphas,
        None if base is None else str(base),
        task_type,
        flipped,
    )
    if directory.exists() and not directory.is_dir():
        raise CheckpointError(f"{directory} is a file, and an adapter is saved as a directory: give another path")
    made: list[Path] = []
    try:
        make_directories(directory, made)
        return saving.write_adapter(directory, arrays, facts, progress)
    except BaseException:
        for each in reversed(made):
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


def _apart(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Give pairs of matrices two names."""
    found: dict[str, Any] = {}
    for name, value in arrays.items():
        if isinstance(value, tuple) and len(value) == len(_PAIRS[0]):
            found |= {f"{name}.{side}": array for side, array in zip(_PAIRS[0], value, strict=True)}
        else:
            found[name] = value
    return found


def _given(alpha: float | Mapping[str, float], arrays: Mapping[str, Any]) -> dict[str, float]:
    """Give alphas by module.

    Raises:
        TypeError: one is no finite number.
    """
    if isinstance(alpha, Mapping):
        found = dict(alpha)
    else:
        modules = {
            name.removeprefix(saving.ADAPTER_PREFIX).partition(".lora_")[0] for name in arrays if ".lora_" in name
        }
        found = dict.fromkeys(modules, alpha)
    for value in found.values():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise TypeError(f"alpha={value!r:.80} has to be a finite number, or a dict of modules and numbers")
    return found


class _Found:
    """The adapters in a net: by module, as the checkpoint of the model names it."""

    def __init__(self, net: nn.Cell) -> None:
        self._net = net
        self._stored = {name: each for each in net.__dict__.get(LAYOUT, ()) for name in each.parameters}
        self._pairs: dict[str, Any] = {}
        self.alphas: dict[str, float] = {}
        flags = set()
        for path, cell in net.cells_and_names():
            own = parameters_of(cell)
            pair = next((names for names in _PAIRS if all(own.get(name) is not None for name in names)), None)
            if pair is None or not hasattr(cell, "base_layer"):
                continue
            module = self._module(path)
            for name in pair:
                self._pairs[f"{module}.{name}"] = own[name]
            rank = own[pair[0]].shape[0]
            alpha = getattr(cell, "alpha", None)
            self.alphas[module] = rank if alpha is None else alpha
            if pair is _PAIRS[0]:
                flags.add(bool(getattr(cell, "fan_in_fan_out", False)))
        if not self._pairs:
            raise CheckpointError(
                f'{type(net).__name__} has no adapters: `lazycell.swap(net, "*.q_proj", LoRA, rank=8)` puts them in, '
                "with `from models import LoRA`"
            )
        if len(flags) > 1:
            raise CheckpointError(
                "some of the adapters are beside weights that are stored as (in, out), others beside (out, in), and an "
                "adapter_config.json can say one of both: save them as two adapters, each from a dict"
            )
        self.fan_in_fan_out = flags == {True}

    def _module(self, path: str) -> str:
        """Give the name of a module in the checkpoint that the net was loaded from."""
        stored: Stored | None = self._stored.get(f"{path}.weight")
        if stored is None:
            return path
        name, dot, last = stored.name.rpartition(".")
        if len(stored.parameters) == 1 and dot and last == "weight" and len(stored.blocks) == 1:
            return name
        raise CheckpointError(
            f"the weight of `{path}` is a part of what the checkpoint has as `{stored.name}`, or is computed from it: "
            "an adapter of PEFT changes whole weights of the checkpoint: save the whole net, with save_checkpoint"
        )

    def arrays(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        """Give all that is saved: the pairs, and what is saved whole.

        Raises:
            CheckpointError: something else is trained.
            UninitializedParameterError: something has no values.
        """
        found = {**self._pairs, **whole}
        saved = {id(each) for each in found.values()}
        lost = [n for n, each in self._net.parameters_and_names() if each.requires_grad and id(each) not in saved]
        if lost:
            names = show.few((f"`{pattern}`" for pattern, _ in show.collapse(lost)), _SHOWN)
            raise CheckpointError(
                f"{names} {'is' if len(lost) == 1 else 'are'} trained too (requires_grad), and would be lost: name the "
                "cells that you have trained whole, modules_to_save=[…], and take the rest out of training with "
                "lazycell.freeze(net, …) before the optimizer is made"
            )
        empty = [name for name, each in found.items() if lacks_values(each)]
        if empty:
            raise UninitializedParameterError(
                f"{show.few((f'`{name}`' for name in empty), _SHOWN)}: there are no values to save yet: "
                "net.init_parameters_data() draws some, and so does the first run"
            )
        return {name: numpy_values(each) for name, each in found.items()}


def _whole(net: nn.Cell, patterns: list[str]) -> dict[str, Any]:
    """Give the parameters of cells that are saved whole, by name."""
    cells = {path: cell for path, cell in net.cells_and_names() if path}
    chosen = choose("save_adapter", check_patterns("modules_to_save", patterns), cells, {}, kind="cell", instead=_same)
    return {f"{path}.{name}": each for path in chosen for name, each in cells[path].parameters_and_names()}


def _same(pattern: str, name: str) -> str:
    return pattern


def _base_of(net: nn.Cell) -> str | None:
    """Give the directory or the repository that a net was loaded from.

    Raises:
        CheckpointError: another adapter is merged into it.
    """
    loaded = net.__dict__.get(LOADED)
    if not isinstance(loaded, Loaded):
        return None
    if loaded.adapters:
        names = ", ".join(each.name for each in loaded.adapters)
        raise CheckpointError(
            f"the net has another adapter merged into it ({names}), and this one was trained beside both: save the "
            "base with it, `lazycell convert BASE OUT --adapter DIR`, and give base=OUT"
        )
    directory = loaded.path if loaded.path.is_dir() else loaded.path.parent
    parts = directory.parts
    if len(parts) > 2 and parts[-2] == "snapshots" and parts[-3].startswith("models--"):
        return parts[-3].removeprefix("models--").replace("--", "/")
    return str(directory) if (directory / "config.json").is_file() else None


def _task_of(net: nn.Cell) -> str | None:
    name = type(net).__name__
    return next((task for end, task in _TASKS.items() if name.endswith(end)), None)
