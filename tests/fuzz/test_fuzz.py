"""Every parser, on inputs that are nearly right, for a share of a minute; `python -m tests.fuzz` takes longer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

from lazycell.formats import ByteRange, CheckpointHeader, TensorHeader

from .run import run
from .targets import Broken, Target, targets

NAMES = ["safetensors", "ckpt", "pytorch", "gguf", "index", "name_map", "manifest"]
SECONDS = float(os.environ.get("LAZYCELL_FUZZ_SECONDS", "30"))


@pytest.mark.parametrize("name", NAMES)
def test_parser(tmp_path: Path, name: str) -> None:
    """Either a header whose every part lies inside its file, or a `CheckpointError`, in little time and memory."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "in").mkdir()
    known = targets(tmp_path / "corpus")
    assert list(known) == NAMES
    result = run(known[name], SECONDS / len(NAMES), folder=tmp_path / "in", save=tmp_path)
    # A fuzzer all of whose inputs are refused, or none, tests little.
    assert 0 < result.accepted < result.examples


def beyond(path: Path) -> CheckpointHeader:
    """Promise bytes that are not there."""
    return CheckpointHeader(path, "broken", {"w": TensorHeader("w", "float32", (1,), (ByteRange(path, 0, 4),))})


def crash(path: Path) -> CheckpointHeader:
    """Fail in an untyped way, for one letter."""
    if b"x" in path.read_bytes():
        raise KeyError("x")
    return CheckpointHeader(path, "broken", {})


def gluttonous(path: Path) -> CheckpointHeader:
    """Take what a length promises."""
    bytearray(1 << 30)
    return CheckpointHeader(path, "broken", {})


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (beyond, "is not inside the 0 bytes"),
        (crash, r"KeyError: 'x'; seed 0; the input is .*: b'x'"),
        (gluttonous, "MemoryError"),
    ],
)
def test_the_fuzzer_finds(tmp_path: Path, read: object, message: str) -> None:
    """A parser that breaks its promise is caught, and the input made small and saved."""
    target = Target(st.binary(), [b""], lambda folder: None, "file", read)  # type: ignore[arg-type]
    (tmp_path / "in").mkdir()
    with pytest.raises(Broken, match=message):
        run(target, 5, folder=tmp_path / "in", save=tmp_path)
    saved = [path.read_bytes() for path in tmp_path.glob("fuzz-file-*")]
    assert saved == [b"x" if read is crash else b""]


def command(*arguments: str) -> str:
    """Run the command; give what it prints."""
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_command(tmp_path: Path) -> None:
    """It says what it did, and tries an input that was saved."""
    assert re.fullmatch(
        r"index: \d+ inputs, \d+ accepted, seed 5\n", command("index", "--minutes", "0.01", "--seed", "5")
    )
    (tmp_path / "saved").write_bytes(b"{}")
    assert command("index", "--replay", str(tmp_path / "saved")) == f"index: {tmp_path}/saved is refused\n"
