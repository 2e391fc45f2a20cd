"""How far half precision is from float32, in every family, beside padding: `python -m benchmarks.precision`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import click
import mindspore
import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from . import _machine
from ._families import FAMILIES, VOCABULARY, Arrays, Family, call, compiled, fill
from ._text import table

PLACE = Path(__file__).parents[1] / "docs" / "precision.md"

SIZES = (1, 25, 1000)
DTYPES: Mapping[str, Any] = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
PADDINGS = ("none", "left", "right", "beside padding")
MODES = ("PyNative", "jit")
_QUICK = ("bert", "t5")
_TEXTS, _LENGTH, _WRITTEN = 16, 12, 6
_PACKAGES = ("lazycell", "mindspore", "numpy")

_COMMENT = "<!-- Written by `python -m benchmarks.precision --docs`: changes are lost. -->"

_ABOUT = f"""\
How far a net in half precision is from the same net in float32, for every family of the [zoo](zoo.md). `python -m
benchmarks.precision --docs`, in [a clone](install.md#a-clone), writes this page; no number in it is written by hand.

A net has two layers of width 16, and weights that both dtypes hold exactly: what differs is what is rounded on the way.
{_TEXTS} texts of at most {_LENGTH} words are one batch. Of every output (logits, the embeddings, what each layer gives,
what routers say) the largest difference at a word is divided by the largest number at a word; the largest of these
quotients is given in units of the dtype's epsilon (float16: 2⁻¹⁰, about 0.001). A single rounding is off by half of one
at most. Padding should change little, since the words are the same, and so should the mode, in which sums have another
order.

Padding: *none*, all texts have as many words; *left* and *right*, they have fewer, by chance; *beside padding*, the
first text has no word at all, and the others count. T5 reads and writes so. Each text is given the positions of its
words. Experts are two, and both read every word: which one is the better is no continuous function of what is rounded.

Scores are what the softmax of attention gets: about -1 in one head and +1 in the other, then 25, then 1000. Half
precision knows a score of size s to within some s times epsilon, and attention is as far off: at 25 it is some percent,
and at 1000, where float16 tells numbers apart by 0.5, it may be all. No model is meant to have those, and they are here
because nothing worse may come of them: no output that is not finite."""


@attrs.frozen
class Figure:
    """What a net in half precision is off by, in epsilons; infinite where an output is not finite."""

    family: str
    dtype: str
    size: float
    padding: str
    mode: str
    error: float


def measure(names: tuple[str, ...], sizes: tuple[float, ...], tell: Any) -> Iterator[Figure]:
    """Measure families; of a dtype that this device does not run, nothing comes."""
    for dtype, held_by in DTYPES.items():
        epsilon = float(ml_dtypes.finfo(held_by).eps)  # type: ignore[no-untyped-call]
        for name in names:
            family = FAMILIES[name]
            narrow, wide = family.net(dtype), family.net("float32")
            if not _runs(family, fill(narrow, family.weights(1, held_by))):
                tell(f"{dtype}: not run here")
                break
            runs = dict(zip(MODES, (narrow, compiled(narrow)), strict=True))
            for size in sizes:
                weights = family.weights(size, held_by)
                fill(narrow, weights), fill(wide, weights)
                for padding in PADDINGS:
                    inputs = _inputs(family, padding)
                    expected = call(wide, inputs)
                    for mode, run in runs.items():
                        off = error_of(family, inputs, call(run, inputs), expected) / epsilon
                        yield Figure(name, dtype, size, padding, mode, off)
            tell(f"{dtype}: {name}")


def _runs(family: Family, net: Any) -> bool:
    """Ask MindSpore whether this device computes in the net's dtype: it says so by an error of a kernel."""
    try:
        call(net, _inputs(family, "none"))
    except TypeError as error:
        if "Unsupported data type" in str(error):
            return False
        raise
    return True


def _inputs(family: Family, padding: str) -> Arrays:
    """Draw the texts, which have the same number of words wherever their padding is."""
    draws = np.random.default_rng(0)
    ids = draws.integers(2, VOCABULARY, (_TEXTS, _LENGTH)), draws.integers(2, VOCABULARY, (_TEXTS, _WRITTEN))
    read, written = (_mask(draws, padding, each.shape[1]) for each in ids)
    return family.inputs(ids[0], read, other=(ids[1], written) if family.reads_two_texts else None)


def _mask(draws: np.random.Generator, padding: str, length: int) -> NDArray[np.int64]:
    words, places = draws.integers(1, length + 1, _TEXTS)[:, None], np.arange(length)
    match padding:
        case "left":
            mask = places >= length - words
        case "right":
            mask = places < words
        case "none":
            mask = np.ones((_TEXTS, length), bool)
        case _:
            mask = np.ones((_TEXTS, length), bool)
            mask[0] = False
    return mask.astype(np.int64)


def error_of(family: Family, inputs: Arrays, found: Arrays, expected: Arrays) -> float:
    """Give the largest difference at a word, relative to the largest number of the same output."""
    read = inputs["attention_mask"]
    errors = []
    for name, array in found.items():
        counts = family.counts(name, read, inputs.get("decoder_attention_mask", read))
        ours, theirs = (each[counts].astype(np.float64) for each in (array, expected[name]))
        if not np.isfinite(ours).all():
            return np.inf
        errors.append(np.abs(ours - theirs).max() / np.abs(theirs).max())
    return float(max(errors))


def report(figures: list[Figure], machine: Mapping[str, Any], versions: Mapping[str, str], device: str) -> str:
    """Print the page: a table for each dtype and size of scores, with a row for each family."""
    facts = [f"{name}: {machine[name]}" for name in ("date", "processor")]
    facts += [f"device: {device}", "versions: " + ", ".join(f"{name} {version}" for name, version in versions.items())]
    parts = [_COMMENT, "# Precision", _ABOUT, "\n".join(f"- {fact}" for fact in facts)]
    for dtype in DTYPES:
        parts.append(f"## {dtype}")
        of_dtype = [each for each in figures if each.dtype == dtype]
        if not of_dtype:
            parts.append(f"MindSpore {versions['mindspore']} does not run it on this device.")
        for size in dict.fromkeys(each.size for each in of_dtype):
            parts += [f"### {dtype}, scores about ±{size}", _table([each for each in of_dtype if each.size == size])]
    return "\n\n".join(parts) + "\n"


def _table(figures: list[Figure]) -> str:
    columns = list(dict.fromkeys((each.padding, each.mode) for each in figures))
    rows = [["", *(", ".join(column) for column in columns)]]
    for family in dict.fromkeys(each.family for each in figures):
        errors = {(each.padding, each.mode): each.error for each in figures if each.family == family}
        rows.append([family, *(_text(errors[column]) for column in columns)])
    return table(rows)


def _text(error: float) -> str:
    return "not finite" if np.isinf(error) else f"{error:.{1 if error < 9.95 else 0}f}"


@click.command(help="Hold half precision to float32 in every family of the zoo, and print Markdown tables.")
@click.option("--quick", is_flag=True, help="Two families, one size of scores: tells whether everything runs.")
@click.option("--docs", is_flag=True, help=f"Write the page of the documentation, {'/'.join(PLACE.parts[-2:])}.")
def main(quick: bool, docs: bool) -> None:
    if quick and docs:
        raise click.UsageError("--docs writes a page of all families: leave out --quick")
    mindspore.set_context(pynative_synchronize=True)
    names, sizes = (_QUICK, SIZES[:1]) if quick else (tuple(FAMILIES), SIZES)
    figures = list(measure(names, sizes, lambda line: click.echo(line, err=True)))
    versions = _machine.versions(sys.executable, _PACKAGES)
    text = report(figures, _machine.describe(), versions, mindspore.get_context("device_target"))
    click.echo(text, nl=False)
    if docs:
        PLACE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.precision")
