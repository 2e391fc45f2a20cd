"""The class body that the contract shows for the words that were added, as it stands there."""

from typing import Any

import numpy as np
from mindspore import Tensor, nn

from lazycell import (
    INDEX,
    UNUSED,
    LazyCell,
    Param,
    buffer,
    cells,
    child,
    children,
    derived,
    each,
    former,
    fused,
    hyper,
    len_,
    param,
    rename,
    tie,
)
from tests.words import live


def round_up(number: int, multiple: int) -> int:
    """The smallest multiple that is not smaller."""
    return -(-number // multiple) * multiple


def inv_freq(shape: tuple[int, ...], dtype: Any, theta: float) -> Any:
    """Rotary frequencies."""
    return (theta ** -np.linspace(0, 1, shape[0])).astype(dtype)


class Norm(LazyCell):
    width: int
    weight: Param["ones", (width,)]


class Layer(LazyCell):
    width: int
    norm: Norm = child(Norm, width)
    up: nn.Dense = child(nn.Dense, width, width, has_bias=False)


class Stage(LazyCell):
    depths: tuple[int, ...] = (2, 2, 6)
    widths: tuple[int, ...] = (64, 128, 256)
    kind: str = hyper("gelu", kw_only=True)
    inner = derived(round_up, 8 * widths[0] // 3, 64)
    n_stages = len_(depths)
    steps: nn.SequentialCell = cells(child(nn.Dense, 3, widths[0]), child(nn.ReLU))
    ways: nn.CellDict = cells(up=child(Layer, widths[0]), down=child(Layer, widths[0]))
    grid: list = children(n_stages, children(depths[INDEX], Norm, widths[INDEX]))
    scales: Any = children(n_stages, param("ones", (widths[INDEX],)))
    table: Tensor = buffer(inv_freq, (widths[0] // 2,), theta=10000.0)
    layers: list[Layer] = children(n_stages, Layer, inner)
    shared = tie("layers.{i}.norm", "layers.0.norm")
    rename({"attention.masked_bias": UNUSED, "{*path}.gamma": former("{*path}.weight")})
    rename({"experts.up": fused(each("layers.{i}.up.weight"))})


def test_the_body_of_the_contract(tmp_path: Any) -> None:
    """All its words in one class."""
    net = live(Stage, tmp_path, depths=(1, 2), widths=(8, 4))
    assert (net.inner, net.n_stages, len(net.grid[1])) == (64, 2, 2)
    assert net.manifest().stored[0].shape == (128, 64)
    values = {name: parameter.asnumpy() for name, parameter in net.parameters_and_names()}
    file = {name: value for name, value in values.items() if ".up.weight" not in name or "ways" in name}
    file["experts.up"] = np.concatenate([values["layers.0.up.weight"], values["layers.1.up.weight"]])
    file["grid.0.0.gamma"] = file.pop("grid.0.0.weight")
    file["attention.masked_bias"] = np.zeros(3, np.float32)
    other = Stage((1, 2), (8, 4))
    assert len(other.load_checkpoint(file).loaded) == len(values)
