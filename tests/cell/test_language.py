"""The language on real cells, run by real MindSpore."""

import abc
import inspect
import linecache
import pydoc
import typing
from typing import Any, Generic, TypeVar

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Normal

from lazycell import (
    INDEX,
    SELF,
    Buffer,
    DeclarationError,
    LazyCell,
    Param,
    buffer,
    child,
    children,
    fields,
    hyper,
    in_,
    param,
    require,
    tie,
    uninitialized,
    when,
)
from tests.versions import convert


class Linear(LazyCell):
    """Affine map of the last axis: ``y = x Wᵀ + b``."""

    in_features: int
    out_features: int
    use_bias: bool = True

    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)

    def construct(self, x):
        return ops.dense(x, self.weight, self.bias)


class Block(LazyCell):
    hidden: int
    n_heads: int = 8
    head_dim: int = hidden // n_heads  # a default that depends on other hyperparameters
    require(hidden % n_heads == 0, "hidden must be divisible by n_heads")

    gain: Param[1.0, (hidden,)]
    query: Linear = child(Linear, hidden, n_heads * head_dim, use_bias=False)

    def construct(self, x):
        return x + self.query(x * self.gain)


class Net(LazyCell):
    n_layers: int
    hidden: int
    layers: list[Block] = children(n_layers, Block, hidden)
    head: Linear = child(Linear, hidden, 10)

    def construct(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


NAMES = [
    "layers.0.gain",
    "layers.0.query.weight",
    "layers.1.gain",
    "layers.1.query.weight",
    "head.weight",
    "head.bias",
]
SHAPES = [(64,), (64, 64), (64,), (64, 64), (10, 64), (10,)]


def names(cell: nn.Cell) -> list[str]:
    """Give the names by which parameters know themselves."""
    return [parameter.name for parameter in cell.get_parameters()]


def run(cell: nn.Cell, *shape: int) -> np.ndarray:
    """Call a cell on numbers that are the same each time."""
    x = np.linspace(-1, 1, num=int(np.prod(shape)), dtype=np.float32).reshape(shape)
    return cell(Tensor(x)).asnumpy()


# --------------------------------------------------------------------------------------------------------- in one page


def test_the_example_of_the_language() -> None:
    """Names, shapes and dtypes are known before anything has a value; running initializes; attributes are there."""
    net = Net(n_layers=2, hidden=64)
    assert [(each.name, tuple(each.shape), each.dtype) for each in net.get_parameters()] == [
        (name, shape, ms.float32) for name, shape in zip(NAMES, SHAPES, strict=True)
    ]
    assert uninitialized(net) == NAMES
    assert net.layers[1].head_dim == 8
    net.init_parameters_data(seed=1)
    assert not uninitialized(net)
    x = np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)
    expected = x
    values = {each.name: each.asnumpy() for each in net.get_parameters()}
    for k in range(2):
        expected = expected + (expected * values[f"layers.{k}.gain"]) @ values[f"layers.{k}.query.weight"].T
    expected = expected @ values["head.weight"].T + values["head.bias"]
    np.testing.assert_allclose(run(net, 2, 64), expected, rtol=1e-5, atol=1e-5)


def test_what_instances_are() -> None:
    """Cells of their own class, whose children are those that were declared."""
    net = Net(2, 64)
    assert isinstance(net, Net)
    assert isinstance(net, LazyCell)
    assert isinstance(net, nn.Cell)
    assert isinstance(net.layers, nn.CellList)
    assert [type(layer) for layer in net.layers] == [Block, Block]
    assert isinstance(net.head.weight, Parameter)
    assert (net.n_layers, net.hidden, net.layers[0].hidden) == (2, 64, 64)


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_every_way_to_run_gives_the_same(mode: int) -> None:
    """PyNative and graph mode, and `ms.jit` of the net or of a function around it."""
    net = Net(2, 64)
    net.init_parameters_data(seed=1)
    expected = run(net, 2, 64)
    ms.set_context(mode=mode)

    @ms.jit
    def around(x):
        return net(x)

    for callable_ in (net, ms.jit(net), around):
        np.testing.assert_allclose(run(callable_, 2, 64), expected, rtol=1e-4, atol=1e-5)


