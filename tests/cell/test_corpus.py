"""A net that was offered a malformed checkpoint is as it was, for every one of the corpus."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import lazycell
from lazycell import LazyCell, Param

from ..formats.corpus import BAD, GOOD, Bad


class Tiny(LazyCell):
    """A net of one parameter, which every file of the corpus calls `w`."""

    n: int
    w: Param["normal", (n,)]


@pytest.fixture(scope="module")
def declared() -> Tiny:
    """A net without values."""
    return Tiny(1)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A net that has been loaded."""
    net = Tiny(1)
    net.load_checkpoint({"w": np.array([2.5], np.float32)})
    return net


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.label)
def test_a_net_is_untouched(tmp_path: Path, declared: Tiny, loaded: Tiny, case: Bad) -> None:
    """The same Parameter, in the same state, with the same values; the error is that of opening the file."""
    path = case.write(tmp_path)
    for net, mmap in itertools.product((declared, loaded), (True, False)):
        parameter, state = net.w, lazycell.status(net)
        with pytest.raises(lazycell.CheckpointFormatError) as caught:
            net.load_checkpoint(path, missing="init", unexpected="ignore", mmap=mmap)
        assert case.cause in str(caught.value)
        assert net.w is parameter
        assert lazycell.status(net) == state
    assert lazycell.uninitialized(declared) == ["w"]
    np.testing.assert_array_equal(loaded.w.asnumpy(), [2.5])


@pytest.mark.parametrize(
    "case", [case for case in GOOD if case.tensors.get("w") == ("float32", (1,))], ids=lambda case: case.label
)
def test_legal_but_unusual_files_are_loaded(tmp_path: Path, case: Bad) -> None:
    """Whatever holds a `w` of the right shape fills it."""
    path = case.write(tmp_path)
    for mmap in (True, False):
        net = Tiny(1)
        net.load_checkpoint(path, unexpected="ignore", mmap=mmap)
        np.testing.assert_array_equal(net.w.asnumpy(), [0.0])
