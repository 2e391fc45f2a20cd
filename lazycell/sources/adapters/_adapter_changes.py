"""What an adapter does to each tensor of a base: made of headers alone, with every misfit refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ... import show
from ..._errors import CheckpointError
from ..._frozen import frozen
from ...formats import CheckpointHeader, TensorHeader
from ._adapted import Change
from ._adapter import Adapter
from ._adapter_names import names_in
from ._adapter_tensors import AdapterTensors, gather
from ._base_names import BaseNames, find_base_names
from ._expert_names import ExpertPart, Stacked, stacked
from ._fits import Fits
from ._one_file import resolved

_SHOWN = 5
_ONE_ONLY = frozenset({"magnitude", "IA3", "token rows"})


@frozen
class OfTensor:
    """What one adapter does to one tensor.

    Attributes:
        instead: takes the tensor's place first; None: it stays.
        changes: made after that.
    """

    instead: TensorHeader | None = None
    changes: tuple[Change, ...] = ()


@frozen
class AdapterChanges:
    """What one adapter does.

    Attributes:
        tensors: by the names of the base's tensors, or of new ones.
        notes: what is to be said of it, though nothing is wrong.
    """

    tensors: Mapping[str, OfTensor]
    notes: tuple[str, ...] = ()


def changes_of(adapter: Adapter, base: CheckpointHeader, *, is_alone: bool = True) -> AdapterChanges:
    """Give what an adapter does to a base.

    Args:
        adapter: whose headers are read.
        base: a checkpoint of floats.
        is_alone: no other adapter is merged with it.

    Raises:
        CheckpointFormatError: a name in it is none that `peft` writes.
        CheckpointError: a tensor of it has no place in the base, or another shape; or it cannot be merged with others.
        ConfigError: its config says what cannot be followed.
    """
    notes: tuple[str, ...] = ()
    if adapter.config.alphas is None:
        named = [*names_in(adapter.header)]
    else:
        adapter, named, notes = resolved(adapter, base)
    tensors = gather(adapter.header, named)
    if not is_alone:
        _refuse_beside_others(adapter, tensors)
    if adapter.config.is_ia3 and adapter.weight != 1.0:
        raise CheckpointError(
            f"{adapter.path}: an adapter of IA3 multiplies, and has no weight: leave out {adapter.weight}"
        )
    changes = _Changes(adapter, base, tensors).all()
    return AdapterChanges(changes.tensors, (*notes, *changes.notes))


def _refuse_beside_others(adapter: Adapter, tensors: AdapterTensors) -> None:
    alone = {kind: kinds[kind].name for kinds in tensors.modules.values() for kind in kinds if kind in _ONE_ONLY}
    if tensors.whole:
        alone["whole"] = next(iter(tensors.whole.values())).name
    for kind, name in alone.items():
        raise CheckpointError(
            f"{adapter.path}: it has {_WORDS[kind]} ({name!r}), which cannot be added to what other adapters have: "
            "load it alone, or the others without it"
        )


class _Changes:
    """One adapter held against one base."""

    def __init__(self, adapter: Adapter, base: CheckpointHeader, tensors: AdapterTensors) -> None:
        self._adapter, self._base, self._tensors = adapter, base, tensors
        self._found: dict[str, OfTensor] = {}

    def all(self) -> AdapterChanges:
        names, base = self._base_names(), self._base.tensors
        self._refuse_one_place(names, self._tensors.modules)
        self._refuse_one_place(names, self._tensors.whole)
        for name, tensor in self._tensors.whole.items():
            self._replace(names(name), tensor)
        fits = Fits(
            self._adapter, {**base, **{name: each.instead for name, each in self._found.items() if each.instead}}
        )
        modules = self._tensors.modules
        fits.learn((names(module), kinds) for module, kinds in modules.items())
        for module, kinds in modules.items():
            parts = self._experts(module, names)
            made = fits.of_experts(module, kinds, parts) if parts else fits.changes(module, names(module), kinds)
            for name, change in made:
                there = self._found.get(name, OfTensor())
                self._found[name] = OfTensor(there.instead, (*there.changes, change))
        return AdapterChanges(self._found, tuple(self._notes()))

    def _base_names(self) -> BaseNames:
        """Find where the base has the modules."""
        wanted = [name for name in self._tensors.whole if not self._is_new(name)]
        names, lacking = find_base_names([*wanted, *self._tensors.modules], self._base.tensors, self._is_there)
        if lacking:
            what = show.few((pattern for pattern, _ in show.collapse(lacking)), _SHOWN)
            tied = "a head that is tied to an embedding has no tensor of its own; else " if "lm_head" in lacking else ""
            raise CheckpointError(
                f"{self._adapter.path}: the adapter changes what {self._base.path} does not have: {what}; nor is it "
                f"there with one prefix more or less: {tied}this is not the model that the adapter was trained on, "
                "which `base_model_name_or_path` in its config names"
            )
        return names

    def _refuse_one_place(self, names: BaseNames, found: Iterable[str]) -> None:
        """Refuse two names of the adapter that are one of the base, with a prefix and without."""
        places: dict[str, str] = {}
        for name in found:
            other = places.setdefault(names(name), name)
            if other != name:
                raise CheckpointError(
                    f"{self._adapter.path}: {other!r} and {name!r} are both {names(name)!r} of {self._base.path}: "
                    "keep one of them"
                )

    def _is_there(self, name: str, names: BaseNames) -> bool:
        if name in self._tensors.modules:
            return f"{names(name)}.weight" in self._base.tensors or bool(self._experts(name, names))
        return names(name) in self._base.tensors

    def _experts(self, module: str, names: BaseNames) -> tuple[ExpertPart, ...]:
        found = stacked(module, self._adapter.config.parameters)
        return () if found is None else Stacked(names(found.module), found.parameter).parts(self._base.tensors)

    def _is_new(self, name: str) -> bool:
        """Whether the adapter may bring a tensor that the base lacks: a head that was trained with it.

        Or another name of one that it has: `peft` writes both tables of a model that ties them when either is enlarged.
        """
        whole = self._tensors.whole
        shape = whole[name].shape
        return self._adapter.config.is_saved(name) or any(
            other != name and other in self._base.tensors and each.shape == shape and len(shape) == 2
            for other, each in whole.items()
        )

    def _replace(self, name: str, tensor: TensorHeader) -> None:
        there = self._base.tensors.get(name)
        # Of a table, the adapter may have other rows: whether the model has them, the plan will say.
        if (
            there is not None
            and there.shape != tensor.shape
            and not (len(there.shape) == len(tensor.shape) == 2 and there.shape[1] == tensor.shape[1])
        ):
            raise CheckpointError(
                f"{self._adapter.path}: {tensor.name!r} is {tensor.shape}, and {name!r} of the base {there.shape}: "
                "this is not the model that the adapter was trained on"
            )
        self._found[name] = OfTensor(tensor)

    def _notes(self) -> Iterator[str]:
        there = [*self._tensors.modules, *(name.rpartition(".")[0] for name in self._tensors.whole)]
        ends = {end for module in there for end in _ends_of(module)}
        for target in self._adapter.config.targets:
            if target not in ends:
                yield (
                    f"{self._adapter.path}: target_modules of its config has {target!r}, and the adapter has no tensor "
                    "of a module that ends so"
                )


def _ends_of(module: str) -> Iterator[str]:
    """Give what a path ends in, after each dot, and all of it."""
    while module:
        yield module
        module = module.partition(".")[2]


_WORDS = {
    "magnitude": "magnitudes of DoRA",
    "IA3": "vectors of IA3",
    "token rows": "rows of tokens",
    "whole": "whole tensors",
}
