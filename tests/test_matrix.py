"""The sets of versions that the tests are run with: read from what is declared, and counted from what pytest prints."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from lazycell.parameters import _supported
from tests import matrix


def test_the_lowest_versions_are_those_declared() -> None:
    """Of each dependency with a lowest version, extras and markers or not; exact ones stay as they are."""
    declared = ["click>=8.1", 'safetensors>=0.4.3; extra == "test"', "pyright[nodejs]==1.1.414", "a-b[c]<3,>=2"]
    assert matrix.lowest(declared) == ["click==8.1", "safetensors==0.4.3", "a-b==2"]
    assert {each.partition("==")[0] for each in matrix.lowest(matrix.declared())} >= {"attrs", "numpy", "rich"}


def test_each_set_installs_a_mindspore_that_is_declared() -> None:
    """The sets follow the declaration."""
    (declared,) = [each for each in matrix.declared() if each.startswith("mindspore")]
    within = Requirement(declared).specifier
    wanted = {each[0].removeprefix("mindspore==").replace("*", "0") for each in matrix.SETS.values()}
    assert all(map(within.contains, wanted))
    assert {Version(each).release[:2] for each in wanted} == {(2, minor) for minor in (8, 9, 10)}
    assert (_supported.OLDEST, _supported.NEWEST) == ((2, 8), (2, 10))


@pytest.mark.parametrize(
    ("printed", "counted"),
    [
        ("12 passed in 3.10s\n", "12 passed"),
        ("FAILED a\n1 failed, 2 passed, 3 warnings in 895.46s (0:14:55)\n", "1 failed, 2 passed, 3 warnings"),
        ("=== 2 errors in 0.10s ===\n", "2 errors"),
        ("Segmentation fault\n", "error: nothing was counted"),
    ],
)
def test_what_pytest_counted(printed: str, counted: str) -> None:
    """Its last line; a process that died counted nothing."""
    assert matrix.closing(printed) == counted


def test_a_set_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is installed."""
    with pytest.raises(SystemExit):
        matrix.main(["numpy-3"])
    assert (
        "there is no set numpy-3: there are numpy-1, numpy-2, mindspore-2.9, mindspore-2.8, lowest"
        in capsys.readouterr().err
    )