# ------------------------------------------------------------------------------------------------------ the constructor


def test_the_constructor_is_real() -> None:
    """Signature, source, help, file and line: what tools and debuggers ask for."""
    assert list(inspect.signature(Net).parameters) == ["n_layers", "hidden", "dtype"]
    assert str(inspect.signature(Block)).startswith("(hidden: int, n_heads: int = 8, head_dim: int = hidden // n_heads")
    source = inspect.getsource(Block.__init__)
    assert "    head_dim: int = hidden // n_heads,\n" in source
    code = Block.__init__.__code__
    assert "".join(linecache.getlines(code.co_filename)) == source
    assert linecache.getline(code.co_filename, code.co_firstlineno).startswith("def __init__(")
    assert "Declare the parameters of a new `Block`" in pydoc.plain(pydoc.render_doc(Block.__init__))
    assert Block.__init__.__qualname__ == "Block.__init__"


def test_help_on_the_class() -> None:
    """It can be rendered, and shows the user's own text."""
    assert "Affine map of the last axis" in pydoc.plain(pydoc.render_doc(Linear))


def test_type_hints_can_be_asked_for() -> None:
    """A parameter's hint is Parameter; with extras, what was declared about it."""
    hints = typing.get_type_hints(Linear)
    assert hints["in_features"] is int
    assert hints["weight"] is Parameter
    (declared,) = typing.get_type_hints(Linear, include_extras=True)["weight"].__metadata__
    assert declared.initializer == "he_uniform"


def test_fields_of_a_cell() -> None:
    """By name, of the class and of an instance."""
    assert fields(Linear).weight.initializer == "he_uniform"
    assert [field.name for field in fields(Net(1, 64))] == ["n_layers", "hidden", "layers", "head"]


# ---------------------------------------------------------------------------------------------------------------- names


