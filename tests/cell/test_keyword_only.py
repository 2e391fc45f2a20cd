"""`hyper(kw_only=True)`: arguments that are given by name alone."""

import inspect
from typing import Any

import pytest

from lazycell import DeclarationError, LazyCell, Param, child, hyper, same
from tests.words import live


class Layer(LazyCell):
    width: int = 4
    kind: str = hyper("gelu", kw_only=True)
    rank: int = hyper(kw_only=True, doc="of the update")
    inner: int = 2 * width

    weight: Param["normal", (inner, rank)]


class Net(LazyCell):
    width: int
    rank: int = 3
    layer: Layer = child(Layer, width, rank=rank, inner=5)


class Fixed(Layer):
    rank = 2
    kind: str = "relu"  # said again, and so by position again


def test_signature() -> None:
    """They stand behind the star, in order of declaration; the others keep their places."""
    assert str(inspect.signature(Layer)) == (
        "(width: int = 4, inner: int = 2 * width, *, kind: str = 'gelu', rank: int, dtype=None) -> None"
    )
    assert "*," in inspect.getsource(Layer.__init__)
    assert "rank: of the update" in (Layer.__init__.__doc__ or "")


def test_calls() -> None:
    """By name they are given, and by position Python refuses them."""
    made = Layer(4, 6, rank=2)
    assert (made.width, made.inner, made.kind, made.rank) == (4, 6, "gelu", 2)
    assert Layer(rank=1, kind="relu").kind == "relu"
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'rank'"):
        Layer(4)
    with pytest.raises(TypeError, match=r"takes from 1 to 3 positional arguments but 4 "):
        Layer(4, 6, "gelu", rank=2)
    with pytest.raises(TypeError, match="missing a required (keyword-only )?argument: 'rank'"):
        Layer.manifest(4)
    assert list(Layer.manifest(rank=2).hyperparameters) == ["width", "kind", "rank", "inner"]


def test_life(tmp_path: Any) -> None:
    """As a child, in a manifest, in files, in `infer`."""
    net = live(Net, tmp_path, width=2)
    assert net.layer.weight.shape == (5, 3)
    net.save_checkpoint(tmp_path / "net.safetensors")
    assert Net.infer(tmp_path / "net.safetensors")["rank"] == 3
    net.layer.save_checkpoint(tmp_path / "layer.safetensors")
    found = Layer.infer(tmp_path / "layer.safetensors")
    assert (found["rank"], found["inner"]) == (3, 5)
    assert Layer(**found).weight.shape == (5, 3)


def test_inheritance() -> None:
    """A subclass fixes one, or says again how it is given; `same` hands all on."""
    assert str(inspect.signature(Fixed)) == (
        "(width: int = 4, kind: str = 'relu', inner: int = 2 * width, *, dtype=None) -> None"
    )
    assert Fixed(4, "tanh").kind == "tanh"

    class Around(Layer):
        layer: Layer = child(Layer, **same(Layer))

    assert Around(rank=2).layer.rank == 2


def test_mistakes() -> None:
    """What is no truth value is refused, and where the order is wrong `kw_only` is advised."""
    with pytest.raises(DeclarationError, match="kw_only='yes' is not True or False: write `hyper"):

        class Wrong(LazyCell):
            kind: str = hyper("gelu", kw_only="yes")  # type: ignore[call-overload]

    with pytest.raises(DeclarationError, match="give `late` a default, or write `hyper.kw_only=True.`"):

        class Late(Net):
            late: int
