"""Whose names a file has, MindSpore's or PyTorch's: what a load of it is planned with, for a net as it is built."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from mindspore import Tensor, nn

from .. import layout, loading, mismatch
from .._collector import collector_paused
from .._errors import CheckpointMismatchError
from .._frozen import frozen
from ..declaration import declaration_of
from ..formats import CheckpointHeader, TensorHeader
from ..loading import LoadOptions, LoadPlan
from ..manifest import Manifest
from ..parameters import buffers_of, cells_of
from ..show import is_index
from ._net_manifest import built_again, survey
from ._other_names import with_other_names
from ._torch_names import TorchNames, torch_names_of
from ._weight_norm import with_halves

if TYPE_CHECKING:
    from ..mismatch import Again

Planner = Callable[..., LoadPlan]

TORCH = "torch"
"""`LoadPlan.naming` of a file with PyTorch's names."""


@frozen
class Naming:
    """What a load is planned with.

    Attributes:
        manifest: of the net, with the names that the file has for it.
        options: with what PyTorch does not have among what may be missing.
        strictly: without what it may be that PyTorch has: if something else is wrong, it is missing too.
        whose: `"torch"` where the file has PyTorch's names; else empty.
        lacking: parameters that PyTorch does not have, and the file has not.
        is_sure: whether a whole name told it.
    """

    manifest: Manifest
    options: LoadOptions
    strictly: LoadOptions
    whose: str = ""
    lacking: frozenset[str] = frozenset()
    is_sure: bool = True

    def plan(self, header: CheckpointHeader, again: Again | None, make: Planner | None = None) -> LoadPlan:
        """Plan the load, and tell by whose names.

        Args:
            header: of the file.
            again: gives the manifest with other hyperparameters, for the message.
            make: what plans it; None: `make_plan`.

        Raises:
            CheckpointMismatchError: the file does not fit.
            ValueError: an option has a value that means nothing.
        """
        make = loading.make_plan if make is None else make
        try:
            plan = make(self.manifest, header, self.options, again=again)
        except CheckpointMismatchError:
            if self.strictly is not self.options:
                make(self.manifest, header, self.strictly, again=again)
            raise
        lacking = tuple(name for name in plan.initialize if name in self.lacking)
        # Below a prefix that is yet to be taken away, it is seen only now whether anything goes by them.
        whose = (
            self.whose if self.is_sure or any(_last(each.key) != _last(each.parameter) for each in plan.steps) else ""
        )
        return attrs.evolve(plan, naming=whose, lacking=lacking) if whose or lacking else plan


def plan_for(net: nn.Cell, header: CheckpointHeader, options: LoadOptions) -> LoadPlan:
    """Plan a load of any cell, by the names that the file has.

    Raises:
        CheckpointMismatchError: it does not fit.
        DeclarationError: what `torch_names` says of a class does not fit a cell of it.
        ValueError: an option has a value that means nothing.
    """
    with collector_paused():
        manifest, parameters = survey(net)
        again = built_again(net)
        return naming_of(net, manifest, parameters, header, options).plan(header, again)


def naming_of(
    net: nn.Cell,
    manifest: Manifest,
    parameters: Mapping[str, Any],
    header: CheckpointHeader,
    options: LoadOptions,
) -> Naming:
    """Tell whose names a file has, and give what a load of it is planned with.

    A name tells it that only one of both has for a parameter, and so does a shape where the names are the same. Names
    are as `rename` makes them; what a rule has given another last word is as the user means it, and tells nothing.

    Args:
        net: any cell.
        manifest: of the net.
        parameters: those that it lists, by full name.
        header: of the file.
        options: what the user says about the load.

    Raises:
        CheckpointMismatchError: the file of a plain net has names of both kinds.
        DeclarationError: what `torch_names` says of a class does not fit a cell of it.
        ValueError: an option has a value that means nothing.
    """
    known = with_other_names(net, manifest, parameters, header.tensors.keys())
    plain = Naming(known, options, options)
    if all(entry.declared_by is not None for entry in manifest.entries):
        return plain
    tensors = header.tensors
    if options.rename is None and parameters.keys() <= tensors.keys():
        whole = all(tensors[entry.name].shape == entry.shape for entry in manifest.entries)
        others = tensors.keys() - parameters.keys()
        if whole and not _buffers(net, tensors, [name for name in others if name not in known]):
            return plain
    with collector_paused():
        found = _Found(net, known, torch_names_of(net, manifest, parameters), header, options)
        if found.mindspore and found.torch and declaration_of(type(net)) is None:
            raise found.mixed(manifest.model).error()
        return found.naming()


