"""Causes in what kind of file it is: one shard of several, quantized weights, an adapter, an optimizer's state."""

from __future__ import annotations

import re
from pathlib import Path

from .. import formats
from .._errors import LazyCellError
from ..show import few
from ..sources import NO_BLOCKS, NO_CONFIG, quantized_tensors
from ._dialect import Argument, Words
from ._problems import Cause
from ._sides import Sides

_SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.[a-z]+")

# What MindSpore's optimizers (`nn`, `mint.optim`, `experimental.optim`) put before the name of a parameter.
_STATES = frozenset(
    "accum accum_update adam_m adam_v ax exp_avg exp_avg_sq exp_inf lamb_m lamb_v linear max_exp_avg_sq mean_grad "
    "mean_square moment moment1 moment2 moments momentum_buf prev stat step_size vhat".split()
)
# Numbers that they, and MindSpore's training loop, save beside the parameters.
_COUNTERS = frozenset(
    "beta1_power beta2_power current_iterator_step epoch_num global_step last_overflow_iterator_step learning_rate "
    "loss_scale momentum scale_sense state_step step_num weight_decay".split()
)
# What PyTorch's modules save and no model needs: counters, masks, tables that are computed.
_BOOKKEEPING = frozenset("num_batches_tracked inv_freq position_ids masked_bias relative_position_index".split())

# Files of a set that are not there, of which names are told.
_LACKING = 3

_LOW_RANK = re.compile(r"(?:^|[._])lora_(?:A|B|down|up|embedding_A|embedding_B|magnitude_vector)(?:[._]|$)")


def shard(sides: Sides, path: Path) -> Cause | None:
    """One file of several: what is missing is in the others."""
    match = _SHARD.fullmatch(path.name)
    if match is None or int(match[3]) < 2 or not sides.missing or not sides.fitting:
        return None
    text = f"{path.name} is one file of {int(match[3])}"
    return Cause("shard", text, frozenset(sides.missing), todo=_whole(path, match[1], int(match[3])))


def _whole(path: Path, stem: str, count: int) -> str:
    """Say what to load to have all files of a set: what was tried, and has this one among its files."""
    directory = path.parent
    members = [f"{stem}-{number:05}-of-{count:05}{path.suffix}" for number in range(1, count + 1)]
    lacking = [name for name in members if not (directory / name).exists()]
    if lacking:
        are = "is" if len(lacking) == 1 else "are"
        return f"{few(lacking, _LACKING)} {are} not beside it: get all, then load {directory}"
    for whole in (directory, directory / f"{stem}{path.suffix}.index.json"):
        try:
            header = formats.open_checkpoint(whole)
        except (LazyCellError, OSError):
            continue
        if any(getattr(part, "path", None) == path for each in header.tensors.values() for part in each.ranges):
            return f"load {whole}, which all of them belong to"
    return (
        f"{directory} holds other checkpoints too: put the {count} files into a directory of their own, and load that"
    )


def quantized(sides: Sides) -> Cause | None:
    """Weights that are codes, with scales beside them."""
    if not sides.quantized:
        return None
    found = [each for each in quantized_tensors(sides.tensors) if each.codes in sides.quantized]
    explained = frozenset(sides.quantized).union(name for each in found for name in (each.name, *each.names))
    layouts = ", ".join(dict.fromkeys(each.layout for each in found))
    many = "1 tensor holds" if len(sides.quantized) == 1 else f"{len(sides.quantized)} tensors hold"
    of = f" ({layouts})" if layouts else ""
    text = f"a quantized checkpoint{of}: {many} codes, which are no weights without their scales"
    why = {*sides.quantized.values()}
    if why <= {NO_BLOCKS, NO_CONFIG}:
        advice = (
            "put the model's config.json beside the file, which tells what the codes are; in Python, what stands there "
            "under quantization_config may be passed as `quantization` instead"
        )
    elif why == {""}:
        advice = "let the model declare the codes as well as their scales, or neither"
    else:
        advice = "take the float original, or one that was written out in floats again"
    return Cause("quantized", text, explained, todo=advice)


def adapter(sides: Sides) -> Cause | None:
    """Low-rank matrices that are added to a model's own weights."""
    found = [key for key in sides.unexpected if "lora_" in key and _LOW_RANK.search(key)]
    if not found:
        return None
    if 2 * len(found) >= len(sides.tensors):
        text = f"an adapter (LoRA), not a model: {len(found)} of its {len(sides.tensors)} tensors are low-rank matrices"
        advice: Words = ("load the model that it was trained on, with ", Argument("adapter", "DIR"), ", its directory")
        return Cause("adapter", text, frozenset((*found, *sides.missing)), todo=advice)
    text = (
        f"the checkpoint has an adapter (LoRA) beside the weights, {len(found)} low-rank matrices that were not merged"
    )
    inside = [key for key in sides.unexpected if ".base_layer." in f".{key}"]
    if inside:  # a state dict of PEFT's own model, or of a net with adapters swapped in
        lacking = {re.sub(r"\bbase_layer\.", "", key) for key in inside}.intersection(sides.missing)
        advice = (
            "save the adapter alone, with `save_pretrained` of PEFT or `lazycell.save_adapter`, and load the model "
            "that it was trained on with ",
            Argument("adapter", "DIR"),
            ", its directory",
        )
        return Cause("adapter", text, frozenset((*found, *inside, *lacking)), todo=advice)
    return Cause(
        "adapter", text, frozenset(found), unexpected=("*lora_*",), todo="without them the model is the one before"
    )


def optimizer(sides: Sides) -> Cause | None:
    """The state of an optimizer, saved with the weights."""
    patterns: dict[str, None] = {}
    found: list[str] = []
    for key, tensor in sides.unexpected.items():
        head, _, rest = key.partition(".")
        if head in _STATES and (rest in sides.tensors or rest in sides.manifest):
            patterns[f"{head}.*"] = None
        elif key in _COUNTERS and tensor.shape in ((), (1,)):
            patterns[key] = None
        else:
            continue
        found.append(key)
    if not found:
        return None
    many = "1 tensor" if len(found) == 1 else f"{len(found)} tensors"
    text = f"the checkpoint also holds an optimizer's state or counters of the training: {many}"
    return Cause("optimizer", text, frozenset(found), unexpected=tuple(patterns))


def bookkeeping(sides: Sides) -> Cause | None:
    """Counters, masks and tables that PyTorch's modules save."""
    ends = {
        key: _end(key, tensor.shape)
        for key, tensor in sides.unexpected.items()
        if key.rpartition(".")[2] in _BOOKKEEPING or _is_causal_mask(key, tensor.shape)
    }
    if not ends:
        return None
    found, lasts = list(ends), dict.fromkeys(ends.values())
    patterns = {
        f"*.{last}" if any(key != last for key in found if key.endswith(last)) else last: None for last in lasts
    }
    text = f"the checkpoint has what PyTorch's modules save and this model does not need: {sides.listed(found)}"
    return Cause("bookkeeping", text, frozenset(found), unexpected=tuple(patterns))


def _is_causal_mask(key: str, shape: tuple[int, ...]) -> bool:
    """Tell whether this is what GPT-2 and its kin save of every layer: ones below the diagonal, called a bias."""
    return key.endswith(".bias") and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]


def _end(key: str, shape: tuple[int, ...]) -> str:
    """Give as much of the end of a name as tells what it is: of a mask, whose bias it is."""
    return ".".join(key.split(".")[-2 if _is_causal_mask(key, shape) else -1 :])
