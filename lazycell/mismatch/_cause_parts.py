"""Causes in which part of a model differs: a head, a tie that is stored once, or nearly everything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from ._cause_heads import new_part
from ._dialect import Argument
from ._problems import Cause
from ._sides import Sides, Sized, fits

# Of a model's names: so few in common are chance, so many that fit are the same model.
_NOTHING = 0.05
_MOST = 0.5
_SOME = 0.25
_FEW = 2
_PARTS = 4
_DEPTH = 2

_TABLE = re.compile(r"embed|token|wte|wpe|pos", re.IGNORECASE)
_OUTPUTS = frozenset("lm_head head decoder embed_out output output_projection proj_out".split())


def another_model(sides: Sides) -> Cause | None:
    """(Nearly) nothing in common."""
    total, stored = len(sides.manifest), len(sides.tensors)
    common = len(sides.fitting) + len(sides.shapes)
    if not sides.missing or not stored:
        return None
    if common > _NOTHING * min(total, stored) and not _no_list_in_common(sides, common):
        return None
    own = "1 parameter" if total == 1 else f"{total} parameters"
    few = "none" if common == 0 else str(common)
    contents = _contents(map(sides.in_file, sides.tensors), sides)
    text = f"another model's checkpoint: of the model's {own} it has {few}; {contents}"
    advice = (
        "load it into the model that it was saved from; if it is the same model under other names, pass ",
        Argument("rename"),
    )
    return Cause("another model", text, frozenset({*sides.missing, *sides.unexpected}), todo=advice)


def _no_list_in_common(sides: Sides, common: int) -> bool:
    """Whether only embeddings and the like have the same names: both have layers, and none of those is the same."""
    if 4 * common > min(len(sides.manifest), len(sides.tensors)):
        return False
    both = (*sides.fitting, *(name for name, _, _ in sides.shapes))
    sorts = (sides.missing, sides.unexpected)
    mostly = all(2 * sum(bool(sides.splits[name][1]) for name in names) > len(names) for names in sorts)
    return mostly and not any(sides.splits[name][1] for name in both)


def _contents(names: Iterable[str], sides: Sides) -> str:
    """Say what the names of a checkpoint begin with, the most frequent beginning first."""
    begins: dict[str, int] = {}
    for name in names:
        words = sides.splits[name][0]
        begin = words[0].rstrip(".") if len(words) > 1 else name.rpartition(".")[0].rpartition(".")[0]
        begins[begin or name] = begins.get(begin or name, 0) + 1
    ranked = sorted(begins, key=lambda begin: -begins[begin])
    shown: list[str] = []
    for begin in ranked:
        if len(shown) < _PARTS and not any(other.startswith(f"{begin}.") for other in shown):
            shown.append(begin)
    dots = ", …" if len(shown) == _PARTS < len(ranked) else ""
    return f"its names begin with {', '.join(f'`{begin}`' for begin in shown)}{dots}"


def part(sides: Sides) -> Cause | None:
    """Everything fits but one small part, which only one side has: a head, a pooler."""
    fitting = len(sides.fitting)
    if fitting < _SOME * len(sides.manifest) or not (sides.missing or sides.unexpected):
        return None
    # Where only one side has more, that is a part, however large it is; one name that fits says little.
    if (sides.missing and sides.unexpected) or fitting < _FEW:
        small = max(len(sides.missing), len(sides.unexpected)) <= fitting
        if not small or fitting < _MOST * len(sides.manifest):
            return None
    present = _beginnings((*sides.fitting, *(name for name, _, _ in sides.shapes)))
    missing = _parts(sides.missing, present | _beginnings(sides.unexpected))
    there = _beginnings(sides.in_file(name) for name in (*sides.fitting, *(name for name, _, _ in sides.shapes)))
    unexpected = _parts([sides.in_file(name) for name in sides.unexpected], there | _beginnings(sides.missing))
    if missing is None or unexpected is None:
        return None
    texts = []
    if missing:
        texts.append(f"only the model has {_named(missing)}")
    if unexpected:
        texts.append(f"only the checkpoint has {_named(unexpected)}")
    text = f"the rest of the model fits: {', '.join(texts)}"
    explained = frozenset({*sides.missing, *sides.unexpected})
    return Cause("part", text, explained, missing=tuple(missing), unexpected=tuple(unexpected))


def _parts(names: Collection[str], present: Collection[str]) -> dict[str, int] | None:
    """Give the patterns of the few parts that all names lie in and nothing that is there does; None: there are none."""
    found: dict[str, int] = {}
    for name in names:
        words = name.split(".")
        for depth in range(1, len(words) + 1):
            begin = ".".join(words[:depth])
            if begin not in present:
                break
        else:
            return None
        if depth > _DEPTH:
            return None
        pattern = begin if depth == len(words) else f"{begin}.*"
        found[pattern] = found.get(pattern, 0) + 1
    return found if len(found) <= _PARTS else None


def _beginnings(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        words = name.split(".", _DEPTH + 1)
        found.add(words[0])
        for depth in range(2, min(len(words), _DEPTH + 1) + 1):
            found.add(".".join(words[:depth]))
    return found


def _named(parts: Mapping[str, int]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in parts)


def other_head(sides: Sides) -> Cause | None:
    """One part has another number of outputs, and all else fits: another head may be wanted instead."""
    if not sides.shapes or sides.missing or sides.unexpected or len(sides.shapes) > _PARTS:
        return None
    begins = {name.partition(".")[0] for name, _, _ in sides.shapes}
    pairs = {(own.shape[:1], tensor.shape[:1]) for _, own, tensor in sides.shapes}
    same_inputs = all(own.shape[1:] == tensor.shape[1:] for _, own, tensor in sides.shapes)
    (begin, *more) = begins
    if _TABLE.search(begin):
        return None
    if more or len(pairs) > 1 or not same_inputs or not all("." in name for name, _, _ in sides.shapes):
        return None
    if any(name.startswith(f"{begin}.") for name in sides.fitting) or len(sides.fitting) < _MOST * len(sides.manifest):
        return None
    ((ours, theirs),) = pairs
    if not ours or not theirs:
        return None
    counts = f"{theirs[0]} outputs in the checkpoint and {ours[0]} in the model"
    text = f"the rest of the model fits: only `{begin}` has {counts}"
    advice = (f"to begin with a new `{begin}`: ", *new_part(begin))
    return Cause("part", text, frozenset(name for name, _, _ in sides.shapes), todo=advice)


def untied(sides: Sides) -> Cause | None:
    """An output layer that is missing since the checkpoint's model tied it to its embedding.

    Where another output layer is there instead, the one that is missing was not tied to anything.
    """
    if sides.unexpected:
        return None
    outputs = {name: own for name, own in sides.missing.items() if own and len(own.shape) == 2 and _is_output(name)}
    if not outputs or len(outputs) < len(sides.missing):
        return None
    words = ("embed", "wte", "shared")
    tables = [name for name in sides.fitting if any(word in name for word in words)]
    for name, own in outputs.items():
        for table in tables:
            if _could_be_tied(own, sides, table):
                switches = sides.manifest.hyperparameters.items()
                flags = [key for key, value in switches if "tie" in key and "bias" not in key and value is False]
                text = f"`{name}` has the shape of `{table}`, which the checkpoint has: its model probably tied the two"
                if len(flags) == 1:
                    return Cause("tie", text, frozenset([name]), settings={flags[0]: True})
                advice = f'tie("{name}", "{table}") in the class body makes them one'
                return Cause("tie", text, frozenset([name]), todo=advice)
    return None


def _is_output(name: str) -> bool:
    words = name.split(".")
    return len(words) > 1 and words[-2] in _OUTPUTS


def _could_be_tied(own: Sized, sides: Sides, table: str) -> bool:
    return own.shape[0] > own.shape[1] and fits(own, sides.tensors[table])
