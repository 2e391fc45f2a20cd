"""What the walk of a part of a model found: facts, and how well the names in the file fit."""

from __future__ import annotations

from typing import Any

import attrs

from ._fact import Fact, Guard
from ._formed import Block

EXAMPLES = 8
"""Names that are missing of which are told."""


@attrs.define(eq=False)
class Found:
    """What the walk of a part of the model found.

    Attributes:
        facts: about the unknowns.
        missing: how many parameters are declared, under no condition, that are not stored.
        misfits: how many stored tensors cannot be what is declared, whatever the hyperparameters.
        used: how many stored tensors are accounted for.
        examples: some names that are missing.
    """

    facts: list[Fact] = attrs.field(factory=list)
    missing: int = 0
    misfits: int = 0
    used: int = 0
    examples: list[str] = attrs.field(factory=list)
    blocks: list[Block] = attrs.field(factory=list)

    def add(self, other: Found, times: int = 1) -> None:
        """Take in what another part found, or `times` parts that are alike."""
        self.facts += other.facts
        self.blocks += other.blocks
        self.missing += times * other.missing
        self.misfits += times * other.misfits
        self.used += times * other.used
        if len(self.examples) < EXAMPLES:
            self.examples += other.examples[: EXAMPLES - len(self.examples)]

    def under(self, guard: Guard) -> Found:
        """Give the same, known only where a condition holds (or does not)."""
        facts = [attrs.evolve(fact, guards=(guard, *fact.guards)) for fact in self.facts]
        blocks = [attrs.evolve(block, guards=(guard, *block.guards)) for block in self.blocks]
        return attrs.evolve(self, facts=facts, blocks=blocks)

    def distance(self, stored: int) -> int:
        """Give how far this is from fitting exactly what is stored: 0, or the number of differences."""
        return self.missing + self.misfits + max(stored - self.used, 0)


def either_way(present: Found, otherwise: Found, condition: Any) -> Found:
    """Give what is known where a condition holds, and where it does not; what both say is known for certain."""
    common = {fact.key for fact in present.facts} & {fact.key for fact in otherwise.facts}
    certain = [fact for fact in present.facts if fact.key in common]
    both = Found(certain)
    for part, holds in ((present, True), (otherwise, False)):
        alone = attrs.evolve(part, facts=[fact for fact in part.facts if fact.key not in common])
        both.add(alone.under((condition, holds)))
    return both
