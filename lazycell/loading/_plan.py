"""What a load will do, as data that can be printed and compared. `_fit.py` decides it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .. import show
from .._frozen import frozen
from ..declaration import Half
from ..formats import TensorHeader
from ..layout import Operation, Reshape, Slice, Stored, Transpose

if TYPE_CHECKING:
    from ..formats import FileStamp
    from ..mesh import Place
    from ._options import LoadOptions

_ROWS = 40
_NAMES = 12
_LONGEST_REASON = 100

BY_TORCH = "the names are PyTorch's, by the classes of the cells"
"""What is said of a file whose `naming` is PyTorch's."""


LOADED = "_lazycell_loaded"
"""The attribute of a net that says what it was last loaded from: a `Loaded`, or why nothing can be read again."""


@frozen
class Piece:
    """A block of one parameter, and how to take it out of one stored tensor.

    Attributes:
        tensor: the stored tensor, whole.
        operations: applied to its array one after the other, they give the block.
        place: of the block in the parameter: for each axis start and stop. None: the block is the parameter.
    """

    tensor: TensorHeader
    operations: tuple[Operation, ...] = ()
    place: tuple[tuple[int, int], ...] | None = None


@frozen
class RankPart:
    """What of a parameter a rank has, where that is not all of it.

    Attributes:
        place: where in the parameter it is.
        whole: the step that fills all of it, as on a single rank.
        copies: for each of `whole.same_as` the step that reads the same part of it.
    """

    place: Place
    whole: LoadStep
    copies: tuple[LoadStep, ...] = ()


@frozen
class LoadStep:
    """Fill one parameter, or the part of it that a rank has.

    Attributes:
        parameter: its full name in the model.
        key: the tensor's name in the file; of several, `q.weight + k.weight`.
        tensor: what the parameter's values are, in its shape, and where the bytes are. Where `pieces` are given its
            `ranges` are empty: then they say.
        dtype: the dtype the parameter will have (canonical); converted to where it is not `tensor.dtype`.
        same_as: copies of the tensor that the file holds under the names of ties; all have to be equal
            (`check_ties`).
        pieces: the blocks that make the parameter, where its bytes do not lie in the file one after the other.
        part: where a rank has a part of the parameter: which, and of what. `tensor` and `pieces` are those of the part;
            the names and `same_as` those of the whole.
    """

    parameter: str
    key: str
    tensor: TensorHeader
    dtype: str
    same_as: tuple[TensorHeader, ...] = ()
    pieces: tuple[Piece, ...] = ()
    part: RankPart | None = None

    @property
    def whole(self) -> LoadStep:
        """The step for all of the parameter: this one, where no rank has a part."""
        return self if self.part is None else self.part.whole

    @property
    def source(self) -> str:
        """What the file has: a dtype, or what the bytes are computed from."""
        return self.tensor.origin or self.tensor.dtype

    @property
    def read(self) -> tuple[TensorHeader, ...]:
        """The tensors that are read for it, copies among them."""
        return (self.tensor, *self.same_as, *(piece.tensor for piece in self.pieces))

    @property
    def nbytes(self) -> int:
        """Bytes of the file that are the parameter's; where they are computed, of what is computed."""
        return math.prod(self.tensor.shape) * self.tensor.itemsize


@frozen
class AppliedMigration:
    """A migration that a checkpoint needed.

    Attributes:
        cell: qualified name of the class.
        reason: why the names changed, as its author wrote it.
        created: when, in UTC.
        file: where it is kept.
        tensors: how many tensors of the checkpoint it gave another name.
    """

    cell: str
    reason: str
    created: str
    file: str
    tensors: int


@frozen
class AppliedAdapter:
    """An adapter that is merged into what a load reads.

    Attributes:
        name: that of `set_adapter`.
        path: of its directory.
        weight: what its changes are multiplied by.
        tensors: the tensors of the checkpoint, by their names there, that it changes.
    """

    name: str
    path: Path
    weight: float
    tensors: tuple[str, ...]


