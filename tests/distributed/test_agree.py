"""Agreement where nobody else is there: each rank loads by itself, and raises what it has to."""

from __future__ import annotations

import pytest

from lazycell.distributed import agree, communicates, token
from lazycell.mesh import Mesh


@pytest.mark.parametrize("mesh", [None, Mesh(tp=1, rank=0), Mesh(tp=2, rank=1)])
def test_a_rank_by_itself(mesh: Mesh | None) -> None:
    assert not communicates(mesh)
    assert agree(mesh, {"mesh": bytes(8)}) is None  # type: ignore[func-returns-value]
    with pytest.raises(KeyboardInterrupt):
        agree(mesh, {}, KeyboardInterrupt())


def test_tokens() -> None:
    tokens = {token(None) for _ in range(20)}
    assert len(tokens) == 20
    assert {len(each) for each in tokens} == {16}
    assert all(int(each, 16) >= 0 for each in tokens)
