"""Classes that say what ranks divide, and nets that are built on a mesh, one rank after the other."""

from __future__ import annotations

import contextlib
import copy
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import Parameter, nn, ops

import lazycell
from lazycell import (
    INDEX,
    SELF,
    CheckpointMismatchError,
    DeclarationError,
    LazyCell,
    Manifest,
    Mesh,
    Param,
    child,
    children,
    divide,
    fused,
    hyper,
    on,
    param,
    require,
    shared,
    when,
    whole,
)
from lazycell.manifest import divisions_of
from lazycell.parameters import part_of
from lazycell.parameters._part import cut


class Lin(LazyCell):
    n_in: int
    n_out: int
    weight: Param["he_uniform", (n_out, n_in)]


class Block(LazyCell):
    config: Any
    index: int
    q: Lin = child(Lin, config.hidden, config.heads * config.width)
    out: Lin = child(Lin, config.heads * config.width, config.hidden)
    kv: Param[
        "normal", (fused(k=config.keys * config.width, v=config.keys * config.width, gate=config.hidden), config.hidden)
    ]
    router: Lin = child(Lin, config.hidden, whole(config.experts))
    experts: list[Lin] = children(config.experts, Lin, config.hidden, config.inner)


class Net(LazyCell):
    words: int = 48
    hidden: int = 16
    inner: int = 24
    heads: int = 4
    keys: int = 2
    depth: int = 3
    experts: int = 4
    width = hidden // heads
    queries = heads // keys
    divide(tp=(words, inner, heads, shared(keys)), pp=depth, ep=experts)
    require(heads % keys == 0, "keys must divide heads")

    table: Lin = when(on(pp=0), child(Lin, hidden, words))
    layers: list[Block] = children(depth, Block, SELF, INDEX)
    head: Lin = when(on(pp=-1), child(Lin, hidden, words))


MESHES = [{"tp": 2}, {"tp": 4}, {"pp": 2}, {"pp": 3, "tp": 2}, {"ep": 2, "dp": 2}, {"dp": 2, "pp": 2, "ep": 4, "tp": 2}]


@pytest.mark.parametrize("axes", MESHES, ids=str)
def test_a_rank_has_what_the_manifest_says(axes: dict[str, int]) -> None:
    """Names, shapes and places; and the manifest of each rank's net is that of the whole."""
    manifest = Net.manifest()
    divisions = divisions_of(manifest)
    for rank in range(Mesh(**axes, rank=0).ranks):
        mesh = Mesh(**axes, rank=rank)
        with mesh:
            net = Net()
        expected = {name: each.place(mesh) for name, each in divisions.items()}
        found = dict(net.parameters_and_names())
        assert {name: tuple(each.shape) for name, each in found.items()} == {
            name: place.shape for name, place in expected.items() if place is not None
        }
        assert [each.name for each in net.get_parameters()] == list(found)
        for name, each in found.items():
            place = expected[name]
            assert place is not None
            part = each.__dict__.get("_lazycell_place")
            assert part == (None if place.shape == place.whole else place)
        assert net.manifest() == manifest
        assert net.manifest().digest == manifest.digest


def test_what_an_instance_sees() -> None:
    """Plain numbers, of what is divided its part; `hyperparameters` build the whole."""
    with Mesh(tp=4, pp=2, rank=5):  # the second stage, the second of four along tp
        net = Net()
    assert (net.heads, net.keys, net.queries, net.width, net.words, net.depth) == (1, 1, 1, 4, 12, 2)
    config = net.layers[0].config
    assert (config.heads, config.keys, config.queries, config.hidden) == (1, 1, 1, 16)
    assert {type(value) for value in vars(config).values()} == {int}
    assert type(net.heads) is int
    assert (net.table, net.head.n_out) == (None, 12)
    assert [layer.index for layer in net.layers] == [1, 2]
    assert [name for name, _ in net.layers.cells_and_names() if name in ("0", "1", "2")] == ["1", "2"]
    assert net.layers[0].index == 1
    assert net.layers[-1].index == 2
    assert len(net.layers[0].experts) == 4
    assert net.layers[0].router.n_out == 4
    assert dict(net.hyperparameters)["heads"] == 4
    again = Net(**net.hyperparameters)
    assert (again.heads, again.manifest()) == (4, net.manifest())