@frozen
class LoadPlan:
    """Everything a load will do, in the manifest's order.

    Attributes:
        path: the checkpoint.
        model: the class's name.
        steps: the parameters to fill.
        initialize: names of the parameters that stay with their initializers.
        ignored: keys of the file that nothing needs and that `unexpected` permits.
        computed: keys of the file that the model computes itself.
        layout: the tensors of the file that are not simply a parameter under its own name, those that it lacks
            included: what a save writes to give such a file again. Names that a migration changed are the present ones.
        migrated: the migrations that gave tensors of the file the names they have in the model now, oldest first.
        unused: keys of the file that the model's classes declare as what files carry and nothing needs.
        other_head: keys of the file that belong to another head than the model's, and that `partial` leaves out.
        new_head: those of `initialize` that `partial` leaves to their initializers: a head that has to be trained.
        naming: `"torch"` where the names in the file are PyTorch's, by the classes of the cells; else empty.
        lacking: those of `initialize` that PyTorch does not have.
        adapters: what is merged into what is read.
        notes: what is said of what is loaded: an adapter's targets that it has no tensors for, say.
    """

    path: Path
    model: str
    steps: tuple[LoadStep, ...]
    initialize: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    layout: tuple[Stored, ...] = ()
    migrated: tuple[AppliedMigration, ...] = ()
    unused: tuple[str, ...] = ()
    other_head: tuple[str, ...] = ()
    new_head: tuple[str, ...] = ()
    naming: str = ""
    lacking: tuple[str, ...] = ()
    adapters: tuple[AppliedAdapter, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_copies(self) -> bool:
        """Whether the file holds a parameter under several names, which have to be compared."""
        return any(step.same_as for step in self.steps)

    @property
    def nbytes(self) -> int:
        """Bytes to be read."""
        return sum(step.nbytes for step in self.steps)

    def __str__(self) -> str:
        return str(self._report())

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, LoadPlan._report)

    def _report(self) -> show.Report:
        """Give it for people; parameters that are alike in one row."""
        tables = [show.Table([*plan_rows(self)], columns=("parameter", "shape", "dtype", ""), most=_ROWS)]
        for title, names in left_over(self):
            tables.append(show.Table([(pattern,) for pattern, _ in show.collapse(names)], title, most=_ROWS))
        notes = [f"migrated {tensors}, {source}" for tensors, source in migration_rows(self.migrated)]
        if self.naming:
            notes.insert(0, BY_TORCH)
        notes += [f"adapter {name}: {what}" for name, what in adapter_rows(self.adapters)]
        notes += self.notes
        return show.Report(plan_title(self), tables, notes)


@frozen
class Loaded:
    """What a net was last loaded from, as much as is needed to read some of it again.

    Attributes:
        path: of the checkpoint, as it was given.
        options: of the load.
        stamps: the state in which its files were.
        known: the adapters that `set_adapter` knows, by name: where they are, and their weights.
        adapters: those that are merged into the net now.
    """

    path: Path
    options: LoadOptions
    stamps: Mapping[Path, FileStamp]
    known: Mapping[str, tuple[Path, float]] = attrs.field(factory=dict)
    adapters: tuple[AppliedAdapter, ...] = ()


def plan_title(plan: LoadPlan) -> str:
    """Say in one line what will be loaded."""
    many = "" if len(plan.steps) == 1 else "s"
    return f"fill {len(plan.steps)} parameter{many} of {plan.model} from {plan.path}, {show.format_bytes(plan.nbytes)}"


def new_head_text(plan: LoadPlan) -> str:
    """Say what has to be trained before the model is of use."""
    names = show.few((pattern for pattern, _ in show.collapse(plan.new_head)), _NAMES)
    one = len(plan.new_head) == 1
    what = f"{'is' if one else 'are'} not in {plan.path}, or not in this shape, and start{'s' if one else ''} from"
    how = "its initializer: train it" if one else "their initializers: train them"
    return f"{plan.model}: {names} {what} {how} before you use what the model says"


def left_over(plan: LoadPlan) -> list[tuple[str, tuple[str, ...]]]:
    """Give the names that nothing is loaded for, or from, by what is done with them."""
    new = {*plan.new_head, *plan.lacking}  # these have a reason
    found = (
        ("initialize", tuple(name for name in plan.initialize if name not in new)),
        ("initialize: PyTorch has none", plan.lacking),
        ("initialize, and train: a new head", plan.new_head),
        ("ignore", (*plan.ignored, *plan.computed)),
        ("leave out: another head's", plan.other_head),
        ("leave out: unused", plan.unused),
    )
    return [(title, names) for title, names in found if names]


