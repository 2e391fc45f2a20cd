"""Whoever does what an error says, to the letter, has the right values, or is refused: for every cause there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import lazycell
from lazycell import CheckpointMismatchError, LazyCell
from lazycell.cli import main
from lazycell.mismatch import Mismatch

from ..saving.saved import save_arrays
from . import following
from .following import (
    Arrays,
    Body,
    Merged,
    Net,
    Plain,
    Pyramid,
    joined,
    made,
    renamed,
    turned,
    ways_in_python,
    ways_in_shell,
)

HEADS = ("lm_head.", "classifier.")


@attrs.frozen
class Case:
    """A file that does not fit a net, as one cause has it.

    Attributes:
        module: of the cause.
        file: what is in the file.
        right: what the parameters of a net have to be that has followed.
        cls: the class that it is loaded into.
        given: what that is built with.
        ways: how many there are to follow; 0: nothing can be passed, and the load stays refused.
        left: beginnings of the names that may be left to their initializers.
        refuses: whether the class refuses what is proposed, as it said.
    """

    module: str
    file: Arrays
    right: Arrays = attrs.field(factory=dict)
    cls: type[LazyCell] = Net
    given: dict[str, Any] = attrs.field(factory=dict)
    ways: int = 1
    left: tuple[str, ...] = ()
    refuses: bool = False


def _net(**hyperparameters: Any) -> Arrays:
    return made(Net, **hyperparameters)


def _of(module: str, change: Callable[[Arrays], Arrays], cls: type[LazyCell] = Net, **more: Any) -> Case:
    """Give the case of a net's own file, changed."""
    arrays = made(cls)
    return Case(module, change(arrays), arrays, cls, **more)


def _sized(module: str, *, cls: type[LazyCell] = Net, ways: int = 1, **other: Any) -> Case:
    """Give the case of a file of other sizes."""
    arrays = made(cls, **other)
    return Case(module, arrays, arrays, cls, ways=ways)


