"""Loads and saves of real ranks: `checkpoints.py FOLDER`, 2 ranks. With "dies" behind it rank 1 ends in a load."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import nn

import lazycell
from lazycell import CheckpointError, Mesh
from lazycell.distributed import token
from lazycell.formats import open_checkpoint
from lazycell.parameters import part_of
from lazycell.parameters._part import cut
from tests.cell.test_on_mesh import Net
from tests.ranks.job import run, start

rank, ranks = start()
FOLDER = Path(sys.argv[1])
END = "; nothing was loaded on any rank"


def together() -> None:
    """Wait until all ranks are here."""
    token(Mesh(tp=ranks))


def made(mesh: Mesh | None = None, **hyperparameters: Any) -> Net:
    with mesh or Mesh(tp=ranks):
        return Net(**hyperparameters)


def whole() -> Net:
    net = Net()
    net.init_parameters_data(seed=5)
    return net


FILE = FOLDER / "net.safetensors"
if rank == 0 and not FILE.exists():
    whole().save_checkpoint(FILE)
together()


def check_values(net: Net) -> None:
    expected = dict(whole().parameters_and_names())
    for name, each in net.parameters_and_names():
        place, values = part_of(each), expected[name].asnumpy()
        np.testing.assert_array_equal(each.asnumpy(), values if place is None else cut(values, place))


def check_loads() -> None:
    """Along each axis, views of the map or reads; and the bytes are those of the parts."""
    for mesh in (Mesh(tp=2), Mesh(pp=2), Mesh(ep=2), Mesh(dp=2)):
        for mmap in (True, False):
            net = made(mesh)
            report = net.load_checkpoint(FILE, mmap=mmap)
            assert report.nbytes == sum(each.nbytes for each in net.get_parameters())
            check_values(net)


def refused(net: Any, *args: Any, **options: Any) -> str:
    """Give the words in which a load is refused; nothing of the net has changed."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - one rank has its own error
        net.load_checkpoint(*args, **options)
    assert len(lazycell.uninitialized(net)) == len(list(net.get_parameters()))
    return str(caught.value)


def check_disagreements() -> None:
    """In the words of what differs."""
    said = refused(made(depth=3 + rank), FILE) if rank == 0 else refused(made(depth=4), FILE)
    # The other rank's file does not fit its model: that is told first, by the rank that it concerns.
    assert said.startswith("rank 1 could not load, and says why") if rank == 0 else "layers.3" in said, said
    half = FOLDER / "half.safetensors"
    if rank == 0:
        whole().save_checkpoint(half, dtype="float16")
    together()
    assert "plan to load differently" in refused(made(), half, dtype="checkpoint" if rank else "cast")
    mesh = Mesh(tp=2) if rank else Mesh(tp=2, dp=1)
    assert refused(made(mesh), FILE) == f"ranks 0 and 1 were given different meshes{END}"
    copy = FOLDER / "copy" / FILE.name
    if rank == 0:
        copy.parent.mkdir(exist_ok=True)
        shutil.copy2(FILE, copy)
    together()
    if rank == 1:
        os.utime(copy, (1, 1))
    together()
    said = refused(made(), copy if rank else FILE)
    assert said.startswith("ranks 0 and 1 see different files"), said


def check_one_fails() -> None:
    """Before a byte is read, and afterwards: the other rank has read its part by then."""
    missing = FOLDER / "nothing.safetensors"
    said = refused(made(), missing if rank else FILE)
    assert ("nothing.safetensors" in said) if rank else said == f"rank 1 could not load, and says why{END}"
    torn = FOLDER / "torn.safetensors"
    if rank == 0:
        shutil.copy2(FILE, torn)
        place = open_checkpoint(torn).tensors["head.weight"].ranges[0].start
        with torn.open("r+b") as file:
            file.seek(place)
            file.write(b"\xff\xff")
    together()
    said = refused(made(), torn, verify=rank == 1)
    assert ("head.weight" in said) if rank else said == f"rank 1 could not load, and says why{END}", said