def migration_rows(migrated: Iterable[AppliedMigration]) -> list[tuple[str, str]]:
    """Give a row for each migration: how many tensors it renamed, and which it is and why it was made."""
    return [
        (
            f"{each.tensors} name{'' if each.tensors == 1 else 's'}",
            f"by {show.printable(each.file or each.cell)}: {_in_short(each.reason)}",
        )
        for each in migrated
    ]


def adapter_rows(adapters: Iterable[AppliedAdapter]) -> list[tuple[str, str]]:
    """Give a row for each adapter: its name, and what it changes how much, and where it is."""
    return [
        (
            show.printable(each.name),
            f"{len(each.tensors)} tensor{'' if len(each.tensors) == 1 else 's'} changed"
            f"{'' if each.weight == 1 else f', times {each.weight:g}'}, "
            f"from {show.printable(_called(each.path))}",
        )
        for each in adapters
    ]


def _called(directory: Path) -> str:
    """Give the name of a directory, with the one above it where the name says little."""
    is_common = directory.name == "adapter" or directory.name.startswith("checkpoint-")
    return "/".join(directory.parts[-2:]) if is_common else directory.name


def _in_short(reason: str) -> str:
    text = show.printable(" ".join(reason.split()))
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"


def plan_rows(plan: LoadPlan) -> Iterator[tuple[str, ...]]:
    """Give a row for parameters that are alike: names, shape, dtypes, where they come from."""
    words = conversions(plan.layout)
    alike: dict[tuple[str, str, tuple[str, ...]], dict[str, str]] = {}
    order = {step.parameter: position for position, step in enumerate(plan.steps)}
    for step in plan.steps:
        stored = step.source
        dtype = stored if stored == step.dtype else f"{stored} -> {step.dtype}"
        how = words.get(step.parameter, ()) if step.key != step.parameter or step.whole.pieces else ()
        shape = str(step.tensor.shape) if step.part is None else f"{step.tensor.shape} of {step.part.place.whole}"
        alike.setdefault((shape, dtype, how), {})[step.parameter] = step.key
    found: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    for (shape, dtype, how), keys in alike.items():
        for pattern, members in show.collapse(keys):
            source = key_patterns(keys[name] for name in members)
            way = f" ({', '.join(how)})" if how else ""
            source = "" if source == pattern and not how else f"from {source}{way}"
            # The sections of one tensor in one row, as they are stored; anything else has a row of its own.
            row = (shape, dtype, source) if "split" in how else (shape, dtype, source, pattern)
            found.setdefault(row, []).append((order[members[0]], pattern))
    for (shape, dtype, source, *_), patterns in sorted(found.items(), key=lambda item: item[1]):
        yield show.few((pattern for _, pattern in patterns), _NAMES), shape, dtype, source


def key_patterns(keys: Iterable[str]) -> str:
    """Give `q.{0..3}.weight + k.{0..3}.weight` for the keys of steps; one pattern for each of the parts."""
    parts = [key.split(" + ") for key in keys]
    if len({len(each) for each in parts}) > 1:
        return show.few((key for key, _ in show.collapse(" + ".join(each) for each in parts)), _NAMES)
    patterns = ((name for name, _ in show.collapse(names)) for names in zip(*parts, strict=True))
    return " + ".join(show.few(each, _NAMES) for each in patterns)


def conversions(layout: Iterable[Stored]) -> dict[str, tuple[str, ...]]:
    """Give, for each parameter that is not stored as it is, how it is got from what is: split, transposed, …"""
    words: dict[str, dict[str, None]] = {}
    for stored in layout:
        if isinstance(stored.form, Half):
            words.setdefault(stored.parameters[0], {})["composed"] = None
        for block, operations in stored.blocks:
            here = words.setdefault(block.parameter, {})
            here.update(dict.fromkeys(_WORDS[type(operation)] for operation in operations))
            if block.place is not None:
                here["joined"] = None
    # In an order of their own: undone from the outside in, a transposed tensor is turned back before it is split.
    order = ("composed", "split", "transposed", "reshaped", "joined")
    return {name: tuple(word for word in order if word in here) for name, here in words.items() if here}


_WORDS: dict[type, str] = {Slice: "split", Transpose: "transposed", Reshape: "reshaped"}
