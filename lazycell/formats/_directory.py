"""Choose the file that holds a directory's weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .._errors import CheckpointFormatError
from ..show._few import few
from . import _formats
from ._hidden import is_in_transit
from ._sharded import NAME_MAP, read_weight_map

_SINGLE = "model.safetensors"
_SHOWN = 5


def find_checkpoint(directory: Path) -> Path:
    """Choose the file: an index, `model.safetensors`, or the only candidate.

    Files of formats that packages announce are looked for when there is none of a known format.

    Raises:
        CheckpointFormatError: there is none, or more than one it could be.
    """
    entries = sorted(directory.iterdir())
    # Hidden files are no one's choice: macOS leaves `._model.safetensors` beside every file it copies.
    names = [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir()]
    indices = [name for name in names if name.endswith(".safetensors.index.json") or name == NAME_MAP]
    if indices:
        return directory / _index(directory, indices, names)
    if _SINGLE in names:
        return directory / _SINGLE
    formats = [format for format in _formats.registered_formats() if format is not _formats.SHARDED]
    candidates = _claimed(names, formats)
    whole = [name for name in candidates if not is_in_transit(directory / name)]
    if candidates and not whole:
        raise CheckpointFormatError(
            f"{directory}: holds {few(candidates, _SHOWN)}, of a save that did not come to its end: it was killed, or "
            "still goes on. There was no checkpoint before; the next save there removes them"
        )
    candidates = whole
    if not candidates:
        announced, problems = _formats.announced_formats()
        candidates = _claimed(names, [format for _, format in announced])
        if not candidates and problems:
            raise problems[0]
    if len(candidates) > 1:
        raise _ambiguous(directory, candidates)
    if not candidates:
        raise CheckpointFormatError(f"{directory}: {_nothing([entry.name for entry in entries])}")
    return directory / candidates[0]


def _index(directory: Path, indices: list[str], names: list[str]) -> str:
    maps = {name: read_weight_map(directory / name) for name in indices}
    first = maps[indices[0]]
    if any(other != first for other in maps.values()):  # Hugging Face's and MindSpore's may describe the same shards
        raise _ambiguous(directory, indices)
    # Beside the shards a whole copy may lie; which of the two is meant, or stale, cannot be told.
    if _SINGLE in names and _SINGLE not in first.values():
        # A save that was killed between the two says itself which one it had replaced.
        if is_in_transit(directory / _SINGLE):
            return indices[0]
        if is_in_transit(directory / indices[0]):
            return _SINGLE
        raise _ambiguous(directory, [_SINGLE, indices[0]])
    return indices[0]


def _claimed(names: Sequence[str], formats: Sequence[_formats.Format]) -> list[str]:
    return [name for name in names if any(format.claims(name) for format in formats)]


def _ambiguous(directory: Path, names: list[str]) -> CheckpointFormatError:
    return CheckpointFormatError(f"{directory}: holds {few(names, _SHOWN)}; give the path of the one to load")


def _nothing(names: list[str]) -> str:
    if not names:
        return "the directory is empty"
    pickles = [name for name in names if name.endswith((".bin", ".pt", ".pth", ".bin.index.json"))]
    if pickles:
        return (
            f"holds no .safetensors and no .ckpt, but {few(pickles, _SHOWN)}: PyTorch's pickles, which run code "
            "when they are read; convert them to safetensors first"
        )
    return f"holds no .safetensors, no .safetensors.index.json and no .ckpt, only {few(names, _SHOWN)}"
