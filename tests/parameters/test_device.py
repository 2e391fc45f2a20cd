"""Tests of `lazycell.parameters._device`: on MindSpore as it is, in processes of their own where that matters."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

import lazycell
import tests
from lazycell import DtypeWarning, LazyCell, Param, child
from lazycell.parameters import _device
from lazycell.parameters._device import computes


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what was asked before."""
    monkeypatch.setattr(_device, "_ASKED", {})


def run(code: str) -> str:
    """Run code in a process in which nothing has run, with MindSpore's own settings; gives what it prints."""
    start = "import mindspore as ms\nfrom mindspore import Tensor, ops\nfrom lazycell.parameters import computes\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(tests.__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ms.float16, np.float64])
def test_what_the_cpu_computes_with(dtype: object):
    """It looks up and multiplies in these."""
    assert computes(dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", ms.bfloat16, "float8_e4m3fn", "float8_e5m2"])
def test_what_it_does_not(dtype: object):
    """The day it does, models of the hub load in their own dtype, and the zoo can be tested in it."""
    assert not computes(dtype)
    with pytest.raises((TypeError, RuntimeError)):
        ops.gather(Tensor([[1.0]], ms.float32).astype(ms.bfloat16), Tensor([0]), 0).asnumpy()


def test_it_is_asked_once(monkeypatch: pytest.MonkeyPatch):
    """Of each dtype, by however many threads; of float32, never."""
    asked: list[str] = []
    tried = _device._tried
    monkeypatch.setattr(_device, "_tried", lambda name: asked.append(name) or tried(name))
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(computes("bfloat16"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, asked) == ([False] * 4, ["bfloat16"])
    assert computes("float32")
    assert computes("float16")
    assert computes("float16")
    assert asked == ["bfloat16", "float16"]


@pytest.mark.parametrize("mode", ["PYNATIVE_MODE", "GRAPH_MODE"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "bool"])
def test_nothing_is_left_behind(mode: str, dtype: str):
    """The settings are as they were, and no later operator raises what was tried: MindSpore raises late, and again."""
    # A bool can be looked up and not multiplied: that fails in MindSpore's own threads.
    out = run(f"""
ms.set_context(mode=ms.{mode})
def settings():
    return [ms.get_context(each) for each in ("mode", "pynative_synchronize", "device_target", "device_id")]
before, seed = settings(), ms.get_seed()
print(computes("{dtype}"))
assert (settings(), ms.get_seed()) == (before, seed)
one = Tensor([1.0])
for _ in range(50):
    assert (one + one).asnumpy() == 2
""")
    assert out == str(dtype == "float16")


def test_an_error_of_the_users_is_no_answer():
    """What an operator before raises late is raised, and not taken for what the device can do."""
    out = run("""
table = Tensor([[1.0, 2.0]], ms.float32).astype(ms.bfloat16)
lost = ops.MatMul(transpose_b=True)(table, table)
answers = []
for _ in range(100):
    try:
        answers.append(computes("float16"))
    except TypeError as error:
        assert "MatMul" in str(error)
    else:
        break
print(answers)
""")
    assert out == "[True]"


def test_other_devices_are_not_taken(monkeypatch: pytest.MonkeyPatch):
    """There the first operator would choose the device, before `init` or `set_device` has."""
    monkeypatch.setattr(_device, "device", lambda: "Ascend")
    monkeypatch.setattr(_device, "_tried", lambda dtype: pytest.fail("it was tried"))
    assert computes("bfloat16")


# ------------------------------------------------------------------------------------------------------- a first call


class Scale(LazyCell):
    """Computes in float32, whatever its parameter is."""

    size: int = 3
    weight: Param["ones", (size,)]

    def construct(self, x):
        return x * self.weight.astype(ms.float32)


class Two(LazyCell):
    first: Scale = child(Scale)
    second: Scale = child(Scale)

    def construct(self, x):
        return self.second(self.first(x))


class Plain(nn.Cell):
    def __init__(self):
        super().__init__()
        self.body = Two(dtype="bfloat16")

    def construct(self, x):
        return self.body(x)


X = Tensor([1.0, 2.0, 3.0])
# MindSpore captures no bytecode of Python 3.12.
CAPTURE_MODES = ["ast", "bytecode"] if sys.version_info < (3, 12) else ["ast"]


@pytest.mark.parametrize(("make", "name"), [(lambda: Two(dtype="bfloat16"), "Two"), (Plain, "Two")])
def test_a_net_that_runs_in_such_a_dtype_says_so_once(make, name: str):
    """One warning for the net and all in it, at the first call, where that was made; and it runs, as it always did."""
    net = make()
    lazycell.init_parameters_data(net)
    with pytest.warns(DtypeWarning) as caught:
        assert (net(X) == X).all()
    (warning,) = caught
    assert str(warning.message).startswith(f"{name} has parameters in bfloat16, with which MindSpore's CPU")
    assert 'dtype="float32"' in str(warning.message)
    if make is not Plain:
        assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(X)
        net.set_train()
        net(X)


@pytest.mark.parametrize("asked", [False, True])
def test_gradients_are_those_of_the_net(asked: bool):
    """At a first call under `value_and_grad` nothing is tried: what is known is told, and the gradient is right."""
    net = Two(dtype="bfloat16")
    weights = list(net.trainable_params())
    if asked:
        computes("bfloat16")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value, grads = ms.value_and_grad(lambda x: net(x).sum(), None, weights)(X)
    assert [each.category for each in caught] == [DtypeWarning] * asked
    assert value == 6
    assert all((each.astype(ms.float32) == X).all() for each in grads)


@pytest.mark.parametrize("mode", CAPTURE_MODES)
def test_compiled_functions_are_let_alone(mode: str):
    """Whatever MindSpore makes of a first call within `ms.jit`, the answer is right."""
    net = Two(dtype="bfloat16")

    def function(x: Tensor) -> Tensor:
        return net(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (ms.jit(function, capture_mode=mode)(X) == X).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_runs_everywhere_is_not_asked_of(dtype: str, monkeypatch: pytest.MonkeyPatch):
    """A first call in these costs nothing more."""
    monkeypatch.setattr(_device, "computes", lambda name: pytest.fail(f"{name} was asked of"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Two(dtype=dtype)(X)


def test_a_graph_says_so_too():
    """In GRAPH_MODE, before it is compiled."""
    ms.set_context(mode=ms.GRAPH_MODE)
    net = Two(dtype="bfloat16")
    with pytest.warns(DtypeWarning, match="Two has parameters in bfloat16"):
        assert (net(X) == X).all()
