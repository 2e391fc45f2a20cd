"""What instances of a class have in common is worked out once, and nothing that one of them may change is shared."""

from __future__ import annotations

import asyncio
import types
from typing import Any

import attrs
import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn
from mindspore.common.initializer import Constant, Normal, initializer

import lazycell
from lazycell import LazyCell, Mesh, Param, child, children, divide, hyper, no_init_parameters, require, tie, when
from lazycell.cell import _blueprint
from lazycell.cell._blueprint import blueprint_of, is_plain, key_of
from lazycell.declaration._declaration import declaration_of
from lazycell.parameters._declared import DeferredParameter, UninitializedParameter
from tests.versions import convert


class Part(LazyCell):
    width: int
    scale: Any = 1
    double: int = 2 * width
    weight: Param[Constant(scale), (width, double)]


class Whole(LazyCell):
    count: int = 3
    width: int = 2
    parts: list[Part] = children(count, Part, width)
    last: Part = child(Part, width)


def blueprint(cls: type, **given: Any) -> Any:
    declaration = declaration_of(cls)
    assert declaration is not None
    values = {item.name: given.get(item.name, item.default) for item in declaration.hyperparameters}
    return blueprint_of(declaration, values, given.get("dtype"))


def test_equal_hyperparameters_give_one_blueprint_and_others_another() -> None:
    """Also where Python takes the values for equal: 1, True and 1.0; and for another dtype."""
    for scale in (1, (1, (None, "a")), ms.float16, len):
        assert blueprint(Part, width=2, scale=scale) is blueprint(Part, width=2, scale=scale)
    different = [blueprint(Part, width=2, scale=scale) for scale in (1, True, 1.0, "1", None, int)]
    different += [blueprint(Part, width=2, scale=scale) for scale in ((1,), (True,), ((1,),), ms.int8, ms.int16)]
    different += [blueprint(Part, width=3), blueprint(Part, width=2, dtype="float16"), blueprint(Whole, width=2)]
    assert len({id(each) for each in different}) == len(different)
    assert blueprint(Part, width=2, double=4).resolved.values == blueprint(Part, width=2).resolved.values


@pytest.mark.parametrize("scale", [[1], {"a": 1}, {1}, ([1],), np.float32(1), types.SimpleNamespace()])
def test_what_might_change_is_resolved_each_time(scale: Any) -> None:
    """A list, a tuple that may hold one, an object: only plain values can stand for each other."""

    class Holder(LazyCell):
        scale: Any
        weight: Param["ones", (2,)]

    assert not is_plain(scale)
    assert blueprint(Holder, scale=scale) is not blueprint(Holder, scale=scale)
    assert Holder(scale).scale is scale


def test_defaults_derived_values_and_arguments_that_can_change_are_no_ones_twice() -> None:
    """A list as a default, one that a formula makes, one in a child's arguments, and what a factory makes."""

    class Listing(LazyCell):
        width: int = 2
        given: list = hyper([1, 2])
        made: list = hyper(attrs.Factory(list))
        sizes = [width, width]
        weight: Param["ones", (width,)]

    one, two = Listing(), Listing()
    for name in ("given", "made", "sizes"):
        assert getattr(one, name) is not getattr(two, name), name

    class Outer(LazyCell):
        width: int = 2
        inner: Listing = child(Listing, width, [width])

    assert Outer().inner.given is not Outer().inner.given


def test_a_mesh_of_one_rank_has_the_blueprints_of_no_mesh() -> None:
    """It has all of everything; one that divides something has its own."""

    class Halved(LazyCell):
        width: int
        divide(tp=width)
        weight: Param["ones", (width,)]

    whole = blueprint(Halved, width=2)
    with Mesh(tp=2, rank=0):
        assert blueprint(Halved, width=2).parameters[0].shape == (1,)
        with Mesh(dp=1, tp=1, rank=0):
            assert blueprint(Halved, width=2) is whole
    with Mesh(tq=1, rank=0), pytest.raises(lazycell.DeclarationError, match="mesh has the axis 'tq'"):
        Halved(2)


class Scaled(LazyCell):
    law: Any = Normal(0.5)
    factor = law.sigma * 2
    weight: Param[law, (2,)]


def test_one_initializer_gives_one_blueprint_until_it_is_changed() -> None:
    """Layers are handed the initializer of their model, each the same one; another one is that of another model."""
    law = Normal(0.5)
    assert blueprint(Scaled, law=law) is blueprint(Scaled, law=law)
    other = blueprint(Scaled, law=Normal(0.5))
    assert other.parameters[0].initializer is not law
    law.sigma = 2.0
    assert [Scaled(law).factor, Scaled(law).factor, Scaled(Normal(0.5)).factor] == [4.0, 4.0, 1.0]
    assert Scaled(law).weight._initializer is law


