"""What `lazycell infer` says: as Python does, in the words of the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .. import mismatch, show
from ..manifest import file
from ._shell import Shell
from ._typed import typed

if TYPE_CHECKING:
    from .._errors import CheckpointMismatchError
    from ..inference import Inference

_SHELL = Shell(options=("rename",))


def inference_text(inference: Inference) -> str:
    """Write what the shapes tell and cannot tell, and whether the model fits the file, as a table.

    Args:
        inference: what the shapes tell.
    """
    from ..inference import inference_rows, inference_title  # whoever does not ask for it

    lines = [inference_title(inference)]
    for title, rows in inference_rows(inference):
        lines += [f"{title}:", *show.align(rows)]
    return "\n".join([*lines, inference_words(inference)])


def inference_words(inference: Inference) -> str:
    """Say whether the model fits the file, and if not, what to type.

    Args:
        inference: what the shapes tell.
    """
    from ..inference import inference_verdict  # whoever does not ask for it

    if inference.conflicts:
        return mismatch.Mismatch(inference.path, inference.model, inference.conflicts, inference.causes).text(_SHELL)
    lacking = [name for name, each in inference.undetermined.items() if not each.default_fits]
    if inference.fits or inference.mismatch or not lacking:
        return inference_verdict(inference)
    examples = {name: file.plain(inference.assumed[name]) for name in lacking if name in inference.assumed}
    values = ((name, _typed_value(examples[name]) if name in examples else "...") for name in lacking)
    which = "it is" if len(lacking) == 1 else "they are"
    options = " ".join(f"--set {name}={value}" for name, value in values)
    return f"{', '.join(lacking)} cannot be left out: say what {which}, {options}"


def refusal_words(error: CheckpointMismatchError) -> str:
    """Say why a file is not this model, and what to type.

    Args:
        error: what solving the shapes ended with.
    """
    found = error.mismatch
    return found.text(_SHELL) if isinstance(found, (mismatch.Mismatch, mismatch.Strangers)) else str(error)


def _typed_value(value: Any) -> str:
    return typed(value if isinstance(value, str) else json.dumps(value)) or "..."
