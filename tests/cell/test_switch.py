"""`load_adapter` and `set_adapter`: what a fresh load with the adapter gives, to the bit, and nothing else touched."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

import lazycell
from lazycell import CheckpointError, LazyCell, Mesh, Param, child, divide, fused, when
from lazycell.distributed._digests import digests_of
from lazycell.loading import LoadOptions, make_plan, with_adapters
from lazycell.parameters import numpy_values
from models import LoRA

from ..saving.saved import save_arrays
from ..sources.checkpoints import GOLDEN as QUANTIZED


class Lin(LazyCell):
    in_features: int
    out_features: int
    weight: Param["normal", (out_features, in_features)]

    def construct(self, x: Tensor) -> Tensor:
        return ops.dense(x, self.weight)


class Net(LazyCell):
    has_score: bool = False
    q: Lin = child(Lin, 8, 6)
    o: Lin = child(Lin, 6, 8)
    score: Lin = when(has_score, child(Lin, 8, 2))

    def construct(self, x: Tensor) -> Tensor:
        return self.o(self.q(x))


RNG = np.random.default_rng(0)
BASE = {"q.weight": RNG.standard_normal((6, 8), np.float32), "o.weight": RNG.standard_normal((8, 6), np.float32)}


def pair(module: str, n_in: int, n_out: int, rank: int = 2) -> dict[str, Any]:
    return {
        f"{module}.lora_A": RNG.standard_normal((rank, n_in), np.float32),
        f"{module}.lora_B": RNG.standard_normal((n_out, rank), np.float32),
    }


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Save a base, and adapters `a` of one module, and `b` of both."""
    save_arrays(tmp_path / "base.safetensors", BASE)
    lazycell.save_adapter(tmp_path / "a", pair("q", 8, 6), alpha=4)
    lazycell.save_adapter(tmp_path / "b", {**pair("q", 8, 6), **pair("o", 6, 8)})
    return tmp_path


def loaded(files: Path, adapter: Any = None, **options: Any) -> Net:
    net = Net(**{name: options.pop(name) for name in ("dtype", "has_score") if name in options})
    net.load_checkpoint(files / "base.safetensors", adapter=adapter, **options)
    return net


def values(net: nn.Cell) -> dict[str, bytes]:
    return {name: numpy_values(each).tobytes() for name, each in net.parameters_and_names()}


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_as_a_fresh_load(files: Path, dtype: str) -> None:
    """One, another, both with weights, and none again; each of them bit for bit."""
    net, none = loaded(files, dtype=dtype), values(loaded(files, dtype=dtype))
    report = net.load_adapter(files / "a", "a", 0.5)
    assert values(net) == values(loaded(files, (files / "a", 0.5), dtype=dtype)) != none
    assert report.loaded == ("q.weight",)
    assert lazycell.status(net)["q.weight"].origin.detail == "base.safetensors: q.weight (float32 + adapter)"
    assert [(each.name, each.weight, each.tensors) for each in report.adapters] == [("a", 0.5, ("q.weight",))]
    net.load_adapter(files / "b", "b")
    assert values(net) == values(loaded(files, files / "b", dtype=dtype))
    net.set_adapter({"a": 1, "b": 0.25})
    assert values(net) == values(loaded(files, [files / "a", (files / "b", 0.25)], dtype=dtype))
    net.set_adapter("a")
    assert values(net) == values(loaded(files, (files / "a", 0.5), dtype=dtype))
    assert net.set_adapter(None).adapters == ()
    assert values(net) == none
    assert net.set_adapter(None).loaded == ()


def test_nothing_else_is_touched(files: Path) -> None:
    """Neither other parameters, nor names, nor the manifest, nor what a save writes; a compiled graph sees it."""
    net = loaded(files)
    digest, x = net.manifest().digest, Tensor(np.ones((1, 8), np.float32))
    run = ms.jit(net.construct)
    before = run(x).asnumpy()
    net.o.weight.set_data(net.o.weight + 1)
    other = values(net)["o.weight"]
    net.load_adapter(files / "a")
    assert values(net)["o.weight"] == other
    assert net.manifest().digest == digest
    expected = x.asnumpy() @ numpy_values(net.q.weight).T @ numpy_values(net.o.weight).T
    assert np.allclose(run(x).asnumpy(), expected, rtol=1e-5)
    assert not np.allclose(before, expected, rtol=1e-2)
    net.save_checkpoint(files / "saved.safetensors")
    assert lazycell.open_checkpoint(files / "saved.safetensors").tensors.keys() == BASE.keys()