def test_an_initializer_that_is_a_default_may_be_changed_too() -> None:
    """It is one object, of the class."""
    first = Scaled()
    first.law.sigma = 3.0
    try:
        assert Scaled().factor == 6.0
    finally:
        first.law.sigma = 0.5


def test_initializers_that_can_be_more_than_numbers_are_no_ones_twice() -> None:
    """One that a formula makes for each net, one with a list, one of the user's, and one within a tuple."""

    class Own(Normal):
        pass

    class Making(LazyCell):
        width: int = 2
        law = Normal(1 / width)
        weight: Param[law, (width,)]

    assert Making().law is not Making().law
    for law in (Normal([0.5]), Own(0.5)):
        assert blueprint(Scaled, law=law) is not blueprint(Scaled, law=law)
    assert blueprint(Part, width=2, scale=(Normal(),)) is not blueprint(Part, width=2, scale=(Normal(),))


def test_converters_run_for_every_instance() -> None:
    """They are the user's, who may count."""
    calls: list[Any] = []

    class Converted(LazyCell):
        width: int = hyper(2, converter=lambda value: (calls.append(value), int(value))[1])
        weight: Param["ones", (width,)]

    Converted()
    Converted()
    assert calls == [2, 2]


def test_validators_run_for_every_instance() -> None:
    """They too are the user's, and may look at what changes."""
    allowed = {2}

    def check(values: Any, field: Any, value: Any) -> None:
        if value not in allowed:
            raise ValueError("not allowed any more")

    class Validated(LazyCell):
        width: int = hyper(validator=check)
        weight: Param["ones", (width,)]

    Validated(2)
    allowed.clear()
    with pytest.raises(lazycell.HyperparameterError, match="any more"):
        Validated(2)


def test_values_that_are_equal_and_yet_differ_are_not_exchanged() -> None:
    """Zero has a sign, and NaN is not equal to itself; a metaclass may say which classes are equal, and hash none."""
    assert [str(Part(2, scale=value).scale) for value in (0.0, -0.0, 0.0, -0.0)] == ["0.0", "-0.0", "0.0", "-0.0"]
    assert all(np.isnan(Part(2, scale=float(text)).scale) for text in ("nan", "-nan"))

    class AllEqual(type):
        def __eq__(cls, other: object) -> bool:
            return True

    class Hashed(AllEqual):
        def __hash__(cls) -> int:
            return 0

    class Holder(LazyCell):
        kind: Any
        weight: Param["ones", (2,)]

    for metaclass in (AllEqual, Hashed):
        for kind in (metaclass("One", (), {}), metaclass("Two", (), {})):
            net = Holder(kind)
            assert vars(net)["kind"] is kind
            assert [entry.name for entry in net.manifest()] == ["weight"]


def test_what_does_not_hold_is_refused_every_time() -> None:
    """A failure is not remembered, nor what came before it."""

    class Even(LazyCell):
        width: int
        weight: Param["ones", (width,)]
        require(width % 2 == 0, "width has to be even")

    for _ in range(2):
        with pytest.raises(lazycell.RequirementError, match="even"):
            Even(3)
    assert Even(2).width == 2


def test_a_name_that_is_registered_anew_means_the_new_initializer() -> None:
    """A notebook's cell is run again: what was built before keeps the old one."""

    def register(value: float) -> None:
        @lazycell.register_initializer("blueprint_test")
        def fill(shape: Any, dtype: Any) -> Any:
            return np.full(shape, value, dtype)

    register(1.0)

    class Registered(LazyCell):
        weight: Param["blueprint_test", (2,)]

    before = Registered()
    register(2.0)
    after = Registered()
    for net in (before, after):
        net.init_parameters_data(0)
    assert (before.weight.asnumpy().tolist(), after.weight.asnumpy().tolist()) == ([1, 1], [2, 2])


def test_parameters_of_one_blueprint_draw_values_of_their_own() -> None:
    """They share an initializer, and neither a stream nor memory."""

    class Drawn(LazyCell):
        weight: Param["normal", (4,)]

    class Two(LazyCell):
        one: Drawn = child(Drawn)
        two: Drawn = child(Drawn)

    net = Two()
    assert net.one.weight.init is net.two.weight.init
    net.init_parameters_data(3)
    assert not np.allclose(net.one.weight.asnumpy(), net.two.weight.asnumpy())


