"""What `reduce_gradients` does where there is nothing to exchange, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mindspore import Tensor, nn

from lazycell.distributed import Leave, reduce_gradients
from lazycell.mesh import Mesh

GRADS = (Tensor(np.ones((3, 2), np.float32)), None)


def net(mesh: Mesh | None) -> Any:
    made = nn.Dense(2, 3)
    if mesh is not None:
        made.__dict__["_lazycell_mesh"] = mesh
    return made


@pytest.mark.parametrize("mesh", [None, Mesh(dp=1, tp=1, rank=0)])
def test_one_rank_keeps_its_gradients(mesh: Mesh | None) -> None:
    for grads in (GRADS, list(GRADS)):
        found = reduce_gradients(net(mesh), grads)
        assert found == tuple(grads)
        assert found[0] is GRADS[0]


def test_what_all_ranks_have_alike_is_not_exchanged() -> None:
    """Along an axis on which ranks compute one sample a whole weight has one gradient; no communication is needed."""
    model = net(Mesh(tp=2, rank=0))
    with Mesh(tp=2, rank=0):
        model.leave = Leave("tp")
    assert reduce_gradients(model, GRADS)[0] is GRADS[0]
    model.weight.__dict__["_lazycell_copies"] = (("tp", (0,)),)
    assert reduce_gradients(model, GRADS)[0] is GRADS[0]


@pytest.mark.parametrize("why", ["dp", "copies", "partial", "partials"])
def test_what_is_to_be_exchanged_is(why: str) -> None:
    model = net(Mesh(dp=2, rank=0) if why == "dp" else Mesh(tp=2, rank=0))
    marks = {"copies": (("tp", (0, 1)),), "partial": "tp", "partials": ("ep", "tp")}
    model.weight.__dict__[f"_lazycell_{why.rstrip('s') if why == 'partials' else why}"] = marks.get(why)
    with pytest.raises(RuntimeError, match="ranks cannot communicate"):
        reduce_gradients(model, GRADS)


def test_gradients_of_other_parameters_are_refused() -> None:
    model = net(Mesh(dp=2, rank=0))
    with pytest.raises(ValueError, match=r"1 gradients for 2 parameters: .*trainable_params.*parameters="):
        reduce_gradients(model, GRADS[:1])


def test_two_meshes_are_refused() -> None:
    model = nn.SequentialCell(net(Mesh(dp=2, rank=0)), net(Mesh(dp=2, tp=2, rank=0)))
    with pytest.raises(ValueError, match=r"0 was built on Mesh\(dp=2, rank=0\), 1 on Mesh\(dp=2, tp=2, rank=0\)"):
        reduce_gradients(model, [None] * 4)


def test_sections_that_are_shared_unlike_are_refused() -> None:
    model = net(Mesh(tp=2, rank=0))
    model.weight.__dict__["_lazycell_copies"] = (("tp", None),)
    with pytest.raises(ValueError, match=r"weight: ranks along 'tp' have the same of one of its sections"):
        reduce_gradients(model, GRADS)
