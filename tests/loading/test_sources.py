"""Tests of `lazycell.loading._sources`. Forms that do not fit a model are told in `test_fit_layouts.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lazycell.declaration._forms import Fused, Reshaped, Transposed
from lazycell.declaration._symbols import symbol
from lazycell.formats import ByteRange, TensorHeader
from lazycell.layout._layout import Block, Slice, Stored, Transpose
from lazycell.loading._plan import LoadStep
from lazycell.loading._sources import bind_form, sources_of, step_of, whole

from .models import declared, manifest

PATH = Path("net.safetensors")
QK = declared("qk", (4, 3), sections=((0, (("q", 1), ("k", 3))),))


def tensor(name: str, shape: tuple[int, ...], start: int = 0, dtype: str = "float32") -> TensorHeader:
    """Describe a stored tensor whose bytes begin at `start`."""
    size = 1
    for each in shape:
        size *= each
    return TensorHeader(name, dtype, shape, (ByteRange(PATH, start, start + 4 * size),))


def step(entry: Any, *stored: tuple[Stored, TensorHeader]) -> LoadStep:
    """Plan a step from stored tensors."""
    sources = [
        source for one, header in stored for source in sources_of(one, header) if source.block.parameter == entry.name
    ]
    return step_of(entry, sources, "float32")


def test_a_tensor_in_another_shape_is_read_as_it_lies() -> None:
    """The same bytes, and the parameter's shape."""
    entry = declared("w", (2, 6))
    header = tensor("x", (2, 3, 2))
    found = step(entry, (Stored("x", Reshaped(entry.block, (2, 3, 2))), header))
    assert found == LoadStep("w", "x", TensorHeader("x", "float32", (2, 6), header.ranges), "float32")


def test_rows_of_a_tensor_are_a_range_of_its_bytes() -> None:
    """Named for the rows, since two parameters are not one tensor."""
    a, b = declared("a", (1, 3)), declared("b", (2, 3))
    fused = Stored("ab", Fused(0, (("a", a.block), ("b", b.block))))
    header = tensor("ab", (3, 3), 100)
    assert step(b, (fused, header)).tensor == TensorHeader("ab[1:3]", "float32", (2, 3), (ByteRange(PATH, 112, 136),))
    assert step(a, (fused, header)).key == "ab"
    # Columns of a single row are no rows, and follow each other all the same.
    left, right = declared("left", (1, 1)), declared("right", (1, 2))
    columns = Stored("lr", Fused(1, (("l", left.block), ("r", right.block))))
    assert step(right, (columns, tensor("lr", (1, 3)))).tensor.name == "lr[1:3]"


def test_rows_of_a_parameter_are_read_one_after_the_other() -> None:
    """In the parameter's order, whatever the order of the rules."""
    (_, q), (_, k) = QK.section_blocks.values()
    found = step(QK, (Stored("k", k), tensor("k", (3, 3), 0)), (Stored("q", q), tensor("q", (1, 3), 500)))
    assert found.tensor.ranges == (ByteRange(PATH, 500, 512), ByteRange(PATH, 0, 36))
    assert found.tensor.shape == (4, 3)
    assert found.pieces == ()


def test_what_does_not_lie_in_order_is_taken_in_pieces() -> None:
    """Columns, turned matrices, and parts of several dtypes."""
    (_, q), (_, k) = QK.section_blocks.values()
    turned = step(
        QK,
        (Stored("q", Transposed(q, (1, 0))), tensor("q", (3, 1))),
        (Stored("k", Transposed(k, (1, 0))), tensor("k", (3, 3))),
    )
    assert [(piece.tensor.name, piece.operations, piece.place) for piece in turned.pieces] == [
        ("q", (Transpose((1, 0)),), q.place),
        ("k", (Transpose((1, 0)),), k.place),
    ]
    assert (turned.key, turned.tensor) == ("q + k", TensorHeader("q + k", "float32", (4, 3), ()))
    mixed = step(QK, (Stored("q", q), tensor("q", (1, 3))), (Stored("k", k), tensor("k", (3, 3), dtype="float16")))
    assert len(mixed.pieces) == 2
    a, b = declared("a", (2, 1)), declared("b", (2, 2))
    columns = step(b, (Stored("ab", Fused(1, (("a", a.block), ("b", b.block)))), tensor("ab", (2, 3))))
    assert [piece.operations for piece in columns.pieces] == [(Slice(1, 1, 3),)]


def test_whole_tells_what_is_lacking_from_what_is_there_twice() -> None:
    """Every element once."""
    (_, q), (_, k) = QK.section_blocks.values()

    def sources(*blocks: Block) -> list[Any]:
        return [source for block in blocks for source in sources_of(Stored("x", block), tensor("x", block.shape))]

    assert whole(QK, sources(q, k)) is True
    assert whole(QK, sources(QK.block)) is True
    assert whole(QK, sources(q)) is None
    assert whole(QK, sources(q, q)) is False
    assert whole(QK, sources(QK.block, q)) is False


def test_names_in_a_form_are_parameters_or_stored_tensors() -> None:
    """What is declared is put in the place of its name."""
    model = manifest(declared("w"), QK, stored=(Stored("x", Transposed(declared("w").block, (1, 0))),))
    assert bind_form(model, Transposed("x", (1, 0))) == Transposed(Transposed(model["w"].block, (1, 0)), (1, 0))
    assert bind_form(model, "qk[k]") == QK.section_blocks["k"][1]
    with pytest.raises(
        ValueError, match=r"^the shape `\(n, 3\)` in `reshaped\(\"w\", \(n, 3\)\)` has to be a tuple of"
    ):
        bind_form(model, Reshaped("w", (symbol("n"), 3)))
