"""How a load is to go, in one object: what the signatures of loads repeat."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .. import sources
from .._frozen import frozen

if TYPE_CHECKING:
    from ..sources.adapters import Adapters


@frozen
class LoadOptions:
    """What a user says about a load: the keywords of `load_checkpoint`, `from_pretrained` and `plan`.

    Attributes:
        missing: what to do with parameters that the checkpoint lacks: `"error"`, `"init"`, or a list of name
            patterns (`fnmatch`) of those that may be missing.
        unexpected: what to do with tensors that the model does not declare: `"error"`, `"ignore"`, or name
            patterns of those that may be ignored.
        dtype: `"cast"` converts a float to the declared float and an integer to a wider one, `"strict"` takes
            only the declared dtype, `"checkpoint"` gives the parameter the file's (a float for a float, an
            integer for an integer).
        partial: whether a base may be loaded from the checkpoint of a model with a head, and such a model from a
            base's or another head's; a head that is not there, or of another shape, is left to its initializers.
            `"new"`: a head that the checkpoint has, has to fit.
        rename: from the checkpoint's names to the model's; a name may have captures, `{i}` for one dotted
            segment, `{*rest}` for several. A value may be a section of a parameter, `qkv[q]`, or names in `fused`,
            `transposed` and `reshaped`.
        mmap: map the file where its values can be used as they lie.
        progress: called with the bytes done and the bytes in all.
        verify: compare every tensor with its checksum before any is used.
        dec_key: the key of an encrypted `.ckpt`.
        dec_mode: how it is encrypted; None: as MindSpore does by default.
        timeout: on a mesh: seconds to wait for an answer of another rank.
        adapter: what is merged into the weights as they are read: the directory of an adapter of PEFT, such a directory
            and its weight, or a list of both.
        quantization: how the weights are stored, as a `quantization_config` says it, where no config.json beside the
            file does.
    """

    missing: str | Iterable[str] = "error"
    unexpected: str | Iterable[str] = "error"
    dtype: str = "cast"
    partial: bool | str = False
    rename: Mapping[str, Any] | None = None
    mmap: bool = True
    progress: Callable[[int, int], None] | None = None
    verify: bool = False
    dec_key: bytes | None = attrs.field(default=None, repr=False)
    dec_mode: str | None = None
    timeout: float = 300.0
    adapter: Adapters | None = None
    quantization: Mapping[str, Any] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Give them as keywords, for a method that a class may have overridden."""
        return {each.name: getattr(self, each.name) for each in attrs.fields(LoadOptions)}

    def permissions(self) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
        """Tell which parameters may be missing, and which tensors ignored.

        Raises:
            ValueError: `missing`, `unexpected` or `dtype` has a value that means nothing, or weights that are stored as
                `quantization` says cannot be loaded.
            TypeError: `quantization` is no mapping.
        """
        both = _permitted("missing", self.missing, "init"), _permitted("unexpected", self.unexpected, "ignore")
        if self.dtype not in ("cast", "strict", "checkpoint"):
            raise ValueError(f'dtype={self.dtype!r:.200}: choose "cast", "strict" or "checkpoint"')
        if self.partial is not True and self.partial is not False and self.partial != "new":
            raise ValueError(f'partial={self.partial!r:.80}: choose True, False, or "new" for a head that is not there')
        if self.quantization is not None:
            sources.check_quantization(self.quantization)
        return both


def _permitted(argument: str, value: object, lenient: str) -> Callable[[str], bool]:
    """Give a test of whether a name is one of those that an argument permits.

    Args:
        argument: what it is called.
        value: `"error"`, the lenient word, or name patterns (`fnmatch`).
        lenient: the word that permits everything.

    Raises:
        ValueError: the value is none of these.
    """
    if isinstance(value, str) and value in ("error", lenient):
        return _matcher(["*"] if value == lenient else [])
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f'{argument}={value!r:.200}: choose "error", "{lenient}" or a list of name patterns')
    if isinstance(value, Mapping):  # its values would be passed over, whatever they were meant to say
        listed = ", ".join(json.dumps(key, ensure_ascii=False) if isinstance(key, str) else repr(key) for key in value)
        raise ValueError(
            f"{argument}={value!r:.200}: patterns are a list, a mapping gives them values that mean nothing: "
            f"write {argument}=[{listed:.200}]"
        )
    patterns = list(value)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ValueError(f"{argument}: a name pattern has to be a string, not {pattern!r:.200}")
    return _matcher(patterns)


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    # One expression for all patterns: names are many.
    translated = [fnmatch.translate(pattern) for pattern in patterns]
    if not translated:
        return lambda name: False
    match = re.compile("|".join(translated)).match
    return lambda name: match(name) is not None
