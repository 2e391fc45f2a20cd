"""What a tensor of an adapter is, told by its name, and of which module.

The names are those that `peft` writes (`utils/save_and_load.py`, `get_peft_model_state_dict`): `base_model.model.`,
a path in the model's class of transformers, and what is below. The name of the adapter itself is not in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..._errors import CheckpointFormatError
from ..._frozen import frozen
from ...formats import CheckpointHeader

PREFIX = "base_model.model."

_ENDS = {
    "lora_A.weight": "A",
    "lora_B.weight": "B",
    "lora_B.bias": "bias of B",
    "lora_embedding_A": "embedding A",
    "lora_embedding_B": "embedding B",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude_vector.weight": "magnitude",
    "ia3_l": "IA3",
    "token_adapter.trainable_tokens_delta": "token rows",
}
"""What the end of a name says; with any other, the tensor is one of the base's, whole."""

_OTHERS = (
    "lora_",
    "hada_",
    "lokr_",
    "oft_",
    "vera_",
    "ia3_",
    "boft_",
    "hra_",
    "vblora_",
    "fourierft_",
    "token_adapter",
)


@frozen
class Named:
    """A tensor of an adapter.

    Attributes:
        key: its name in the file.
        module: the path of the module, or, of a whole tensor, its name in the base.
        what: one of the values of `_ENDS`, or `whole`.
    """

    key: str
    module: str
    what: str


def names_in(header: CheckpointHeader) -> Iterator[Named]:
    """Walk the tensors of an adapter, but for those that say nothing.

    Raises:
        CheckpointFormatError: a name is none that `peft` writes.
    """
    for key in header.tensors:
        if not key.startswith(PREFIX):
            raise CheckpointFormatError(
                f"{header.path}: tensor {key!r}: the names of an adapter begin with {PREFIX!r}, as `save_pretrained` "
                "of peft writes them; peft itself loads others as no adapter at all: rename the tensors"
            )
        named = _named(key, key.removeprefix(PREFIX), header)
        if named is not None:
            yield named


def _named(key: str, name: str, header: CheckpointHeader) -> Named | None:
    for end, what in _ENDS.items():
        if name.endswith(f".{end}"):
            return Named(key, name[: -len(end) - 1], what)
    parts = name.split(".")
    if "original_module" in parts:  # what the module was before
        return None
    if any(part.startswith(_OTHERS) for part in parts):
        raise CheckpointFormatError(
            f"{header.path}: tensor {key!r}: lazycell knows no such tensor of an adapter: it knows "
            f"{', '.join(_ENDS)}, base_layer and whole tensors of the base"
        )
    return Named(key, ".".join(part for part in parts if part not in ("modules_to_save", "base_layer")), "whole")
