"""Checkpoints that store parameters otherwise than nets hold them: loaded, computed with, and saved again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import numpy.typing as npt
import pytest
from mindspore import nn, ops
from safetensors.numpy import load_file, save_file

from lazycell import INDEX, LazyCell, Manifest, Param, child, children, fields, tie, uninitialized, when
from lazycell._errors import CheckpointMismatchError, DeclarationError
from lazycell.cell._planning import plan
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.manifest._tensors import stored_tensors

Array = npt.NDArray[Any]
HIDDEN, LAYERS = 8, 2


class Linear(LazyCell):
    n_in: int
    n_out: int
    use_bias: bool = True
    weight: Param["normal", (n_out, n_in)]
    bias: Param["normal", (n_out,)] = when(use_bias)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        return ops.dense(x, self.weight, self.bias)


class Attention(LazyCell):
    """Separate layers; GPT-2's files have them as one, (in, out) instead of (out, in)."""

    hidden: int
    q: Linear = child(Linear, hidden, hidden)
    k: Linear = child(Linear, hidden, hidden)
    v: Linear = child(Linear, hidden, hidden)
    out: Linear = child(Linear, hidden, hidden)
    rename(
        {
            "c_attn.weight": transposed(fused(q="q.weight", k="k.weight", v="v.weight")),
            "c_attn.bias": fused(q="q.bias", k="k.bias", v="v.bias"),
            "c_proj.weight": transposed("out.weight"),
            "c_proj.bias": "out.bias",
        }
    )

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        return self.out(self.q(x) + 2 * self.k(x) + 3 * self.v(x))


class Block(LazyCell):
    hidden: int
    attention: Attention = child(Attention, hidden)
    norm: nn.Cell = child(nn.LayerNorm, [hidden])
    rename({"attn.{*rest}": "attention.{*rest}", "ln_1.weight": "norm.gamma", "ln_1.bias": "norm.beta"})

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        return x + self.attention(self.norm(x))


class GPT(LazyCell):
    hidden: int = HIDDEN
    n_layers: int = LAYERS
    blocks: list[Block] = children(n_layers, Block, hidden)
    rename({"h.{i}.{*rest}": "blocks.{i}.{*rest}"})

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        for block in self.blocks:
            x = block(x)
        return x


def gpt_file() -> dict[str, Array]:
    """Give what GPT-2's own checkpoint holds."""
    random = np.random.default_rng(0)
    file: dict[str, Array] = {}
    for i in range(LAYERS):
        file[f"h.{i}.ln_1.weight"] = random.normal(1, 0.1, HIDDEN)
        file[f"h.{i}.ln_1.bias"] = random.normal(0, 0.1, HIDDEN)
        file[f"h.{i}.attn.c_attn.weight"] = random.normal(size=(HIDDEN, 3 * HIDDEN))
        file[f"h.{i}.attn.c_attn.bias"] = random.normal(size=3 * HIDDEN)
        file[f"h.{i}.attn.c_proj.weight"] = random.normal(size=(HIDDEN, HIDDEN))
        file[f"h.{i}.attn.c_proj.bias"] = random.normal(size=HIDDEN)
    return {name: array.astype(np.float32) for name, array in file.items()}


def gpt_forward(file: dict[str, Array], x: Array) -> Array:
    """Compute what the net does, from the file's tensors, in float64."""
    for i in range(LAYERS):
        h = {name.removeprefix(f"h.{i}."): array.astype(np.float64) for name, array in file.items()}
        mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        # The default of `nn.LayerNorm`.
        normed = (x - mean) / np.sqrt(var + 1e-7) * h["ln_1.weight"] + h["ln_1.bias"]
        q, k, v = np.split(normed @ h["attn.c_attn.weight"] + h["attn.c_attn.bias"], 3, -1)
        x = x + (q + 2 * k + 3 * v) @ h["attn.c_proj.weight"] + h["attn.c_proj.bias"]
    return x


def same(one: dict[str, Array], other: dict[str, Array]) -> None:
    """Check that two files hold the same names, dtypes and values."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert array.dtype == other[name].dtype
        np.testing.assert_array_equal(array, other[name])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write GPT-2's file."""
    save_file(gpt_file(), tmp_path / "gpt2.safetensors")
    return tmp_path / "gpt2.safetensors"


