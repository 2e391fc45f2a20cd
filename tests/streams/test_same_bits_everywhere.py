"""Normal values in float32 have the same bits on every machine with AVX2 and FMA, and in tensors of every size."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.core import _multiarray_umath

from lazycell.streams import Job, Normal, fill, stream_key, values
from lazycell.streams._words import Stream

ROOT = Path(__file__).parents[2]

_DIGEST = """
import hashlib
from lazycell._stream_version import STREAM_VERSION
from lazycell.streams import Normal, stream_key, values
from numpy.core import _multiarray_umath
digest = hashlib.sha256()
for dtype in ("float32", "float16", "bfloat16"):
    for size in (1, 2, 3, 7, 100, 1000, 1_000_000):
        law, key = Normal(0.0, 0.02), stream_key(size, dtype)
        digest.update(values(law, key, dtype, 0, size).tobytes())
"""


def features() -> list[str]:
    """Give what numpy chooses at runtime on this machine, beyond AVX2."""
    enabled = _multiarray_umath.__cpu_features__
    return [name for name in _multiarray_umath.__cpu_dispatch__ if name.startswith("AVX512") and enabled[name]]


def test_the_bits_are_the_same_without_avx512() -> None:
    """A process in which numpy is not to use it; on a machine without, one that uses the same as this one."""
    here: dict[str, object] = {}
    exec(_DIGEST, here)
    names = [*_multiarray_umath.__cpu_dispatch__]
    code = _DIGEST + f"print(digest.hexdigest(), *(n for n in {names} if _multiarray_umath.__cpu_features__[n]))"
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features())}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    digest, *enabled = done.stdout.split()
    assert not [name for name in enabled if name.startswith("AVX512")]
    assert digest == here["digest"].hexdigest()  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bits_are_the_same_in_tensors_of_every_size(dtype: str) -> None:
    """Where few elements are left over numpy computes them otherwise: they must not differ."""
    law, key = Normal(0.0, 1.0), stream_key(5, "weight")
    large = values(law, key, dtype, 0, 10_000)
    sizes = [*range(1, 200), 255, 256, 257, 4095, 4096, 4097, 9_999]
    differing = [size for size in sizes if values(law, key, dtype, 0, size).tobytes() != large[:size].tobytes()]
    assert differing == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bits_are_the_same_in_arrays_anywhere_in_memory(dtype: str) -> None:
    """numpy computes one by one where it takes arrays for overlapping: filled side by side, in one buffer."""
    law, sizes = Normal(0.0, 1.0), [*range(1, 130), 1024, 1022, 16]
    buffer = np.empty(sum(sizes) + len(sizes), dtype)
    jobs, place = [], 0
    for index, size in enumerate(sizes):
        jobs.append(Job(law, stream_key(index, "w"), buffer[place : place + size], dtype))
        place += size + index % 2  # some touch each other, and all alignments occur
    fill(jobs, threads=1)
    for job in jobs:
        assert job.out.tobytes() == values(law, job.key, dtype, 0, 5000)[: job.out.size].tobytes()


@pytest.mark.parametrize("pairs", [16, 64, 4096, 100_000])
def test_the_bits_are_those_of_numpys_functions_on_arrays_apart(pairs: int) -> None:
    """The page's formula, each step in a new array: none that is shared makes numpy compute in another way."""
    key = stream_key(5, "weight")
    words = Stream(key).words(0, pairs)
    first, second = words.astype(np.uint32).view(np.int32), (words >> np.uint64(32)).astype(np.uint32).view(np.int32)
    radius = np.sqrt(np.float32(-2) * np.log(np.abs((first.astype("f4") + np.float32(0.5)) * np.float32(2.0**-31))))
    angle = second.astype("f4") * np.float32(math.pi * 2.0**-31)
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
    assert values(Normal(0.0, 1.0), key, "float32", 0, 2 * pairs).tobytes() == expected.tobytes()
