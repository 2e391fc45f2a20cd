"""Imports MindSpore and lazycell, and forks a process for each command or program that is asked for."""

import contextlib
import gc
import importlib
import os
import runpy
import select
import signal
import socket
import sys
import types
from typing import Any


def main(address: str) -> None:
    """Listen at an address until stdin is closed."""
    del sys.path[0]
    # What a command imports in the end; no model, nor what only some commands need.
    from lazycell import LazyCell, cli  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(16)
    gc.collect()
    gc.freeze()  # MindSpore collects at each compilation
    os.write(1, b"ready\n")
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _serve(line)
        line.close()


def _serve(line: socket.socket) -> None:
    import json

    head, streams, *_ = socket.recv_fds(line, 8, 3)
    missing, parts = int.from_bytes(head, "little"), []
    while missing:
        parts.append(line.recv(min(missing, 1 << 20)))
        missing -= len(parts[-1])
    kind, words, directory, environment = json.loads(b"".join(parts))
    child = os.fork()
    if child == 0:
        line.close()
        _become(kind, words, directory, environment, streams)
    for stream in streams:
        os.close(stream)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    line.send(bytes([status if status >= 0 else 128 - status]))
    os._exit(0)


def _become(kind: str, words: list[str], directory: str, environment: dict[str, str], streams: list[int]) -> None:
    """Be a process that was started so."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    encoding, _, errors = environment.get("PYTHONIOENCODING", "utf-8").partition(":")
    options: dict[str, Any] = {"encoding": encoding, "closefd": False}
    sys.stdin = open(0, errors=errors or None, **options)  # noqa: SIM115  # as long as the process lives
    sys.stdout = open(1, "w", errors=errors or None, **options)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", buffering=1, **options)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    first = {"module": directory, "script": os.path.dirname(sys.executable), "python": _first_of_path(words, directory)}
    given = environment.get("PYTHONPATH", "")
    sys.path[:0] = [first[kind], *filter(None, given.split(":"))]
    importlib.invalidate_caches()
    sys.modules["__main__"] = types.ModuleType("__main__")
    status: Any = 1
    try:
        status = _run(words) if kind == "python" else _command(words)
    except SystemExit as ended:
        status = ended.code
        if isinstance(status, str):
            print(status, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        for each in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                each.flush()
        os._exit(status if isinstance(status, int) else status is not None)


def _command(words: list[str]) -> Any:
    from lazycell.cli import main as command

    sys.argv = ["lazycell", *words]
    return command()


def _first_of_path(words: list[str], directory: str) -> str:
    """Give what Python, called so, looks into first for modules."""
    return {"-c": "", "-m": directory}.get(words[0], os.path.dirname(os.path.join(directory, words[0])))


def _run(words: list[str]) -> None:
    """Run what Python, called so, would run: `-c CODE`, `-m MODULE`, or a file, and its arguments."""
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    if words[0] == "-c":
        sys.argv, source, name = ["-c", *words[2:]], words[1], "<string>"
    else:
        sys.argv, name = words, words[0]
        with open(name, encoding="utf-8") as file:
            source = file.read()
        name = os.path.abspath(name)
        sys.modules["__main__"].__file__ = name
    sys.modules["__main__"].__dict__["__builtins__"] = __builtins__
    exec(compile(source, name, "exec"), sys.modules["__main__"].__dict__)


if __name__ == "__main__":
    main(sys.argv[1])