def test_names_below_plain_parents() -> None:
    """MindSpore's prefixes arrive, however deep a net is put, and the net's own names stay below them."""

    class Plain(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.net = Net(2, 64)

    class Outer(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.plain = Plain()

    assert names(Plain()) == [f"net.{name}" for name in NAMES]
    assert names(Outer()) == [f"plain.net.{name}" for name in NAMES]


def test_names_in_containers() -> None:
    """CellList, also when one is appended later, and SequentialCell."""
    cells = nn.CellList([Linear(2, 2), Linear(2, 2)])
    cells.append(Linear(2, 2))
    assert names(cells) == [f"{k}.{name}" for k in range(3) for name in ("weight", "bias")]
    sequence = nn.SequentialCell(Linear(2, 3), nn.ReLU(), Linear(3, 2))
    assert names(sequence) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_a_layer_may_be_appended_later() -> None:
    """Names stay unique, and the manifest has it."""
    net = Net(2, 64)
    net.layers.append(Block(64))
    assert len(set(names(net))) == 8
    assert "layers.2.query.weight" in net.manifest()
    assert {name for name, _ in net.parameters_and_names()} == {entry.name for entry in net.manifest()}


def test_a_cell_attached_twice_has_one_set_of_parameters() -> None:
    """Under its first name."""

    class Twice(LazyCell):
        def __post_init__(self) -> None:
            self.a = Linear(2, 2)
            self.b = self.a

    net = Twice()
    assert [name for name, _ in net.parameters_and_names()] == ["a.weight", "a.bias"]
    assert [entry.name for entry in net.manifest()] == ["a.weight", "a.bias"]


class LayerNorm(LazyCell):
    size: int
    weight: Param["ones", (size,)]


def test_children_of_unusual_names() -> None:
    """Those that checkpoints have: a class's own name, `self`, a builtin's."""

    class A(LazyCell):
        size: int
        LayerNorm: LayerNorm = child(LayerNorm, size)
        self: Linear = child(Linear, size, size)
        list: Linear = child(Linear, size, size, False)

    assert names(A(3)) == ["LayerNorm.weight", "self.weight", "self.bias", "list.weight"]


# ------------------------------------------------------------------------------------------------------------ manifests


def test_the_class_and_the_instance_have_the_same_manifest() -> None:
    """With nothing built, and from what was built."""
    assert Net.manifest(n_layers=2, hidden=64) == Net(2, 64).manifest()
    assert [entry.name for entry in Net.manifest(2, 64)] == NAMES
    assert Net.manifest(2, 64).hyperparameters == {"n_layers": 2, "hidden": 64}


def test_the_manifest_follows_the_net() -> None:
    """What was frozen or converted since is shown as it is now."""
    net = Linear(2, 3)
    net.weight.requires_grad = False
    convert(net, ms.float16)
    assert [(entry.dtype, entry.trainable) for entry in net.manifest()] == [("float16", False), ("float16", True)]


# ------------------------------------------------------------------------------------------------------- plain children


class PlainWithDtype(nn.Cell):
    """A plain cell that takes a dtype."""

    def __init__(self, size: int, dtype: Any = ms.float32) -> None:
        super().__init__()
        self.table = Parameter(ms.common.initializer.initializer("ones", (size,), dtype))


def test_plain_children_are_built_lazily() -> None:
    """With the cell's dtype where they take one."""

    class A(LazyCell):
        size: int
        dense: nn.Dense = child(nn.Dense, size, 2 * size)
        other: PlainWithDtype = child(PlainWithDtype, size)
        own: PlainWithDtype = child(PlainWithDtype, size, ms.float64)
        norms: list[nn.LayerNorm] = children(2, nn.LayerNorm, (size,))

    net = A(3, dtype="float16")
    found = {name: (tuple(each.shape), each.dtype) for name, each in net.parameters_and_names()}
    assert found["dense.weight"] == ((6, 3), ms.float16)
    assert found["other.table"] == ((3,), ms.float16)
    assert found["own.table"] == ((3,), ms.float64)
    assert uninitialized(net) == list(found)
    assert A.manifest(3, dtype="float16") == net.manifest()


def test_a_function_may_make_a_child() -> None:
    """Any callable that returns a cell."""

    def two(size: int) -> nn.Cell:
        return nn.SequentialCell(Linear(size, size), nn.Dense(size, 2))

    class A(LazyCell):
        size: int
        both: nn.Cell = child(two, size)

    assert names(A(3)) == ["both.0.weight", "both.0.bias", "both.1.weight", "both.1.bias"]
    assert A.manifest(3) == A(3).manifest()


def test_a_cell_may_be_a_hyperparameter() -> None:
    """It becomes a child when it is set, and is in both manifests."""

    class A(LazyCell):
        inner: Any
        head: Linear = child(Linear, 2, 2)

    inner = Linear(2, 3)
    assert A.manifest(inner) == A(inner).manifest()
    assert names(A(inner)) == ["inner.weight", "inner.bias", "head.weight", "head.bias"]


# -------------------------------------------------------------------------------------------------- conditions and ties


class Maybe(LazyCell):
    flag: bool
    weight: Param["ones", (3,)]
    bias: Param["ones", (3,)] = when(flag)
    inner: Linear = when(flag, child(Linear, 3, 3))

    def construct(self, x):
        if self.bias is not None:
            x = x + self.bias
        if self.inner is not None:
            x = self.inner(x)
        return x * self.weight


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
@pytest.mark.parametrize("flag", [False, True])
def test_what_is_absent_is_none(flag: bool, mode: int) -> None:
    """In Python and in a graph; absent from parameters, manifest and initialization."""
    ms.set_context(mode=mode)
    net = Maybe(flag)
    assert (net.bias is None) == (net.inner is None) == (not flag)
    assert len(names(net)) == (4 if flag else 1)
    net.init_parameters_data(seed=1)
    assert run(net, 2, 3).shape == (2, 3)
    assert Maybe.manifest(flag) == net.manifest()


class Tied(LazyCell):
    share: bool = True
    embed: Linear = child(Linear, 3, 4)
    head: Linear = child(Linear, 3, 4)
    tied = when(share, tie("head.weight", "embed.weight"))


class TiedTwice(LazyCell):
    below: Tied = child(Tied)
    outer: Linear = child(Linear, 3, 4)
    tied = tie("below.embed.weight", "outer.weight")


def test_tied_parameters_are_one() -> None:
    """One object, stored under one name, at every depth."""
    net = TiedTwice()
    assert net.below.head.weight is net.below.embed.weight is net.outer.weight
    assert names(net) == ["below.embed.bias", "below.head.bias", "outer.weight", "outer.bias"]
    assert net.manifest() == TiedTwice.manifest()
    assert net.manifest().ties == {"below.embed.weight": "outer.weight", "below.head.weight": "outer.weight"}
    assert len({id(each) for each in net.get_parameters()}) == 4
    untied = Tied(False)
    assert untied.head.weight is not untied.embed.weight


def test_a_tie_below_a_plain_parent() -> None:
    """The stored name gets the prefix, and no other."""
    parent = nn.SequentialCell(Tied())
    assert names(parent) == ["0.embed.weight", "0.embed.bias", "0.head.bias"]


def test_a_tie_to_a_plain_cell() -> None:
    """Its parameters are named as any other."""

    class A(LazyCell):
        embed: nn.Embedding = child(nn.Embedding, 4, 3)
        head: Linear = child(Linear, 3, 4)
        tied = tie("head.weight", "embed.embedding_table")

    net = A()
    assert net.head.weight is net.embed.embedding_table
    assert net.manifest() == A.manifest()


def test_buffers() -> None:
    """Saved and never trained; or computed, and not among the parameters."""

    class A(LazyCell):
        mean: Buffer["zeros", (3,)]
        table: Tensor = buffer(lambda shape, dtype: np.arange(3), (3,), "int64", persistent=False)

    net = A()
    assert names(net) == ["mean"]
    assert list(net.trainable_params()) == []
    assert net.manifest() == A.manifest()
    assert net.manifest().computed == {"table"}
    net.init_parameters_data()
    assert net.table.asnumpy().tolist() == [0, 1, 2]


# ---------------------------------------------------------------------------------------------------------- inheritance


def test_a_subclass_runs() -> None:
    """Removed, fixed, added and overridden; `super().construct` works in both modes."""

    class Scaled(Linear):
        use_bias = False
        weight: Param["ones", (out_features, in_features)]
        scale: Param[2.0, ()]

        def construct(self, x):
            return super().construct(x) * self.scale

    for mode in (ms.PYNATIVE_MODE, ms.GRAPH_MODE):
        ms.set_context(mode=mode)
        net = Scaled(3, 4)
        assert net.bias is None
        np.testing.assert_allclose(net(Tensor(np.ones((1, 3), np.float32))).asnumpy(), np.full((1, 4), 6.0))


def test_a_removed_parameter_may_come_back() -> None:
    """No trace of the removal stays on the class, where MindSpore would find it."""

    class Without(Linear):
        bias = None

    class With(Without):
        bias: Param["ones", (out_features,)]

    assert Without(2, 3).bias is None
    assert names(With(2, 3)) == ["weight", "bias"]


def test_an_abstract_base() -> None:
    """A mixin with abstract methods and properties, which a declaration implements."""

    class HasWeight(abc.ABC):
        @property
        @abc.abstractmethod
        def weight(self): ...

    class A(LazyCell, HasWeight):
        size: int
        weight: Param["ones", (size,)]

        def construct(self, x):
            return x * self.weight

    net = A(3)
    assert isinstance(net, HasWeight)
    assert not inspect.isabstract(A)
    for mode in (ms.PYNATIVE_MODE, ms.GRAPH_MODE):
        ms.set_context(mode=mode)
        assert run(net, 3).shape == (3,)


T = TypeVar("T")


def test_mixins_and_generics() -> None:
    """Plain mixins, generic bases, two lazy bases."""

    class Doubled:
        factor = 2

        def construct(self, x):
            return super().construct(x) * self.factor

    class A(Doubled, Linear, Generic[T]): ...

    class HasScale(LazyCell):
        scale: Param["ones", ()]

    class B(HasScale, Linear): ...

    one, other = Linear(2, 2), A(2, 2)
    one.init_parameters_data(seed=1)
    other.init_parameters_data(seed=1)
    np.testing.assert_allclose(run(other, 1, 2), 2 * run(one, 1, 2), rtol=1e-6)
    assert names(B(2, 2)) == ["weight", "bias", "scale"]


def test_a_method_in_the_place_of_a_parameter() -> None:
    """The subclass's method is called; nothing is declared."""

    class Fixed(Linear):
        @property
        def bias(self):
            return None

    net = Fixed(2, 3)
    assert names(net) == ["weight"]
    assert run(net, 1, 2).shape == (1, 3)


def test_a_class_made_by_type() -> None:
    """Annotations and values in a dict make the same class as a body."""
    annotations = {"extra": Param["zeros", (3,)]}
    said = {"__annotations__": annotations, "scale": param("ones", ()), "use_bias": False}
    Made = type(Linear)("Made", (Linear,), said)
    net = Made(2, 3)
    assert sorted(names(net)) == ["extra", "scale", "weight"]
    assert Made.manifest(2, 3) == net.manifest()
    assert fields(Made).scale.location.filename == __file__


# -------------------------------------------------------------------------------------------- constructors of one's own


class Own(LazyCell):
    size: int
    flag: bool = True
    weight: Param["ones", (size,)]
    inner: Linear = child(Linear, size, size)

    def __init__(self, text: str, dtype: Any = None) -> None:
        self.__lazy_init__(len(text), dtype=dtype)
        self.text = text


def test_a_class_may_have_its_own_init() -> None:
    """It keeps it, and calls the generated one by its other name."""
    net = Own("abc")
    assert (net.text, net.size, net.flag) == ("abc", 3, True)
    assert list(inspect.signature(Own).parameters) == ["text", "dtype"]
    assert list(inspect.signature(Own.__lazy_init__).parameters) == ["self", "size", "flag", "dtype"]
    assert "def __lazy_init__(self, size: int" in inspect.getsource(Own.__lazy_init__)
    assert uninitialized(net) == ["weight", "inner.weight", "inner.bias"]


def test_its_own_init_may_call_super_first() -> None:
    """As every plain cell's does."""

    class A(LazyCell):
        size: int
        weight: Param["ones", (size,)]

        def __init__(self) -> None:
            super().__init__()
            self.before = nn.Dense(2, 2)
            self.__lazy_init__(3)

    assert names(A()) == ["weight", "before.weight", "before.bias"]


def test_an_own_init_is_inherited() -> None:
    """Also by a subclass with hyperparameters of its own: they have their defaults."""

    class Sub(Own):
        more: Param["ones", (size, 2)]

    class Wider(Own):
        width: int = 4
        wide: Param["ones", (width,)]

    assert names(Sub("abc")) == ["weight", "more", "inner.weight", "inner.bias"]
    # Not of the class: before Python 3.11 `inspect` shows the `__new__` of `nn.Cell`, for plain cells too.
    assert list(inspect.signature(Wider.__init__).parameters) == ["self", "text", "dtype"]
    assert (Wider("abc").text, Wider("abc").width) == ("abc", 4)
    assert Wider.manifest("abc")["wide"].shape == (4,)


def test_a_models_dtype_reaches_plain_cells_that_pay_no_heed() -> None:
    """nn.Embedding takes a dtype and ignores it, PReLU takes none; one that was given its own keeps it."""

    class A(LazyCell):
        table: nn.Embedding = child(nn.Embedding, 5, 2)
        act: nn.PReLU = child(nn.PReLU, 2)
        own: nn.Dense = child(nn.Dense, 2, 2, dtype=ms.float32)
        head: Linear = child(Linear, 2, 5, use_bias=False)
        tied = tie("head.weight", "table.embedding_table")

    net = A(dtype=ms.float16)
    assert {name: str(each.dtype).lower() for name, each in net.parameters_and_names()} == {
        "table.embedding_table": "float16",
        "act.w": "float16",
        "own.weight": "float32",
        "own.bias": "float32",
    }
    assert A.manifest(dtype=ms.float16) == net.manifest()


def test_a_child_with_its_own_init() -> None:
    """Called as it is written; the manifest has it, and the dtype reaches it if it takes one."""

    class A(LazyCell):
        part: Own = child(Own, "abcd")

    assert A.manifest(dtype="float16") == A(dtype="float16").manifest()
    assert A.manifest(dtype="float16")["part.weight"].dtype == "float16"


def test_the_manifest_of_a_class_with_its_own_init() -> None:
    """It takes the arguments of that `__init__`, and has what it builds."""
    assert Own.manifest("abc", dtype="float16") == Own("abc", dtype="float16").manifest()
    assert Own.manifest("abc").hyperparameters == {"size": 3, "flag": True}


def test_the_base_class_has_no_manifest() -> None:
    """It declares nothing."""
    with pytest.raises(TypeError, match="^LazyCell declares nothing"):
        LazyCell.manifest()


def test_a_generated_init_may_be_called_by_a_subclass() -> None:
    """`super().__init__(…)` builds the subclass's declarations, too."""

    class Square(Linear):
        def __init__(self, size: int) -> None:
            super().__init__(size, size, use_bias=False)

    assert names(Square(3)) == ["weight"]


def test_post_init_runs_when_everything_is_there() -> None:
    """Parameters, children, ties, values; what it adds is registered under final names."""

    class A(LazyCell):
        size: int
        twice = 2 * size
        weight: Param["ones", (size,)]
        inner: Linear = child(Linear, size, size)

        def __post_init__(self) -> None:
            self.seen = (self.weight.shape, self.inner.weight.shape, self.twice)
            self.extra = Linear(self.size, 1)

    net = nn.SequentialCell(A(3))[0]
    assert net.seen == ((3,), (3, 3), 6)
    assert names(net)[-2:] == ["0.extra.weight", "0.extra.bias"]
    assert "extra.weight" in net.manifest()


# --------------------------------------------------------------------------------------------------------------- values


def test_hyperparameters_of_many_names() -> None:
    """Names of builtins, and those that lazycell and its parts use for their own arguments."""

    class A(LazyCell):
        id: int
        type: str = "x"
        input: int = id
        list: Any = (1, 2)
        config: Any = None
        name: str = "n"
        shape: int = 3
        args: int = 4
        dtype_: Any = None
        cls: int = 5
        weight: Param["ones", (id, input, shape)]

    net = A(2, cls=6)
    assert (net.id, net.type, net.input, net.list, net.name, net.shape, net.args, net.cls) == (
        2,
        "x",
        2,
        (1, 2),
        "n",
        3,
        4,
        6,
    )
    assert net.weight.shape == (2, 2, 3)
    assert A.manifest(2, cls=6) == net.manifest()


def test_initializers_of_every_kind() -> None:
    """A name, a number, an Initializer made of a symbol, a function, a hyperparameter."""

    def ramp(shape, dtype):
        return np.arange(shape[0])

    class A(LazyCell):
        size: int
        sigma: float = 0.5
        start: Any = "ones"
        a: Param["zeros", (size,)]
        b: Param[3, (size,)]
        c: Param[Normal(sigma), (size, 100)]
        d: Param[ramp, (size,)]
        e: Param[start, (size,)]

    net = A(3)
    net.init_parameters_data(seed=1)
    assert net.a.asnumpy().tolist() == [0, 0, 0]
    assert net.b.asnumpy().tolist() == [3, 3, 3]
    assert 0.4 < net.c.asnumpy().std() < 0.6
    assert net.d.asnumpy().tolist() == [0, 1, 2]
    assert net.e.asnumpy().tolist() == [1, 1, 1]
    assert [entry.initializer for entry in A.manifest(3)][3].endswith("ramp")
    assert A.manifest(3) == net.manifest()


def test_a_config_is_handed_down() -> None:
    """SELF is one object with every value, readable in a graph."""

    class Inner(LazyCell):
        config: Any
        index: int
        width = config.hidden
        weight: Param["ones", (width,)]

        def construct(self, x):
            return x * self.weight * self.config.scale

    class A(LazyCell):
        hidden: int = 3
        scale: float = 2.0
        layers: list[Inner] = children(2, Inner, SELF, INDEX)

        def construct(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    for mode in (ms.PYNATIVE_MODE, ms.GRAPH_MODE):
        ms.set_context(mode=mode)
        net = A()
        assert [layer.index for layer in net.layers] == [0, 1]
        np.testing.assert_allclose(net(Tensor(np.ones(3, np.float32))).asnumpy(), np.full(3, 4.0))


def test_no_children_at_all() -> None:
    """Zero layers are an empty list."""
    net = Net(0, 64)
    assert len(net.layers) == 0
    assert names(net) == ["head.weight", "head.bias"]
    assert run(net, 1, 64).shape == (1, 10)


def test_validators_and_defaults_reach_the_cell() -> None:
    """`hyper` on a real cell."""

    class A(LazyCell):
        kind: str = hyper("a", converter=str.lower)
        sizes: Any = hyper(factory_default())

    assert A("B").kind == "b"
    assert A().sizes is not A().sizes


def factory_default() -> Any:
    """A default that is made anew for each instance."""
    import attrs

    return attrs.Factory(list)


def test_an_error_leaves_the_next_cell_alone() -> None:
    """A constructor that fails, also deep inside, changes nothing for the next one."""

    class Bad(LazyCell):
        n: int
        weight: Param["ones", (n,)]

        def __post_init__(self) -> None:
            raise RuntimeError("not today")

    class A(LazyCell):
        bad: Bad = child(Bad, 3)

    for make in (lambda: Bad(3), lambda: A()):
        with pytest.raises(RuntimeError, match="not today"):
            make()
    with pytest.raises(DeclarationError):
        Linear(0, 1)
    assert names(Net(2, 64)) == NAMES
    assert not nn.Dense(2, 2).weight.has_init, "a plain cell after it has its values"


def test_conditions_on_what_is_absent_and_on_one_of_several() -> None:
    """They are decided for each net, and the manifest and `infer` know them."""

    class Limited(LazyCell):
        width: int
        limit: int | None = None
        kind: str = "gelu"
        bias: Param["zeros", (width,)] = when(limit != None)  # noqa: E711
        gate: Param["zeros", (width,)] = when(in_(kind, ("geglu", "swiglu")))
        shown = when((limit == None) & ~in_(kind, (1, None)), width, otherwise=0)  # noqa: E711

    nets = [Limited(2), Limited(2, 0), Limited(2, kind="geglu")]
    assert [[entry.name for entry in net.manifest()] for net in nets] == [[], ["bias"], ["gate"]]
    assert [net.shown for net in nets] == [2, 0, 2]
    assert [net.bias is None for net in nets] == [True, False, True]


def test_post_init_calls_that_of_its_bases() -> None:
    """It ends somewhere, whichever of the bases has one; and who writes none adds nothing."""
    called = []

    class Mixin:
        def __post_init__(self) -> None:
            called.append("mixin")
            super().__post_init__()  # type: ignore[misc]

    class First(Mixin, LazyCell):
        width: int = 2

    class Second(First):
        def __post_init__(self) -> None:
            super().__post_init__()
            called.append(str(self.width))

    class Lone(LazyCell):
        def __post_init__(self) -> None:
            super().__post_init__()
            called.append("lone")

    Second()
    Lone()
    assert called == ["mixin", "2", "lone"]
    assert not Lone().manifest().entries
