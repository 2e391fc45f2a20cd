"""The two sides of a load that failed, as the search for causes looks at them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import attrs

from .._frozen import frozen
from ..formats import TensorHeader
from ..manifest import Manifest
from ..reading import castable
from ..show import Splits, collapse
from ._problems import OF_PARTS, Problem


class Sized(Protocol):
    """What is known of a parameter: a `ManifestEntry`, or a stored tensor that parameters make."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""

    @property
    def dtype(self) -> str:
        """Canonical name of its dtype."""


@frozen
class Sides:
    """What does not fit, and what does.

    Attributes:
        manifest: the model.
        tensors: everything in the checkpoint, by its name after `rename`.
        missing: what the checkpoint lacks; None where only the name is known.
        unexpected: what the model lacks.
        shapes: what both have, in different shapes: name, and both.
        fitting: names of what both have alike, in the order of the checkpoint.
        quantized: why the scales of tensors that are codes of weights are not applied, by name; "" if they would be.
        splits: names taken apart at their indices, each once.
        aliases: for names that a cause would change: what the checkpoint calls them.
    """

    manifest: Manifest
    tensors: Mapping[str, TensorHeader]
    missing: Mapping[str, Sized | None]
    unexpected: Mapping[str, TensorHeader]
    shapes: Sequence[tuple[str, Sized, TensorHeader]]
    fitting: Mapping[str, None]
    quantized: Mapping[str, str] = attrs.field(factory=dict)
    splits: Splits = attrs.field(factory=Splits, repr=False)
    aliases: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        problems: Sequence[Problem],
        manifest: Manifest,
        tensors: Mapping[str, TensorHeader],
        splits: Splits | None = None,
    ) -> Sides:
        """Sort out `problems`."""
        stored: dict[str, Sized] = {item.name: item for item in manifest.stored}
        missing: dict[str, Sized | None] = {}
        unexpected: dict[str, TensorHeader] = {}
        shapes: list[tuple[str, Sized, TensorHeader]] = []
        wrong: set[str] = set()
        codes: dict[str, str] = {}
        for problem in problems:
            kind, tensor = problem.kind, problem.tensor
            if problem.reason in OF_PARTS:
                continue  # it is no more than half told by what is missing
            if kind == "missing":
                missing[problem.name] = problem.entry or stored.get(problem.name)
            elif kind == "unexpected" and tensor is not None:
                unexpected[problem.name] = tensor
            elif kind == "quantized":
                codes[problem.name] = problem.detail
            elif kind == "shape":
                wrong.add(problem.name)
                entry = problem.entry or stored.get(problem.name)
                if entry is not None and tensor is not None:
                    shapes.append((problem.name, entry, tensor))
        fitting = {
            name: None
            for name in tensors
            if name not in unexpected and name not in wrong and (name in manifest or name in stored)
        }
        splits = Splits() if splits is None else splits
        return cls(manifest, tensors, missing, unexpected, shapes, fitting, codes, splits)

    def renamed(self, names: Mapping[str, str]) -> Sides:
        """Give the sides as they would be with unexpected tensors renamed."""
        found = {new: self.unexpected[old] for old, new in names.items() if new in self.missing}
        pairs = [(new, self.missing[new], tensor) for new, tensor in found.items()]
        unexpected = {names.get(name, name): tensor for name, tensor in self.unexpected.items()}
        return attrs.evolve(
            self,
            tensors={names.get(name, name): tensor for name, tensor in self.tensors.items()},
            missing={name: own for name, own in self.missing.items() if name not in found},
            unexpected={name: tensor for name, tensor in unexpected.items() if name not in found},
            shapes=[*self.shapes, *((name, own, has) for name, own, has in pairs if own and own.shape != has.shape)],
            fitting=dict.fromkeys(
                (*self.fitting, *(name for name, own, has in pairs if own is None or own.shape == has.shape))
            ),
            aliases={**self.aliases, **{new: self.aliases.get(old, old) for old, new in names.items()}},
        )

    def in_file(self, name: str) -> str:
        """Give what the checkpoint itself calls a tensor."""
        tensor = self.tensors.get(name)
        return name if tensor is None else tensor.name

    def listed(self, names: Iterable[str]) -> str:
        """Name tensors as the checkpoint does, those that are alike once, and no more than two."""
        patterns = [pattern for pattern, _ in collapse(map(self.in_file, names), self.splits)]
        return ", ".join(f"`{pattern}`" for pattern in patterns[:2]) + (", …" if len(patterns) > 2 else "")

    @cached_property
    def alike(self) -> dict[tuple[str | None, tuple[int, ...], tuple[int, ...]], list[str]]:
        """The names of `shapes` by declared expression and both shapes: a model of any size has few of these."""
        groups: dict[tuple[str | None, tuple[int, ...], tuple[int, ...]], list[str]] = {}
        for name, own, tensor in self.shapes:
            groups.setdefault((getattr(own, "expression", None), own.shape, tensor.shape), []).append(name)
        return groups

    def without(self, names: Collection[str]) -> Sides:
        """Give the sides with some of the names left out of what does not fit."""
        aside = set(names)
        if not aside:
            return self
        return attrs.evolve(
            self,
            missing={name: entry for name, entry in self.missing.items() if name not in aside},
            unexpected={name: tensor for name, tensor in self.unexpected.items() if name not in aside},
            shapes=[item for item in self.shapes if item[0] not in aside],
        )


def fits(own: Sized | None, tensor: TensorHeader) -> bool:
    """Whether a tensor could fill a parameter, by shape and dtype."""
    if own is None:
        return True
    if own.shape != tensor.shape:
        return False
    return own.dtype == tensor.dtype or (tensor.is_readable and castable(tensor.dtype, own.dtype))
