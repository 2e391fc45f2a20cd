"""What a model costs before it is loaded, and while it is: measured on the real MiniLM, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .golden_cases import needs_minilm

ROOT = Path(__file__).parents[1]

# Everything after the baseline counts: finding the model, importing its module, building, loading, and one read of
# every value, because the pages of a mapped file take memory only when they are touched.
CHILD = """
import json, sys
from pathlib import Path
import mindspore, lazycell

def memory(field):
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[field].split()[0]) * 1024

way, path = sys.argv[1], Path(sys.argv[2])
lazycell.from_pretrained, lazycell.LazyCell, lazycell.find_model, lazycell.status  # all of lazycell is imported
if way == "build":
    cls = lazycell.find_model("bert", "BertModel")
try:
    Path("/proc/self/clear_refs").write_text("5")  # the peak of the imports is not meant
except OSError:
    pass
resident, peak = memory("VmRSS"), memory("VmHWM")
figures = {}
if way == "build":
    names = cls.manifest().hyperparameters
    config = json.loads((path / "config.json").read_text())
    net = cls(**{name: config[name] for name in names if name in config})
    figures["built"] = memory("VmRSS") - resident
    figures["declared"] = len(lazycell.uninitialized(net))
else:
    net = lazycell.from_pretrained(path)
    figures["loaded"] = memory("VmRSS") - resident
    figures["sum"] = sum(float(parameter.asnumpy().sum()) for parameter in net.get_parameters())
    figures["read"] = memory("VmRSS") - resident
figures["peak"] = memory("VmHWM") - peak
figures["nbytes"] = sum(each.nbytes for each in lazycell.status(net).values())
print(json.dumps(figures))
"""


def figures(way: str) -> dict[str, float]:
    """Give what a process measured of itself, in bytes."""
    from lazycell.demo._minilm import directory

    command = [sys.executable, "-c", CHILD, way, str(directory())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def checkpoint_bytes() -> int:
    """Give the size of the checkpoint's file."""
    from lazycell.demo._minilm import CHECKPOINT, directory

    return (directory() / CHECKPOINT).stat().st_size


@needs_minilm
def test_building_takes_no_memory_for_weights():
    """MiniLM's net, built and not loaded, adds under 10 MB to the process; its weights would be 90.9 MB."""
    measured = figures("build")
    assert measured["declared"] == 103
    assert measured["nbytes"] > 90e6
    assert measured["built"] < 10e6
    assert measured["peak"] < 10e6


@needs_minilm
def test_loading_takes_the_checkpoint_once():
    """Building and loading MiniLM, and reading every value, peaks under 1.15 times the checkpoint's bytes."""
    measured = figures("load")
    assert measured["read"] > 0.9 * checkpoint_bytes()  # it was read indeed, and the measure sees mapped pages
    assert measured["peak"] < 1.15 * checkpoint_bytes()


@needs_minilm
def test_the_measure_sees_an_eager_build():
    """The demo's measure finds an eager build to hold its weights: it would not miss memory that laziness took."""
    from lazycell.demo import _measure
    from lazycell.demo._minilm import directory

    eager, lazy = (_measure.in_own_process(way, directory()) for way in ("eager", "lazy"))
    assert eager.build_bytes > 0.9 * checkpoint_bytes()
    assert lazy.build_bytes < 10e6
    assert 0.9 * checkpoint_bytes() < lazy.peak_bytes < 1.15 * checkpoint_bytes() < eager.peak_bytes


def test_an_unknown_way_is_reported():
    """A measured process that fails is reported with what it said last, and the way around it."""
    from lazycell.demo import _measure

    with pytest.raises(_measure.MeasurementError, match=r"(?s)`lazy` failed with status 1.*--no-measure"):
        _measure.in_own_process("lazy", ROOT / "no such directory")
