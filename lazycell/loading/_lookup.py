"""Under which names a checkpoint may have each parameter, what it has there, and what a load does not need of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING

from .. import layout
from ..declaration import Half, other_spelling
from ..formats import CheckpointHeader, TensorHeader
from ..layout import ManifestEntry, Renaming, Stored
from ..manifest import Manifest
from ..mismatch import Problem
from ._sources import Source, bind_form, sources_of

if TYPE_CHECKING:
    from ._adapt import Head
    from ._composing import Halves


class Lookup:
    """What is known of a load while the parameters are gone through.

    Attributes:
        manifest: the model.
        problems: what is wrong, as it is found.
        tensors: the checkpoint's, by their names after `rename`, but for those that `rename` gives a form.
        used: names of `tensors` that are something of the model's.
        left_out: keys of tensors that belong to another head than the model's.
        initialize: parameters that may be missing, and are.
        ignored: keys of tensors that may be unexpected, and are.
        moved: whether the base's names are no longer the file's.
        found: the stored tensors that are there and of which parameters are made.
        sources: by parameter, the blocks of it that they hold.
        by_own_name: parameters that are there under their own names, though declared to be stored otherwise.
        wrong: parameters about which there is a problem already.
        special: parameters about which more is to be said than that they are there, or not, under one name.
        declared: by parameter, what it is declared to be stored as.
        plain: by parameter, the one name that it is declared to be stored under as it is.
    """

    def __init__(self, manifest: Manifest, header: CheckpointHeader, renaming: Renaming) -> None:
        self.manifest = manifest
        self.problems: list[Problem] = []
        self.tensors: dict[str, TensorHeader] = {}
        for key, name in renaming.names.items():
            self.tensors.setdefault(name, header.tensors[key])
        self.used: set[str] = set()
        self.left_out: list[str] = []
        self.initialize: tuple[str, ...] = ()
        self.ignored: tuple[str, ...] = ()
        self.moved = False
        self.found: list[tuple[Stored, TensorHeader]] = []
        self.sources: dict[str, list[Source]] = {}
        self.by_own_name: set[str] = set()
        self.wrong: set[str] = set()
        self.declared: dict[str, list[Stored]] = {}
        self.plain: dict[str, str] = {}
        self._told: set[str] = set()
        self._former: dict[str, tuple[str, ...]] | None = None
        # Names that a parameter goes by besides its own: those of its ties, and those it is stored under.
        self._aliases: dict[str, list[str]] = {}
        otherwise = {stored.name for stored in manifest.copies}
        for alias, owner in manifest.ties.items():
            if alias not in otherwise:
                self._aliases.setdefault(owner, []).append(alias)
        self._names = {stored.name for stored in manifest.stored}
        for stored in manifest.stored:
            for parameter in stored.parameters:
                self.declared.setdefault(parameter, []).append(stored)
            if stored.is_plain:
                self.plain[stored.form.parameter] = stored.name  # type: ignore[union-attr]
        self._halves: Halves | None = None  # few files have any
        self._find(header, renaming)
        formed = (name for name in self.declared if name not in self.plain)
        self.special = {*self._aliases, *formed, *self.sources, *self.wrong}

    def fail(self, problem: Problem, *parameters: str) -> None:
        """Note what is wrong, once for the parameters."""
        self.problems.append(problem)
        self.wrong.update(parameters)

    def leave_out_other_shape(self, entry: ManifestEntry) -> None:
        """Take a parameter for missing that the file has in another shape: it is another head's."""
        names = [*self.own(entry), *self.others(entry)]
        if any(self.tensors[name].shape != entry.shape for name in names):
            for name in names:
                self.left_out.append(self.tensors.pop(name).name)

    def tell(self, name: str) -> bool:
        """Whether something is said about a stored tensor for the first time: it may be part of many parameters."""
        first = name not in self._told
        self._told.add(name)
        return first

    def aliases(self, name: str) -> list[str]:
        """Give the names that a parameter goes by besides its own."""
        return self._aliases.get(name, [])

    def names_of(self, entry: ManifestEntry) -> list[str]:
        """Give every name under which the checkpoint may have a parameter, or what it is a part of."""
        declared = [stored.name for stored in self.declared.get(entry.name, ())]
        return [entry.name, *declared, *self.aliases(entry.name)]

    def former_names_of(self, entry: ManifestEntry) -> Iterator[str]:
        """Give the names that these were before the migrations of the model's classes."""
        if self.manifest.migrations:
            if self._former is None:
                from ._apply_migrations import former_names  # few models have any

                self._former = former_names(self.manifest)
            for name in self.names_of(entry):
                yield from self._former.get(name, ())

    def own(self, entry: ManifestEntry) -> list[str]:
        """Give the names under which the file has the parameter as it is: its own, and the one it is stored under."""
        name, plain = entry.name, self.plain.get(entry.name)
        # What is declared to be another's stored name is taken for that.
        own = [name] if name in self.tensors and (name not in self._names or plain == name) else []
        return [plain, *own] if plain is not None and plain in self.tensors else own

    def others(self, entry: ManifestEntry) -> list[str]:
        """Give the names of its ties and copies under which the file has it as it is."""
        return [each for each in self.aliases(entry.name) if each in self.tensors and each not in self._names]

    def _find(self, header: CheckpointHeader, renaming: Renaming) -> None:
        """Look for what is not simply a parameter under another name."""
        for stored in self.manifest.stored:
            name = _name_in(self.tensors, stored, self._names)
            if name in self.tensors and not stored.is_plain:
                self.used.add(name)
                self._take(stored, self.tensors[name])
        for stored in self.manifest.copies:
            if stored.name in self.tensors:
                self._take_copy(stored, self.tensors[stored.name])
        for key, (form, rule) in renaming.forms.items():
            tensor = header.tensors[key]
            try:
                stored = Stored(key, bind_form(self.manifest, form), f"`{rule.text}` of `rename`")
            except ValueError as error:
                self.problems.append(Problem("rename", key, str(error), None, tensor))
            else:
                self._take(stored, tensor)
        for problem, stored in () if self._halves is None else self._halves.lone():
            if not self.wrong.issuperset(stored.parameters):  # else the other half is why
                self.fail(problem, *stored.parameters)

    def _take_copy(self, stored: Stored, tensor: TensorHeader) -> None:
        owner = stored.parameters[0]
        self.used.add(stored.name)
        if stored.is_plain:
            self._aliases.setdefault(owner, []).append(stored.name)
        elif owner in self.sources or self.own(self.manifest[owner]):
            names = (stored.name,)
            self.fail(Problem("tie", owner, "", self.manifest[owner], tensor, "tied layouts", names), owner)
        else:
            self._take(stored, tensor)

    def _take(self, stored: Stored, tensor: TensorHeader) -> None:
        if tensor.shape != stored.shape:
            owner = self.manifest[stored.parameters[0]]
            problem = Problem("shape", stored.name, "", None, tensor, "stored shape", stored=stored, owner=owner)
            self.fail(problem, *stored.parameters)
            return
        self.found.append((stored, tensor))
        made: Iterable[Source] | Problem
        if isinstance(stored.form, Half):
            if self._halves is None:
                from ._composing import Halves  # few files have any

                self._halves = Halves(self.manifest)
            made = self._halves.take(stored, tensor)
        else:
            made = sources_of(stored, tensor)
        if isinstance(made, Problem):
            self.fail(made, *stored.parameters)
            return
        for source in made:
            self.sources.setdefault(source.block.parameter, []).append(source)


