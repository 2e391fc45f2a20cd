"""Tests of `lazycell.loading._step`. Every reason is met in `test_fit.py` and `test_fit_layouts.py`."""

from __future__ import annotations

import pytest

from lazycell.layout._rename import apply_rules
from lazycell.loading._lookup import Lookup
from lazycell.loading._step import missing, step

from .models import Spec, declared, manifest, stored


def lookup(tensors: dict[str, Spec]) -> Lookup:
    """Look for `embed`, tied to `head`, in a file."""
    header = stored(tensors)
    model = manifest(declared("embed"), ties={"head": "embed"})
    return Lookup(model, header, apply_rules((), header.tensors))


def test_a_step_or_a_problem() -> None:
    """It is there under either name, and a second copy has to be the same; what is not there is no step."""
    there = lookup({"head": ((2, 3), "float16"), "embed": ((2, 3), "float16")})
    found = step(there, there.manifest["embed"], "cast")
    assert found is not None
    assert (found.key, found.dtype, [each.name for each in found.same_as]) == ("embed", "float32", ["head"])
    assert there.problems == []
    there = lookup({})
    assert step(there, there.manifest["embed"], "cast") is None
    (problem,) = missing(there, there.manifest["embed"])
    assert (problem.reason, problem.names) == ("missing", ("head",))


@pytest.mark.parametrize(
    ("spec", "policy", "reason"),
    [
        (((3, 2), "float32"), "cast", "shape"),
        (((2, 3), "int32"), "cast", "no cast"),
        (((2, 3), "float16"), "strict", "strict"),
        (((2, 3), "int32"), "checkpoint", "other kind"),
    ],
)
def test_the_reason_is_data(spec: Spec, policy: str, reason: str) -> None:
    """What is wrong is told by its kind; words come later."""
    there = lookup({"embed": spec})
    step(there, there.manifest["embed"], policy)
    assert [each.reason for each in there.problems] == [reason]
