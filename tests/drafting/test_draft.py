"""Drafts of reference checkpoints: what they declare is what the files hold, in a file that tools accept."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from mindspore import nn

import lazycell
from lazycell import CheckpointError
from lazycell.cell._meta import reserved_names
from lazycell.drafting import draft, imported_draft
from lazycell.drafting._draft import drafted
from lazycell.drafting._name_tree import StoredTensor
from lazycell.drafting._python_names import CELL
from tests.golden_cases import GOLDEN

CASES = sorted(path for path in GOLDEN.iterdir() if (path / "model.safetensors").is_file())


KNOWN_CALLS = {"child", "children", "cells", "param", "buffer", "when", "tie", "hyper", "rename", "in_"}
KNOWN_CALLS |= {"ConfigRules", "NotImplementedError"}
"""All that a draft calls: nothing else runs when it is tried."""


def drafted_from(shapes: dict[str, tuple[int, ...]], **config: object) -> str:
    """Draft a checkpoint of these shapes, float32; what is written was tried."""
    return drafted(
        [{name: StoredTensor(shape, "float32") for name, shape in shapes.items()}], [config], "Net", ["f"]
    ).text


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the draft of each reference checkpoint."""
    directory = tmp_path_factory.mktemp("drafts")
    for case in CASES:
        (directory / f"{case.name.replace('-', '_')}.py").write_text(draft(case).text)
    vae = GOLDEN / "vae"
    made = draft(vae / "diffusion_pytorch_model.safetensors", config=vae / "config.json", name="Vae")
    (directory / "vae.py").write_text(made.text)
    return directory


def test_a_draft_takes_every_tensor_of_its_file() -> None:
    """Name by name, as a load finds it, of every reference checkpoint."""
    assert len(CASES) > 15
    for case in CASES:
        net = imported_draft(draft(case))()
        net.load_checkpoint(case / "model.safetensors")
        assert lazycell.uninitialized(net) == [], case


def test_drafts_are_formatted(texts: Path) -> None:
    """As ruff does it, with its own settings."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_is_to_be_written_says_so() -> None:
    """Each class raises, and names what it has."""
    net = imported_draft(draft(GOLDEN / "llama-a"))()
    with pytest.raises(NotImplementedError, match="MLP: write what is computed of x by self.down_proj"):
        net.model.layers[0].mlp.construct(None)


def test_sizes_are_named_and_what_is_undecided_is_said() -> None:
    """By the names of the layers; a comment has what else is true."""
    text = draft(GOLDEN / "llama-a").text
    assert "config.num_key_value_heads * config.head_dim" in text
    assert "# undecided: out_features=64 is num_attention_heads * head_dim or hidden_size" in text
    assert "use_bias=config.attention_bias" in text
    assert 'tie("lm_head.weight", "model.embed_tokens.weight")' in text


def test_what_nobody_needs_and_what_is_fused_is_marked() -> None:
    """Leftovers are UNUSED; a fused matrix has a comment, and its arithmetic."""
    text = draft(GOLDEN / "gpt-neox").text
    assert 'rename({"masked_bias": UNUSED, "bias": UNUSED, "rotary_emb.inv_freq": UNUSED})' in text
    assert "# query, key and value in one, by its name" in text
    assert "3 * config.hidden_size" in text


@pytest.mark.parametrize(
    ("odd", "pattern"),
    [
        ({0}, "INDEX == 0"),
        ({1, 2, 3, 4, 5, 6}, "INDEX > 0"),
        ({0, 1, 2}, "INDEX < 3"),
        ({1, 3, 5}, "INDEX % 2 == 1"),
        ({2, 5}, "INDEX % 3 == 2"),
        ({0, 3, 4}, "in_(INDEX, (0, 3, 4))"),
    ],
)
def test_unlike_layers_are_told_by_their_pattern(odd: set[int], pattern: str) -> None:
    """What some layers have is there under a condition on the position."""
    shapes: dict[str, tuple[int, ...]] = {}
    for index in range(7):
        shapes |= {f"layers.{index}.{name}.weight": (8, 8) for name in ("a", "b", *(["extra"] if index in odd else []))}
    assert f"has_extra={pattern}" in drafted_from(shapes)


def test_cells_that_are_alike_are_one_class() -> None:
    """Two towers of other sizes: one class, which takes what differs; a row of unlike cells has its gaps."""
    text = drafted_from(
        {
            "left.0.weight": (16, 4),
            "left.2.weight": (8, 16, 3, 3),
            "one.inner.up.weight": (32, 8),
            "one.inner.scale": (3,),
            "two.inner.up.weight": (64, 8),
            "two.inner.scale": (3,),
        }
    )
    assert text.count("class Inner(LazyCell)") == 1
    assert "out_features=64" in text
    assert "child(nn.Identity)" in text


def test_several_dtypes_are_declared() -> None:
    """What is not of the usual dtype says so."""
    tensors = {f"layers.{i}.up.weight": StoredTensor((8, 8), "bfloat16") for i in range(3)}
    tensors |= {"norm.weight": StoredTensor((8,), "float32"), "table": StoredTensor((4,), "int64")}
    text = drafted([tensors], [{}], "Net", ["f"]).text
    assert 'child(RMSNorm, 8, dtype="float32")' in text
    assert 'buffer("zeros", (4,), "int64")' in text


def test_codes_are_declared_as_the_floats_that_they_are() -> None:
    """A quantized file's draft is that of its model."""
    case = GOLDEN / "sources" / "quant_models" / "llama_awq4"
    made = draft(case)
    assert "qweight" not in made.text
    assert "dtype=" not in made.text
    net = imported_draft(made)()
    net.load_checkpoint(case / "model.safetensors")
    assert lazycell.uninitialized(net) == []


