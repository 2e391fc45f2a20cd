"""What an adapter is: its config, the header of its tensors, and how much of it is wanted."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import TypeAlias

from ..._arguments import file_path
from ..._errors import CheckpointFormatError
from ..._frozen import frozen
from ...formats import CheckpointHeader, open_checkpoint
from ._adapter_config import CONFIG, AdapterConfig, read_config
from ._file_names import is_one_file

One: TypeAlias = str | os.PathLike[str] | tuple[str | os.PathLike[str], float]
Adapters: TypeAlias = One | Sequence[One]
"""A directory, or `(directory, weight)`, or a list of those."""

ONE_FILE = "pytorch_lora_weights.safetensors"
"""What diffusers calls an adapter in one file."""

FILES = ("adapter_model.safetensors", "adapter_model.bin")
"""What the tensors of an adapter are in; the first that is there counts, as in `peft`."""


@frozen
class Adapter:
    """One adapter, before it is held against a base.

    Attributes:
        path: of its directory, or of a file.
        header: of its tensors.
        weight: what its changes are multiplied by.
        config: what is said of them beside the file.
    """

    path: Path
    header: CheckpointHeader
    weight: float
    config: AdapterConfig


def read_adapters(given: Adapters) -> tuple[Adapter, ...]:
    """Read the configs and headers of adapters.

    Args:
        given: a directory, or `(directory, weight)`, or a list of those.

    Raises:
        TypeError: it is none of these.
        ValueError: a weight is no finite number, or a list is empty.
        FileNotFoundError: there is nothing at a path.
        ConfigError: an `adapter_config.json` is not there or none, or asks for what lazycell does not merge.
        CheckpointFormatError: a directory has no adapter, or the file in it is malformed.
    """
    several: Sequence[One] = given if isinstance(given, list) else [given]  # type: ignore[list-item]
    if isinstance(given, tuple) and not _is_pair(given):
        several = given
    if not several:
        raise ValueError("adapter is an empty list: leave it out, or give the directory of an adapter")
    return tuple(_read(*_path_and_weight(each)) for each in several)


def _is_pair(given: tuple[object, ...]) -> bool:
    return len(given) == 2 and not isinstance(given[1], str | os.PathLike | tuple)


def _path_and_weight(given: object) -> tuple[Path, float]:
    weight: object = 1.0
    place = given
    if isinstance(given, tuple):
        if len(given) != 2:
            raise TypeError(f"adapter: {given!r:.80} is neither a directory nor (directory, weight)")
        place, weight = given
    if not isinstance(place, str | os.PathLike):
        raise TypeError(
            f"adapter has to be the directory of an adapter, (directory, weight) or a list of those, not {given!r:.80}"
        )
    if isinstance(weight, bool) or not isinstance(weight, Real):
        raise TypeError(f"adapter: the weight of {str(place)!r:.80} has to be a number, not {weight!r:.80}")
    try:
        number = float(weight)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"adapter: the weight of {str(place)!r:.80} has to be a finite number, not {weight!r:.80}")
    return file_path(place, "adapter"), number


def _read(path: Path, weight: float) -> Adapter:
    if not path.exists():
        raise FileNotFoundError(f"there is no adapter at {path}")
    if path.is_dir() and not (path / CONFIG).exists() and (path / ONE_FILE).is_file():
        path /= ONE_FILE
    if not path.is_dir() and path.name not in (*FILES, CONFIG):
        header = open_checkpoint(path)
        if not is_one_file(header):
            raise CheckpointFormatError(
                f"{path}: it is no adapter in one file, as kohya's scripts and diffusers write them; of peft, give the "
                f"directory that has {CONFIG} and {FILES[0]}"
            )
        return Adapter(path, header, weight, AdapterConfig(path, alphas={}))
    path = path if path.is_dir() else path.parent
    config = read_config(path / CONFIG)
    for name in FILES:
        if (path / name).is_file():
            return Adapter(path, open_checkpoint(path / name), weight, config)
    raise CheckpointFormatError(f"{path}: there is neither {FILES[0]} nor {FILES[1]}, which have an adapter's tensors")
