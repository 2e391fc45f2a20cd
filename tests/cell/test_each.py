"""`fused(each("experts.{i}.up.weight"))`: one stored tensor for as many parameters as there are."""

from typing import Any

import numpy as np
import pytest

from lazycell import (
    CheckpointMismatchError,
    DeclarationError,
    LazyCell,
    Param,
    children,
    each,
    expanded,
    fused,
    param,
    rename,
    transposed,
    when,
)
from lazycell.declaration import form_text
from tests.words import live


class Expert(LazyCell):
    width: int
    inner: int
    gated: bool = True
    up: Param["normal", (inner, width)]
    gate: Param["normal", (inner, width)] = when(gated)
    down: Param["normal", (width, inner)]


class Experts(LazyCell):
    count: int
    width: int
    experts: list[Expert] = children(count, Expert, width, 3)
    shared: Param["normal", (2, width)]
    rename(
        {
            "gate_up": fused(each(expanded(fused(gate="experts.{i}.gate", up="experts.{i}.up"), axis=0))),
            "experts.down": fused(each(transposed("experts.{i}.down")), rest="shared"),
        }
    )


class Net(LazyCell):
    count: int
    width: int = 4
    layers: list[Experts] = children(2, Experts, count, width)
    scales: Any = children(count, param("ones", (5,)))
    rename({"all.scales": fused(each("scales.{i}"), axis=0)})


class Above(LazyCell):
    """The rule stands above the list, with a capture that both have, and is in a checkpoint's own words."""

    count: int
    blocks: list[Experts] = children(2, Experts, count, 2)
    rename({"b{n}.{*rest}": "blocks.{n}.{*rest}"})


def test_life(tmp_path: Any) -> None:
    """Stored as one, in the order of positions, and read again; the count is told."""
    net = live(Net, tmp_path, count=11)
    stored = {tensor.name: tensor for tensor in net.manifest().stored}
    assert {name: tensor.shape for name, tensor in stored.items()} == {
        "layers.0.gate_up": (11, 6, 4),
        "layers.0.experts.down": (35, 4),
        "layers.1.gate_up": (11, 6, 4),
        "layers.1.experts.down": (35, 4),
        "all.scales": (55,),
    }
    layer = net.layers[1]
    wanted = np.stack([np.concatenate([one.gate.asnumpy(), one.up.asnumpy()]) for one in layer.experts])
    np.testing.assert_array_equal(stored["layers.1.gate_up"].assemble(lambda name: net_values(net)[name]), wanted)

    found = Net.infer(tmp_path / "net.safetensors")
    assert (found["count"], found["width"], found.fits) == (11, 4, True)
    with pytest.raises(CheckpointMismatchError, match="gate_up"):
        Net(10).load_checkpoint(tmp_path / "net.safetensors")


def test_a_rule_above(tmp_path: Any) -> None:
    """What a cell shows may be renamed by those above it."""
    net = live(Above, tmp_path, count=2)
    assert "b1.gate_up" in [tensor.name for tensor in net.manifest().stored]
    assert Above.infer(tmp_path / "net.safetensors")["count"] == 2


def net_values(net: LazyCell) -> dict[str, Any]:
    """The values of all parameters."""
    return {name: parameter.asnumpy() for name, parameter in net.parameters_and_names()}


def test_text() -> None:
    """As it is written; of many sections the first and the last."""
    assert form_text(fused(each("a.{i}"), rest="b", axis=1)) == 'fused(axis=1, each("a.{i}"), rest="b")'
    lines = str(Net.manifest(count=6))
    assert "all.scales is stored for fused(0=scales.0, …, 5=scales.5)" in lines


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (lambda: each("experts.up"), r'each\("experts.up"\) has no capture that counts'),
        (lambda: fused(q=each("a.{i}")), "is many sections, with no one name"),
        (lambda: fused("a.{i}"), r"in fused\(\) has no name"),
        (lambda: fused(each("a.{i}"), each("b.{i}")), r"two `each\(…\)` in one fused"),
        (lambda: transposed(each("a.{i}")), r"each\(…\) is a part of fused\(…\) alone, not of transposed"),
        (lambda: each(3), r"each\(\) takes a name or a form"),
    ],
)
def test_mistakes(form: Any, problem: str) -> None:
    """Refused where they are written."""
    with pytest.raises(DeclarationError, match=problem):
        form()


@pytest.mark.parametrize(
    ("name", "form", "problem"),
    [
        ("up", "each", "is many tensors: write `fused"),
        ("up.{i}", "fused", "has no capture that .* does not have: exactly one"),
        ("up.{j}", "fused", "does not have the capture `{j}`"),
        ("up", "star", "exactly one, of one segment"),
        ("up", "dead", "nothing below this cell is called `expert.{i}.up`"),
    ],
)
def test_mistakes_in_rules(name: str, form: str, problem: str) -> None:
    """Refused when the class is defined."""
    forms = {
        "each": each("experts.{i}.up"),
        "fused": fused(each("experts.{i}.up")),
        "star": fused(each("experts.{*i}")),
        "dead": fused(each("expert.{i}.up")),
    }

    def declare() -> None:
        class Wrong(LazyCell):
            experts: list[Expert] = children(2, Expert, 2, 2)
            rename({name: forms[form]})

    with pytest.raises(DeclarationError, match=problem):
        declare()


def test_what_belongs_together_is_there_together() -> None:
    """Else a part would be stored nowhere."""

    class Some(LazyCell):
        experts: list[Expert] = children(2, Expert, 2, 2, gated=False)
        rename({"gate_up": fused(each(fused(gate="experts.{i}.gate", up="experts.{i}.up")))})

    with pytest.raises(DeclarationError, match="`experts.0.up` is there and `experts.0.gate` is not"):
        Some().manifest()
