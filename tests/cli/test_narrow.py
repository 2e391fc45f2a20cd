"""Answers in terminals of 80 and 100 columns: no line is wider, and shapes, names and numbers are whole."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from ..mismatch.transformer import model
from .terminal import in_terminal

_ONE_AFTER_THE_OTHER = """
import sys
from lazycell.cli import main
for line in sys.argv[1].splitlines():
    main(line.split("|"))
"""

_COMMANDS = """
show|{net}
show|{net}|--table
show|{net}|--by|module
show|{net}|--against|x
inspect|{file}
inspect|{file}|--all
check|{net}|{file}
check|{net}|{other}
diff|{net}|{file}
diff|{net}|{other}
plan|{net}|{file}|--mesh|dp=2
verify|{file}
"""


@pytest.mark.parametrize("columns", [80, 100])
def test_nothing_is_torn(tmp_path: Path, columns: int) -> None:
    """Of six commands, one of which has to refuse; a table, a report and prose alike."""
    net = model(hidden=640, vocab=30522)
    (tmp_path / "net.json").write_text(net.to_json(collapsed=True))
    for name, cut in (("file", 0), ("other", 1)):
        arrays = {each.name: np.broadcast_to(np.float16(0), each.shape) for each in net if not cut or each.name[-1] > "f"}
        safetensors.numpy.save_file({key: np.array(value) for key, value in arrays.items()}, tmp_path / f"{name}.safetensors")
    places = {"net": tmp_path / "net.json", "file": tmp_path / "file.safetensors", "other": tmp_path / "other.safetensors"}
    watched = in_terminal(
        _COMMANDS.strip().format(**places), program=("-c", _ONE_AFTER_THE_OTHER), columns=columns, NO_COLOR="1"
    )
    lines = watched.screen.replace("\r\n", "\n").split("\n")
    assert [line for line in lines if len(line) > columns and "`" not in line and str(tmp_path) not in line] == []
    assert "…" not in watched.screen
    assert [line for line in lines if line.count("(") != line.count(")") and re.search(r"\(\d[^)]*$", line)] == []
    for entry in net:
        assert str(entry.shape) in watched.screen
        assert f" {entry.shape}" in watched.screen
