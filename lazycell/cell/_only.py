"""A part of a checkpoint: the tensors that `choice_func` and the prefixes of MindSpore's loader choose."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from .._frozen import frozen
from ..loading import LoadOptions, LoadPlan, make_plan

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..manifest import Manifest
    from ..mismatch import Again


@frozen
class Only:
    """Which tensors of a checkpoint a load is about: the others are left out, and so are the parameters of their names.

    Attributes:
        chosen: tells it of a name.
    """

    chosen: Callable[[str], object]

    def plan(
        self, manifest: Manifest, header: CheckpointHeader, options: LoadOptions, *, again: Again | None
    ) -> LoadPlan:
        """Plan the load of the chosen tensors; the report lists the others as ignored.

        Raises:
            ValueError: none is chosen.
        """
        left_out = [name for name in header.tensors if not self.chosen(name)]
        if left_out and len(left_out) == len(header.tensors):
            raise ValueError(
                f"{header.path}: choice_func or the prefixes choose none of its {len(left_out)} tensors, the first of "
                f"which is {left_out[0]!r:.200}: nothing would be loaded"
            )
        kept = header.tensors.keys() - left_out
        part = attrs.evolve(header, tensors={name: each for name, each in header.tensors.items() if name in kept})
        # A parameter whose one tensor is left out keeps what it has; the option is checked by whoever reads it.
        if isinstance(options.missing, Iterable) and options.missing != "init":
            given = () if options.missing == "error" else options.missing
            if not isinstance(given, str):
                names = (glob.escape(manifest.ties.get(name, name)) for name in left_out)
                options = attrs.evolve(options, missing=[*given, *names])
        plan = make_plan(manifest, part, options, again=again)
        return attrs.evolve(plan, ignored=(*plan.ignored, *left_out))
