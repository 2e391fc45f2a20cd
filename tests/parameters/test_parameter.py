"""One parameter: declared, read too early, filled in every way there is, copied, converted."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, mint, nn, ops
from mindspore.common.initializer import Constant, Normal, One, initializer

from lazycell._dtypes import numpy_dtype
from lazycell._errors import UninitializedParameterError
from lazycell.parameters._buffer import UninitializedBuffer, declare_buffer
from lazycell.parameters._declared import DeferredParameter, UninitializedParameter, declare
from lazycell.parameters._filled import LazyParameter
from lazycell.parameters._filling import initialize_parameter, undeclare_parameter
from lazycell.parameters._foreign import ComputedTable
from lazycell.parameters._framework import NUMPY_HAS_NO_BFLOAT16, numpy_values
from lazycell.parameters._lazy import building, no_init_parameters
from lazycell.parameters._life import Origin, life_of
from lazycell.parameters._without_values import is_declared
from tests.parameters.filling import fill

SHAPE = (3, 3)
FROM_FILE = Origin("checkpoint", "net.safetensors: w")


def declared(dtype: Any = ms.float32, shape: tuple[int, ...] = SHAPE, name: str = "w") -> UninitializedParameter:
    return declare(Normal(), shape, dtype, name=name)


def deferred(init: Any = 2.0, shape: tuple[int, ...] = SHAPE, dtype: Any = ms.float32) -> Any:
    with no_init_parameters():
        return Parameter(initializer(init, shape, dtype), name="w")


def ones(shape: tuple[int, ...] = SHAPE, dtype: Any = np.float32) -> Tensor:
    return Tensor(np.ones(shape, dtype))


def storage(tensor: Any) -> int:
    return int(tensor.data_ptr())


# --------------------------------------------------------------------------------------------------------- metadata


def test_a_declared_parameter_tells_everything_but_its_values() -> None:
    """Shape, dtype, name, requires_grad, size, nbytes, repr, hash, has_init, init_mode and data need no values."""
    p: Any = declare(Normal(), (4, 2), ms.float16, name="w", trainable=False)
    assert (p.shape, p.dtype, p.name, p.requires_grad) == ((4, 2), ms.float16, "w", False)
    assert (p.size, p.nbytes, p.ndim, p.itemsize, len(p)) == (8, 16, 2, 2, 4)
    assert p.has_init
    assert p.init_mode.shape == (4, 2)
    assert p.init_mode.dtype == ms.float16
    assert repr(p) == str(p) == f"{p}" == "Parameter (name=w, shape=(4, 2), dtype=Float16, requires_grad=False)"
    assert {p: 1}[p] == 1
    assert p in [p]
    assert p.data.shape == (4, 2)
    assert p.data.dtype == ms.float16
    assert isinstance(p, Parameter)
    assert isinstance(p, Tensor)
    assert is_declared(p)
    assert life_of(p) == ("declared", None)


def test_scalar_parameters_can_be_declared() -> None:
    """The shape () is a shape."""
    p = declare(Constant(3.0), (), ms.float32, name="scale")
    initialize_parameter(p, 1)
    assert p.asnumpy() == 3.0
    assert p.shape == ()


# ---------------------------------------------------------------------------------------------- reading the values

_READS: dict[str, Any] = {
    "p + x": lambda p, x: p + x,
    "x + p": lambda p, x: x + p,
    "1 - p": lambda p, x: 1.0 - p,
    "x * p": lambda p, x: x * p,
    "x @ p": lambda p, x: x @ p,
    "x[0] + p": lambda p, x: x[0] + p,
    "p == x": lambda p, x: p == x,
    "x == p": lambda p, x: x == p,
    "p > 0": lambda p, x: p > 0,
    "-p": lambda p, x: -p,
    "p += x": lambda p, x: p.__iadd__(x),
    "x.mul(p)": lambda p, x: x.mul(p),
    "x.copy_(p)": lambda p, x: x.copy_(p),
    "x.add_(p)": lambda p, x: x.add_(p),
    "ops.mul": lambda p, x: ops.mul(x, p),
    "mint.add with keyword": lambda p, x: mint.add(x, other=p, alpha=2),
    "matmul": lambda p, x: ops.matmul(x, p),
    "dense": lambda p, x: ops.dense(x, p),
    "dense by keyword": lambda p, x: ops.dense(x, weight=p),
    "relu": lambda p, x: ops.relu(p),
    "gather": lambda p, x: ops.gather(p, Tensor([0]), 0),
    "embedding": lambda p, x: mint.nn.functional.embedding(Tensor([0]), p),
    "layer norm": lambda p, x: ops.LayerNorm()(x, p, p),
    "concat": lambda p, x: ops.concat([x, p]),
    "stack": lambda p, x: ops.stack([x, p]),
    "where": lambda p, x: ops.where(x > 0, x, p),
    "cast": lambda p, x: ops.cast(p, ms.float16),
    "assign_add": lambda p, x: ops.assign_add(p, x),
    "assign from": lambda p, x: ops.assign(Parameter(x), p),
    "stop_gradient": lambda p, x: ops.stop_gradient(p),
    "value": lambda p, x: p.value(),
    "sum": lambda p, x: p.sum(),
    "view": lambda p, x: p.view(9),
    "T": lambda p, x: p.T,
    "to, used": lambda p, x: p.to(ms.float16) + 1,
    "Print": lambda p, x: ops.Print()(p),
    "p[0]": lambda p, x: p[0],
    "p[0] = 1": lambda p, x: p.__setitem__(0, 1.0),
    "iteration": lambda p, x: list(p),
    "in": lambda p, x: 1.0 in p,
    "asnumpy": lambda p, x: p.asnumpy(),
    "numpy": lambda p, x: p.numpy(),
    "np.asarray": lambda p, x: np.asarray(p),
    "np.add": lambda p, x: np.add(p, 1),
    "tolist": lambda p, x: p.tolist(),
    "item": lambda p, x: p.item(),
    "bool": lambda p, x: bool(p),
    "float": lambda p, x: float(p),
    "int": lambda p, x: int(p),
    "get_bytes": lambda p, x: p.get_bytes(),
    "data_ptr": lambda p, x: p.data_ptr(),
    "Tensor.__str__": lambda p, x: Tensor.__str__(p),
    "move_to": lambda p, x: p.move_to("CPU"),
    "Tensor(p)": lambda p, x: Tensor(p),
    "Tensor(p, dtype)": lambda p, x: Tensor(p, ms.float16),
    "Parameter(p)": lambda p, x: Parameter(p),
    "x.assign_value(p)": lambda p, x: x.assign_value(p),
    "x.set_data(p)": lambda p, x: Parameter(x).set_data(p),
    "clone": lambda p, x: p.clone(),
    "copy()": lambda p, x: p.copy(),
    "mint.clone": lambda p, x: mint.clone(p),
    "to_dlpack": lambda p, x: ms.utils.dlpack.to_dlpack(p),
    "optimizer step": lambda p, x: ops.ApplyMomentum()(p, Parameter(x), 0.1, x, 0.9),
    "gradient": lambda p, x: ms.value_and_grad(lambda a: (a * p).sum(), None, weights=ms.ParameterTuple([p]))(x),
}


@pytest.mark.parametrize("read", _READS)
def test_reading_a_declared_parameter_raises(read: str) -> None:
    """Every route to the values raises, at once, with the name and the two ways out."""
    p = declared(name="layers.0.w")
    with pytest.raises(UninitializedParameterError) as caught:
        _READS[read](p, ones())
    message = str(caught.value)
    assert "'layers.0.w'" in message
    assert "load_checkpoint" in message
    assert "init_parameters_data()" in message
    assert is_declared(p)


def test_the_message_says_what_was_asked_and_what_to_do() -> None:
    """The whole text of the error."""
    with pytest.raises(UninitializedParameterError) as caught:
        declared().asnumpy()
    assert str(caught.value) == (
        "parameter 'w' (shape (3, 3), float32) is declared and has no values, but asnumpy needs them. Load a "
        "checkpoint that has it (`net.load_checkpoint(path)` or `mindspore.load_checkpoint(path, net=net)`), or call "
        "`net.init_parameters_data()` to initialize it"
    )


_NOT_COMPARABLE = {"item", "bool", "float", "int", "data_ptr", "x.assign_value(p)"}


@pytest.mark.parametrize("read", [each for each in _READS if each not in _NOT_COMPARABLE])
def test_reading_a_deferred_parameter_draws_it(read: str) -> None:
    """Every route to the values of a plain cell's parameter gives what an eager parameter gives there."""
    expected = _outcome(read, Parameter(initializer(2.0, SHAPE, ms.float32), name="w"))
    p = deferred()
    assert isinstance(p, DeferredParameter)
    assert _outcome(read, p) == expected
    assert not is_declared(p)
    assert life_of(p) == ("initialized", Origin("initializer", "Constant(value=2.0)"))