def sort_unneeded(there: Lookup, may_ignore: Callable[[str], bool], head: Head | None) -> dict[str, tuple[str, ...]]:
    """Give the keys that may be left out under the names that `LoadPlan` has for why; the others become problems."""
    manifest = there.manifest
    found: dict[str, list[str]] = {"ignored": [], "computed": [], "unused": [], "other_head": [*there.left_out]}
    find = layout.leftover_names(manifest.leftovers).find if manifest.leftovers else None
    for name, tensor in there.tensors.items():
        if name in there.used:
            continue
        if name in manifest.computed:
            found["computed"].append(tensor.name)
        elif may_ignore(name) or may_ignore(tensor.name):
            found["ignored"].append(tensor.name)
        elif find is not None and (leftover := find(name)) is not None and leftover.now is None:
            found["unused"].append(tensor.name)
        elif head is not None and head.is_other(tensor.name, name):
            found["other_head"].append(tensor.name)
        else:
            there.problems.append(Problem("unexpected", name, "", None, tensor, "unexpected"))
    return {why: tuple(keys) for why, keys in found.items()}


def _name_in(tensors: Container[str], stored: Stored, known: Container[str]) -> str:
    """Give the name under which a file has a stored tensor: PyTorch has two for each half of a weight-normed one.

    Args:
        tensors: names in the file.
        stored: as it is declared.
        known: names that the model has for something else.
    """
    if not isinstance(stored.form, Half) or stored.name in tensors:
        return stored.name
    other = other_spelling(stored.name)
    return stored.name if other is None or other not in tensors or other in known else other
