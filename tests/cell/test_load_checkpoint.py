"""Loading a checkpoint into a net: all of it or nothing, whatever goes wrong and whenever."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

import lazycell
from lazycell import LazyCell, Param, child, children, tie
from tests.parameters.filling import everything_about
from tests.versions import convert

N_LAYERS = 20


class Layer(LazyCell):
    width: int
    weight: Param["normal", (width, width)]
    bias: Param["normal", (width,)]


class Net(LazyCell):
    n_layers: int = N_LAYERS
    width: int = 4

    layers: list[Layer] = children(n_layers, Layer, width)
    head: nn.Dense = child(nn.Dense, width, width, has_bias=False)
    out: Param["normal", (width, width)]
    tied = tie("out", "head.weight")

    def construct(self, x):
        for layer in self.layers:
            x = ops.dense(x, layer.weight, layer.bias)
        return ops.matmul(self.head(x), self.out)


def tensors(seed: int, n_layers: int = N_LAYERS, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {"head.weight": (4, 4)}
    for number in range(n_layers):
        shapes |= {f"layers.{number}.weight": (4, 4), f"layers.{number}.bias": (4,)}
    return {name: rng.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def save(values: dict[str, np.ndarray], path: Path) -> Path:
    from safetensors.numpy import save_file

    save_file(values, str(path))
    return path


def state_of(net: nn.Cell) -> Any:
    layout = net.__dict__.get("_lazycell_layout", "none")
    names = [name for name, _ in net.parameters_and_names()]
    return names, lazycell.uninitialized(net), layout, everything_about(parameter for _, parameter in named(net))


def named(net: nn.Cell) -> list[tuple[str, Any]]:
    return list(net.parameters_and_names())


def assert_holds(net: nn.Cell, expected: dict[str, np.ndarray]) -> None:
    for name, parameter in named(net):
        np.testing.assert_array_equal(parameter.asnumpy(), expected[name], err_msg=name)


def nets(tmp_path: Path) -> dict[str, Net]:
    """Give nets in the states that a load may find one in: new, run, loaded, loaded in part, of another dtype."""
    run, loaded, part, half = Net(), Net(), Net(), Net()
    run(Tensor(np.ones((1, 4), np.float32)))
    loaded.load_checkpoint(save(tensors(1), tmp_path / "loaded.safetensors"))
    path = save(tensors(2, n_layers=5), tmp_path / "part.safetensors")
    part.load_checkpoint(path, missing="init", progress=None)
    convert(half, ms.float16)
    return {"new": Net(), "run": run, "loaded": loaded, "part": part, "half": half}


class Interrupt(BaseException):
    """Raised by the handler of a signal, or by a callback."""


@pytest.mark.parametrize("mmap", [True, False])
def test_a_load_that_a_callback_ends_changes_nothing(mmap: bool, tmp_path: Path) -> None:
    """The callback of progress raises at its first call, its second, and so on, until the load ends by itself."""
    path = save(tensors(7, dtype=np.float64), tmp_path / "net.safetensors")
    for kind, net in nets(tmp_path).items():
        before, calls = state_of(net), 0
        for last in range(1000):
            calls = 0

            def stop(done: int, total: int, last: int = last) -> None:
                nonlocal calls
                calls += 1
                if calls > last:
                    raise Interrupt

            try:
                net.load_checkpoint(path, mmap=mmap, progress=stop)
                break
            except Interrupt:
                assert state_of(net) == before, kind
        assert lazycell.uninitialized(net) == []
        assert calls == last


# The handler may run in a callback of Python's own, which tells of its exception and goes on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("dtype", ["cast", "checkpoint"])
def test_a_load_that_a_signal_ends_changes_nothing(dtype: str, tmp_path: Path) -> None:
    """A timer strikes at moments spread over the whole load, in nets of every state; at the end it loads all."""

    def strike(*_: object) -> None:
        raise Interrupt

    path = save(tensors(7, dtype=np.float16), tmp_path / "net.safetensors")
    interrupted = dict.fromkeys(nets(tmp_path), 0)
    former = signal.signal(signal.SIGALRM, strike)
    try:
        for moment in range(30):
            for kind, net in nets(tmp_path).items():
                before, returned = state_of(net), False
                try:
                    try:
                        signal.setitimer(signal.ITIMER_REAL, 1e-5 + moment * 2e-4)
                        net.load_checkpoint(path, dtype=dtype)
                        returned = True
                    finally:
                        signal.setitimer(signal.ITIMER_REAL, 0)
                except Interrupt:
                    interrupted[kind] += 1
                after = state_of(net)
                if returned or (after != before and sys.version_info < (3, 11)):  # 3.10: it may precede a return
                    assert lazycell.uninitialized(net) == []
                    assert_holds(net, tensors(7, dtype=np.float16))
                else:
                    assert after == before, kind
    finally:
        signal.signal(signal.SIGALRM, former)
    assert min(interrupted.values()) > 5
    assert gc.isenabled()


def test_a_load_into_a_net_in_any_state_fills_the_same_parameters(tmp_path: Path) -> None:
    """New, run, loaded before, loaded in part, of another dtype: the same objects have the new values, ties too."""
    path = save(tensors(7), tmp_path / "net.safetensors")
    for kind, net in nets(tmp_path).items():
        objects = [id(parameter) for _, parameter in named(net)]
        dtype = np.float16 if kind == "half" else np.float32
        net.load_checkpoint(path)
        assert [id(parameter) for _, parameter in named(net)] == objects
        assert_holds(net, {name: values.astype(dtype) for name, values in tensors(7).items()})
        assert net.out is net.head.weight
        assert {entry.origin.detail for entry in lazycell.status(net).values()} == {
            f"net.safetensors: {name}" for name in tensors(7)
        }


def test_what_ran_before_a_second_load_sees_it(tmp_path: Path) -> None:
    """A function that `ms.jit` compiled, an optimizer, and calls in PyNative, on a net that a checkpoint had filled."""
    net = nets(tmp_path)["loaded"]
    x = Tensor(np.ones((1, 4), np.float32))
    compiled, optimizer = ms.jit(net), nn.SGD(net.trainable_params(), learning_rate=0.5)
    before = compiled(x).asnumpy().copy()
    fresh = Net()
    path = save({name: values * 0.4 for name, values in tensors(7).items()}, tmp_path / "net.safetensors")
    fresh.load_checkpoint(path)
    net.load_checkpoint(path)
    expected = fresh(x).asnumpy()
    assert not np.allclose(expected, before)
    np.testing.assert_allclose(compiled(x).asnumpy(), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(net(x).asnumpy(), expected, rtol=1e-4, atol=1e-6)
    optimizer(tuple(ops.ones_like(parameter) for parameter in net.trainable_params()))
    np.testing.assert_allclose(net.layers[0].bias.asnumpy(), fresh.layers[0].bias.asnumpy() - 0.5, rtol=1e-6)


def test_a_parameter_that_a_second_checkpoint_has_is_no_longer_left_out(tmp_path: Path) -> None:
    """A warning at the first run names what no checkpoint had, and only if something is left."""
    path = save(tensors(2, n_layers=5), tmp_path / "part.safetensors")
    net = Net(n_layers=6)
    net.load_checkpoint(path, missing="init")
    net.load_checkpoint(save(tensors(3, n_layers=6), tmp_path / "all.safetensors"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(Tensor(np.ones((1, 4), np.float32)))


def test_the_layout_of_the_checkpoint_is_remembered(tmp_path: Path) -> None:
    """In copies and in pickles too, and until another is loaded; a load that fails leaves it."""
    net = Net(n_layers=1)
    assert "_lazycell_layout" not in net.__dict__
    net.load_checkpoint(save(tensors(1, n_layers=1), tmp_path / "net.safetensors"))
    assert net._lazycell_layout == ()
    object.__setattr__(net, "_lazycell_layout", ("something",))
    with pytest.raises(lazycell.CheckpointMismatchError):
        net.load_checkpoint(save(tensors(1, n_layers=2), tmp_path / "two.safetensors"))
    assert net._lazycell_layout == ("something",)
    assert copy.deepcopy(net)._lazycell_layout == ("something",)
    layer = Layer(4)
    layer.load_checkpoint({"weight": np.ones((4, 4), np.float32), "bias": np.ones(4, np.float32)})
    assert pickle.loads(pickle.dumps(layer))._lazycell_layout == ()


def test_a_dict_is_loaded_and_not_kept(tmp_path: Path) -> None:
    """Arrays, tensors and parameters; two nets from one dict are two, and a net's own values may change places."""
    values = tensors(3)
    one, two = Net(), Net()
    mixed: dict[str, Any] = {name: Tensor(array) if "bias" in name else array for name, array in values.items()}
    one.load_checkpoint(mixed)
    two.load_checkpoint(one.parameters_dict())
    ops.assign_add(one.head.weight, ops.ones_like(one.head.weight))
    values["layers.1.weight"][:] = 0
    assert_holds(two, tensors(3))
    swapped = {**two.parameters_dict()}
    swapped["layers.0.bias"], swapped["layers.1.bias"] = swapped["layers.1.bias"], swapped["layers.0.bias"]
    two.load_checkpoint(swapped)
    np.testing.assert_array_equal(two.layers[0].bias.asnumpy(), tensors(3)["layers.1.bias"])
    np.testing.assert_array_equal(two.layers[1].bias.asnumpy(), tensors(3)["layers.0.bias"])
    with pytest.raises(lazycell.CheckpointError, match="<dict>"):
        two.load_checkpoint({"head.weight": np.ones((4, 4), np.float32)})


