"""`"experts.{i}.up.weight": "up[{i}]"`: one parameter, of which a file has each position of the first axis by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from lazycell import CheckpointMismatchError, DeclarationError, LazyCell, Param, children, fused, rename, transposed
from tests.words import live


class Experts(LazyCell):
    count: int
    width: int
    up: Param["normal", (count, 2 * width, width)]
    down: Param["normal", (count, width, 2 * width)]
    scale: Param["ones", (count,)]
    rename(
        {
            "{e}.up_proj.weight": "up[{e}]",
            "{e}.down_proj.weight": transposed("down[{e}]"),
            "{e}.scale": "scale[{e}]",
        }
    )


class Net(LazyCell):
    count: int
    width: int = 4
    layers: list[Experts] = children(2, Experts, count, width)
    rename({"layers.{i}.mlp.experts.{*rest}": "layers.{i}.{*rest}"})


def test_life(tmp_path: Any) -> None:
    """Stored apart, in whatever form, and read again; the count is told."""
    net = live(Net, tmp_path, count=11)
    net.save_checkpoint(tmp_path / "apart.safetensors")
    stored = load_file(tmp_path / "apart.safetensors")
    assert len(stored) == 2 * 3 * 11
    layer, prefix = net.layers[1], "layers.1.mlp.experts"
    for index in range(11):
        np.testing.assert_array_equal(stored[f"{prefix}.{index}.up_proj.weight"], layer.up.asnumpy()[index])
        np.testing.assert_array_equal(stored[f"{prefix}.{index}.down_proj.weight"], layer.down.asnumpy()[index].T)
        assert stored[f"{prefix}.{index}.scale"].shape == ()
    found = Net.infer(tmp_path / "apart.safetensors")
    assert (found["count"], found["width"], found.fits) == (11, 4, True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda stored: stored.pop("layers.1.mlp.experts.2.scale"), r"experts\.2\.scale.*it has to be there whole"),
        (lambda stored: stored.update({"layers.0.mlp.experts.3.scale": np.float32(1)}), r"experts\.3\.scale"),
        (
            lambda stored: stored.update({"layers.0.mlp.experts.1.up_proj.weight": np.ones((1, 8, 4), np.float32)}),
            r"experts\.1\.up_proj",
        ),
    ],
    ids=["one is missing", "one more", "another shape"],
)
def test_what_does_not_fit(tmp_path: Any, change: Any, words: str) -> None:
    """All positions have to be there, and no other."""
    net = Net(3)
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "net.safetensors")
    stored = load_file(tmp_path / "net.safetensors")
    change(stored)
    with pytest.raises(CheckpointMismatchError, match=words):
        Net(3).load_checkpoint(stored)


class Plain(LazyCell):
    count: int
    up: Param["normal", (count, 2)]


def test_by_a_rule_of_a_load() -> None:
    """A position may be captured or written; one that is not there is refused."""
    tensors = {f"e.{index}": np.full(2, index, np.float32) for index in range(3)}
    for rules in ({"e.{i}": "up[{i}]"}, {"e.0": "up[0]", "e.1": "up[1]", "e.2": "up[2]"}):
        net = Plain(3)
        net.load_checkpoint(tensors, rename=rules)
        assert net.up.asnumpy().tolist() == [[0, 0], [1, 1], [2, 2]]
    with pytest.raises(CheckpointMismatchError, match="there is no position 2 in it"):
        Plain(2).load_checkpoint(tensors, rename={"e.{i}": "up[{i}]"})
    with pytest.raises(CheckpointMismatchError, match="up"):
        Plain(3).load_checkpoint({"e.0": tensors["e.0"], "e.2": tensors["e.2"]}, rename={"e.{i}": "up[{i}]"})


def declare(rules: dict[str, Any]) -> type:
    class Wrong(LazyCell):
        count: int
        up: Param["normal", (count, 2)]
        gate: Param["normal", (count, 2)]
        qk: Param["normal", (fused(q=count, k=count), 2)]
        gain: Param["ones", ()]
        rename(rules)

    return Wrong


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"experts.up": "up[{i}]"}, "does not have the capture `{i}`"),
        ({"e.{i}.up": "up"}, "does not have the capture `{i}`"),
        ({"e.{i}.gain": "gain[{i}]"}, "is a scalar"),
        ({"e.{i}.up": "up[{i}]", "f.{j}.up": "up[{j}]"}, "is taken here and by"),
        ({"e.{i}.up": "up[{i}]", "up": "up"}, "is taken here and by"),
        ({"e.{i}.q": "qk[q]", "e.{i}.k": "qk[{i}]"}, "capture|taken"),
        ({"e.{i}": "up[{i}]", "e.{j}": "gate[{j}]"}, "would be stored as"),
        ({"e.{i}.up": "up[{*i}]"}, "is not a name"),
        ({"e.{i}.up": "up[0]"}, "capture|no section"),
    ],
)
def test_rules_that_cannot_be(rules: dict[str, Any], words: str) -> None:
    """When the class is defined."""
    with pytest.raises(DeclarationError, match=words):
        declare(rules)


class Joined(LazyCell):
    count: int
    up: Param["normal", (count, 2, 3)]
    gate: Param["normal", (count, 2, 3)]
    rename({"{e}.gate_up": fused(gate="gate[{e}]", up="up[{e}]")})


def test_two_of_one_position_are_one_tensor(tmp_path: Any) -> None:
    """What is stored by position may be joined with another of that position."""
    net = live(Joined, tmp_path, count=4)
    net.save_checkpoint(tmp_path / "joined.safetensors")
    stored = load_file(tmp_path / "joined.safetensors")
    assert {name: each.shape for name, each in stored.items()} == {f"{index}.gate_up": (4, 3) for index in range(4)}
    np.testing.assert_array_equal(stored["2.gate_up"], np.concatenate([net.gate.asnumpy()[2], net.up.asnumpy()[2]]))