def test_without_a_mesh_nothing_is_divided() -> None:
    """Nor along an axis that a mesh lacks, or has one rank of."""
    plain = Net()
    with Mesh(dp=2, tp=1, rank=1):
        other = Net()
    for net in (plain, other):
        assert (net.heads, len(net.layers), type(net.layers)) == (4, 3, nn.CellList)
        assert not any("_lazycell_place" in each.__dict__ for each in net.get_parameters())
    assert {type(value) for value in vars(plain.layers[0].config).values()} == {int}
    assert plain.manifest() == other.manifest() == Net.manifest()


def test_the_manifest_is_written_and_read() -> None:
    """With what ranks divide in it, in both forms."""
    manifest = Net.manifest()
    assert manifest["layers.1.out.weight"].shard == (None, "tp")
    assert manifest["layers.1.kv"].shard == ("tp", None)
    assert manifest["layers.1.router.weight"].shard is None
    assert manifest["layers.1.router.weight"].shares is None
    for collapsed in (False, True):
        assert Manifest.from_json(manifest.to_json(collapsed=collapsed)) == manifest
    assert set(manifest.owners) == {"table", "head", "layers", "layers.*.experts"}


def test_a_copy_and_a_pickle_are_parts_too() -> None:
    """Of the same mesh, whatever is in force then."""
    with Mesh(tp=2, rank=1):
        net = Net()
    for made in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert made.manifest() == net.manifest()
        assert [tuple(each.shape) for each in made.get_parameters()] == [
            tuple(each.shape) for each in net.get_parameters()
        ]
        assert made._lazycell_mesh == Mesh(tp=2, rank=1)


# ------------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("hyperparameters", "axes", "text"),
    [
        (
            {"heads": 6, "keys": 2, "hidden": 24},
            {"tp": 4},
            "Net: heads=6 cannot be divided into 4 equal parts, one for each rank along 'tp': choose another mesh",
        ),
        (
            {"words": 47},
            {"tp": 2},
            "Net: words=47 cannot be divided into 2 equal parts, one for each rank along 'tp': choose another mesh, or "
            'leave it whole: from_pretrained(…, whole=["words"])',
        ),
        (
            {},
            {"ep": 8},
            "Net: experts=4 are too few for 8 ranks along 'ep', each of which needs one: choose another mesh",
        ),
        (
            {},
            {"tq": 2},
            "mesh has the axis 'tq', along which nothing of Net is divided (did you mean 'tp'?); its axes: tp, pp, ep. "
            "Name one dp if its ranks are to hold the same",
        ),
    ],
)
def test_a_mesh_that_does_not_fit(hyperparameters: dict[str, int], axes: dict[str, int], text: str) -> None:
    """Before any file is opened."""
    with pytest.raises(DeclarationError) as caught, Mesh(**axes, rank=0):
        Net(**hyperparameters)
    assert str(caught.value).splitlines()[0] == text


def test_uneven_layers_are_none_of_a_shape() -> None:
    """A list may be divided unequally, and a dimension may not."""
    with Mesh(pp=2, rank=0):
        assert len(Net(depth=5).layers) == 2
    with Mesh(ep=3, rank=2):
        assert len(Net().layers[0].experts) == 2


def _shape(make: Any) -> type[LazyCell]:
    class Made(LazyCell):
        heads: int = 4
        other: int = 8
        width: int = 2
        divide(tp=(heads, other))
        weight: Param["normal", (make(heads, other, width), 3)]

    return Made


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda heads, other, width: 3 * heads * width, "`3 * heads` may be that many parts one behind the other"),
        (lambda heads, other, width: (heads + other) * width, "what is added lies one behind the other"),
        (lambda heads, other, width: fused(a=2 * heads, b=width), "`2 * heads` may be that many parts"),
        (lambda heads, other, width: heads + 1, "only one of the two is divided, so the sum has no equal parts"),
        (lambda heads, other, width: heads * other, "the product has no equal parts"),
    ],
)
def test_a_shape_of_which_no_rank_has_a_sure_part(make: Any, words: str) -> None:
    """It is refused with and without a mesh, where it is declared: the first build shows it."""
    with pytest.raises(DeclarationError) as caught:
        _shape(make)()
    assert words in str(caught.value)
    assert "Made.weight" in str(caught.value)
    with pytest.raises(DeclarationError):
        _shape(make).manifest()