def _outcome(read: str, p: Any) -> str:
    try:
        result = _READS[read](p, ones())
    except Exception as error:
        return f"{type(error).__name__}"
    if isinstance(result, Tensor):
        return str(result.asnumpy().tolist())
    if isinstance(result, tuple):
        return str([each.asnumpy().tolist() for each in (result[0], result[1][0])])
    return type(result).__name__ if type(result).__name__ == "PyCapsule" else str(result)


def test_assigning_a_deferred_parameter_to_a_tensor_draws_it() -> None:
    """`x.assign_value(p)` shared a null pointer."""
    x = ones()
    x.assign_value(deferred())
    assert (x.asnumpy() == 2).all()


def test_operators_on_plain_tensors_are_untouched_after_an_error() -> None:
    """The hook leaves no trace on plain tensors."""
    x = ones()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            mint.add(input=x, other=declared(), alpha=2)  # keywords only: loud, but MindSpore's own words
        assert mint.add(input=x, other=x, alpha=2).asnumpy().tolist() == np.full(SHAPE, 3.0).tolist()
    with pytest.raises(AttributeError):
        _ = x.__fallback__


def test_a_filled_parameter_has_no_hooks() -> None:
    """Filling changes the class: nothing is asked of a parameter that has values."""
    p: Any = declared()
    fill(p, np.ones(SHAPE, np.float32), FROM_FILE)
    assert type(p) is LazyParameter
    assert type(p).asnumpy is Tensor.asnumpy or NUMPY_HAS_NO_BFLOAT16
    assert not hasattr(p, "__fallback__")
    assert p.init is None
    assert p.init_mode is None
    assert not p.has_init


