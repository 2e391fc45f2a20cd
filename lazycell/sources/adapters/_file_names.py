"""Names in an adapter that is one file: those of kohya's scripts, and those that diffusers writes.

kohya (`networks/lora.py`): `lora_unet_` and a path with `_` for each dot, `.lora_down.weight`, `.lora_up.weight` and
`.alpha`. diffusers (`loaders/lora_base.py`): `unet.` and a path, `.lora_A.weight` and `.lora_B.weight`, or
`.lora.down.weight` and `.lora.up.weight`; its config is among the metadata.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..._errors import CheckpointFormatError
from ...formats import CheckpointHeader
from ._adapter_names import Named

_KOHYA = re.compile(r"(?P<part>lora_(?:unet|te\d*|transformer|prior))_(?P<module>[^.]+)\.(?P<what>.+)")
_DIFFUSERS = re.compile(
    r"(?P<part>unet|text_encoder(?:_\d)?|transformer(?:_\d)?|prior)\.(?P<module>.+?)"
    r"\.(?P<what>lora_[AB]\.weight|lora_magnitude_vector|lora\.(?:up|down)\.weight|alpha)"
)
_WHATS = {
    "lora_down.weight": "A",
    "lora_up.weight": "B",
    "lora_A.weight": "A",
    "lora_B.weight": "B",
    "lora.down.weight": "A",
    "lora.up.weight": "B",
    "lora_magnitude_vector": "magnitude",
    "alpha": "alpha",
}


def is_one_file(header: CheckpointHeader) -> bool:
    """Whether a file is an adapter by itself: its first tensor is called as in one."""
    name = next(iter(header.tensors), "")
    return _KOHYA.fullmatch(name) is not None or _DIFFUSERS.fullmatch(name) is not None


def named_in_file(key: str, path: Path) -> tuple[str, Named]:
    """Tell which model a tensor is for, and what it is.

    Raises:
        CheckpointFormatError: its name is none of these.
    """
    match = _KOHYA.fullmatch(key) or _DIFFUSERS.fullmatch(key)
    what = _WHATS.get(match["what"]) if match else None
    if match is None or what is None:
        raise CheckpointFormatError(
            f"{path}: lazycell knows no tensor {key!r} of an adapter in one file: it knows lora_down, lora_up and "
            "alpha of kohya's, lora_A and lora_B of diffusers, and merges none of what LyCORIS adds (lora_mid, hada, "
            "lokr, dora_scale)"
        )
    return match["part"], Named(key, match["module"], what)
