"""What laziness saves: time and memory of the way from a declared class to a loaded net, in processes of their own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from .._errors import LazyCellError
from .._frozen import frozen
from ._minilm import CHECKPOINT, declared

WAYS = ("lazy", "eager")
RUNS = 3

WHAT = (
    f"Medians of {RUNS} runs each, taken in turns, each in a process of its own. The eager net is the same class, "
    "every parameter initialized when it is built, then mindspore.load_checkpoint. First read: every value summed "
    "once, since the pages of a mapped file take memory only then. Peak: the most resident memory above what the "
    "process had after its imports."
)


class MeasurementError(LazyCellError, RuntimeError):
    """A process that was to be measured failed."""


@frozen
class Measurement:
    """One run: seconds of each step, and bytes of resident memory above what the process had after its imports.

    Attributes:
        build_seconds: making the net.
        load_seconds: filling it from the checkpoint.
        read_seconds: reading every value once.
        build_bytes: after the net was made, before it was filled.
        peak_bytes: the most, over all three steps.
    """

    build_seconds: float
    load_seconds: float
    read_seconds: float
    build_bytes: int
    peak_bytes: int

    @property
    def seconds(self) -> float:
        """All three steps together."""
        return self.build_seconds + self.load_seconds + self.read_seconds


def measure(path: Path) -> dict[str, Measurement]:
    """Measure each way, run after run in turns, so that what else the machine does meets both alike.

    Args:
        path: the directory with config.json and model.safetensors.

    Returns:
        For each of `WAYS` the medians.

    Raises:
        MeasurementError: a process failed; the message ends with what it said last.
    """
    runs: dict[str, list[Measurement]] = {way: [] for way in WAYS}
    for _ in range(RUNS):
        for way in WAYS:
            runs[way].append(in_own_process(way, path))
    return {way: _median(each) for way, each in runs.items()}


def _median(runs: list[Measurement]) -> Measurement:
    names = [field.name for field in attrs.fields(Measurement)]
    return Measurement(**{name: statistics.median(getattr(run, name) for run in runs) for name in names})


def in_own_process(way: str, path: Path) -> Measurement:
    """Measure one of `WAYS` once, in a fresh process.

    Raises:
        MeasurementError: the process failed.
    """
    # Started beside this very package, so that it measures no other lazycell that may be installed.
    beside = Path(__file__).absolute().parents[2]
    command = [sys.executable, "-m", __name__, way, str(path.resolve())]
    done = subprocess.run(command, cwd=beside, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise MeasurementError(
            f"the process that measures `{way}` failed with status {done.returncode} and said: {said[-1]}\n"
            "  `lazycell demo --no-measure` leaves the measuring out"
        )
    # MindSpore may have written lines of its own before ours.
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


# ---------------------------------------------------------------------------------------------- the measured process


def run(way: str, path: Path) -> Measurement:
    """Build and load the net in this process, which does nothing else.

    Args:
        way: `lazy`, the two steps of `lazycell.from_pretrained`, or `eager`.
        path: the directory with config.json and model.safetensors.
    """
    import mindspore  # a process of its own

    cls, hyperparameters = declared(path)
    with suppress(OSError):  # where the peak cannot be reset, that of the imports counts: no less than what is left
        Path("/proc/self/clear_refs").write_text("5")
    resident, peak = _memory("VmRSS"), _memory("VmHWM")

    started = time.perf_counter()
    net = cls(**hyperparameters)
    if way == "eager":
        net.init_parameters_data()
    built, build_bytes = time.perf_counter(), _memory("VmRSS") - resident
    if way == "eager":
        mindspore.load_checkpoint(str(path / CHECKPOINT), net=net, format="safetensors")
    else:
        net.load_checkpoint(path)
    loaded = time.perf_counter()
    _read(net)
    read = time.perf_counter()
    return Measurement(built - started, loaded - built, read - loaded, build_bytes, _memory("VmHWM") - peak)


def _read(net: Any) -> None:
    for parameter in net.get_parameters():
        parameter.asnumpy().sum()


def _memory(field: str) -> int:
    """Give a line of /proc/self/status in bytes: `VmRSS` is resident now, `VmHWM` the most that was.

    Not `resource.getrusage`: its peak starts with that of the process that started this one.
    """
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines[field].split()[0]) * 1024  # in units of "kB", which are 1024 bytes


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(run(sys.argv[1], Path(sys.argv[2])))))
