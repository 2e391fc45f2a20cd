"""Tests of `lazycell.cell._planning`. With nets of MindSpore: `tests/cell/test_layouts.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from lazycell.cell._planning import plan
from lazycell.declaration._declare import Param

from ..pure import PureCell, manifest


class Net(PureCell):
    """One parameter."""

    n: int
    w: Param["normal", (n,)]


def test_a_manifest_is_planned_for(tmp_path: Path) -> None:
    """From a file or a dict, with the arguments of a load; nothing is filled."""
    path = tmp_path / "net.safetensors"
    save_file({"p.w": np.zeros(3, np.float16), "x": np.zeros(1)}, path)
    arguments: dict[str, Any] = {"rename": {"p.{*rest}": "{*rest}"}, "unexpected": ["x"]}
    found = plan(manifest(Net, 3), path, **arguments)
    assert [(step.parameter, step.key, step.dtype) for step in found.steps] == [("w", "p.w", "float32")]
    assert found.ignored == ("x",)
    (step,) = plan(manifest(Net, 3), {"w": np.zeros(3, np.float16)}, dtype="checkpoint").steps
    assert step.dtype == "float16"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Net,
            "plan() takes a net or a manifest, not the class Net: write `plan(Net.manifest(…), path)`, with its "
            "hyperparameters",
        ),
        (dict, "plan() takes a net or a manifest, not the class dict"),
        ("net", "plan() takes a net or a manifest, not 'net'"),
    ],
)
def test_anything_else_is_refused(model: Any, message: str) -> None:
    """A class has to be given its hyperparameters first."""
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        plan(model, {})
