"""Causes in how tensors are laid out: matrices turned round, several parameters in one tensor, one in several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..declaration import Fused, Half, Transposed, form_text
from ._cause_names import capture
from ._dialect import Argument, Words
from ._problems import Cause, is_transposed
from ._sides import Sides, Sized

_RULES = 8
# Parameters of one cell that are tried as the parts of one tensor.
_SIBLINGS = 12

_PARTS = (
    (re.compile(r"qkv|c_attn|in_proj|query_key_value", re.IGNORECASE), ("q", "k", "v")),
    (re.compile(r"kv|key_value", re.IGNORECASE), ("k", "v")),
    (re.compile(r"gate_up|gate_and_up|w13", re.IGNORECASE), ("gate", "up")),
)
"""What tensors are usually called that hold several, and how the names of the several begin, in the usual order."""


# ----------------------------------------------------------------------------------------------------------- transposed


def transposed(sides: Sides) -> Cause | None:
    """Matrices that are stored (in, out) where the model has (out, in), or the reverse: all of them in one cause.

    Other sizes can look the same: (64, 32) for (32, 64). Then vectors differ as well, in which
    a 32 stands for a 64.
    """
    swaps = {
        pair
        for _, ours, theirs in sides.alike
        if not is_transposed(ours, theirs)
        for pair in zip(ours, theirs, strict=False)
        if pair[0] != pair[1]
    }
    turned = [
        name
        for (_, ours, theirs), names in sides.alike.items()
        if is_transposed(ours, theirs) and not {ours, theirs} & swaps
        for name in names
    ]
    if not turned:
        return None
    likenesses = set(map(_likeness, turned))
    rules = {capture(name, sides): Transposed(capture(name, sides)) for name in turned}
    square = [
        name
        for name in sides.fitting
        if len(shape := sides.tensors[name].shape) == 2 and shape[0] == shape[1] and _likeness(name) in likenesses
    ]
    many = "1 matrix is" if len(turned) == 1 else f"{len(turned)} matrices are"
    text = f"{many} stored transposed: (in, out) where the model has (out, in), or the reverse"
    if square:
        text += f"; square ones ({sides.listed(square)}) may be too: their shape cannot tell"
    example = turned[0].rpartition(".")
    short = ".".join([example[0].rpartition(".")[2], example[2]]).lstrip(".")
    advice = f'declare it in the class that holds them: rename({{"{short}": transposed("{short}")}})'
    declared = has_rule(turned, sides)
    if (
        declared or turned[0] not in sides.manifest
    ):  # a rule says already how it is stored, and there is one for each name
        advice = f'change the rule for "{short}" in the class body: the checkpoint has the axes in the other order'
    if len(rules) <= _RULES and not declared:
        return Cause("transposed", text, frozenset(turned), rename=rules, todo=f"or {advice}")
    return Cause("transposed", text, frozenset(turned), todo=advice)


def has_rule(names: Iterable[str], sides: Sides) -> bool:
    """Whether a rule in a class body says of one of these names what an argument of the load cannot change.

    A form that is given to a load is one of the parameter, where there is one of the name; and half of a weight-normed
    one is none that a form could take.
    """
    declared = {stored.name: stored.form for stored in sides.manifest.stored}
    return any(name in sides.manifest or isinstance(declared[name], Half) for name in names if name in declared)


def _likeness(name: str) -> str:
    return name.rpartition(".")[2]


# ----------------------------------------------------------------------------------------------------- joined and split


def joined(sides: Sides) -> list[Cause]:
    """Tensors of the checkpoint that are several parameters in one: `qkv`, `c_attn`, `gate_up_proj`."""
    causes = []
    rules: dict[str, object] = {}
    explained: set[str] = set()
    unclear: list[str] = []
    wholes: list[str] = []
    for key, parts, turned, clear in _wholes(sides, sides.unexpected, sides.missing):
        if not clear:
            unclear.append(key)
            explained.add(key)
            continue
        form: object = Fused(0, tuple((_label(part), capture(part, sides)) for part in parts))
        rules[capture(key, sides)] = Transposed(form) if turned else form
        explained |= {key, *parts}
        wholes.append(capture(sides.in_file(key), sides))
    if rules:
        explained |= _alike(sides, explained)
        whole = ", ".join(f"`{name}`" for name in dict.fromkeys(wholes[:3]))
        text = (
            f"the checkpoint joins what the model has apart: {whole}, by their sizes; in which order the rows are, or "
            "whether heads alternate, shapes cannot tell"
        )
        advice = "make sure of the order of the rows: a wrong one loads without an error, and computes nonsense"
        few = len(rules) <= _RULES
        rename = rules if few else {}
        causes.append(
            Cause("joined", text, frozenset(explained), rename=rename, todo=advice if few else _in_class(rules))
        )
    elif unclear:
        what = sides.listed(unclear)
        text = f"by its size {what} may be several of the missing parameters in one; which, shapes cannot tell"
        causes.append(
            Cause("joined", text, frozenset(explained), todo='rename({"…": fused(q="…", k="…")}) declares it')
        )
    return causes


def split(sides: Sides) -> list[Cause]:
    """Parameters of the model that the checkpoint has in several tensors."""
    found = [
        (name, parts)
        for name, parts, turned, clear in _wholes(sides, sides.missing, sides.unexpected)
        if clear and not turned
    ]
    if not found:
        return []
    explained = {each for name, parts in found for each in (name, *parts)}
    explained |= _alike(sides, explained)
    name, parts = found[0]
    shown = ", ".join(f"`{capture(sides.in_file(part), sides)}`" for part in parts)
    text = f"the checkpoint has apart what the model joins: {shown} for `{capture(name, sides)}`, by their sizes"
    advice: Words
    owners = next((item.parameters for item in sides.manifest.stored if item.name == name), (name,))
    if len(owners) > 1:
        own = ", ".join(f"`{capture(owner, sides)}`" for owner in owners)
        advice = (
            "the model has them apart as well: pass ",
            Argument("rename"),
            f", from the checkpoint's names to the model's: {own}",
        )
        return [Cause("split", text, frozenset(explained), todo=advice)]
    sections = ", ".join(f"{_label(part)}={sides.unexpected[part].shape[0]}" for part in parts)
    tail = ".".join(name.rsplit(".", 2)[-2:])
    rules = ", ".join(f'"{_below(part, name)}": "{tail}[{_label(part)}]"' for part in parts)
    advice = (
        f"declare the sections of `{tail}`: the dimension fused({sections}), in the order of the model's rows, and "
        f"rename({{{rules}}})"
    )
    return [Cause("split", text, frozenset(explained), todo=advice)]


def _wholes(
    sides: Sides, wholes: Mapping[str, Sized | None], pieces: Mapping[str, Sized | None]
) -> Iterable[tuple[str, tuple[str, ...], bool, bool]]:
    """Find names whose tensors have the sizes of several others beside them: once for all layers.

    Gives the name, the names of its parts, whether it is transposed too, and whether there is but one such reading.
    """
    if not wholes or not pieces:
        return
    beside: dict[str, list[str]] = {}
    for name in pieces:
        beside.setdefault(_place(name), []).append(name)
    seen: set[tuple[str, ...]] = set()
    for name, own in wholes.items():
        form = sides.splits[name][0]
        if form in seen or own is None:
            continue
        for place, leaf in _homes(name):
            parts = [each for each in beside.get(place, ()) if each.rpartition(".")[2] == leaf]
            if 2 <= len(parts) <= _SIBLINGS:
                seen.add(form)
                readings = list(_readings(own.shape, parts, pieces))
                usual = [reading for reading in readings if _is_usual(name, reading[0])]
                if readings:
                    found, turned = (usual or readings)[0]
                    apart = {reading[0] for reading in readings}
                    yield name, _ordered(name, found), turned, bool(usual) or len(apart) == 1
                    break


def _readings(
    shape: tuple[int, ...], parts: Sequence[str], pieces: Mapping[str, Sized | None]
) -> Iterable[tuple[tuple[str, ...], bool]]:
    """Give neighbours among `parts` whose rows add up to `shape`, as it is and transposed."""
    shapes = [
        (name, piece.shape) for name in parts if (piece := pieces[name]) is not None and len(piece.shape) == len(shape)
    ]
    for target, turned in ((shape, False), (shape[::-1], True)) if len(shape) == 2 else ((shape, False),):
        for start in range(len(shapes)):
            rows = 0
            for end in range(start, len(shapes)):
                if not target or not shapes[end][1] or shapes[end][1][1:] != target[1:]:
                    break
                rows += shapes[end][1][0]
                if rows == target[0] and end > start:
                    yield tuple(name for name, _ in shapes[start : end + 1]), turned


def _module(name: str, place: str) -> str:
    return name[len(place) :].lstrip(".")


def _is_usual(name: str, parts: Sequence[str]) -> bool:
    words = _module(name, _place(name)) if "." in name else name
    for pattern, begins in _PARTS:
        if pattern.search(words) and len(parts) == len(begins):
            starts = sorted(_label(part) for part in parts)
            if all(label.startswith(begin) for label, begin in zip(starts, sorted(begins), strict=True)):
                return True
    return False


def _ordered(name: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Put the parts in the usual order, if there is one."""
    words = _module(name, _place(name))
    for pattern, begins in _PARTS:
        if pattern.search(words) and len(parts) == len(begins):
            by_start = {begin: part for begin in begins for part in parts if _label(part).startswith(begin)}
            if len(by_start) == len(parts) == len(set(by_start.values())):
                return tuple(by_start[begin] for begin in begins)
    return tuple(parts)


