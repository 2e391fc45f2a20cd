"""What `lazycell infer` says, in words of the command line: its options, where Python has arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..declaration._forms import form_text
from ..show._printable import printable
from ._typed import typed
from ._verdict import options_of

if TYPE_CHECKING:
    from .._errors import CheckpointMismatchError
    from ..inference._inference import Inference

_TODO = "\nwhat to do:\n"


def inference_words(inference: Inference) -> str:
    """Say whether the model fits the file, and if not, what to type.

    Args:
        inference: what the shapes tell.
    """
    from ..inference._inference import inference_verdict
    from ..manifest.file._canonical_values import plain

    if inference.mismatch:
        return _with_options(inference.mismatch, inference.causes)
    lacking = [name for name, each in inference.undetermined.items() if not each.default_fits]
    if inference.fits or not lacking:
        return inference_verdict(inference)
    examples = {name: plain(inference.assumed[name]) for name in lacking if name in inference.assumed}
    values = ((name, _typed_value(examples[name]) if name in examples else "...") for name in lacking)
    which = "it is" if len(lacking) == 1 else "they are"
    options = " ".join(f"--set {name}={value}" for name, value in values)
    return f"{', '.join(lacking)} cannot be left out: say what {which}, {options}"


def refusal_words(error: CheckpointMismatchError) -> str:
    """Say why a file is not this model, and what to type.

    Args:
        error: what solving the shapes ended with.
    """
    causes: Any = error.causes
    return _with_options(str(error).replace("or `rename` is needed", "or `--rename` is needed"), causes)


def _with_options(text: str, causes: Sequence[Any]) -> str:
    """Put options in the place of the arguments that a message proposes."""
    from ..mismatch._problems import advice

    said, _, _ = text.partition(_TODO)
    for line in advice(causes):
        said = said.replace(f": {printable(line)}", "")
    todo = [f"  {line}" for line in _todo(causes)]
    return said + (_TODO + "\n".join(todo) if todo else "")


def _todo(causes: Sequence[Any]) -> Iterator[str]:
    mending = options_of(causes, settable=True, only=("settings", "rename"))
    if mending:
        yield f"add {mending}"
    for old, new in ((old, new) for cause in causes for old, new in cause.rename.items()):
        # No option can say that one tensor is made of several, nor hold every name.
        if not isinstance(new, str) or typed(f"{old}={new}") is None:
            target = json.dumps(new) if isinstance(new, str) else form_text(new)
            yield printable(f"in Python: rename={{{json.dumps(old)}: {target}}}")
    leaving = options_of(causes, settable=False, only=("missing", "unexpected"))
    if leaving:
        yield f"where that may be so: `lazycell check` takes {leaving}"
    yield from (printable(cause.advice) for cause in causes if cause.advice)


def _typed_value(value: Any) -> str:
    return typed(value if isinstance(value, str) else json.dumps(value)) or "..."
