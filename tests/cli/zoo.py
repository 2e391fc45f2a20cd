"""A small zoo that is installed for the processes of a test: a package with two presets, announced by an entry point."""

from __future__ import annotations

import subprocess
from pathlib import Path

import attrs

from .. import forked
from .command import ROOT, Done, lazycell

_SOURCE = """
from __future__ import annotations

from lazycell import LazyCell, Param, Preset, child, children, register


class Attention(LazyCell):
    width: int
    query: Param["normal", (width, width)]
    key: Param["normal", (width, width)]


class Block(LazyCell):
    width: int
    attention: Attention = child(Attention, width)
    up: Param["normal", (4 * width, width)]


PRESETS = [Preset("toy-small", {"width": 8, "layers": 2}), Preset("toy-large", {"width": 16, "layers": 3})]


@register("toy", presets=PRESETS)
class Toy(LazyCell):
    width: int
    layers: int
    blocks: list[Block] = children(layers, Block, width)
    head: Param["zeros", (2, width)]
"""


@attrs.frozen
class Zoo:
    """The package `toyzoo` in a directory, and how to change it."""

    root: Path

    @property
    def source(self) -> Path:
        """The module with the models."""
        return self.root / "toyzoo" / "toy.py"

    @property
    def manifests(self) -> Path:
        """Where its manifests are committed."""
        return self.root / "toyzoo" / "manifests"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the package. A module that is changed twice a second must not be kept compiled."""
        return {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}

    def replace(self, old: str, new: str) -> None:
        """Change the module."""
        text = self.source.read_text()
        assert old in text
        self.source.write_text(text.replace(old, new))

    def lazycell(self, *arguments: str) -> Done:
        """Run the command where the zoo is installed."""
        return lazycell(*arguments, **self.environment)

    def python(self, code: str) -> str:
        """Run Python where the zoo is installed, and give what it prints."""
        import os

        done = subprocess.run(
            [*forked.python(), "-c", code],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def make_zoo(root: Path) -> Zoo:
    """Install the zoo in a directory that is to be on the path."""
    (root / "toyzoo").mkdir()
    (root / "toyzoo" / "__init__.py").touch()
    information = root / "toyzoo-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toyzoo\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[lazycell.models]\ntoy = toyzoo.toy\n")
    zoo = Zoo(root)
    zoo.source.write_text(_SOURCE)
    return zoo
