"""Tests of `lazycell.inference._inference`: what a file tells about a class, and the proof. The class needs no MindSpore."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from lazycell._errors import CheckpointFormatError, CheckpointMismatchError
from lazycell.inference._inference import Inference, infer
from tests.pure import Param, PureCell, child, children, hyper, manifest, require, run, when

Shapes = dict[str, tuple[int, ...]]


class Linear(PureCell):
    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


class Net(PureCell):
    vocab: int
    hidden: int
    n_layers: int
    n_heads: int = 4
    act: str = "gelu"
    require(hidden % n_heads == 0, "hidden must be divisible by n_heads")
    table: Param["normal", (vocab, hidden)]
    layers: list[Linear] = children(n_layers, Linear, hidden, hidden)
    head: Linear = child(Linear, hidden, vocab, use_bias=False)


class Heads(PureCell):
    hidden: int
    n_heads: int
    size: int
    q: Linear = child(Linear, hidden, n_heads * size)


def write(path: Path, shapes: Shapes, dtype: str = "F32") -> Path:
    """Write a safetensors file of zeros."""
    header: dict[str, Any] = {}
    end = 0
    width = {"F32": 4, "BF16": 2, "I32": 4}[dtype]
    for name, shape in shapes.items():
        size = width
        for each in shape:
            size *= each
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    return path


def shapes_of(cls: type, **hyperparameters: Any) -> Shapes:
    """Give the names and shapes of `cls(**hyperparameters)`."""
    return {entry.name: entry.shape for entry in manifest(cls, **hyperparameters)}


def inferred(cls: type, path: Path, rename: dict[str, str] | None = None, **known: Any) -> Inference:
    """Infer as a class does."""
    return infer(cls, path, rename=rename, known=known, describe=lambda values: manifest(cls, **values))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "net.safetensors"


def test_what_is_told_is_a_mapping_and_is_proved(path: Path) -> None:
    """`Net(**inference)` holds the tensors of the file."""
    found = inferred(Net, write(path, shapes_of(Net, vocab=5, hidden=8, n_layers=2)))
    assert dict(found) == {"vocab": 5, "hidden": 8, "n_layers": 2}
    assert len(found) == 3
    assert (found.fits, found.conflicts, found.dtype) == (True, (), "float32")
    assert found.assumed == {"n_heads": 4, "act": "gelu"}
    assert found.manifest == manifest(Net, **found)


def test_it_prints_as_a_table(path: Path) -> None:
    """What shapes tell, what they do not, and whether it fits."""
    found = inferred(Net, write(path, shapes_of(Net, vocab=5, hidden=8, n_layers=2), "BF16"))
    assert str(found).splitlines() == [
        f"Net in {path}, bfloat16",
        "shapes tell:",
        "  vocab     5",
        "  hidden    8",
        "  n_layers  2",
        "shapes cannot tell:",
        "  n_heads  any divisor of 8 fits; default 4",
        "  act      no shape depends on it; default 'gelu'",
        "Net with these, and the defaults of the others, fits the file exactly",
    ]


def test_what_cannot_be_left_out_is_asked_for(path: Path) -> None:
    """With a value that would fit; once one is given, the rest is told."""
    write(path, shapes_of(Heads, hidden=6, n_heads=2, size=4))
    found = inferred(Heads, path)
    assert (found.fits, found.conflicts, found.mismatch) == (False, (), "")
    assert found.assumed == {"n_heads": 1, "size": 8}
    last = "n_heads, size cannot be left out: say what they are, Heads.infer(path, n_heads=1)"
    assert str(found).splitlines()[-1] == last
    given = inferred(Heads, path, n_heads=2)
    assert dict(given) == {"hidden": 6, "n_heads": 2, "size": 4}
    assert given.fits


def test_a_file_that_holds_more_or_less_is_inferred_with_its_mismatch(path: Path) -> None:
    """As a load would report it."""
    shapes = shapes_of(Net, vocab=5, hidden=8, n_layers=2)
    del shapes["head.weight"]
    found = inferred(Net, write(path, {**shapes, "extra": (1,)}))
    assert dict(found) == {"vocab": 5, "hidden": 8, "n_layers": 2}
    assert not found.fits
    assert {problem.kind for problem in found.conflicts} == {"missing", "unexpected"}
    assert found.mismatch in str(found)
    assert "head.weight" in found.mismatch
    assert "extra" in found.mismatch


def test_names_are_renamed_before_they_are_solved(path: Path) -> None:
    """As for a load."""
    shapes = {f"model.{name}": shape for name, shape in shapes_of(Net, vocab=5, hidden=8, n_layers=2).items()}
    found = inferred(Net, write(path, shapes), {"model.{*rest}": "{*rest}"})
    assert found.fits


def test_contradictions_name_two_tensors_and_what_they_declare(path: Path) -> None:
    """No hyperparameter can be two things."""
    shapes = shapes_of(Net, vocab=5, hidden=8, n_layers=2) | {"layers.1.bias": (9,)}
    with pytest.raises(CheckpointMismatchError) as caught:
        inferred(Net, write(path, shapes))
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path} does not fit Net whatever the hyperparameters are"
    assert lines[1] == "  these contradict each other:"
    assert lines[2].startswith("    `layers.1.bias` is (9,), declared `(out_features,)` (Linear.bias, tests/inference/")
    assert lines[2].endswith("so `hidden` is 9")
    assert lines[3].startswith("    `")
    assert lines[3].endswith("so `hidden` is 8")
    assert lines[-1] == "No data was read."
    assert len(caught.value.problems) == 1


def test_a_contradiction_that_comes_of_codes(path: Path) -> None:
    """bitsandbytes stores a matrix as a column of bytes, which says nothing of the hyperparameters."""
    shapes = shapes_of(Net, vocab=5, hidden=8, n_layers=2)
    shapes |= {"layers.1.weight": (32, 1), "layers.1.weight.absmax": (1,)}
    with pytest.raises(CheckpointMismatchError) as caught:
        inferred(Net, write(path, shapes, "I32"))
    assert "likely cause: a quantized checkpoint (bitsandbytes, 4 bit)" in str(caught.value).splitlines()[1]


def test_contradictions_with_what_is_given(path: Path) -> None:
    """A value, a requirement, a validator."""
    write(path, shapes_of(Net, vocab=5, hidden=8, n_layers=2))
    with pytest.raises(CheckpointMismatchError, match="does not fit Net with hidden=9\n  this cannot be:\n"):
        inferred(Net, path, hidden=9)
    with pytest.raises(CheckpointMismatchError, match=r"Net requires `hidden % n_heads == 0` \(hidden must be"):
        inferred(Net, path, n_heads=3)
    with pytest.raises(TypeError, match="Net has no hyperparameter `n_head`; did you mean `n_heads`"):
        inferred(Net, path, n_head=3)


def test_a_value_that_a_validator_refuses(path: Path) -> None:
    """Although every shape fits."""

    def even(instance: Any, attribute: Any, value: int) -> None:
        if value % 2:
            raise ValueError("odd")

    class Even(PureCell):
        n: int = hyper(validator=even)
        w: Param["zeros", (n,)]

    with pytest.raises(CheckpointMismatchError, match="n=3 is refused by its validator:\n    `w` is"):
        inferred(Even, write(path, {"w": (3,)}))


def test_a_shape_of_another_rank_is_the_ordinary_mismatch(path: Path) -> None:
    """It is no equation."""
    shapes = shapes_of(Net, vocab=5, hidden=8, n_layers=2) | {"layers.1.bias": (8, 1)}
    with pytest.raises(CheckpointMismatchError) as caught:
        inferred(Net, write(path, shapes))
    assert [problem.kind for problem in caught.value.problems] == ["shape"]


def test_a_prefix_is_proposed_where_no_name_is_known(path: Path) -> None:
    """In either direction; else the names are shown."""
    shapes = shapes_of(Net, vocab=5, hidden=8, n_layers=2)
    write(path, {f"model.{name}": shape for name, shape in shapes.items()})
    with pytest.raises(CheckpointMismatchError, match="no name in it is one of the model's") as caught:
        inferred(Net, path)
    advice = 'the model\'s names are there under `model.`: pass rename={"model.{*rest}": "{*rest}"}'
    assert advice in str(caught.value)
    (cause,) = caught.value.causes
    assert cause.rename == {"model.{*rest}": "{*rest}"}
    write(path, {f"a\nb.{name}": shape for name, shape in shapes.items()})
    with pytest.raises(CheckpointMismatchError) as caught:
        inferred(Net, path)
    assert 'under `a\\nb.`: pass rename={"a\\nb.{*rest}": "{*rest}"}\nNo data' in str(caught.value)

    class Outer(PureCell):
        n: int
        net: Linear = child(Linear, n, n)

    with pytest.raises(CheckpointMismatchError) as caught:
        inferred(Outer, write(path, {"weight": (3, 3), "bias": (3,)}))
    assert 'the model\'s names start with `net.`: pass rename={"{*rest}": "net.{*rest}"}' in str(caught.value)
    with pytest.raises(CheckpointMismatchError) as caught:
        inferred(Outer, write(path, {"a": (3, 3), "b": (3,)}))
    assert "the model has `net.weight`, `net.bias`, …\n  the checkpoint has `a`, `b`, …\n" in str(caught.value)


def test_files_are_opened_as_for_a_load(tmp_path: Path) -> None:
    """Nothing there, or nothing that is a checkpoint."""
    with pytest.raises(FileNotFoundError):
        inferred(Net, tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointFormatError):
        inferred(Net, tmp_path / "bad.safetensors")


def test_a_class_that_declares_nothing_is_refused(path: Path) -> None:
    """There is nothing to solve."""
    with pytest.raises(TypeError, match="int declares nothing"):
        inferred(int, path)


def test_a_list_of_empty_cells_is_not_built_to_prove_it(path: Path) -> None:
    """Its length is a size, and no tensor bounds it."""
    module = run(
        """
        class Empty(PureCell):
            rate: float = 0.0
        class Long(PureCell):
            n: int
            drops: Any = children(n, Empty)
            w: Param["zeros", (n,)]
        """,
        strings=False,
        Any=Any,
    )
    found = inferred(module["Long"], write(path, {"w": (1 << 20,)}))
    assert dict(found) == {"n": 1 << 20}
    assert not found.fits
    assert str(found).splitlines()[-1] == "whether Long with these fits the file could not be proved"