def test_a_fused_and_transposed_checkpoint(path: Path, tmp_path: Path) -> None:
    """The net computes what the file's tensors do, and saves the very same tensors."""
    net = GPT()
    report = net.load_checkpoint(path)
    assert len(report.loaded) == LAYERS * 10
    file = gpt_file()
    np.testing.assert_array_equal(
        net.blocks[1].attention.k.weight.asnumpy(), file["h.1.attn.c_attn.weight"].T[HIDDEN : 2 * HIDDEN]
    )
    x = np.random.default_rng(1).normal(size=(3, HIDDEN))
    found = net(ms.Tensor(x.astype(np.float32))).asnumpy()
    np.testing.assert_allclose(found, gpt_forward(file, x), rtol=2e-5, atol=2e-5)
    net.save_checkpoint(tmp_path / "again.safetensors")
    same(load_file(tmp_path / "again.safetensors"), file)


def test_training_between_load_and_save(path: Path, tmp_path: Path) -> None:
    """What is saved is what the parameters are, in the file's layout."""
    net = GPT()
    net.load_checkpoint(path)
    weight = net.blocks[0].attention.v.weight
    weight.set_data(weight * 2)
    net.save_checkpoint(tmp_path / "again.safetensors")
    expected = gpt_file()
    expected["h.0.attn.c_attn.weight"][:, 2 * HIDDEN :] *= 2
    same(load_file(tmp_path / "again.safetensors"), expected)


def test_a_net_that_was_never_loaded_saves_as_declared(tmp_path: Path) -> None:
    """And a second net loads it."""
    net = GPT()
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "new.safetensors")
    assert load_file(tmp_path / "new.safetensors").keys() == gpt_file().keys()
    other = GPT()
    other.load_checkpoint(tmp_path / "new.safetensors")
    for one, two in zip(net.get_parameters(), other.get_parameters(), strict=True):
        np.testing.assert_array_equal(one.asnumpy(), two.asnumpy())


def test_a_file_with_the_net_s_own_names(path: Path, tmp_path: Path) -> None:
    """It is loaded as it is, and saved so: MindSpore's own loader reads the result."""
    net = GPT()
    net.load_checkpoint(path)
    ms.save_checkpoint(net, str(tmp_path / "own.ckpt"))
    other = GPT()
    other.load_checkpoint(tmp_path / "own.ckpt")
    other.save_checkpoint(tmp_path / "own.safetensors")
    saved = load_file(tmp_path / "own.safetensors")
    assert saved.keys() == {parameter.name for parameter in net.get_parameters()}
    np.testing.assert_array_equal(saved["blocks.0.attention.q.bias"], gpt_file()["h.0.attn.c_attn.bias"][:HIDDEN])


def test_a_prefix_comes_back(path: Path, tmp_path: Path) -> None:
    """Names that `rename` took away at the load are there again in what is saved."""
    file = {f"transformer.{name}": array for name, array in gpt_file().items()}
    save_file(file, tmp_path / "prefixed.safetensors")
    net = GPT()
    net.load_checkpoint(tmp_path / "prefixed.safetensors", rename={"transformer.{*rest}": "{*rest}"})
    net.save_checkpoint(tmp_path / "again.safetensors")
    same(load_file(tmp_path / "again.safetensors"), file)


class FusedAttention(LazyCell):
    """As vLLM holds it: one parameter for three, of different sizes; the files have three."""

    hidden: int
    heads: int
    kv_heads: int
    head_dim: int = hidden // heads
    qkv: Param["normal", (fused(q=heads * head_dim, k=kv_heads * head_dim, v=kv_heads * head_dim), hidden)]
    gate_up: Param["normal", (hidden, fused(gate=4 * hidden, up=4 * hidden))]
    patches: Param["normal", (hidden, 12)]
    rename(
        {
            "q_proj.weight": "qkv[q]",
            "k_proj.weight": "qkv[k]",
            "v_proj.weight": "qkv[v]",
            "gate.weight": transposed("gate_up[gate]"),
            "up.weight": transposed("gate_up[up]"),
            "patch.weight": reshaped("patches", (hidden, 3, 2, 2)),
        }
    )


