"""Filling many tensors at once, on several threads."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell._dtypes import numpy_dtype
from lazycell.streams import (
    Constant,
    Elementwise,
    Identity,
    Job,
    Law,
    Normal,
    Orthogonal,
    Sparse,
    Uniform,
    fill,
    stream_key,
    values,
)
from lazycell.streams._fill import CHUNK

from .laws import DTYPES, ELEMENTWISE, tensor

ROOT = Path(__file__).parents[2]


def job(name: str, law: Law, shape: tuple[int, ...], out: str = "float32", drawn: str | None = None) -> Job:
    """Give a job whose array holds what no law gives."""
    return Job(law, stream_key(1, name), np.full(shape, 99, numpy_dtype(out)), drawn or out)


def mixture() -> list[Job]:
    """Give jobs large and small, of every kind, with odd sizes, scalars and nothing at all."""
    jobs = [
        job(f"large.{index}.{dtype}", law, (CHUNK + 7,), dtype)
        for index, law in enumerate(ELEMENTWISE)
        for dtype in DTYPES
    ]
    jobs += [job(f"small.{index}", Normal(0.0, 1.0), (index % 9, 3)) for index in range(700)]
    jobs += [job(f"middle.{index}", Uniform(-1.0, 1.0), (CHUNK // 2 + index,)) for index in range(3)]
    jobs += [job("scalar", Normal(0.0, 1.0), ()), job("none", Uniform(-1.0, 1.0), (0,))]
    return [
        *jobs,
        job("q", Orthogonal(1.0), (30, 20)),
        job("s", Sparse(0.5, 1.0), (9, 4)),
        job("i", Identity(), (5, 5)),
    ]


def expected(each: Job) -> Any:
    """Give the values of a job, drawn alone."""
    if isinstance(each.law, Elementwise):
        drawn = values(each.law, each.key, each.drawn, 0, each.out.size).reshape(each.out.shape)
    else:
        drawn = tensor(each.law, each.key, each.out.shape, each.drawn)
    return drawn.astype(each.out.dtype)


@pytest.fixture(scope="module")
def alone() -> list[bytes]:
    """The values of the mixture."""
    return [expected(each).tobytes() for each in mixture()]


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_values_do_not_depend_on_the_number_of_threads(threads: int | None, alone: list[bytes]) -> None:
    """Nor on what is filled together."""
    jobs = mixture()
    fill(jobs, threads=threads)
    assert [each.out.tobytes() for each in jobs] == alone


@pytest.mark.parametrize("seed", range(3))
def test_values_do_not_depend_on_the_order_of_jobs(seed: int, alone: list[bytes]) -> None:
    """Any other one comes to the same."""
    jobs = mixture()
    fill(random.Random(seed).sample(jobs, len(jobs)), threads=2)
    assert [each.out.tobytes() for each in jobs] == alone


@pytest.mark.parametrize("out", [*DTYPES, "int32"])
@pytest.mark.parametrize("drawn", DTYPES)
@pytest.mark.parametrize("law", [Normal(0.0, 3.0), Orthogonal(4.0), Constant(1.1)], ids=str)
def test_values_are_drawn_in_one_dtype_and_converted_to_another(law: Law, drawn: str, out: str) -> None:
    """Rounded twice, as what is built in one dtype and moved to the other."""
    each = job("w", law, (31, 5), out, drawn)
    fill([each])
    assert each.out.tobytes() == expected(each).tobytes()


def test_two_roundings_are_not_one() -> None:
    """What is drawn in bfloat16 has no more bits afterwards."""
    once, twice = job("w", Normal(0.0, 1.0), (999,)), job("w", Normal(0.0, 1.0), (999,), drawn="bfloat16")
    fill([once, twice])
    assert (once.out != twice.out).mean() > 0.9


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_grows_to_the_bytes_of_all(threads: int) -> None:
    """It never goes back, and ends with everything."""
    jobs, seen = mixture(), list[int]()
    fill(jobs, seen.append, threads=threads)
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    assert seen[-1] == sum(each.out.nbytes for each in jobs)


def test_nothing_to_do() -> None:
    """No job, and one of no elements."""
    fill([])
    fill([job("none", Normal(0.0, 1.0), (0, 3))])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_progress_raises_ends_the_work(error: type[BaseException]) -> None:
    """It is raised as it is, what was not begun stays as it was, and nobody works on."""
    jobs = [job("w", Normal(0.0, 1.0), (60 * CHUNK,))]

    def stop(done: int) -> None:
        raise error("enough")

    with pytest.raises(error, match="enough"):
        fill(jobs, stop, threads=2)
    left = jobs[0].out == 99
    assert left[-CHUNK:].all()
    assert not left.all()
    after = jobs[0].out.copy()
    fill([job("other", Normal(0.0, 1.0), (4 * CHUNK,))], threads=2)
    assert np.array_equal(after, jobs[0].out)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_law_raises_is_raised(threads: int) -> None:
    """From whichever thread."""
    jobs = [job(f"w{index}", Constant(1.0), (CHUNK,)) for index in range(4)]
    with pytest.raises(ValueError, match="could not convert string to float: 'many'"):
        fill([*jobs, job("bad", Constant("many"), (3,))], threads=threads)


_CHILD = """
import sys
from pathlib import Path
import numpy as np
from lazycell.system._allocate import empty
from lazycell._dtypes import numpy_dtype
from lazycell.streams import *

def peak():  # not getrusage's: that is inherited from the process that started this one
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024

law, drawn, out = {"normal": Normal(0.0, 1.0), "truncated": TruncatedNormal(0.0, 1.0, -2.0, 2.0)}[sys.argv[1]], *sys.argv[2:]
fill([Job(law, 1, np.empty(10, np.float32), "float32")], threads=2)
before = peak()
array = empty((64, 1 << 20), numpy_dtype(out))
fill([Job(law, 1, array, drawn)], threads=2)
print(peak() - before - array.nbytes)
"""  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [("normal", "float32", "float32"), ("normal", "bfloat16", "float32"), ("truncated", "float32", "bfloat16")],
    ids="-".join,
)
def test_filling_takes_no_memory_but_the_result(case: tuple[str, str, str]) -> None:
    """For 64 Mi elements less than 24 MiB more: measured by the system, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _CHILD, *case], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert -(2**20) < int(done.stdout) < 24 * 2**20
