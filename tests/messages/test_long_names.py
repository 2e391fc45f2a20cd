"""Names of 20,000 letters, and thousands of names: every kind of message keeps within a few screens, whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lazycell
from lazycell import LazyCell, Param, children
from lazycell.manifest._manifest import Manifest

from ..formats.files import record, safetensors_bytes

LONG = "n" * 20_000
MANY = [f"{'m' * 300}{number}" for number in range(3_000)]


class Net(LazyCell):
    """A net of a few parameters."""

    width: int
    w: Param["zeros", (width,)]


class Deep(LazyCell):
    """A net with many."""

    n: int
    layers: list[Net] = children(n, Net, 2)


def _array(*shape: int, dtype: str = "float32") -> Any:
    return np.zeros(shape, dtype)


def _load(arrays: dict[str, Any], **options: Any) -> Callable[[Path], object]:
    return lambda place: Net(2).load_checkpoint(arrays, **options)


def _open(content: bytes, name: str = "a.safetensors") -> Callable[[Path], object]:
    def act(place: Path) -> object:
        (place / name).write_bytes(content)
        return lazycell.open_checkpoint(place / name)

    return act


def _config(**keys: Any) -> Callable[[Path], object]:
    def act(place: Path) -> object:
        (place / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"], **keys}))
        return lazycell.from_pretrained(place)

    return act


def _manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def act(place: Path) -> object:
        document = json.loads(Net.manifest(2).to_json())
        change(document)
        return Manifest.from_json(json.dumps(document))

    return act


def _safetensors(**entry: Any) -> bytes:
    return safetensors_bytes({LONG: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **entry}}, bytes(4))


_WRONG: dict[str, Callable[[Path], object]] = {
    "missing": lambda place: Deep(3_000).load_checkpoint({"w": _array(2)}),
    "unexpected, long": _load({"w": _array(2), LONG: _array(1)}),
    "unexpected, many": _load({"w": _array(2), **{name: _array(1) for name in MANY}}),
    "shape": _load({"w": _array(*[1] * 30)}),
    "shape, renamed": _load({LONG: _array(3)}, rename={LONG: "w"}),
    "dtype": _load({LONG: _array(2, dtype="int8")}, rename={LONG: "w"}),
    "strangers": lambda place: Net.infer({LONG: _array(2)}),
    "rename, nothing": _load({"w": _array(2)}, rename={LONG: "w"}),
    "rename, many of nothing": _load({"w": _array(2)}, rename=dict.fromkeys(MANY, "w")),
    "rename, malformed": _load({"w": _array(2)}, rename={f"{LONG}{{": "w"}),
    "rename, no such capture": _load({"w": _array(2)}, rename={LONG: f"{LONG}{{i}}"}),
    "rename, no text": _load({"w": _array(2)}, rename={LONG: 3}),
    "rename, no mapping": _load({"w": _array(2)}, rename=[LONG]),
    "rename, several": lambda place: lazycell.convert(
        {name: _array(1) for name in MANY}, place / "a.safetensors", rename={"{a}0": "w", "{*b}": "v"}
    ),
    "pattern": _load({"w": _array(2)}, unexpected=LONG),
    "dtype of a load": _load({"w": _array(2)}, dtype=LONG),
    "header, dtype": _open(_safetensors(dtype="F33")),
    "header, a long dtype": _open(_safetensors(dtype=LONG)),
    "header, shape": _open(_safetensors(shape=[1] * 5_000 + [7])),
    "header, offsets": _open(_safetensors(data_offsets=[0, 5])),
    "header, metadata": _open(safetensors_bytes({"__metadata__": {LONG: 1}}, b"")),
    "header, a key twice": _open(
        len(text := f'{{"{LONG}": 1, "{LONG}": 2}}'.encode()).to_bytes(8, "little") + text, "b.safetensors"
    ),
    ".ckpt, cut": _open(record(LONG)[:-1], "a.ckpt"),
    ".ckpt, dims": _open(record(LONG, (2**64 - 1,) * 5_000), "a.ckpt"),
    ".ckpt, type": _open(record("a", (1,), LONG), "a.ckpt"),
    "index": _open(json.dumps({"weight_map": {LONG: LONG}}).encode(), "a.safetensors.index.json"),
    "config, a key": _config(**{LONG: "x"}),
    "config, a value": _config(zzz=LONG),
    "config, a list": _config(zzz=MANY),
    "config, many keys": _config(**dict.fromkeys(MANY, 1)),
    "config, architecture": _config(architectures=[LONG]),
    "config, family": _config(model_type=LONG),
    "manifest, a key": _manifest(lambda document: document.update({LONG: 1})),
    "manifest, a name": _manifest(lambda document: document["parameters"].append({"name": LONG})),
    "manifest, a tie": _manifest(lambda document: document.update(ties={LONG: LONG})),
    "save, a name": lambda place: lazycell.convert({LONG * 5: _array(1)}, place / "a.ckpt"),
    "save, a suffix": lambda place: lazycell.convert({"w": _array(1)}, place / f"a.{'z' * 200}"),
    "preset": lambda place: lazycell.from_pretrained(place / ("p" * 200) / ("q" * 200)),
    "hyperparameter": lambda place: Net(LONG),
    "damaged": lambda place: _damaged(place),
}


def _damaged(place: Path) -> object:
    """Check a file of which every tensor is damaged."""
    path = place / "a.safetensors"
    lazycell.convert({name: _array(1) for name in [*MANY[:200], LONG]}, path)
    content = path.read_bytes()
    path.write_bytes(content[: -4 * 201] + b"\1" * (4 * 201))
    return lazycell.verify(path)


@pytest.mark.parametrize("what", _WRONG)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_message_is_bounded(tmp_path: Path, what: str) -> None:
    """In all, and in each line."""
    with pytest.raises((lazycell.LazyCellError, ValueError, TypeError, OSError)) as caught:
        _WRONG[what](tmp_path)
    text = str(caught.value)
    assert len(text) < 30_000
    assert max(map(len, text.split("\n"))) < 4_100


def test_what_an_error_has_as_data_is_whole() -> None:
    """That is what JSON is made of."""
    with pytest.raises(lazycell.CheckpointMismatchError) as caught:
        Net(2).load_checkpoint({"w": _array(2), LONG: _array(1)})
    assert [each.name for each in caught.value.problems] == [LONG]  # type: ignore[attr-defined]