class Decoder(LazyCell):
    layers: list[FusedAttention] = children(2, FusedAttention, 8, 4, 2)
    rename({"model.layers.{i}.self_attn.{*rest}": "layers.{i}.{*rest}"})


def test_separate_tensors_fill_one_parameter(tmp_path: Path) -> None:
    """In the order of the sections, whatever the order in the file; also in bfloat16, and back."""
    sizes = {
        "q_proj": (8, 8),
        "v_proj": (4, 8),
        "k_proj": (4, 8),
        "gate": (32, 8),
        "up": (32, 8),
        "patch": (8, 3, 2, 2),
    }
    random = np.random.default_rng(0)
    # Whole numbers that bfloat16 holds.
    file = {
        f"model.layers.{i}.self_attn.{name}.weight": random.integers(-99, 99, shape).astype(np.float32)
        for i in range(2)
        for name, shape in sizes.items()
    }
    save_file(file, tmp_path / "llama.safetensors")
    for dtype in (ms.float32, ms.bfloat16):
        net = Decoder(dtype=dtype)
        net.load_checkpoint(tmp_path / "llama.safetensors")
        prefix = "model.layers.1.self_attn."
        qkv = np.concatenate([file[f"{prefix}{name}_proj.weight"] for name in "qkv"])
        np.testing.assert_array_equal(net.layers[1].qkv.astype(ms.float32).asnumpy(), qkv)
        gate_up = np.concatenate([file[prefix + "gate.weight"], file[prefix + "up.weight"]]).T
        np.testing.assert_array_equal(net.layers[1].gate_up.astype(ms.float32).asnumpy(), gate_up)
        net.save_checkpoint(tmp_path / "again.safetensors", dtype=ms.float32)
        same(load_file(tmp_path / "again.safetensors"), file)


def test_the_manifest_shows_the_sections() -> None:
    """Of the class and of the net alike; the expression is their sum."""
    model = Decoder.manifest()
    assert model == Decoder().manifest()
    assert model["layers.0.qkv"].sections == ((0, (("q", 8), ("k", 4), ("v", 4))),)
    assert model["layers.0.qkv"].expression == "(heads * head_dim + kv_heads * head_dim + kv_heads * head_dim, hidden)"
    assert model["layers.0.gate_up"].sections == ((1, (("gate", 32), ("up", 32))),)
    assert [rule.name for rule in fields(Decoder)[-1:]] == ["model.layers.{i}.self_attn.{*rest}"]


def test_a_plan_can_be_looked_at(path: Path) -> None:
    """Of a net, of a manifest, and of a plain cell; nothing is filled."""
    net = GPT()
    text = str(plan(net, path))
    assert text == str(plan(GPT.manifest(), path))
    assert "from h.{0..1}.attn.c_attn.weight (split, transposed)" in text
    assert len(uninitialized(net)) == LAYERS * 10
    plain = nn.Dense(2, 3)
    found = plan(plain, {"weight": np.zeros((3, 2), np.float32), "b": np.zeros(3, np.float32)}, rename={"b": "bias"})
    assert [(step.parameter, step.key) for step in found.steps] == [("weight", "weight"), ("bias", "b")]


def test_a_failed_load_names_the_rule(path: Path) -> None:
    """And leaves the net as it was."""
    file = gpt_file()
    file["h.0.attn.c_attn.weight"] = file["h.0.attn.c_attn.weight"][:, 1:].copy()
    net = GPT()
    with pytest.raises(CheckpointMismatchError) as caught:
        net.load_checkpoint(file)
    assert "the checkpoint has (8, 23), the model (8, 24)" in str(caught.value)
    assert 'transposed(fused(q="q.weight", k="k.weight", v="v.weight"))` of Attention at' in str(caught.value)


