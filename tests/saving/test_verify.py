"""Verifying what is at a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell import ChecksumError
from lazycell.saving._verify import VerifyReport, verify

from .saved import save_arrays, some_arrays
from .test_checksums import damage


@pytest.mark.parametrize("size", [None, 2500])
def test_report(tmp_path: Path, size: int | None) -> None:
    """What was verified, of a directory and all of its shards."""
    saved = save_arrays(tmp_path, some_arrays(1), size)
    report = verify(tmp_path)
    assert (report.path, report.tensors, report.nbytes) == (saved.path, 4, 4800)
    assert report.seconds > 0
    damage(saved.path, "w.1.3")
    with pytest.raises(ChecksumError):
        verify(str(tmp_path))


def test_the_report_prints_as_a_line() -> None:
    """One tensor, or more."""
    one = VerifyReport(Path("x/a.ckpt"), 1, 5_000_000, 2.0)
    assert str(one) == "verified 1 tensor, 5.00 MB in 2.00 s in a.ckpt"
    assert "verified 2 tensors" in str(VerifyReport(Path("a"), 2, 0))