def test_the_number_of_blueprints_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building with ever new hyperparameters does not fill the memory."""
    monkeypatch.setattr(_blueprint, "_MOST", 4)
    monkeypatch.setattr(_blueprint, "_blueprints", {})
    for width in range(1, 20):
        assert Part(width).weight.shape == (width, 2 * width)
        assert len(_blueprint._blueprints) <= 4


def test_a_key_tells_declarations_and_dtypes_apart() -> None:
    """Two classes of one text are two; what is not plain has no key."""
    one, two = declaration_of(Part), declaration_of(Whole)
    assert one is not None
    assert two is not None
    keys = [key_of(one, [1], "float32"), key_of(one, [1], "float16"), key_of(two, [1], "float32")]
    assert len(set(keys)) == 3
    assert key_of(one, [[1]], "float32") is None


# ------------------------------------------------------------------------------------------- the short way of building


def test_whoever_has_a_say_in_attributes_is_asked() -> None:
    """A class with its own `__setattr__`, or a property of a hyperparameter's name."""
    seen: list[str] = []

    class Watching(LazyCell):
        width: int
        half = width // 2
        weight: Param["ones", (width,)]

        def __setattr__(self, name: str, value: Any) -> None:
            seen.append(name)
            super().__setattr__(name, value)

    Watching(2)
    assert seen == ["width", "half"]


def test_whoever_has_a_say_in_parameters_and_children_is_asked() -> None:
    """A class that overrides MindSpore's methods of insertion."""
    seen: list[str] = []

    class Inserting(LazyCell):
        part: Part = child(Part, 2)
        weight: Param["ones", (2,)]

        def insert_param_to_cell(self, param_name: str, *arguments: Any, **keywords: Any) -> None:
            seen.append(param_name)
            super().insert_param_to_cell(param_name, *arguments, **keywords)

        def insert_child_to_cell(self, child_name: str, child_cell: nn.Cell) -> None:
            seen.append(child_name)
            super().insert_child_to_cell(child_name, child_cell)

    names = [name for name, _ in Inserting().parameters_and_names()]
    assert sorted(seen) == ["part", "weight"]
    assert names == ["weight", "part.weight"]


def test_an_init_of_ones_own_may_come_first() -> None:
    """What it sets before `__lazy_init__` stays, and a name that is taken is refused, as by MindSpore."""

    class Own(LazyCell):
        width: int
        weight: Param["ones", (width,)]

        def __init__(self, taken: bool) -> None:
            super().__init__()
            self.extra = nn.Dense(2, 2)
            if taken:
                self.weight = Tensor([1.0])
            self.__lazy_init__(3)

    assert [name for name, _ in Own(False).parameters_and_names()] == ["weight", "extra.weight", "extra.bias"]
    with pytest.raises(KeyError, match="weight"):
        Own(True)


def test_everything_has_its_full_name_whatever_it_is_built_in() -> None:
    """In a model, a plain cell, a list; ties, conditions and a `__post_init__` that builds more included."""

    class Inner(LazyCell):
        width: int
        use_bias: bool = True
        weight: Param["ones", (width,)]
        bias: Param["ones", (width,)] = when(use_bias)

        def __post_init__(self) -> None:
            self.more = Part(2)

    class Outer(LazyCell):
        inner: Inner = child(Inner, 3)
        plain: nn.Dense = child(nn.Dense, 2, 3)
        bare: Inner = child(Inner, 3, use_bias=False)
        tied = tie("bare.weight", "inner.weight")

    net = Outer()
    names = [name for name, _ in net.parameters_and_names()]
    expected = ["inner.weight", "inner.bias", "inner.more.weight", "plain.weight", "plain.bias", "bare.more.weight"]
    assert names == expected == [parameter.name for parameter in net.get_parameters()]
    assert lazycell.uninitialized(net) == expected
    holder = nn.SequentialCell(Part(2), Part(2))
    assert [parameter.name for parameter in holder.get_parameters()] == ["0.weight", "1.weight"]


def test_plain_parameters_of_a_model_are_strict_wherever_it_is_built() -> None:
    """Under `no_init_parameters`, in a task, and in a loop that `__post_init__` runs."""

    class Plain(LazyCell):
        dense: nn.Dense = child(nn.Dense, 2, 2)

    class Looping(LazyCell):
        dense: nn.Dense = child(nn.Dense, 2, 2)

        def __post_init__(self) -> None:
            async def build() -> nn.Cell:
                return Plain()

            self.other = asyncio.run(build())

    with no_init_parameters():
        net = Looping()
        deferred = Parameter(initializer(Normal(), (2,), ms.float32), name="d")
    kinds = {type(parameter) for parameter in net.get_parameters()}
    assert kinds == {UninitializedParameter}
    assert type(deferred) is DeferredParameter
    assert len(lazycell.uninitialized(Looping())) == 4


def test_the_manifest_says_what_is_there_now() -> None:
    """What equal cells have in common is remembered; what somebody changed in one of them is seen all the same."""
    net = Whole()
    declared = Whole.manifest()
    assert net.manifest() == declared
    convert(net.parts[1], ms.float16)
    net.parts[2].weight.requires_grad = False
    changed = net.manifest()
    assert [entry.dtype for entry in changed] == ["float32", "float16", "float32", "float32"]
    assert [entry.trainable for entry in changed] == [True, True, False, True]
    assert {entry.declared_by for entry in changed} == {"Part.weight"}
    assert Whole().manifest() == declared
    assert Whole(count=1).manifest() == Whole.manifest(count=1) != declared
