"""`shape_of("embed.weight")`: a shape that is another's."""

from typing import Any

import pytest
from mindspore import nn

from lazycell import (
    INDEX,
    SELF,
    Buffer,
    DeclarationError,
    LazyCell,
    Param,
    cells,
    child,
    children,
    hyper,
    param,
    require,
    shape_of,
    when,
)
from tests.words import live


class Table(LazyCell):
    rows: int = hyper(converter=int)
    width: int = 8
    weight: Param["normal", (rows, 2 * width)]


class Part(LazyCell):
    config: Any
    table: Table = child(Table, config.rows, config.width)


class Net(LazyCell):
    rows: int
    width: int = 3
    wide: bool = False
    embed: Table = child(Table, rows, width=width)
    part: Part = child(Part, SELF)
    layers: list[Table] = children(2, Table, 5, INDEX + width)
    either: Any = when(wide, child(Table, 7), otherwise=child(Table, rows, 1))
    row: list = cells(child(Table, 4), child(Table, rows, 2))
    own: Param["ones", (rows + 1,)]

    mask: Buffer["ones", shape_of("embed.weight")]
    same: Param["ones", shape_of("part.table.weight")]
    sizes = shape_of("layers.1.weight")
    last: Param["ones", (shape_of("row.1.weight")[1], sizes[0])]
    chosen: Param["ones", shape_of("either.weight")]
    out: Table = child(Table, shape_of("own")[0], sizes[1])
    require(shape_of("embed.weight")[0] > 1, "more than one row")


def test_life(tmp_path: Any) -> None:
    """The shape is the other's, whatever the hyperparameters are, and a file tells as much of it."""
    net = live(Net, tmp_path, rows=6)
    shapes = {entry.name: entry.shape for entry in net.manifest()}
    assert shapes["mask"] == shapes["embed.weight"] == (6, 6)
    assert shapes["same"] == shapes["part.table.weight"]
    assert shapes["last"] == (4, 5)
    assert shapes["chosen"] == (6, 2)
    assert shapes["out.weight"] == (7, 16)
    assert net.sizes == (5, 8)
    assert Net(6, wide=True).chosen.shape == (7, 16)
    found = Net.infer(tmp_path / "net.safetensors")
    assert (found["rows"], found["width"], found["wide"]) == (6, 3, False)
    with pytest.raises(ValueError, match="more than one row"):
        Net(1)


def test_inheritance() -> None:
    """What a subclass declares in the place of the other counts."""

    class Heir(Net):
        embed: Table = child(Table, 9, 9)

    assert Heir(3).mask.shape == (9, 18)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("embde.weight", "nothing is called `embde`; did you mean `embed`"),
        ("embed.wieght", "nothing is called `wieght`; did you mean `weight`"),
        ("embed", "`embed` is a cell: write the name of a parameter"),
        ("rows", "`rows` is no parameter"),
        ("plain.weight", r"what `plain` holds, only building it tells \(Dense declares nothing\): write the sizes"),
        ("wrong", r"it is made of itself: shape_of\('wrong'\) → shape_of\('wrong'\)"),
        ("mixed", "`mixed` has another number of dimensions under `rows > 3`"),
    ],
)
def test_mistakes(name: str, problem: str) -> None:
    """Refused when the class is defined, with the near name."""

    def declare() -> None:
        class Wrong(Net):
            plain: Any = child(nn.Dense, 2, 3)
            mixed: Any = when(rows > 3, param("ones", (2,)), otherwise=param("ones", (2, 3)))  # type: ignore[name-defined]
            wrong: Param["ones", shape_of(name)]

    with pytest.raises(DeclarationError, match=problem):
        declare()


def test_what_is_no_name() -> None:
    """A name is text."""
    with pytest.raises(DeclarationError, match=r"shape_of\(\) takes the name of a parameter, not 3"):
        shape_of(3)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="tuple index out of range"):

        class Wrong(Net):
            w: Param["ones", (shape_of("own")[3],)]
