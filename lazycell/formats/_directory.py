"""Choose the files that hold a directory's weights: those that transformers would load, or the only ones there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .._errors import CheckpointFormatError
from ..show import few
from . import _formats
from ._hidden import RANKS_SUFFIX, is_in_transit
from ._other_contents import what_it_is
from ._sharded import NAME_MAP, files_named, read_weight_map

_WHOLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_SHOWN = 5
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")

# What lies beside a model, and is none: adapters, what trainers write (`transformers/trainer.py`,
# `accelerate/checkpointing.py`), and another program's weights.
_BESIDE = re.compile(
    r"(training_args|optimizer|scheduler|scaler|rng_state.*|sampler.*)\.(bin|pt|pth)|adapter_model\.(bin|safetensors)"
    r"|openvino_model.*\.bin"
)
# Beside a text model, what looks or listens; and how parts of a large one are called (`llama.cpp`, `gguf-split.cpp`).
_NO_TEXT_MODEL = re.compile(r"^mmproj|[-._]mmproj", re.IGNORECASE)
_PART_OF_GGUF = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<count>\d{5})\.gguf")
_MEMBER = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.safetensors|\.bin)")


def find_checkpoint(directory: Path) -> tuple[Path, ...]:
    """Choose the file, or the index; the shards of a set, all of them, where there is no index.

    In this order: `model.safetensors`, an index over files of safetensors, the index of what ranks saved,
    `pytorch_model.bin`, its index, the only other checkpoint or complete set, the only file of GGUF, the only file of a
    format that packages announce. But for what ranks saved, this begins in the order of transformers
    (`modeling_utils.py`, `_get_resolved_checkpoint_files`).

    Raises:
        CheckpointFormatError: there is none, or more than one it could be.
    """
    entries = sorted(directory.iterdir())
    chosen = choose(directory, [entry.name for entry in entries if not entry.is_dir()])
    if not chosen:
        raise CheckpointFormatError(f"{directory}: {_nothing(directory, [entry.name for entry in entries])}")
    return tuple(directory / name for name in chosen)


def choose(directory: Path, files: Iterable[str]) -> Sequence[str]:
    """Choose as `find_checkpoint` does among names of files; only the indices have to be in the directory already.

    Raises:
        CheckpointFormatError: an index is none, or a set is not complete.
        CheckpointFormatError: there is more than one that it could be; `choices` has them.
    """
    # Hidden files are no one's choice: macOS leaves `._model.safetensors` beside every file it copies.
    names = [name for name in files if not name.startswith(".")]
    standard = _standard(directory, names)
    if standard is not None:
        return [standard]
    apart = (_formats.SHARDED, _formats.GGUF)
    formats = [format for format in _formats.registered_formats() if format not in apart]
    found = [name for name in _claimed(names, formats) if _BESIDE.fullmatch(name) is None]
    whole = [name for name in found if not is_in_transit(directory / name)]
    if found and not whole:
        raise CheckpointFormatError(
            f"{directory}: holds {few(found, _SHOWN)}, of a save that did not come to its end: it was killed, or "
            "still goes on. There was no checkpoint before; the next save there removes them"
        )
    sets, alone = _grouped(whole)
    if not whole:
        alone = _of_gguf(names) or _announced(names)
    if sets and len(sets) + len(alone) > 1:
        raise CheckpointFormatError(
            f"{directory}: holds {few(whole, _SHOWN)}: more than one checkpoint, of several files without an index; "
            "keep each in a directory of its own, and give that of the one to load",
            tuple(whole),
        )
    if sets:
        return _complete(directory, *sets.popitem())
    if len(alone) > 1:
        raise _ambiguous(directory, alone)
    return alone


def files_of(directory: Path, chosen: Sequence[str]) -> list[str]:
    """List the files of a choice: of an index, itself and the shards that it names, which need not be there.

    Raises:
        CheckpointFormatError: the index is none.
        FileNotFoundError: it is not there.
    """
    shards = [shard for name in chosen if is_index(name) for shard in files_named(directory / name)]
    return [*chosen, *dict.fromkeys(shards)]


def indices_among(names: Iterable[str]) -> list[str]:
    """Keep the names of indices over files of safetensors, which `choose` reads."""
    indices = [name for name in names if is_index(name) and not name.endswith((".bin.index.json", RANKS_SUFFIX))]
    if _INDEX in indices:  # others are variants, such as `model.fp16.safetensors.index.json`
        indices = [name for name in indices if name in (_INDEX, NAME_MAP)]
    return indices


def is_index(name: str) -> bool:
    return name.endswith((".safetensors.index.json", ".bin.index.json", RANKS_SUFFIX)) or name == NAME_MAP


def _standard(directory: Path, names: Sequence[str]) -> str | None:
    """Give what transformers would load, if it is there; what ranks saved, unless files of safetensors are."""
    found = _of_safetensors(directory, names)
    ranks = [name for name in names if name.endswith(RANKS_SUFFIX)]
    if ranks and found is not None and is_in_transit(directory / found):
        ranks = [name for name in ranks if not is_in_transit(directory / name)]
    elif found is not None:
        return found
    if len(ranks) > 1:
        raise _ambiguous(directory, ranks)
    return ranks[0] if ranks else found or next((name for name in _PICKLED if name in names), None)


def _of_safetensors(directory: Path, names: Sequence[str]) -> str | None:
    """Give the whole file of safetensors, or the index, whichever counts."""
    indices = indices_among(names)
    # A save that was killed between a whole file and an index says itself which one it had replaced.
    whole = _WHOLE in names and not (indices and is_in_transit(directory / _WHOLE))
    if indices and not (whole and is_in_transit(directory / indices[0])):
        maps = {name: read_weight_map(directory / name) for name in indices}
        first = maps[indices[0]]
        if whole and _WHOLE not in first.values():
            return _WHOLE
        if any(other != first for other in maps.values()):  # Hugging Face's and MindSpore's may be of the same shards
            raise _ambiguous(directory, indices)
        return indices[0]
    return _WHOLE if whole else None


def _grouped(names: Iterable[str]) -> tuple[dict[tuple[str, str, int], set[str]], list[str]]:
    """Part the members of sets from what stands alone; a set has a stem, a suffix, and how many it should have."""
    sets: dict[tuple[str, str, int], set[str]] = {}
    alone: list[str] = []
    for name in names:
        member = _MEMBER.fullmatch(name)
        if member is None:
            alone.append(name)
        else:
            sets.setdefault((member["stem"], member["suffix"], int(member["count"])), set()).add(name)
    return sets, alone


def _complete(directory: Path, kind: tuple[str, str, int], names: set[str]) -> list[str]:
    stem, suffix, count = kind
    wanted = [f"{stem}-{number:05}-of-{count:05}{suffix}" for number in range(1, min(count, len(names) + 1) + 1)]
    missing = [name for name in wanted if name not in names]
    if missing or len(names) != count:
        raise CheckpointFormatError(
            f"{directory}: holds {len(names)} of the {count} files of one checkpoint, {few(sorted(names), _SHOWN)}; "
            f"{missing[0] if missing else 'another'} is missing: was the download complete?"
        )
    return wanted


def _of_gguf(names: Sequence[str]) -> list[str]:
    """Keep the files of GGUF that are models, where nothing else holds the weights: in floats, they are exact.

    Of one that was split the first part is given: reading it tells how the parts are joined.
    """
    found = _claimed(names, [_formats.GGUF])
    found = [name for name in found if _NO_TEXT_MODEL.search(name) is None] or found
    parts = [_PART_OF_GGUF.fullmatch(name) for name in found]
    whole = {part and (part["stem"], part["count"]) for part in parts}
    return found[:1] if len(whole) == 1 and None not in whole else found


def _announced(names: Sequence[str]) -> list[str]:
    announced, problems = _formats.announced_formats()
    candidates = _claimed(names, [format for _, format in announced])
    if not candidates and problems:
        raise problems[0]
    return candidates


def _claimed(names: Sequence[str], formats: Sequence[_formats.Format]) -> list[str]:
    return [name for name in names if any(format.claims(name) for format in formats)]


def _ambiguous(directory: Path, names: list[str]) -> CheckpointFormatError:
    return CheckpointFormatError(
        f"{directory}: holds {few(names, _SHOWN)}; give the path of the one to load, such as {directory / names[0]}",
        tuple(names),
    )


def _nothing(directory: Path, names: list[str]) -> str:
    if not names:
        return "the directory is empty"
    what = what_it_is(directory, names)
    if what is not None:
        return what
    shown = few(names, _SHOWN)
    return f"holds no .safetensors, no .safetensors.index.json, no .ckpt, no .bin of PyTorch and no .gguf, only {shown}"