class _Found:
    """What is found in a file of either kind of names.

    Attributes:
        torch: names that only PyTorch has for something.
        mindspore: likewise.
    """

    def __init__(
        self, net: nn.Cell, known: Manifest, names: TorchNames, header: CheckpointHeader, options: LoadOptions
    ) -> None:
        self._net, self._known, self._header, self._options = net, known, header, options
        self._tensors = _renamed(header, options)
        self._names = names = with_halves(names, known, {name: each for name, (each, _) in self._tensors.items()})
        declared = {each.name for each in (*known.copies, *known.stored)}  # which is said whoever's names it is by
        torch = [each for each in (*names.copies, *names.stored) if each.name not in declared]
        self._stored = {each.name: each for each in torch}
        self._others = names.others - declared
        self.torch: list[str] = []
        self.mindspore: list[str] = []
        for name, (tensor, is_told) in self._tensors.items():
            if is_told:
                self._tell(name, tensor)
        unknown = [name for name in self._tensors if name not in known and name not in self._stored]
        self._buffers = _buffers(net, {name: self._tensors[name][0] for name in unknown}, unknown)
        # Below a prefix that only the message tells of, the last words are still whose they are.
        self._below = not (self.torch or self.mindspore) and self._is_below(unknown)

    def _tell(self, name: str, tensor: TensorHeader) -> None:
        stored = self._stored.get(name)
        if stored is None:
            if name in self._others:
                self.mindspore.append(name)
        elif name not in self._known:
            self.torch.append(name)
        elif stored.parameters == ((entry := self._known[name]).name,):  # one name, in two forms
            if tensor.shape == stored.shape:
                self.torch.append(name)
            elif tensor.shape == entry.shape:
                self.mindspore.append(name)

    def _is_below(self, unknown: Iterable[str]) -> bool:
        same = {_ending(entry.name) for entry in self._known if entry.name not in self._others}
        torch, mindspore = ({_ending(name) for name in names} - same for names in (self._stored, self._others))
        endings = {_ending(name) for name in unknown}
        return bool(endings & (torch - mindspore)) and not endings & (mindspore - torch)

    def naming(self) -> Naming:
        """Give what a load is planned with, of a file in which no name is only MindSpore's.

        Where none is only PyTorch's either, names count as the net has them, and what PyTorch alone saves is left out.
        """
        names, known = self._names, self._known
        if self.mindspore:
            return Naming(known, self._options, self._options)
        surely, perhaps = self._lacking()
        more = attrs.evolve(
            known,
            leftovers=tuple(dict.fromkeys((*known.leftovers, *names.leftovers))),
            computed=known.computed | self._buffers,
        )
        options = _may_miss(self._options, surely)
        if not (self.torch or self._below):
            return Naming(more, options, options, "", frozenset(surely))
        copies = {each.name for each in names.copies}
        manifest = attrs.evolve(
            more,
            stored=names.stored,
            copies=(*(each for each in known.copies if each.name not in copies), *names.copies),
            ties={alias: owner for alias, owner in known.ties.items() if alias not in copies},
        )
        if not self.torch:
            return Naming(manifest, self._options, self._options, TORCH, is_sure=False)
        return Naming(manifest, _may_miss(options, perhaps), options, TORCH, frozenset((*surely, *perhaps)))

    def _lacking(self) -> tuple[list[str], list[str]]:
        """Give what PyTorch does not have and the file has not: what is sure, and what may be so."""
        stored: dict[str, list[str]] = {}
        for each in (*self._names.stored, *self._names.copies):
            for name in each.parameters:
                stored.setdefault(name, []).append(each.name)
        for alias, owner in self._known.ties.items():
            stored.setdefault(owner, []).append(alias)

        def is_there(name: str) -> bool:
            return any(each in self._tensors for each in (name, *stored.get(name, ())))

        # A norm that is not trained may be one that is frozen: of such a one, too, what other layers have is lost.
        alike = {_pattern(name) for name in self._names.lacking if is_there(name)}
        surely = [name for name in self._names.lacking if not is_there(name) and _pattern(name) not in alike]
        return surely, self._perhaps(is_there)

    def _perhaps(self, is_there: Callable[[str], bool]) -> list[str]:
        """Give what norms are without; one of which the file has more in other layers has lost it here."""
        found = {name.rpartition(".")[0] for name in self._names.perhaps}
        states: dict[str, set[tuple[bool, ...]]] = {}
        both = {path: tuple(f"{path}.{word}" if path else word for word in ("gamma", "beta")) for path in found}
        for path, names in both.items():
            states.setdefault(_pattern(path), set()).add(tuple(map(is_there, names)))
        lacking: list[str] = []
        for path, names in both.items():
            if states[_pattern(path)] == {(False, False)}:
                lacking += names
            elif states[_pattern(path)] == {(True, False)}:
                lacking.append(names[1])
        return lacking

    def mixed(self, model: str) -> mismatch.Mismatch:
        """Say what is wrong with a file that has names of both kinds: those of which there are fewer."""
        few, many = sorted((self.mindspore, self.torch), key=len)
        stored = {name: each for each in self._names.stored for name in each.parameters}
        problems, rename = [], {}
        for name in few:
            tensor = self._tensors[name][0]
            each = stored[self._known[name].name] if few is self.mindspore else self._stored[name]
            other = each.name if few is self.mindspore else each.parameters[0]
            problems.append(mismatch.Problem("unexpected", name, "", None, tensor, "mixed", (other,)))
            if other not in self._tensors and len(each.parameters) == 1:
                rename[tensor.name] = other
        whose = ("MindSpore", "PyTorch") if few is self.mindspore else ("PyTorch", "MindSpore")
        cause = mismatch.mixed_names(few, many, whose, rename)
        return mismatch.Mismatch(self._header.path, model, tuple(problems), (cause,))


