"""Tests of `lazycell.declaration._unused`: what may be said, and what is refused at once."""

from __future__ import annotations

import pytest

import lazycell
from lazycell import UNUSED, DeclarationError, LazyCell, Param, former, rename


def test_they_read_as_they_are_written() -> None:
    """In messages and in what `fields` lists."""
    assert str(UNUSED) == repr(UNUSED) == "UNUSED"
    assert str(former("weight")) == 'former("weight")'

    class Norm(LazyCell):
        weight: Param["ones", (2,)]
        rename({"gamma": former("weight"), "{*path}.mask": UNUSED})

    said = [each.text for each in lazycell.fields(Norm) if hasattr(each, "text")]
    assert said == ['`"gamma": former("weight")`', '`"{*path}.mask": UNUSED`']


@pytest.mark.parametrize("name", ["", 3, None])
def test_a_former_name_needs_a_present_one(name: object) -> None:
    """The message shows the whole rule."""
    with pytest.raises(DeclarationError, match=r'not .*: write `"gamma": former\("weight"\)`'):
        former(name)  # type: ignore[arg-type]


def test_a_subclass_takes_one_back() -> None:
    """As any rule, with None."""

    class Base(LazyCell):
        weight: Param["ones", (2,)]
        rename({"mask": UNUSED, "old": UNUSED})

    class Derived(Base):
        rename({"mask": None})

    assert [each.name for each in Base.manifest().leftovers] == ["mask", "old"]
    assert [each.name for each in Derived.manifest().leftovers] == ["old"]
