"""Write an adapter as PEFT reads it: `adapter_config.json` and `adapter_model.safetensors`, replaced together.

The names and keys are those of `peft` 0.21 (`utils/save_and_load.py`, `LoraConfig`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .._dtypes import FLOATING
from .._errors import CheckpointError
from .._frozen import frozen
from ..formats import TensorHeader, open_checkpoint
from ..reading import Reader
from ._companion import Companion
from ._destination import destination_of
from ._output import content_of_stored
from ._save import Losses, SaveReport, save

ADAPTER_PREFIX = "base_model.model."
CONFIG = "adapter_config.json"
TENSORS = "adapter_model.safetensors"

_PAIR = re.compile(r"(?P<module>.+)\.(?P<kind>lora_(?:embedding_)?)(?P<side>[AB])(?:\.weight)?")


@frozen
class AdapterFacts:
    """What an adapter's config says beside what its tensors tell.

    Attributes:
        alphas: by module; those that are not there: the rank of the module, which scales its change by 1.
        base: what `base_model_name_or_path` is to say; None: nothing.
        task_type: PEFT's word for what the model does, `"CAUSAL_LM"` say; None: nothing.
        fan_in_fan_out: whether the weights that change are stored as (in, out).
    """

    alphas: Mapping[str, float]
    base: str | None = None
    task_type: str | None = None
    fan_in_fan_out: bool = False


def write_adapter(
    directory: Path,
    arrays: Mapping[str, Any],
    facts: AdapterFacts,
    progress: Callable[[int, int], None] | None = None,
) -> SaveReport:
    """Write the two files of an adapter into a directory that is there.

    Args:
        directory: for them; other files in it stay.
        arrays: by name: `<module>.lora_A`, (rank, in), and `<module>.lora_B`, (out, rank); of an embedding
            `<module>.lora_embedding_A`, (rank, size), and `<module>.lora_embedding_B`, (width, rank); the names that
            PEFT has in files mean the same. Any other name is that of a tensor of the model, which is stored whole.
        facts: for the config.
        progress: called with the bytes done and the bytes in all.

    Raises:
        CheckpointError: there are no pairs, half of one, or one of two ranks.
        OSError: a file cannot be written; what was there is as it was.
    """
    header = open_checkpoint({name.removeprefix(ADAPTER_PREFIX): array for name, array in arrays.items()})
    pairs: dict[str, dict[str, TensorHeader]] = {}
    names: dict[str, str] = {}
    whole: dict[str, None] = {}
    for name, tensor in header.tensors.items():
        match = _PAIR.fullmatch(name)
        if match is None:
            if "lora_" in name:
                raise CheckpointError(
                    f"{name!r} is no name of an adapter's tensor: write `<module>.lora_A` and `<module>.lora_B`, or "
                    "`lora_embedding_A` and `lora_embedding_B` of a table"
                )
            names[name] = ADAPTER_PREFIX + name
            whole[name.rpartition(".")[0]] = None
            continue
        if tensor.dtype not in FLOATING or len(tensor.shape) not in (2, 4):
            raise CheckpointError(f"{name!r} is {tensor.dtype} {tensor.shape}: it has to be a matrix of floats")
        pairs.setdefault(match["module"], {})[match["side"]] = tensor
        names[name] = f"{ADAPTER_PREFIX}{match['module']}.{match['kind']}{match['side']}"
        if match["kind"] == "lora_":
            names[name] += ".weight"
    ranks = {module: _rank(module, pair) for module, pair in pairs.items()}
    if not ranks:
        raise CheckpointError(f"{directory}: there is no pair of matrices to save, `lora_A` and `lora_B` of any module")
    for module in facts.alphas:
        if module not in ranks:
            raise CheckpointError(f"alpha is given for {module!r}, which is none of the modules")
    content = (json.dumps(_config(ranks, [*whole], facts), indent=2, sort_keys=True) + "\n").encode()
    losses = Losses()
    with Reader(mmap=False) as reader:
        return save(
            destination_of(directory / TENSORS, "safetensors", None),
            [
                content_of_stored(tensor, reader, names[name], tensor.dtype, losses)
                for name, tensor in header.tensors.items()
            ],
            metadata={"format": "pt"},
            progress=progress,
            companion=Companion(directory / CONFIG, content),
        )


def _rank(module: str, pair: Mapping[str, TensorHeader]) -> int:
    if len(pair) < 2:
        there = next(iter(pair.values())).name
        raise CheckpointError(f"{there!r} is half of a pair: {module!r} needs both, A and B")
    narrow, wide = pair["A"], pair["B"]
    if narrow.shape[0] != wide.shape[1] or 0 in (*narrow.shape, *wide.shape):
        raise CheckpointError(
            f"{narrow.name!r} is {narrow.shape} and {wide.name!r} is {wide.shape}: they have to be (rank, in) and "
            "(out, rank), of one rank"
        )
    return narrow.shape[0]


def _config(ranks: Mapping[str, int], whole: list[str], facts: AdapterFacts) -> dict[str, Any]:
    """Give the `adapter_config.json`; where modules differ, what most have is said once."""
    alphas = {module: _plain(facts.alphas.get(module, rank)) for module, rank in ranks.items()}
    rank, alpha = (Counter(each.values()).most_common(1)[0][0] for each in (ranks, alphas))
    # The longest first: PEFT takes the first pattern that the end of a name matches.
    order = sorted(ranks, key=len, reverse=True)
    is_varied = len({*alphas.values()}) > 1, len({*ranks.values()}) > 1
    return {
        "peft_type": "LORA",
        "task_type": facts.task_type,
        "base_model_name_or_path": facts.base,
        "inference_mode": True,
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": {_pattern(each): ranks[each] for each in order} if is_varied[1] else {},
        "alpha_pattern": {_pattern(each): alphas[each] for each in order} if is_varied[0] else {},
        "target_modules": sorted(ranks),
        "modules_to_save": whole or None,
        "bias": "none",
        "lora_dropout": 0.0,
        "fan_in_fan_out": facts.fan_in_fan_out,
        "use_rslora": False,
        "use_dora": False,
    }


def _pattern(module: str) -> str:
    return re.escape(module)


def _plain(alpha: float) -> float:
    """Give a whole number as such, as PEFT's configs have it."""
    return int(alpha) if float(alpha).is_integer() else float(alpha)
