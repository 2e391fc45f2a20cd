"""Read the header of a `.gguf` file."""

from __future__ import annotations

from pathlib import Path

from .._header import CheckpointHeader
from ._file import read_file
from ._tensor import header_of


def read_gguf(path: Path) -> CheckpointHeader:
    """Read the header of a GGUF file: its tensors under the names that they have there.

    Raises:
        CheckpointFormatError: the file breaks a rule of the format, or is none that holds a whole model.
        FileNotFoundError: there is no such file.
    """
    file = read_file(path)
    tensors = {name: header_of(file, tensor, name) for name, tensor in file.tensors.items()}
    return CheckpointHeader(path, "gguf", tensors, {key: _text(value) for key, value in file.metadata.items()})


_SHOWN = 16
"""Numbers of an array that stand in the metadata; of more, how many there are."""


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]" if len(value) <= _SHOWN else f"[{len(value)} numbers]"
    return str(value).lower() if isinstance(value, bool) else str(value)
