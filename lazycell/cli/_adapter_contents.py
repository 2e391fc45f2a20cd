"""What `lazycell inspect` prints of an adapter: what it is of, how large, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import show
from ..formats import CheckpointHeader
from ..sources import adapters
from ._contents import contents_json, print_tensors, summary_of

_SHOWN = 8
_WORDS = ("r", "lora_alpha", "task_type")
_SWITCHES = ("use_rslora", "use_dora", "fan_in_fan_out", "lora_bias")


def tell_adapter(directory: Path, header: CheckpointHeader, *, every: bool, as_json: bool) -> None:
    """Print what an adapter is, from its config and the header of its tensors.

    Args:
        directory: of the adapter.
        header: of its tensors.
        every: whether to list every tensor, with its place.
        as_json: whether to print one JSON object.

    Raises:
        ConfigError: its config is none.
    """
    told = adapters.told_in(directory)
    _, base = adapters.base_named(directory)
    if as_json:
        found = {"config": told, "base_directory": None if base is None else str(base)}
        show.say_json({**contents_json(header, ()), "adapter": found})
        return
    show.say_lines([summary_of(header), *_told(told, base)])
    print_tensors(header, every=every)


def _told(told: Mapping[str, Any], base: Path | None) -> Iterator[str]:
    facts = [f"{name}={told[name]}" for name in _WORDS if told.get(name) is not None]
    facts += [name for name in _SWITCHES if told.get(name)]
    yield f"an adapter of PEFT: {', '.join([str(told.get('peft_type', 'of no peft_type')), *facts])}"
    for name in ("target_modules", "modules_to_save"):
        value = told.get(name)
        if value:
            names = show.few(_patterns(value), _SHOWN) if isinstance(value, list) else str(value)
            yield f"{name}: {names}"
    of = told.get("base_model_name_or_path")
    if of:
        where = "" if base is None else ", which is there" if str(base) == of else f", which is {base}"
        yield f"of {of}{where}"
    else:
        yield "it does not say of which model"


def _patterns(names: list[Any]) -> Iterator[str]:
    return (pattern for pattern, _ in show.collapse(sorted(map(str, names))))
