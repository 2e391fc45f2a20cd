"""What is measured of one model, in a process of its own: `… _measure PROJECT NAME ROUNDS`.

It prints a line of JSON for each thing that it has found, so that what was found before a crash is not lost.
"""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatch
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
from mindspore.nn.utils import no_init_parameters as mindspore_lazily
from numpy.typing import NDArray

import lazycell

from . import _kernels, _models, _torch_names
from ._model import Model

_SEED = 14
_ENOUGH = 4.0  # seconds of processor time, after which three rounds are enough
_WAYS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "eager": nullcontext,
    "lazycell": lazycell.no_init_parameters,
    "mindspore": mindspore_lazily,
}


def main(project: str, name: str, rounds: str = "15", only: str = "") -> None:
    """Measure one model; what fails is written down, and the rest goes on.

    Args:
        project: of the model.
        name: of the model.
        rounds: how often each way of building it is timed, at most; 0: not at all.
        only: `seconds`: time the builds alone, without MindSpore's context, in which the process crashes.
    """
    model = _models.find(project, name)
    if project.startswith("mindone"):
        _torch_names.teach()
    if only:
        _say("seconds", lambda: _seconds(model, int(rounds), [way for way in _WAYS if way != "mindspore"]))
        return
    twin = _say("eager", lambda: _eager(model), keep=True)
    if twin is None:
        return
    _say("lazy", lambda: _lazy(model))
    _say("equal", lambda: _equal(model, twin))
    with tempfile.TemporaryDirectory() as directory:
        for form, save in _SAVES.items():
            _say(form, partial(_load, model, twin, save, Path(directory) / form))
    _say("computed", lambda: _computed(model, twin))
    print(json.dumps({"stage": "mindspore", "error": "the process crashes"}), flush=True)  # unless it is said otherwise
    _say("mindspore", lambda: _mindspore(model))
    if int(rounds):
        _say("seconds", lambda: _seconds(model, int(rounds), [*_WAYS]))


def _say(stage: str, task: Callable[[], Any], *, keep: bool = False) -> Any:
    """Do a task, and print what it gives, or its error; with `keep` it gives an object and what is printed of it."""
    kept = None
    try:
        found = task()
        if keep:
            kept, found = found
    except Exception as error:
        found = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
    print(json.dumps({"stage": stage, **found}), flush=True)
    return kept


def _seed() -> None:
    ms.set_seed(_SEED)
    ms.manual_seed(_SEED)
    random.seed(_SEED)


def _build(model: Model, way: str) -> Any:
    _seed()
    with _WAYS[way]():
        net = model.build()
    net.set_train(False)
    return net


def _parameters(net: Any) -> dict[str, Any]:
    return dict(net.parameters_and_names())


def _eager(model: Model) -> tuple[Any, dict[str, Any]]:
    """Build as the project does, twice: what is not repeatable without lazycell is not held against it."""
    warm = _build(model, "eager")
    del warm
    twin, again = _build(model, "eager"), _build(model, "eager")
    parameters = _parameters(twin)
    return twin, {
        "parameters": len(parameters),
        "values": sum(each.size for each in parameters.values()),
        "bytes": sum(each.nbytes for each in parameters.values()),
        "repeats": not _differing(twin, again),
    }


def _lazy(model: Model) -> dict[str, Any]:
    """Build under lazycell's context: which bytes belong to parameters that have values, and how the process grew."""
    warm = _build(model, "lazycell")
    del warm
    gc.collect()
    before = _resident()
    net = _build(model, "lazycell")
    grown = _resident() - before
    declared = set(lazycell.uninitialized(net))
    parameters = _parameters(net)
    ours = {path: each.nbytes for path, each in parameters.items() if not {path, each.name} & declared}
    return {"bytes": sum(ours.values()), "grown": grown, "with_values": _largest(ours)}


def _mindspore(model: Model) -> dict[str, Any]:
    net = _build(model, "mindspore")
    return {"bytes": sum(each.nbytes for each in _parameters(net).values() if not each.has_init)}


