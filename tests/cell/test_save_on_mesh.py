"""Nets of several ranks save one checkpoint: here each rank is a thread, and the token is handed to all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lazycell
from lazycell import LazyCell, Mesh, Param, children, divide, fused, rename, shared, transposed
from lazycell.cell import _save_on_mesh
from lazycell.parameters import part_of
from lazycell.parameters._part import cut


class Attention(LazyCell):
    hidden: int
    heads: int
    keys: int
    width: int
    qkv: Param["normal", (fused(q=heads * width, k=keys * width, v=keys * width), hidden)]
    out: Param["normal", (hidden, heads * width)]
    rename({"q_proj": "qkv[q]", "k_proj": "qkv[k]", "v_proj": "qkv[v]", "o_proj": transposed("out")})


class Expert(LazyCell):
    hidden: int
    up: Param["normal", (hidden, hidden)]


class Net(LazyCell):
    words: int = 8
    hidden: int = 4
    heads: int = 4
    keys: int = 2
    depth: int = 2
    experts: int = 4
    divide(tp=(words, heads, shared(keys)), pp=depth, ep=experts)
    table: Param["normal", (words, hidden)]
    layers: list[Attention] = children(depth, Attention, hidden, heads, keys, 2)
    mixture: list[Expert] = children(experts, Expert, hidden)


@pytest.fixture(autouse=True)
def one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranks of one process have nobody to tell them a token."""
    drawn = secrets.token_hex(8)
    monkeypatch.setattr(_save_on_mesh, "token", lambda mesh, timeout: drawn)


def together(mesh: Mesh, do: Callable[[Any], Any], make: Callable[[], Any] = Net) -> list[Any]:
    """Do something on a net of each rank, at once."""
    nets = []
    for rank in range(mesh.ranks):
        with mesh.at(rank):
            nets.append(make())
    for net in nets:
        net.init_parameters_data(seed=7)
    with ThreadPoolExecutor(mesh.ranks) as pool:
        return list(pool.map(do, nets))


MESHES = [Mesh(tp=2, rank=0), Mesh(tp=4, rank=0), Mesh(pp=2, tp=2, rank=0), Mesh(dp=2, ep=2, rank=0)]


@pytest.mark.parametrize("shards", [None, 200])
@pytest.mark.parametrize("mesh", MESHES, ids=str)
def test_ranks_write_the_file_of_one(tmp_path: Path, mesh: Mesh, shards: int | None) -> None:
    """Byte for byte, in the names and forms that the classes declare."""
    whole = Net()
    whole.init_parameters_data(seed=7)
    one, many = tmp_path / "one", tmp_path / "many"
    for each in (one, many):
        each.mkdir()
    whole.save_checkpoint(one, max_shard_size=shards)
    together(mesh, lambda net: net.save_checkpoint(many, max_shard_size=shards))
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in many.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (many / path.name).read_bytes(), path.name


@pytest.mark.parametrize("mesh", MESHES, ids=str)
def test_files_of_ranks_are_loaded_on_any_other_mesh(tmp_path: Path, mesh: Mesh) -> None:
    """And by one rank."""
    whole = Net()
    whole.init_parameters_data(seed=7)
    values = {name: each.asnumpy() for name, each in whole.parameters_and_names()}
    together(mesh, lambda net: net.save_checkpoint(tmp_path, layout="ranks"))
    lazycell.verify(tmp_path)
    for other in (None, *MESHES):
        for rank in range(1 if other is None else other.ranks):
            if other is None:
                net = Net()
            else:
                with other.at(rank):
                    net = Net()
            net.load_checkpoint(tmp_path)
            for name, each in net.parameters_and_names():
                place = part_of(each)
                np.testing.assert_array_equal(
                    each.asnumpy(), values[name] if place is None else cut(values[name], place)
                )


def test_what_is_loaded_is_saved_as_it_was(tmp_path: Path) -> None:
    """In the layout of the file, on a mesh as on one rank."""
    whole = Net()
    whole.init_parameters_data(seed=7)
    whole.save_checkpoint(tmp_path / "a.safetensors", dtype="float16")

    def again(net: Any) -> None:
        net.load_checkpoint(tmp_path / "a.safetensors")
        net.save_checkpoint(tmp_path / "b.safetensors", dtype="float16")

    together(Mesh(tp=2, rank=0), again)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_what_several_ranks_cannot_write(tmp_path: Path) -> None:
    """One stream, and a layout that is none."""
    with Mesh(tp=2, rank=0):
        net = Net()
    net.init_parameters_data(seed=7)
    with pytest.raises(lazycell.CheckpointError, match=r"a \.ckpt is one stream, which several ranks cannot write"):
        net.save_checkpoint(tmp_path / "a.ckpt", format="ckpt")
    with pytest.raises(ValueError, match='layout=\'each\': choose "whole", .* or "ranks"'):
        net.save_checkpoint(tmp_path, layout="each")
    with pytest.raises(ValueError, match="enc_key: only a .ckpt can be encrypted"):
        net.save_checkpoint(tmp_path, enc_key=b"0" * 16)


@pytest.mark.parametrize("mesh", [Mesh(tp=4, rank=0), Mesh(pp=2, tp=2, rank=0)], ids=str)
def test_a_directory_is_made_by_whoever_comes_first(tmp_path: Path, mesh: Mesh) -> None:
    """All ranks find it lacking at once; the files are those of one rank, the config too."""
    whole = Net()
    whole.init_parameters_data(seed=7)
    whole.save_pretrained(tmp_path / "one" / "model", max_shard_size=200)
    together(mesh, lambda net: net.save_pretrained(tmp_path / "new" / "many", max_shard_size=200, timeout=60))
    one, many = tmp_path / "one" / "model", tmp_path / "new" / "many"
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in many.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (many / path.name).read_bytes(), path.name


def test_parts_of_a_model_are_saved_by_ranks(tmp_path: Path) -> None:
    """Chosen by the names of the whole, whoever has them."""
    whole = Net()
    whole.init_parameters_data(seed=7)
    only = ["layers.*", "table"]
    whole.save_checkpoint(tmp_path / "one.safetensors", only=only)
    for mesh in MESHES:
        together(mesh, lambda net: net.save_checkpoint(tmp_path / "many.safetensors", only=only))
        assert (tmp_path / "many.safetensors").read_bytes() == (tmp_path / "one.safetensors").read_bytes()