# ---------------------------------------------------------------------------------------------------------- filling

_FILLS: dict[str, Any] = {
    "set_data": lambda p, x: p.set_data(x),
    "assign_value": lambda p, x: p.assign_value(x),
    "data =": lambda p, x: setattr(p, "data", x),
    "ops.assign": lambda p, x: ops.assign(p, x),
    "copy_": lambda p, x: p.copy_(x),
    "load_param_into_net": lambda p, x: ms.load_param_into_net(_holding(p), {"w": Parameter(x, name="w")}),
    "load_state_dict": lambda p, x: _holding(p).load_state_dict({"w": x}),
}


def _holding(p: Any) -> nn.Cell:
    cell = nn.Cell()
    cell.insert_param_to_cell("w", p)
    return cell


@pytest.mark.parametrize("make", [declared, deferred])
@pytest.mark.parametrize("way", _FILLS)
def test_assigned_values_are_copied(way: str, make: Any) -> None:
    """Filling makes the parameter loaded, keeps the values over a later init, and never shares the source's storage."""
    p, source = make(), Tensor(np.arange(9, dtype=np.float32).reshape(SHAPE))
    _FILLS[way](p, source)
    assert type(p) is LazyParameter
    assert life_of(p)[0] == "loaded"
    assert p.init_data() is p
    assert p.asnumpy().tolist() == np.arange(9).reshape(SHAPE).tolist()
    source.asnumpy()[:] = 100
    assert p.asnumpy()[0, 1] == 1


@pytest.mark.parametrize("way", _FILLS)
def test_later_values_go_into_the_same_storage(way: str) -> None:
    """A second fill is in place and not shared: compiled graphs see it, and two nets from one dict stay two."""
    p: Any = declared()
    p.set_data(ones())
    before = storage(p)
    source = Tensor(np.full(SHAPE, 5, np.float32))
    _FILLS[way](p, source)
    assert storage(p) == before != storage(source)
    assert (p.asnumpy() == 5).all()


@pytest.mark.parametrize("way", _FILLS)
def test_values_of_another_shape_are_refused(way: str) -> None:
    """No fill changes the shape of a declared parameter, or its state when it fails."""
    p = declared()
    with pytest.raises((ValueError, RuntimeError), match="shape"):
        _FILLS[way](p, ones((4, 3)))
    assert is_declared(p)
    assert p.shape == SHAPE