def _place(name: str) -> str:
    """Give the cell that holds the cell of a parameter: `h.0.attn` of `h.0.attn.q.weight`."""
    return name.rpartition(".")[0].rpartition(".")[0]


def _homes(name: str) -> Iterable[tuple[str, str]]:
    """Give where the parts of `name` may be, and their last word: of `c_attn.weight`, and of `in_proj_weight`."""
    path, _, leaf = name.rpartition(".")
    yield path.rpartition(".")[0], leaf
    if leaf.endswith(("_weight", "_bias")):
        yield path, leaf.rpartition("_")[2]


def _label(name: str) -> str:
    """Give a name for a section: the last word that is not the parameter's own."""
    words = name.rpartition(".")[0].rpartition(".")[2] or name.rpartition(".")[2]
    return words if words.isidentifier() else f"part_{words}"


def _below(name: str, other: str) -> str:
    """Give `name` as the class that holds both writes it."""
    place = _place(other)
    return name[len(place) + 1 :] if place and name.startswith(place + ".") else name


def _alike(sides: Sides, names: Iterable[str]) -> set[str]:
    """Give the names of the other layers."""
    forms = {sides.splits[name][0] for name in names}
    return {name for name in (*sides.missing, *sides.unexpected) if sides.splits[name][0] in forms}


def _in_class(rules: Mapping[str, object]) -> str:
    name, form = next(iter(rules.items()))
    return (
        f'declare it in the class that holds them, as rename({{"{name}": {form_text(form)}}}) with names relative to it'
    )
