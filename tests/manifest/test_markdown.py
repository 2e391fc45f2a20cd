"""Tests of `lazycell.manifest._text`."""

from __future__ import annotations

import re

from hypothesis import given

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest

from .documents import everything, manifests


def test_a_model() -> None:
    """Heading, hyperparameters, totals, one row for all layers, ties, layout, digest."""
    manifest = everything()
    blocks = manifest.to_markdown().rstrip("\n").split("\n\n")
    assert blocks[0] == "# Everything"
    assert (
        blocks[1]
        == "| Hyperparameter | Value |\n| --- | --- |\n| `n` | `4` |\n| `depth` | `3` |\n| `vocabulary` | `5` |"
    )
    assert blocks[2] == (
        f"{len(manifest)} parameters, {manifest.size:,} elements (212 trainable), {manifest.nbytes:,} bytes (1.62 kB)"
    )
    head, rule, *rows = blocks[3].splitlines()
    assert head == "| Parameter | Shape | Dtype | Initializer | Declared as |"
    assert rule == "| --- | --- | --- | --- | --- |"
    assert rows[0] == "| `embed` | `(5, 4)` | `float32` | `normal` | `(vocabulary, n)` |"
    assert rows[1] == "| `layers.{0..2}.q` | `(4, 4)` | `float32` | `normal` | `(n, n)` |"
    assert len(rows) == 9
    assert blocks[4:6] == ["## Ties", "- `output` is tied to `embed`"]
    assert blocks[6] == "## Stored otherwise than declared"
    assert blocks[7].splitlines()[1] == "- `layers.{0..2}.u is stored for layers.{0..2}.both[u]`"
    assert blocks[8] == f"Digest `{manifest.digest}`"
    assert len(blocks) == 9


def test_a_checkpoint() -> None:
    """It knows neither initializers nor what is trained."""
    text = Manifest("m.ckpt", (ManifestEntry("w", (1,), "int8", ""),), declared=False).to_markdown()
    assert "# m&#46;ckpt\n\n1 parameter, 1 element, 1 byte (1 B)\n\n" in text
    assert "| Parameter | Shape | Dtype |\n| --- | --- | --- |\n| `w` | `(1,)` | `int8` |" in text


def test_ties_to_one_parameter_share_a_line() -> None:
    """Layers too."""
    entry = ManifestEntry("w", (1,), "int8", "zeros")
    ties = {"head.w": "w", "layers.0.w": "w", "layers.1.w": "w"}
    assert "- `head.w`, `layers.{0..1}.w` are tied to `w`\n" in Manifest("Net", (entry,), ties).to_markdown()


def test_hyperparameters_of_any_kind() -> None:
    """Text as JSON has it, objects as they print themselves."""
    text = Manifest("Net", (), hyperparameters={"kind": "x", "f": len, "a|b": [1, None]}).to_markdown()
    assert '| `kind` | `"x"` |' in text
    assert "| `f` | <code>&#60;built&#45;in function len&#62;</code> |" in text
    assert "| <code>a&#124;b</code> | `[1, null]` |" in text


@given(manifests())
def test_names_do_no_harm(manifest: Manifest) -> None:
    """No tag but `code`, no line that a name makes, as many cells in each row as the table has columns."""
    text = manifest.to_markdown()
    assert set(re.findall(r"<[^>]*>", text)) <= {"<code>", "</code>"}
    assert all(line.isprintable() for line in text.splitlines())
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert all(line.count("`") % 2 == 0 for line in table.splitlines())
