"""Tests of `lazycell.layout._apply_rules`. How the rules of several cells go together: `test_stored_names.py`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import Param, buffer, child, tie, when
from lazycell.declaration._forms import Reshaped
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Block
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._outline import Outline, manifest_of_class

from ..pure import PureCell, manifest


def stored(model: Manifest) -> dict[str, Any]:
    """Give the forms by name."""
    return {each.name: each.form for each in model.stored}


def refused(cls: type, *args: Any) -> str:
    """Give the first line of what someone is told who asks for the manifest."""
    with pytest.raises(DeclarationError) as caught:
        manifest(cls, *args)
    return str(caught.value).splitlines()[0]


def test_a_reshape_is_computed_from_the_hyperparameters() -> None:
    """Its elements are counted when the numbers are known."""

    class Patches(PureCell):
        n: int
        size: int
        weight: Param["normal", (n, 3 * size * size)]
        rename({"proj.weight": reshaped("weight", (n, 3, size, size))})

    assert stored(manifest(Patches, 4, 2)) == {
        "proj.weight": Reshaped(Block("weight", (4, 12), "float32"), (4, 3, 2, 2))
    }

    class Wrong(PureCell):
        n: int
        weight: Param["normal", (n, 3)]
        rename({"proj.weight": reshaped("weight", (n, 2))})

    with pytest.raises(DeclarationError) as caught:
        manifest(Wrong, 4)
    assert str(caught.value).splitlines()[0] == (
        'Wrong: rename: `"proj.weight": reshaped("weight", (n, 2))`: `reshaped(weight, (4, 2))` has 8 elements in the '
        "shape (4, 2), and `weight` has 12 in (4, 3)"
    )


def test_half_of_what_is_stored_as_one_is_an_error() -> None:
    """The message names the condition."""

    class Half(PureCell):
        use_k: bool
        q: Param["normal", (2,)]
        k: Param["normal", (2,)] = when(use_k)
        rename({"qk": fused(q="q", k="k")})

    assert list(stored(manifest(Half, True))) == ["qk"]
    with pytest.raises(DeclarationError) as caught:
        manifest(Half, False)
    assert str(caught.value).splitlines()[0] == (
        'Half: rename: `"qk": fused(q="q", k="k")`: `q` is there and `k` is not: it is declared under `when(use_k)`. '
        "What is stored as one has to be there under one condition"
    )


def test_sections_under_a_condition() -> None:
    """The rule of a section that is not there is left out."""

    class Gated(PureCell):
        n: int
        gated: bool
        w: Param["normal", (when(gated, fused(gate=n, up=n), otherwise=n),)]
        rename({"gate": "w[gate]", "up": "w[up]"})

    assert list(stored(manifest(Gated, 2, True))) == ["gate", "up"]
    assert stored(manifest(Gated, 2, False)) == {}


def test_a_tie_cannot_be_a_part_of_a_stored_tensor() -> None:
    """Its values are stored elsewhere."""

    class Tied(PureCell):
        tied: bool
        a: Param["normal", (2,)]
        b: Param["normal", (2,)]
        c: Param["normal", (2,)]
        same = when(tied, tie("b", "a"))
        rename({"bc": fused(b="b", c="c")})

    assert list(stored(manifest(Tied, False))) == ["bc"]
    with pytest.raises(DeclarationError) as caught:
        manifest(Tied, True)
    assert "`b` is tied to `a`, which is what is stored: it cannot be a part of this" in str(caught.value)


def test_two_under_one_name_are_an_error() -> None:
    """Where only what a plain cell turns out to hold shows it."""

    class Net(PureCell):
        head: Any = child(lambda: None)
        extra: Param["normal", (2,)]
        rename({"proj.{*rest}": "head.{*rest}", "proj.bias": "extra"})

    def outline(*names: str) -> Manifest:
        entries = tuple(ManifestEntry(name, (2,), "float32", "zeros") for name in names)
        return manifest_of_class(Net, (), {}, lambda one, dtype: Outline(entries))

    assert list(stored(outline("weight"))) == ["proj.bias", "proj.weight"]
    with pytest.raises(DeclarationError) as caught:
        outline("weight", "bias")
    assert "two things would be stored as `proj.bias`: give one of them another name" in str(caught.value)


def test_a_computed_buffer_cannot_be_a_part_of_a_stored_tensor() -> None:
    """It is in no file."""

    class Net(PureCell):
        w: Param["normal", (2,)]
        table: Any = buffer("zeros", (2,), persistent=False)
        rename({"both": fused(w="w", table="table")})

    assert refused(Net) == (
        'Net: rename: `"both": fused(w="w", table="table")`: `table` is computed, not stored: it cannot be a part of this'
    )


def test_sections_of_what_is_stored_otherwise() -> None:
    """Once it has been turned, a parameter has no rows to speak of."""

    class Inner(PureCell):
        n: int
        qk: Param["normal", (fused(q=n, k=n), n)]
        rename({"turned": transposed("qk")})

    class Net(PureCell):
        kind: Any = Inner
        inner: Any = child(kind, 2)
        rename({"q": "inner.turned[q]", "k": "inner.turned[k]"})

    assert refused(Net) == (
        'Net: rename: `"q": "inner.turned[q]"`: `inner.turned` is not stored as it is, so it has no sections here'
    )


def test_some_sections_of_what_had_to_be_built() -> None:
    """The class could not know that there are others."""

    class Net(PureCell):
        made: Any = child(lambda: None)
        rename({"q": "made.qkv[q]", "k": "made.qkv[k]"})

    entry = ManifestEntry("qkv", (6,), "float32", "zeros", sections=((0, (("q", 2), ("k", 2), ("v", 2))),))
    with pytest.raises(DeclarationError) as caught:
        manifest_of_class(Net, (), {}, lambda one, dtype: Outline((entry,)))
    assert "`made.qkv[v]` is stored nowhere, or twice: give a rule to each section of one axis" in str(caught.value)


def test_a_shape_of_fractions() -> None:
    """Sizes are whole numbers."""

    class Net(PureCell):
        n: int
        w: Param["normal", (n,)]
        rename({"x": reshaped("w", (n / 2, 2))})

    assert refused(Net, 4) == (
        'Net: rename: `"x": reshaped("w", (n / 2, 2))`: the shape `(n / 2, 2)` is (2.0, 2): a size is a whole number'
    )


def test_joined_parts_of_different_widths() -> None:
    """Found when the numbers are known."""

    class Net(PureCell):
        n: int
        a: Param["normal", (2, n)]
        b: Param["normal", (2, 3)]
        rename({"ab": transposed(fused(a="a", b="b"))})

    assert list(stored(manifest(Net, 3))) == ["ab"]
    assert refused(Net, 4) == (
        'Net: rename: `"ab": transposed(fused(a="a", b="b"))`: `fused(a=a, b=b)` joins `a` (2, 4) and `b` (2, 3) along '
        "axis 0: they may differ in that axis alone"
    )
