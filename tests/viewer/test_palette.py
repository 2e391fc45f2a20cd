"""The colours of roles can be told apart, in light and dark, by those too who see fewer colours."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

import lazycell.viewer
from lazycell.viewer._data import ROLES

# Linear RGB as it is seen without one kind of cones (Machado, Oliveira and Fernandes, 2009, severity 1.0).
EYES = {
    "most": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# Oklab (Ottosson, 2020).
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
APART = 0.08
"""A difference in Oklab that is seen at a glance between patches of a few pixels; 0.02 is just noticeable."""


def colours(scheme: str) -> dict[str, np.ndarray]:
    """Read the colours of the style sheet as linear RGB."""
    css = files(lazycell.viewer).joinpath("assets").joinpath("viewer.css").read_text(encoding="utf-8")
    blocks = re.findall(r':root(\[data-theme="dark"\])? \{(.*?)\}', css, re.S)
    text = next(block for dark, block in blocks if bool(dark) == (scheme == "dark"))
    values = {name: np.array([*bytes.fromhex(code)]) / 255 for name, code in re.findall(r"--([\w-]+): #(\w{6})", text)}
    return {
        name: np.where(each <= 0.04045, each / 12.92, ((each + 0.055) / 1.055) ** 2.4) for name, each in values.items()
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_no_two_roles_look_alike(scheme: str, eyes: str) -> None:
    known = colours(scheme)
    seen = {
        name: LAB @ np.cbrt(CONES @ np.clip(np.asarray(EYES[eyes]) @ known[name], 0, 1))
        for name in (*ROLES, "none", "map-faded")
    }
    pairs = [pair for pair in combinations(seen, 2) if pair != ("none", "map-faded")]
    near = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in pairs}
    assert {pair: distance for pair, distance in near.items() if distance < APART} == {}
