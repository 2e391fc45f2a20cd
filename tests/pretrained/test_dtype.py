"""In which dtype `from_pretrained` builds a model: the config's where the device computes with it."""

from __future__ import annotations

import json
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import ml_dtypes
import numpy as np
import pytest
from mindspore import ops
from safetensors.numpy import save_file

import lazycell
import tests
from lazycell import ConfigError, DtypeWarning, LazyCell, Param, register
from lazycell.parameters import _device

from .. import forked


@register("test_dtype")
class Net(LazyCell):
    size: int = 1000

    weight: Param["normal", (size,)]
    counts: Param["zeros", (2,), "int32"]

    def construct(self, x):
        return ops.mul(x, self.weight)


VALUES = np.linspace(-1, 1, 1000).astype(ml_dtypes.bfloat16)
LOADERS = [Net.from_pretrained, lazycell.from_pretrained]
EACH_LOADER = pytest.mark.parametrize("load", LOADERS, ids=["class", "found"])


def directory(path: Path, **config: Any) -> Path:
    """Write a model in bfloat16."""
    save_file({"weight": VALUES, "counts": np.zeros(2, np.int32)}, path / "model.safetensors")
    (path / "config.json").write_text(json.dumps({"model_type": "test_dtype", "architectures": ["Net"], **config}))
    return path


@EACH_LOADER
@pytest.mark.parametrize("key", ["dtype", "torch_dtype"])
@pytest.mark.parametrize("value", ["bfloat16", "torch.bfloat16", "BFloat16"])
def test_what_the_device_does_not_compute_with_becomes_float32(
    load: Callable[..., Any], key: str, value: str, tmp_path: Path
):
    """One line says so, what memory it takes, and how to have it otherwise, where the load was asked for."""
    path = directory(tmp_path, **{key: value})
    with pytest.warns(DtypeWarning) as caught:
        net = load(path)
    (warning,) = caught
    assert warning.filename == __file__
    assert str(warning.message) == (
        f"{path / 'config.json'} asks for bfloat16, which MindSpore's CPU does not compute with: Net is built in float32, "
        '4.01 kB where bfloat16 takes 2.01 kB; dtype="bfloat16" keeps that, to save or convert the model, '
        'dtype="checkpoint" what the file has, and dtype="float32" says that this is meant'
    )
    assert (net.weight.dtype, net.counts.dtype) == (ms.float32, ms.int32)
    np.testing.assert_array_equal(net.weight.asnumpy(), VALUES.astype(np.float32))


@EACH_LOADER
@pytest.mark.parametrize(
    ("given", "found"),
    [("bfloat16", ms.bfloat16), (ms.bfloat16, ms.bfloat16), ("float32", ms.float32), ("float16", ms.float16)],
)
def test_what_is_given_is_obeyed(load: Callable[..., Any], given: Any, found: Any, tmp_path: Path, silent: None):
    """Without a word, and without asking."""
    net = load(directory(tmp_path, dtype="bfloat16"), dtype=given)
    assert net.weight.dtype == found


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Fail where anything is asked of the device, or warned of."""
    monkeypatch.setattr(_device, "_ASKED", {})
    monkeypatch.setattr(_device, "_tried", lambda dtype: pytest.fail(f"{dtype} was tried"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@EACH_LOADER
@pytest.mark.parametrize("config", [{"dtype": "bfloat16"}, {"dtype": "float16"}, {}])
def test_what_the_file_has_is_kept(load: Callable[..., Any], config: dict[str, str], tmp_path: Path, silent: None):
    """`"checkpoint"`, whatever the config says, parameter by parameter."""
    net = load(directory(tmp_path, **config), dtype="checkpoint")
    assert (net.weight.dtype, net.counts.dtype) == (ms.bfloat16, ms.int32)


@EACH_LOADER
@pytest.mark.parametrize("config", [{"dtype": "float32"}, {}, {"dtype": None}])
def test_float32_is_never_asked_of(load: Callable[..., Any], config: dict[str, Any], tmp_path: Path, silent: None):
    """Nor is the device where the config says nothing."""
    assert load(directory(tmp_path, **config)).weight.dtype == ms.float32


@EACH_LOADER
@pytest.mark.parametrize(("said", "found"), [("float16", ms.float16), ("float64", ms.float64)])
def test_what_the_device_computes_with_is_kept(load: Callable[..., Any], said: str, found: Any, tmp_path: Path):
    """Without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(directory(tmp_path, dtype=said)).weight.dtype == found


def test_a_dtype_that_nobody_knows_is_refused_as_before(tmp_path: Path):
    """By the class, which names it."""
    with pytest.raises((TypeError, lazycell.LazyCellError), match="float7"):
        Net.from_pretrained(directory(tmp_path, dtype="float7"))


def test_a_load_that_fails_says_so_after_the_warning(tmp_path: Path):
    """The memory is told of before it is taken."""
    path = directory(tmp_path, dtype="bfloat16")
    save_file({"weight": VALUES[:3]}, path / "model.safetensors")
    with pytest.warns(DtypeWarning), pytest.raises(lazycell.CheckpointMismatchError, match="1 shape differs"):
        Net.from_pretrained(path)


def test_what_reads_headers_alone_asks_nothing(tmp_path: Path):
    """`lazycell check`, `show`, `infer` and `plan` run no operator, and tell of the model in the config's dtype."""
    path = str(directory(tmp_path, dtype="bfloat16"))
    code = f"""
import sys
import mindspore
from lazycell.parameters import _device
_device._tried = lambda dtype: sys.exit("tried")
import tests.pretrained.test_dtype as here
import lazycell
print(lazycell.plan(here.Net.manifest(dtype="bfloat16"), {path!r}))
print(here.Net.infer({path!r}))
from lazycell.cli import main
for command in (["check", {path!r}, {path!r}], ["show", {path!r}], ["manifest", {path!r}]):
    sys.argv = ["lazycell", *command]
    assert main() in (None, 0), command
"""
    done = subprocess.run(
        [*forked.python(), "-c", code], capture_output=True, text=True, check=False, cwd=Path(tests.__file__).parents[1]
    )
    assert done.returncode == 0, done.stderr
    assert "bfloat16" in done.stdout


class Own(LazyCell):
    """Has a hyperparameter of that name, as ported classes do."""

    dtype: str = "float32"
    size: int = 1000

    weight: Param["normal", (size,), dtype]
    counts: Param["zeros", (2,), "int32"]


def test_a_hyperparameter_of_that_name_is_no_exception(tmp_path: Path):
    """It is the config's dtype too."""
    path = directory(tmp_path, dtype="bfloat16")
    with pytest.warns(DtypeWarning, match="Own is built in float32, 4.01 kB where bfloat16 takes 2.01 kB"):
        assert Own.from_pretrained(path).weight.dtype == ms.float32
    assert Own.from_pretrained(path, dtype="bfloat16").weight.dtype == ms.bfloat16


@EACH_LOADER
def test_names_that_only_torch_has(load: Callable[..., Any], tmp_path: Path):
    """Its short ones mean the same; what is no dtype is refused with what to pass, and that goes first."""
    for name, dtype in (("half", ms.float16), ("float", ms.float32), ("double", ms.float64)):
        assert load(directory(tmp_path, torch_dtype=name)).weight.dtype == dtype
    with pytest.raises(ConfigError, match=r"asks for dtype 'auto', which is none: pass dtype=\"float32\""):
        load(directory(tmp_path, torch_dtype="auto"))
    assert load(tmp_path, dtype="float32").weight.dtype == ms.float32
    assert load(tmp_path, dtype="checkpoint").weight.dtype == ms.bfloat16
