"""Run a job on several real ranks: processes that are forked, or that `msrun` starts, as users start theirs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .. import forked

ROOT = Path(__file__).resolve().parents[2]
JOBS = Path(__file__).parent / "jobs"

_ALL_PASSED = "all passed"  # as `tests.ranks.job` has it, which takes MindSpore to import
_MOST_LINES = 80
_NOISE = ("[INFO]", "Warning", "warnings.warn", "Start scheduler process", "Start worker process")
_FAILED = "exit with exception. Error code"
_CODES = {0: 0, 124: None}
"""What `tests.ranks.cluster` ends with; None: the time was over."""
_PORT_IN_USE = "Failed to initialize the master node"


def run_ranks(
    ranks: int, job: str | Path, *args: object, timeout: float = 120, fails: bool = False, msrun: bool = False
) -> list[str]:
    """Run a job on so many ranks, and give what each printed.

    A job is a Python file that asserts: `tests.ranks.job` is what it starts with. Each costs some 5 seconds, 15 with
    `msrun`, whatever it does, so one job checks several things.

    Args:
        ranks: how many.
        job: the file, or the name of one in `tests/ranks/jobs`, without its suffix.
        args: what the job finds in `sys.argv[1:]`.
        timeout: seconds after which all ranks are killed.
        fails: whether a rank is meant to fail or to die, as where the others' words are what is tested.
        msrun: have `msrun` start the ranks, each a process of its own from the start.

    Raises:
        AssertionError: a rank failed, none did that was meant to, or the time was over; the text has each rank's log.
    """
    path = job if isinstance(job, Path) else JOBS / f"{job}.py"
    for attempt in range(3):
        code, outputs, said = _run(ranks, path, [str(each) for each in args], timeout, fails, msrun)
        if _PORT_IN_USE not in said or attempt == 2:
            break
    if code and not fails and all(map(_is_done, outputs)):
        code = 0  # what ended badly then is MindSpore, at the end of a process (seen with NumPy 2)
    failed = code != 0 or (fails and not all(map(_is_done, outputs)))
    if failed is not fails or code is None:
        how = f"was not done after {timeout:g} s" if code is None else f"ended with {code}"
        logs = [f"--- rank {rank}\n{_end_of(text)}" for rank, text in enumerate(outputs)]
        raise AssertionError(
            "\n".join([f"{path.name} on {ranks} ranks {how}", *logs, "--- msrun", *_end_of(said).splitlines()[-15:]])
        )
    return outputs


def _is_done(output: str) -> bool:
    """Tell whether a rank passed all its checks, and said nothing of an error afterwards."""
    _, found, rest = output.rpartition(_ALL_PASSED)
    return bool(found) and "Traceback" not in rest


def _run(
    ranks: int, path: Path, args: list[str], timeout: float, fails: bool, msrun: bool
) -> tuple[int | None, list[str], str]:
    logs = Path(tempfile.mkdtemp(prefix="ranks-"))
    programs = Path(sys.executable).parent
    forks = [*forked.python(), "-m", "tests.ranks.cluster", str(ranks), str(logs), str(timeout)]
    command = _msrun(ranks, logs) if msrun else forks
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("RANK_", "MS_"))},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",  # msrun calls `python`
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "GLOG_v": "3",
        "OMP_NUM_THREADS": "1",
    }
    with (logs / "msrun.txt").open("w") as said:
        process = subprocess.Popen(
            [*command, str(path), *args], stdout=said, stderr=said, cwd=ROOT, env=environment, start_new_session=True
        )
        try:
            code = _wait(process, logs, timeout, fails) if msrun else _CODES.get(process.wait(), 1)
        finally:
            _end(process)
    outputs = [_text(logs / f"worker_{rank}.log") for rank in range(ranks)]
    told = _text(logs / "msrun.txt") + _text(logs / "scheduler.log")
    shutil.rmtree(logs, ignore_errors=True)
    return code, outputs, told


def _msrun(ranks: int, logs: Path) -> list[str]:
    options = {
        "worker_num": ranks,
        "local_worker_num": ranks,
        "master_addr": "127.0.0.1",
        "master_port": _fresh_port(),
        "log_dir": logs,
        "join": True,
        "cluster_time_out": 60,
    }
    return [
        str(Path(sys.executable).with_name("msrun")),
        *(f"--{key}={value}" for key, value in options.items()),
    ]


def _wait(process: subprocess.Popen[bytes], logs: Path, timeout: float, fails: bool) -> int | None:
    """Wait for all ranks, and give what msrun ends with; None: the time was over.

    Where a rank fails msrun ends the others, and then waits half a minute for its scheduler, as it does where a rank
    just went away: we do not.
    """
    end, begun = time.monotonic() + timeout, False
    while time.monotonic() < end:
        code = process.poll()
        if code is not None:
            return code
        begun = begun or _are_there(process.pid)
        failed = fails or _FAILED in _text(logs / "msrun.txt")
        if begun and failed and not _are_there(process.pid):
            return 1
        time.sleep(0.2)
    return None


def _are_there(session: int) -> bool:
    """Tell whether any rank of a job runs yet."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(path.name)) == session and b"MS_ROLE=MS_WORKER" in (path / "environ").read_bytes():
                return True
        except OSError:  # it has ended meanwhile
            continue
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a job: msrun, and the ranks, which are in its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        if process.poll() is None:
            time.sleep(0.5)
    process.wait()


def _fresh_port() -> int:
    """Give a port that nobody has: one just used is refused for a while."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _end_of(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not any(word in line for word in _NOISE)]
    return "\n".join(lines[-_MOST_LINES:])