@pytest.mark.parametrize("mode", ["AES-GCM", "AES-CBC", "SM4-CBC"])
def test_an_encrypted_checkpoint_is_loaded_with_its_key(mode: str, tmp_path: Path) -> None:
    """As MindSpore wrote it; without the key, or with another, nothing changes."""
    source, net, key = Layer(4), Layer(4), b"0123456789abcdef"
    source.init_parameters_data(1)
    path = tmp_path / "secret.ckpt"
    ms.save_checkpoint(source, str(path), enc_key=key, enc_mode=mode)
    with pytest.raises(lazycell.CheckpointError, match=f"encrypted with {mode}"):
        net.load_checkpoint(path)
    with pytest.raises(lazycell.CheckpointError, match="dec_key"):
        net.load_checkpoint(path, dec_key=b"another key 16 b", dec_mode=mode)
    with pytest.raises(ValueError, match="dec_mode='none'"):
        net.load_checkpoint(path, dec_key=key, dec_mode="none")
    assert lazycell.uninitialized(net) == ["weight", "bias"]
    net.load_checkpoint(path, dec_key=key, dec_mode=mode)
    np.testing.assert_array_equal(net.weight.asnumpy(), source.weight.asnumpy())


def test_checksums_are_verified_before_anything_changes(tmp_path: Path) -> None:
    """A flipped bit is found with verify=True, and a checkpoint that has no checksums is refused."""
    source, net = Layer(4), Layer(4)
    source.init_parameters_data(1)
    path = tmp_path / "layer.safetensors"
    source.save_checkpoint(path)
    seen: list[tuple[int, int]] = []
    net.load_checkpoint(path, verify=True, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    assert len({total for _, total in seen}) == 1
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    before = state_of(net)
    with pytest.raises(lazycell.ChecksumError, match="layer.safetensors"):
        net.load_checkpoint(path, verify=True)
    save({"weight": np.ones((4, 4), np.float32), "bias": np.ones(4, np.float32)}, tmp_path / "none.safetensors")
    with pytest.raises(lazycell.CheckpointFormatError, match="none.safetensors"):
        net.load_checkpoint(tmp_path / "none.safetensors", verify=True)
    assert state_of(net) == before
    net.load_checkpoint(path)


def test_a_load_is_silent_when_nobody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No bar without a terminal, however long it takes."""
    monkeypatch.setattr("lazycell.show._progress.PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    Net().load_checkpoint(save(tensors(1), tmp_path / "net.safetensors"))
    assert capfd.readouterr().out == ""
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
