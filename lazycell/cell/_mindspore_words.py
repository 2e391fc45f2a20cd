"""MindSpore's own words for loads and saves: what each means here, or what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._arguments import check_switch
from ._only import Only

Prefixes = str | list[str] | tuple[str, ...] | None
Chooses = Callable[[str], object]


def strict(dtype: str, **permissions: object) -> str:
    """Give what `dtype` is under `strict_load=True`, which permits nothing.

    Args:
        dtype: what was given; `"cast"` is the default.
        permissions: the arguments `missing`, `unexpected` and `partial`.

    Raises:
        ValueError: one of them permits something.
    """
    for argument, value in {**permissions, "dtype": dtype}.items():
        if value is False or (isinstance(value, str) and value in ("error", "strict", "cast")):
            continue
        raise ValueError(
            f"strict_load=True takes only a checkpoint of exactly these names, shapes and dtypes, and "
            f"{argument}={value!r:.80} permits another: leave out one of the two"
        )
    return "strict"


def only(choice_func: Chooses | None, specify_prefix: Prefixes, filter_prefix: Prefixes) -> Only | None:
    """Give which tensors these three choose; None: all.

    Raises:
        TypeError: one of them is of a kind that means nothing.
        ValueError: `choice_func` and a prefix are given: MindSpore passes over the function then.
    """
    taken, filtered = _prefixes("specify_prefix", specify_prefix), _prefixes("filter_prefix", filter_prefix)
    if choice_func is not None:
        if not callable(choice_func):
            raise TypeError(f"choice_func has to be a function of a tensor's name, not {choice_func!r:.80}")
        if taken or filtered:
            raise ValueError(
                "choice_func and a prefix: MindSpore passes over the function then: leave out one of them, "
                "or have the function look at the prefix, with `name.startswith(…)`"
            )
        return Only(choice_func)
    if not taken and not filtered:
        return None
    return Only(lambda name: (not taken or name.startswith(taken)) and not (filtered and name.startswith(filtered)))


def _prefixes(argument: str, value: Any) -> tuple[str, ...]:
    prefixes = () if value is None else (value,) if isinstance(value, str) else value
    if not isinstance(prefixes, (tuple, list)) or not all(isinstance(each, str) and each for each in prefixes):
        raise TypeError(f"{argument} has to be the beginning of names, or a list of such, not {value!r:.80}")
    return tuple(prefixes)


def refuse_redundancy(remove_redundancy: object) -> None:
    """Refuse a checkpoint of which each rank has a part."""
    check_switch(remove_redundancy, "remove_redundancy")
    if remove_redundancy:
        raise ValueError(
            "remove_redundancy=True: lazycell reads whole checkpoints, and sends nothing between ranks: "
            "load with mindspore.load_checkpoint, or save without it"
        )


def mode_of_key(key: bytes | None, mode: str | None) -> str | None:
    """Give the mode of a cipher; MindSpore's default says nothing where there is no key."""
    return None if key is None and mode == "AES-GCM" else mode


def check_format(format: object) -> None:
    """Take MindSpore's two formats: a file's own content says which it has, whatever is written here."""
    if format not in (None, "ckpt", "safetensors"):
        raise ValueError(f'format={format!r:.80}: leave it out, the file says it, or write "ckpt" or "safetensors"')


def refuse_in_save(integrated_save: object, async_save: object, append_dict: object, choice_func: object) -> None:
    """Refuse what a save of lazycell does not do, rather than pass over it."""
    if integrated_save is not True:
        raise ValueError(
            "integrated_save=False: lazycell saves what this process has of each parameter: leave it out, or save a "
            "net that is cut over ranks with mindspore.save_checkpoint"
        )
    if async_save is not False:
        raise ValueError(
            f"async_save={async_save!r:.80}: lazycell returns when the file is whole and on the disk: leave it out"
        )
    if append_dict is not None:
        raise ValueError(
            "append_dict: a checkpoint of lazycell holds the net's parameters alone: leave it out, make a number that "
            "is to be kept a Parameter of the net, or write it to a file of its own"
        )
    if choice_func is not None:
        raise ValueError(
            "choice_func: write patterns of the names that are to be saved, `only=['backbone.*']`, or choose when you "
            "load"
        )
