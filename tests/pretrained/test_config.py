"""What the file beside a config decides; how the config itself is read is in `test_pretrained`."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import save_file

import lazycell
from lazycell import ConfigRules, LazyCell, Param, tie, when


class Tied(LazyCell):
    """Has one table or two, as the file has it."""

    width: int = 4
    one: bool = True

    table: Param["normal", (2, width)]
    head: Param["normal", (2, width)]
    both = when(one, tie("head", "table"))


def by_file(given, file):
    """Remember what was given, and follow the file."""
    asked.append(dict(given))
    return {"one": not file.differ("head", "table")}


asked: list[dict[str, object]] = []
Tied.config_rules = ConfigRules(by_file=by_file)


def tied(path, *, head, **config):
    """Write a config, a table and a head."""
    table = np.arange(8, dtype=np.float32).reshape(2, 4)
    save_file({"table": table, "head": table + head}, str(path / "model.safetensors"))
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(("head", "one"), [(0, True), (1, False)])
def test_the_file_has_the_last_word_where_the_class_asks_it(tmp_path, head, one):
    """Over the config; what is given by keyword is known to the class, and takes precedence over both."""
    path = tied(tmp_path, head=head, width=4, one=not one)
    asked.clear()
    assert Tied.from_pretrained(path).one is one
    assert Tied.from_pretrained(path, one=False).one is False
    assert asked == [{"width": 4, "one": not one}, {"width": 4, "one": False}]


def test_without_a_config_the_file_is_not_asked(tmp_path):
    """The class's own defaults stand, and contradict the file as before."""
    path = tied(tmp_path, head=1)
    (path / "config.json").unlink()
    asked.clear()
    with pytest.raises(lazycell.CheckpointMismatchError, match="1 tie broken"):
        Tied.from_pretrained(path)
    assert asked == []


def test_a_file_is_asked_as_it_is_loaded(tmp_path):
    """By the names after `rename`, without a map, and with its key."""
    path = tied(tmp_path, head=1)
    (path / "model.safetensors").unlink()
    ms.save_checkpoint(
        [
            {"name": name, "data": Tensor(np.full((2, 4), value, np.float32))}
            for name, value in {"t": 1, "h": 2}.items()
        ],
        str(path / "model.ckpt"),
        enc_key=bytes(16),
    )
    net = Tied.from_pretrained(path, rename={"t": "table", "h": "head"}, mmap=False, dec_key=bytes(16))
    assert net.one is False
    assert (net.head.asnumpy() == 2).all()
    with pytest.raises(ValueError, match="dec_mode"):
        Tied.from_pretrained(path, dec_key=bytes(16), dec_mode="AES-XYZ")
