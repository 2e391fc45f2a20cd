"""Changes made of the tensors of an adapter's modules, where they fit the base's; every misfit is refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from ..._errors import CheckpointError
from ...formats import TensorHeader
from ._adapted import Change
from ._adapter import Adapter
from ._adapter_tensors import Kinds
from ._expert_names import ExpertPart
from ._low_rank import LowRank, Magnitudes, OfExperts, Stack
from ._small_changes import Added, Multiplied, RowsSet

_CHANGED = frozenset({"float16", "bfloat16", "float32", "float8_e4m3fn", "float8_e5m2"})

Made = Iterator[tuple[str, Change]]
"""Changes, each with the name of the base's tensor."""


class Fits:
    """One adapter's tensors beside a base's.

    Args:
        adapter: whose tensors they are.
        base: its tensors, those that the adapter has whole instead of them among these.
    """

    def __init__(self, adapter: Adapter, base: Mapping[str, TensorHeader]) -> None:
        self._adapter = adapter
        self._config = adapter.config
        self._base = base
        self._turned: dict[str, set[bool]] = {}

    def learn(self, modules: Iterable[tuple[str, Kinds]]) -> None:
        """See which weights are `(in, out)`: those that are not square tell it.

        `fan_in_fan_out` of the config does not: of a model with both kinds, it has the kind of the last that was made.
        """
        for place, kinds in modules:
            base = self._base.get(f"{place}.weight")
            if base is not None and "A" in kinds and "B" in kinds:
                shape = _shape_of(kinds["A"], kinds["B"])
                if len(shape) == 2 and shape[0] != shape[1] and sorted(shape) == sorted(base.shape):
                    self._turned.setdefault(_last(place), set()).add(shape != base.shape)

    def changes(self, module: str, place: str, kinds: Kinds) -> Made:
        """Make the changes of a module's weight and bias.

        Args:
            module: its path in the adapter.
            place: that in the base.
            kinds: its tensors.
        """
        if ("IA3" in kinds) != self._config.is_ia3 and "token rows" not in kinds:
            name = next(iter(kinds.values())).name
            raise self._refusal(f"{name!r} is no tensor of peft_type={'IA3' if self._config.is_ia3 else 'LORA'}")
        weight = f"{place}.weight"
        if "IA3" in kinds:
            yield from self._multiplied(module, place, kinds["IA3"])
        if "token rows" in kinds:
            yield weight, self._rows(module, weight, kinds["token rows"])
        pair = self._pair(module, kinds)
        if pair is not None:
            product = self._product(module, weight, *pair, is_table="embedding A" in kinds)
            lengths = kinds.get("magnitude")
            if lengths is not None:
                yield weight, self._magnitudes(weight, product, lengths)
            elif self._config.has_magnitudes:
                raise self._refusal(f"use_dora is true, and {module!r} has no lora_magnitude_vector")
            else:
                yield weight, product
            if "bias of B" in kinds:
                yield f"{place}.bias", self._added(place, kinds["bias of B"], product.scale)

    def of_experts(self, module: str, kinds: Kinds, parts: Iterable[ExpertPart]) -> Made:
        """Make the changes of the weights of experts.

        Args:
            module: the path in the adapter.
            kinds: its tensors.
            parts: what the base has of them.
        """
        pair = self._pair(module, kinds)
        if pair is None or kinds.keys() - {"A", "B"}:
            other = next(kinds[kind].name for kind in kinds if kind not in ("A", "B"))
            raise self._refusal(f"{other!r}: of experts in one tensor, lazycell merges lora_A and lora_B alone")
        a, b = pair
        parts = [*parts]
        experts = parts[0].experts
        if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[0] != b.shape[1] or not a.shape[0] or a.shape[0] % experts:
            raise self._refusal(f"{a.name!r} {a.shape} and {b.name!r} {b.shape} are no pair for {experts} experts")
        shape = (b.shape[0], a.shape[1])
        bases = [self._floats(part.name) for part in parts]
        turned = parts[0].expert is None and bases[0].shape[1:] == shape[::-1] != shape
        scale = self._config.scale(module, a.shape[0] // experts) * self._adapter.weight
        stack = Stack(a, b, scale, experts, turned)
        shape = shape[::-1] if turned else shape
        of_one = sum(base.shape[0] for base, part in zip(bases, parts, strict=True) if part.expert == 0)
        offset = 0
        for part, base in zip(parts, bases, strict=True):
            fits = base.shape == (experts, *shape) if part.expert is None else base.shape[1:] == shape[1:]
            if not fits or (part.expert is not None and of_one != shape[0]):
                raise self._misfit(a, shape, part.name, base)
            yield part.name, OfExperts(stack, offset)
            offset += base.shape[0]

    def _pair(self, module: str, kinds: Kinds) -> tuple[TensorHeader, TensorHeader] | None:
        """Give the two matrices of a module; None where it has none, and nothing that needs them."""
        found = [(kinds.get(one), kinds.get(other)) for one, other in _PAIRS]
        there = [pair for pair in found if pair != (None, None)]
        if len(there) > 1:
            raise self._refusal(f"{module!r} has matrices of a linear layer and of an embedding: it is one of both")
        for a, b in there:
            if a is not None and b is not None:
                return a, b
            half = a or b
            assert half is not None
            raise self._refusal(f"{half.name!r} is half a pair: the other matrix of {module!r} is not there")
        alone = next((kinds[kind] for kind in ("magnitude", "bias of B") if kind in kinds), None)
        if alone is not None:
            raise self._refusal(f"{alone.name!r} has no lora_A and lora_B beside it")
        return None

    def _product(self, module: str, name: str, a: TensorHeader, b: TensorHeader, *, is_table: bool) -> LowRank:
        rank = a.shape[0] if a.shape else 0
        if not rank or len(a.shape) < 2 or len(b.shape) != len(a.shape) or b.shape[1] != rank:
            self._refuse_groups(name, a, b)
            raise self._refusal(f"{a.name!r} {a.shape} and {b.name!r} {b.shape} are no pair: no rank is in both")
        base, shape = self._floats(name), _shape_of(a, b)
        turned = is_table or (len(shape) == 2 and self._is_turned(name, base, shape))
        if (shape[::-1] if turned else shape) != base.shape or math.prod(b.shape[2:]) != 1:
            self._refuse_groups(name, a, b)
            if is_table and shape[:1] == base.shape[1:]:
                raise self._refusal(
                    f"{a.name!r} is of {shape[1]} words, and {name!r} has {base.shape[0]}: the vocabulary was resized, "
                    "and the adapter does not have the table: save it with save_embedding_layers=True"
                )
            raise self._misfit(a, shape[::-1] if turned else shape, name, base)
        return LowRank(a, b, self._config.scale(module, rank) * self._adapter.weight, turned)

    def _is_turned(self, name: str, base: TensorHeader, shape: tuple[int, ...]) -> bool:
        if shape[0] != shape[1]:
            return shape != base.shape and shape[::-1] == base.shape
        flag, here = self._config.fan_in_fan_out, self._turned.get(_last(name.removesuffix(".weight")), set())
        if len(here) == 1:  # as others that are called so
            return True in here
        if all(each <= {flag} for each in self._turned.values()):
            return flag
        raise self._refusal(
            f"{name!r} is square, and fan_in_fan_out={flag} is wrong for other modules, so that "
            "nothing tells whether it is (out, in) or (in, out): merge it where it was trained"
        )

    def _refuse_groups(self, name: str, a: TensorHeader, b: TensorHeader) -> None:
        base = self._floats(name)
        if len(base.shape) > 2 and len(a.shape) > 1 and base.shape[1] and a.shape[1] % base.shape[1] == 0:
            groups = a.shape[1] // base.shape[1]
            if groups > 1:
                raise self._refusal(
                    f"{name!r} is a convolution in {groups} groups, and {a.name!r} has the inputs of all: peft itself "
                    "does not merge such: leave the layer out when training"
                )

    def _magnitudes(self, name: str, product: LowRank, lengths: TensorHeader) -> Magnitudes:
        base, axis = self._floats(name), int(product.turned)
        if math.prod(lengths.shape) != base.shape[axis]:
            raise self._misfit(lengths, lengths.shape, name, base)
        return Magnitudes(base, product, lengths, axis)

    def _added(self, place: str, vector: TensorHeader, scale: float) -> Added:
        name = f"{place}.bias"
        if name not in self._base:
            raise self._refusal(
                f"{vector.name!r} is added to a bias, and the base has no {name!r}: peft does not merge it either: "
                "train without lora_bias"
            )
        base = self._floats(name)
        if vector.shape != base.shape:
            raise self._misfit(vector, vector.shape, name, base)
        return Added(vector, scale)

    def _multiplied(self, module: str, place: str, factors: TensorHeader) -> Made:
        name, count = f"{place}.weight", math.prod(factors.shape)
        base = self._floats(name)
        if len(factors.shape) < 2 or count != max(factors.shape) or len(base.shape) < 2:
            raise self._misfit(factors, factors.shape, name, base)
        first, second = factors.shape[:2]
        is_told = len(factors.shape) == 2 and first != second
        of_inputs = first == 1 if is_told else self._config.is_feedforward(module)
        axis = int(of_inputs != (self._config.fan_in_fan_out and len(base.shape) == 2))
        if base.shape[axis] != count:
            raise self._misfit(factors, factors.shape, name, base)
        yield name, Multiplied(factors, axis)
        bias = self._base.get(f"{place}.bias")
        if not of_inputs and bias is not None:
            if bias.shape != (count,):
                raise self._misfit(factors, factors.shape, bias.name, bias)
            yield f"{place}.bias", Multiplied(factors, 0)

    def _rows(self, module: str, name: str, values: TensorHeader) -> RowsSet:
        told, base = self._config.token_rows, self._floats(name)
        numbers = told.get("", next((told[end] for end in told if f".{module}".endswith(f".{end}")), None))
        if numbers is None:
            raise self._refusal(
                f"{values.name!r} has rows, and trainable_token_indices of the config does not say which"
            )
        if len(base.shape) != 2 or values.shape != (len(numbers), base.shape[1]):
            raise self._refusal(
                f"{values.name!r} is {values.shape}, and trainable_token_indices has {len(numbers)} rows of {name!r}, "
                f"which is {base.shape}"
            )
        for number in numbers:
            if not 0 <= number < base.shape[0]:
                raise self._refusal(f"trainable_token_indices has {number}, and {name!r} {base.shape[0]} rows")
        return RowsSet(values, numbers)

    def _floats(self, name: str) -> TensorHeader:
        tensor = self._base[name]
        if tensor.dtype not in _CHANGED:
            why = "they are changed in float32, which has fewer digits" if tensor.dtype == "float64" else "no floats"
            raise self._refusal(f"{name!r} of the base is of {tensor.dtype} ({why}): take a base in float32, or less")
        return tensor

    def _misfit(self, tensor: TensorHeader, shape: tuple[int, ...], name: str, base: TensorHeader) -> CheckpointError:
        return self._refusal(
            f"{tensor.name!r} is for a shape of {shape}, and {name!r} is {base.shape}: this is not the model that the "
            "adapter was trained on"
        )

    def _refusal(self, text: str) -> CheckpointError:
        return CheckpointError(f"{self._adapter.path}: {text}")


_PAIRS = (("A", "B"), ("embedding A", "embedding B"))


def _shape_of(a: TensorHeader, b: TensorHeader) -> tuple[int, ...]:
    """Give the shape of a weight with its outputs first, of which a product is."""
    return (*b.shape[:1], *a.shape[1:])


def _last(module: str) -> str:
    return module.rpartition(".")[2]