def test_those_of_the_first_load(files: Path) -> None:
    """One is called `default`, several by their directories; `load_report` follows."""
    net = loaded(files, files / "a")
    with_a = values(net)
    net.set_adapter(None)
    assert values(net) == values(loaded(files))
    net.set_adapter("default")
    assert values(net) == with_a
    shutil.copytree(files / "b", files / "more" / "b")
    both = loaded(files, [files / "b", (files / "more" / "b", 0.5)])
    both.set_adapter("b-2")
    assert values(both) == values(loaded(files, (files / "b", 0.5)))


def test_from_another_working_directory(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given by relative paths is found again."""
    monkeypatch.chdir(files)
    net = Net()
    net.load_checkpoint("base.safetensors", adapter="a")
    net.load_adapter("b", "b")
    monkeypatch.chdir(files.parent)
    net.set_adapter(None)
    net.set_adapter("default")
    assert values(net) == values(loaded(files, files / "a"))


def test_copies_and_pickles(files: Path) -> None:
    """Each is switched for itself."""
    net = loaded(files, files / "a")
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        other.set_adapter(None)
        assert values(other) == values(loaded(files))
        assert values(net) == values(loaded(files, files / "a"))


def test_what_is_remembered_is_a_copy(files: Path) -> None:
    """Of options that change later, that can be read once, or that nothing pickles."""
    rules, patterns = {"x.{*rest}": "{*rest}"}, {"score.*": 1}
    save_arrays(files / "x.safetensors", {f"x.{name}": array for name, array in BASE.items()})
    lazycell.save_adapter(files / "x", pair("x.q", 8, 6))
    for missing in (patterns.keys(), iter(patterns)):
        net = Net(has_score=True)
        net.load_checkpoint(files / "x.safetensors", rename=MappingProxyType(rules), missing=missing)
        net = pickle.loads(pickle.dumps(net))
        net.load_adapter(files / "x")
        fresh = Net(has_score=True)
        fresh.load_checkpoint(files / "x.safetensors", rename=rules, missing=["score.*"], adapter=files / "x")
        assert numpy_values(net.q.weight).tobytes() == numpy_values(fresh.q.weight).tobytes()


def test_plain_cells_and_names_of_their_own(files: Path) -> None:
    """A net that declares nothing; `rename` of the first load is that of the others."""
    net = nn.SequentialCell(nn.Dense(8, 6, has_bias=False), nn.Dense(6, 8, has_bias=False))
    rename = {"q.{*rest}": "0.{*rest}", "o.{*rest}": "1.{*rest}"}
    lazycell.load_checkpoint(files / "base.safetensors", net, rename=rename)
    lazycell.load_adapter(net, files / "b", "b")
    assert [*values(net).values()] == [*values(loaded(files, files / "b")).values()]
    lazycell.set_adapter(net, None)
    assert [*values(net).values()] == [*values(loaded(files)).values()]


def test_an_adapter_that_is_one_file(files: Path) -> None:
    """As kohya's scripts write it, with `_` for dots and alphas beside the pairs."""
    down, up = pair("q", 8, 6).values()
    arrays = {"lora_down.weight": down, "lora_up.weight": up, "alpha": np.array(1.0, np.float32)}
    save_arrays(files / "k.safetensors", {f"lora_te_q.{name}": array for name, array in arrays.items()})
    net = loaded(files)
    report = net.load_adapter(files / "k.safetensors", "k")
    assert values(net) == values(loaded(files, files / "k.safetensors"))
    assert np.allclose(numpy_values(net.q.weight), BASE["q.weight"] + 0.5 * up @ down, atol=1e-5)
    assert "from k.safetensors" in str(report)
    net.set_adapter(None)
    assert values(net) == values(loaded(files))


class Matrix(LazyCell):
    l: Lin = child(Lin, 128, 64)  # noqa: E741


def test_on_codes(tmp_path: Path) -> None:
    """The sum is of the floats that codes are with their scales, in float32 and rounded once."""
    lazycell.save_adapter(tmp_path / "a", pair("l", 128, 64))
    nets = Matrix(dtype="bfloat16"), Matrix(dtype="bfloat16"), Matrix()
    for net, adapter in zip(nets, (None, *2 * [tmp_path / "a"]), strict=True):
        net.load_checkpoint(QUANTIZED / "fp8_block", adapter=adapter)
    before = values(nets[0])
    nets[0].load_adapter(tmp_path / "a")
    assert values(nets[0]) == values(nets[1]) != before
    exact = numpy_values(nets[2].l.weight)
    assert np.array_equal(numpy_values(nets[1].l.weight), exact.astype(numpy_values(nets[1].l.weight).dtype))
    nets[0].set_adapter(None)
    assert values(nets[0]) == before


class Joined(LazyCell):
    w: Param["normal", (fused(q=6, o=6), 8)]


def test_what_is_joined(tmp_path: Path) -> None:
    """A parameter of several stored tensors, of which an adapter changes one."""
    arrays = {name: RNG.standard_normal((6, 8), np.float32) for name in ("q.weight", "o.weight")}
    save_arrays(tmp_path / "base.safetensors", arrays)
    lazycell.save_adapter(tmp_path / "a", pair("o", 8, 6))
    nets = Joined(), Joined()
    rename = {"q.weight": "w[q]", "o.weight": "w[o]"}
    for net, adapter in zip(nets, (None, tmp_path / "a"), strict=True):
        net.load_checkpoint(tmp_path / "base.safetensors", rename=rename, adapter=adapter)
    assert values(nets[0]) != values(nets[1])
    nets[0].load_adapter(tmp_path / "a")
    assert values(nets[0]) == values(nets[1])


def _changed(net: Net, files: Path) -> None:
    net.q.weight.set_data(net.q.weight + 1)


def _trained(net: Net, files: Path) -> None:
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    _, gradients = ms.value_and_grad(lambda: net(ops.ones((1, 8))).sum(), None, optimizer.parameters)()
    optimizer(gradients)


def _gone(net: Net, files: Path) -> None:
    (files / "base.safetensors").unlink()


def _written(net: Net, files: Path) -> None:
    net.save_checkpoint(files / "base.safetensors")


def _no_adapter(net: Net, files: Path) -> None:
    shutil.rmtree(files / "a")


def _from_a_dict(net: Net, files: Path) -> None:
    net.load_checkpoint(BASE)


REFUSED: dict[str, tuple[Callable[[Net, Path], None], str]] = {
    "changed": (_changed, r"`q\.weight`: it is not as it was loaded.*discard=True"),
    "trained": (_trained, r"`q\.weight`: it is not as it was loaded"),
    "gone": (_gone, "there is no checkpoint at"),
    "written": (_written, "the file has changed since the net was loaded from it"),
    "no adapter": (_no_adapter, "nothing can tell whether the weights were changed.*there is no adapter"),
    "a dict": (_from_a_dict, "loaded from a dict in memory. Load it from a file first"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(files: Path, case: str) -> None:
    """What was changed since would be lost, or is of other weights; the net stays as it is."""
    net = loaded(files, files / "a")
    change, message = REFUSED[case]
    change(net, files)
    before = values(net)
    with pytest.raises((CheckpointError, FileNotFoundError), match=message):
        net.set_adapter(None)
    assert values(net) == before
    if case in ("changed", "trained", "no adapter"):
        assert net.set_adapter(None, discard=True).loaded == ("q.weight",)
        assert values(net)["q.weight"] == values(loaded(files))["q.weight"]


def test_wrong_arguments(files: Path) -> None:
    """They are named, and nothing is changed, nor known from then on."""
    net = loaded(files, files / "a")
    before = values(net)
    with pytest.raises(ValueError, match=r"there is no adapter 'defualt'; did you mean `default`"):
        net.set_adapter("defualt")
    with pytest.raises(ValueError, match="there is no adapter 'other': there are default"):
        net.set_adapter("other")
    with pytest.raises(TypeError, match="give the name of an adapter"):
        net.set_adapter(["default"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has to be a number"):
        net.set_adapter({"default": "much"})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="discard has to be True or False"):
        net.set_adapter(None, discard="yes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the name of an adapter is a text"):
        net.load_adapter(files / "b", "")
    with pytest.raises(FileNotFoundError):
        net.load_adapter(files / "nowhere", "c")
    lazycell.save_adapter(files / "other", pair("q", 5, 5))
    with pytest.raises(CheckpointError, match="not the model that the adapter was trained on"):
        net.load_adapter(files / "other", "c")
    with pytest.raises(ValueError, match="no adapter 'c'"):
        net.set_adapter("c")
    with pytest.raises(ValueError, match="missing=3: choose"):  # before it is remembered
        Net().load_checkpoint(files / "base.safetensors", missing=3)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="no checkpoint was loaded into it by lazycell"):
        Net().load_adapter(files / "a")
    assert values(net) == before


def test_cells_that_were_swapped_in(files: Path) -> None:
    """Their weights go by other names: an adapter is not merged beside one that is trained."""
    net = loaded(files)
    lazycell.swap(net, "q", LoRA, rank=2)
    with pytest.raises(CheckpointError, match="`q` has an adapter of its own"):
        net.load_adapter(files / "a")


def test_an_interrupt_changes_nothing(files: Path) -> None:
    """Neither values nor what is merged."""
    net = loaded(files)
    before = values(net)

    def strike(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net.load_adapter(files / "b", progress=strike)
    assert values(net) == before
    told: list[tuple[int, int]] = []
    net.load_adapter(files / "b", progress=lambda done, total: told.append((done, total)))
    both = 2 * 2 * 4 * 6 * 8  # two matrices: compared, then read
    assert {total for _, total in told} == {both}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (both, both)
    net.load_adapter(files / "a")
    assert values(net) == values(loaded(files, files / "a"))


def test_what_only_the_adapter_has(files: Path) -> None:
    """It cannot be taken away: nothing would take its place."""
    lazycell.save_adapter(files / "c", {**pair("q", 8, 6), "score.weight": np.ones((2, 8), np.float32)})
    net = loaded(files, files / "c", has_score=True, missing=["score.*"])
    before = values(net)
    for adapter in (None, "b"):
        with pytest.raises(CheckpointError, match=r"has nothing for `score\.weight`, which the adapter brought"):
            net.set_adapter(None) if adapter is None else net.load_adapter(files / adapter, adapter)
    assert values(net) == before


def test_a_part_that_is_loaded_later(files: Path) -> None:
    """A file that has some of the parameters does not take the place of the one that has all."""
    net = loaded(files, missing=["score*"], has_score=True)
    save_arrays(files / "score.safetensors", {"score.weight": np.ones((2, 8), np.float32)})
    net.load_checkpoint(files / "score.safetensors", missing="init")
    net.load_adapter(files / "a")
    assert values(net)["q.weight"] == values(loaded(files, files / "a"))["q.weight"]


class Divided(Net):
    """The same in parts: rows of `q`, columns of `o`."""

    inner: int = 6
    divide(tp=inner)
    q: Lin = child(Lin, 8, inner)
    o: Lin = child(Lin, inner, 8)


@pytest.mark.parametrize("rank", [0, 1])
def test_each_rank_switches_its_part(files: Path, rank: int) -> None:
    """Bit for bit what it has of the whole; and it reads no more than that."""
    with Mesh(tp=2, rank=rank):
        net = Divided()
    net.load_checkpoint(files / "base.safetensors", adapter=files / "b")
    cut = (slice(3 * rank, 3 * rank + 3), slice(None))

    def check(whole: Net) -> None:
        assert np.array_equal(numpy_values(net.q.weight), numpy_values(whole.q.weight)[cut])
        assert np.array_equal(numpy_values(net.o.weight), numpy_values(whole.o.weight)[cut[::-1]])

    check(loaded(files, files / "b"))
    assert net.set_adapter(None).nbytes == 4 * 2 * 3 * 8
    check(loaded(files))
    net.load_adapter(files / "a", "a", 0.5)
    check(loaded(files, (files / "a", 0.5)))
    net.q.weight.set_data(net.q.weight + 1)
    with pytest.raises(CheckpointError, match=r"`q\.weight`: it is not as it was loaded"):
        net.set_adapter(None)


def test_ranks_compare_adapters(files: Path) -> None:
    """Their weights, their files and their configs: any of them changes what is loaded."""
    mesh, manifest = Mesh(tp=2, rank=0), Net.manifest()

    def digests(adapter: Any) -> Any:
        options = LoadOptions(adapter=adapter)
        header, adapters = with_adapters(lazycell.open_checkpoint(files / "base.safetensors"), options)
        plan = attrs.evolve(make_plan(manifest, header, options), adapters=adapters)
        return digests_of(mesh, manifest.digest, plan, header)

    first = digests(files / "a")
    assert digests(files / "a") == first
    assert digests((files / "a", 0.5))["plan"] != first["plan"]
    shutil.copytree(files / "a", files / "c")
    assert digests(files / "c") == first
    os.utime(files / "c" / "adapter_config.json", (0, 0))
    assert digests(files / "c")["files"] != first["files"]
    shutil.copytree(files / "a", files / "d")
    os.utime(files / "d" / "adapter_model.safetensors", (0, 0))
    assert digests(files / "d")["files"] != first["files"]


def test_plans_tell_of_adapters(files: Path) -> None:
    """In words within 80 columns but for paths, and as data."""
    plan = lazycell.plan(loaded(files), files / "base.safetensors", adapter=(files / "b", 0.5))
    assert {*plan.adapters[0].tensors} == {"q.weight", "o.weight"}
    assert "adapter default: 2 tensors changed, times 0.5, from " in str(plan)