def test_a_stacked_axis_that_is_fused_is_divided_section_by_section() -> None:
    """So is one that each head has together: three of its own."""

    class Stacked(LazyCell):
        heads: int = 4
        width: int = 2
        divide(tp=heads)
        one: Param["normal", (fused(q=heads * width, k=heads * width, v=heads * width), 3)]
        other: Param["normal", (heads * width * 3, 3)]

    with Mesh(tp=2, rank=1):
        net = Stacked()
    assert net.one.__dict__["_lazycell_place"].ranges[0] == ((4, 8), (12, 16), (20, 24))
    assert net.other.__dict__["_lazycell_place"].ranges[0] == ((12, 24),)


def test_an_axis_divides_one_dimension() -> None:
    """Of a square all but the diagonal would be nowhere."""

    class Square(LazyCell):
        heads: int = 4
        divide(tp=heads)
        weight: Param["normal", (heads, heads)]

    with pytest.raises(DeclarationError, match="dimensions 0 and 1 .* are both divided along 'tp'"):
        Square()

    class Half(Square):
        weight: Param["normal", (heads, whole(heads))]

    with Mesh(tp=2, rank=0):
        assert Half().weight.shape == (2, 4)


def test_a_plain_cell_is_given_no_part() -> None:
    """It would not know what to do with it; without a mesh it has the number."""

    class Holder(LazyCell):
        inner: int = 6
        divide(tp=inner)
        mlp: nn.Dense = child(nn.Dense, 4, inner)

    assert Holder().mlp.weight.shape == (6, 4)
    with (
        pytest.raises(
            DeclarationError, match=r"mlp is a plain Dense that was given inner=6/tp, .* or write whole\(inner\)"
        ),
        Mesh(tp=2, rank=0),
    ):
        Holder()

    class Whole(Holder):
        mlp: nn.Dense = child(nn.Dense, 4, whole(inner))

    class Other(Holder):
        mlp: nn.Dense = child(nn.Dense, 4, out_channels=inner)

    with Mesh(tp=2, rank=0):
        assert Whole().mlp.weight.shape == (6, 4)
    with pytest.raises(DeclarationError, match="mlp is a plain Dense"), Mesh(tp=2, rank=0):
        Other()


def test_statements_are_inherited_added_to_and_taken_back() -> None:
    """Each body says what it adds; nothing along an axis takes all of it back."""

    class Base(LazyCell):
        a: int = 4
        b: int = 4
        depth: int = 2
        divide(tp=(a, b), pp=depth)
        weight: Param["normal", (a, 3)]
        other: Param["normal", (b, 3)]

    class Other(Base):
        divide(ep=b)

    class Back(Base):
        divide(tp=())

    class Anew(Base):
        divide(tp=())
        divide(tp=b)

    shards = {}
    for cls in (Base, Other, Back, Anew):
        manifest = cls.manifest()
        shards[cls.__name__] = [manifest[name].shard and manifest[name].shard[0] for name in ("weight", "other")]
    assert shards == {"Base": ["tp", "tp"], "Other": ["tp", "ep"], "Back": [None, None], "Anew": [None, "tp"]}


def test_derived_values_and_arguments_are_divided() -> None:
    """A derived value by its own statement, an argument by what it is computed from; a converter changes nothing."""

    class Inner(LazyCell):
        size: int = hyper(converter=int)
        weight: Param["normal", (size, 2)]

    class Outer(LazyCell):
        factor: int = 3
        width = factor * 4
        divide(tp=width)
        part: Inner = child(Inner, width)

    with Mesh(tp=2, rank=1):
        net = Outer()
    assert (net.part.weight.shape, net.part.size, net.width, net.factor) == ((6, 2), 6, 6, 3)
    assert Outer.manifest()["part.weight"].shape == (12, 2)


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda n: divide(tp=3), "divide(tp=3) takes hyperparameters of the class, not 3"),
        (lambda n: divide(tp=n * 2), "divide(tp=n * 2): give the value a name"),
    ],
)
def test_what_is_no_statement(say: Any, words: str) -> None:
    """And it belongs in a class body."""
    with pytest.raises(DeclarationError, match="belongs in the body of a LazyCell class"):
        divide(tp=2)
    body = "class A(LazyCell):\n    n: int = 4\n    divide(tp=3)\n"
    if "n * 2" in words:
        body = body.replace("tp=3", "tp=n * 2")
    with pytest.raises(DeclarationError) as caught:
        exec(body, {"LazyCell": LazyCell, "divide": divide})
    assert words in str(caught.value)