def test_set_data_of_another_shape_is_refused_also_later() -> None:
    """MindSpore changes the shape silently; slice_shape=True is its way to ask for that."""
    for p in (declared(), declared().set_data(ones())):
        with pytest.raises(ValueError, match=r"'w' has shape \(3, 3\), and was given values of shape \(2, 2\)"):
            p.set_data(ones((2, 2)))
        with pytest.raises(ValueError, match="has shape"):
            p.set_data(1.0)
        p.set_data(ones((2, 3)), slice_shape=True)
        assert p.shape == (2, 3)
        assert p.sliced
        assert (p.asnumpy() == 1).all()


@pytest.mark.parametrize("filled", [False, True])
def test_set_data_resizes_a_parameter_of_a_plain_cell(filled: bool) -> None:
    """As in MindSpore: porting projects resize embeddings so. The values are cast, and no one else's."""

    def make() -> Any:
        return deferred().set_data(ones()) if filled else deferred()

    p, source = make(), Tensor(np.full((5, 3), 2, np.float16))
    assert p.set_data(source) is p
    assert (p.shape, p.dtype) == ((5, 3), ms.float32)
    source.asnumpy()[...] = 9
    assert (p.asnumpy() == 2).all()
    assert life_of(p) == ("loaded", Origin("assigned", "set_data"))
    p = make()
    p.set_data(initializer("ones", (6, 3), ms.float32))
    assert (p.shape, is_declared(p)) == ((6, 3), not filled)
    assert (p.asnumpy() == 1).all()
    for resized in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert resized.set_data(ones((2, 3))).shape == (2, 3)
    with pytest.raises(ValueError, match="has shape"):
        p.set_data(1.0)


def test_set_data_checks_types_as_mindspore_does() -> None:
    """A list is no data, and a float does not fit an integer parameter."""
    with pytest.raises(TypeError, match="takes a Tensor, an int or a float"):
        declared().set_data([1.0])
    with pytest.raises(TypeError, match="can not be converted"):
        declare(Constant(0), (), ms.int32, name="n").set_data(1.5)
    scalar: Any = declare(Constant(0), (), ms.int32, name="n")
    scalar.set_data(3)
    assert scalar.asnumpy() == 3
    assert scalar.dtype == ms.int32


@pytest.mark.parametrize("make", [declared, deferred])
def test_set_data_keeps_the_declared_dtype(make: Any) -> None:
    """As in MindSpore: set_data casts, assign_value and `.data =` take the dtype of the value."""
    half = Tensor(np.ones(SHAPE, np.float16))
    for p in (make(), make().set_data(ones())):
        p.set_data(half)
        assert p.dtype == ms.float32
        assert (p.asnumpy() == 1).all()
        p.data = half
        assert p.dtype == ms.float16
    p = make()
    p.assign_value(half)
    assert p.dtype == ms.float16


def test_set_data_with_an_initializer_replaces_the_declared_one() -> None:
    """What constructors do to re-initialise a layer costs no memory, and counts."""
    for p in (declared(), deferred("normal")):
        p.set_data(initializer(One(), SHAPE, ms.float32))
        assert is_declared(p)
        p.init_data()
        assert (p.asnumpy() == 1).all()
    filled: Any = declared()
    filled.set_data(ones())
    filled.set_data(initializer(7.0, SHAPE, ms.float32))
    assert (filled.asnumpy() == 7).all()


def test_copy_broadcasts() -> None:
    """As Tensor.copy_ does; ops.assign takes only the shape itself."""
    for p in (declared(), deferred()):
        p.copy_(Tensor(4.0))
        assert life_of(p)[0] == "loaded"
        assert (p.asnumpy() == 4).all()
    with pytest.raises(ValueError, match="has shape"):
        ops.assign(declared(), Tensor([4.0]))


def test_an_assignment_that_fails_fills_nothing() -> None:
    """The parameter is as declared as before."""
    p = declared()
    with pytest.raises(Exception, match=r"(?i)type|support|kernel"):
        ops.assign(p, Tensor(np.array([["a"] * 3] * 3)))
    assert is_declared(p)
    assert p.has_init
    assert p.init_mode is not None


def test_copy_of_unbroadcastable_values_leaves_it_declared() -> None:
    """A failed copy_ fills nothing."""
    p = declared()
    with pytest.raises(ValueError, match="has shape"):
        p.copy_(ones((2, 2)))
    assert is_declared(p)
    assert p.has_init


