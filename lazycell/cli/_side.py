"""One of two things that are held against each other: a model, a manifest file or a checkpoint."""

from __future__ import annotations

from pathlib import Path

from .._errors import CheckpointFormatError
from ..manifest import Manifest
from ._model import Options, find, is_manifest, names_repository
from ._on_disk import on_disk

_WEIGHTS = (".safetensors", ".ckpt", ".index.json")


def find_side(text: str, options: Options | None = None) -> Manifest:
    """Give the manifest of what a word on the command line stands for; only headers are read, nothing is built.

    Args:
        text: a manifest file; a checkpoint, as a file, a directory that holds one, or a repository `ORG/NAME` in the
            hub's cache; or MODEL, as `find` has it.
        options: hyperparameters, for a class; a manifest and a checkpoint have theirs. And a repository's revision.

    Raises:
        click.UsageError: there is no such model, or the options do not go with it.
        LazyCellError: the registry, a config or a file refuses.
    """
    path = Path(text)
    if path.is_file() and is_manifest(path):
        return find(text).manifest
    if is_class(text):
        return find(text, options).manifest
    path = on_disk(text, None if options is None else options.revision)
    try:
        return Manifest.of_checkpoint(path)
    except CheckpointFormatError as error:
        if path.suffix != ".json" or path.name.endswith(_WEIGHTS):
            raise
        written = "nor is it a manifest, which `lazycell manifest MODEL --json` writes"
        raise CheckpointFormatError(f"{error}; {written}") from None


def is_class(text: str) -> bool:
    """Whether a word stands for a class, which takes hyperparameters: it is neither a file nor holds a checkpoint.

    What can be a repository `ORG/NAME` of the hub is none.
    A directory with a `config.json` and weights is the weights: who means the model names it.
    """
    path = Path(text)
    if not path.is_dir():
        return not path.is_file() and not names_repository(text)
    # With anything that may be weights, what is wrong with them is to be told.
    return (path / "config.json").is_file() and not any(
        each.name.endswith(_WEIGHTS) or each.name.startswith("pytorch_model") for each in path.iterdir()
    )
