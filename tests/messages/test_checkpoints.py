"""What someone is told whose checkpoint does not fit the model."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from pathlib import Path

import pytest

from lazycell import CheckpointMismatchError, LazyCell, child, children

from ..formats.files import write_tensors
from .telling import Linear, assert_says


class Layer(LazyCell):
    hidden: int
    query: Linear = child(Linear, hidden, hidden)
    up: Linear = child(Linear, hidden, 2 * hidden, use_bias=False)


class Stack(LazyCell):
    hidden: int = 4
    n_layers: int = 2
    n_outputs: int = 3
    layers: list[Layer] = children(n_layers, Layer, hidden)
    head: Linear = child(Linear, hidden, n_outputs)


def refused(folder: Path, shapes: dict[str, tuple[int, ...]], *lines: str, net: LazyCell | None = None) -> None:
    """Check what a load of a checkpoint with these shapes says: its lines, of which those with `...` stand for any.

    `<file>` stands for the path, `<weight>` and `<bias>` for where they are declared.
    """
    path = write_tensors(folder / "net.safetensors", shapes)
    with pytest.raises(CheckpointMismatchError) as caught:
        (net or Stack()).load_checkpoint(path)
    declared = Linear.manifest(1, 1)
    shown = {
        "weight": f"declared (out_features, in_features) by Linear.weight at {declared['weight'].declared_at}",
        "bias": f"declared (out_features,) by Linear.bias at {declared['bias'].declared_at}",
    }
    text = "\n".join(lines)
    for name, what in shown.items():
        text = text.replace(f"<{name}>", what)
    assert_says(str(caught.value), text.replace("<file>", str(path)))


def stack(**hyperparameters: int) -> dict[str, tuple[int, ...]]:
    """Give what a checkpoint of the model holds."""
    return {entry.name: entry.shape for entry in Stack.manifest(**hyperparameters)}


def test_a_checkpoint_with_other_layers(tmp_path: Path) -> None:
    """How many each side has, and what to set."""
    refused(
        tmp_path,
        stack(n_layers=4),
        "<file> does not fit Stack: 6 tensors unexpected",
        "likely cause: the checkpoint has 4 layers (`layers.{0..3}`), the model 2",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  layers.{2..3}.query.weight: float32 (4, 4)",
        "  layers.{2..3}.query.bias: float32 (4,)",
        "  layers.{2..3}.up.weight: float32 (8, 4)",
        "what to do:",
        "  build the model with `n_layers=4`",
    )


def test_a_checkpoint_of_another_size(tmp_path: Path) -> None:
    """The number that explains every shape."""
    refused(
        tmp_path,
        stack(hidden=6),
        "<file> does not fit Stack: 7 shapes differ",
        "likely cause: the model has hidden=4, the checkpoint 6: that explains 7 shapes",
        "shape differs:",
        "  layers.{0..1}.query.weight: the checkpoint has (6, 6), the model (4, 4); <weight>",
        "  layers.{0..1}.query.bias: the checkpoint has (6,), the model (4,); <bias>",
        "  layers.{0..1}.up.weight: the checkpoint has (12, 6), the model (8, 4); <weight>",
        "  head.weight: the checkpoint has (3, 6), the model (3, 4); <weight>",
        "what to do:",
        "  build the model with `hidden=6`",
    )


def test_a_checkpoint_with_a_prefix_and_another_head(tmp_path: Path) -> None:
    """All that has to be passed, in one line."""
    shapes = {f"bert.{name}": shape for name, shape in stack().items() if not name.startswith("head.")}
    refused(
        tmp_path,
        {**shapes, "cls.weight": (2, 4)},
        "<file> does not fit Stack: 8 parameters missing, 7 tensors unexpected",
        "likely cause: the checkpoint has the missing parameters under `bert.`",
        "likely cause: the rest of the model fits: only the model has `head.*`, only the checkpoint has `cls.*`",
        "missing from the checkpoint:",
        "  layers.{0..1}.query.weight: float32 (4, 4); <weight>",
        "  layers.{0..1}.query.bias: float32 (4,); <bias>",
        "  layers.{0..1}.up.weight: float32 (8, 4); <weight>",
        "  ... and 2 more in 2 groups",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  bert.layers.{0..1}.query.weight: float32 (4, 4)",
        "  bert.layers.{0..1}.query.bias: float32 (4,)",
        "  bert.layers.{0..1}.up.weight: float32 (8, 4)",
        "  cls.weight: float32 (2, 4)",
        "what to do:",
        '  pass rename={"bert.{*rest}": "{*rest}"}, missing=["head.*"], unexpected=["cls.*"]',
    )


def test_a_checkpoint_with_other_outputs(tmp_path: Path) -> None:
    """Either the model is built so, or it begins with a new head."""
    refused(
        tmp_path,
        stack(n_outputs=7),
        "<file> does not fit Stack: 2 shapes differ",
        "likely cause: the model has n_outputs=3, the checkpoint 7: that explains 2 shapes",
        "likely cause: the rest of the model fits: only `head` has 7 outputs in the checkpoint and 3 in the model",
        "...",
        "  build the model with `n_outputs=7`",
        '  to begin with a new `head`: rename={"head.{*rest}": "other.head.{*rest}"}, missing=["head.*"], '
        'unexpected=["other.*"]',
    )


def test_a_checkpoint_with_a_misspelt_name(tmp_path: Path) -> None:
    """The near name, and no cause."""
    shapes = {name.replace("query.bias", "query.bais"): shape for name, shape in stack().items()}
    refused(
        tmp_path,
        shapes,
        "<file> does not fit Stack: 2 parameters missing, 2 tensors unexpected",
        "missing from the checkpoint:",
        "  layers.{0..1}.query.bias: float32 (4,); <bias>",
        "    did you mean the checkpoint's `layers.{0..1}.query.bais`?",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  layers.{0..1}.query.bais: float32 (4,)",
        "what to do:",
        '  missing="init", or a list of name patterns, leaves parameters to their initializers',
        '  unexpected="ignore", or a list of name patterns, leaves tensors out',
    )


def test_another_model_s_checkpoint(tmp_path: Path) -> None:
    """First, and briefly."""
    shapes = {f"transformer.h.{i}.{part}.w": (4, 4) for i in range(40) for part in ("a", "b", "c", "d", "e")}
    refused(
        tmp_path,
        shapes,
        "<file> does not fit Stack: 8 parameters missing, 200 tensors unexpected",
        "likely cause: another model's checkpoint: of the model's 8 parameters it has none; its names begin with "
        "`transformer.h`",
        "...",
        "  transformer.h.{0..39}.c.w: float32 (4, 4)",
        "  ... and 80 more in 2 groups",
        "what to do:",
        "  load it into the model that it was saved from; if it is the same model under other names, pass `rename`",
    )


def test_a_checkpoint_with_transposed_matrices(tmp_path: Path) -> None:
    """One sentence for all, and what turns them round."""
    shapes = {name: shape[::-1] if ".up." in name else shape for name, shape in stack().items()}
    refused(
        tmp_path,
        shapes,
        "<file> does not fit Stack: 2 shapes differ",
        "likely cause: 2 matrices are stored transposed: (in, out) where the model has (out, in), or the reverse; square "
        "ones (`layers.{0..1}.query.weight`) may be too: their shape cannot tell",
        "...",
        "  layers.{0..1}.up.weight: the checkpoint has (4, 8), the model (8, 4); <weight>; transposed...",
        "what to do:",
        '  pass rename={"layers.{i}.up.weight": transposed("layers.{i}.up.weight")}',
        '  or declare it in the class that holds them: rename({"up.weight": transposed("up.weight")})',
    )


def test_a_checkpoint_that_joins_parameters(tmp_path: Path) -> None:
    """What `fused` to write, with the warning that shapes do not tell the order of rows."""

    class Heads(LazyCell):
        q: Linear = child(Linear, 4, 4, False)
        k: Linear = child(Linear, 4, 2, False)
        v: Linear = child(Linear, 4, 2, False)
        out: Linear = child(Linear, 4, 4, False)

    refused(
        tmp_path,
        {"qkv.weight": (8, 4), "out.weight": (4, 4)},
        "<file> does not fit Heads: 3 parameters missing, 1 tensor unexpected",
        "likely cause: the checkpoint joins what the model has apart: `qkv.weight`, by their sizes; in which order the "
        "rows are...shapes cannot tell",
        "...",
        '  pass rename={"qkv.weight": fused(q="q.weight", k="k.weight", v="v.weight")}',
        "  make sure of the order of the rows: a wrong one loads without an error, and computes nonsense",
        net=Heads(),
    )
