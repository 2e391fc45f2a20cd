"""Tests of `lazycell.manifest.file._canonical_forms`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from lazycell._errors import ManifestError
from lazycell.declaration._forms import Fused, Reshaped, Transposed
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Block, Form, Stored
from lazycell.manifest.file._canonical_forms import stored_json, stored_of

from ...layout.forms import stored_tensors

ENTRIES = {name: ManifestEntry(name, (2, 3), "float32", "zeros") for name in "ab"}
A = {"parameter": "a"}


@given(stored_tensors())
def test_what_is_written_is_read(case: tuple[Stored, dict[str, tuple[int, ...]]]) -> None:
    """Forms of every kind, blocks of parameters."""
    stored, shapes = case
    entries = {name: ManifestEntry(name, shape, "float32", "zeros") for name, shape in shapes.items()}
    written = json.loads(json.dumps(stored_json(stored, entries)))
    assert stored_of(written, "x", entries) == stored


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Block("a", (2, 3), "float32"), A),
        (
            Block("a", (1, 3), "float32", ((1, 2), (0, 3)), "q"),
            {"parameter": "a", "section": "q", "place": [[1, 2], [0, 3]]},
        ),
        (Block("a", (2, 3), "float16"), {"parameter": "a", "dtype": "float16"}),
        (Transposed(Block("a", (2, 3), "float32")), {"transposed": A}),
        (Transposed(Block("a", (2, 3), "float32"), (1, 0)), {"transposed": A, "axes": [1, 0]}),
        (Reshaped(Block("a", (2, 3), "float32"), (6,)), {"reshaped": A, "shape": [6]}),
        (
            Fused(1, (("p", Block("a", (2, 3), "float32")), ("q", Block("b", (2, 3), "float32")))),
            {"fused": [{"name": "p", "form": A}, {"name": "q", "form": {"parameter": "b"}}], "axis": 1},
        ),
    ],
)
def test_forms(form: Form, expected: dict[str, Any]) -> None:
    """Each operation has a key of its own."""
    written = stored_json(Stored("x", form), ENTRIES)
    assert written["form"] == expected
    assert stored_of(written, "x", ENTRIES) == Stored("x", form)


DEEP: dict[str, Any] = A
for _ in range(60):
    DEEP = {"transposed": DEEP}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (3, "has to be an object, and is a whole number"),
        ({}, 'lacks "parameter"'),
        ({"parameter": "c"}, 'parameter: there is no parameter "c"'),
        ({"parameter": "a", "plce": []}, 'unknown key "plce"; did you mean `place`?'),
        ({"parameter": "a", "place": [[0, 1]]}, "place: has 1 axes, and the parameter has 2"),
        (
            {"parameter": "a", "place": [[0, 1], [0, 4]]},
            "place[1]: has to be start and stop, of an axis of 3, and is [0, 4]",
        ),
        (
            {"parameter": "a", "place": [[1, 0], [0, 3]]},
            "place[0]: has to be start and stop, of an axis of 2, and is [1, 0]",
        ),
        ({"parameter": "a", "dtype": "x"}, 'dtype: "x" is no dtype'),
        ({"parameter": "a", "section": 1}, "section: has to be text, and is a whole number"),
        ({"fused": [], "axis": 0}, "fused: is empty"),
        ({"fused": [A], "axis": 0}, 'fused[0]: unknown key "parameter"'),
        (
            {"fused": [{"name": "p", "form": A}], "axis": 5},
            "`fused(axis=5, p=a)` joins along axis 5, and `p` is (2, 3)",
        ),
        ({"transposed": A, "axes": [0, 0]}, "`transposed(a, (0, 0))` orders the axes (0, 0), and `a` is (2, 3)"),
        ({"transposed": A, "axes": [-1, 0]}, "axes[0]: has to be at least 0, and is -1"),
        (
            {"reshaped": A, "shape": [5]},
            "`reshaped(a, (5,))` has 5 elements in the shape (5,), and `a` has 6 in (2, 3)",
        ),
        (DEEP, "is nested deeper than 50"),
    ],
)
def test_refusals(form: Any, message: str) -> None:
    """Each with its place."""
    with pytest.raises(ManifestError) as caught:
        stored_of({"name": "x", "shape": [1], "form": form}, "stored[2]", ENTRIES)
    joined = "." if message.partition(":")[0].partition("[")[0].isidentifier() and ":" in message else ": "
    assert str(caught.value).startswith("stored[2].form" + joined + message)


def test_a_shape_that_the_form_does_not_make() -> None:
    """Both are said."""
    with pytest.raises(ManifestError, match=r"^x.shape: is \[3, 2\], and what the form makes is \[2, 3\]$"):
        stored_of({"name": "x", "shape": [3, 2], "form": A}, "x", ENTRIES)