@pytest.mark.parametrize(
    "name",
    [
        'a"); import os; ("',
        'x"""y',
        "new\nline",
        "class",
        "construct",
        "training",
        "Linear",
        "é",
        "0",
        "a-b",
        "__p",
        "config",
    ],
)
def test_names_of_strangers_are_only_names(name: str) -> None:
    """They are declared under a name that Python allows, and stored under their own; none is ever run as code."""
    shapes = {f"{name}.weight": (4, 4), f"block.{name}": (3,), f"block.{name}x.weight": (4, 5)}
    for index in range(3):  # what differs becomes an argument, of that name
        shapes |= {
            f"rows.{index}.{name}": (3 + index, 2),
            f"rows.{index}.{name}x.weight": (7 + index, 3),
            f"rows.{index}.b": (1,),
        }
    text = drafted_from(shapes, **{"hidden_size": 4, name: 4, "act": name})
    called = [node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert {*called} <= KNOWN_CALLS


def test_names_that_cannot_be_declared_are_refused() -> None:
    """Braces are captures in `rename`, and between two dots there has to be something."""
    with pytest.raises(CheckpointError, match="its names cannot be declared"):
        drafted_from({"{i}.weight": (4, 4)})
    with pytest.raises(CheckpointError, match="between its dots is nothing"):
        drafted_from({"a..weight": (4, 4)})
    with pytest.raises(TypeError, match="takes a checkpoint"):
        draft()


def test_no_attribute_hides_what_every_cell_has() -> None:
    """The list that drafts avoid is that of the cells."""
    assert {name for name in reserved_names() if not name.startswith("_")} <= CELL


def test_a_net_of_plain_cells_is_drafted_with_its_initializers() -> None:
    """Names, shapes, and what each parameter is drawn from, but for how zeros and ones are written."""

    class Block(nn.Cell):
        def __init__(self, inputs: int, outputs: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(inputs, outputs, 3, weight_init="normal")
            self.bn = nn.BatchNorm2d(outputs)

    class Plain(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.CellList([Block(3, 8), Block(8, 16)])
            self.head = nn.SequentialCell([nn.ReLU(), nn.Dense(16, 10)])

    with lazycell.no_init_parameters():
        theirs = lazycell.manifest(Plain())
    ours = imported_draft(draft(theirs)).manifest()
    same = {"Zero()": "zeros", "One()": "ones"}
    told = {each.name: (each.shape, same.get(each.initializer, each.initializer), each.trainable) for each in theirs}
    assert {each.name: (each.shape, each.initializer, each.trainable) for each in ours} == told


def test_checkers_are_shown_what_is_written_now() -> None:
    """`tests/test_typing.py` runs them over a committed draft: write it anew with `lazycell draft` where this fails."""
    committed = Path(__file__).parents[1] / "typing_tests" / "drafted.py"
    assert committed.read_text() == draft(GOLDEN / "resnet").text
