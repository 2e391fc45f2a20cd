"""A part of a checkpoint: the tensors that `choice_func` and the prefixes of MindSpore's loader choose."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from .._frozen import frozen
from .._harmless import printable
from ..declaration import leaves, split_section
from ..layout import Renaming, apply_rules, parse_rules
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
                printable(
                    f"{header.path}: choice_func or the prefixes choose none of its {len(left_out)} tensors, the first "
                    f"of which is {left_out[0]!r:.200}: nothing would be loaded"
                )
            )
        kept = header.tensors.keys() - left_out
        part = attrs.evolve(header, tensors={name: each for name, each in header.tensors.items() if name in kept})
        rules = parse_rules(options.rename, forms=True)
        renamed = apply_rules(rules, left_out)
        if rules:  # one that is about what is left out is no mistake
            idle = {*apply_rules(rules, part.tensors).dead} - {*renamed.dead}
            kept_rules = {name: target for name, target in (options.rename or {}).items() if name not in idle}
            options = attrs.evolve(options, rename=kept_rules)
        # A parameter whose one tensor is left out keeps what it has; the option is checked by whoever reads it.
        if isinstance(options.missing, Iterable) and options.missing != "init":
            given = () if options.missing == "error" else options.missing
            if not isinstance(given, str):
                escaped = map(glob.escape, _parameters(manifest, renamed))
                options = attrs.evolve(options, missing=[*given, *escaped])
        plan = make_plan(manifest, part, options, again=again)
        return attrs.evolve(plan, ignored=(*plan.ignored, *left_out))


def _parameters(manifest: Manifest, renamed: Renaming) -> Iterator[str]:
    """Give the parameters that tensors are, or are parts of, by their names after `rename`."""
    stored = {each.name: each.parameters for each in manifest.stored}
    forms = [leaf for form, _ in renamed.forms.values() for leaf in leaves(form)]
    for name in (*renamed.names.values(), *(split_section(leaf)[0] for leaf in forms)):
        own = manifest.ties.get(name, name)
        yield from stored.get(name, (own,))
