"""Tests of `lazycell.formats._torch_objects`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lazycell.formats._pickle import ForeignName, PickleProblem
from lazycell.formats._torch_objects import OtherTensor, Storage, StoredTensor, machine, tensors_in

from .torchfiles import Call, Global, Persistent, ordered, pickled, rebuild, storage, tensor

FLOATS = storage("float32", "0", 6)
T = tensor(FLOATS, 0, (2, 3), (3, 1))


def found(value: Any, protocol: int = 2) -> dict[str, Any]:
    """The tensors of a pickled value."""
    content = pickled(value, protocol)
    return dict(tensors_in(machine(content, {}).run()[0], len(content)))


def problem(value: Any) -> str:
    """Why a value is refused."""
    with pytest.raises(PickleProblem) as caught:
        found(value)
    return str(caught.value)


def stored(dtype: str = "float32", key: str = "0", count: int = 6, **more: Any) -> StoredTensor:
    """The tensor `T`, changed as told."""
    return StoredTensor(
        Storage(dtype, key, count), **{"dtype": dtype, "offset": 0, "shape": (2, 3), "strides": (3, 1)} | more
    )


def test_tensors_by_the_way_to_them() -> None:
    """In dicts, lists and tuples, under names and numbers; what is no tensor is left out."""
    value = {
        "w": T,
        "epoch": 3,
        "state_dict": ordered({"fc.weight": T, "n": None}),
        "optimizer": {"state": {0: {"exp_avg": T, "step": 1.0}}, "param_groups": [{"params": [0]}, (T,)]},
        (1, 2): T,
    }
    names = ["w", "state_dict.fc.weight", "optimizer.state.0.exp_avg", "optimizer.param_groups.1.0"]
    for protocol in (2, 3, 4, 5):
        assert found(value, protocol) == dict.fromkeys(names, stored())


def test_each_way_to_rebuild_a_tensor() -> None:
    """Parameters, tensors with attributes, of storages without a dtype, of old files."""
    empty: dict[str, Any] = {}
    raw = storage(None, "0", 24)
    kind = Global("torch", "uint16")
    subclass = Global("torch.nn.parameter", "Parameter")
    from_type = Call(Global("torch._tensor", "_rebuild_from_type_v2"), (T.function, subclass, T.arguments, {"a": 1}))
    assert found(
        {
            "parameter": rebuild("_rebuild_parameter", T, True, empty),
            "with_state": rebuild("_rebuild_parameter_with_state", T, True, empty, {"a": 1}),
            "attributes": from_type,
            "old": rebuild("_rebuild_tensor", FLOATS, 0, (2, 3), (3, 1)),
            "cuda": tensor(storage("float32", "0", 6, "cuda:0"), 0, (2, 3), (3, 1)),
        }
    ) == dict.fromkeys(["parameter", "with_state", "attributes", "old", "cuda"], stored())
    bytes_of = StoredTensor(Storage(None, "0", 24), "uint16", 1, (2,), (1,))
    assert found({"u": rebuild("_rebuild_tensor_v3", raw, 1, (2,), (1,), False, empty, kind)}) == {"u": bytes_of}


def test_tensors_that_are_listed_only() -> None:
    """Conjugated, sparse, of the device meta, quantized: a plain file of weights has none, a checkpoint may."""
    layout = Call(Global("torch.serialization", "_get_layout"), ("torch.sparse_coo",))
    size = Call(Global("torch", "Size"), ((4, 5),))
    complexes = storage("complex64", "1", 2)
    values = found(
        {
            "conj": rebuild("_rebuild_tensor_v2", complexes, 0, (2,), (1,), False, {}, {"conj": True, "neg": False}),
            "not": rebuild("_rebuild_tensor_v2", complexes, 0, (2,), (1,), False, {}, {"conj": False, "neg": False}),
            "sparse": rebuild("_rebuild_sparse_tensor", layout, (T, T, size, True)),
            "meta": rebuild("_rebuild_meta_tensor_no_storage", Global("torch", "float32"), (2,), (1,), False),
        }
    )
    assert values == {
        "conj": OtherTensor("complex64 to be negated or conjugated", (2,)),
        "not": stored("complex64", "1", 2, shape=(2,), strides=(1,)),
        "sparse": OtherTensor("sparse", (4, 5)),
        "meta": OtherTensor("float32 on the device meta", (2,)),
    }


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "builtins.getattr",
        "numpy.core.multiarray.scalar",
        "argparse.Namespace",
        "torch.load",
        "torch.nn.modules.linear.Linear",
        "torch.hub.load",
        "torch.FooStorage",
        "collections.defaultdict",
    ],
)
def test_what_is_not_known(name: str) -> None:
    """Is refused by its name, also where nothing is done with it."""
    module, _, last = name.rpartition(".")
    with pytest.raises(ForeignName) as caught:
        found({"w": T, "x": Global(module, last)})
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (T, "holds a tensor, where a dict from names to tensors is meant"),
        ([T], "holds a list, where a dict"),
        ({"w": tensor(FLOATS, -1, (1,), (1,))}, "has a tensor that begins at -1"),
        ({"w": tensor(FLOATS, 0, (-1,), (1,))}, "of shape (-1) and strides (1)"),
        ({"w": tensor(FLOATS, 0, (2,), (-1,))}, "of shape (2) and strides (-1)"),
        ({"w": tensor(FLOATS, 0, (2,), (1, 1))}, "of shape (2) and strides (1, 1)"),
        ({"w": tensor(FLOATS, 0, [2], [1])}, "of shape a list"),
        ({"w": tensor(FLOATS, 0, (True,), (1,))}, "of shape (True)"),
        ({"w": tensor(FLOATS, 0, (1,) * 65, (1,) * 65)}, "of shape (1, 1, 1, 1, 1, 1, 1, 1, …)"),
        ({"w": tensor(FLOATS, 0, (1 << 63,), (1,))}, "of shape (9223372036854775808)"),
        ({"w": tensor(storage(None, "0", 6), 0, (1,), (1,))}, "without a storage of its dtype"),
        ({"w": tensor(T, 0, (1,), (1,))}, "without a storage of its dtype"),  # type: ignore[arg-type]
        ({"w": rebuild("_rebuild_tensor_v2", FLOATS)}, "with 1 arguments that it does not take"),
        ({"w": rebuild("_rebuild_parameter", *range(20))}, "with 20 arguments"),
        ({"w": tensor(storage("float32", "0", -1), 0, (1,), (1,))}, "has a storage that is none"),
        ({"w": Persistent(("module", 1))}, "has a storage that is none: ('module', 1)"),
        ({"w": storage("float32", "0", 6, "cpu", ("1", 0, 3))}, "a view of another, as PyTorch 0.4 wrote them"),
        ({"w": FLOATS, "v": storage("float32", "0", 7)}, "has two storages called '0'"),
        ({"w": FLOATS, "v": storage("int32", "0", 6)}, "has two storages called '0'"),
        ({"\ud800": T}, "whose name is no text"),
        (
            {"w": Call(Global("torch", "FloatTensor"), ())},
            "calls torch.FloatTensor, which is not how a tensor is stored",
        ),
        ({"w": Call(T.function, T.arguments, {"data": 1})}, "gives attributes to what has none"),
        ({"w": Call(Global("collections", "OrderedDict"), ([[1]],))}, "fills a dict with what is no list of pairs"),
    ],
)
def test_refusals(value: Any, cause: str) -> None:
    """Each mistake has its message."""
    assert cause in problem(value)


def _loop() -> dict[str, Any]:
    value: dict[str, Any] = {"w": T}
    value["again"] = value
    return value


def _shared(width: int, depth: int) -> dict[str, Any]:
    value: Any = [T] * width
    for _ in range(depth):
        value = [value] * width
    return {"w": value}


def _long_names() -> dict[str, Any]:
    return {"x" * 100_000: [T] * 10_000}


def _filled_again_and_again() -> dict[str, Any]:
    pairs = [[str(number), number] for number in range(20_000)]
    return {"w": [Call(Global("collections", "OrderedDict"), (pairs,)) for _ in range(20_000)]}


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (_loop(), "nests dicts more than 32 deep"),
        (_shared(100, 5), "have no end"),
        (_long_names(), "have no end"),
        (_filled_again_and_again(), "fills dicts with more than it holds"),
    ],
)
def test_little_that_would_become_much(value: Any, cause: str) -> None:
    """Parts that are shared make many tensors, or long names, of few bytes: not here, and not for long."""
    content = pickled(value)
    started = time.thread_time()
    with pytest.raises(PickleProblem, match=cause):
        list(tensors_in(machine(content, {}).run()[0], len(content)))
    assert time.thread_time() - started < 2