def _renamed(header: CheckpointHeader, options: LoadOptions) -> dict[str, tuple[TensorHeader, bool]]:
    """Give the tensors by the names that `rename` makes, each with whether its last word is the file's own."""
    if options.rename is None:
        return {name: (tensor, True) for name, tensor in header.tensors.items()}
    renaming = layout.apply_rules(layout.parse_rules(options.rename, forms=True), header.tensors)
    return {name: (header.tensors[key], _last(key) == _last(name)) for key, name in renaming.names.items()}


def _may_miss(options: LoadOptions, names: Iterable[str]) -> LoadOptions:
    given = options.missing
    if given == "init" or not names:
        return options
    if given == "error":
        given = ()
    if isinstance(given, str) or not isinstance(given, Iterable) or isinstance(given, Mapping):
        return options  # it means nothing, and whoever plans the load says so
    return attrs.evolve(options, missing=[*given, *map(glob.escape, names)])


def _buffers(net: nn.Cell, tensors: Mapping[str, Any], names: Iterable[str]) -> frozenset[str]:
    """Give those names at which the net has a tensor of this shape that is no parameter."""
    return frozenset(name for name in names if _shape_at(net, name) == tensors[name].shape)


def _shape_at(net: nn.Cell, name: str) -> tuple[int, ...] | None:
    *path, last = name.split(".")
    cell: Any = net
    for part in path:
        cell = cells_of(cell).get(part)
        if cell is None:
            return None
    found = buffers_of(cell).get(last)
    if found is None:
        found = cell.__dict__.get(last)
    return tuple(found.shape) if isinstance(found, Tensor) else None


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _ending(name: str) -> str:
    return ".".join(name.rsplit(".", 2)[-2:])


def _pattern(name: str) -> str:
    return ".".join("#" if is_index(part) else part for part in name.split("."))
