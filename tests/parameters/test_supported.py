"""Versions of MindSpore: an older one is refused, a newer one is warned of, whichever name is imported first."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from lazycell.parameters import _supported


@pytest.mark.parametrize("version", ["2.7.2", "2.0.0", "1.10.1"])
def test_an_older_version_is_refused(version: str) -> None:
    """With what to install."""
    with pytest.raises(ImportError, match=rf'{version} is installed: .* pip install "mindspore==2\.10\.\*"'):
        _supported.check(version)


@pytest.mark.parametrize("version", ["2.8.0", "2.9.0", "2.10.0", "2.10.1rc1", "2.10.0.dev20261130"])
def test_a_tested_version_is_silent(version: str) -> None:
    """Its corrections, too; 2.9 comes before 2.10."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _supported.check(version)


@pytest.mark.parametrize("version", ["2.11.0", "3.0"])
def test_a_newer_version_is_warned_of(version: str) -> None:
    """It is not refused: it may well do."""
    with pytest.warns(RuntimeWarning, match=rf"tested with MindSpore 2\.8 to 2\.10, and {version} is installed"):
        _supported.check(version)


@pytest.mark.parametrize(
    "statement", ["lazycell.LazyCell", "lazycell.load_checkpoint", "import lazycell.parameters._lazy"]
)
def test_the_import_asks(statement: str) -> None:
    """Once in a process, before what another version lacks is imported."""
    code = (
        "import warnings, mindspore; mindspore.__version__ = {!r}\n"
        "warnings.simplefilter('always')\n"
        "import lazycell\n"
        "{}\n"
        "import lazycell.parameters._framework, lazycell.cell._meta"
    )
    found = []
    for version in ("2.7.2", "2.11.0"):
        run = [sys.executable, "-c", code.format(version, statement)]
        found.append(subprocess.run(run, capture_output=True, text=True, check=False))
    assert "ImportError: lazycell runs with MindSpore 2.8 to 2.10, and 2.7.2 is installed" in found[0].stderr
    assert found[1].returncode == 0, found[1].stderr
    assert (
        found[1].stderr.count("RuntimeWarning: lazycell was tested with MindSpore 2.8 to 2.10, and 2.11.0 is installed")
        == 1
    )
