"""Which tensors of a base hold the weights of experts that an adapter changes all at once.

`target_parameters` of `peft` names parameters that are no module's `weight`: `mlp.experts.gate_up_proj`. Of several in
one module, the one that the module registers first is wrapped first, so that its matrices are below `base_layer`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..._frozen import frozen
from ...formats import TensorHeader

_BELOW = ".base_layer"
_IN_ORDER = ("gate_up_proj", "down_proj")
"""As the classes of transformers register them."""

_SPLIT = {
    "": {"gate_up_proj": ("gate_proj", "up_proj"), "down_proj": ("down_proj",)},
    "block_sparse_moe": {"gate_up_proj": ("w1", "w3"), "down_proj": ("w2",)},
}
"""How files have what a module has as one parameter: for each expert, perhaps in parts; Mixtral's in another block."""


@frozen
class ExpertPart:
    """A tensor of a base with the weights of all experts, or a part of one's.

    Attributes:
        name: of the tensor.
        experts: how many there are.
        expert: whose it is; None: of all.
        half: which part of the expert's rows, where several tensors have them.
    """

    name: str
    experts: int
    expert: int | None = None
    half: int = 0


@frozen
class Stacked:
    """The parameter that matrices change: its module's path, and its name there."""

    module: str
    parameter: str

    def parts(self, base: Mapping[str, TensorHeader]) -> tuple[ExpertPart, ...]:
        """Give the tensors of a base that hold it; none where the base has it not."""
        whole = f"{self.module}.{self.parameter}"
        if whole in base:
            shape = base[whole].shape
            return (ExpertPart(whole, shape[0]),) if len(shape) == 3 and shape[0] else ()
        return tuple(self._split(base))

    def _split(self, base: Collection[str]) -> Iterator[ExpertPart]:
        for block, words in _SPLIT.items():
            stem = self.module
            if block:
                before, _, last = stem.rpartition(".")
                above = before.rpartition(".")[0]
                stem = f"{above}.{block}.{last}".removeprefix(".")
            names = words.get(self.parameter, ())
            count = 0
            while names and all(f"{stem}.{count}.{each}.weight" in base for each in names):
                count += 1
            if count:
                for expert in range(count):
                    for half, each in enumerate(names):
                        yield ExpertPart(f"{stem}.{expert}.{each}.weight", count, expert, half)
                return


def stacked(module: str, parameters: Sequence[str]) -> Stacked | None:
    """Tell which parameter the matrices at a module's path change; None: it is the module's weight.

    Args:
        module: as the adapter has it, perhaps below `base_layer`.
        parameters: the config's `target_parameters`.
    """
    stem, depth = module, 0
    while stem.endswith(_BELOW):
        stem, depth = stem.removesuffix(_BELOW), depth + 1
    named = dict.fromkeys(
        last for before, _, last in (each.rpartition(".") for each in parameters) if f".{stem}".endswith(f".{before}")
    )
    in_order = sorted(named, key=lambda each: _IN_ORDER.index(each) if each in _IN_ORDER else len(_IN_ORDER))
    return Stacked(stem, in_order[-1 - depth]) if depth < len(in_order) else None
