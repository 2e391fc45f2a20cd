"""A progress bar for what takes longer than two seconds, on a terminal."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lazycell
from lazycell import LazyCell, Param
from lazycell.show import _progress


class Net(LazyCell):
    w: Param["ones", (10,)]


SLOW = """
import time
from lazycell.show._progress import PATIENCE, ProgressBar
with ProgressBar("loading it") as bar:
    bar(1, 100)
    time.sleep({wait} * PATIENCE)
    bar(50, 100)
    time.sleep(0.3)
"""


def on_terminal(wait: float) -> str:
    """Run the bar with a terminal for stderr, and give what it shows."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(wait=wait)], stderr=theirs, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert child.wait() == 0
    return shown.decode(errors="replace")


def test_what_takes_long_shows_a_bar():
    """After two seconds a person sees what is going on, and how far it is."""
    shown = on_terminal(1.1)
    assert "loading it" in shown
    assert "50/100 bytes" in shown


def test_what_is_quick_shows_nothing():
    """Before two seconds have passed nothing is written."""
    assert on_terminal(0) == ""


def test_nobody_is_told_where_nobody_watches():
    """Into a pipe nothing is written, however long it takes, and rich is not imported."""
    code = SLOW.format(wait=1.1) + "\nimport sys; assert 'rich' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Stream(io.StringIO):
    """What may be a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def save(path: Path) -> None:
    """Save a net."""
    net = Net()
    net.init_parameters_data()
    net.save_checkpoint(path)


def convert(path: Path) -> None:
    """Convert what is in memory."""
    lazycell.convert({"w": np.ones(10, np.float32)}, path)


@pytest.mark.parametrize("write", [save, convert])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_save_and_a_conversion_show_a_bar(write, terminal, tmp_path, monkeypatch):
    """On a terminal, from the first report on if it came too late; elsewhere nothing at all."""
    stream = Stream(terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "PATIENCE", -1.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    write(tmp_path / "net.safetensors")
    assert ("saving net.safetensors" in stream.getvalue()) is terminal
    assert terminal or stream.getvalue() == ""


@pytest.mark.parametrize("write", [save, convert])
def test_a_save_and_a_conversion_that_are_quick_show_nothing(write, tmp_path, monkeypatch):
    """Not on a terminal either."""
    stream = Stream(True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "PATIENCE", 1000.0)
    write(tmp_path / "net.safetensors")
    assert stream.getvalue() == ""


def test_a_load_and_an_initialization_tell_how_far_they_are(tmp_path, monkeypatch):
    """Both report bytes, up to all of them."""
    from lazycell import show

    class Net(LazyCell):
        one: Param["ones", (10,)]
        two: Param["zeros", (5,)]

    told: list[tuple[int, int]] = []

    class Recorder(show.ProgressBar):
        def __call__(self, done, total):
            told.append((done, total))

    monkeypatch.setattr(show, "ProgressBar", Recorder)
    net = Net()
    net.init_parameters_data()
    assert told == [(20, 60), (60, 60)]  # zeros are there at once
    told.clear()
    import mindspore

    mindspore.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    Net().load_checkpoint(tmp_path / "net.ckpt")
    assert told == sorted(told)
    assert told[-1] == (60, 60)
    assert {total for _, total in told} == {60}
    given: list[tuple[int, int]] = []
    Net().load_checkpoint(tmp_path / "net.ckpt", progress=lambda done, total: given.append((done, total)))
    assert given == told
    assert lazycell.uninitialized(net) == []
