"""Answers in terminals of 80 and 100 columns: no line is wider, and shapes, names and numbers are whole."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from ..pure import Param, PureCell, child, children, manifest
from .terminal import in_terminal

_ONE_AFTER_THE_OTHER = """
import os, sys
from lazycell.cli import main
place, lines = sys.argv[1:]
os.chdir(place)
for line in lines.split(";"):
    print("$", line, flush=True)
    print("=", main(line.split()), flush=True)
"""

_COMMANDS = (
    *("show net.json", "show net.json --table", "show net.json --by module", "inspect net.safetensors"),
    *("inspect net.safetensors --all", "check net.json net.safetensors", "check net.json other.safetensors"),
    *("diff net.json net.safetensors", "diff net.json other.safetensors", "plan net.json net.safetensors --mesh dp=2"),
    *("verify net.safetensors", "show net.json --dtype float16", "show --help", "init --help"),
)


class Projection(PureCell):
    """A matrix."""

    wide: int

    a_weight_of_a_long_name: Param["normal", (wide, 2, 1, 3)]


class Layer(PureCell):
    """One layer."""

    the_attention_of_this_layer: Projection = child(Projection, 3072)
    the_feed_forward_network: Projection = child(Projection, 1024)


class Network(PureCell):
    """Names that together with shapes are wider than 80 columns."""

    encoder_layers: list[Layer] = children(3, Layer)


@pytest.mark.parametrize("columns", [80, 100])
def test_nothing_is_torn(tmp_path: Path, columns: int) -> None:
    """Of all commands that have tables, be the answer yes or no, of a refusal and of help."""
    net = manifest(Network)
    (tmp_path / "net.json").write_text(net.to_json(collapsed=True))
    arrays = {each.name: np.zeros(each.shape, np.float16) for each in net}
    safetensors.numpy.save_file(arrays, tmp_path / "net.safetensors")
    longer = {f"{name}_and_more": array for name, array in arrays.items() if "feed" in name}
    safetensors.numpy.save_file({**arrays, **longer}, tmp_path / "other.safetensors")
    program = ("-c", _ONE_AFTER_THE_OTHER, str(tmp_path), ";".join(_COMMANDS))
    screen = in_terminal(program=program, columns=columns, NO_COLOR="1").screen.replace("\r\n", "\n")
    answers = dict(re.findall(r"^\$ (.*)\n((?s:.*?))= \d+$", screen, re.MULTILINE))
    assert [*answers] == [*_COMMANDS]
    assert "…" not in screen
    wider = [line for line in screen.split("\n") if len(line) > columns]
    assert [
        line for line in wider if not re.search(rf"`.{{{columns // 2},}}`", line)
    ] == []  # commands are to be copied
    for command, answer in answers.items():
        for shape in ("(3072, 2, 1, 3)", "(1024, 2, 1, 3)"):
            assert re.findall(r"\(\d[^)]*\n", answer) == [], command
            if command in ("show net.json", "show net.json --table", "inspect net.safetensors"):
                assert answer.count(shape) == 1
    for command in ("inspect net.safetensors", "check net.json net.safetensors", "show net.json --table"):
        assert "encoder_layers.{0..2}.the_attention_of_this_layer.a_weight_of_a_long_name" in answers[command]
    assert "18,432" in answers["show net.json"]
    width = max(map(len, answers["show --help"].split("\n")))
    assert (width > 82) == (columns == 100)
    assert width <= columns
