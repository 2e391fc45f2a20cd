"""What is done where a system lacks a call: each call is taken away, and the answers are the same."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lazycell
from lazycell.system import _portable as portable

TAKEN = """
import os, signal, sys
import mindspore  # whose wheel is for this system
for name in ("pread", "preadv", "pwrite", "pwritev", "fchmod", "fchown", "O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY",
             "O_NONBLOCK", "sched_getaffinity", "posix_fallocate", "posix_fadvise", "listxattr", "getxattr",
             "setxattr"):
    delattr(os, name)
for name in ("pthread_sigmask", "sigwait", "pthread_kill"):
    delattr(signal, name)
import mmap, builtins
for name in ("MAP_PRIVATE", "MAP_ANONYMOUS"):
    delattr(mmap, name)
sys.modules["fcntl"] = sys.modules["resource"] = sys.modules["termios"] = None
opened = builtins.open
def open_no_proc(file, *arguments, **keywords):
    if str(file).startswith("/proc"):
        raise FileNotFoundError(2, "no /proc", str(file))
    return opened(file, *arguments, **keywords)
builtins.open = open_no_proc
"""

PROGRAM = """
import numpy as np
import lazycell
from lazycell import LazyCell, Param
from lazycell.cli import main

class Net(LazyCell):
    w: Param["normal", (300, 70)]
    b: Param["zeros", (5,)]

net = Net()
net.init_parameters_data()
for name, options in (("m.safetensors", {}), ("m.ckpt", {"format": "ckpt"}), ("s.safetensors", {"max_shard_size": 1})):
    for _ in range(2):  # the second takes the place of the first
        net.save_checkpoint(name, **options)
    path = "s.safetensors.index.json" if name == "s.safetensors" else name
    lazycell.verify(path)
    for mmap in (True, False):
        other = Net()
        other.load_checkpoint(path, mmap=mmap)
        assert np.array_equal(other.w.asnumpy(), net.w.asnumpy())
for arguments in (["inspect", "m.safetensors"], ["verify", "m.ckpt"], ["convert", "m.ckpt", "c.safetensors"],
                  ["check", "__main__:Net", "c.safetensors"], ["show", "bert-tiny"],
                  ["manifest", "bert-tiny", "-o", "m.json"], ["manifest", "bert-tiny", "-o", "m.json"]):
    assert main(arguments) == 0, arguments
print(sorted(each for each in os.listdir() if each.startswith(".")))
"""


def test_lazycell_loads_saves_and_answers_without_what_other_systems_lack(tmp_path):
    """In a process without positional reads and writes, locks, masks of signals, limits and /proc."""
    done = subprocess.run(
        [sys.executable, "-c", TAKEN + PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(lazycell.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def _loaded_anew():
    """Give another module of that file: which calls there are is looked at when it is loaded."""
    spec = importlib.util.spec_from_file_location("lazycell.system._loaded_anew", portable.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("lacks", [(), ("pread", "preadv", "pwrite")], ids=["as it is", "without"])
def test_a_file_is_read_and_written_at_a_place(tmp_path, monkeypatch, lacks):
    """A write at a place leaves the file's position; the end of a file gives nothing."""
    for name in lacks:
        monkeypatch.delattr(os, name)
    portable = _loaded_anew()
    descriptor = os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, b"0123456789")
    assert portable.write_at(descriptor, b"ab", 3) == 2
    os.write(descriptor, b"!")
    assert portable.read_at_once(descriptor, 4, 2) == b"2ab5"
    target = memoryview(bytearray(4))
    assert portable.read_into_at(descriptor, target, 9) == 2
    assert bytes(target) == b"9!\0\0"
    assert portable.read_into_at(descriptor, target, 11) == 0
    os.close(descriptor)


def test_where_there_are_no_locks_nobody_waits_for_one(tmp_path, monkeypatch):
    """None, not False: which would mean that somebody else has it."""
    monkeypatch.setattr(portable, "fcntl", None)
    with open(tmp_path / "x", "wb") as file:
        assert portable.try_lock(file.fileno()) is None
        portable.unlock(file.fileno())
