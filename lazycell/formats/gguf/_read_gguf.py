"""Read the header of a `.gguf` file."""

from __future__ import annotations

from pathlib import Path

from .._header import CheckpointHeader
from ._file import read_file
from ._original import original_tensors


def read_gguf(path: Path) -> CheckpointHeader:
    """Read the header of a GGUF file: its tensors as they were before it was made, where the architecture is known.

    Of others they have GGUF's own names and values.

    Raises:
        CheckpointFormatError: the file breaks a rule of the format, or is none that holds a whole model.
        FileNotFoundError: there is no such file.
    """
    file = read_file(path)
    metadata = {key: _text(value) for key, value in file.metadata.items()}
    return CheckpointHeader(path, "gguf", original_tensors(file), metadata)


_SHOWN = 16
"""Numbers of an array that stand in the metadata; of more, how many there are."""


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]" if len(value) <= _SHOWN else f"[{len(value)} numbers]"
    return str(value).lower() if isinstance(value, bool) else str(value)
