"""The command, and programs, in processes that need not import MindSpore: each is forked from one that has.

Most of what a test of the command takes is the import, two seconds of it. `command()` starts, once a test process, one
that imports MindSpore and lazycell and nothing else; what it gives is run in place of `python -m lazycell`, and what
`python()` gives in place of `python`, with its own arguments, directory, environment and streams. What is about the start
of a process is tested without it.
"""

from __future__ import annotations

import atexit
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
_CLIENT = (sys.executable, "-S", "-E", os.fspath(_HERE / "client.py"))


@functools.cache
def _socket() -> str:
    """Start the process to fork from; give where it listens. It ends with this one."""
    directory = tempfile.TemporaryDirectory(prefix="forked")
    atexit.register(directory.cleanup)
    address = os.path.join(directory.name, "s")
    server = subprocess.Popen(
        [sys.executable, "-E", os.fspath(_HERE / "server.py"), address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    ready = server.stdout.readline()
    assert ready == b"ready\n", f"the process to fork from did not start: {ready!r}"
    atexit.register(server.wait)
    atexit.register(server.stdin.close)  # type: ignore[union-attr]  # first: it waits for that
    return address


def command() -> tuple[str, ...]:
    """Give the words to run in place of `python -m lazycell`."""
    return (*_CLIENT, _socket(), "module")


def python() -> tuple[str, ...]:
    """Give the words to run in place of `python`: `-c`, `-m` or a file comes next."""
    return (*_CLIENT, _socket(), "python")


@functools.cache
def directory_of_script() -> str:
    """Give a directory for PATH, in which `lazycell` is such a command."""
    directory = tempfile.TemporaryDirectory(prefix="forked")
    atexit.register(directory.cleanup)
    script = Path(directory.name, "lazycell")
    words = " ".join(f"'{word}'" for word in (*_CLIENT, _socket(), "script"))
    script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    script.chmod(0o755)
    return directory.name
