"""How ranks agree: what they say where they differ, where one fails, and where one is late. 2 ranks.

With the argument "dies" rank 1 ends instead, without a word.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from lazycell import CheckpointError
from lazycell.distributed import _agree, _channel, agree, communicates, digests_of, token
from lazycell.formats import open_checkpoint
from lazycell.mesh import Mesh
from tests.loading.models import declared, make_plan, manifest
from tests.ranks.job import run, start

rank, ranks = start()
MESH = Mesh(tp=2)
END = "; nothing was loaded on any rank"


def refusal(*args: Any, **options: Any) -> str:
    with pytest.raises(CheckpointError) as raised:
        agree(*args, **options)
    return str(raised.value)


def own(name: str, other: str) -> dict[str, bytes]:
    """Give digests that are alike, but for one on rank 1."""
    found = {each: each.encode().ljust(8) for each in ("mesh", "model", "plan", "files")}
    return found | ({other: name.encode().ljust(8)} if rank else {})


def check_agreed() -> None:
    assert communicates(MESH)
    for _ in range(3):
        assert agree(MESH, own("mesh", "mesh")) is None
        assert agree(MESH, {}) is None


def check_others_do_not() -> None:
    """Who has no ranks beside it is alone: no mesh, one rank, another number of them, or another's rank."""
    for mesh in (None, Mesh(tp=1, rank=0), Mesh(tp=4, rank=rank), MESH.at(1 - rank)):
        assert not communicates(mesh)
        agree(mesh, own("x", "plan"))
        with pytest.raises(KeyError, match="mine"):
            agree(mesh, {}, KeyError("mine"))
        assert len(token(mesh)) == 16


def check_differences() -> None:
    words = {
        "mesh": "ranks 0 and 1 were given different meshes",
        "model": "ranks 0 and 1 have different models",
        "plan": "ranks 0 and 1 plan to load differently "
        "(missing, unexpected, dtype or rename differ, or the checkpoints do)",
        "files": "ranks 0 and 1 see different files: the checkpoint was replaced while they opened it, "
        "or is not the same on each machine",
    }
    for name, said in words.items():
        assert refusal(MESH, own("x", name)) == said + END
    assert refusal(MESH, own("x", "model"), doing="save").endswith("; the checkpoint there is as it was")
    said = refusal(MESH, {} if rank else own("mesh", "mesh"))
    assert said.startswith("ranks 0 and 1 do different things"), said


def check_one_fails() -> None:
    for failed in (0, 1):
        if rank == failed:
            with pytest.raises(FileNotFoundError, match="no such file"):
                agree(MESH, {}, FileNotFoundError("no such file"))
        else:
            assert refusal(MESH, {}) == f"rank {failed} could not load, and says why{END}"
    agree(MESH, {})


def check_digests() -> None:
    """A checkpoint that is the same is the same; one that was written anew, or is planned otherwise, is not."""
    folder = Path(sys.argv[1])
    path = folder / "net.safetensors"
    if rank == 0:
        ms.save_checkpoint(
            [{"name": "w", "data": Tensor(np.ones((2, 3), np.float16))}], str(path), format="safetensors"
        )
    token(MESH)  # rank 1 waits

    model = manifest(declared("w"))

    def digests(mesh: Mesh = MESH, **options: Any) -> dict[str, bytes]:
        header = open_checkpoint(path)
        return digests_of(mesh, model.digest, make_plan(model, header, **options), header)

    agree(MESH, digests())
    assert "different meshes" in refusal(MESH, digests(MESH if rank else Mesh(tp=1, dp=2)))
    assert "plan to load differently" in refusal(MESH, digests(dtype="checkpoint") if rank else digests())
    before = digests()
    agree(MESH, {})
    if rank == 1:
        os.utime(path, (1, 1))
    assert "see different files" in refusal(MESH, digests() if rank else before)


def check_token() -> None:
    first, second = token(MESH), token(MESH)
    assert len(first) == 16
    assert int(first, 16) >= 0
    assert first != second
    rows = [each.decode() for each in _agree.channel().gather(first.encode(), 20)]
    assert rows == [first, first]


def check_late() -> None:
    """Who is late is named, nobody loads, the late one included, and the next agreement is one again."""
    _channel._LAST_WORDS = 0.5
    for late in (1, 0):
        if rank == late:
            time.sleep(2)
        said = refusal(MESH, {}, timeout=0.5)
        named = 1 if late == 1 or rank == 0 else 0  # to rank 0, it was rank 1 that was gone when it came
        assert said.startswith(f"rank {named} has not answered for 0.5 s (timeout=): "), said
        assert said.endswith(END)
        agree(MESH, {})


def dies() -> None:
    """Rank 1 ends after an agreement; rank 0 waits for it, over the store, then over the collective."""
    agree(MESH, {})
    if rank == 1:
        os._exit(0)  # the others are ended where one fails, and not where it does not
    started = time.perf_counter()
    said = "rank 1 has not answered for 2 s (timeout=): see what it says, or whether it is there" + END
    assert refusal(MESH, {}, timeout=2) == said
    assert time.perf_counter() - started < 9


def check_without_a_store() -> None:
    """Where no store can be made, the collective does the same."""
    _channel._keep = lambda: 1 / 0  # type: ignore[assignment]
    _agree.channel.cache_clear()
    assert type(_agree.channel()) is _channel.Collective
    for check in (check_agreed, check_differences, check_one_fails):
        check()
    assert token(MESH) != token(MESH)


if "dies" in sys.argv:
    run(dies)
else:
    assert type(_agree.channel()) is _channel.Store
    run(
        *[check_agreed, check_others_do_not, check_differences, check_one_fails, check_digests, check_token],
        *[check_late, check_without_a_store],
    )
