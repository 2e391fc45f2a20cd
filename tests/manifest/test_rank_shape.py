"""What one rank of a mesh holds of a parameter."""

from __future__ import annotations

import math
import re
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._rank_shape import axes_of, local_shape
from lazycell.mesh import checked_mesh, mesh_text


def _entry(shape, shard):
    return ManifestEntry("a.w", shape, "float32", "zeros", shard=shard)


def _local(shape, shard, mesh):
    entry = _entry(shape, shard)
    return local_shape(entry, axes_of(entry, mesh, entry.shard), mesh)


@pytest.mark.parametrize(
    ("shard", "expected"),
    [
        (None, (24, 10)),
        ((None, None), (24, 10)),
        (("tp", None), (6, 10)),
        ((None, "dp"), (24, 5)),
        ((("dp", "tp"), None), (3, 10)),
        ((["tp", "dp"], ()), (3, 10)),
        (("tp", "dp"), (6, 5)),
        (("one", None), (24, 10)),
    ],
)
def test_local_shape(shard, expected):
    """Each dimension is divided by the product of its axes."""
    assert _local((24, 10), shard, {"dp": 2, "tp": 4, "one": 1}) == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=4))
def test_parts_make_the_whole(dimensions):
    """The parts of all ranks have as many elements as the parameter."""
    mesh = {f"axis{index}": size for index, (_, size) in enumerate(dimensions)}
    shape = tuple(part * size for part, size in dimensions)
    assert math.prod(_local(shape, tuple(mesh), mesh)) * math.prod(mesh.values()) == math.prod(shape)


@pytest.mark.parametrize(
    ("shape", "shard", "message"),
    [
        (
            (10, 4),
            ("tp", None),
            "parameter 'a.w' of shape (10, 4): dimension 0, 10, cannot be divided into 4 equal parts (tp=4): choose "
            "another mesh, or another shape or shard",
        ),
        (
            (4, 12),
            (None, ("dp", "tp")),
            "parameter 'a.w' of shape (4, 12): dimension 1, 12, cannot be divided into 8 equal parts (dp=2 * tp=4)",
        ),
        (
            (8,),
            ("pp",),
            "parameter 'a.w' is divided over the axis 'pp', which the mesh lacks; its axes: dp, tp. If there is no "
            'such axis, write mesh={"dp": 2, "tp": 4, "pp": 1}',
        ),
        (
            (8, 8),
            ("tp", "tp"),
            "parameter 'a.w' has shard=('tp', 'tp'), which names the axis 'tp' twice: an axis can divide one "
            "dimension, once",
        ),
        ((8,), (("tp", "tp"),), "which names the axis 'tp' twice"),
        (
            (8, 8),
            ("tp",),
            "parameter 'a.w' has shard=('tp',), 1 entries, and its shape (8, 8) has 2 dimensions: write an axis, a "
            "tuple of axes, or None for each",
        ),
        (
            (8,),
            (4,),
            "parameter 'a.w' has 4 in its shard=(4,): write the name of an axis, a tuple of names, or None",
        ),
    ],
)
def test_what_cannot_be_divided(shape, shard, message):
    """The message names parameter, dimension, axes and sizes, and what to write."""
    with pytest.raises(ValueError, match=re.escape(message)):
        _local(shape, shard, {"dp": 2, "tp": 4})


def test_a_mesh_without_axes():
    """Whoever has none is told so, and the mesh that is proposed is accepted."""
    with pytest.raises(ValueError, match=re.escape('its axes: none. If there is no such axis, write mesh={"tp": 1}')):
        _local((8,), ("tp",), {})
    assert _local((8,), ("tp",), {"tp": 1}) == (8,)


def test_checked_mesh():
    """Any mapping of names to whole numbers will do, numpy's included."""
    assert checked_mesh(OrderedDict(dp=2, tp=np.int64(8))) == {"dp": 2, "tp": 8}
    assert checked_mesh({}) == {}


@pytest.mark.parametrize(
    ("mesh", "error", "message"),
    [
        (8, TypeError, 'mesh=8 is not a mapping: write the size of each axis, mesh={"dp": 2, "tp": 8}'),
        ({3: 2}, TypeError, 'mesh has the axis 3, which is not a string: write names, mesh={"tp": 8}'),
        ({"": 2}, ValueError, 'mesh has an axis without a name: write one, mesh={"tp": 8}'),
        ({"tp": 2.0}, TypeError, "mesh['tp'] is 2.0: write how many ranks there are along it, 1 or more"),
        ({"tp": True}, TypeError, "mesh['tp'] is True: write how many ranks there are along it, 1 or more"),
        ({"tp": 0}, ValueError, "mesh['tp'] is 0: an axis has 1 rank or more"),
        ({"tp": -2}, ValueError, "mesh['tp'] is -2: an axis has 1 rank or more"),
    ],
)
def test_what_is_no_mesh(mesh, error, message):
    """It says which axis, and what to write."""
    with pytest.raises(error, match=re.escape(message)):
        checked_mesh(mesh)


def test_mesh_text():
    """As it is written in Python."""
    assert mesh_text({"dp": 2, "tp": 8}) == '{"dp": 2, "tp": 8}'