def test_the_origin_says_who_gave_the_values(tmp_path: Path) -> None:
    """A checkpoint's file, a state dict, or the method that assigned."""
    p: Any = declared()
    ms.save_checkpoint({"w": Parameter(ones(), name="w")}, str(tmp_path / "net.ckpt"))
    ms.load_checkpoint(str(tmp_path / "net.ckpt"), net=_holding(p))
    assert life_of(p) == ("loaded", Origin("checkpoint", str(tmp_path / "net.ckpt")))
    _FILLS["load_param_into_net"](p, ones())
    assert life_of(p) == ("loaded", Origin("checkpoint", "load_param_into_net"))
    _FILLS["load_state_dict"](p, ones())
    assert life_of(p) == ("loaded", Origin("checkpoint", "load_state_dict"))
    p.set_data(ones())
    assert life_of(p) == ("loaded", Origin("assigned", "set_data"))


# ---------------------------------------------------------------------------------------------------- initializing


def test_init_data_draws_from_the_stream_of_the_name() -> None:
    """The values of a strict parameter depend on seed and name alone."""
    ms.set_seed(5)
    first, second, other = declared(), declared(), declared(name="v")
    np.random.rand(17)
    for p in (other, second):
        p.init_data()
    initialize_parameter(first, 5)
    assert first.asnumpy().tolist() == second.asnumpy().tolist() != other.asnumpy().tolist()
    assert life_of(first) == ("initialized", Origin("initializer", "Normal(sigma=0.01, mean=0.0)", 5))


def test_the_documented_protocol_of_downstream_code() -> None:
    """`if p.has_init: p.init_data()`; a shape set on init_mode; a slice drawn from init_mode."""
    for p in (declared(), deferred("normal")):
        if p.has_init:
            assert p.init_data() is p
        assert not p.has_init
        assert p.asnumpy().std() > 0
    p = deferred("ones")
    p.init_mode.shape = [2, 3]
    p.init_data()
    assert p.shape == (2, 3)
    assert (p.asnumpy() == 1).all()
    p = deferred("normal")
    piece = p.init_mode.init_data(slice_index=0, shape=[1, 3])
    p.assign_value(piece)
    assert p.shape == (1, 3)
    assert not p.has_init


def test_two_parameters_from_one_initializer_tensor_are_equal() -> None:
    """As eagerly, where the second copies the first's values; MindSpore raises when deferred."""
    tensor = initializer("normal", SHAPE, ms.float32)
    with no_init_parameters():
        first, second = Parameter(tensor, name="a"), Parameter(tensor, name="b")
    first.init_data()
    second.init_data()
    assert first.asnumpy().tolist() == second.asnumpy().tolist()
    assert storage(first) != storage(second)


def test_deferred_values_are_mindspores() -> None:
    """A deferred parameter draws exactly what an eager one would have drawn at that moment."""
    ms.set_seed(3)
    eager = Parameter(initializer("normal", SHAPE, ms.float32))
    ms.set_seed(3)
    assert deferred("normal").asnumpy().tolist() == eager.asnumpy().tolist()


@pytest.mark.parametrize("dtype", [ms.float16, ms.bfloat16, ms.int32, ms.float64])
def test_every_dtype_is_initialized(dtype: Any) -> None:
    """Not only float32."""
    for p in (declared(dtype), deferred("ones", dtype=dtype)):
        p.init_data()
        assert p.dtype == dtype
        assert numpy_values(p).shape == SHAPE


def test_computed_tables() -> None:
    """A function of shape and dtype computes the values, once they are needed."""
    calls = []

    def table(shape: tuple[int, ...], dtype: Any) -> Any:
        calls.append((shape, dtype))
        return np.arange(6.0).reshape(shape)

    p: Any = declare(ComputedTable(table), (2, 3), ms.float32, name="table")
    assert calls == []
    p.init_data()
    assert calls == [((2, 3), np.dtype(np.float32))]
    assert p.asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    origin = life_of(p)[1]
    assert origin is not None
    assert origin.detail.endswith("test_computed_tables.<locals>.table")


def test_many_threads_initialize_once() -> None:
    """All threads that run a net for the first time find the same values."""
    p: Any = declare(Normal(), (256, 256), ms.float32, name="w")
    addresses: list[int] = []

    def run() -> None:
        p.init_data()
        addresses.append(storage(p))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(addresses) == 8
    assert len(set(addresses)) == 1


# ------------------------------------------------------------------------------------------------------- conversion

_CONVERSIONS: dict[str, Any] = {
    "to": lambda p: p.to(ms.float16),
    "to by keyword": lambda p: p.to(device=None, dtype=ms.float16, non_blocking=False),
    "to another tensor": lambda p: p.to(Tensor([1], ms.float16)),
    "astype": lambda p: p.astype(ms.float16),
    "astype by name": lambda p: p.astype("float16"),
    "half": lambda p: p.half(),
}


