"""Convert a checkpoint into another, without a model: its format, dtypes, names, and how many files it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import _dtypes, sources
from .._arguments import check_progress
from .._errors import CheckpointError, CheckpointFormatError
from .._harmless import Lines, printable
from ..formats import CheckpointHeader, TensorHeader, gguf, open_checkpoint
from ..layout import apply_rules, parse_rules
from ..manifest import DIGEST
from ..reading import Reader
from ..show import collapse, few, few_lines
from ..sources import adapters
from ._destination import destination_of, floating_dtype
from ._output import content_of_stored
from ._save import Losses, SaveReport, save
from ._write_safetensors import CRC32

if TYPE_CHECKING:
    from ..sources.adapters import Adapters

_PROBLEMS_SHOWN = 40

# What describes the old files, not the tensors.
_OF_FILES = frozenset({CRC32, "crc_num", "total_size"})


def convert(
    src: str | os.PathLike[str] | Mapping[str, object],
    dst: str | os.PathLike[str],
    *,
    dtype: object = None,
    rename: Mapping[str, str] | None = None,
    max_shard_size: int | str | None = None,
    format: str | None = None,
    quantization: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    adapter: Adapters | None = None,
) -> SaveReport:
    """Read a checkpoint and write it as another; no more than a few megabytes are in memory at any time.

    Args:
        src: a file, an index, a directory, or a dict of arrays: anything that `open_checkpoint` opens.
        dst: a name that ends in `.safetensors` or `.ckpt`, or a directory, for `model.safetensors` in it. What is
            there is replaced when the new checkpoint is whole; it may be `src`.
        dtype: of floating-point tensors; others, and all by default, keep theirs. Quantized weights become what they
            are in floats, as in a load; without it codes and scales are written as they are.
        rename: from the names in `src` to those in `dst`, exact or with captures:
            `{"encoder.layer.{i}.{*rest}": "layers.{i}.{*rest}"}`.
        max_shard_size: bytes of one file, or `"5GB"`; with it, and more than that, an index and shards are written.
        format: `"safetensors"` or `"ckpt"`; default: as the name says.
        quantization: how the weights are stored, as a `quantization_config` says it, where no `config.json` beside
            `src` does.
        progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
        adapter: what is merged into the weights: the directory of an adapter of PEFT, such a directory and its weight,
            `(DIR, 0.7)`, or a list of both. What changes is rounded once, to the dtype that it has in `src`, or to
            `dtype`.

    Returns:
        What was written.

    Raises:
        FileNotFoundError: there is nothing at `src`.
        CheckpointFormatError: `src` is not what its format promises.
        ConfigError: an `adapter_config.json` asks for what is not done here.
        CheckpointError: an adapter is none of this checkpoint; the rules do not fit the names, the new format cannot
            hold one of the tensors, or codes of quantized weights would be taken for weights, or parted from their
            scales.
        TypeError: an argument is of a kind that means nothing.
        ValueError: arguments contradict each other.
        OSError: `dst` cannot be written; what is there is as it was.
    """
    check_progress(progress)
    if quantization is not None:
        sources.check_quantization(quantization)
    destination = destination_of(dst, format, max_shard_size)
    target = floating_dtype(dtype)
    header = open_checkpoint(src)
    may_have_codes = header.may_have_codes
    wants_floats = target is not None and not target.startswith("float8")
    if may_have_codes and (wants_floats or adapter is not None):
        header = sources.dequantized(header, quantization=quantization)
    if adapter is not None:
        header = adapters.merged(header, adapters.read_adapters(adapter), as_stored=target is None)
    names = _names(header, rename)
    if may_have_codes:
        _check_quantized(header, names, target, quantization)
    dtypes = {key: _new_dtype(tensor, target, header) for key, tensor in header.tensors.items()}
    # GGUF's tells of the program that reads it, of the tokenizer, and of blocks that are none any more.
    said = {} if header.format == "gguf" else header.metadata
    metadata = {names.get(key, key): text for key, text in said.items() if key not in _OF_FILES}
    if metadata.get("format") == "ms":
        del metadata["format"]  # MindSpore's: it does not look for it, and Hugging Face's transformers refuses it
    changed = any(names[key] != key or dtypes[key] != tensor.dtype for key, tensor in header.tensors.items())
    if changed or adapter is not None:
        metadata.pop(DIGEST, None)  # it is that of other names and dtypes
    strings = {key: text for key, text in metadata.items() if key != "format" and not key.startswith("lazycell.")}
    losses = Losses()
    with Reader(mmap=False) as reader:
        report = save(
            destination,
            [
                content_of_stored(tensor, reader, names[key], dtypes[key], losses)
                for key, tensor in header.tensors.items()
            ],
            metadata={"format": "pt"} | metadata,
            strings=strings,
            progress=progress,
        )
    if target is not None:
        losses.warn(destination.path, target, stacklevel=2)
    return report


def _new_dtype(tensor: TensorHeader, target: str | None, header: CheckpointHeader) -> str:
    if not tensor.is_readable:
        why = gguf.why_not_computed(tensor.dtype) if header.format == "gguf" else None
        why = why or f"its dtype {tensor.dtype} is one that lazycell does not read"
        raise CheckpointFormatError(f"{header.path}: tensor {tensor.name!r}: {why}")
    return target if target is not None and tensor.dtype in _dtypes.FLOATING else tensor.dtype


def _names(header: CheckpointHeader, rename: Mapping[str, str] | None) -> Mapping[str, str]:
    """Give each tensor's new name.

    Raises:
        CheckpointError: rules that match nothing, several that match one name, names that become one.
    """
    renaming = apply_rules(parse_rules(rename), header.tensors)
    problems = [f"the rule {rule!r} matches none of its {len(header.tensors)} tensors" for rule in renaming.dead]
    problems += [
        f"`{name}` is matched by {len(rules)} rules: {', '.join(map(repr, rules))}; one has to be left"
        for name, rules in _grouped(renaming.overlapping)
    ]
    problems += [
        f"{', '.join(f'`{old}`' for old in olds)} would all become `{new}`" for new, olds in renaming.colliding.items()
    ]
    if problems:
        lines = few_lines([f"  {printable(each)}" for each in problems], _PROBLEMS_SHOWN)
        raise CheckpointError(Lines("\n".join([f"{printable(str(header.path))}: cannot rename:", *lines])))
    return renaming.names


def _check_quantized(
    header: CheckpointHeader, names: Mapping[str, str], target: str | None, quantization: Mapping[str, Any] | None
) -> None:
    """Refuse to convert codes of weights, or to give them names that are not those of their scales.

    Raises:
        CheckpointError: one of both was asked for.
    """
    found = tuple(sources.quantized_tensors(header.tensors))
    if found and target is not None:
        layouts = ", ".join(dict.fromkeys(each.layout for each in found))
        codes, scales = (_listed(each.codes for each in found), _listed(name for each in found for name in each.needed))
        why = sources.view_of(found[0], header, sources.quantization_of(header, quantization))
        because = f" ({why})" if isinstance(why, str) else ""
        raise CheckpointError(
            f"{header.path}: a quantized checkpoint ({layouts}): {codes} are codes, and weights only together with "
            f"{scales}, and become no {target} by conversion{because}. Convert it without a dtype, which keeps codes "
            "and scales as they are, or take the float original, or one that was written out in floats again"
        )
    if all(names[name] == name for each in found for name in each.names):
        return
    after = {
        each.codes: each.needed
        for each in sources.quantized_tensors({names[key]: header.tensors[key] for key in names})
    }
    for each in found:
        new = names[each.codes]
        apart = [name for name in each.needed if names[name] not in after.get(new, ())]
        if apart:
            raise CheckpointError(
                f"{header.path}: `{each.codes}` are codes, which would become `{new}`, and `{apart[0]}`, without which "
                f"they are no weights, `{names[apart[0]]}`: one would not be found from the other. Rename both alike"
            )


def _listed(names: Iterable[str]) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(names)], 3)


def _grouped(overlapping: Mapping[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    """Put the names together that the same rules match."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, rules in overlapping.items():
        alike.setdefault(rules, []).append(name)
    return [(pattern, rules) for rules, names in alike.items() for pattern, _ in collapse(names)]