class Mixed(LazyCell):
    """Conditions, positions, ties, plain cells, and a cell that is built to be seen."""

    hidden: int
    tied: bool = True
    use_bias: bool = True
    embed: Linear = child(Linear, hidden, 5, use_bias=False)
    layers: list[Any] = children(
        3, when(INDEX == 1, child(Attention, hidden), otherwise=child(Linear, hidden, hidden, use_bias=use_bias))
    )
    plain: nn.Cell = child(nn.Dense, hidden, hidden)
    head: Linear = child(Linear, hidden, 5, use_bias=False)
    same = when(tied, tie("head.weight", "embed.weight"))
    rename(
        {
            "wte.weight": "embed.weight",
            "lm_head.weight": "head.weight",
            "proj.{*rest}": "plain.{*rest}",
            "l{i}.{*rest}": "layers.{i}.{*rest}",
        }
    )


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("use_bias", [True, False])
def test_conditions_children_and_ties(tied: bool, use_bias: bool, tmp_path: Path) -> None:
    """The class's manifest is the net's, and a save is loaded again in every case."""
    net = Mixed(4, tied, use_bias)
    model = net.manifest()
    assert model == Mixed.manifest(4, tied, use_bias)
    names = {stored.name for stored in stored_tensors(model)}
    assert ("lm_head.weight" in names) is not tied
    assert ("l0.bias" in names) is use_bias
    assert {"wte.weight", "l1.c_attn.weight", "proj.weight", "proj.bias"} <= names
    net.init_parameters_data(seed=3)
    net.save_checkpoint(tmp_path / "mixed.safetensors")
    assert load_file(tmp_path / "mixed.safetensors").keys() == names
    other = Mixed(4, tied, use_bias)
    other.load_checkpoint(tmp_path / "mixed.safetensors")
    for one, two in zip(net.get_parameters(), other.get_parameters(), strict=True):
        np.testing.assert_array_equal(one.asnumpy(), two.asnumpy())


def test_a_tie_that_is_stored_twice(tmp_path: Path) -> None:
    """Both copies are compared, under their stored names."""
    net = Mixed(4)
    net.init_parameters_data(seed=3)
    net.save_checkpoint(tmp_path / "mixed.safetensors")
    file = load_file(tmp_path / "mixed.safetensors")
    file["lm_head.weight"] = file["wte.weight"].copy()
    Mixed(4).load_checkpoint(file)
    file["lm_head.weight"][0, 0] += 1
    with pytest.raises(CheckpointMismatchError, match="`wte.weight` and `lm_head.weight` differ"):
        Mixed(4).load_checkpoint(file)


class Turned(Attention):
    """A subclass whose files have plain matrices, and no biases under one name."""

    rename({"c_proj.weight": "out.weight", "c_attn.bias": None})


def test_a_subclass_has_the_rules_of_its_bases() -> None:
    """But for those that it replaces and takes back."""
    names = {stored.name: stored.shape for stored in stored_tensors(Turned.manifest(4))}
    assert names == {
        "c_attn.weight": (4, 12),
        "c_proj.weight": (4, 4),
        "c_proj.bias": (4,),
        **{f"{name}.bias": (4,) for name in "qkv"},
    }
    forms = {stored.name: stored.form for stored in Turned.manifest(4).stored}
    assert forms["c_proj.weight"] == Turned.manifest(4)["out.weight"].block


class OwnInit(LazyCell):
    """A class that writes its own constructor can be renamed like any other."""

    hidden: int
    w: Param["zeros", (hidden,)]
    rename({"weight": "w"})

    def __init__(self, size: int) -> None:
        self.__lazy_init__(size)


def test_a_class_with_its_own_constructor() -> None:
    """Its manifest is made by building it, and its rules hold there too."""

    class Net(LazyCell):
        own: OwnInit = child(OwnInit, 3)
        rename({"o.{*rest}": "own.{*rest}"})

    for model in (Net.manifest(), Net().manifest()):
        assert [stored.name for stored in model.stored] == ["o.weight"]


def test_a_shape_that_does_not_fit_is_found_before_a_load() -> None:
    """The elements are counted when the numbers are known."""

    class Patches(LazyCell):
        n: int
        weight: Param["zeros", (n, 12)]
        rename({"conv": reshaped("weight", (n, 3, n, n))})

    assert isinstance(Patches.manifest(2), Manifest)
    for make in (Patches.manifest, Patches):
        with pytest.raises(DeclarationError, match="has 81 elements in the shape"):
            make(3)