def test_two_axes_and_unknown_names() -> None:
    """A value is divided once."""
    with pytest.raises(DeclarationError, match="`n` is divided twice, along 'tp' and 'pp': write it once"):

        class Twice(LazyCell):
            n: int = 4
            divide(tp=n, pp=n)

    with pytest.raises(DeclarationError, match="on\\(…\\) takes one axis, not 2"):
        on(pp=0, tp=1)
    with pytest.raises(DeclarationError, match="takes positions along the axis"):
        on(pp="first")


def test_where_something_is_says_nothing_of_values() -> None:
    """Nor is there something else elsewhere."""

    class Otherwise(LazyCell):
        n: int = 4
        divide(pp=n)
        part: Lin = when(on(pp=0), child(Lin, 2, 2), otherwise=child(Lin, 3, 3))

    with pytest.raises(DeclarationError, match="takes no `otherwise`: a name means one thing on all ranks"):
        Otherwise()

    class Value(LazyCell):
        n: int = 4
        size = when(on(pp=0), 2, otherwise=3)

    with pytest.raises(DeclarationError, match=r"on\(…\) says where a cell is, and a value is the same everywhere"):
        Value()


def test_whole_is_said_by_a_mesh_too() -> None:
    """For a number that has no equal parts, and that nothing else depends on."""
    with Mesh(tp=2, rank=1).leaving(["words"]):
        net = Net(words=47)
    assert (net.words, net.head.weight.shape, net.heads) == (47, (47, 16), 2)
    assert net.manifest() == Net.manifest(words=47)


def test_explicit_shards_are_divided_as_well() -> None:
    """What no hyperparameter says."""

    class Sharded(LazyCell):
        n: int = 8
        weight: Any = param("normal", (n, 4), shard=("tp", None))

    with Mesh(tp=4, rank=3):
        net = Sharded()
    assert net.weight.shape == (2, 4)
    assert net.weight.__dict__["_lazycell_place"].ranges[0] == ((6, 8),)
    with pytest.raises(DeclarationError, match="8 cannot be divided into 3 equal parts"), Mesh(tp=3, rank=0):
        Sharded()


def test_ranks_that_share_know_of_each_other() -> None:
    """Gradients of what they share are summed over them; of a whole weight in a divided region, over the axis."""

    class Heads(LazyCell):
        heads: int = 8
        keys: int = 2
        width: int = 2
        divide(tp=(heads, shared(keys)))
        q: Param["normal", (heads * width, 3)]
        k: Param["normal", (keys * width, 3)]
        both: Param["normal", (fused(q=heads * width, k=keys * width), 3)]
        norm: Any = param("ones", (width,), partial="tp")

    with Mesh(dp=2, tp=4, rank=6):
        net = Heads()
    assert "_lazycell_copies" not in net.q.__dict__
    assert net.k.__dict__["_lazycell_copies"] == (("tp", (6, 7)),)
    assert net.both.__dict__["_lazycell_copies"] == (("tp", None),)
    assert net.norm.__dict__["_lazycell_partial"] == "tp"
    assert not {"_lazycell_copies", "_lazycell_partial"} & Heads().k.__dict__.keys()


def test_hyperparameters_are_found_in_shapes() -> None:
    """As without ranks: on paper a divided number is a number."""
    net = Net(hidden=8, words=12, depth=2)
    net.init_parameters_data(seed=1)
    found = Net.infer({name: each.asnumpy() for name, each in net.parameters_and_names()}, heads=4)
    assert {name: found.determined[name] for name in ("hidden", "words", "depth", "experts", "inner")} == {
        **{"hidden": 8, "words": 12, "depth": 2},
        **{"experts": 4, "inner": 24},
    }


