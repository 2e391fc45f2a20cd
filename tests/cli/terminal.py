"""Running the command in a terminal, where a person watches, and may press Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

import attrs

from .command import ROOT


@attrs.frozen
class Watched:
    """What a person saw, escape sequences included, and the exit status."""

    status: int
    screen: str


def in_terminal(
    *arguments: str,
    columns: int = 100,
    interrupt_at: str | None = None,
    program: tuple[str, ...] = ("-m", "lazycell"),
    **environment: str,
) -> Watched:
    """Run `python -m lazycell` in a terminal.

    Args:
        arguments: of the command.
        columns: width of the terminal.
        interrupt_at: press Ctrl-C when this text has appeared.
        program: what Python runs.
        environment: variables to set.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        # Without COLUMNS and LINES, which a shell or the test runner may have set: the terminal's own size counts.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        variables = {"PYTHONIOENCODING": "utf-8", "TERM": "xterm", **environment}
        command = [sys.executable, *program, *arguments]
        os.execve(sys.executable, command, {**inherited, **variables})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    seen, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the process has closed it
            break
        if interrupt_at is not None and interrupt_at.encode() in seen:
            os.write(terminal, b"\x03")
            interrupt_at = None
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return Watched(status, seen.decode(errors="replace"))