@pytest.mark.parametrize("make", [declared, deferred])
@pytest.mark.parametrize("way", _CONVERSIONS)
def test_conversion_gives_a_declared_twin(way: str, make: Any) -> None:
    """MindSpore crashes (rc -11) on `.to` of a parameter without values; ours stays without, in the new dtype."""
    p = make()
    twin = _CONVERSIONS[way](p)
    assert is_declared(twin)
    assert twin is not p
    assert twin.dtype == ms.float16
    assert p.dtype == ms.float32
    p.data = twin  # Cell.to
    assert is_declared(p)
    assert p.dtype == ms.float16
    p.init_data()
    assert p.dtype == ms.float16
    assert p.asnumpy().dtype == np.float16


def test_a_twin_of_a_deferred_parameter_converts_its_values() -> None:
    """Who converts and then reads gets the parameter's values, not a second draw."""
    p = deferred("normal")
    converted = (p.to(ms.float16) + 0).asnumpy()
    assert converted.tolist() == p.asnumpy().astype(np.float16).tolist()
    p = deferred("normal")
    twin = p.half()
    p.set_data(ones())
    assert (twin.asnumpy() == 1).all()


def test_empty_like_gives_a_declared_twin() -> None:
    """Cell.to_empty applies it to every parameter."""
    for p in (declared(), deferred()):
        assert is_declared(mint.empty_like(p))
        assert mint.empty_like(p, dtype=ms.float16).dtype == ms.float16


@pytest.mark.parametrize("make", [declared, deferred])
def test_zeros_like_and_ones_like_need_no_values(make: Any) -> None:
    """They ask for shape and dtype alone; home-made optimizers start with them."""
    p = make(dtype=ms.float16)
    for like, value in ((ops.zeros_like, 0), (ops.ones_like, 1)):  # mint's have no CPU kernel
        assert like(p).asnumpy().tolist() == np.full(SHAPE, value).tolist()
        assert like(p).dtype == ms.float16
        assert like(p, dtype=ms.float32).dtype == ms.float32
        assert not isinstance(like(p), Parameter)
    assert is_declared(p)


def test_set_dtype_stays_declared_and_rounds_the_declared_values() -> None:
    """What `.to` then `init` gives is what init then `.to` gives."""
    p, q = declared(), declared()
    p.set_dtype(ms.float16)
    assert is_declared(p)
    initialize_parameter(p, 1)
    initialize_parameter(q, 1)
    assert p.asnumpy().tolist() == q.asnumpy().astype(np.float16).tolist()


# ----------------------------------------------------------------------------------------------------------- copies


@pytest.mark.parametrize("make", [declared, deferred])
def test_clone_with_an_initializer_leaves_the_original_alone(make: Any) -> None:
    """Optimizers clone parameters for their state; MindSpore's clone uses up the original's initializer.

    The state of what has no values has none, either: it is drawn when it is read, also where the net is a LazyCell.
    """
    for p in (make(), make().set_data(ones())):
        state = p.has_init
        for init, value in (("zeros", 0.0), ("ones", 1.0), (0.5, 0.5)):
            clone = p.clone(init)
            assert clone.has_init is state
            assert (clone.asnumpy() == value).all()
            assert (clone.name, clone.requires_grad, clone.dtype) == (p.name, p.requires_grad, p.dtype)
            assert clone.param_info is not p.param_info
            assert any(each is clone for each in p.param_info.cloned_obj)
        assert (p.clone(ones() * 4).asnumpy() == 4).all()
        assert p.has_init is state
        p.init_data()


def test_clones_made_in_the_context_are_deferred() -> None:
    """An optimizer that is built under no_init_parameters takes no memory either."""
    p = deferred()
    with no_init_parameters():
        clone = p.clone("zeros")
    assert is_declared(clone)
    assert (clone.asnumpy() == 0).all()
    assert is_declared(p)