def check_adapters() -> None:
    """Each rank has its part of what is merged, at the load and when they switch; all of them, or none."""
    adapter = FOLDER / "adapter"
    if rank == 0:
        numbers = np.random.default_rng(0)
        pair = {
            "lora_A": numbers.standard_normal((2, 16), np.float32),
            "lora_B": numbers.standard_normal((48, 2), np.float32),
        }
        lazycell.save_adapter(adapter, {f"head.{side}": array for side, array in pair.items()})
    together()
    one = Net()
    one.load_checkpoint(FILE, adapter=adapter)
    expected = one.head.weight.asnumpy()
    net = made()
    net.load_checkpoint(FILE, adapter=adapter)
    assert np.array_equal(net.head.weight.asnumpy(), cut(expected, part_of(net.head.weight)))
    net.set_adapter(None)
    check_values(net)
    with pytest.raises(CheckpointError, match="plan to load differently"):
        net.load_adapter(adapter, weight=1.0 + rank)
    if rank == 1:
        net.head.weight.set_data(net.head.weight + 1)
    with pytest.raises(CheckpointError) as caught:
        net.load_adapter(adapter)
    assert ("`head.weight`: it is not as it was loaded" in str(caught.value)) if rank else "rank 1" in str(caught.value)
    net.load_adapter(adapter, discard=True)
    assert np.array_equal(net.head.weight.asnumpy(), cut(expected, part_of(net.head.weight)))


def check_saves() -> None:
    """The file of one rank, byte for byte; files of ranks, which any mesh loads; the states of an optimizer."""
    for mesh in (Mesh(tp=2), Mesh(pp=2)):
        net = made(mesh)
        net.load_checkpoint(FILE)
        net.save_checkpoint(FOLDER / "again.safetensors")
        assert (FOLDER / "again.safetensors").read_bytes() == FILE.read_bytes()
    if rank == 0:
        (FOLDER / "ranks").mkdir()
    together()
    net = made(Mesh(tp=2))
    net.load_checkpoint(FILE)
    net.save_checkpoint(FOLDER / "ranks", layout="ranks")
    for mesh in (Mesh(pp=2), Mesh(tp=2)):
        other = made(mesh)
        other.load_checkpoint(FOLDER / "ranks")
        check_values(other)
    alone = Net()
    lazycell.load_checkpoint(alone, FOLDER / "ranks")
    check_values(alone)


def check_optimizer() -> None:
    """Moments are divided as their parameters are, saved whole, and loaded on one rank."""
    net = made(Mesh(tp=2))
    net.load_checkpoint(FILE)
    optimizer = nn.Adam(net.trainable_params())
    lazycell.save_checkpoint(optimizer, FOLDER / "states.safetensors")
    stored = open_checkpoint(FOLDER / "states.safetensors").tensors
    assert stored["moment1.head.weight"].shape == (48, 16)
    lazycell.load_checkpoint(optimizer, FOLDER / "states.safetensors")
    one = nn.Adam(whole().trainable_params())
    lazycell.load_checkpoint(one, FOLDER / "states.safetensors")
    # Of a stage's optimizer each rank tells the others what states it has.
    net = made(Mesh(pp=2))
    net.load_checkpoint(FILE)
    optimizer = nn.Adam(net.trainable_params())
    for name, each in optimizer.parameters_and_names():
        if name.startswith("moment1"):
            each.set_data(each + len(name))
    lazycell.save_checkpoint(optimizer, FOLDER / "stages.safetensors")
    stored = open_checkpoint(FOLDER / "stages.safetensors").tensors
    assert {"moment1.table.weight", "moment1.head.weight", "moment1.layers.2.q.weight"} <= stored.keys()
    for mesh in (Mesh(tp=2), Mesh(pp=2)):
        net = made(mesh)
        net.load_checkpoint(FILE)
        optimizer = nn.Adam(net.trainable_params())
        lazycell.load_checkpoint(optimizer, FOLDER / "stages.safetensors")
        for name, each in optimizer.parameters_and_names():
            if name.startswith("moment1"):
                assert (each.asnumpy() == len(name)).all(), name


def check_save_fails() -> None:
    """One rank has no values: neither writes, and what is there stays."""
    net = made()
    if rank == 0:
        net.init_parameters_data(seed=1)
    before = FILE.read_bytes()
    with pytest.raises((CheckpointError, lazycell.UninitializedParameterError)) as caught:
        net.save_checkpoint(FILE)
    said = str(caught.value)
    assert said == "rank 1 could not save, and says why; the checkpoint there is as it was" if rank == 0 else said
    assert FILE.read_bytes() == before
    together()


def dies() -> None:
    """Rank 1 ends between its plan and the agreement; rank 0's net is untouched."""
    net = made()
    if rank == 1:
        os._exit(0)
    said = refused(net, FILE, timeout=2)
    assert said.startswith("rank 1 has not answered for 2 s (timeout=): "), said


if "dies" in sys.argv:
    run(dies)
else:
    run(
        check_loads,
        check_disagreements,
        check_one_fails,
        check_adapters,
        check_saves,
        check_optimizer,
        check_save_fails,
    )