@pytest.mark.parametrize("mmap", [True, False])
def test_each_rank_loads_its_part_of_an_ordinary_file(tmp_path: Path, mmap: bool) -> None:
    """Bit for bit, and the values of the whole are those that each seed draws."""
    whole_net = Net()
    whole_net.init_parameters_data(seed=3)
    whole_net.save_checkpoint(tmp_path / "net.safetensors")
    values = {name: each.asnumpy() for name, each in whole_net.parameters_and_names()}
    for axes in MESHES:
        for rank in range(Mesh(**axes, rank=0).ranks):
            with Mesh(**axes, rank=rank):
                net, drawn = Net(), Net()
            report = net.load_checkpoint(tmp_path / "net.safetensors", mmap=mmap)
            drawn.init_parameters_data(seed=3)
            assert report.nbytes == sum(each.nbytes for each in net.get_parameters())
            for found in (net, drawn):
                for name, each in found.parameters_and_names():
                    place = part_of(each)
                    expected = values[name] if place is None else cut(values[name], place)
                    np.testing.assert_array_equal(each.asnumpy(), expected, err_msg=name)


def test_a_load_that_does_not_fit_is_told_of_the_whole(tmp_path: Path) -> None:
    """Each rank sees what one rank would: the shapes of the model."""
    other = Net(words=40)
    other.init_parameters_data(seed=3)
    other.save_checkpoint(tmp_path / "net.safetensors")
    texts = []
    for mesh in (None, Mesh(pp=3, tp=2, rank=3)):
        with contextlib.nullcontext() if mesh is None else mesh:
            net = Net()
        with pytest.raises(CheckpointMismatchError) as caught:
            net.load_checkpoint(tmp_path / "net.safetensors")
        texts.append(str(caught.value))
        assert lazycell.uninitialized(net)
    assert texts[0] == texts[1]


def test_a_plain_cell_around_a_part(tmp_path: Path) -> None:
    """The names of the whole are those below the plain cell; and the state of an optimizer is a part, too."""

    class Wrap(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Net()
            self.bias = Parameter(ops.ones((3,)))

    whole_net = Wrap()
    lazycell.init_parameters_data(whole_net, seed=3)
    lazycell.save_checkpoint(whole_net, tmp_path / "net.safetensors")
    with Mesh(pp=3, tp=2, rank=3):
        net = Wrap()
    assert lazycell.manifest(net).digest == lazycell.manifest(whole_net).digest
    lazycell.load_checkpoint(net, tmp_path / "net.safetensors")
    for name, each in net.parameters_and_names():
        place, values = part_of(each), dict(whole_net.parameters_and_names())[name].asnumpy()
        np.testing.assert_array_equal(each.asnumpy(), values if place is None else cut(values, place))
    optimizer = nn.Adam(net.inner.trainable_params())
    states = lazycell.manifest(optimizer)
    assert states["moment1.inner.layers.1.q.weight"].shape == (16, 16)
    assert states["moment1.inner.layers.1.q.weight"].shard == ("tp", None)


def test_of_thousands_of_ranks_each_reads_its_own_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a size on that no test has: here it is every size. Rank 0 reads all."""
    monkeypatch.setattr("lazycell.loading._own_headers._LITTLE", 0)
    whole_net = Net()
    whole_net.init_parameters_data(seed=3)
    whole_net.save_checkpoint(tmp_path, max_shard_size=3000)
    shards = {path.name for path in tmp_path.glob("*.safetensors")}
    values = {name: each.asnumpy() for name, each in whole_net.parameters_and_names()}
    opened: list[str] = []
    for rank in range(3):
        with Mesh(pp=3, rank=rank):
            net = Net()
        with opens(opened):
            net.load_checkpoint(tmp_path)
        found = {name for name in opened if name in shards}
        assert found == shards if rank == 0 else found < shards
        opened.clear()
        for name, each in net.parameters_and_names():
            np.testing.assert_array_equal(each.asnumpy(), values[name])


@contextlib.contextmanager
def opens(found: list[str]) -> Iterator[None]:
    """Note the names of the files that Python opens."""
    noting = True

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if noting and event == "open" and isinstance(args[0], (str, Path)):
            found.append(Path(args[0]).name)

    sys.addaudithook(hook)
    try:
        yield
    finally:
        noting = False
