"""What each size of a model is declared to be, in the hyperparameters of the model's own class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from .._frozen import frozen
from ..manifest import Manifest
from ..show import Splits


@frozen
class DeclaredSizes:
    """Expressions of the model's hyperparameters: for the axes of its tensors, and for the lengths of its lists.

    A child's `out_features` is here what its parents give it, `num_labels`; so a size tells which hyperparameters it is
    made of, and which it has nothing to do with.

    Attributes:
        axes: by the name that a file has for a tensor, an entry each axis: an expression, or None for a plain number.
        lengths: by the name of a list of cells.
        values_with: gives all hyperparameters with some changed; what is left to a default follows what it is made of.
        required: hyperparameters about which the class requires something together with others: no shape may have them.
        behind: for a hyperparameter that is left to its default, those that the default is made of.
    """

    axes: Mapping[str, tuple[Any, ...]] = attrs.field(factory=dict)
    lengths: Mapping[str, Any] = attrs.field(factory=dict)
    values_with: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    behind: Mapping[str, frozenset[str]] = attrs.field(factory=dict)
    required: frozenset[str] = frozenset()
    _alike: dict[tuple[str, ...], tuple[Any, ...]] = attrs.field(factory=dict, repr=False, eq=False)

    def of(self, name: str, rank: int, splits: Splits) -> tuple[Any, ...]:
        """Give the expressions of a tensor's axes; layers that are alike were looked at once.

        Args:
            name: as a file has it.
            rank: how many axes it has.
            splits: names that were taken apart before.
        """
        found = self.axes.get(name)
        if found is not None:
            return found
        if not self._alike:
            for known, axes in self.axes.items():
                self._alike.setdefault(splits[known][0], axes)
        return self._alike.get(splits[name][0]) or (None,) * rank


class Again(Protocol):
    """The class of a model that does not fit, with the hyperparameters that it was built with."""

    def __call__(self, changed: Mapping[str, Any], /) -> Manifest:
        """Give the manifest with some hyperparameters changed; nothing is built."""

    def declared(self, manifest: Manifest, /) -> DeclaredSizes:
        """Tell what the sizes in the manifest of the model are made of."""
