"""Tests of `read_bounded` of `lazycell.system._json`, and of what reads by it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lazycell import ConfigError, ManifestError, from_pretrained
from lazycell.history._migration_files import read_migrations
from lazycell.pretrained import read_config
from lazycell.system import JSONProblem, read_bounded


def test_what_is_there(tmp_path: Path) -> None:
    """A file is read whole, up to the bytes that it may have."""
    (tmp_path / "file").write_bytes(b"abc")
    assert read_bounded(tmp_path / "file", 3) == b"abc"
    with pytest.raises(JSONProblem, match=r"^has more than 2 bytes"):
        read_bounded(tmp_path / "file", 2)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "gone")


@pytest.mark.parametrize(("read", "error"), [(read_config, ConfigError), (read_migrations, ManifestError)])
def test_what_never_ends(tmp_path: Path, read: Callable[[Path], object], error: type[Exception]) -> None:
    """A device and a FIFO are refused at once, and named."""
    os.mkfifo(tmp_path / "fifo")
    for path in (Path("/dev/zero"), tmp_path / "fifo"):
        with pytest.raises(error, match=rf"^{path} is no regular file"):
            read(path)


@pytest.mark.parametrize("names", [5, True, {"a": 1}, "BertModel", [3]])
def test_architectures_that_are_no_list(tmp_path: Path, names: object) -> None:
    """What a config may hold there, whatever it means."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": names}))
    with pytest.raises(ConfigError, match=r"architectures=.* is not a list of names"):
        from_pretrained(tmp_path)
