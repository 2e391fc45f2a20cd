"""What `lazycell infer` says: as Python does, in the words of the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .. import inference, mismatch, show
from ..manifest import file
from ._shell import Shell
from ._typed import typed

if TYPE_CHECKING:
    from .._errors import CheckpointMismatchError
    from ..inference import Inference

_SHELL = Shell(options=("rename",))


def inference_text(found: Inference) -> str:
    """Write what the shapes tell and cannot tell, and whether the model fits the file, as a table.

    Args:
        found: what the shapes tell.
    """
    lines = [inference.inference_title(found)]
    for title, rows in inference.inference_rows(found):
        lines += [f"{title}:", *show.align(rows)]
    return "\n".join([*lines, inference_words(found)])


def inference_words(found: Inference) -> str:
    """Say whether the model fits the file, and if not, what to type.

    Args:
        found: what the shapes tell.
    """
    if found.conflicts:
        return mismatch.Mismatch(found.path, found.model, found.conflicts, found.causes).text(_SHELL)
    lacking = [name for name, each in found.undetermined.items() if not each.default_fits]
    if found.fits or found.mismatch or not lacking:
        return inference.inference_verdict(found)
    examples = {name: file.plain(found.assumed[name]) for name in lacking if name in found.assumed}
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