def _largest(sizes: dict[str, int]) -> list[str]:
    return [f"{path} {size}" for path, size in sorted(sizes.items(), key=lambda item: -item[1])[:4]]


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _seconds(model: Model, rounds: int, ways: list[str]) -> dict[str, Any]:
    """Build in turns, each time in another order; processor time, the garbage of the build before not counted.

    Returns:
        Of each way the median; `ratios`: the quartiles of lazycell's time to MindSpore's of the same round.
    """
    taken: dict[str, list[float]] = {way: [] for way in ways if _builds(model, way)}
    for number in range(rounds):
        first = number % len(taken)
        for way in [*taken][first:] + [*taken][:first]:
            gc.collect()
            started = time.process_time()
            net = _build(model, way)
            taken[way].append(time.process_time() - started)
            del net
        if number >= 2 and sum(map(sum, taken.values())) > _ENOUGH:
            break
    found: dict[str, Any] = {way: statistics.median(each) for way, each in taken.items()}
    if {"lazycell", "mindspore"} <= taken.keys():
        ratios = [ours / theirs for ours, theirs in zip(taken["lazycell"], taken["mindspore"], strict=True)]
        found["ratios"] = statistics.quantiles(ratios, n=4, method="inclusive")
    return found


def _builds(model: Model, way: str) -> bool:
    """Whether a way works at all; what fails is told where it is looked at."""
    try:
        _build(model, way)
    except Exception:
        return False
    return True


def _equal(model: Model, twin: Any) -> dict[str, Any]:
    net = _build(model, "lazycell")
    lazycell.init_parameters_data(net)
    differing = _differing(net, twin)
    return {"differing": len(differing), "such_as": differing[:4]}


def _differing(net: Any, twin: Any) -> list[str]:
    ours, theirs = _parameters(net), _parameters(twin)
    return [
        *(set(ours) ^ set(theirs)),
        *(path for path in theirs if path in ours and not _same(ours[path], theirs[path])),
    ]


def _same(one: Any, other: Any) -> bool:
    """Whether two parameters have the same shape, dtype and bits."""
    return (
        one.shape == other.shape and one.dtype == other.dtype and one.asnumpy().tobytes() == other.asnumpy().tobytes()
    )


def _save_mindspore(net: Any, path: Path) -> Path:
    ms.save_checkpoint(net, str(path.with_suffix(".ckpt")))
    return path.with_suffix(".ckpt")


def _save_lazycell(net: Any, path: Path) -> Path:
    lazycell.save_checkpoint(net, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def _save_torch(net: Any, path: Path) -> Path:
    arrays = {name: np.asarray(each, order="C") for name, each in _torch_names.state_dict(net).items()}
    import_module("safetensors.numpy").save_file(arrays, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


_SAVES = {"mindspore_file": _save_mindspore, "lazycell_file": _save_lazycell, "torch_file": _save_torch}


def _load(model: Model, twin: Any, save: Callable[[Any, Path], Path], path: Path) -> dict[str, Any]:
    saved = save(twin, path)
    net = _build(model, "lazycell")
    report = lazycell.load_checkpoint(
        saved, net=net, missing=[_torch_names.COMPUTED] if save is _save_torch else "error"
    )
    saved.unlink()
    left = len([name for name in lazycell.uninitialized(net) if not fnmatch(name, _torch_names.COMPUTED)])
    differing = _differing(net, twin)
    return {"differing": len(differing), "such_as": differing[:4], "left": left, "loaded": len(report.loaded)}


def _computed(model: Model, twin: Any) -> dict[str, Any]:
    """Run the twin, and a lazy net that has loaded what the twin saved, on the same inputs."""
    net = _build(model, "lazycell")
    with tempfile.TemporaryDirectory() as directory:  # before it runs: a run may rename a net's parameters
        lazycell.load_checkpoint(_save_mindspore(twin, Path(directory) / "twin"), net=net)
    expected, found = _run(model, twin), _run(model, net)
    if len(found) != len(expected):
        raise ValueError(f"{len(found)} outputs instead of {len(expected)}")
    differences = [_difference(one, other) for one, other in zip(found, expected, strict=True)]
    return {"difference": max(differences), "outputs": len(expected)}


def _difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    if one.shape != other.shape:
        raise ValueError(f"an output has shape {one.shape} instead of {other.shape}")
    if np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        return 0.0
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max())


def _run(model: Model, net: Any) -> list[NDArray[Any]]:
    inputs = {name: ms.Tensor(each) if isinstance(each, np.ndarray) else each for name, each in model.inputs().items()}
    _seed()
    outputs = net(
        *(each for name, each in inputs.items() if name.isdigit()),
        **{name: each for name, each in inputs.items() if not name.isdigit()},
    )
    return [*_arrays(outputs)]


def _arrays(value: Any) -> list[NDArray[Any]]:
    if isinstance(value, ms.Tensor):
        return [value.asnumpy()]
    if isinstance(value, dict):
        value = [*value.values()]
    return [each for part in value for each in _arrays(part)] if isinstance(value, list | tuple) else []


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    ms.set_device("CPU")
    ms.runtime.launch_blocking()  # an operation without a kernel fails where it is called
    _kernels.install()
    main(*sys.argv[1:])
