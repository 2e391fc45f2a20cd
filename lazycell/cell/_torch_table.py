"""What PyTorch calls the parameters of MindSpore's own cells: a row for each class that differs.

Measured on MindSpore 2.10 and torch 2.13; `tests/cell/test_torch_names.py` holds it to torch's own files. A cell that
is not listed has PyTorch's names already: dense layers, the convolutions of two and three axes, recurrent cells,
attention, and all of `mint.nn`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from mindspore import mint, nn

from .._frozen import frozen
from ..declaration import UNUSED, StoredRule, made_rules, squeezed, take_alike, torch_rules
from ..parameters import parameters_of


@frozen
class Lacking:
    """Parameters of one cell that PyTorch's counterpart may be without, and the constant that each starts from.

    Attributes:
        surely: the cell was built so that its counterpart has none.
        perhaps: MindSpore's cell has no switch that would say.
    """

    surely: Mapping[str, float]
    perhaps: Mapping[str, float]


_NOTHING = Lacking({}, {})


@frozen
class Row:
    """One class.

    Attributes:
        rules: PyTorch's names to the cell's, or to forms of them, as `torch_names` takes them.
        lacking: what of a cell PyTorch may be without.
    """

    rules: Mapping[str, Any]
    lacking: Callable[[Any], Lacking] = lambda cell: _NOTHING


_AFFINE = {"weight": "gamma", "bias": "beta"}
_STATISTICS = {"running_mean": "moving_mean", "running_var": "moving_variance", "num_batches_tracked": UNUSED}
_FEED_FORWARD = {"linear1.{*rest}": "dense1.{*rest}", "linear2.{*rest}": "dense2.{*rest}"}
_AT_FIRST = {"gamma": 1.0, "weight": 1.0, "beta": 0.0, "bias": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}


def _without_affine(cell: Any) -> Lacking:
    """MindSpore's norms keep what `affine=False` leaves out, and do not train it."""
    return _starting(*(name for name in ("gamma", "beta", "weight", "bias") if _is_fixed(cell, name)))


def _of_batch_norm(cell: Any) -> Lacking:
    # Without statistics PyTorch's norm takes those of the batch, and MindSpore's only where it is told to.
    statistics = ("moving_mean", "moving_variance") if cell.use_batch_statistics else ()
    return _starting(*_without_affine(cell).surely, *statistics)


def _of_instance_norm(cell: Any) -> Lacking:
    # The cell has statistics, and does not read them.
    return _starting(*_without_affine(cell).surely, "moving_mean", "moving_variance")


def _of_layer_norm(cell: Any) -> Lacking:
    """MindSpore's has neither `elementwise_affine` nor `bias`."""
    return Lacking({}, {name: _AT_FIRST[name] for name in ("gamma", "beta")})


def _starting(*names: str) -> Lacking:
    return Lacking({name: _AT_FIRST[name] for name in names}, {})


def _is_fixed(cell: Any, name: str) -> bool:
    parameter = parameters_of(cell).get(name)
    # Batch and instance norms do not note what they were given.
    return parameter is not None and not getattr(cell, "affine", parameter.requires_grad)


_CONVOLUTION = Row({"weight": squeezed("weight", axis=2)})
_BATCH_NORM = Row({**_AFFINE, **_STATISTICS}, _of_batch_norm)
_INSTANCE_NORM = Row({**_AFFINE, **_STATISTICS}, _of_instance_norm)
_TABLE = Row({"weight": "embedding_table"})
_TRANSFORMER = Row(_FEED_FORWARD)

ROWS: dict[type, Row] = {
    nn.Conv1d: _CONVOLUTION,
    nn.Conv1dTranspose: _CONVOLUTION,
    nn.BatchNorm1d: _BATCH_NORM,
    nn.BatchNorm2d: _BATCH_NORM,
    nn.BatchNorm3d: Row({"{*rest}": "bn2d.{*rest}"}),
    nn.SyncBatchNorm: _BATCH_NORM,
    nn.LayerNorm: Row(_AFFINE, _of_layer_norm),
    nn.GroupNorm: Row(_AFFINE, _without_affine),
    mint.nn.GroupNorm: Row({}, _without_affine),
    nn.InstanceNorm1d: _INSTANCE_NORM,
    nn.InstanceNorm2d: _INSTANCE_NORM,
    nn.InstanceNorm3d: _INSTANCE_NORM,
    nn.Embedding: _TABLE,
    nn.EmbeddingLookup: _TABLE,
    nn.EmbeddingThor: _TABLE,
    nn.EmbeddingLookupThor: _TABLE,
    nn.PReLU: Row({"weight": "w"}),
    nn.TransformerEncoderLayer: _TRANSFORMER,
    nn.TransformerDecoderLayer: _TRANSFORMER,
}
"""PyTorch's names for the cells that have others, by class."""


OF_TABLE = "MindSpore's cells"
"""Who the rules of the table are said by."""


@functools.cache
def _rules_of_row(cls: type) -> tuple[StoredRule, ...]:
    return made_rules(OF_TABLE, ROWS[cls].rules)


def rules_of(cls: type) -> list[StoredRule]:
    """Give all that is said of a class and its bases: of what is said twice, what the class nearest to it says."""
    rules: list[StoredRule] = []
    for base in reversed(cls.__mro__):
        nearer = torch_rules(base) or (_rules_of_row(base) if base in ROWS else ())
        names = {rule.name for rule in nearer}
        rules = [
            rule for rule in rules if rule.name not in names and not any(take_alike(rule, each) for each in nearer)
        ]
        rules += nearer
    return rules


def lacking_in(cell: nn.Cell) -> Lacking:
    """Give the parameters of a cell itself that PyTorch's counterpart may be without."""
    for base in type(cell).__mro__:
        if base in ROWS:
            found = ROWS[base].lacking(cell)
            own = parameters_of(cell)
            surely, perhaps = ({n: v for n, v in each.items() if n in own} for each in (found.surely, found.perhaps))
            return Lacking(surely, perhaps)
    return _NOTHING