def _without(*begins: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: renamed(arrays, lambda name: None if name.startswith(begins) else name)


def _halves(arrays: Arrays) -> Arrays:
    """Store a weight as PyTorch's weight norm does."""
    found = dict(arrays)
    weight = found.pop("classifier.weight")
    length = np.linalg.norm(weight, axis=1, keepdims=True)
    return found | {"classifier.weight_g": length, "classifier.weight_v": weight}


def _with_states(arrays: Arrays) -> Arrays:
    states = {f"moment1.{name}": np.ones_like(array) for name, array in arrays.items()}
    return arrays | states | {"global_step": np.array([3], np.int32)}


def _base_alone() -> Arrays:
    return renamed(_without(*HEADS)(_net()), lambda name: name.removeprefix("body."))


def _split(arrays: Arrays) -> Arrays:
    found = {name: array for name, array in arrays.items() if not name.startswith("qkv")}
    return found | {f"{part}.weight": rows for part, rows in zip("qkv", np.split(arrays["qkv.weight"], 3), strict=True)}


SWAPPED = {"weight": "gamma", "bias": "beta"}

CASES: dict[str, Callable[[], Case]] = {
    "an optimizer's state": lambda: _of("files", _with_states),
    "bookkeeping": lambda: _of("files", lambda arrays: arrays | {"body.position_ids": np.arange(4)}),
    "an adapter beside": lambda: _of("files", lambda arrays: arrays | {"classifier.lora_A": np.ones((2, 8), "f")}),
    "another head's file": lambda: Case("heads", _net(), _base_alone(), Body),
    "a base's file": lambda: Case("heads", _base_alone(), _net(), left=HEADS),
    "other labels": lambda: Case("heads", _net(n_labels=5), _net(n_labels=5), ways=3, left=("classifier.",)),
    "more layers": lambda: _sized("layers", n_layers=5),
    "less layers": lambda: _sized("layers", n_layers=1),
    "depths": lambda: _sized("layers", cls=Pyramid, depths=(3, 1)),
    "turned round": lambda: _of("layouts", lambda arrays: turned(arrays, "up.weight", "down.weight")),
    "queries, keys and values in one": lambda: _of("layouts", joined),
    "apart what the model joins": lambda: _of("layouts", _split, Merged, ways=0),
    "all keys under a prefix": lambda: _of("names", lambda arrays: renamed(arrays, lambda name: f"module.{name}")),
    "a word for the base": lambda: _of(
        "names", lambda arrays: renamed(arrays, lambda name: re.sub(r"^body\.", "encoder.", name))
    ),
    "words of another framework": lambda: _of(
        "names", lambda arrays: renamed(arrays, lambda name: re.sub(r"\w+$", lambda end: SWAPPED[end[0]], name))
    ),
    "a head that is not there": lambda: _of("parts", _without("classifier."), Plain, left=("classifier.",)),
    "another head": lambda: Case("parts", made(Plain, n_labels=5), made(Plain, n_labels=5), Plain, ways=2, left=("c",)),
    "another model": lambda: Case("parts", {f"other.{k}.kernel": np.ones((2, 3), "f") for k in range(60)}, ways=0),
    "another width": lambda: _sized("sizes", hidden=12),
    "several sizes": lambda: _sized("sizes", hidden=12, inner=20, n_layers=2),
    "a vocabulary": lambda: _sized("sizes", vocab_size=32),
    "a tuple": lambda: _sized("sizes", cls=Pyramid, widths=(6, 12, 24)),
    "a width that the class refuses": lambda: Case("sizes", _net(hidden=9, n_heads=3), refuses=True),
    "no vectors": lambda: _sized("switches", use_bias=False),
    "tied": lambda: Case("switches", made(Net, tie_words=True), made(Net, tie_words=True), ways=2, left=("lm_head.",)),
    "parted": lambda: Case("switches", _net(), _net(), given={"tie_words": True}),
    "a word in the layers": lambda: _of(
        "words", lambda arrays: renamed(arrays, lambda name: name.replace(".attn.", ".self_attention."))
    ),
    "one norm more in each layer": lambda: _of(
        "architecture",
        lambda arrays: arrays | {f"body.layers.{i}.norm.gain": np.ones(8, "f") for i in range(3)},
        ways=0,
    ),
    "an axis of length 1 less": lambda: _of(
        "axes", lambda arrays: {name: np.squeeze(array) for name, array in arrays.items()}, Pyramid
    ),
    "weight norm": lambda: _of("weight_norm", _halves),
}


def test_there_is_a_case_for_every_cause() -> None:
    """A module of causes that is added has to be followed here, too."""
    package = Path(lazycell.mismatch.__file__).parent
    modules = {path.stem.removeprefix("_cause_") for path in package.glob("_cause_*.py")}
    assert {case().module for case in CASES.values()} == modules


def _refused(case: Case, path: Path) -> Mismatch:
    with pytest.raises(CheckpointMismatchError) as caught:
        case.cls(**case.given).load_checkpoint(path)
    assert isinstance(caught.value.mismatch, Mismatch)
    return caught.value.mismatch


@pytest.mark.parametrize("name", CASES)
def test_in_python(name: str, tmp_path: Path) -> None:
    """Hyperparameters and arguments, pasted into the call: what is loaded has the right values, the rest none."""
    case = CASES[name]()
    path = tmp_path / "model.safetensors"
    save_arrays(path, case.file)
    mismatch = _refused(case, path)
    ways = ways_in_python(mismatch)
    assert len(ways) == (1 if case.refuses else case.ways), mismatch.text()
    for way in ways:
        if case.refuses:
            with pytest.raises(lazycell.RequirementError, match="heads share the width"):
                case.cls(**{**case.given, **way.settings})
            assert "with that alone the class says: Net: heads share the width" in mismatch.text()
            continue
        net = case.cls(**{**case.given, **way.settings})
        net.load_checkpoint(path, **way.arguments)
        left = set(lazycell.uninitialized(net))
        assert all(each.startswith(case.left) for each in left)
        for each, parameter in net.parameters_and_names():
            if each not in left:
                np.testing.assert_allclose(parameter.asnumpy(), case.right[each], rtol=1e-6, err_msg=each)


ONE_OF_EACH = [
    *("an optimizer's state", "other labels", "more layers", "all keys under a prefix", "a head that is not there"),
    *("several sizes", "a tuple", "no vectors", "a word in the layers"),
]


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_in_the_command(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The options that `lazycell check` itself proposes: with them it says that the file fits."""
    case = CASES[name]()
    path = tmp_path / "model.safetensors"
    save_arrays(path, case.file)
    words = ["check", f"{following.__name__}:{case.cls.__name__}", str(path)]
    assert main(words) == 1
    advised = capsys.readouterr().out
    ways = list(ways_in_shell(_refused(case, path)))
    assert len(ways) == case.ways
    for options in ways:
        assert all(option in advised for option in options if option.startswith("--"))
        assert main([*words, *options]) == 0, options


def test_one_file_of_several(tmp_path: Path) -> None:
    """What it says to load has all of them, with an index and without one; a file that is not there is named."""
    arrays = _net()
    save_arrays(tmp_path / "model.safetensors", arrays, max_shard_size=2000)
    (index,) = tmp_path.glob("*.index.json")
    files = sorted(tmp_path.glob("model-0*.safetensors"))
    for keeps_index in (True, False):
        if not keeps_index:
            index.unlink()
        with pytest.raises(CheckpointMismatchError) as caught:
            Net().load_checkpoint(files[0])
        (advice,) = re.findall(r"\n  load (.*), which all of them belong to", str(caught.value))
        net = Net()
        net.load_checkpoint(advice)
        for name, parameter in net.parameters_and_names():
            np.testing.assert_array_equal(parameter.asnumpy(), arrays[name])
    files[1].unlink()
    with pytest.raises(CheckpointMismatchError, match=f"{files[1].name} is not beside it: get all, then load "):
        Net().load_checkpoint(files[0])
