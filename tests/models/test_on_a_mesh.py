"""The families on a mesh, rank by rank in one process: what each rank has, and what is refused. No rank computes here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor

import lazycell
from lazycell import DeclarationError, Enter, Gather, HandOn, Leave, Mesh, shard_of
from lazycell.manifest import divisions_of
from models.gemma2 import Gemma2ForCausalLM
from models.generation import generate
from models.gpt2 import GPT2LMHeadModel
from models.llama import LlamaForCausalLM
from models.mixtral import MixtralForCausalLM
from models.stages import stages_of

from ..golden_cases import FAMILIES, Case
from .families import ALL, net_of

MESHES: list[tuple[str, dict[str, int]]] = [
    ("qwen2", {"tp": 4}),
    ("llama", {"pp": 2, "tp": 2}),
    ("mixtral", {"pp": 2, "ep": 2}),
    ("qwen3_moe", {"ep": 4}),
    ("t5", {"dp": 2, "tp": 2}),
]
SMALL: dict[str, Any] = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4}


def check_parts(case: Case, axes: dict[str, int]) -> None:
    """What all ranks load is what the manifest says of each, and together all that there is."""
    manifest = net_of(case).manifest()
    whole = {each.name: each.asnumpy() for each in net_of(case).get_parameters()}
    divisions = divisions_of(manifest)
    seen = {name: np.zeros(array.shape, bool) for name, array in whole.items()}
    for rank in range(math.prod(axes.values())):
        mesh = Mesh(rank=rank, **axes)
        net = lazycell.from_pretrained(case.path, mesh=mesh)
        assert net.manifest().digest == manifest.digest
        places = {name: place for name, each in divisions.items() if (place := each.place(mesh)) is not None}
        here = {each.name: each.asnumpy() for each in net.get_parameters()}
        assert here.keys() == places.keys()
        for name, place in places.items():
            assert here[name].shape == place.shape, name
            for where, own in place.boxes():
                box = tuple(slice(*each) for each in where)
                assert np.array_equal(here[name][tuple(slice(*each) for each in own)], whole[name][box]), name
                seen[name][box] = True
    assert [name for name, each in seen.items() if not each.all()] == []


@ALL
def test_every_family_is_divided(case: Case):
    """Its heads, its inner width, its words: there is no family that says nothing of ranks."""
    check_parts(case, {"tp": 2})
    with Mesh(tp=2, rank=1):
        net = type(net_of(case))(**net_of(case).manifest().hyperparameters)
    divided = sum(any(shard_of(each)) for each in net.get_parameters())
    assert divided >= len(list(net.get_parameters())) // 3


@pytest.mark.parametrize(("family", "axes"), MESHES, ids=str)
def test_meshes(family: str, axes: dict[str, int]):
    """Layers on stages, experts on ranks, heads that several ranks share, ranks that have the same."""
    check_parts(FAMILIES[family], axes)


def exchanging(net: Any) -> list[str]:
    """Name the cells of a net that exchange anything with other ranks."""
    return [name for name, cell in net.cells_and_names() if isinstance(cell, (Enter, Gather, HandOn, Leave))]


def test_one_rank_exchanges_nothing():
    """Without a mesh, and on one of one rank, a net has no cell that it did not have before there were ranks."""
    options = {**SMALL, "num_hidden_layers": 2, "num_key_value_heads": 4}
    assert exchanging(MixtralForCausalLM(**options)) == []
    with Mesh(tp=1, pp=1, ep=1, rank=0):
        assert exchanging(MixtralForCausalLM(**options)) == []
    with Mesh(tp=2, rank=0):
        assert "lm_head.gather" in exchanging(MixtralForCausalLM(**options))


def test_stages_have_their_layers_alone():
    """Embeddings on the first, norm and scores on the last, layers by the whole list's names; windows are the layer's."""
    found = []
    for rank in range(3):
        with Mesh(pp=3, rank=rank):
            net = Gemma2ForCausalLM(**SMALL, num_hidden_layers=7, num_key_value_heads=4, tie_word_embeddings=False)
        model = net.model
        found.append(sorted({name.split(".")[2] for name, _ in net.parameters_and_names() if ".layers." in name}))
        assert (model.embed_tokens is None, model.norm is None, net.lm_head is None) == (rank > 0, rank < 2, rank < 2)
        assert [layer.window is not None for layer in model.layers] == [int(each) % 2 == 0 for each in found[-1]]
        assert [model.windows[kind] for kind in model.kinds] == [layer.window for layer in model.layers]
        assert model.stages.counts == [2, 2, 3]
    assert found == [["0", "1"], ["2", "3"], ["4", "5", "6"]]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_tie_across_stages_is_refused(rank: int):
    """On each of them, whatever it has; one stage may have both ends."""
    options = {**SMALL, "num_hidden_layers": 2, "tie_word_embeddings": True}
    words = r"lm_head.weight and model.embed_tokens.weight are one parameter and on stages 0 and 1: use one stage, or "
    with Mesh(pp=2, rank=rank), pytest.raises(DeclarationError, match=words + "tie_word_embeddings=False"):
        LlamaForCausalLM(**options)
    with Mesh(tp=2, rank=rank):
        net = LlamaForCausalLM(**options)
    assert net.lm_head.weight is net.model.embed_tokens.weight


@pytest.mark.parametrize("rank", range(3))
def test_stages_without_layers_are_refused(rank: int):
    """On every rank, and so are stages that all have all layers."""
    with Mesh(pp=3, rank=rank):
        words = "num_hidden_layers=2 are too few for 3 ranks along 'pp', each of which needs one: choose another mesh"
        with pytest.raises(DeclarationError, match=f"^LlamaForCausalLM: {words}$"):
            LlamaForCausalLM(**SMALL, num_hidden_layers=2)
        with pytest.raises(ValueError, match="has all its layers on each of 3 stages"):
            stages_of(None, [1, 2, 3], 3)


def test_words_that_cannot_be_divided():
    """GPT-2 has 50257 words: the message says how they are left whole, and then every rank has them all."""
    options = {"n_embd": 8, "n_head": 2, "n_layer": 1}
    leave = (
        r'vocab_size=50257 cannot be divided into 2 .* or leave it whole: from_pretrained\(…, whole=\["vocab_size"\]\)'
    )
    with Mesh(tp=2, rank=1), pytest.raises(DeclarationError, match=leave):
        GPT2LMHeadModel(**options)
    with Mesh(tp=2, rank=1).leaving(["vocab_size"]):
        net = GPT2LMHeadModel(**options)
    assert net.lm_head.weight.shape == (50257, 8)
    assert [name for name in exchanging(net) if "wte" in name or "lm_head" in name] == []
    assert net.transformer.h[0].attn.c_attn.weight.shape == (8, 12)


def test_a_key_head_that_all_ranks_share():
    """All of it is on each rank, which uses it for its own queries: what goes in has its gradient summed."""
    with Mesh(tp=2, rank=1):
        net = LlamaForCausalLM(**SMALL, num_hidden_layers=1, num_key_value_heads=1)
    attention = net.model.layers[0].self_attn
    assert (attention.k_proj.weight.shape, shard_of(attention.k_proj.weight)) == ((8, 32), ("tp", None))
    assert attention.k_proj.enter.active
    assert shard_of(net.model.norm.weight) == (None,)


def test_words_of_other_ranks_are_read():
    """Ids are held against the whole vocabulary, on ranks that have a part of it."""
    with Mesh(tp=2, rank=0):
        net = LlamaForCausalLM(**SMALL, num_hidden_layers=1)
    assert net.vocab_size == 32
    lazycell.init_parameters_data(net, seed=0)
    with pytest.raises(ValueError, match="knows 0 to 63: vocab_size=64"):
        net(Tensor([[64]]))
    with pytest.raises(RuntimeError, match="ranks cannot communicate"):  # 63 is let through, to where ranks exchange
        net(Tensor([[63]]))


def test_draws_need_a_seed():
    """Each rank would draw other words, and read its own."""
    with Mesh(tp=2, rank=0):
        net = LlamaForCausalLM(**SMALL, num_hidden_layers=1)
    with pytest.raises(ValueError, match="seed=None: each rank would draw other words"):
        generate(net, Tensor([[1]]), temperature=2.0)