def test_clone_same_needs_values() -> None:
    """A deferred parameter draws them; a strict one says so."""
    p = deferred()
    assert (p.clone().asnumpy() == 2).all()
    assert not is_declared(p)
    with pytest.raises(UninitializedParameterError, match="clone"):
        declared().clone("same")
    filled: Any = declared()
    filled.set_data(ones())
    copied = filled.clone()
    assert (copied.asnumpy() == 1).all()
    assert storage(copied) != storage(filled)


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_of_declared_parameters_are_declared(copier: Any) -> None:
    """A copy has the same name, and so the same values later; it shares nothing with the original."""
    p: Any = declare(Normal(0.5), SHAPE, ms.float32, name="w", trainable=False)
    p.set_dtype(ms.float16)
    q = copier(p)
    assert type(q) is UninitializedParameter
    assert q is not p
    assert (q.name, q.shape, q.dtype, q.requires_grad) == ("w", SHAPE, ms.float16, False)
    q.set_data(ones())
    assert is_declared(p)
    r = copier(p)
    initialize_parameter(p, 4)
    initialize_parameter(r, 4)
    assert p.asnumpy().tolist() == r.asnumpy().tolist()
    assert is_declared(copier(deferred()))


@pytest.mark.parametrize("copier", [copy.deepcopy, copy.copy, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("dtype", [ms.float32, ms.bfloat16])
def test_copies_of_filled_parameters_have_the_values_and_the_record(copier: Any, dtype: Any) -> None:
    """Values, dtype, class and origin; not the storage."""
    p: Any = declared(dtype)
    initialize_parameter(p, 1)
    q = copier(p)
    assert type(q) is LazyParameter
    assert q.dtype == dtype
    assert numpy_values(q).tolist() == numpy_values(p).tolist()
    assert storage(q) != storage(p)
    assert life_of(q) == life_of(p)
    undeclare_parameter(q, UninitializedParameter)
    assert is_declared(q)


def test_a_bfloat16_parameter_is_read_whatever_numpy_is_installed() -> None:
    """With NumPy 2 MindSpore makes no array of it, and kills the process at `item` and `tolist`."""
    p: Any = declared(ms.bfloat16, shape=(1, 2))
    fill(p, np.array([[1.5, -2.0]], numpy_dtype("bfloat16")), FROM_FILE)
    assert p.tolist() == [[1.5, -2.0]]
    assert p[0, 1].astype(ms.float32).item() == -2.0
    assert p.astype(ms.float32).asnumpy().tolist() == [[1.5, -2.0]]
    one: Any = declared(ms.bfloat16, shape=(1,))
    one.set_data(Tensor([3.0]))
    assert one.item() == 3.0
    message = r"parameter 'w' is bfloat16, .*NumPy 2.*: convert it first, `.astype\(mindspore.float32\).asnumpy\(\)`"
    for read in (p.asnumpy, p.numpy):
        with pytest.raises(TypeError, match=message) if NUMPY_HAS_NO_BFLOAT16 else nullcontext():
            assert read().astype(np.float32).tolist() == [[1.5, -2.0]]


def test_a_pickle_of_a_declared_parameter_is_tiny() -> None:
    """Whatever its size."""
    assert len(pickle.dumps(declare(Normal(), (4096, 4096), ms.float32, name="w"))) < 600


# --------------------------------------------------------------------------------------------------------- graphs


def test_jit_that_closes_over_a_declared_parameter_initializes_it() -> None:
    """MindSpore reads zeros, silently, for ever."""
    for p in (declared(), deferred("normal")):
        result = _jit_over(p)(ones())
        assert not is_declared(p)
        assert np.allclose(result.asnumpy(), 1 + p.asnumpy())
        assert p.asnumpy().std() > 0


def _jit_over(p: Any) -> Any:
    @ms.jit
    def add(x: Any) -> Any:
        return x + p

    return add


def test_jit_with_a_declared_parameter_as_argument() -> None:
    """An argument is read as well."""

    @ms.jit
    def add(x: Any, p: Any) -> Any:
        return x + p

    p = declared()
    assert np.allclose(add(ones(), p).asnumpy(), 1 + p.asnumpy())
    assert p.asnumpy().std() > 0


def test_a_compiled_graph_sees_later_values() -> None:
    """MindSpore's graph keeps the stale values after set_data, assign_value, `.data =` and loading."""
    for way in _FILLS:
        p: Any = declared()
        add = _jit_over(p)
        add(ones())
        _FILLS[way](p, Tensor(np.full(SHAPE, 5, np.float32)))
        assert (add(ones()).asnumpy() == 6).all(), way


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="MindSpore captures no bytecode of Python 3.12")
def test_bytecode_capture_initializes() -> None:
    """The other front end of jit probes the same way."""
    p = declared()

    @ms.jit(capture_mode="bytecode")
    def add(x: Any) -> Any:
        return x + p

    result = add(ones())
    assert np.allclose(result.asnumpy(), 1 + p.asnumpy())
    assert p.asnumpy().std() > 0


# ---------------------------------------------------------------------------------------------------------- saving


@pytest.mark.parametrize("form", ["list", "dict", "cell"])
@pytest.mark.parametrize("format", ["ckpt", "safetensors"])
def test_saving_declared_parameters_is_refused(form: str, format: str, tmp_path: Path) -> None:
    """A checkpoint of random values is never written in silence."""
    p = declared()
    what: Any = {"list": [p], "dict": {"w": p}, "cell": _holding(p)}[form]
    path = tmp_path / f"net.{format}"
    with pytest.raises(UninitializedParameterError, match="'w'"):
        ms.save_checkpoint(what, str(path), format=format)
    assert not path.exists()
    assert is_declared(p)


def test_saving_deferred_parameters_draws_them(tmp_path: Path) -> None:
    """As MindSpore does for plain cells."""
    p = deferred()
    ms.save_checkpoint([p], str(tmp_path / "net.ckpt"))
    assert (ms.load_checkpoint(str(tmp_path / "net.ckpt"))["w"].asnumpy() == 2).all()


# ---------------------------------------------------------------------------------------------------------- undeclare


def test_undeclared_parameters_are_declared_again() -> None:
    """The values are given up, the initializer is not."""
    p: Any = declared()
    initialize_parameter(p, 1)
    before = p.asnumpy().tolist()
    p.copy_(ones())
    undeclare_parameter(p, UninitializedParameter)
    assert type(p) is UninitializedParameter
    assert life_of(p) == ("declared", None)
    assert p.has_init
    with pytest.raises(UninitializedParameterError):
        _ = p + 1
    initialize_parameter(p, 1)
    assert p.asnumpy().tolist() == before
    eager = Parameter(ones())
    undeclare_parameter(p, UninitializedParameter)
    p.set_data(eager)
    assert (p.asnumpy() == 1).all()


# ---------------------------------------------------------------------------------------------------------- buffers


def _fours(shape: tuple[int, ...], dtype: Any) -> Any:
    return np.full(shape, 4.0)


def test_buffers_are_tensors_without_values() -> None:
    """A computed buffer is no Parameter, waits until it is read, or asked for, and is filled in place."""
    buffer: Any = declare_buffer(ComputedTable(_fours), (2, 2), ms.float16)
    assert isinstance(buffer, Tensor)
    assert not isinstance(buffer, Parameter)
    assert repr(buffer) == "UninitializedBuffer(shape=(2, 2), dtype=float16)"
    assert life_of(buffer) == ("declared", None)
    drawn: Any = declare_buffer(Normal(), (2, 2), ms.float16)
    for read in (lambda: drawn + 1, lambda: drawn.asnumpy(), lambda: ones((2, 2)) * drawn, lambda: drawn[0]):
        with pytest.raises(UninitializedParameterError, match=r"a buffer \(shape \(2, 2\), float16\)"):
            read()
    for copied in (copy.deepcopy(buffer), pickle.loads(pickle.dumps(buffer)), buffer.to(ms.float32)):
        assert isinstance(copied, UninitializedBuffer)
    initialize_parameter(buffer, 1, "rope")
    assert type(buffer) is Tensor
    assert (buffer.asnumpy() == 4).all()
    assert buffer.dtype == ms.float16
    assert (buffer + 1).asnumpy().tolist() == [[5, 5], [5, 5]]


# ---------------------------------------------------------------------------------------------------------- memory

_MEMORY = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import mindspore as ms
from mindspore.common.initializer import Normal
from lazycell.parameters._declared import declare
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
declare(Normal(), (2, 2), ms.float32, name="warm")
before = resident()
kept = [declare(Normal(), (4096, 4096), ms.float32, name=f"w{i}") for i in range(20)]
repr(kept), [p.nbytes for p in kept]
print((resident() - before) // 1024)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's /proc")
def test_declared_parameters_take_no_memory() -> None:
    """Twenty of 64 MiB add less than 10 MiB."""
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", _MEMORY, root], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 10 * 1024


def test_strict_context_makes_strict_parameters() -> None:
    """`building()` is what makes the parameters of a LazyCell's plain children strict."""
    with building():
        p = Parameter(initializer("ones", SHAPE, ms.float32), name="w")
    assert type(p) is UninitializedParameter
